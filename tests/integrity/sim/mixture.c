/* Which trial a seed stands for: everything is mixed, and what cannot go together is left out. */
#include <stdio.h>

#include "trial.h"

enum { MIXTURE_OPERATIONS = 20000, MIXTURE_AT_ONCE = 64 };

static uint32_t mixture_one_of(struct choice *choice, const uint32_t *from, uint32_t count)
{
	return from[choice_below(choice, count)];
}
#define MIXTURE_ONE_OF(choice, ...) \
	mixture_one_of(choice, (const uint32_t[]){ __VA_ARGS__ }, sizeof((uint32_t[]){ __VA_ARGS__ }) / sizeof(uint32_t))

static struct sim_config mixture_config(struct choice *choice)
{
	struct sim_config config = {
		.kernel = choice_below(choice, DRIVER_KERNELS),
		.mode = choice_below(choice, DRIVER_MODES),
		.recovery = choice_below(choice, DRIVER_RECOVERIES),
		.backend = choice_below(choice, SIM_BACKENDS),
		.queues = MIXTURE_ONE_OF(choice, 1, 1, 2, 4),
		.depth_tags = MIXTURE_ONE_OF(choice, 1, 2, 4, 16, 64, 300),
		.block_bytes = MIXTURE_ONE_OF(choice, 512, 512, 4096),
		.max_io_bytes = MIXTURE_ONE_OF(choice, 4096, 4096, 16384, 65536),
		.splits = MIXTURE_ONE_OF(choice, 0, 50, 300),
		.interrupts = MIXTURE_ONE_OF(choice, 0, 10),
		.trickles = MIXTURE_ONE_OF(choice, 0, 100),
	};

	if (config.depth_tags > 64)
		config.max_io_bytes = 4096;
	config.device_bytes = (uint64_t)MIXTURE_ONE_OF(choice, 64, 512, 2048) << 10;
	if (choice_below(choice, 3) == 0)
		config.part_copies = 20;
	if (config.backend == SIM_FILE) {
		config.short_ios = MIXTURE_ONE_OF(choice, 0, 20, 200);
		config.failed_ios = MIXTURE_ONE_OF(choice, 0, 0, 5);
	}
	return config;
}

static struct plan mixture_plan(struct choice *choice, const struct sim_config *config, uint64_t seed)
{
	struct plan plan = {
		.seed = seed,
		.size_bytes = config->device_bytes,
		.block_bytes = config->block_bytes,
		.min_bytes = config->block_bytes,
		.max_bytes = MIXTURE_ONE_OF(choice, 1, 1, 2, 8, 32) * config->block_bytes,
		.jobs = 1,
		.pattern = choice_below(choice, PLAN_PATTERNS),
		.cache = PLAN_DIRECT,
		.writes = MIXTURE_ONE_OF(choice, 300, 500, 700),
		.discards = MIXTURE_ONE_OF(choice, 0, 20),
		.zeroes = MIXTURE_ONE_OF(choice, 0, 20),
		.flushes = MIXTURE_ONE_OF(choice, 0, 10, 50),
		.fua = MIXTURE_ONE_OF(choice, 0, 50, 300),
	};

	if (plan.max_bytes > plan.size_bytes)
		plan.max_bytes = plan.size_bytes;
	return plan;
}

struct trial trial_of_seed(uint64_t seed)
{
	struct choice choice = choice_of_seed(seed ^ 0x7472ull);
	struct trial trial = { .config = mixture_config(&choice), .operations = MIXTURE_OPERATIONS };
	uint32_t crowd;

	trial.plan = mixture_plan(&choice, &trial.config, seed);
	trial.depth = trial.config.queues * trial.config.depth_tags * MIXTURE_ONE_OF(&choice, 1, 2) + 1;
	/* Where everything lies over everything, checking takes its time and shows little. */
	crowd = (uint32_t)(2 * trial.plan.size_bytes / trial.plan.max_bytes) + 2;
	if (crowd > MIXTURE_AT_ONCE)
		crowd = MIXTURE_AT_ONCE;
	if (trial.depth > crowd)
		trial.depth = crowd;
	trial.stress.gaps = 2;
	if (choice_below(&choice, 2)) {
		trial.stress.kills = MIXTURE_ONE_OF(&choice, 0, 5, 50);
		trial.stress.thread_kills = MIXTURE_ONE_OF(&choice, 0, 5, 20);
		trial.stress.quiesces = MIXTURE_ONE_OF(&choice, 0, 5, 20);
		trial.stress.restarts = MIXTURE_ONE_OF(&choice, 0, 5, 20);
	}
	trial.cut = trial.config.backend == SIM_FILE && choice_below(&choice, 2);
	trial.config.cuts = trial.cut;
	/* What has to survive is looked up write by write: short trials, and many of them. */
	if (trial.cut)
		trial.operations = 50 + choice_below(&choice, 400);
	return trial;
}

const char *trial_describe(const struct trial *trial, char *text, size_t text_bytes)
{
	static const char *const recoveries[DRIVER_RECOVERIES] = { "none", "wait", "reissue", "fail" };
	static const char *const backends[SIM_BACKENDS] = { "mem", "later", "file" };
	const struct sim_config *config = &trial->config;

	snprintf(text, text_bytes,
		 "kernel %s, %s, %s, recovery %s, %u queues of %u tags, block %u, max I/O %u, %llu KiB, %u operations, "
		 "%u at a time%s",
		 driver_kernel_name(config->kernel), driver_mode_name(config->mode), backends[config->backend],
		 recoveries[config->recovery], config->queues, config->depth_tags, config->block_bytes,
		 config->max_io_bytes, (unsigned long long)config->device_bytes >> 10, trial->operations, trial->depth,
		 trial->cut ? ", power cut" : "");
	return text;
}
