/* refublk_resize() between a scripted kernel and scripted queues: what the queues hold requests against, before and after
 * the kernel hears of another size. */
#include <check.h>
#include <errno.h>
#include <unistd.h>

#include "null.h"
#include "refublk.h"
#include "suite.h"
#include "support/plane_script.h"
#include "uapi.h"

enum { MIB = 1 << 20, BLOCK = 4096 };

static struct refublk *device;

/* A live device of 4 MiB; what happens to it next is the test's. */
static void begin(void)
{
	struct refublk_options options = refublk_defaults();

	options.size_bytes = 4 * MIB;
	options.block_bytes = BLOCK;
	options.max_io_bytes = (uint32_t)getpagesize();
	plane = plane_healthy();
	plane.device = &device;
	ck_assert_int_eq(refublk_start(&device, &options, &null_backend, NULL), 0);
	plane.sent[0] = '\0';
}

static void end(void)
{
	ck_assert_int_eq(refublk_wait(device), 0);
	refublk_free(device);
	device = NULL;
	ck_assert_msg(!plane.violation, "%s: %s", plane.violation, plane.sent);
}

static uint64_t bytes_now(void)
{
	return *plane.device_bytes;
}

START_TEST(test_growing_raises_the_limit_before_the_kernel_knows)
{
	ck_assert_int_eq(refublk_resize(device, 8 * MIB), 0);
	ck_assert_str_eq(plane.sent, "resize ");
	ck_assert_uint_eq(plane.sectors, 8 * MIB / 512);
	ck_assert_uint_eq(plane.bytes_at_update, 8 * MIB);
	ck_assert_uint_eq(bytes_now(), 8 * MIB);
}
END_TEST

START_TEST(test_shrinking_lowers_the_limit_after_the_kernel_knows)
{
	ck_assert_int_eq(refublk_resize(device, MIB), 0);
	ck_assert_uint_eq(plane.sectors, MIB / 512);
	ck_assert_uint_eq(plane.bytes_at_update, 4 * MIB);
	ck_assert_uint_eq(bytes_now(), MIB);
}
END_TEST

START_TEST(test_up_and_down_again_and_again)
{
	for (uint64_t blocks = 1; blocks < 2000; blocks += 7) {
		uint64_t before = bytes_now(), after = (blocks * 977 % 2000 + 1) * BLOCK;

		ck_assert_int_eq(refublk_resize(device, after), 0);
		ck_assert_uint_eq(plane.bytes_at_update, before > after ? before : after);
		ck_assert_uint_eq(bytes_now(), after);
	}
}
END_TEST

static const int refusals[] = { -EOPNOTSUPP, -ENODEV, -EINVAL, -EPERM };

START_TEST(test_a_refusal_changes_nothing)
{
	static const uint64_t sizes[] = { 8 * MIB, MIB };

	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		plane.fault_op = UBLK_U_CMD_UPDATE_SIZE;
		plane.fault_error = refusals[_i];
		plane.fault_times = 1;
		ck_assert_int_eq(refublk_resize(device, sizes[i]), refusals[_i]);
		ck_assert_uint_eq(bytes_now(), 4 * MIB);
	}
	ck_assert_int_eq(refublk_resize(device, 8 * MIB), 0);
}
END_TEST

START_TEST(test_interruptions_are_repeated)
{
	plane.fault_op = UBLK_U_CMD_UPDATE_SIZE;
	plane.fault_error = -EINTR;
	plane.fault_times = 2;
	ck_assert_int_eq(refublk_resize(device, 8 * MIB), 0);
	ck_assert_str_eq(plane.sent, "resize resize resize ");
	ck_assert_uint_eq(bytes_now(), 8 * MIB);
}
END_TEST

static const uint64_t impossible[] = { 0, 1, BLOCK - 1, BLOCK + 512, 4 * MIB + 1, UINT64_MAX, UINT64_MAX - BLOCK + 1,
				       UINT64_C(1) << 63 };

START_TEST(test_sizes_that_cannot_be)
{
	ck_assert_int_eq(refublk_resize(device, impossible[_i]), -EINVAL);
	ck_assert_str_eq(plane.sent, "");
	ck_assert_uint_eq(bytes_now(), 4 * MIB);
}
END_TEST

Suite *suite(void)
{
	Suite *resize = suite_create("resize");
	TCase *live = tcase_create("live");

	tcase_add_checked_fixture(live, begin, end);
	tcase_add_test(live, test_growing_raises_the_limit_before_the_kernel_knows);
	tcase_add_test(live, test_shrinking_lowers_the_limit_after_the_kernel_knows);
	tcase_add_test(live, test_up_and_down_again_and_again);
	tcase_add_loop_test(live, test_a_refusal_changes_nothing, 0, sizeof(refusals) / sizeof(refusals[0]));
	tcase_add_test(live, test_interruptions_are_repeated);
	tcase_add_loop_test(live, test_sizes_that_cannot_be, 0, sizeof(impossible) / sizeof(impossible[0]));
	suite_add_tcase(resize, live);
	return resize;
}
