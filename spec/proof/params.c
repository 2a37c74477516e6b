/* For one page size and one block: every configuration that params accepts is one that ADD_DEV and SET_PARAMS of 6.12 and 7.x accept, and the buffers
 * hold what the driver may then send. The driver's conditions stand here once more, from its sources. (The memory
 * limit is memory.c's: two multipliers are more than this solver compares.) */
#include "params.h"
#include "proof.h"

static struct params_config any_config(void)
{
	struct params_config config = {
		.size_bytes = nondet_u64(), .memory_limit_bytes = nondet_u64(), .block_bytes = BLOCK, .page_bytes = PAGE,
		.physical_block_bytes = nondet_u32(), .max_io_bytes = nondet_u32(), .discard_granularity_bytes = nondet_u32(),
		.queues = nondet_u32(), .depth_tags = nondet_u32(), .flags = nondet_u32(), .id = nondet_i32(),
	};

	ASSUME(config.flags < PARAMS_FLAGS);
	return config;
}

/* The stricter of all kernels. */
static void accepts_params(const struct ublk_params *params, uint64_t page_bytes, uint32_t max_io_buf_bytes)
{
	const struct ublk_param_basic *basic = &params->basic;
	const struct ublk_param_discard *discard = &params->discard;

	PROVE(params->len == sizeof(*params) && (params->types & 1) != 0, "basic is required");
	PROVE(basic->logical_bs_shift >= 9 && UINT64_C(1) << basic->logical_bs_shift <= page_bytes, "logical block");
	PROVE(basic->physical_bs_shift >= basic->logical_bs_shift && basic->physical_bs_shift <= 28, "physical block");
	PROVE(basic->io_min_shift <= 28 && basic->io_opt_shift <= 28, "shifts");
	PROVE(basic->max_sectors <= max_io_buf_bytes >> 9, "max_sectors fits the buffer");
	PROVE((uint64_t)basic->max_sectors * 512 >= page_bytes, "max_sectors is a page at least");
	if ((params->types & 2) != 0) {
		PROVE(discard->discard_granularity != 0, "granularity");
		PROVE(discard->max_discard_sectors == 0 || discard->max_discard_segments == 1, "one segment");
	}
	PROVE((params->types & ~3u) == 0, "no other section");
}

static void says_what_was_asked(struct params_config config, const struct ublk_params *params)
{
	const struct ublk_param_basic *basic = &params->basic;
	bool cache = (config.flags & PARAMS_VOLATILE_CACHE) != 0;
	bool section = (config.flags & (PARAMS_DISCARD | PARAMS_WRITE_ZEROES)) != 0;

	PROVE(basic->dev_sectors * 512 == config.size_bytes, "size");
	PROVE(1u << basic->logical_bs_shift == config.block_bytes, "block");
	PROVE(1u << basic->physical_bs_shift == config.physical_block_bytes, "physical block");
	PROVE((basic->attrs & 1) == ((config.flags & PARAMS_READ_ONLY) != 0), "read-only");
	PROVE((basic->attrs >> 2 & 1) == cache, "volatile cache");
	PROVE((basic->attrs >> 3 & 1) == (cache && (config.flags & PARAMS_FUA) != 0), "FUA beside a cache");
	PROVE((params->types >> 1 & 1) == section, "a section counts by its bit");
	PROVE((params->discard.max_discard_sectors != 0) == ((config.flags & PARAMS_DISCARD) != 0), "discard");
	PROVE((params->discard.max_write_zeroes_sectors != 0) == ((config.flags & PARAMS_WRITE_ZEROES) != 0),
	      "write zeroes");
}

/* CMD_IOCTL_ENCODE 6, NEED_GET_DATA 2, USER_RECOVERY 3 with REISSUE 4 or FAIL_IO 9. */
static uint64_t features_of(struct params_config config)
{
	uint64_t features = 64;

	if ((config.flags & PARAMS_GET_DATA) != 0)
		features |= 4;
	if ((config.flags & PARAMS_WAIT) != 0)
		features |= 8;
	if ((config.flags & PARAMS_REISSUE) != 0)
		features |= 8 | 16;
	if ((config.flags & PARAMS_FAIL) != 0)
		features |= 8 | 512;
	return features;
}

/* What ADD_DEV hands back, against what was asked: any flags, any numbers. */
static void prove_grant(struct params_config config)
{
	const uint64_t modes = 1u << 0 | 1u << 2 | 1u << 3 | 1u << 4 | 1u << 5 | 1u << 7 | 1u << 8 | 1u << 9 | 1u << 11 |
			       1u << 15 | 1u << 16 | 1u << 19 | 1u << 20;
	uint64_t asked = features_of(config), dropped;
	struct ublksrv_ctrl_dev_info granted = {
		.nr_hw_queues = nondet_u16(), .queue_depth = nondet_u16(), .max_io_buf_bytes = nondet_u32(),
		.dev_id = nondet_u32(), .flags = nondet_u64(),
	};
	dropped = asked & ~granted.flags;

	bool sensible = granted.nr_hw_queues >= 1 && granted.nr_hw_queues <= config.queues &&
			granted.queue_depth == config.depth_tags && granted.max_io_buf_bytes == config.max_io_bytes &&
			granted.dev_id < 1u << 20 && (config.id == -1 || granted.dev_id == (uint32_t)config.id) &&
			(granted.flags & modes & ~asked) == 0;
	uint32_t expected = !sensible ? PARAMS_NONSENSE : (granted.flags & 64) == 0 ? PARAMS_NO_IOCTL :
			    (dropped & 4) != 0 ? PARAMS_NO_GET_DATA : dropped != 0 ? PARAMS_NO_RECOVERY :
			    granted.nr_hw_queues < config.queues ? PARAMS_FEWER_QUEUES : PARAMS_GRANTED;

	PROVE(params_grant_of(config, granted) == expected, "what was granted");
}

void proof(void)
{
	struct params_config config = any_config();
	struct ublksrv_ctrl_dev_info info;
	struct ublk_params params;

	if (params_check(config) != PARAMS_ACCEPTED)
		return;
	info = params_dev_info(config);
	params = params_of(config);
	PROVE(config.depth_tags >= 1 && config.depth_tags <= 4096 && info.queue_depth == config.depth_tags, "depth");
	PROVE(config.queues >= 1 && config.queues <= 4096 && info.nr_hw_queues == config.queues, "queues");
	PROVE(info.max_io_buf_bytes == config.max_io_bytes, "the largest I/O");
	PROVE(info.max_io_buf_bytes % config.page_bytes == 0, "ADD_DEV rounds nothing down");
	PROVE(info.flags == features_of(config), "the features that are meant");
	accepts_params(&params, config.page_bytes, info.max_io_buf_bytes);
	says_what_was_asked(config, &params);
	PROVE(params_buffer_bytes(config) >= (uint64_t)params.basic.max_sectors * 512, "a buffer holds the largest I/O");
	PROVE(params_buffer_bytes(config) <= UINT64_C(1) << 25, "no I/O is above 32 MiB");
	PROVE(params_buffer_bytes(config) == info.max_io_buf_bytes, "what is mapped is what was asked for");
	prove_grant(config);
	PROVED();
}
