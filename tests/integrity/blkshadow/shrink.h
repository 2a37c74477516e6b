/* From a failed attempt to the fewest operations that still fail in the same way. */
#ifndef SHRINK_H
#define SHRINK_H

#include "attempt.h"

struct shrink {
	struct schedule schedule;	/* what is left; its `repeats` is set for a flaky failure */
	uint32_t from, to;		/* operations */
	unsigned shortened;		/* how many of those that are left are shorter now */
	uint32_t failures, tries;	/* of what is left */
	enum verdict_kind verdict;	/* on what is left: with less going on, it is more certain */
	char pattern[256];
	bool stalled;			/* the device stalled on the way: nothing more can be done with it */
};

/*
 * Tries parts of the failed attempt's operations on the device, each as a new attempt of the next generation, for about
 * `seconds`. False when it never failed again; then shrink->schedule is the whole recorded schedule all the same.
 */
bool shrink_attempt(struct shrink *shrink, const struct attempt *failed, struct port *port,
		    struct stamp_identity *identity, const struct run_limits *limits, unsigned seconds);

#endif
