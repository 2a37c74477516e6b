#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "admin.h"
#include "suite.h"
#include "support/plane_script.h"

enum { LINE_BYTES = 501, LIMIT_MS = 12 * 1000 };

static char last_error[LINE_BYTES];
static unsigned int errors;
static unsigned int warnings;
static struct control *control;

static void keep_line(void *context, enum refublk_level level, const char *line)
{
	(void)context;
	warnings += level == REFUBLK_WARNING;
	if (level != REFUBLK_ERROR)
		return;
	snprintf(last_error, sizeof(last_error), "%s", line);
	errors++;
}

static const struct log lines = { .function = keep_line };

/* A device that exists, and a kernel that spoils nothing. */
static void begin(void)
{
	plane = plane_healthy();
	plane.exists = true;
	errors = 0;
	warnings = 0;
	last_error[0] = '\0';
	ck_assert_int_eq(control_open(&control, lines), 0);
}

static void end(void)
{
	ck_assert_msg(!plane.violation, "%s: %s", plane.violation, plane.sent);
}

static void spoil(uint32_t op, int error, uint32_t times)
{
	plane.fault_op = op;
	plane.fault_error = error;
	plane.fault_times = times;
}

START_TEST(test_reads)
{
	struct ublksrv_ctrl_dev_info info;
	struct ublk_params params;
	uint64_t features = 0;

	ck_assert_int_eq(admin_features(control, lines, &features), 0);
	ck_assert_uint_eq(features, plane.features);
	ck_assert_int_eq(admin_info(control, lines, 7, &info), 0);
	ck_assert_uint_eq(info.dev_id, 7);
	ck_assert_int_eq(admin_params(control, lines, 7, &params), 0);
	ck_assert_uint_eq(params.types & UBLK_PARAM_TYPE_DEVT, UBLK_PARAM_TYPE_DEVT);
	ck_assert_str_eq(plane.sent, "features info get ");
	ck_assert_uint_eq(errors, 0);
}
END_TEST

START_TEST(test_interrupted_reads_are_repeated)
{
	struct ublksrv_ctrl_dev_info info;

	spoil(UBLK_U_CMD_GET_DEV_INFO, -EINTR, 3);
	ck_assert_int_eq(admin_info(control, lines, 7, &info), 0);
	ck_assert_str_eq(plane.sent, "info info info info ");
}
END_TEST

/* Whether an absent device is a failure is the caller's to say; everything else is one. */
START_TEST(test_errors_are_said_but_an_absent_device)
{
	struct ublksrv_ctrl_dev_info info;

	spoil(UBLK_U_CMD_GET_DEV_INFO, -ENODEV, 1);
	ck_assert_int_eq(admin_info(control, lines, 7, &info), -ENODEV);
	ck_assert_uint_eq(errors, 0);
	spoil(UBLK_U_CMD_GET_DEV_INFO, -EPERM, 1);
	ck_assert_int_eq(admin_info(control, lines, 7, &info), -EPERM);
	ck_assert_uint_eq(errors, 1);
	ck_assert_ptr_nonnull(strstr(last_error, "CAP_SYS_ADMIN"));
}
END_TEST

START_TEST(test_del_stops_first)
{
	ck_assert_int_eq(admin_del(control, lines, 7, LIMIT_MS), 0);
	ck_assert_str_eq(plane.sent, "stop del ");
	ck_assert(!plane.exists);
}
END_TEST

START_TEST(test_no_del_where_stop_is_refused)
{
	spoil(UBLK_U_CMD_STOP_DEV, -EPERM, 1);
	ck_assert_int_eq(admin_del(control, lines, 7, LIMIT_MS), -EPERM);
	ck_assert_str_eq(plane.sent, "stop ");
	ck_assert_uint_eq(errors, 1);
}
END_TEST

START_TEST(test_no_del_while_stop_is_not_answered)
{
	plane.held_op = UBLK_U_CMD_STOP_DEV;
	ck_assert_int_eq(admin_del(control, lines, 7, LIMIT_MS), -ETIMEDOUT);
	ck_assert_str_eq(plane.sent, "stop ");
	ck_assert_uint_eq(warnings, 2); /* every 5 s of 12 */
	ck_assert_uint_eq(errors, 1);
	ck_assert_ptr_nonnull(strstr(last_error, "I/O"));
}
END_TEST

START_TEST(test_del_interrupted_after_the_removal_is_done)
{
	plane.del_interrupted = true;
	ck_assert_int_eq(admin_del(control, lines, 7, LIMIT_MS), 0);
	ck_assert_str_eq(plane.sent, "stop del del ");
	ck_assert_uint_eq(errors, 0);
}
END_TEST

START_TEST(test_an_absent_device_is_not_deleted)
{
	plane.exists = false;
	ck_assert_int_eq(admin_del(control, lines, 7, LIMIT_MS), -ENODEV);
	ck_assert_str_eq(plane.sent, "stop ");
	ck_assert_uint_eq(errors, 0);
}
END_TEST

/* Somebody was quicker. */
START_TEST(test_a_device_that_vanished_after_its_stop_was_not_deleted_here)
{
	spoil(UBLK_U_CMD_DEL_DEV, -ENODEV, 1);
	ck_assert_int_eq(admin_del(control, lines, 7, LIMIT_MS), -ENODEV);
	ck_assert_uint_eq(errors, 0);
}
END_TEST

/* A DEL that waits is taken back: else it would keep this process, and say nothing. */
START_TEST(test_del_of_a_held_device_is_taken_back)
{
	plane.held_op = UBLK_U_CMD_DEL_DEV;
	ck_assert_int_eq(admin_del(control, lines, 7, LIMIT_MS), -ETIMEDOUT);
	ck_assert_str_eq(plane.sent, "stop del ");
	ck_assert_uint_eq(warnings, 2); /* every 5 s of 12 */
	ck_assert_uint_eq(errors, 1);
	ck_assert_ptr_nonnull(strstr(last_error, "last user"));
	control_close(control); /* the script's check that nothing is in flight */
}
END_TEST

Suite *suite(void)
{
	Suite *admin = suite_create("admin");
	TCase *calls = tcase_create("calls");

	tcase_add_checked_fixture(calls, begin, end);
	tcase_add_test(calls, test_reads);
	tcase_add_test(calls, test_interrupted_reads_are_repeated);
	tcase_add_test(calls, test_errors_are_said_but_an_absent_device);
	tcase_add_test(calls, test_del_stops_first);
	tcase_add_test(calls, test_no_del_where_stop_is_refused);
	tcase_add_test(calls, test_no_del_while_stop_is_not_answered);
	tcase_add_test(calls, test_del_interrupted_after_the_removal_is_done);
	tcase_add_test(calls, test_an_absent_device_is_not_deleted);
	tcase_add_test(calls, test_a_device_that_vanished_after_its_stop_was_not_deleted_here);
	tcase_add_test(calls, test_del_of_a_held_device_is_taken_back);
	suite_add_tcase(admin, calls);
	return admin;
}
