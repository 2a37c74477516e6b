/* What spec/driver says beside its table: its errno numbers, and the fate of requests that have lost their server. */
#include "driver.h"

#include <check.h>
#include <errno.h>

#include "suite.h"

START_TEST(test_errnos_are_the_systems)
{
	ck_assert_int_eq(DRIVER_EINTR, EINTR);
	ck_assert_int_eq(DRIVER_EIO, EIO);
	ck_assert_int_eq(DRIVER_EACCES, EACCES);
	ck_assert_int_eq(DRIVER_EBUSY, EBUSY);
	ck_assert_int_eq(DRIVER_EEXIST, EEXIST);
	ck_assert_int_eq(DRIVER_ENODEV, ENODEV);
	ck_assert_int_eq(DRIVER_EINVAL, EINVAL);
	ck_assert_int_eq(DRIVER_EOPNOTSUPP, EOPNOTSUPP);
	ck_assert_int_eq(DRIVER_EREMOTEIO, EREMOTEIO);
}
END_TEST

/* 6.12 takes FAIL_IO for plain recovery: there, what no server has seen waits. */
START_TEST(test_fate_of_requests_without_a_server)
{
	static const uint8_t unserved_again[2][DRIVER_RECOVERIES] = { { 0, 1, 1, 1 }, { 0, 1, 1, 0 } };
	static const uint8_t orphan_again[DRIVER_RECOVERIES] = { 0, 0, 1, 0 };

	for (uint32_t kernel = 0; kernel < DRIVER_KERNELS; kernel++)
		for (uint32_t recovery = 0; recovery < DRIVER_RECOVERIES; recovery++) {
			uint32_t unserved = driver_fate(kernel, recovery, DRIVER_REQUEST_UNSERVED);
			uint32_t orphan = driver_fate(kernel, recovery, DRIVER_REQUEST_ORPHANED);

			ck_assert_uint_eq(unserved, unserved_again[kernel != DRIVER_6_12][recovery]
							    ? DRIVER_REQUEST_AGAIN : DRIVER_REQUEST_FAILED);
			ck_assert_uint_eq(orphan, orphan_again[recovery] ? DRIVER_REQUEST_AGAIN : DRIVER_REQUEST_FAILED);
		}
}
END_TEST

Suite *suite(void)
{
	Suite *all = suite_create("driver_facts");
	TCase *facts = tcase_create("facts");

	tcase_add_test(facts, test_errnos_are_the_systems);
	tcase_add_test(facts, test_fate_of_requests_without_a_server);
	suite_add_tcase(all, facts);
	return all;
}
