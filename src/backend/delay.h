/* delay: a backend around a backend that takes its time, for tests: requests overtake each other, a stalled backend
 * has operations in flight. The time passes as an operation on the queue's ring, so the queue serves on. */
#ifndef REFUBLK_DELAY_H
#define REFUBLK_DELAY_H

#include "refublk.h"

struct delay;

/* Every request waits for a time between the two, drawn from the seed, before the inner backend sees it. */
struct delay_plan {
	uint64_t seed;
	uint32_t shortest_ms; /* at least 1 */
	uint32_t longest_ms;
};

/* inner and its context are the caller's and outlive the delay. No cursor of the inner backend may have the phase
 * UINT64_MAX. 0 or -ENOMEM. A request in flight has a descriptor of its own: without one it fails, with EMFILE. */
int delay_open(struct delay **delay, const struct refublk_backend *inner, void *inner_context, struct delay_plan plan)
	__attribute__((warn_unused_result));

/* Offers what the inner backend offers, but never lends: a lent answer cannot wait. Its context is the struct delay,
 * and it lives as long. */
const struct refublk_backend *delay_backend(const struct delay *delay);

/* No request may be under way. */
void delay_close(struct delay *delay);

#endif
