/* What a run of blkshadow was promised: which of its writes have to survive a power cut at a given moment. */
#ifndef PROMISE_H
#define PROMISE_H

#include "schedule.h"

#define PROMISE_NEVER UINT32_MAX

/* Moments are places in the recorded order of begins and ends. */
struct promise {
	const struct schedule *schedule;
	uint32_t *begins, *ends;	/* by operation number; PROMISE_NEVER where it has none */
	uint32_t limit;			/* the highest number */
	uint32_t *durable;		/* for each sector: the begin of the latest write that has to be there; 0 for none */
	uint32_t *maker;		/* and which write that is */
	uint64_t sectors;
	uint64_t kept;			/* sectors that have one */
};

/* The schedule stays the caller's and is a recorded one. Ends the program without memory. */
void promise_open(struct promise *promise, const struct schedule *schedule);
void promise_close(struct promise *promise);

/*
 * For a cut of which is known only that `moment` came before it. Durable is a write with FUA that had ended by then, and
 * one that had ended before a flush began that had ended by then.
 */
void promise_make(struct promise *promise, uint32_t moment);

/* May the sector hold this operation's content, 0 being what was there before the run? */
bool promise_allows(const struct promise *promise, uint64_t sector, uint32_t operation);

#endif
