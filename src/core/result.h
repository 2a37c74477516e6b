/* result: an outcome → the signed number that a COMMIT carries. The only place where an error gets its sign. */
#ifndef REFUBLK_RESULT_H
#define REFUBLK_RESULT_H

#include "request.h"

struct result {
	int32_t number;    /* for the COMMIT: bytes of READ and WRITE, 0 for the others, or -errno */
	uint32_t replaced; /* 0, or the errno that the kernel would have turned into EIO, and that number stands for now */
};

/* READ and WRITE that are not done to the byte become EIO: a short commit is not portable and is never sent.
 * FLUSH, DISCARD and WRITE_ZEROES: 0 whatever done_bytes says, since their length may exceed the field. */
struct result result_of(const struct refublk_request *request, struct refublk_outcome outcome);

/* The errno that the block layer's clients will see: itself where the kernel lets it through, ENOSPC for
 * EDQUOT and EFBIG, else EIO. */
uint32_t result_surviving_errno(uint32_t error);

#endif
