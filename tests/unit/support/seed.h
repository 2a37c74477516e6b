/* seed: random numbers that can be had again. The seed is printed; SEED=number in the environment replays it. */
#ifndef REFUBLK_TEST_SEED_H
#define REFUBLK_TEST_SEED_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

struct seed {
	uint64_t state;
};

static inline struct seed seed_start(const char *test)
{
	const char *given = getenv("SEED");
	struct timespec now;
	uint64_t number;

	clock_gettime(CLOCK_REALTIME, &now);
	number = given ? strtoull(given, NULL, 0) : (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
	printf("%s: SEED=%llu\n", test, (unsigned long long)number);
	fflush(stdout);
	return (struct seed){ .state = number };
}

/* splitmix64: every seed, 0 included, is as good as another. */
static inline uint64_t seed_next(struct seed *seed)
{
	uint64_t word = (seed->state += 0x9e3779b97f4a7c15u);

	word = (word ^ (word >> 30)) * 0xbf58476d1ce4e5b9u;
	word = (word ^ (word >> 27)) * 0x94d049bb133111ebu;
	return word ^ (word >> 31);
}

/* 0 to limit - 1; limit is not 0. */
static inline uint64_t seed_below(struct seed *seed, uint64_t limit)
{
	return seed_next(seed) % limit;
}

#endif
