#include "fewer.h"

#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* Fewer operations meet other choices: so many seeds are tried for each list, and more for one that costs little. */
enum { FEWER_SEEDS = 4, FEWER_SEEDS_OF_SHORT = 16, FEWER_SHORT = 64 };

struct fewer_work {
	struct fewer *fewer;
	const struct trial *trial;
	const char *verdict;
	uint32_t *trying;
	double until;
};

static double fewer_clock(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

/* A write of which a part is missing is torn where the rest is to be seen, and lost where that was overwritten. */
static bool fewer_is_missing(const char *verdict)
{
	return strcmp(verdict, "lost") == 0 || strcmp(verdict, "torn") == 0;
}

static bool fewer_alike(const char *verdict, const char *other)
{
	return strcmp(verdict, other) == 0 || (fewer_is_missing(verdict) && fewer_is_missing(other));
}

static bool fewer_fails_with(struct fewer_work *work, uint32_t count, uint64_t seed)
{
	struct trial trial = *work->trial;
	struct choice choice = choice_of_seed(seed);
	struct trial_result result;

	trial.numbers = work->trying;
	trial.operations = count;
	work->fewer->tries++;
	trial_run(&trial, &choice, &result);
	if (!result.verdict || !fewer_alike(result.verdict, work->verdict))
		return false;
	work->fewer->seed = seed;
	work->fewer->result = result;
	return true;
}

/* The list without `leave` of its numbers, from `from` on: kept when it fails as well. */
static bool fewer_try(struct fewer_work *work, uint32_t from, uint32_t leave)
{
	struct fewer *fewer = work->fewer;
	uint32_t count = fewer->count - leave, i;
	uint64_t seed = fewer->seed;

	memcpy(work->trying, fewer->numbers, from * sizeof(*work->trying));
	memcpy(work->trying + from, fewer->numbers + from + leave, (count - from) * sizeof(*work->trying));
	for (i = 0; i < (count < FEWER_SHORT ? FEWER_SEEDS_OF_SHORT : FEWER_SEEDS); i++) {
		if (!fewer_fails_with(work, count, seed + i))
			continue;
		memcpy(fewer->numbers, work->trying, count * sizeof(*work->trying));
		fewer->count = count;
		return true;
	}
	return false;
}

static void fewer_leave_out(struct fewer_work *work)
{
	struct fewer *fewer = work->fewer;
	uint32_t piece = (fewer->count + 1) / 2;

	while (piece > 0 && fewer->count > 1 && fewer_clock() < work->until) {
		bool smaller = false;
		uint32_t from = 0;

		while (from < fewer->count && fewer->count > 1 && fewer_clock() < work->until) {
			uint32_t leave = piece < fewer->count - from ? piece : fewer->count - from;

			if (leave < fewer->count && fewer_try(work, from, leave))
				smaller = true;
			else
				from += leave;
		}
		if (piece == 1 && !smaller)
			break;
		piece = piece > 1 ? piece / 2 : 1;
	}
}

void fewer_find(struct fewer *fewer, const struct trial *trial, uint64_t seed, const struct trial_result *failed,
		double seconds)
{
	struct fewer_work work = { .fewer = fewer, .trial = trial, .verdict = failed->verdict,
				   .until = fewer_clock() + seconds };
	uint32_t i;

	*fewer = (struct fewer){ .count = failed->last, .seed = seed, .result = *failed };
	fewer->numbers = malloc((size_t)fewer->count * sizeof(*fewer->numbers) + 1);
	work.trying = malloc((size_t)fewer->count * sizeof(*work.trying) + 1);
	if (!fewer->numbers || !work.trying)
		err(3, "no memory for shrinking");
	for (i = 0; i < fewer->count; i++)
		fewer->numbers[i] = trial->numbers ? trial->numbers[i] : i + 1;
	fewer_leave_out(&work);
	free(work.trying);
}

void fewer_print(const struct fewer *fewer, const struct trial *trial)
{
	uint32_t i;

	for (i = 0; i < fewer->count; i++) {
		struct operation operation = plan_operation(&trial->plan, fewer->numbers[i]);
		char text[128];

		printf("  operation %u: %s\n", operation.number, operation_describe(&operation, text, sizeof(text)));
	}
}
