#include "desc.h"

#include <errno.h>

#include "support/seed.h"
#include "suite.h"

enum { DESC_BYTES = 24, MIB = 1 << 20 };

struct fields {
	uint32_t op_flags;
	uint32_t nr_sectors;
	uint64_t start_sector;
	uint64_t addr;
};

static const struct desc_limits small = { .device_bytes = 64 * 4096, .max_io_bytes = 8 * 4096, .block_bytes = 4096 };

static struct desc_decoded decode(struct fields fields, struct desc_limits limits)
{
	unsigned char bytes[DESC_BYTES];

	memcpy(bytes, &fields.op_flags, 4);
	memcpy(bytes + 4, &fields.nr_sectors, 4);
	memcpy(bytes + 8, &fields.start_sector, 8);
	memcpy(bytes + 16, &fields.addr, 8);
	return desc_decode(bytes, sizeof(bytes), limits);
}

/* ---- ops and flags ------------------------------------------------------------------------- */

static const struct {
	uint32_t theirs;
	uint32_t ours;
	bool changes;
	bool buffered;
} known[] = {
	{ 0, REFUBLK_READ, false, true },
	{ 1, REFUBLK_WRITE, true, true },
	{ 2, REFUBLK_FLUSH, false, false },
	{ 3, REFUBLK_DISCARD, true, false },
	{ 5, REFUBLK_WRITE_ZEROES, true, false },
};

enum { KNOWN = sizeof(known) / sizeof(known[0]) };

/* Index into known[], or KNOWN. */
static uint32_t find(uint32_t theirs)
{
	uint32_t i = 0;

	while (i < KNOWN && known[i].theirs != theirs)
		i++;
	return i;
}

START_TEST(test_every_op)
{
	struct desc_decoded decoded = decode((struct fields){ .op_flags = (uint32_t)_i, .nr_sectors = 8 }, small);
	uint32_t i = find((uint32_t)_i);

	if (i == KNOWN) {
		ck_assert_uint_eq(decoded.verdict, DESC_UNKNOWN_OP);
		ck_assert_uint_eq(decoded.error, EOPNOTSUPP);
		ck_assert_uint_eq(decoded.request.op, DESC_NO_OP);
		ck_assert_str_eq(request_op_name(decoded.request.op), "unknown");
		return;
	}
	ck_assert_uint_eq(decoded.verdict, DESC_ACCEPTED);
	ck_assert_uint_eq(decoded.error, 0);
	ck_assert_uint_eq(decoded.request.op, known[i].ours);
	ck_assert_uint_eq(decoded.request.length_bytes, _i == 2 ? 0 : 4096);
	ck_assert_uint_eq(decoded.request.flags, 0);
	ck_assert_ptr_null(decoded.request.memory);
	ck_assert_uint_eq(decoded.request.token, 0);
}
END_TEST

/* Which of our flags each bit of op_flags is; unshifted. */
static const uint32_t flag_of_bit[32] = {
	[8] = REFUBLK_FAILFAST, [9] = REFUBLK_FAILFAST, [10] = REFUBLK_FAILFAST,
	[11] = REFUBLK_META,    [13] = REFUBLK_FUA,     [15] = REFUBLK_NOUNMAP, [16] = REFUBLK_SWAP,
};

START_TEST(test_every_flag_bit_of_every_op)
{
	for (uint32_t i = 0; i < KNOWN; i++) {
		struct fields fields = { .op_flags = known[i].theirs | UINT32_C(1) << _i, .nr_sectors = 8 };
		struct desc_decoded decoded = decode(fields, small);

		ck_assert_uint_eq(decoded.verdict, DESC_ACCEPTED);
		ck_assert_uint_eq(decoded.request.op, known[i].ours);
		ck_assert_uint_eq(decoded.request.flags, flag_of_bit[_i]);
	}
}
END_TEST

/* Every set of the bits that mean something, with all others clear and with all others set. */
START_TEST(test_flags_do_not_touch_each_other)
{
	const uint32_t others = _i == 0 ? 0 : 0xfffe5000u;

	for (uint32_t set = 0; set < 1u << 9; set++) {
		struct fields fields = { .op_flags = 1 | others | set << 8, .nr_sectors = 8 };
		uint32_t expected = 0;

		for (uint32_t bit = 8; bit < 17; bit++)
			expected |= (fields.op_flags >> bit & 1) != 0 ? flag_of_bit[bit] : 0;
		ck_assert_uint_eq(decode(fields, small).request.flags, expected);
	}
}
END_TEST

START_TEST(test_a_refusal_says_what_was_asked)
{
	struct fields fields = { .op_flags = 1 | 1 << 13, .nr_sectors = 8, .start_sector = UINT64_C(1) << 54 };
	struct desc_decoded decoded = decode(fields, small);

	ck_assert_uint_eq(decoded.verdict, DESC_BEYOND_END);
	ck_assert_uint_eq(decoded.request.op, REFUBLK_WRITE);
	ck_assert_uint_eq(decoded.request.flags, REFUBLK_FUA);
	ck_assert_uint_eq(decoded.request.offset_bytes, UINT64_C(1) << 63);
	ck_assert_uint_eq(decoded.request.length_bytes, 4096);
	fields.start_sector = UINT64_C(1) << 55;
	ck_assert_uint_eq(decode(fields, small).request.offset_bytes, UINT64_MAX);
}
END_TEST

/* ---- ranges -------------------------------------------------------------------------------- */

/* The rules once more, in bytes of 128 bits, which nothing here can overflow. */
static uint32_t expected_verdict(struct fields fields, struct desc_limits limits)
{
	unsigned __int128 offset = (unsigned __int128)fields.start_sector * 512;
	unsigned __int128 length = (unsigned __int128)fields.nr_sectors * 512;
	uint32_t i = find(fields.op_flags & 0xff);

	if (i == KNOWN)
		return DESC_UNKNOWN_OP;
	if (known[i].changes && limits.read_only)
		return DESC_READ_ONLY;
	if (known[i].ours == REFUBLK_FLUSH)
		return DESC_ACCEPTED;
	if (length == 0)
		return DESC_EMPTY;
	if (offset + length > limits.device_bytes)
		return DESC_BEYOND_END;
	if (known[i].buffered && length > limits.max_io_bytes)
		return DESC_TOO_LONG;
	if (offset % limits.block_bytes != 0 || length % limits.block_bytes != 0)
		return DESC_UNALIGNED;
	return DESC_ACCEPTED;
}

/* One comparison and no libcheck assertion, each of which is a system call. */
static void check_one(struct fields fields, struct desc_limits limits)
{
	struct desc_decoded decoded = decode(fields, limits);
	uint32_t verdict = expected_verdict(fields, limits);
	bool accepted = verdict == DESC_ACCEPTED;
	bool ranged = decoded.request.op != REFUBLK_FLUSH;
	uint32_t error = accepted ? 0 : verdict == DESC_UNKNOWN_OP ? EOPNOTSUPP : EIO;
	uint64_t offset_bytes = ranged ? fields.start_sector * 512 : 0;
	uint64_t length_bytes = ranged ? fields.nr_sectors * UINT64_C(512) : 0;

	if (decoded.verdict != verdict || decoded.error != error ||
	    (accepted && (decoded.request.offset_bytes != offset_bytes || decoded.request.length_bytes != length_bytes)))
		ck_abort_msg("op %u, %u sectors at %llu of %llu bytes: verdict %u, not %u", fields.op_flags & 0xff,
			     fields.nr_sectors, (unsigned long long)fields.start_sector,
			     (unsigned long long)limits.device_bytes, decoded.verdict, verdict);
}

/* A device of 12 sectors, every start and length around it, every block, every op, writable or not. */
START_TEST(test_every_range_of_a_small_device)
{
	struct desc_limits limits = {
		.device_bytes = 12 * 512,
		.max_io_bytes = 4096,
		.block_bytes = 512u << (_i / 2),
		.read_only = (uint32_t)_i % 2,
	};

	for (uint32_t op = 0; op <= 6; op++) {
		for (uint64_t start = 0; start < 16; start++) {
			for (uint32_t sectors = 0; sectors < 16; sectors++)
				check_one((struct fields){ op, sectors, start, 0 }, limits);
		}
	}
}
END_TEST

/* Around every edge at once: of the device, of the buffer, of 32 and 64 bits. */
START_TEST(test_every_edge)
{
	static const uint64_t edges[] = {
		0, 8, 64, 1 << 16, UINT64_C(1) << 23, UINT64_C(1) << 31, UINT64_C(1) << 32, UINT64_C(1) << 54,
		UINT64_C(1) << 55, UINT64_C(1) << 63, UINT64_MAX - 8,
	};
	enum { EDGES = sizeof(edges) / sizeof(edges[0]) };
	struct desc_limits limits = { .max_io_bytes = 32 * MIB, .block_bytes = 512, .device_bytes = edges[_i] & ~511u };

	for (uint32_t op = 0; op <= 5; op++) {
		for (uint32_t i = 0; i < EDGES * EDGES; i++) {
			for (uint32_t j = 0; j < 81; j++) {
				uint64_t start = edges[i / EDGES] + j / 9 - 4;
				uint64_t sectors = edges[i % EDGES] + j % 9 - 4;

				check_one((struct fields){ op, (uint32_t)sectors, start, 0 }, limits);
			}
		}
	}
}
END_TEST

START_TEST(test_random_descriptors)
{
	struct seed seed = seed_start("desc");

	for (uint32_t i = 0; i < 300000; i++) {
		struct desc_limits limits = {
			.device_bytes = (seed_next(&seed) >> seed_below(&seed, 60)) & ~UINT64_C(4095),
			.max_io_bytes = 4096u << seed_below(&seed, 14),
			.block_bytes = 512u << seed_below(&seed, 4),
			.read_only = (uint32_t)seed_below(&seed, 8) == 0,
		};
		struct fields fields = {
			.op_flags = (uint32_t)seed_next(&seed) & ~0xf8u,
			.nr_sectors = (uint32_t)(seed_next(&seed) >> (32 + seed_below(&seed, 32))),
			.start_sector = (seed_next(&seed) >> seed_below(&seed, 64)) & ~(seed_next(&seed) & 7),
			.addr = seed_next(&seed),
		};

		check_one(fields, limits);
	}
}
END_TEST

START_TEST(test_flush_has_no_range)
{
	struct fields fields = { .op_flags = 2, .nr_sectors = 0, .start_sector = UINT64_MAX };
	struct desc_limits read_only = small;

	check_one(fields, small);
	fields.nr_sectors = UINT32_MAX;
	check_one(fields, small);
	read_only.read_only = 1;
	check_one(fields, read_only);
}
END_TEST

START_TEST(test_only_data_needs_to_fit_the_buffer)
{
	const struct desc_limits limits = { .device_bytes = UINT64_C(1) << 40, .max_io_bytes = 4096, .block_bytes = 512 };

	ck_assert_uint_eq(decode((struct fields){ 0, 9, 0, 0 }, limits).verdict, DESC_TOO_LONG);
	ck_assert_uint_eq(decode((struct fields){ 1, 9, 0, 0 }, limits).verdict, DESC_TOO_LONG);
	ck_assert_uint_eq(decode((struct fields){ 3, 1 << 21, 0, 0 }, limits).verdict, DESC_ACCEPTED);
	ck_assert_uint_eq(decode((struct fields){ 5, 1 << 21, 0, 0 }, limits).verdict, DESC_ACCEPTED);
}
END_TEST

/* ---- bytes --------------------------------------------------------------------------------- */

START_TEST(test_a_short_descriptor_is_refused_unread)
{
	unsigned char *bytes = calloc(1, (size_t)_i);
	struct desc_decoded decoded = desc_decode(bytes, (uint64_t)_i, small);

	ck_assert_uint_eq(decoded.verdict, DESC_TRUNCATED);
	ck_assert_uint_eq(decoded.error, EIO);
	ck_assert_uint_eq(decoded.request.op, DESC_NO_OP);
	free(bytes);
}
END_TEST

START_TEST(test_a_longer_stride_changes_nothing)
{
	unsigned char bytes[256];

	memset(bytes, 0xff, sizeof(bytes));
	memset(bytes, 0, DESC_BYTES);
	bytes[4] = 8;
	bytes[8] = 16;
	for (uint64_t stride = DESC_BYTES; stride <= sizeof(bytes); stride += 8) {
		struct desc_decoded decoded = desc_decode(bytes, stride, small);

		ck_assert_uint_eq(decoded.verdict, DESC_ACCEPTED);
		ck_assert_uint_eq(decoded.request.offset_bytes, 16 * 512);
		ck_assert_uint_eq(decoded.request.length_bytes, 8 * 512);
	}
}
END_TEST

/* ---- the area ------------------------------------------------------------------------------ */

static const struct {
	uint32_t qid, depth, stride;
	uint64_t page, offset, length;
} areas[] = {
	{ 0, 1, 24, 4096, 0, 4096 },
	{ 0, 128, 24, 4096, 0, 4096 },
	{ 0, 171, 24, 4096, 0, 8192 },
	{ 1, 4096, 24, 4096, 98304, 98304 },
	{ 2, 1, 24, 65536, 262144, 65536 },
	{ 4095, 4096, 24, 4096, 402554880, 98304 },
	{ 4095, 4096, 256, 4096, 4293918720, 1048576 },
	{ 3, 16, 256, 4096, 3145728, 4096 },
	{ 1, 17, 256, 4096, 1048576, 8192 },
};

START_TEST(test_where_the_descriptors_are)
{
	struct desc_area area = desc_area(areas[_i].qid, areas[_i].depth, areas[_i].stride, areas[_i].page);

	ck_assert_uint_eq(area.offset_bytes, areas[_i].offset);
	ck_assert_uint_eq(area.length_bytes, areas[_i].length);
}
END_TEST

START_TEST(test_every_verdict_has_its_own_text)
{
	for (uint32_t i = 0; i < DESC_VERDICTS; i++) {
		for (uint32_t j = 0; j < i; j++)
			ck_assert_str_ne(desc_verdict_text(i), desc_verdict_text(j));
	}
}
END_TEST

START_TEST(test_no_text_for_no_verdict)
{
	desc_verdict_text(DESC_VERDICTS);
}
END_TEST

Suite *suite(void)
{
	Suite *desc = suite_create("desc");
	TCase *all = tcase_create("all");

	tcase_set_timeout(all, 60);
	tcase_add_loop_test(all, test_every_op, 0, 256);
	tcase_add_loop_test(all, test_every_flag_bit_of_every_op, 8, 32);
	tcase_add_loop_test(all, test_flags_do_not_touch_each_other, 0, 2);
	tcase_add_test(all, test_a_refusal_says_what_was_asked);
	tcase_add_loop_test(all, test_every_range_of_a_small_device, 0, 8);
	tcase_add_loop_test(all, test_every_edge, 0, 11);
	tcase_add_test(all, test_random_descriptors);
	tcase_add_test(all, test_flush_has_no_range);
	tcase_add_test(all, test_only_data_needs_to_fit_the_buffer);
	tcase_add_loop_test(all, test_a_short_descriptor_is_refused_unread, 0, 24);
	tcase_add_test(all, test_a_longer_stride_changes_nothing);
	tcase_add_loop_test(all, test_where_the_descriptors_are, 0, sizeof(areas) / sizeof(areas[0]));
	tcase_add_test(all, test_every_verdict_has_its_own_text);
	suite_add_death_test(all, test_no_text_for_no_verdict);
	suite_add_tcase(desc, all);
	return desc;
}
