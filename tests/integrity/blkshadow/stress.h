/*
 * Commands that are operations of the schedule: while one runs, the machine or the device's server is not at rest, and
 * the other operations go on; or wait and leave the device alone, for one that pauses the run. One at a time. What it may
 * do to the content of the device is: nothing.
 */
#ifndef STRESS_H
#define STRESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "operation.h"

enum stress_state { STRESS_NONE, STRESS_CLAIMED, STRESS_WANTED, STRESS_RUNS, STRESS_ENDED };

struct stress {
	enum stress_state state;
	uint32_t operation, number;	/* of the last one: the operation, and which command */
	uint32_t begun;			/* how many there were, with the last one */
	bool pauses;			/* nothing else is in flight or begins */
	pid_t pid;			/* of STRESS_RUNS: its process, and process group */
};

/* May this stress, which a job has chosen, begin? While it may not, its turn is kept. `quiet`: nothing is in flight. */
bool stress_may_begin(struct stress *stress, const struct operation *operation, bool pauses, bool quiet);

/* May another operation begin? */
static inline bool stress_lets_pass(const struct stress *stress)
{
	return stress->state == STRESS_NONE || !stress->pauses;
}

/* A job has begun the one that may begin. */
void stress_want(struct stress *stress);

/* Starts what is wanted and notices its end. True when it has gone wrong: then `text` says how. */
bool stress_tend(struct stress *stress, const char *const *commands, char *text, size_t text_bytes);

/* Has it ended? True once. */
bool stress_take_end(struct stress *stress);

/* Ends the command that runs, if one does. */
void stress_kill(struct stress *stress);

#endif
