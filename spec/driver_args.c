#include "driver_args.h"

#include <errno.h>
#include <string.h>

#include "driver.h"

/* ---- commands that only look --------------------------------------------------------------- */

int driver_query(uint32_t query, uint32_t there)
{
	if (query == DRIVER_FOREIGN_CONTROL)
		return -EOPNOTSUPP;
	if (query == DRIVER_GET_FEATURES)
		return 0;
	if (there == DRIVER_ABSENT)
		return -ENODEV;
	/* Its node goes at once. */
	if (query == DRIVER_GET_INFO_PATH && there == DRIVER_DELETED)
		return -ENOENT;
	if (query == DRIVER_UNKNOWN_CONTROL)
		return -EOPNOTSUPP;
	if (query == DRIVER_GET_AFFINITY_BAD || query == DRIVER_GET_INFO_NO_PATH)
		return -EINVAL;
	return 0;
}

const char *driver_query_name(uint32_t query)
{
	static const char *const names[DRIVER_QUERIES] = {
		[DRIVER_GET_INFO] = "get-info",
		[DRIVER_GET_INFO_PATH] = "get-info-path",
		[DRIVER_GET_INFO_NO_PATH] = "get-info-no-path",
		[DRIVER_GET_PARAMS] = "get-params",
		[DRIVER_GET_AFFINITY] = "get-affinity",
		[DRIVER_GET_AFFINITY_BAD] = "get-affinity-bad",
		[DRIVER_GET_FEATURES] = "get-features",
		[DRIVER_UNKNOWN_CONTROL] = "unknown",
		[DRIVER_FOREIGN_CONTROL] = "foreign",
	};

	return query < DRIVER_QUERIES ? names[query] : "?";
}

/* ---- ADD_DEV ------------------------------------------------------------------------------- */

enum { NUMBERS = 1 << 20, QUEUES_MAX = 4096, DEPTH_MAX = 4096, STRIDE_MIN = 24, STRIDE_MAX = 256 };

/* Bits 1 to 8; bits 0 to 19; bits 0 to 20. Bit 5, unprivileged, ends with CAP_SYS_ADMIN. */
static uint64_t known_flags(uint32_t kernel)
{
	static const uint64_t known[DRIVER_KERNELS] = { 0x1fe, 0xfffff, 0x1fffff };

	return known[kernel] & ~UBLK_F_UNPRIVILEGED_DEV;
}

/* 7.x refuses what makes no sense before it drops what it does not know. */
static bool nonsense(uint32_t kernel, const struct ublksrv_ctrl_dev_info *info)
{
	bool waits = (info->flags & UBLK_F_USER_RECOVERY) != 0, again = (info->flags & UBLK_F_USER_RECOVERY_REISSUE) != 0,
	     fails = (info->flags & UBLK_F_USER_RECOVERY_FAIL_IO) != 0;

	if (kernel == DRIVER_6_12)
		return false;
	if (((again || fails) && !waits) || (again && fails))
		return true;
	if ((info->flags & UBLK_F_QUIESCE) && !waits)
		return true;
	if ((info->flags & UBLK_F_INTEGRITY) && !(info->flags & UBLK_F_USER_COPY))
		return true;
	return kernel == DRIVER_7_3 && (info->flags & UBLK_F_IO_DESC_SIZE) &&
	       (info->io_desc_size < STRIDE_MIN || info->io_desc_size > STRIDE_MAX || info->io_desc_size % 8 != 0);
}

static uint64_t granted_flags(uint32_t kernel, uint64_t asked)
{
	uint64_t flags = asked & known_flags(kernel);
	bool moves = (flags & UBLK_F_USER_COPY) != 0;

	flags |= UBLK_F_CMD_IOCTL_ENCODE | UBLK_F_URING_CMD_COMP_IN_TASK;
	if (kernel != DRIVER_6_12) {
		flags |= UBLK_F_PER_IO_DAEMON | UBLK_F_BUF_REG_OFF_DAEMON | UBLK_F_SAFE_STOP_DEV;
		if (flags & UBLK_F_BATCH_IO)
			flags &= ~UBLK_F_PER_IO_DAEMON;
		moves = (flags & (UBLK_F_USER_COPY | UBLK_F_SUPPORT_ZERO_COPY | UBLK_F_AUTO_BUF_REG | UBLK_F_BATCH_IO)) != 0;
	}
	return moves ? flags & ~UBLK_F_NEED_GET_DATA : flags;
}

static bool zoned_without_copy(uint32_t kernel, uint64_t flags)
{
	uint64_t copies = kernel == DRIVER_6_12 ? UBLK_F_USER_COPY : UBLK_F_USER_COPY | UBLK_F_SUPPORT_ZERO_COPY;

	return (flags & UBLK_F_ZONED) && !(flags & copies);
}

int driver_add(uint32_t kernel, struct driver_machine machine, struct driver_add add, struct ublksrv_ctrl_dev_info *granted)
{
	struct ublksrv_ctrl_dev_info *info = &add.info;

	if (add.len < sizeof(*info) || !add.address || add.queue_id != 0xffff)
		return -EINVAL;
	if (info->queue_depth == 0 || info->queue_depth > DEPTH_MAX || info->nr_hw_queues == 0 ||
	    info->nr_hw_queues > QUEUES_MAX || nonsense(kernel, info))
		return -EINVAL;
	if (add.dev_id != info->dev_id || (add.dev_id != UINT32_MAX && add.dev_id >= NUMBERS))
		return -EINVAL;
	if (kernel == DRIVER_7_3 && !(info->flags & UBLK_F_IO_DESC_SIZE))
		info->io_desc_size = STRIDE_MIN;
	info->flags = granted_flags(kernel, info->flags);
	if (zoned_without_copy(kernel, info->flags))
		return -EINVAL;
	/* The kernel's fifo of a queue's tags has two places at least. */
	if ((info->flags & UBLK_F_BATCH_IO) && info->queue_depth < 2)
		return -EINVAL;
	if (info->nr_hw_queues > machine.cpus)
		info->nr_hw_queues = (uint16_t)machine.cpus;
	info->max_io_buf_bytes -= info->max_io_buf_bytes % machine.page_bytes;
	info->state = 0;
	info->ublksrv_pid = -1;
	info->owner_uid = 0;
	info->owner_gid = 0;
	*granted = *info;
	return 0;
}

/* ---- SET_PARAMS and GET_PARAMS ------------------------------------------------------------- */

enum { HEADER_BYTES = 8, BASIC = 1, DISCARD = 2, DEVT = 4, ZONED = 8, DMA = 16, SEGMENT = 32, INTEGRITY = 64 };

/* 6.12 ends behind the zoned section. */
static uint32_t params_bytes(uint32_t kernel)
{
	return kernel == DRIVER_6_12 ? 112 : (uint32_t)sizeof(struct ublk_params);
}

static bool power_of_two(uint64_t value)
{
	return value != 0 && (value & (value - 1)) == 0;
}

static bool basic_valid(uint32_t kernel, struct driver_machine machine, uint32_t max_io_buf_bytes,
			const struct ublk_param_basic *basic)
{
	if (basic->logical_bs_shift < 9 || basic->logical_bs_shift > 31 ||
	    UINT32_C(1) << basic->logical_bs_shift > machine.page_bytes)
		return false;
	if (kernel != DRIVER_6_12 &&
	    (basic->physical_bs_shift > 28 || basic->io_min_shift > 28 || basic->io_opt_shift > 28))
		return false;
	return basic->physical_bs_shift >= basic->logical_bs_shift && basic->max_sectors <= max_io_buf_bytes / 512 &&
	       basic->max_sectors >= machine.page_bytes / 512;
}

static bool integrity_valid(const struct ublk_params *params, uint64_t flags)
{
	static const uint8_t tuple[] = { 0, 8, 8, 16 };
	const struct ublk_param_integrity *integrity = &params->integrity;

	return (flags & UBLK_F_INTEGRITY) && integrity->flags <= 3 && integrity->csum_type <= 3 &&
	       integrity->metadata_size != 0 && !(integrity->csum_type == 0 && (integrity->flags & 2)) &&
	       integrity->pi_offset + tuple[integrity->csum_type] <= integrity->metadata_size &&
	       integrity->interval_exp >= 9 && integrity->interval_exp <= params->basic.logical_bs_shift;
}

/* The sections that only 7.x has. */
static bool new_sections_valid(struct driver_machine machine, const struct ublk_params *params, uint64_t flags)
{
	uint64_t boundary = params->seg.seg_boundary_mask + 1;

	if ((params->types & DMA) &&
	    (params->dma.alignment >= machine.page_bytes || !power_of_two((uint64_t)params->dma.alignment + 1)))
		return false;
	if ((params->types & SEGMENT) &&
	    (!power_of_two(boundary) || boundary < UBLK_MIN_SEGMENT_SIZE ||
	     params->seg.max_segment_size < UBLK_MIN_SEGMENT_SIZE))
		return false;
	return !(params->types & INTEGRITY) || integrity_valid(params, flags);
}

static bool params_valid(uint32_t kernel, struct driver_machine machine, const struct ublksrv_ctrl_dev_info *granted,
			 const struct ublk_params *params)
{
	const struct ublk_param_discard *discard = &params->discard;

	if (!(params->types & BASIC) || !basic_valid(kernel, machine, granted->max_io_buf_bytes, &params->basic))
		return false;
	if ((params->types & DISCARD) && (discard->discard_granularity == 0 ||
					  (discard->max_discard_sectors != 0 && discard->max_discard_segments != 1)))
		return false;
	if (params->types & (DEVT | ZONED))
		return false;
	return kernel == DRIVER_6_12 || new_sections_valid(machine, params, granted->flags);
}

int driver_set_params(uint32_t kernel, struct driver_machine machine, const struct ublksrv_ctrl_dev_info *granted,
		      uint16_t len, const struct ublk_params *params, struct ublk_params *kept)
{
	uint32_t bytes = params->len < params_bytes(kernel) ? params->len : params_bytes(kernel);
	uint32_t known = kernel == DRIVER_6_12 ? 0xf : 0x7f;

	if (len <= HEADER_BYTES || params->len > len || params->len == 0 || params->types == 0)
		return -EINVAL;
	memcpy(kept, params, bytes);
	kept->types &= known;
	if (params_valid(kernel, machine, granted, kept))
		return 0;
	if (kernel == DRIVER_6_12)
		kept->types = 0;
	else
		memset(kept, 0, sizeof(*kept));
	return -EINVAL;
}

int driver_get_params(uint32_t kernel, uint16_t len, uint32_t asked)
{
	if (len <= HEADER_BYTES || asked > len || asked == 0)
		return -EINVAL;
	return (int)(asked < params_bytes(kernel) ? asked : params_bytes(kernel));
}

/* ---- results ------------------------------------------------------------------------------- */

int driver_client_errno(int error)
{
	static const int survives[] = { EOPNOTSUPP, ETIMEDOUT, ENOSPC, ENOLINK,	  EREMOTEIO,	EBADE,	   ENODATA, EILSEQ, ENOMEM,
					EBUSY,	    EAGAIN,    ENODEV, ETOOMANYREFS, EOVERFLOW, ETIME, EINVAL };

	for (unsigned int i = 0; i < sizeof(survives) / sizeof(survives[0]); i++)
		if (survives[i] == error)
			return error;
	return EIO;
}
