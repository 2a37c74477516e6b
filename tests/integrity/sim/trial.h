/* trial: one whole life of a simulated device under a workload, and what it has shown. A function of what it is given:
 * whoever has a trial can have its result again. */
#ifndef SIM_TRIAL_H
#define SIM_TRIAL_H

#include "../blkshadow/plan.h"
#include "sim.h"

/* How often something befalls the server before an operation, of 10000 times. */
struct trial_stress {
	uint32_t gaps, kills, thread_kills, quiesces, restarts;
};

struct trial {
	struct sim_config config;
	struct plan plan;         /* the operations */
	struct trial_stress stress;
	uint32_t operations;      /* of the plan, from 1 on */
	const uint32_t *numbers;  /* not NULL: these of the plan only, rising; `operations` of them. The caller's */
	uint32_t depth;           /* operations in flight at most */
	uint32_t chosen;          /* not 0: the operations come from the source of choices and not from the plan, of the
	                           * first so many kinds of read, write, write-zeroes, discard, flush */
	bool cut;                 /* the power is cut at the end, in the middle of it */
};

enum { TRIAL_TEXT_BYTES = 400 };

struct trial_result {
	const char *verdict;      /* a rule such as "R12", a verdict of blkshadow such as "lost", "stalled"; NULL: passed */
	char text[TRIAL_TEXT_BYTES];
	uint64_t operations;      /* that have ended */
	uint64_t compared_bytes;
	struct sim_counts counts;
	uint32_t last;            /* number of the last operation that was begun */
};

/* The trial of a seed: kernel, mode, backend, sizes, workload and stress are chosen by it. */
struct trial trial_of_seed(uint64_t seed);

void trial_run(const struct trial *trial, struct choice *choice, struct trial_result *result);

/* "7.2 get-data file, 2 queues of 4, block 4096, …". Returns text. */
const char *trial_describe(const struct trial *trial, char *text, size_t text_bytes);

#endif
