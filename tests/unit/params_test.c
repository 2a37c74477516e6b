#include "params.h"

#include "suite.h"

#define GIB (UINT64_C(1) << 30)

static const struct params_config base = {
	.size_bytes = GIB,
	.memory_limit_bytes = GIB,
	.page_bytes = 4096,
	.block_bytes = 512,
	.physical_block_bytes = 4096,
	.max_io_bytes = 512 << 10,
	.discard_granularity_bytes = 4096,
	.queues = 2,
	.depth_tags = 128,
	.flags = PARAMS_DISCARD | PARAMS_WRITE_ZEROES,
	.id = -1,
};

/* ---- the rules ------------------------------------------------------------------------------ */

#define FIELD(name) offsetof(struct params_config, name), sizeof(base.name)

/* One field of `base` changed. */
static const struct {
	size_t offset, size;
	uint64_t value;
	uint32_t verdict;
} edges[] = {
	{ FIELD(block_bytes), 0, PARAMS_BLOCK },
	{ FIELD(block_bytes), 256, PARAMS_BLOCK },
	{ FIELD(block_bytes), 511, PARAMS_BLOCK },
	{ FIELD(block_bytes), 512, PARAMS_ACCEPTED },
	{ FIELD(block_bytes), 1024, PARAMS_ACCEPTED },
	{ FIELD(block_bytes), 1536, PARAMS_BLOCK },
	{ FIELD(block_bytes), 4096, PARAMS_ACCEPTED },
	{ FIELD(block_bytes), 8192, PARAMS_BLOCK },
	{ FIELD(block_bytes), 1u << 31, PARAMS_BLOCK },
	{ FIELD(size_bytes), 0, PARAMS_SIZE },
	{ FIELD(size_bytes), 511, PARAMS_SIZE },
	{ FIELD(size_bytes), 512, PARAMS_ACCEPTED },
	{ FIELD(size_bytes), GIB + 1, PARAMS_SIZE },
	{ FIELD(size_bytes), INT64_MAX - 511, PARAMS_ACCEPTED },
	{ FIELD(size_bytes), UINT64_C(1) << 63, PARAMS_SIZE },
	{ FIELD(size_bytes), UINT64_MAX - 511, PARAMS_SIZE },
	{ FIELD(physical_block_bytes), 0, PARAMS_PHYSICAL_BLOCK },
	{ FIELD(physical_block_bytes), 256, PARAMS_PHYSICAL_BLOCK },
	{ FIELD(physical_block_bytes), 512, PARAMS_ACCEPTED },
	{ FIELD(physical_block_bytes), 768, PARAMS_PHYSICAL_BLOCK },
	{ FIELD(physical_block_bytes), 1 << 28, PARAMS_ACCEPTED },
	{ FIELD(physical_block_bytes), 1 << 29, PARAMS_PHYSICAL_BLOCK },
	{ FIELD(max_io_bytes), 0, PARAMS_MAX_IO },
	{ FIELD(max_io_bytes), 2048, PARAMS_MAX_IO },
	{ FIELD(max_io_bytes), 4096, PARAMS_ACCEPTED },
	{ FIELD(max_io_bytes), 4608, PARAMS_MAX_IO },
	{ FIELD(max_io_bytes), 12288, PARAMS_ACCEPTED },
	{ FIELD(max_io_bytes), (32 << 20) + 4096, PARAMS_MAX_IO },
	{ FIELD(queues), 0, PARAMS_QUEUES },
	{ FIELD(queues), 1, PARAMS_ACCEPTED },
	{ FIELD(queues), 4097, PARAMS_QUEUES },
	{ FIELD(depth_tags), 0, PARAMS_DEPTH },
	{ FIELD(depth_tags), 1, PARAMS_ACCEPTED },
	{ FIELD(depth_tags), 4097, PARAMS_DEPTH },
	{ FIELD(discard_granularity_bytes), 0, PARAMS_DISCARD_GRANULARITY },
	{ FIELD(discard_granularity_bytes), 511, PARAMS_DISCARD_GRANULARITY },
	{ FIELD(discard_granularity_bytes), 512, PARAMS_ACCEPTED },
	{ FIELD(discard_granularity_bytes), 1536, PARAMS_ACCEPTED },
	{ FIELD(discard_granularity_bytes), 1 << 30, PARAMS_ACCEPTED },
	{ FIELD(discard_granularity_bytes), (1 << 30) + 512, PARAMS_DISCARD_GRANULARITY },
	{ FIELD(id), (uint32_t)-2, PARAMS_ID },
	{ FIELD(id), (uint32_t)INT32_MIN, PARAMS_ID },
	{ FIELD(id), 0, PARAMS_ACCEPTED },
	{ FIELD(id), 1048575, PARAMS_ACCEPTED },
	{ FIELD(id), 1048576, PARAMS_ID },
	{ FIELD(memory_limit_bytes), 128 << 20, PARAMS_ACCEPTED },
	{ FIELD(memory_limit_bytes), (128 << 20) - 1, PARAMS_MEMORY },
	{ FIELD(memory_limit_bytes), 0, PARAMS_MEMORY },
};

START_TEST(test_every_edge_of_every_field)
{
	struct params_config config = base;

	memcpy((char *)&config + edges[_i].offset, &edges[_i].value, edges[_i].size);
	ck_assert_uint_eq(params_check(config), edges[_i].verdict);
}
END_TEST

START_TEST(test_the_largest_of_everything)
{
	struct params_config config = base;

	config.queues = 4096;
	config.depth_tags = 4096;
	config.max_io_bytes = 32 << 20;
	config.memory_limit_bytes = UINT64_C(1) << 49;
	ck_assert_uint_eq(params_memory_bytes(config), UINT64_C(1) << 49);
	ck_assert_uint_eq(params_check(config), PARAMS_ACCEPTED);
	config.memory_limit_bytes--;
	ck_assert_uint_eq(params_check(config), PARAMS_MEMORY);
}
END_TEST

START_TEST(test_a_page_may_be_larger)
{
	struct params_config config = base;

	config.page_bytes = 65536;
	ck_assert_uint_eq(params_check(config), PARAMS_ACCEPTED);
	config.max_io_bytes = 4096;
	ck_assert_uint_eq(params_check(config), PARAMS_MAX_IO);
	config = base;
	config.page_bytes = 2048;
	config.block_bytes = 4096;
	ck_assert_uint_eq(params_check(config), PARAMS_BLOCK);
}
END_TEST

START_TEST(test_granularity_counts_with_discard_only)
{
	struct params_config config = base;

	config.discard_granularity_bytes = 0;
	config.flags = PARAMS_WRITE_ZEROES;
	ck_assert_uint_eq(params_check(config), PARAMS_ACCEPTED);
	ck_assert_uint_eq(params_of(config).discard.discard_granularity, 512);
}
END_TEST

/* ---- memory --------------------------------------------------------------------------------- */

/* The depth fits, and one more does not. */
START_TEST(test_the_depth_that_fits)
{
	const uint64_t limits[] = { 0, 1 << 20, (1 << 20) - 1, 64 << 20, 1000000007, 5 * GIB, UINT64_MAX };
	struct params_config config = base;
	uint32_t depth_tags;

	config.memory_limit_bytes = limits[_i];
	depth_tags = params_depth_that_fits(config);
	ck_assert_uint_le(depth_tags, 4096);
	config.depth_tags = depth_tags;
	ck_assert_uint_eq(params_check(config), depth_tags == 0 ? PARAMS_DEPTH : PARAMS_ACCEPTED);
	config.depth_tags++;
	ck_assert_uint_eq(params_check(config), depth_tags == 4096 ? PARAMS_DEPTH : PARAMS_MEMORY);
}
END_TEST

START_TEST(test_a_buffer_holds_the_largest_io)
{
	ck_assert_uint_eq(params_buffer_bytes(base), 512 << 10);
	ck_assert_uint_eq(params_memory_bytes(base), 2 * 128 * (512 << 10));
}
END_TEST

/* ---- what the kernel gets -------------------------------------------------------------------- */

START_TEST(test_dev_info)
{
	struct params_config config = base;
	struct ublksrv_ctrl_dev_info info = params_dev_info(config);

	ck_assert_uint_eq(info.nr_hw_queues, 2);
	ck_assert_uint_eq(info.queue_depth, 128);
	ck_assert_uint_eq(info.max_io_buf_bytes, 512 << 10);
	ck_assert_uint_eq(info.dev_id, UINT32_MAX);
	ck_assert_uint_eq(info.flags, 1 << 6);
	ck_assert_uint_eq(info.ublksrv_flags, 0);
	config.flags |= PARAMS_GET_DATA;
	config.id = 7;
	info = params_dev_info(config);
	ck_assert_uint_eq(info.flags, 1 << 6 | 1 << 2);
	ck_assert_uint_eq(info.dev_id, 7);
}
END_TEST

START_TEST(test_basic_params)
{
	struct ublk_params params = params_of(base);

	ck_assert_uint_eq(params.len, 152);
	ck_assert_uint_eq(params.types, 1 << 0 | 1 << 1);
	ck_assert_uint_eq(params.basic.attrs, 0);
	ck_assert_uint_eq(params.basic.logical_bs_shift, 9);
	ck_assert_uint_eq(params.basic.physical_bs_shift, 12);
	ck_assert_uint_eq(params.basic.io_min_shift, 12);
	ck_assert_uint_eq(params.basic.io_opt_shift, 12);
	ck_assert_uint_eq(params.basic.max_sectors, 1024);
	ck_assert_uint_eq(params.basic.dev_sectors, 2097152);
	ck_assert_uint_eq(params.basic.chunk_sectors, 0);
	ck_assert_uint_eq(params.basic.virt_boundary_mask, 0);
}
END_TEST

/* Sectors are 512 bytes whatever the block is. */
START_TEST(test_every_block)
{
	struct params_config config = base;
	struct ublk_params params;

	config.block_bytes = 1u << _i;
	config.physical_block_bytes = 1 << 28;
	params = params_of(config);
	ck_assert_uint_eq(params.basic.logical_bs_shift, (unsigned)_i);
	ck_assert_uint_eq(params.basic.physical_bs_shift, 28);
	ck_assert_uint_eq(params.basic.dev_sectors, 2097152);
	ck_assert_uint_eq(params.basic.max_sectors, 1024);
}
END_TEST

/* Every set of flags: each attribute and each section is there exactly when it was asked for. */
START_TEST(test_every_set_of_flags)
{
	struct params_config config = base;
	const bool cache = (_i & PARAMS_VOLATILE_CACHE) != 0;
	const bool discard = (_i & PARAMS_DISCARD) != 0;
	const bool zeroes = (_i & PARAMS_WRITE_ZEROES) != 0;
	const struct ublk_param_discard none = { 0 };
	struct ublk_params params;

	config.flags = (uint32_t)_i;
	params = params_of(config);
	ck_assert_int_eq((params.basic.attrs & 1 << 0) != 0, (_i & PARAMS_READ_ONLY) != 0);
	ck_assert_int_eq((params.basic.attrs & 1 << 1) != 0, (_i & PARAMS_ROTATIONAL) != 0);
	ck_assert_int_eq((params.basic.attrs & 1 << 2) != 0, cache);
	ck_assert_int_eq((params.basic.attrs & 1 << 3) != 0, cache && (_i & PARAMS_FUA) != 0);
	ck_assert_uint_eq(params.basic.attrs >> 4, 0);
	ck_assert_uint_eq(params.types, discard || zeroes ? 3 : 1);
	if (!discard && !zeroes) {
		ck_assert_mem_eq(&params.discard, &none, sizeof(none));
		return;
	}
	ck_assert_uint_eq(params.discard.discard_granularity, discard ? 4096 : 512);
	ck_assert_uint_eq(params.discard.max_discard_segments, discard ? 1 : 0);
	ck_assert_uint_eq(params.discard.max_discard_sectors, discard ? GIB / 512 : 0);
	ck_assert_uint_eq(params.discard.max_write_zeroes_sectors, zeroes ? GIB / 512 : 0);
	ck_assert_uint_eq(params.discard.discard_alignment, 0);
}
END_TEST

START_TEST(test_the_longest_discard_is_made_of_whole_granules)
{
	struct params_config config = base;
	uint64_t longest_bytes;

	config.discard_granularity_bytes = 12288;
	longest_bytes = params_of(config).discard.max_discard_sectors * UINT64_C(512);
	ck_assert_uint_eq(longest_bytes % 12288, 0);
	ck_assert_uint_le(longest_bytes, GIB);
	ck_assert_uint_gt(longest_bytes, GIB - 12288);
}
END_TEST

START_TEST(test_limits_for_desc)
{
	struct params_config config = base;
	struct desc_limits limits = params_limits(config);

	ck_assert_uint_eq(limits.device_bytes, GIB);
	ck_assert_uint_eq(limits.max_io_bytes, 512 << 10);
	ck_assert_uint_eq(limits.block_bytes, 512);
	ck_assert_uint_eq(limits.read_only, 0);
	config.flags |= PARAMS_READ_ONLY;
	ck_assert_uint_eq(params_limits(config).read_only, 1);
}
END_TEST

/* ---- what the kernel gives ------------------------------------------------------------------- */

START_TEST(test_grants)
{
	struct params_config asked = base;
	struct ublksrv_ctrl_dev_info granted;

	asked.flags |= PARAMS_GET_DATA;
	granted = params_dev_info(asked);
	ck_assert_uint_eq(params_grant_of(asked, granted), PARAMS_NONSENSE); /* no id was chosen */
	granted.dev_id = 0;
	ck_assert_uint_eq(params_grant_of(asked, granted), PARAMS_GRANTED);
	granted.flags |= 1 << 1 | 1 << 13 | 1 << 14 | 1 << 17; /* what 7.x adds by itself */
	ck_assert_uint_eq(params_grant_of(asked, granted), PARAMS_GRANTED);
	granted.nr_hw_queues = 1;
	ck_assert_uint_eq(params_grant_of(asked, granted), PARAMS_FEWER_QUEUES);
	granted.flags &= ~UINT64_C(4);
	ck_assert_uint_eq(params_grant_of(asked, granted), PARAMS_NO_GET_DATA);
	granted.flags &= ~UINT64_C(64);
	ck_assert_uint_eq(params_grant_of(asked, granted), PARAMS_NO_IOCTL);
}
END_TEST

/* _i: which way of recovery. What is asked for is asked for whole, and one part dropped is noticed. */
START_TEST(test_recoveries)
{
	static const uint64_t features[3][2] = { { 1 << 3, 0 }, { 1 << 3, 1 << 4 }, { 1 << 3, 1 << 9 } };
	struct params_config asked = base;
	struct ublksrv_ctrl_dev_info granted;

	asked.id = 3;
	asked.flags |= (uint32_t)PARAMS_WAIT << _i;
	ck_assert_uint_eq(params_check(asked), PARAMS_ACCEPTED);
	granted = params_dev_info(asked);
	ck_assert_uint_eq(granted.flags, 1 << 6 | features[_i][0] | features[_i][1]);
	ck_assert_uint_eq(params_grant_of(asked, granted), PARAMS_GRANTED);
	for (int part = 0; part < 2 && features[_i][part] != 0; part++) {
		granted.flags &= ~features[_i][part];
		ck_assert_uint_eq(params_grant_of(asked, granted), PARAMS_NO_RECOVERY);
		granted.flags |= features[_i][part];
	}
	for (int other = 0; other < 3; other++) {
		asked.flags |= (uint32_t)PARAMS_WAIT << other;
		ck_assert_uint_eq(params_check(asked), other == _i ? PARAMS_ACCEPTED : PARAMS_TWO_RECOVERIES);
		asked.flags &= ~((uint32_t)PARAMS_WAIT << other) | (uint32_t)PARAMS_WAIT << _i;
	}
}
END_TEST

START_TEST(test_nonsense)
{
	struct params_config asked = base;
	struct ublksrv_ctrl_dev_info granted;

	asked.id = 3;
	granted = params_dev_info(asked);
	ck_assert_uint_eq(params_grant_of(asked, granted), PARAMS_GRANTED);
	switch (_i) {
	case 0: granted.nr_hw_queues = 0; break;
	case 1: granted.nr_hw_queues = 3; break;
	case 2: granted.queue_depth = 127; break;
	case 3: granted.queue_depth = 129; break;
	case 4: granted.max_io_buf_bytes -= 4096; break;
	case 5: granted.dev_id = 4; break;
	case 6: granted.flags |= 1 << 2; break; /* get-data, unasked */
	case 7: granted.flags |= 1 << 7; break; /* user copy */
	case 8: granted.flags |= 1 << 0; break; /* zero copy */
	case 9: granted.flags |= 1 << 15; break; /* batch I/O */
	case 10: granted.flags |= 1 << 3; break; /* recovery */
	case 11: granted.flags |= 1 << 4; break; /* and its ways */
	case 12: granted.flags |= 1 << 9; break;
	}
	ck_assert_uint_eq(params_grant_of(asked, granted), PARAMS_NONSENSE);
}
END_TEST

START_TEST(test_every_refusal_has_its_own_text)
{
	for (uint32_t i = 0; i < PARAMS_VERDICTS; i++) {
		for (uint32_t j = 0; j < i; j++)
			ck_assert_str_ne(params_verdict_text(i), params_verdict_text(j));
	}
	for (uint32_t i = 0; i < PARAMS_GRANTS; i++) {
		for (uint32_t j = 0; j < i; j++)
			ck_assert_str_ne(params_grant_text(i), params_grant_text(j));
	}
}
END_TEST

START_TEST(test_what_cannot_be_ends_us)
{
	struct params_config config = base;

	switch (_i) {
	case 0: params_verdict_text(PARAMS_VERDICTS); break;
	case 1: params_grant_text(PARAMS_GRANTS); break;
	case 2: config.page_bytes = 0; params_check(config); break;
	case 3: config.page_bytes = 4097; params_check(config); break;
	case 4: config.queues = 0; params_depth_that_fits(config); break;
	}
}
END_TEST

Suite *suite(void)
{
	Suite *params = suite_create("params");
	TCase *all = tcase_create("all");

	tcase_add_loop_test(all, test_every_edge_of_every_field, 0, sizeof(edges) / sizeof(edges[0]));
	tcase_add_test(all, test_the_largest_of_everything);
	tcase_add_test(all, test_a_page_may_be_larger);
	tcase_add_test(all, test_granularity_counts_with_discard_only);
	tcase_add_loop_test(all, test_the_depth_that_fits, 0, 7);
	tcase_add_test(all, test_a_buffer_holds_the_largest_io);
	tcase_add_test(all, test_dev_info);
	tcase_add_test(all, test_basic_params);
	tcase_add_loop_test(all, test_every_block, 9, 13);
	tcase_add_loop_test(all, test_every_set_of_flags, 0, PARAMS_FLAGS);
	tcase_add_test(all, test_the_longest_discard_is_made_of_whole_granules);
	tcase_add_test(all, test_limits_for_desc);
	tcase_add_test(all, test_grants);
	tcase_add_loop_test(all, test_recoveries, 0, 3);
	tcase_add_loop_test(all, test_nonsense, 0, 13);
	tcase_add_test(all, test_every_refusal_has_its_own_text);
	suite_add_death_loop(all, test_what_cannot_be_ends_us, 0, 5);
	suite_add_tcase(params, all);
	return params;
}
