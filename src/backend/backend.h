/* backend: what serves a request. The contract, struct refublk_backend, stands in refublk.h; here is what the
 * server, the wrappers around backends and the tests share: the way from an op to its function. */
#ifndef REFUBLK_BACKEND_H
#define REFUBLK_BACKEND_H

#include <errno.h>

#include "refublk.h"

/* The first step of a request. An op that the backend lacks, or an unknown one, fails with EOPNOTSUPP. */
static inline struct refublk_step backend_begin(const struct refublk_backend *backend, void *context,
						const struct refublk_request *request)
{
	struct refublk_step (*serve)(void *, const struct refublk_request *) = NULL;

	switch ((enum refublk_op)request->op) {
	case REFUBLK_READ:
		serve = backend->read;
		break;
	case REFUBLK_WRITE:
		serve = backend->write;
		break;
	case REFUBLK_FLUSH:
		serve = backend->flush;
		break;
	case REFUBLK_DISCARD:
		serve = backend->discard;
		break;
	case REFUBLK_WRITE_ZEROES:
		serve = backend->write_zeroes;
		break;
	}
	return serve ? serve(context, request) : refublk_failed(EOPNOTSUPP);
}

#endif
