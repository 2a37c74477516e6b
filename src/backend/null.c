#include "null.h"

static struct refublk_step null_move(void *backend, const struct refublk_request *request)
{
	(void)backend;
	return refublk_done(request->length_bytes);
}

static struct refublk_step null_obey(void *backend, const struct refublk_request *request)
{
	(void)backend;
	(void)request;
	return refublk_done(0);
}

const struct refublk_backend null_backend = {
	.name = "null",
	.read = null_move,
	.write = null_move,
	.flush = null_obey,
	.discard = null_obey,
	.write_zeroes = null_obey,
	.honours_fua = true,
};
