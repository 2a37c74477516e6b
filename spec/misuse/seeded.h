/* seeded: ADD_DEV, GET_DEV_INFO, SET_PARAMS and GET_PARAMS with borderline and wrong values, on a running kernel and by
 * driver_args. */
#ifndef MISUSE_SEEDED_H
#define MISUSE_SEEDED_H

/* The number of rounds that disagree; each is said on stdout with the seed that repeats it: SEED in the environment. */
int seeded_run(int rounds);

#endif
