/* request: what the kernel asks, as the rest of the program sees it. The structs stand in refublk.h. */
#ifndef REFUBLK_REQUEST_H
#define REFUBLK_REQUEST_H

#include "refublk.h"

/* READ or WRITE: done_bytes counts and memory is needed. */
bool request_moves_data(uint32_t op);

/* "read", "write", …; "unknown" for any other number. */
const char *request_op_name(uint32_t op);

/* All of it is done: done_bytes is the length for READ and WRITE, 0 otherwise. */
struct refublk_outcome request_done(const struct refublk_request *request);

/* error: a positive errno; 0 becomes EIO, since a failure without a reason is still a failure. */
struct refublk_outcome request_failed(uint32_t error);

#endif
