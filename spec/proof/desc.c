/* For every descriptor and every device: the decoded request is what the layout says, computed here in 128 bits and
 * from the bytes themselves, and nothing is read beyond them. */
#include <stdlib.h>

#include "desc.h"
#include "proof.h"

typedef unsigned __int128 wide;

enum { OP_READ = 0, OP_WRITE = 1, OP_FLUSH = 2, OP_DISCARD = 3, OP_WRITE_ZEROES = 5 };

static uint64_t little_endian(const unsigned char *bytes, unsigned count)
{
	uint64_t value = 0;

	for (unsigned i = 0; i < count; i++)
		value |= (uint64_t)bytes[i] << 8 * i;
	return value;
}

static uint32_t flags_of(uint32_t op_flags)
{
	return (op_flags >> 13 & 1 ? REFUBLK_FUA : 0) | (op_flags >> 15 & 1 ? REFUBLK_NOUNMAP : 0) |
	       (op_flags >> 11 & 1 ? REFUBLK_META : 0) | (op_flags >> 16 & 1 ? REFUBLK_SWAP : 0) |
	       (op_flags >> 8 & 7 ? REFUBLK_FAILFAST : 0);
}

static uint32_t verdict_of(uint8_t op, wide offset, wide length, struct desc_limits limits)
{
	bool data = op == OP_READ || op == OP_WRITE;
	bool known = data || op == OP_FLUSH || op == OP_DISCARD || op == OP_WRITE_ZEROES;

	if (!known)
		return DESC_UNKNOWN_OP;
	if (limits.read_only && op != OP_READ && op != OP_FLUSH)
		return DESC_READ_ONLY;
	if (op == OP_FLUSH)
		return DESC_ACCEPTED;
	if (length == 0)
		return DESC_EMPTY;
	if (offset + length > limits.device_bytes)
		return DESC_BEYOND_END;
	if (data && length > limits.max_io_bytes)
		return DESC_TOO_LONG;
	if (offset % limits.block_bytes != 0 || length % limits.block_bytes != 0)
		return DESC_UNALIGNED;
	return DESC_ACCEPTED;
}

/* A device's limits, as params makes them. */
static struct desc_limits any_limits(void)
{
	uint32_t shift = nondet_u32();
	struct desc_limits limits = { .device_bytes = nondet_u64(), .max_io_bytes = nondet_u32(), .read_only = nondet_u32() };

	ASSUME(shift >= 9 && shift <= 12);
	limits.block_bytes = 1u << shift;
	ASSUME(limits.read_only <= 1);
	ASSUME(limits.device_bytes % limits.block_bytes == 0 && limits.device_bytes <= INT64_MAX);
	ASSUME(limits.max_io_bytes % limits.block_bytes == 0 && limits.max_io_bytes <= 1u << 25);
	return limits;
}

void proof(void)
{
	uint64_t length_bytes = nondet_u64();
	struct desc_limits limits = any_limits();
	unsigned char *bytes;
	struct desc_decoded decoded;

	ASSUME(length_bytes <= 32);
	bytes = malloc(length_bytes);
	ASSUME(bytes != NULL);
	decoded = desc_decode(bytes, length_bytes, limits);
	PROVE(decoded.request.memory == NULL && decoded.request.token == 0, "no memory yet");
	PROVE((decoded.verdict == DESC_TRUNCATED) == (length_bytes < 24), "truncated: exactly below 24 bytes");
	if (length_bytes >= 24) {
		wide offset = (wide)little_endian(bytes + 8, 8) * 512, length = (wide)little_endian(bytes + 4, 4) * 512;
		uint32_t verdict = verdict_of(bytes[0], offset, length, limits);

		PROVE(decoded.verdict == verdict, "verdict");
		PROVE(decoded.error == (verdict == DESC_ACCEPTED ? 0 : verdict == DESC_UNKNOWN_OP ? 95 : 5), "error");
		PROVE(decoded.request.flags == flags_of((uint32_t)little_endian(bytes, 4)), "flags");
		if (verdict == DESC_ACCEPTED)
			PROVE(decoded.request.op == (bytes[0] == OP_WRITE_ZEROES ? REFUBLK_WRITE_ZEROES : bytes[0]), "op");
		if (verdict == DESC_ACCEPTED && bytes[0] != OP_FLUSH)
			PROVE(decoded.request.offset_bytes == offset && decoded.request.length_bytes == length, "range");
		if (verdict == DESC_ACCEPTED && bytes[0] == OP_FLUSH)
			PROVE(decoded.request.offset_bytes == 0 && decoded.request.length_bytes == 0, "no range");
	}
	PROVED();
}
