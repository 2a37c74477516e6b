#include "desc.h"

#include "check.h"
#include "errnos.h"
#include "uapi.h"
#include "units.h"

/* Freestanding C has no header that declares it. */
void *memcpy(void *restrict to, const void *restrict from, size_t length_bytes);

enum desc_trait {
	DESC_KNOWN = 1 << 0,
	DESC_CHANGES = 1 << 1,  /* refused on a read-only device */
	DESC_RANGED = 1 << 2,   /* start_sector and nr_sectors mean something */
	DESC_BUFFERED = 1 << 3, /* the range must fit the tag's buffer */
};

struct desc_op {
	uint8_t op; /* enum refublk_op */
	uint8_t traits;
};

static const struct desc_op desc_ops[256] = { /* R3 */
	[UBLK_IO_OP_READ] = { REFUBLK_READ, DESC_KNOWN | DESC_RANGED | DESC_BUFFERED },
	[UBLK_IO_OP_WRITE] = { REFUBLK_WRITE, DESC_KNOWN | DESC_RANGED | DESC_BUFFERED | DESC_CHANGES },
	[UBLK_IO_OP_FLUSH] = { REFUBLK_FLUSH, DESC_KNOWN },
	[UBLK_IO_OP_DISCARD] = { REFUBLK_DISCARD, DESC_KNOWN | DESC_RANGED | DESC_CHANGES },
	[UBLK_IO_OP_WRITE_ZEROES] = { REFUBLK_WRITE_ZEROES, DESC_KNOWN | DESC_RANGED | DESC_CHANGES },
};

struct desc_flag {
	uint32_t theirs; /* of op_flags, unshifted */
	uint32_t ours;   /* enum refublk_flag */
};

/* Every other bit is either unknown or belongs to a feature that is never asked for. */
static const struct desc_flag desc_flags[] = { /* R4 */
	{ UBLK_IO_F_FUA, REFUBLK_FUA },
	{ UBLK_IO_F_NOUNMAP, REFUBLK_NOUNMAP },
	{ UBLK_IO_F_META, REFUBLK_META },
	{ UBLK_IO_F_SWAP, REFUBLK_SWAP },
	{ UBLK_IO_F_FAILFAST_DEV | UBLK_IO_F_FAILFAST_TRANSPORT | UBLK_IO_F_FAILFAST_DRIVER, REFUBLK_FAILFAST },
};

/* What a refusal is committed as. */
static const uint32_t desc_errors[DESC_VERDICTS] = {
	[DESC_TRUNCATED] = ERRNOS_EIO,
	[DESC_UNKNOWN_OP] = ERRNOS_EOPNOTSUPP,
	[DESC_READ_ONLY] = ERRNOS_EIO,
	[DESC_EMPTY] = ERRNOS_EIO,
	[DESC_BEYOND_END] = ERRNOS_EIO,
	[DESC_TOO_LONG] = ERRNOS_EIO,
	[DESC_UNALIGNED] = ERRNOS_EIO,
};

static uint32_t desc_flags_of(uint32_t op_flags)
{
	uint32_t flags = 0;

	for (uint32_t i = 0; i < sizeof(desc_flags) / sizeof(desc_flags[0]); i++) {
		if ((op_flags & desc_flags[i].theirs) != 0)
			flags |= desc_flags[i].ours;
	}
	return flags;
}

/* Sectors are compared, not bytes: 2^64 of them do not overflow. (R6) */
static uint32_t desc_range_verdict(const struct ublksrv_io_desc *desc, uint32_t traits, struct desc_limits limits)
{
	uint64_t device_sectors = units_sectors(limits.device_bytes);

	if (desc->nr_sectors == 0)
		return DESC_EMPTY; /* R8 */
	if (desc->start_sector > device_sectors || desc->nr_sectors > device_sectors - desc->start_sector)
		return DESC_BEYOND_END;
	if ((traits & DESC_BUFFERED) != 0 && desc->nr_sectors > units_sectors(limits.max_io_bytes))
		return DESC_TOO_LONG; /* R7 */
	if (((desc->start_sector | desc->nr_sectors) & (units_sectors(limits.block_bytes) - 1)) != 0)
		return DESC_UNALIGNED;
	return DESC_ACCEPTED;
}

/* R5 */
static uint32_t desc_verdict_of(const struct ublksrv_io_desc *desc, uint32_t traits, struct desc_limits limits)
{
	if ((traits & DESC_KNOWN) == 0)
		return DESC_UNKNOWN_OP;
	if ((traits & DESC_CHANGES) != 0 && limits.read_only != 0)
		return DESC_READ_ONLY; /* R9 */
	if ((traits & DESC_RANGED) == 0)
		return DESC_ACCEPTED;
	return desc_range_verdict(desc, traits, limits);
}

static struct refublk_request desc_request_of(const struct ublksrv_io_desc *desc, struct desc_op op)
{
	struct refublk_request request = { .op = DESC_NO_OP, .flags = desc_flags_of(desc->op_flags) };

	if ((op.traits & DESC_KNOWN) != 0)
		request.op = op.op;
	if ((op.traits & DESC_RANGED) != 0) {
		request.offset_bytes = UINT64_MAX;
		if (desc->start_sector <= units_sectors(UINT64_MAX))
			request.offset_bytes = units_bytes(desc->start_sector);
		request.length_bytes = units_bytes(desc->nr_sectors);
	}
	return request;
}

struct desc_decoded desc_decode(const unsigned char *bytes, uint64_t length_bytes, struct desc_limits limits)
{
	struct desc_decoded decoded = { .request.op = DESC_NO_OP, .verdict = DESC_TRUNCATED };
	struct ublksrv_io_desc desc;

	if (length_bytes >= sizeof(desc)) {
		memcpy(&desc, bytes, sizeof(desc));
		struct desc_op op = desc_ops[desc.op_flags & 0xff];

		decoded.request = desc_request_of(&desc, op);
		decoded.verdict = desc_verdict_of(&desc, op.traits, limits);
	}
	decoded.error = desc_errors[decoded.verdict];
	return decoded;
}

/* Each queue's place is as large as the deepest queue's would be, whatever its depth. */
struct desc_area desc_area(uint32_t qid, uint32_t depth_tags, uint32_t stride_bytes, uint64_t page_bytes) /* R10 */
{
	uint64_t place_bytes = units_round_up((uint64_t)UBLK_MAX_QUEUE_DEPTH * stride_bytes, page_bytes);
	struct desc_area area = {
		.offset_bytes = UBLKSRV_CMD_BUF_OFFSET + qid * place_bytes,
		.length_bytes = units_round_up((uint64_t)depth_tags * stride_bytes, page_bytes),
	};

	return area;
}

const char *desc_verdict_text(uint32_t verdict)
{
	static const char *const texts[DESC_VERDICTS] = {
		[DESC_ACCEPTED] = "accepted",
		[DESC_TRUNCATED] = "the descriptor is shorter than the kernel's",
		[DESC_UNKNOWN_OP] = "the operation was never offered",
		[DESC_READ_ONLY] = "the device is read-only",
		[DESC_EMPTY] = "the range is empty",
		[DESC_BEYOND_END] = "the range leaves the device",
		[DESC_TOO_LONG] = "the range is longer than the tag's buffer",
		[DESC_UNALIGNED] = "the range is no multiple of the block",
	};

	CHECK(verdict < DESC_VERDICTS);
	return texts[verdict];
}
