#include "params.h"

#include "check.h"
#include "units.h"

enum {
	PARAMS_BLOCK_BYTES_MAX = 4096,
	PARAMS_PHYSICAL_BYTES_MAX = 1 << 28, /* the driver's since 7.x */
	PARAMS_IO_BYTES_MAX = 1 << UBLK_IO_BUF_BITS,
};

/* Features that change how a tag is served: to get one unasked would break every request. */
#define PARAMS_MODES (UBLK_F_SUPPORT_ZERO_COPY | UBLK_F_NEED_GET_DATA | UBLK_F_UNPRIVILEGED_DEV | UBLK_F_USER_COPY | \
		      UBLK_F_ZONED | UBLK_F_AUTO_BUF_REG | UBLK_F_BATCH_IO | UBLK_F_INTEGRITY | UBLK_F_SHMEM_ZC | \
		      UBLK_F_IO_DESC_SIZE)

/* Features that change what a server's death does. */
#define PARAMS_RECOVERIES (UBLK_F_USER_RECOVERY | UBLK_F_USER_RECOVERY_REISSUE | UBLK_F_USER_RECOVERY_FAIL_IO)

static bool params_power_of_two(uint64_t value)
{
	return value != 0 && (value & (value - 1)) == 0;
}

static bool params_block_fits(struct params_config config)
{
	return params_power_of_two(config.block_bytes) && config.block_bytes >= UNITS_SECTOR_BYTES &&
	       config.block_bytes <= PARAMS_BLOCK_BYTES_MAX && config.block_bytes <= config.page_bytes;
}

static bool params_size_fits(struct params_config config)
{
	return config.size_bytes != 0 && config.size_bytes % config.block_bytes == 0 &&
	       config.size_bytes <= (uint64_t)UNITS_DEVICE_BYTES_MAX;
}

static bool params_physical_fits(struct params_config config)
{
	return params_power_of_two(config.physical_block_bytes) && config.physical_block_bytes >= config.block_bytes &&
	       config.physical_block_bytes <= PARAMS_PHYSICAL_BYTES_MAX;
}

static bool params_max_io_fits(struct params_config config)
{
	return config.max_io_bytes >= config.page_bytes && config.max_io_bytes % config.page_bytes == 0 &&
	       config.max_io_bytes <= PARAMS_IO_BYTES_MAX;
}

static bool params_granularity_fits(struct params_config config)
{
	if ((config.flags & PARAMS_DISCARD) == 0)
		return true;
	return config.discard_granularity_bytes != 0 && config.discard_granularity_bytes % config.block_bytes == 0 &&
	       config.discard_granularity_bytes <= PARAMS_DISCARD_BYTES_MAX;
}

uint32_t params_check(struct params_config config) /* R35 */
{
	CHECK(params_power_of_two(config.page_bytes));
	if (!params_block_fits(config))
		return PARAMS_BLOCK;
	if (!params_size_fits(config))
		return PARAMS_SIZE;
	if (!params_physical_fits(config))
		return PARAMS_PHYSICAL_BLOCK;
	if (!params_max_io_fits(config))
		return PARAMS_MAX_IO;
	if (config.queues < 1 || config.queues > UBLK_MAX_NR_QUEUES)
		return PARAMS_QUEUES;
	if (config.depth_tags < 1 || config.depth_tags > UBLK_MAX_QUEUE_DEPTH)
		return PARAMS_DEPTH;
	if (!params_granularity_fits(config))
		return PARAMS_DISCARD_GRANULARITY;
	if (config.id < -1 || config.id > PARAMS_ID_MAX)
		return PARAMS_ID;
	if ((config.flags & PARAMS_RECOVERY) != 0 && !params_power_of_two(config.flags & PARAMS_RECOVERY))
		return PARAMS_TWO_RECOVERIES;
	if (params_memory_bytes(config) > config.memory_limit_bytes)
		return PARAMS_MEMORY;
	return PARAMS_ACCEPTED;
}

const char *params_verdict_text(uint32_t verdict)
{
	static const char *const texts[PARAMS_VERDICTS] = {
		[PARAMS_ACCEPTED] = "accepted",
		[PARAMS_BLOCK] = "the block size must be 512, 1024, 2048 or 4096 bytes and at most a page",
		[PARAMS_SIZE] = "the size must be a multiple of the block size, not zero and below 8 EiB",
		[PARAMS_PHYSICAL_BLOCK] = "the physical block size must be a power of two from the block size to 256 MiB",
		[PARAMS_MAX_IO] = "the largest I/O must be a multiple of a page, from one page to 32 MiB",
		[PARAMS_QUEUES] = "there must be 1 to 4096 queues",
		[PARAMS_DEPTH] = "the depth must be 1 to 4096",
		[PARAMS_DISCARD_GRANULARITY] = "the discard granularity must be a multiple of the block size and at most 1 GiB",
		[PARAMS_ID] = "the id must be 0 to 1048575, or -1 to let the kernel choose",
		[PARAMS_TWO_RECOVERIES] = "a device is recovered in one way or in none",
		[PARAMS_MEMORY] = "queues times depth times largest I/O is more memory than the limit allows",
	};

	CHECK(verdict < PARAMS_VERDICTS);
	return texts[verdict];
}

uint64_t params_buffer_bytes(struct params_config config) /* R31 */
{
	return units_round_up(config.max_io_bytes, config.page_bytes);
}

uint64_t params_memory_bytes(struct params_config config) /* R36 */
{
	return (uint64_t)config.queues * config.depth_tags * params_buffer_bytes(config);
}

uint32_t params_depth_that_fits(struct params_config config)
{
	uint64_t one_tag_bytes = config.queues * params_buffer_bytes(config);

	CHECK(one_tag_bytes != 0);

	uint64_t depth_tags = config.memory_limit_bytes / one_tag_bytes;

	return depth_tags < UBLK_MAX_QUEUE_DEPTH ? (uint32_t)depth_tags : UBLK_MAX_QUEUE_DEPTH;
}

/* REISSUE and FAIL_IO say how, USER_RECOVERY that. */
static uint64_t params_features(uint32_t flags) /* R78 */
{
	uint64_t features = UBLK_F_CMD_IOCTL_ENCODE;

	if ((flags & PARAMS_GET_DATA) != 0)
		features |= UBLK_F_NEED_GET_DATA;
	if ((flags & PARAMS_RECOVERY) != 0)
		features |= UBLK_F_USER_RECOVERY;
	if ((flags & PARAMS_REISSUE) != 0)
		features |= UBLK_F_USER_RECOVERY_REISSUE;
	if ((flags & PARAMS_FAIL) != 0)
		features |= UBLK_F_USER_RECOVERY_FAIL_IO;
	return features;
}

struct ublksrv_ctrl_dev_info params_dev_info(struct params_config config)
{
	struct ublksrv_ctrl_dev_info info = {
		.nr_hw_queues = (uint16_t)config.queues,
		.queue_depth = (uint16_t)config.depth_tags,
		.max_io_buf_bytes = (uint32_t)params_buffer_bytes(config),
		.dev_id = (uint32_t)config.id,
		.flags = params_features(config.flags),
	};

	return info;
}

/* FUA counts only beside a volatile cache. */
static uint32_t params_attrs(uint32_t flags)
{
	uint32_t attrs = 0;

	if ((flags & PARAMS_READ_ONLY) != 0)
		attrs |= UBLK_ATTR_READ_ONLY;
	if ((flags & PARAMS_ROTATIONAL) != 0)
		attrs |= UBLK_ATTR_ROTATIONAL;
	if ((flags & PARAMS_VOLATILE_CACHE) != 0)
		attrs |= UBLK_ATTR_VOLATILE_CACHE;
	if ((flags & PARAMS_VOLATILE_CACHE) != 0 && (flags & PARAMS_FUA) != 0)
		attrs |= UBLK_ATTR_FUA;
	return attrs;
}

/* The exponent of a power of two. */
static uint8_t params_shift(uint32_t bytes)
{
	uint8_t shift = 0;

	while (bytes >> shift > 1)
		shift++;
	return shift;
}

/* io_min and io_opt are the physical block: more would make file systems lay out stripes that are not there. */
static struct ublk_param_basic params_basic(struct params_config config)
{
	uint8_t physical_shift = params_shift(config.physical_block_bytes);
	struct ublk_param_basic basic = {
		.attrs = params_attrs(config.flags),
		.logical_bs_shift = params_shift(config.block_bytes),
		.physical_bs_shift = physical_shift,
		.io_opt_shift = physical_shift,
		.io_min_shift = physical_shift,
		.max_sectors = (uint32_t)units_sectors(config.max_io_bytes),
		.dev_sectors = units_sectors(config.size_bytes),
	};

	return basic;
}

/* The section carries the limit of write zeroes too, and wants a granularity even without discard. The longest
 * discard is a multiple of the granularity, so that the kernel splits where the backend can give space back;
 * the longest write-zeroes is one of every block. */
static struct ublk_param_discard params_discard(struct params_config config)
{
	struct ublk_param_discard discard = { .discard_granularity = config.block_bytes };

	if ((config.flags & PARAMS_DISCARD) != 0) {
		uint32_t rest_bytes = PARAMS_DISCARD_BYTES_MAX % config.discard_granularity_bytes;

		discard.discard_granularity = config.discard_granularity_bytes;
		discard.max_discard_sectors = (uint32_t)units_sectors(PARAMS_DISCARD_BYTES_MAX - rest_bytes);
		discard.max_discard_segments = 1;
	}
	if ((config.flags & PARAMS_WRITE_ZEROES) != 0)
		discard.max_write_zeroes_sectors = (uint32_t)units_sectors(PARAMS_DISCARD_BYTES_MAX);
	return discard;
}

struct ublk_params params_of(struct params_config config) /* R33 */
{
	struct ublk_params params = {
		.len = sizeof(params),
		.types = UBLK_PARAM_TYPE_BASIC,
		.basic = params_basic(config),
	};

	if ((config.flags & (PARAMS_DISCARD | PARAMS_WRITE_ZEROES)) != 0) {
		params.types |= UBLK_PARAM_TYPE_DISCARD;
		params.discard = params_discard(config);
	}
	return params;
}

static bool params_sensible(struct params_config asked, struct ublksrv_ctrl_dev_info granted)
{
	uint64_t unasked = granted.flags & ~params_dev_info(asked).flags;

	return granted.nr_hw_queues >= 1 && granted.nr_hw_queues <= asked.queues &&
	       granted.queue_depth == asked.depth_tags && granted.max_io_buf_bytes == params_buffer_bytes(asked) &&
	       granted.dev_id <= PARAMS_ID_MAX && (asked.id == -1 || granted.dev_id == (uint32_t)asked.id) &&
	       (unasked & (PARAMS_MODES | PARAMS_RECOVERIES)) == 0;
}

uint32_t params_grant_of(struct params_config asked, struct ublksrv_ctrl_dev_info granted) /* R34 */
{
	uint64_t dropped = params_dev_info(asked).flags & ~granted.flags;

	if (!params_sensible(asked, granted))
		return PARAMS_NONSENSE;
	if ((dropped & UBLK_F_CMD_IOCTL_ENCODE) != 0)
		return PARAMS_NO_IOCTL;
	if ((dropped & UBLK_F_NEED_GET_DATA) != 0)
		return PARAMS_NO_GET_DATA;
	if ((dropped & PARAMS_RECOVERIES) != 0)
		return PARAMS_NO_RECOVERY;
	return granted.nr_hw_queues < asked.queues ? PARAMS_FEWER_QUEUES : PARAMS_GRANTED;
}

const char *params_grant_text(uint32_t grant)
{
	static const char *const texts[PARAMS_GRANTS] = {
		[PARAMS_GRANTED] = "granted",
		[PARAMS_NO_GET_DATA] = "the kernel does not offer get-data mode",
		[PARAMS_NO_RECOVERY] = "the kernel does not offer this way of recovery",
		[PARAMS_NO_IOCTL] = "the kernel does not know ioctl-encoded commands: it is too old",
		[PARAMS_FEWER_QUEUES] = "the kernel gives fewer queues, one for each possible CPU",
		[PARAMS_NONSENSE] = "the kernel made another device than was asked for",
	};

	CHECK(grant < PARAMS_GRANTS);
	return texts[grant];
}

struct desc_limits params_limits(struct params_config config)
{
	struct desc_limits limits = {
		.device_bytes = config.size_bytes,
		.max_io_bytes = config.max_io_bytes,
		.block_bytes = config.block_bytes,
		.read_only = (config.flags & PARAMS_READ_ONLY) != 0,
	};

	return limits;
}
