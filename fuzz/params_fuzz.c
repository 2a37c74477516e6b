/* Any configuration, and any dev_info and params that a kernel hands back. What is accepted meets the kernel's conditions, written
 * here once more; what is refused names the first rule that is broken. */
#include <string.h>

#include "adopt.h"
#include "fuzz.h"
#include "params.h"

/* Numbers near which something changes, before any number. */
static uint64_t choose(struct fuzz *fuzz)
{
	uint8_t choice = fuzz_u8(fuzz);

	if (choice < 128)
		return (UINT64_C(1) << choice % 64) + (choice >= 64);
	if (choice < 192)
		return (UINT64_C(1) << (choice - 128)) - 1;
	return choice < 224 ? choice - 192u : fuzz_u64(fuzz);
}

static struct params_config choose_config(struct fuzz *fuzz)
{
	static const uint64_t PAGES[] = { 4096, 16384, 65536, 512 };
	struct params_config config = {
		.size_bytes = choose(fuzz), .memory_limit_bytes = choose(fuzz), .page_bytes = PAGES[fuzz_below(fuzz, 4)],
		.block_bytes = (uint32_t)choose(fuzz), .physical_block_bytes = (uint32_t)choose(fuzz),
		.max_io_bytes = (uint32_t)choose(fuzz), .discard_granularity_bytes = (uint32_t)choose(fuzz),
		.queues = (uint32_t)choose(fuzz), .depth_tags = (uint32_t)choose(fuzz), .flags = fuzz_u16(fuzz) % PARAMS_FLAGS,
		.id = (int32_t)(uint32_t)choose(fuzz),
	};

	if (fuzz_u8(fuzz) & 1)
		config.id = -1;
	return config;
}

static bool power(uint64_t value)
{
	return __builtin_popcountll(value) == 1;
}

/* The first rule that is broken, in the order that people are told. The product is of 128 bits. */
static uint32_t verdict_of(struct params_config c)
{
	unsigned __int128 memory = (unsigned __int128)c.queues * c.depth_tags * c.max_io_bytes;

	if (!power(c.block_bytes) || c.block_bytes < 512 || c.block_bytes > 4096 || c.block_bytes > c.page_bytes)
		return PARAMS_BLOCK;
	if (c.size_bytes == 0 || c.size_bytes % c.block_bytes != 0 || c.size_bytes >> 63 != 0)
		return PARAMS_SIZE;
	if (!power(c.physical_block_bytes) || c.physical_block_bytes < c.block_bytes || c.physical_block_bytes > 1u << 28)
		return PARAMS_PHYSICAL_BLOCK;
	if (c.max_io_bytes < c.page_bytes || c.max_io_bytes % c.page_bytes != 0 || c.max_io_bytes > 32u << 20)
		return PARAMS_MAX_IO;
	if (c.queues == 0 || c.queues > 4096)
		return PARAMS_QUEUES;
	if (c.depth_tags == 0 || c.depth_tags > 4096)
		return PARAMS_DEPTH;
	if ((c.flags & PARAMS_DISCARD) != 0 && (c.discard_granularity_bytes == 0 || c.discard_granularity_bytes > 1u << 30 ||
						c.discard_granularity_bytes % c.block_bytes != 0))
		return PARAMS_DISCARD_GRANULARITY;
	if (c.id < -1 || c.id >= 1 << 20)
		return PARAMS_ID;
	if (__builtin_popcount(c.flags >> 7) > 1)
		return PARAMS_TWO_RECOVERIES;
	return memory > c.memory_limit_bytes ? PARAMS_MEMORY : PARAMS_ACCEPTED;
}

static void judge_basic(struct params_config config, const struct ublk_param_basic *basic)
{
	bool cache = (config.flags & PARAMS_VOLATILE_CACHE) != 0, fua = cache && (config.flags & PARAMS_FUA) != 0;

	FUZZ_NEED(basic->dev_sectors * 512 == config.size_bytes, "the size");
	FUZZ_NEED(UINT64_C(1) << basic->logical_bs_shift == config.block_bytes, "the block");
	FUZZ_NEED(UINT64_C(1) << basic->physical_bs_shift == config.physical_block_bytes, "the physical block");
	FUZZ_NEED((uint64_t)basic->max_sectors * 512 == config.max_io_bytes, "the largest I/O");
	FUZZ_NEED(basic->attrs == ((config.flags & PARAMS_READ_ONLY ? 1u : 0) | (config.flags & PARAMS_ROTATIONAL ? 2u : 0) |
				   (cache ? 4u : 0) | (fua ? 8u : 0)), "attributes; FUA beside a cache only");
}

static void judge_discard(struct params_config config, const struct ublk_params *params)
{
	const struct ublk_param_discard *discard = &params->discard;
	bool offers = (config.flags & PARAMS_DISCARD) != 0, zeroes = (config.flags & PARAMS_WRITE_ZEROES) != 0;

	FUZZ_NEED(params->types == (offers || zeroes ? 3u : 1u), "a section counts by its bit");
	FUZZ_NEED((discard->max_discard_sectors != 0) == offers && (discard->max_write_zeroes_sectors != 0) == zeroes, "what is offered");
	FUZZ_NEED(!offers || (discard->max_discard_segments == 1 && discard->discard_granularity == config.discard_granularity_bytes &&
			      discard->max_discard_sectors * UINT64_C(512) % config.discard_granularity_bytes == 0),
		  "a discard ends where the backend can give space back");
	FUZZ_NEED(params->types == 1 || discard->discard_granularity != 0, "a granularity, always");
}

/* Of recovery: that there is one, and how. */
static uint64_t features_of(uint32_t flags)
{
	static const uint64_t RECOVERIES[] = { 0, 8, 8 | 16, 0, 8 | 512 };

	return 64 | (flags & PARAMS_GET_DATA ? 4 : 0) | RECOVERIES[flags >> 7];
}

static void judge_accepted(struct params_config config)
{
	struct ublksrv_ctrl_dev_info info = params_dev_info(config);
	struct ublk_params params = params_of(config);
	struct desc_limits limits = params_limits(config);

	FUZZ_NEED(info.nr_hw_queues == config.queues && info.queue_depth == config.depth_tags &&
		  info.max_io_buf_bytes == config.max_io_bytes && (int32_t)info.dev_id == config.id, "ADD_DEV asks for what is wanted");
	FUZZ_NEED(info.flags == features_of(config.flags), "no other feature");
	FUZZ_NEED(params.len == sizeof(params), "the length");
	judge_basic(config, &params.basic);
	judge_discard(config, &params);
	FUZZ_NEED(params_buffer_bytes(config) == config.max_io_bytes, "a buffer holds the largest I/O");
	FUZZ_NEED(limits.device_bytes == config.size_bytes && limits.block_bytes == config.block_bytes &&
		  limits.max_io_bytes == config.max_io_bytes && limits.read_only == (config.flags & PARAMS_READ_ONLY),
		  "what desc is told");
}

/* For a configuration that broke no rule before the memory's. */
static void judge_memory(struct params_config config, uint32_t verdict)
{
	uint64_t each = (uint64_t)config.queues * config.max_io_bytes, depth = config.memory_limit_bytes / each;

	FUZZ_NEED(params_depth_that_fits(config) == (depth < 4096 ? depth : 4096), "the largest depth that fits");
	FUZZ_NEED((verdict == PARAMS_MEMORY) == (config.depth_tags > depth), "too much: more than fits");
}

/* What ADD_DEV hands back: any numbers near what was asked for. */
static void judge_grant(struct params_config config, struct fuzz *fuzz)
{
	/* Features that change how a tag is served, or what a server's death does. */
	const uint64_t modes = 1u << 0 | 1u << 2 | 1u << 3 | 1u << 4 | 1u << 5 | 1u << 7 | 1u << 8 | 1u << 9 | 1u << 11 | 1u << 15 |
			       1u << 16 | 1u << 19 | 1u << 20;
	struct ublksrv_ctrl_dev_info granted = params_dev_info(config);
	uint64_t asked = granted.flags, dropped;
	uint8_t changes = fuzz_u8(fuzz);
	uint32_t grant;
	bool sensible;

	if (changes & 1)
		granted.nr_hw_queues = (uint16_t)choose(fuzz);
	if (changes & 2)
		granted.queue_depth = (uint16_t)choose(fuzz);
	if (changes & 4)
		granted.max_io_buf_bytes = (uint32_t)choose(fuzz);
	if (changes & 8)
		granted.flags = (changes & 16 ? asked : 0) ^ choose(fuzz);
	if (changes & 32 || config.id == -1)
		granted.dev_id = (uint32_t)choose(fuzz);
	dropped = asked & ~granted.flags;
	sensible = granted.nr_hw_queues != 0 && granted.nr_hw_queues <= config.queues && granted.queue_depth == config.depth_tags &&
		   granted.max_io_buf_bytes == config.max_io_bytes && granted.dev_id < 1u << 20 &&
		   (config.id == -1 || (int32_t)granted.dev_id == config.id) && (granted.flags & modes & ~asked) == 0;
	grant = params_grant_of(config, granted);
	FUZZ_NEED((grant == PARAMS_NONSENSE) == !sensible, "another device than was asked for");
	FUZZ_NEED(!sensible || (grant == PARAMS_NO_IOCTL) == ((dropped & 64) != 0), "ioctl-encoded commands");
	FUZZ_NEED(grant == PARAMS_NONSENSE || grant == PARAMS_NO_IOCTL || (grant == PARAMS_NO_GET_DATA) == ((dropped & 4) != 0),
		  "get-data");
	FUZZ_NEED(grant == PARAMS_NONSENSE || grant == PARAMS_NO_IOCTL || grant == PARAMS_NO_GET_DATA ||
		  (grant == PARAMS_NO_RECOVERY) == ((dropped & (8 | 16 | 512)) != 0), "recovery");
	FUZZ_NEED(grant != PARAMS_FEWER_QUEUES || granted.nr_hw_queues < config.queues, "fewer queues");
	FUZZ_NEED(grant != PARAMS_GRANTED || granted.nr_hw_queues == config.queues, "all queues");
	FUZZ_NEED(strlen(params_grant_text(grant)) > 0, "a grant has words");
}

/* ---- a device that exists already ---------------------------------------------------------- */

/* What was made is adopted as what it was. */
static void judge_adopted(struct params_config config)
{
	struct ublksrv_ctrl_dev_info info = params_dev_info(config);
	struct ublk_params params = params_of(config);
	struct params_config again;

	again = adopt_config(&info, &params, config.page_bytes, config.memory_limit_bytes);
	FUZZ_NEED(again.size_bytes == config.size_bytes && again.block_bytes == config.block_bytes &&
		  again.physical_block_bytes == config.physical_block_bytes && again.max_io_bytes == config.max_io_bytes &&
		  again.queues == config.queues && again.depth_tags == config.depth_tags && again.id == config.id,
		  "a device's numbers come back");
	if ((config.flags & PARAMS_VOLATILE_CACHE) == 0)
		config.flags &= ~(uint32_t)PARAMS_FUA;
	FUZZ_NEED(again.flags == config.flags, "and its flags; FUA beside a cache only");
}

/* The first thing that is against it. */
static uint32_t objection(const struct ublksrv_ctrl_dev_info *info, const struct ublk_params *params, uint32_t offers, uint64_t bytes)
{
	const uint64_t features = 64 | 4 | 8 | 16 | 512, harmless = 2 | 1u << 10 | 1u << 12 | 1u << 13 | 1u << 14 | 1u << 17 | 1u << 18;
	bool cache = (params->basic.attrs & 4) != 0, section = (params->types & 2) != 0;

	if ((info->flags & 8) == 0)
		return ADOPT_NOT_RECOVERABLE;
	if (info->state == 0)
		return ADOPT_STOPPED;
	if ((info->flags & ~(features | harmless)) != 0 || (info->flags & 64) == 0 || (params->types & ~7u) != 0 || !(params->types & 1))
		return ADOPT_MODE;
	if ((unsigned __int128)params->basic.dev_sectors * 512 > bytes)
		return ADOPT_SIZE;
	if ((params->basic.attrs & 1) != 0)
		return ADOPT_ACCEPTED;
	if ((offers & PARAMS_READ_ONLY) != 0)
		return ADOPT_READ_ONLY;
	if (cache != ((offers & PARAMS_VOLATILE_CACHE) != 0))
		return ADOPT_CACHE;
	if (cache && (params->basic.attrs & 8) != 0 && (offers & PARAMS_FUA) == 0)
		return ADOPT_FUA;
	if ((section && params->discard.max_discard_sectors != 0 && (offers & PARAMS_DISCARD) == 0) ||
	    (section && params->discard.max_write_zeroes_sectors != 0 && (offers & PARAMS_WRITE_ZEROES) == 0))
		return ADOPT_DISCARD;
	return ADOPT_ACCEPTED;
}

/* Whatever a kernel says of a device that somebody made. */
static void judge_any_device(struct fuzz *fuzz)
{
	struct ublksrv_ctrl_dev_info info = { .nr_hw_queues = fuzz_u16(fuzz), .queue_depth = fuzz_u16(fuzz), .state = fuzz_u8(fuzz) & 3,
					      .dev_id = (uint32_t)choose(fuzz), .flags = 72 ^ choose(fuzz) };
	struct ublk_params params = { .types = 1 ^ fuzz_u8(fuzz) };
	uint32_t offers = fuzz_u16(fuzz) % PARAMS_FLAGS, verdict;
	uint64_t bytes = choose(fuzz);
	struct params_config config;

	params.basic = (struct ublk_param_basic){ .attrs = fuzz_u8(fuzz), .logical_bs_shift = fuzz_u8(fuzz),
						  .physical_bs_shift = fuzz_u8(fuzz), .max_sectors = (uint32_t)choose(fuzz),
						  .dev_sectors = choose(fuzz) };
	params.discard = (struct ublk_param_discard){ .discard_granularity = (uint32_t)choose(fuzz),
						      .max_discard_sectors = fuzz_u8(fuzz), .max_write_zeroes_sectors = fuzz_u8(fuzz) };
	verdict = adopt_check(&info, &params, offers, bytes);
	FUZZ_NEED(verdict == objection(&info, &params, offers, bytes), "the first thing that is against it");
	FUZZ_NEED(strlen(adopt_verdict_text(verdict)) > 0, "a refusal has words");
	config = adopt_config(&info, &params, 4096, UINT64_MAX);
	if (params_check(config) == PARAMS_ACCEPTED)
		FUZZ_NEED(config.size_bytes == params.basic.dev_sectors * 512 && config.max_io_bytes == params.basic.max_sectors * UINT64_C(512),
			  "what is accepted is what the kernel said");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz fuzz = { data, size };
	struct params_config config;
	uint32_t verdict;

	if (fuzz_u8(&fuzz) & 1) {
		judge_any_device(&fuzz);
		return 0;
	}
	config = choose_config(&fuzz);
	verdict = params_check(config);
	FUZZ_NEED(verdict == verdict_of(config), "the first rule that is broken");
	FUZZ_NEED(strlen(params_verdict_text(verdict)) > 0, "a refusal has words");
	if (verdict == PARAMS_ACCEPTED || verdict == PARAMS_MEMORY)
		judge_memory(config, verdict);
	if (verdict == PARAMS_ACCEPTED) {
		judge_accepted(config);
		judge_adopted(config);
		judge_grant(config, &fuzz);
	}
	return 0;
}
