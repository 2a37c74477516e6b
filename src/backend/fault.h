/* fault: a backend around a backend that goes wrong on purpose, for tests. Like a bad sector it depends on nothing
 * but the request: the same request meets the same fault, in any order, on any queue. */
#ifndef REFUBLK_FAULT_H
#define REFUBLK_FAULT_H

#include "refublk.h"

struct fault;

enum fault_kind {
	FAULT_ERROR, /* fails with the plan's error; the inner backend is not asked */
	FAULT_SHORT, /* READ, WRITE: all of it is done, but half of it is reported; not for an inner backend's LATER */
	FAULT_LOSE,  /* says that it is done and does nothing: a lost write, a READ of what was in memory */
};

/* Which requests: one of the ops, and a byte in the range. FLUSH has no range and is in every one. */
struct fault_plan {
	uint64_t offset_bytes;
	uint64_t length_bytes;
	uint32_t ops;   /* 1 << enum refublk_op, added up */
	uint32_t kind;  /* enum fault_kind */
	uint32_t error; /* FAULT_ERROR: a positive errno */
	uint32_t reserved; /* 0 */
};

/* inner and its context are the caller's and outlive the fault. 0 or -ENOMEM. */
int fault_open(struct fault **fault, const struct refublk_backend *inner, void *inner_context, struct fault_plan plan)
	__attribute__((warn_unused_result));

/* Offers what the inner backend offers; its context is the struct fault, and it lives as long. Memory is lent where
 * no fault lies. */
const struct refublk_backend *fault_backend(const struct fault *fault);

void fault_close(struct fault *fault);

#endif
