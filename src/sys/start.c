#include "start.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "units.h"

#define START_IO_BYTES (UINT32_C(512) << 10)
#define START_PHYSICAL_BLOCK_BYTES UINT32_C(4096)

static uint64_t start_system(int name)
{
	long value = sysconf(name);

	return value > 0 ? (uint64_t)value : 1;
}

static uint32_t start_or(uint32_t value, uint32_t otherwise)
{
	return value ? value : otherwise;
}

/* What is none of them becomes all of them: params_check() refuses it. */
static uint32_t start_recovery(uint32_t recovery)
{
	switch ((enum refublk_recovery)recovery) {
	case REFUBLK_RECOVERY_NONE:
		return 0;
	case REFUBLK_RECOVERY_WAIT:
		return PARAMS_WAIT;
	case REFUBLK_RECOVERY_REISSUE:
		return PARAMS_REISSUE;
	case REFUBLK_RECOVERY_FAIL:
		return PARAMS_FAIL;
	}
	return PARAMS_RECOVERY;
}

static uint32_t start_flags(const struct refublk_options *options, const struct refublk_backend *backend)
{
	const bool writes = backend->write && !options->read_only;
	uint32_t flags = writes ? 0 : PARAMS_READ_ONLY;

	if (writes && backend->flush)
		flags |= PARAMS_VOLATILE_CACHE;
	if (writes && backend->flush && backend->honours_fua)
		flags |= PARAMS_FUA;
	if (writes && backend->discard && !options->no_discard)
		flags |= PARAMS_DISCARD;
	if (writes && backend->write_zeroes && !options->no_discard)
		flags |= PARAMS_WRITE_ZEROES;
	if (options->rotational)
		flags |= PARAMS_ROTATIONAL;
	if (options->get_data)
		flags |= PARAMS_GET_DATA;
	return flags | start_recovery(options->recovery);
}

struct params_config start_config(const struct refublk_options *options, const struct refublk_backend *backend)
{
	struct params_config config = {
		.size_bytes = options->size_bytes,
		.memory_limit_bytes = options->memory_limit_bytes,
		.page_bytes = start_system(_SC_PAGESIZE),
		.block_bytes = start_or(options->block_bytes, UNITS_SECTOR_BYTES),
		.max_io_bytes = start_or(options->max_io_bytes, START_IO_BYTES),
		.queues = start_or(options->queues, 1),
		.depth_tags = start_or(options->depth, 128),
		.flags = start_flags(options, backend),
		.id = options->id,
	};

	config.physical_block_bytes = start_or(options->physical_block_bytes, START_PHYSICAL_BLOCK_BYTES);
	config.discard_granularity_bytes = start_or(options->discard_granularity_bytes, config.block_bytes);
	if (!config.memory_limit_bytes)
		config.memory_limit_bytes = start_system(_SC_PHYS_PAGES) * config.page_bytes / 4;
	return config;
}

/* The value that a verdict is about. */
static uint64_t start_value(struct params_config config, uint32_t verdict)
{
	switch ((enum params_verdict)verdict) {
	case PARAMS_SIZE:
		return config.size_bytes;
	case PARAMS_BLOCK:
		return config.block_bytes;
	case PARAMS_PHYSICAL_BLOCK:
		return config.physical_block_bytes;
	case PARAMS_MAX_IO:
		return config.max_io_bytes;
	case PARAMS_QUEUES:
		return config.queues;
	case PARAMS_DEPTH:
		return config.depth_tags;
	case PARAMS_DISCARD_GRANULARITY:
		return config.discard_granularity_bytes;
	case PARAMS_ID:
		return (uint64_t)llabs(config.id);
	case PARAMS_TWO_RECOVERIES:
		return config.flags & PARAMS_RECOVERY;
	case PARAMS_MEMORY:
	case PARAMS_ACCEPTED:
	case PARAMS_VERDICTS:
		break;
	}
	return 0;
}

static void start_say_memory(struct params_config config, struct log log)
{
	const uint32_t depth = params_depth_that_fits(config);
	char remedy[64] = "not even one tag fits: lower the largest I/O or the queues";

	if (depth)
		snprintf(remedy, sizeof(remedy), "the largest depth that fits is %u", depth);
	log_say(log, REFUBLK_ERROR, "%s (%llu bytes, the limit is %llu); %s", params_verdict_text(PARAMS_MEMORY),
		(unsigned long long)params_memory_bytes(config), (unsigned long long)config.memory_limit_bytes, remedy);
}

int start_accept(struct params_config config, struct log log)
{
	const uint32_t verdict = params_check(config);
	const char *sign = verdict == PARAMS_ID && config.id < 0 ? "-" : "";

	if (verdict == PARAMS_ACCEPTED)
		return 0;
	if (verdict == PARAMS_MEMORY) {
		start_say_memory(config, log);
		return -ENOMEM;
	}
	log_say(log, REFUBLK_ERROR, "%s (given: %s%llu)", params_verdict_text(verdict), sign,
		(unsigned long long)start_value(config, verdict));
	return -EINVAL;
}

int start_check(const struct refublk_options *options, const struct refublk_backend *backend)
{
	const struct log log = { .function = options->log, .context = options->log_context };

	if (!backend->name || !backend->read) {
		log_say(log, REFUBLK_ERROR, "the backend has no name or no read function");
		return -EINVAL;
	}
	return start_accept(start_config(options, backend), log);
}
