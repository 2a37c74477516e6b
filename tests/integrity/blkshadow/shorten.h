/* Shorter requests that still do it: the second half of shrinking a failure. */
#ifndef SHORTEN_H
#define SHORTEN_H

#include "schedule.h"

/*
 * Cuts pieces off the begin and the end of each operation of a recorded schedule as long as `fails` says that what is
 * left fails in the same way; ever smaller pieces, down to a block. Returns how many operations became shorter.
 */
unsigned shorten_operations(struct schedule *schedule, bool (*fails)(void *context, const struct schedule *schedule),
			    void *context);

/* Do two patterns (verdict.h) say the same but for their numbers? */
bool shorten_same_words(const char *one, const char *other);

#endif
