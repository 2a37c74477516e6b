#include "units.h"

#include "suite.h"

START_TEST(test_a_sector_is_512_bytes_whatever_the_block)
{
	ck_assert_uint_eq(units_bytes(0), 0);
	ck_assert_uint_eq(units_bytes(1), 512);
	ck_assert_uint_eq(units_bytes(8), 4096);
	ck_assert_uint_eq(units_sectors(4096), 8);
	ck_assert_uint_eq(units_sectors(0), 0);
}
END_TEST

START_TEST(test_a_rest_is_no_sector)
{
	ck_assert_uint_eq(units_sectors(511), 0);
	ck_assert_uint_eq(units_sectors(512), 1);
	ck_assert_uint_eq(units_sectors(1023), 1);
	ck_assert_uint_eq(units_sectors(UINT64_MAX), 0x7fffffffffffffu);
}
END_TEST

START_TEST(test_the_largest_number_of_sectors_fits)
{
	ck_assert_uint_eq(units_bytes(0x7fffffffffffffu), 0xfffffffffffffe00u);
	ck_assert_uint_eq(units_sectors(units_bytes(0x7fffffffffffffu)), 0x7fffffffffffffu);
}
END_TEST

START_TEST(test_the_largest_device_is_an_offset_and_whole_sectors)
{
	ck_assert_int_gt(UNITS_DEVICE_BYTES_MAX, INT64_MAX - 512);
	ck_assert_int_eq(UNITS_DEVICE_BYTES_MAX % 512, 0);
}
END_TEST

/* Against division, around every multiple of small granules. */
START_TEST(test_rounding)
{
	const uint64_t granule = UINT64_C(1) << _i;

	for (uint64_t value = 0; value < 4 * granule; value++) {
		const uint64_t down = value / granule * granule;

		ck_assert_uint_eq(units_round_down(value, granule), down);
		ck_assert_uint_eq(units_round_up(value, granule), value == down ? down : down + granule);
	}
}
END_TEST

START_TEST(test_rounding_at_the_end)
{
	ck_assert_uint_eq(units_round_up(UINT64_MAX - 4095, 4096), UINT64_MAX - 4095);
	ck_assert_uint_eq(units_round_up(UINT64_MAX - 8190, 4096), UINT64_MAX - 4095);
	ck_assert_uint_eq(units_round_down(UINT64_MAX, 4096), UINT64_MAX - 4095);
}
END_TEST

Suite *suite(void)
{
	Suite *units = suite_create("units");
	TCase *all = tcase_create("all");

	tcase_add_test(all, test_a_sector_is_512_bytes_whatever_the_block);
	tcase_add_test(all, test_a_rest_is_no_sector);
	tcase_add_test(all, test_the_largest_number_of_sectors_fits);
	tcase_add_test(all, test_the_largest_device_is_an_offset_and_whole_sectors);
	tcase_add_loop_test(all, test_rounding, 0, 13);
	tcase_add_test(all, test_rounding_at_the_end);
	suite_add_tcase(units, all);
	return units;
}
