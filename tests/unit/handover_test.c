/* refublk_hand_over() between a scripted kernel and scripted queues: who may be handed over, how the queues part, and that
 * the device is left. */
#include <check.h>
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "null.h"
#include "refublk.h"
#include "serve.h"
#include "suite.h"
#include "support/plane_script.h"
#include "uapi.h"

#define OLD_KERNEL \
	(UBLK_F_CMD_IOCTL_ENCODE | UBLK_F_USER_RECOVERY | UBLK_F_USER_RECOVERY_REISSUE | UBLK_F_USER_RECOVERY_FAIL_IO)
#define NEW_KERNEL (OLD_KERNEL | UBLK_F_QUIESCE)

static struct refublk *device;
static char said[512];

static void keep_line(void *context, enum refublk_level level, const char *line)
{
	(void)context;
	if (level == REFUBLK_ERROR)
		strncpy(said, line, sizeof(said) - 1);
}

static void start(uint64_t features, uint32_t recovery)
{
	struct refublk_options options = refublk_defaults();

	options.size_bytes = 1 << 20;
	options.queues = 2;
	options.max_io_bytes = (uint32_t)getpagesize();
	options.recovery = recovery;
	options.log = keep_line;
	plane = plane_healthy();
	plane.features = features;
	plane.device = &device;
	said[0] = '\0';
	ck_assert_int_eq(refublk_start(&device, &options, &null_backend, NULL), 0);
	plane.sent[0] = '\0';
}

static void finish(void)
{
	ck_assert_int_eq(refublk_wait(device), 0);
	refublk_free(device);
	ck_assert_msg(!plane.violation, "%s: %s", plane.violation, plane.sent);
	ck_assert_uint_eq(plane.running, 0);
}

static const uint32_t ways[] = { REFUBLK_RECOVERY_WAIT, REFUBLK_RECOVERY_REISSUE };

START_TEST(test_the_device_is_left_to_the_next_server)
{
	start(NEW_KERNEL, ways[_i]);
	ck_assert_int_eq(refublk_hand_over(device), 0);
	ck_assert_int_eq(refublk_hand_over(device), 0);
	finish();
	ck_assert_str_eq(plane.sent, "quiesce ");
	ck_assert_uint_eq(plane.parted, 2);
	ck_assert(plane.exists && !plane.stopped);
	ck_assert_str_eq(said, "");
}
END_TEST

static const int answers[] = { -EBUSY, -EINTR, -ENODEV, -EOPNOTSUPP };

/* The driver may have begun to hold requests back. */
START_TEST(test_there_is_no_way_back)
{
	start(NEW_KERNEL, REFUBLK_RECOVERY_WAIT);
	plane.fault_op = UBLK_U_CMD_QUIESCE_DEV;
	plane.fault_error = answers[_i];
	plane.fault_times = 1;
	ck_assert_int_eq(refublk_hand_over(device), 0);
	finish();
	ck_assert_str_eq(plane.sent, "quiesce ");
	ck_assert(plane.exists && !plane.stopped);
}
END_TEST

/* QUIESCE stands behind a foreign STOP that waits for the queue that fails: the others leave before it is answered. */
START_TEST(test_quiesce_behind_a_foreign_stop)
{
	start(NEW_KERNEL, REFUBLK_RECOVERY_WAIT);
	plane.behind_stop = true;
	plane.queue_fault = PLANE_QUEUE_FAILS_STOPPING;
	ck_assert_int_eq(refublk_hand_over(device), 0);
	ck_assert_int_eq(refublk_wait(device), -EIO);
	refublk_free(device);
	ck_assert_msg(!plane.violation, "%s: %s", plane.violation, plane.sent);
	ck_assert_str_eq(plane.sent, "quiesce ");
	ck_assert(plane.exists && !plane.stopped && plane.running == 0);
}
END_TEST

static const struct refusal {
	uint64_t features;
	uint32_t recovery;
	int error;
	const char *word;
} refusals[] = {
	{ NEW_KERNEL, REFUBLK_RECOVERY_NONE, -EINVAL, "--recovery" },
	{ NEW_KERNEL, REFUBLK_RECOVERY_FAIL, -EINVAL, "fail" },
	{ OLD_KERNEL, REFUBLK_RECOVERY_WAIT, -EOPNOTSUPP, "reissue" },
};

START_TEST(test_who_cannot_be_handed_over_goes_on)
{
	start(refusals[_i].features, refusals[_i].recovery);
	ck_assert_int_eq(refublk_hand_over(device), refusals[_i].error);
	ck_assert_ptr_nonnull(strstr(said, refusals[_i].word));
	finish();
	ck_assert_str_eq(plane.sent, "stop del ");
}
END_TEST

START_TEST(test_a_stop_that_comes_first_counts)
{
	start(NEW_KERNEL, REFUBLK_RECOVERY_WAIT);
	refublk_stop(device);
	ck_assert_int_eq(refublk_hand_over(device), 0);
	finish();
	ck_assert_str_eq(plane.sent, "stop del ");
}
END_TEST

START_TEST(test_full_queues_leave_where_the_driver_cannot_hold_back)
{
	start(OLD_KERNEL, REFUBLK_RECOVERY_REISSUE);
	plane.queues_full = 2;
	ck_assert_int_eq(refublk_hand_over(device), 0);
	ck_assert_int_eq(refublk_hand_over(device), 0);
	finish();
	ck_assert_str_eq(plane.sent, "");
	ck_assert_uint_eq(plane.left_full, 2);
	ck_assert_uint_eq(plane.parted + plane.taken_up, 0);
	ck_assert(plane.exists && !plane.stopped);
}
END_TEST

/* One queue is not: a request might be on its way to it. */
START_TEST(test_what_is_not_full_in_time_is_taken_up)
{
	start(OLD_KERNEL, REFUBLK_RECOVERY_REISSUE);
	plane.queues_full = 1;
	ck_assert_int_eq(refublk_hand_over(device), 0);
	finish();
	ck_assert_uint_eq(plane.taken_up, 2);
	ck_assert_uint_eq(plane.left_full, 0);
	ck_assert_uint_le(plane.shortest_ms, 10 * 1000);
	ck_assert_str_eq(plane.sent, "stop del ");
}
END_TEST

/* It has been taken up since. */
START_TEST(test_what_was_full_earlier_does_not_count)
{
	start(OLD_KERNEL, REFUBLK_RECOVERY_REISSUE);
	plane.queues_full = 2;
	plane.stale = SERVE_PARTINGS;
	ck_assert_int_eq(refublk_hand_over(device), 0);
	finish();
	ck_assert_uint_eq(plane.left_full, 0);
	ck_assert_str_eq(plane.sent, "stop del ");
}
END_TEST

/* A STOP waits for what is open. */
START_TEST(test_a_stop_ends_the_keeping)
{
	start(OLD_KERNEL, REFUBLK_RECOVERY_REISSUE);
	ck_assert_int_eq(refublk_hand_over(device), 0);
	refublk_stop(device);
	finish();
	ck_assert_uint_eq(plane.kept, 2);
	ck_assert_uint_eq(plane.taken_up, 2);
	ck_assert_str_eq(plane.sent, "stop del ");
}
END_TEST

Suite *suite(void)
{
	Suite *handover = suite_create("handover");
	TCase *live = tcase_create("live");

	tcase_add_loop_test(live, test_the_device_is_left_to_the_next_server, 0, sizeof(ways) / sizeof(ways[0]));
	tcase_add_loop_test(live, test_there_is_no_way_back, 0, sizeof(answers) / sizeof(answers[0]));
	tcase_add_test(live, test_quiesce_behind_a_foreign_stop);
	tcase_add_loop_test(live, test_who_cannot_be_handed_over_goes_on, 0, sizeof(refusals) / sizeof(refusals[0]));
	tcase_add_test(live, test_a_stop_that_comes_first_counts);
	tcase_add_test(live, test_full_queues_leave_where_the_driver_cannot_hold_back);
	tcase_add_test(live, test_what_is_not_full_in_time_is_taken_up);
	tcase_add_test(live, test_what_was_full_earlier_does_not_count);
	tcase_add_test(live, test_a_stop_ends_the_keeping);
	suite_add_tcase(handover, live);
	return handover;
}
