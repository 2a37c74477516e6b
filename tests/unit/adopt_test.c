#include "adopt.h"

#include "suite.h"

static const struct params_config base = {
	.size_bytes = UINT64_C(1) << 30,
	.memory_limit_bytes = UINT64_C(1) << 30,
	.page_bytes = 4096,
	.block_bytes = 1024,
	.physical_block_bytes = 8192,
	.max_io_bytes = 128 << 10,
	.discard_granularity_bytes = 4096,
	.queues = 3,
	.depth_tags = 17,
	.flags = PARAMS_WAIT | PARAMS_VOLATILE_CACHE | PARAMS_FUA | PARAMS_DISCARD | PARAMS_WRITE_ZEROES,
	.id = 5,
};

enum { OFFERS = PARAMS_VOLATILE_CACHE | PARAMS_FUA | PARAMS_DISCARD | PARAMS_WRITE_ZEROES };

/* As the kernel hands them back: with flags of its own, and the section of the disk's number. */
static struct ublksrv_ctrl_dev_info info_of(struct params_config config)
{
	struct ublksrv_ctrl_dev_info info = params_dev_info(config);

	info.flags |= 1 << 1 | 1 << 13 | 1 << 14 | 1 << 17;
	info.state = UBLK_S_DEV_QUIESCED;
	return info;
}

static struct ublk_params params_kept(struct params_config config)
{
	struct ublk_params params = params_of(config);

	params.types |= UBLK_PARAM_TYPE_DEVT;
	return params;
}

/* Every set of flags that params_check() accepts: what was made is what is taken over, to the byte. */
START_TEST(test_what_was_made_is_what_is_taken_over)
{
	for (uint32_t flags = 0; flags < PARAMS_FLAGS; flags++) {
		struct params_config config = base, adopted;
		struct ublksrv_ctrl_dev_info info;
		struct ublk_params params, again;

		config.flags = flags;
		if (params_check(config) != PARAMS_ACCEPTED)
			continue;
		info = info_of(config);
		params = params_kept(config);
		adopted = adopt_config(&info, &params, 4096, UINT64_C(1) << 30);
		ck_assert_uint_eq(params_check(adopted), PARAMS_ACCEPTED);
		ck_assert_uint_eq(params_dev_info(adopted).flags, params_dev_info(config).flags);
		again = params_of(adopted);
		params.types &= ~(uint32_t)UBLK_PARAM_TYPE_DEVT;
		ck_assert_mem_eq(&again, &params, sizeof(params));
		ck_assert_uint_eq(adopted.size_bytes, config.size_bytes);
		ck_assert_uint_eq(adopted.block_bytes, config.block_bytes);
		ck_assert_uint_eq(adopted.max_io_bytes, config.max_io_bytes);
		ck_assert_uint_eq(adopted.queues, config.queues);
		ck_assert_uint_eq(adopted.depth_tags, config.depth_tags);
		ck_assert_int_eq(adopted.id, config.id);
		/* FUA counts beside a cache only. */
		ck_assert_uint_eq(adopted.flags | PARAMS_FUA, flags | PARAMS_FUA);
		ck_assert_int_eq((adopted.flags & PARAMS_FUA) != 0,
				 (flags & PARAMS_FUA) != 0 && (flags & PARAMS_VOLATILE_CACHE) != 0);
	}
}
END_TEST

/* Numbers that no server of ours has set lead to a configuration that params_check() refuses, never to a wrapped one. */
START_TEST(test_numbers_out_of_range_are_refused)
{
	static const uint64_t sectors[] = { 0, UINT64_C(1) << 54, UINT64_C(1) << 55, UINT64_MAX };
	struct ublksrv_ctrl_dev_info info = info_of(base);
	struct ublk_params params;

	for (size_t i = 0; i < sizeof(sectors) / sizeof(sectors[0]); i++) {
		params = params_kept(base);
		params.basic.dev_sectors = sectors[i];
		ck_assert_uint_eq(params_check(adopt_config(&info, &params, 4096, UINT64_MAX)), PARAMS_SIZE);
	}
	for (uint32_t shift = 13; shift <= UINT8_MAX; shift++) {
		params = params_kept(base);
		params.basic.logical_bs_shift = (uint8_t)shift;
		ck_assert_uint_eq(params_check(adopt_config(&info, &params, 4096, UINT64_MAX)), PARAMS_BLOCK);
	}
	params = params_kept(base);
	params.basic.max_sectors = UINT32_MAX;
	ck_assert_uint_eq(params_check(adopt_config(&info, &params, 4096, UINT64_MAX)), PARAMS_MAX_IO);
}
END_TEST

static struct params_config adopt(struct ublk_params params)
{
	struct ublksrv_ctrl_dev_info info = info_of(base);

	return adopt_config(&info, &params, 4096, UINT64_MAX);
}

START_TEST(test_the_edges_of_every_number)
{
	struct ublk_params params = params_kept(base);

	params.basic.dev_sectors = (UINT64_C(1) << 54) - 1;
	ck_assert_uint_eq(adopt(params).size_bytes, (UINT64_C(1) << 63) - 512);
	params.basic.dev_sectors = UINT64_C(1) << 54;
	ck_assert_uint_eq(adopt(params).size_bytes, 0);
	params.basic.max_sectors = 65536;
	ck_assert_uint_eq(adopt(params).max_io_bytes, 32 << 20);
	params.basic.max_sectors = 65537;
	ck_assert_uint_eq(adopt(params).max_io_bytes, 0);
	for (uint32_t shift = 0; shift <= UINT8_MAX; shift++) {
		params.basic.physical_bs_shift = (uint8_t)shift;
		ck_assert_uint_eq(adopt(params).physical_block_bytes, shift < 31 ? 1U << shift : 1U << 31);
	}
}
END_TEST

/* FUA counts beside a cache, and a section by its bit. */
START_TEST(test_what_does_not_count)
{
	struct ublk_params params = params_kept(base);

	params.basic.attrs = 1 << 3;
	ck_assert_uint_eq(adopt(params).flags & (PARAMS_FUA | PARAMS_VOLATILE_CACHE), 0);
	params.basic.attrs = 1 << 2;
	ck_assert_uint_eq(adopt(params).flags & (PARAMS_FUA | PARAMS_VOLATILE_CACHE), PARAMS_VOLATILE_CACHE);
	params.types = 1 | 1 << 2;
	ck_assert_uint_eq(adopt(params).flags & (PARAMS_DISCARD | PARAMS_WRITE_ZEROES), 0);
	params.types = 1 | 1 << 1;
	ck_assert_uint_eq(adopt(params).flags & (PARAMS_DISCARD | PARAMS_WRITE_ZEROES), PARAMS_DISCARD | PARAMS_WRITE_ZEROES);
}
END_TEST

static uint32_t check(struct ublksrv_ctrl_dev_info info, struct ublk_params params, uint32_t offers)
{
	return adopt_check(&info, &params, offers, base.size_bytes);
}

START_TEST(test_a_device_that_is_not_ours_to_serve)
{
	struct ublksrv_ctrl_dev_info info = info_of(base);
	struct ublk_params params = params_kept(base);

	ck_assert_uint_eq(check(info, params, OFFERS), ADOPT_ACCEPTED);
	info.flags &= ~(UINT64_C(1) << 3);
	ck_assert_uint_eq(check(info, params, OFFERS), ADOPT_NOT_RECOVERABLE);
	info = info_of(base);
	info.state = UBLK_S_DEV_DEAD;
	ck_assert_uint_eq(check(info, params, OFFERS), ADOPT_STOPPED);
	info.state = UBLK_S_DEV_FAIL_IO;
	ck_assert_uint_eq(check(info, params, OFFERS), ADOPT_ACCEPTED);
	/* zero copy, unprivileged, user copy, zones, automatic buffers, batch, integrity, shared memory, a wider stride */
	for (uint32_t bit = 0; bit < 64; bit++) {
		const uint64_t left_out = 1 << 0 | 1 << 5 | 1 << 7 | 1 << 8 | 1 << 11 | 1 << 15 | 1 << 16 | 1 << 19 | 1 << 20;
		const bool wrong = bit > 20 || (left_out >> bit & 1) != 0;

		info = info_of(base);
		info.flags |= UINT64_C(1) << bit;
		ck_assert_uint_eq(check(info, params, OFFERS), wrong ? ADOPT_MODE : ADOPT_ACCEPTED);
	}
	info = info_of(base);
	info.flags &= ~(UINT64_C(1) << 6);
	ck_assert_uint_eq(check(info, params, OFFERS), ADOPT_MODE);
	info = info_of(base);
	for (uint32_t bit = 0; bit < 32; bit++) {
		params = params_kept(base);
		params.types |= UINT32_C(1) << bit;
		ck_assert_uint_eq(check(info, params, OFFERS), bit < 3 ? ADOPT_ACCEPTED : ADOPT_MODE);
	}
	params.types = 2;
	ck_assert_uint_eq(check(info, params, OFFERS), ADOPT_MODE);
}
END_TEST

START_TEST(test_the_backend_must_hold_the_disk)
{
	struct ublksrv_ctrl_dev_info info = info_of(base);
	struct ublk_params params = params_kept(base);

	ck_assert_uint_eq(adopt_check(&info, &params, OFFERS, base.size_bytes - 1), ADOPT_SIZE);
	ck_assert_uint_eq(adopt_check(&info, &params, OFFERS, 0), ADOPT_SIZE);
	ck_assert_uint_eq(adopt_check(&info, &params, OFFERS, base.size_bytes), ADOPT_ACCEPTED);
	ck_assert_uint_eq(adopt_check(&info, &params, OFFERS, base.size_bytes + 1), ADOPT_ACCEPTED);
	ck_assert_uint_eq(adopt_check(&info, &params, OFFERS, UINT64_MAX), ADOPT_ACCEPTED);
}
END_TEST

/* Every pair of what a disk offers and what a backend can do, against what each rule says of it. */
START_TEST(test_every_offer)
{
	const uint32_t all = PARAMS_READ_ONLY | OFFERS;

	for (uint32_t flags = 0; flags <= all; flags++) {
		for (uint32_t offers = 0; offers <= all; offers++) {
			struct params_config config = base;
			const bool cache = (flags & PARAMS_VOLATILE_CACHE) != 0;
			const bool fua = cache && (flags & PARAMS_FUA) != 0;
			uint32_t expected = ADOPT_ACCEPTED;

			config.flags = PARAMS_WAIT | flags;
			if ((flags & PARAMS_READ_ONLY) == 0) {
				if ((flags & PARAMS_DISCARD && !(offers & PARAMS_DISCARD)) ||
				    (flags & PARAMS_WRITE_ZEROES && !(offers & PARAMS_WRITE_ZEROES)))
					expected = ADOPT_DISCARD;
				if (fua && !(offers & PARAMS_FUA))
					expected = ADOPT_FUA;
				if (cache != ((offers & PARAMS_VOLATILE_CACHE) != 0))
					expected = ADOPT_CACHE;
				if (offers & PARAMS_READ_ONLY)
					expected = ADOPT_READ_ONLY;
			}
			ck_assert_uint_eq(check(info_of(config), params_kept(config), offers), expected);
		}
	}
}
END_TEST

START_TEST(test_every_refusal_has_its_own_text)
{
	for (uint32_t i = 0; i < ADOPT_VERDICTS; i++) {
		for (uint32_t j = 0; j < i; j++)
			ck_assert_str_ne(adopt_verdict_text(i), adopt_verdict_text(j));
	}
}
END_TEST

START_TEST(test_what_cannot_be_ends_us)
{
	adopt_verdict_text(ADOPT_VERDICTS);
}
END_TEST

Suite *suite(void)
{
	Suite *adopt = suite_create("adopt");
	TCase *all = tcase_create("all");

	tcase_add_test(all, test_what_was_made_is_what_is_taken_over);
	tcase_add_test(all, test_numbers_out_of_range_are_refused);
	tcase_add_test(all, test_the_edges_of_every_number);
	tcase_add_test(all, test_what_does_not_count);
	tcase_add_test(all, test_a_device_that_is_not_ours_to_serve);
	tcase_add_test(all, test_the_backend_must_hold_the_disk);
	tcase_add_test(all, test_every_offer);
	tcase_add_test(all, test_every_refusal_has_its_own_text);
	suite_add_death_loop(all, test_what_cannot_be_ends_us, 0, 1);
	suite_add_tcase(adopt, all);
	return adopt;
}
