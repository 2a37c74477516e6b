/* Small domains, exhausted: every schedule of up to three requests of every kind on two tags, depth first. */
#include "enumerate.h"

#include <stdio.h>

enum { ENUMERATE_BLOCK_BYTES = 4096, ENUMERATE_TAGS = 2, ENUMERATE_TEXT_BYTES = 300 };

struct enumerate_set {
	uint32_t requests;
	uint32_t kinds;   /* the first of read, write, write-zeroes, discard, flush */
	uint32_t backend; /* enum sim_backend */
	bool kills;       /* before any request, or none, the server dies, under each kind of recovery */
	const char *text;
};

static struct trial enumerate_trial(const struct enumerate_set *set, uint32_t kernel, uint32_t mode, uint32_t recovery)
{
	struct trial trial = {
		.config = { .device_bytes = ENUMERATE_BLOCK_BYTES, .kernel = kernel, .mode = mode, .recovery = recovery,
			    .backend = set->backend, .queues = 1, .depth_tags = ENUMERATE_TAGS,
			    .block_bytes = ENUMERATE_BLOCK_BYTES, .max_io_bytes = ENUMERATE_BLOCK_BYTES, .filled = true },
		.plan = { .size_bytes = ENUMERATE_BLOCK_BYTES, .block_bytes = ENUMERATE_BLOCK_BYTES,
			  .min_bytes = ENUMERATE_BLOCK_BYTES, .max_bytes = ENUMERATE_BLOCK_BYTES, .jobs = 1 },
		.stress = { .kills = set->kills },
		.operations = set->requests,
		.depth = set->requests,
		.chosen = set->kinds,
	};

	return trial;
}

bool enumerate_all(const struct trial *trial, uint64_t *schedules, struct trial_result *result)
{
	struct choice_path path = { .length = 0 };

	*schedules = 0;
	do {
		struct choice choice = choice_of_path(&path);

		trial_run(trial, &choice, result);
		++*schedules;
		if (path.too_long) {
			result->verdict = "too long";
			snprintf(result->text, sizeof(result->text), "a schedule has more than %d decisions", CHOICE_PATH_MAX);
		}
		if (result->verdict)
			return false;
	} while (choice_path_next(&path));
	return true;
}

/* Of one set, on every kernel, in both modes. */
static bool enumerate_set(const struct enumerate_set *set)
{
	uint32_t worlds = (uint32_t)DRIVER_KERNELS * DRIVER_MODES * (set->kills ? DRIVER_RECOVERIES : 1), world;
	uint64_t total = 0;

	for (world = 0; world < worlds; world++) {
		struct trial trial = enumerate_trial(set, world % DRIVER_KERNELS, world / DRIVER_KERNELS % DRIVER_MODES,
						     world / DRIVER_KERNELS / DRIVER_MODES);
		struct trial_result result;
		uint64_t schedules;
		char text[ENUMERATE_TEXT_BYTES];

		if (!enumerate_all(&trial, &schedules, &result)) {
			printf("sim: FAILED in schedule %llu: %s: %s\n  %s\n", (unsigned long long)schedules,
			       result.verdict, result.text, trial_describe(&trial, text, sizeof(text)));
			return false;
		}
		total += schedules;
	}
	printf("sim: passed: all %llu schedules of %u %s\n", (unsigned long long)total, set->requests, set->text);
	return true;
}

bool enumerate_small(void)
{
	static const struct enumerate_set sets[] = {
		{ 1, 5, SIM_MEM, false, "request of any kind, RAM" },
		{ 1, 5, SIM_FILE, false, "request of any kind, file" },
		{ 2, 5, SIM_MEM, false, "requests of any kind, RAM" },
		{ 2, 5, SIM_FILE, false, "requests of any kind, file" },
		{ 2, 2, SIM_MEM, true, "reads and writes with deaths of the server, RAM" },
		{ 3, 3, SIM_MEM, false, "reads, writes and write-zeroes, RAM" },
	};
	uint32_t i;

	for (i = 0; i < sizeof(sets) / sizeof(sets[0]); i++) {
		if (!enumerate_set(&sets[i]))
			return false;
	}
	return true;
}
