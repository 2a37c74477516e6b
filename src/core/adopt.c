#include "adopt.h"

#include "check.h"
#include "units.h"

/* What refublk asks for when it makes a device: anything else would be served wrongly. */
#define ADOPT_FEATURES (UBLK_F_CMD_IOCTL_ENCODE | UBLK_F_NEED_GET_DATA | UBLK_F_USER_RECOVERY | \
			UBLK_F_USER_RECOVERY_REISSUE | UBLK_F_USER_RECOVERY_FAIL_IO)

/* Features that no server notices: the driver grants them unasked, or they are about other commands. */
#define ADOPT_HARMLESS (UBLK_F_URING_CMD_COMP_IN_TASK | UBLK_F_UPDATE_SIZE | UBLK_F_QUIESCE | UBLK_F_PER_IO_DAEMON | \
			UBLK_F_BUF_REG_OFF_DAEMON | UBLK_F_SAFE_STOP_DEV | UBLK_F_NO_AUTO_PART_SCAN)

#define ADOPT_SECTIONS ((uint32_t)(UBLK_PARAM_TYPE_BASIC | UBLK_PARAM_TYPE_DISCARD | UBLK_PARAM_TYPE_DEVT))

static uint32_t adopt_attrs(uint32_t attrs)
{
	uint32_t flags = (attrs & UBLK_ATTR_READ_ONLY) != 0 ? PARAMS_READ_ONLY : 0;

	if ((attrs & UBLK_ATTR_ROTATIONAL) != 0)
		flags |= PARAMS_ROTATIONAL;
	if ((attrs & UBLK_ATTR_VOLATILE_CACHE) != 0)
		flags |= PARAMS_VOLATILE_CACHE;
	if ((attrs & UBLK_ATTR_VOLATILE_CACHE) != 0 && (attrs & UBLK_ATTR_FUA) != 0)
		flags |= PARAMS_FUA;
	return flags;
}

static uint32_t adopt_recovery(uint64_t features)
{
	if ((features & UBLK_F_USER_RECOVERY) == 0)
		return 0;
	if ((features & UBLK_F_USER_RECOVERY_REISSUE) != 0)
		return PARAMS_REISSUE;
	return (features & UBLK_F_USER_RECOVERY_FAIL_IO) != 0 ? PARAMS_FAIL : PARAMS_WAIT;
}

static uint32_t adopt_flags(const struct ublksrv_ctrl_dev_info *info, const struct ublk_params *params)
{
	uint32_t flags = adopt_attrs(params->basic.attrs) | adopt_recovery(info->flags);
	bool section = (params->types & UBLK_PARAM_TYPE_DISCARD) != 0;

	if ((info->flags & UBLK_F_NEED_GET_DATA) != 0)
		flags |= PARAMS_GET_DATA;
	if (section && params->discard.max_discard_sectors != 0)
		flags |= PARAMS_DISCARD;
	if (section && params->discard.max_write_zeroes_sectors != 0)
		flags |= PARAMS_WRITE_ZEROES;
	return flags;
}

/* A block above what any disk has is as refused as 2^31: a shift beyond the type's width is none. */
static uint32_t adopt_bytes_of_shift(uint8_t shift)
{
	return shift < 31 ? UINT32_C(1) << shift : UINT32_C(1) << 31;
}

struct params_config adopt_config(const struct ublksrv_ctrl_dev_info *info, const struct ublk_params *params,
				  uint64_t page_bytes, uint64_t memory_limit_bytes)
{
	const struct ublk_param_basic *basic = &params->basic;
	uint64_t size_bytes = 0;
	struct params_config config = {
		.memory_limit_bytes = memory_limit_bytes,
		.page_bytes = page_bytes,
		.block_bytes = adopt_bytes_of_shift(basic->logical_bs_shift),
		.physical_block_bytes = adopt_bytes_of_shift(basic->physical_bs_shift),
		.discard_granularity_bytes = params->discard.discard_granularity,
		.queues = info->nr_hw_queues,
		.depth_tags = info->queue_depth,
		.flags = adopt_flags(info, params),
		.id = (int32_t)info->dev_id,
	};

	/* Zero is refused like what does not fit. */
	if (basic->dev_sectors <= units_sectors(UNITS_DEVICE_BYTES_MAX))
		size_bytes = units_bytes(basic->dev_sectors);
	if (basic->max_sectors <= units_sectors(UINT64_C(1) << UBLK_IO_BUF_BITS))
		config.max_io_bytes = (uint32_t)units_bytes(basic->max_sectors);
	config.size_bytes = size_bytes;
	return config;
}

static bool adopt_mode_known(const struct ublksrv_ctrl_dev_info *info, const struct ublk_params *params)
{
	return (info->flags & ~(ADOPT_FEATURES | ADOPT_HARMLESS)) == 0 && (info->flags & UBLK_F_CMD_IOCTL_ENCODE) != 0 &&
	       (params->types & ~ADOPT_SECTIONS) == 0 && (params->types & UBLK_PARAM_TYPE_BASIC) != 0;
}

/* The device's flags against the backend's: requests that the disk promises must not fail, and durability that nobody
 * asks for must not be owed. */
static uint32_t adopt_offers(uint32_t flags, uint32_t offers) /* R79 */
{
	uint32_t lacks = flags & ~offers;

	if ((flags & PARAMS_READ_ONLY) != 0)
		return ADOPT_ACCEPTED;
	if ((offers & PARAMS_READ_ONLY) != 0)
		return ADOPT_READ_ONLY;
	if (((flags ^ offers) & PARAMS_VOLATILE_CACHE) != 0)
		return ADOPT_CACHE;
	if ((lacks & PARAMS_FUA) != 0)
		return ADOPT_FUA;
	return (lacks & (PARAMS_DISCARD | PARAMS_WRITE_ZEROES)) != 0 ? ADOPT_DISCARD : ADOPT_ACCEPTED;
}

uint32_t adopt_check(const struct ublksrv_ctrl_dev_info *info, const struct ublk_params *params, uint32_t offers,
		     uint64_t backend_bytes)
{
	if ((info->flags & UBLK_F_USER_RECOVERY) == 0)
		return ADOPT_NOT_RECOVERABLE;
	if (info->state == UBLK_S_DEV_DEAD)
		return ADOPT_STOPPED;
	if (!adopt_mode_known(info, params))
		return ADOPT_MODE;
	if (params->basic.dev_sectors > units_sectors(backend_bytes))
		return ADOPT_SIZE;
	return adopt_offers(adopt_flags(info, params), offers);
}

const char *adopt_verdict_text(uint32_t verdict)
{
	static const char *const texts[ADOPT_VERDICTS] = {
		[ADOPT_ACCEPTED] = "accepted",
		[ADOPT_NOT_RECOVERABLE] = "it was made without recovery: it goes with its server",
		[ADOPT_STOPPED] = "it was stopped, or never started: there is no disk to serve",
		[ADOPT_MODE] = "it was made in a mode or with parameters that refublk does not serve",
		[ADOPT_SIZE] = "the backend is smaller than the disk",
		[ADOPT_READ_ONLY] = "the disk can be written to, and the backend cannot",
		[ADOPT_CACHE] = "only one of disk and backend has a volatile cache: flushes would fail or be missed",
		[ADOPT_FUA] = "the disk offers FUA, which the backend does not honour",
		[ADOPT_DISCARD] = "the disk offers discard or write-zeroes, which the backend lacks",
	};

	CHECK(verdict < ADOPT_VERDICTS);
	return texts[verdict];
}
