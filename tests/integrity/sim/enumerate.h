/* enumerate: every schedule of a small trial, depth first. */
#ifndef SIM_ENUMERATE_H
#define SIM_ENUMERATE_H

#include "trial.h"

/* The trial's operations are chosen. False: the schedule that was tried last failed; result says how. */
bool enumerate_all(const struct trial *trial, uint64_t *schedules, struct trial_result *result);

/* Up to three requests on two tags, on every kernel, in both modes; prints how many schedules there are. */
bool enumerate_small(void);

#endif
