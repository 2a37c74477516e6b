/* possible: the states that the driver may have one tag in, as far as a trace tells. What happens inside the kernel
 * leaves no line, so they are several; spec/driver alone says which follow from which. */
#ifndef REFUBLK_POSSIBLE_H
#define REFUBLK_POSSIBLE_H

#include <stdbool.h>
#include <stdint.h>

#include "driver.h"

enum { POSSIBLE_STATES = (int)DRIVER_PHASES * DRIVER_OPS * DRIVER_ADDRESSES };

struct possible {
	uint64_t states[(POSSIBLE_STATES + 63) / 64]; /* a bit each; none: the driver cannot have done what was seen */
};

/* Which driver: enum driver_kernel and enum driver_mode. */
struct possible_driver {
	uint32_t kernel;
	uint32_t mode;
};

/* A tag that was never fetched. */
struct possible possible_unfetched(void);

bool possible_any(struct possible possible);

/* After a command: those states that do not refuse it. */
struct possible possible_command(struct possible_driver driver, struct possible possible, struct driver_tag_event event);

/* After whatever happened in the kernel, and then a completion with `result`. */
struct possible possible_completion(struct possible_driver driver, struct possible possible, int32_t result);

/* Those in which the open request is of this enum driver_op. */
struct possible possible_of_op(struct possible possible, uint32_t op);

#endif
