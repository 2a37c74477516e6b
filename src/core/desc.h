/* desc: the descriptor that the driver writes for a tag → a request, or a refusal that names its rule.
 * Bytes and sectors end here. */
#ifndef REFUBLK_DESC_H
#define REFUBLK_DESC_H

#include "request.h"

enum desc_verdict {
	DESC_ACCEPTED,
	DESC_TRUNCATED,    /* fewer bytes than a descriptor has */
	DESC_UNKNOWN_OP,   /* an op that the device never offered: EOPNOTSUPP */
	DESC_READ_ONLY,    /* anything that changes a read-only device: EIO */
	DESC_EMPTY,        /* no sectors in an op that has a range, as after a partial copy of nothing: EIO */
	DESC_BEYOND_END,   /* the range leaves the device: EIO */
	DESC_TOO_LONG,     /* READ or WRITE longer than the buffer (the driver does not check it): EIO */
	DESC_UNALIGNED,    /* the range is no multiple of the block: EIO */
	DESC_VERDICTS
};

/* What the device is. block_bytes: a power of two from 512 to 4096. */
struct desc_limits {
	uint64_t device_bytes;
	uint32_t max_io_bytes;
	uint32_t block_bytes;
	uint32_t read_only; /* 0 or 1 */
	uint32_t reserved;
};

/* The op of a refused request that is none of ours; request_op_name() calls it "unknown". */
#define DESC_NO_OP UINT32_MAX

/* request: memory is NULL and token 0. On a refusal it carries, for the log, op (DESC_NO_OP where unknown) and the
 * range as asked; an offset that does not fit 64 bits is UINT64_MAX. Flag bits that are not known are ignored. */
struct desc_decoded {
	struct refublk_request request;
	uint32_t verdict; /* enum desc_verdict */
	uint32_t error;   /* what a refusal is committed as; 0 if accepted */
};

/* Decodes `length_bytes` bytes (24 or the granted stride) that the caller has copied out of the shared
 * area, once, after the completion. Total: any bytes have an answer. */
struct desc_decoded desc_decode(const unsigned char *bytes, uint64_t length_bytes, struct desc_limits limits);

/* The place of a queue's descriptors in the character device: what mmap must be called with.
 * page_bytes: the machine's; stride_bytes: 24 unless the kernel granted another. */
struct desc_area {
	uint64_t offset_bytes;
	uint64_t length_bytes;
};
struct desc_area desc_area(uint32_t qid, uint32_t depth_tags, uint32_t stride_bytes, uint64_t page_bytes);

/* A line for a person: what is wrong with the descriptor. */
const char *desc_verdict_text(uint32_t verdict);

#endif
