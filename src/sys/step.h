/* step: is what a backend answered something that can be carried out? */
#ifndef REFUBLK_STEP_H
#define REFUBLK_STEP_H

#include "refublk.h"

enum step_verdict {
	STEP_LAWFUL,
	STEP_KIND,      /* no kind of step */
	STEP_IO_OP,     /* no kind of io */
	STEP_IO_LENGTH, /* a READ or WRITE longer than the ring can carry */
	STEP_NO_RESUME, /* an io by a backend that has no resume */
	STEP_VERDICTS
};

/* An unlawful step fails its request with EIO. */
uint32_t step_check(const struct refublk_backend *backend, const struct refublk_step *step);

const char *step_verdict_text(uint32_t verdict);

#endif
