#include "request.h"

#include "errnos.h"

static const char *const request_op_names[] = {
	[REFUBLK_READ] = "read",
	[REFUBLK_WRITE] = "write",
	[REFUBLK_FLUSH] = "flush",
	[REFUBLK_DISCARD] = "discard",
	[REFUBLK_WRITE_ZEROES] = "write zeroes",
};

enum { REQUEST_OPS = sizeof(request_op_names) / sizeof(request_op_names[0]) };

bool request_moves_data(uint32_t op)
{
	return op == REFUBLK_READ || op == REFUBLK_WRITE;
}

const char *request_op_name(uint32_t op)
{
	return op < REQUEST_OPS ? request_op_names[op] : "unknown";
}

struct refublk_outcome request_done(const struct refublk_request *request)
{
	struct refublk_outcome outcome = { 0 };

	if (request_moves_data(request->op))
		outcome.done_bytes = request->length_bytes;
	return outcome;
}

struct refublk_outcome request_failed(uint32_t error)
{
	struct refublk_outcome outcome = { .error = error != 0 ? error : ERRNOS_EIO };

	return outcome;
}
