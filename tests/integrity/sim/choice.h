/* choice: where every decision of a simulation comes from: one source, which is a seed, a string of bytes (a fuzzer's),
 * or a path of which an enumeration takes every branch. 0 is always the plain way on: a string that has run dry decides
 * 0 for ever, and the simulation comes to its end. */
#ifndef SIM_CHOICE_H
#define SIM_CHOICE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { CHOICE_PATH_MAX = 256 };

/* The decisions of one run, and how many ways each had. */
struct choice_path {
	uint8_t taken[CHOICE_PATH_MAX];
	uint8_t ways[CHOICE_PATH_MAX];
	uint32_t length; /* of the path that is walked, from the last run */
	uint32_t at;
	bool too_long;   /* a run decided more than fits: 0 from there on */
};

struct choice {
	uint64_t state;           /* of the seed's generator */
	const uint8_t *bytes;     /* not NULL: these decide. The caller's, as long as the simulation */
	size_t byte_count;
	size_t byte_at;
	struct choice_path *path; /* not NULL: this decides. The caller's */
	bool settled;             /* nothing is decided any more: 0 */
};

struct choice choice_of_seed(uint64_t seed);
struct choice choice_of_bytes(const uint8_t *bytes, size_t byte_count);
struct choice choice_of_path(struct choice_path *path);

/* Makes the path that the next run walks, depth first; false when every branch has been taken. */
bool choice_path_next(struct choice_path *path);

/* What a path or bytes decide; choice_below() is for everybody. */
uint32_t choice_told(struct choice *choice, uint32_t limit);

/* 0 to limit - 1; limit is at least 1. With one way there is nothing to decide. */
static inline uint32_t choice_below(struct choice *choice, uint32_t limit)
{
	uint64_t word;

	if (limit <= 1 || choice->settled)
		return 0;
	if (choice->bytes || choice->path)
		return choice_told(choice, limit);
	word = (choice->state += 0x9e3779b97f4a7c15u);
	word = (word ^ (word >> 30)) * 0xbf58476d1ce4e5b9u;
	word = (word ^ (word >> 27)) * 0x94d049bb133111ebu;
	return (uint32_t)(((word >> 32) * limit) >> 32);
}

/* Which of several that are alike: an enumeration gains nothing by taking another than the first. */
static inline uint32_t choice_alike(struct choice *choice, uint32_t limit)
{
	return choice->path ? 0 : choice_below(choice, limit);
}

/* True so often of 1000 times, below 1000; by a path, either, and by bytes one time in eight. 0 never asks. */
static inline bool choice_chance(struct choice *choice, uint32_t per_mille)
{
	if (per_mille == 0)
		return false;
	if (choice->path)
		return choice_below(choice, 2) == 1;
	if (choice->bytes)
		return choice_below(choice, 8) == 7;
	return choice_below(choice, 1000) >= 1000 - per_mille;
}

#endif
