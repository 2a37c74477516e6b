/* Any bytes as a descriptor, of any length, on any device: what is decoded is what the layout says, computed here from
 * the bytes in 128 bits. The rest of the input is the descriptor itself, so what is read beyond it is noticed. */
#include <string.h>

#include "desc.h"
#include "fuzz.h"

typedef unsigned __int128 wide;

/* What the kernel's numbers mean. traits: does it move data, change the device, have a range? */
struct meaning {
	uint8_t number;
	uint8_t op;
	bool moves, changes, ranged;
};

static const struct meaning MEANINGS[] = {
	{ 0, REFUBLK_READ, true, false, true },	    { 1, REFUBLK_WRITE, true, true, true },
	{ 2, REFUBLK_FLUSH, false, false, false },  { 3, REFUBLK_DISCARD, false, true, true },
	{ 5, REFUBLK_WRITE_ZEROES, false, true, true },
};

static const struct meaning *meaning_of(uint8_t number)
{
	for (size_t i = 0; i < sizeof(MEANINGS) / sizeof(MEANINGS[0]); i++)
		if (MEANINGS[i].number == number)
			return &MEANINGS[i];
	return NULL;
}

static uint32_t flags_of(uint32_t op_flags)
{
	uint32_t flags = 0;

	flags |= op_flags & 1u << 13 ? REFUBLK_FUA : 0;
	flags |= op_flags & 1u << 15 ? REFUBLK_NOUNMAP : 0;
	flags |= op_flags & 1u << 11 ? REFUBLK_META : 0;
	flags |= op_flags & 1u << 16 ? REFUBLK_SWAP : 0;
	flags |= op_flags & 7u << 8 ? REFUBLK_FAILFAST : 0;
	return flags;
}

static uint32_t verdict_of(const struct meaning *meaning, wide offset, wide length, struct desc_limits limits)
{
	if (!meaning)
		return DESC_UNKNOWN_OP;
	if (meaning->changes && limits.read_only)
		return DESC_READ_ONLY;
	if (!meaning->ranged)
		return DESC_ACCEPTED;
	if (length == 0)
		return DESC_EMPTY;
	if (offset + length > limits.device_bytes)
		return DESC_BEYOND_END;
	if (meaning->moves && length > limits.max_io_bytes)
		return DESC_TOO_LONG;
	return (offset | length) % limits.block_bytes != 0 ? DESC_UNALIGNED : DESC_ACCEPTED;
}

static void judge(const struct desc_decoded *decoded, const uint8_t *bytes, struct desc_limits limits)
{
	const struct meaning *meaning = meaning_of(bytes[0]);
	const struct refublk_request *request = &decoded->request;
	struct fuzz words = { bytes, 24 };
	uint32_t op_flags = fuzz_u32(&words), sectors = fuzz_u32(&words);
	wide offset = (wide)fuzz_u64(&words) * 512, length = (wide)sectors * 512;
	uint32_t verdict = verdict_of(meaning, offset, length, limits);
	bool ranged = meaning && meaning->ranged;

	FUZZ_NEED(decoded->verdict == verdict, "the verdict");
	FUZZ_NEED(decoded->error == (verdict == DESC_ACCEPTED ? 0 : verdict == DESC_UNKNOWN_OP ? 95 : 5), "the error");
	FUZZ_NEED(request->flags == flags_of(op_flags), "every flag, unshifted");
	FUZZ_NEED(request->op == (meaning ? meaning->op : DESC_NO_OP), "the operation");
	FUZZ_NEED(request->length_bytes == (ranged ? length : 0), "the length in bytes");
	FUZZ_NEED(request->offset_bytes == (!ranged ? 0 : offset > UINT64_MAX ? UINT64_MAX : offset), "the offset in bytes");
}

static void judge_area(struct fuzz *fuzz)
{
	static const uint64_t PAGES[] = { 4096, 16384, 65536 };
	uint32_t qid = fuzz_u16(fuzz) % 4096, depth_tags = 1 + fuzz_u16(fuzz) % 4096, stride = 24 + 8 * fuzz_below(fuzz, 30);
	uint64_t page = PAGES[fuzz_below(fuzz, 3)];
	struct desc_area area = desc_area(qid, depth_tags, stride, page);

	FUZZ_NEED(area.length_bytes % page == 0 && area.length_bytes >= (uint64_t)depth_tags * stride &&
		  area.length_bytes - (uint64_t)depth_tags * stride < page, "the mapping is as long as mmap wants it");
	FUZZ_NEED(area.offset_bytes == qid * ((4096 * (uint64_t)stride + page - 1) / page * page), "the queue's place");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz fuzz = { data, size };
	uint8_t shape = fuzz_u8(&fuzz);
	struct desc_limits limits = { .block_bytes = 512u << (shape & 3), .read_only = shape >> 2 & 1 };
	struct desc_decoded decoded;

	if (shape >> 3 == 31)
		judge_area(&fuzz);
	limits.device_bytes = (fuzz_u64(&fuzz) & INT64_MAX) / limits.block_bytes * limits.block_bytes;
	limits.max_io_bytes = fuzz_u32(&fuzz) % ((1u << 25) + 1) / limits.block_bytes * limits.block_bytes;
	decoded = desc_decode(fuzz.at, fuzz.left_bytes, limits);
	FUZZ_NEED(decoded.request.memory == NULL && decoded.request.token == 0, "no memory yet");
	FUZZ_NEED((decoded.verdict == DESC_TRUNCATED) == (fuzz.left_bytes < 24), "truncated: exactly below 24 bytes");
	FUZZ_NEED(strlen(desc_verdict_text(decoded.verdict)) > 0, "a refusal has words");
	if (fuzz.left_bytes >= 24)
		judge(&decoded, fuzz.at, limits);
	else
		FUZZ_NEED(decoded.error == 5 && decoded.request.op == DESC_NO_OP, "what is cut is an I/O error");
	return 0;
}
