/* fewer: from a trial that fails to the fewest operations that fail alike. With less going on, what is wrong is more
 * certain: what was lost at first may turn out to be torn. */
#ifndef SIM_FEWER_H
#define SIM_FEWER_H

#include "trial.h"

struct fewer {
	uint32_t *numbers;     /* of the plan; the caller's to free */
	uint32_t count;
	uint64_t seed;         /* of the choices with which they fail */
	uint32_t tries;        /* trials that it took */
	struct trial_result result;
};

/* failed: what trial_run() said of the trial with this seed. For about `seconds`. */
void fewer_find(struct fewer *fewer, const struct trial *trial, uint64_t seed, const struct trial_result *failed,
		double seconds);

/* One line for each operation, indented. */
void fewer_print(const struct fewer *fewer, const struct trial *trial);

#endif
