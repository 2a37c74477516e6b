/*
 * The workload as a function: operation number k of a plan is the same whenever it is asked for, so nothing need be
 * stored to replay a run, to search it, or to say what an operation was.
 */
#ifndef PLAN_H
#define PLAN_H

#include "operation.h"

enum plan_pattern {
	PLAN_MIXED,			/* all of the others, 64 operations each */
	PLAN_SCATTERED,
	PLAN_SEQUENTIAL,
	PLAN_HOT,			/* few small places, so that operations overlap */
	PLAN_BOUNDARY,			/* across powers of two, from 4 KiB up to the device's half */
	PLAN_END,			/* up to the device's last block */
	PLAN_PATTERNS
};

enum plan_cache { PLAN_DIRECT, PLAN_BUFFERED, PLAN_BOTH };

struct plan {
	uint64_t seed;
	uint64_t size_bytes;		/* of the device, a multiple of block_bytes */
	uint64_t block_bytes;		/* every offset and length is a multiple */
	uint64_t min_bytes, max_bytes;	/* length of a request: multiples of block_bytes, at most the size */
	uint32_t jobs;
	enum plan_pattern pattern;
	enum plan_cache cache;
	/* How often, of 1000 operations; what is left over are reads. */
	uint32_t writes, discards, zeroes, flushes;
	uint32_t fua;			/* of 1000 writes */
	uint32_t stresses;		/* each of them once, */
	uint32_t stress_every;		/* somewhere in so many operations of its own, in their order */
	bool zeroes_direct;		/* discards and write-zeroes bypass the page cache */
};

/* `number` counts from 1. */
struct operation plan_operation(const struct plan *plan, uint32_t number);

const char *plan_pattern_name(enum plan_pattern pattern);
const char *plan_cache_name(enum plan_cache cache);

#endif
