/* A recovery between a scripted kernel and scripted queues: whatever goes wrong and whenever somebody wants to stop, the
 * device is served or as recoverable as before, and nothing is sent in the wrong order. */
#include <check.h>
#include <errno.h>
#include <string.h>

#include "suite.h"
#include "support/run_rig.h"
#include "uapi.h"

enum { BYTES = 1 << 20, LAST_STEP = 30 };

/* ---- without faults ------------------------------------------------------------------------ */

START_TEST(test_a_recovery_without_faults)
{
	struct run_rig_lived lived = run_rig_recover(plane_orphan(2), BYTES);

	ck_assert_int_eq(lived.start, 0);
	ck_assert_int_eq(lived.wait, 0);
	ck_assert_str_eq(plane.sent, "info get recover get affinity affinity end stop del ");
	ck_assert_uint_eq(run_rig_errors, 0);
	ck_assert(!plane.exists);
}
END_TEST

/* It may be larger: a file that was grown before its disk. */
START_TEST(test_a_larger_backend)
{
	ck_assert_int_eq(run_rig_recover(plane_orphan(1), 2 * BYTES).start, 0);
}
END_TEST

/* Left alone by its queues, as by QUIESCE: it waits for the next server. */
START_TEST(test_aborted_from_outside_is_left)
{
	struct plane script = plane_orphan(2);
	struct run_rig_lived lived;

	script.end = PLANE_END_OUTSIDE;
	lived = run_rig_recover(script, BYTES);
	ck_assert_int_eq(lived.start, 0);
	ck_assert_int_eq(lived.wait, 0);
	ck_assert(plane.exists && !plane.stopped);
}
END_TEST

/* The last server lets go late: asked again and again, and said once it lasts. */
START_TEST(test_a_late_release_is_waited_for)
{
	struct plane script = plane_orphan(1);

	script.fault_op = UBLK_U_CMD_START_USER_RECOVERY;
	script.fault_error = -EBUSY;
	script.fault_times = 200;
	ck_assert_int_eq(run_rig_recover(script, BYTES).start, 0);
	ck_assert_uint_le(plane.shortest_ms, 200);
	ck_assert_uint_eq(run_rig_errors, 0);
	/* 35 s, and a line for each 10 of them. */
	ck_assert_uint_eq(run_rig_warnings, 3);
}
END_TEST

START_TEST(test_a_release_that_never_comes)
{
	struct plane script = plane_orphan(1);

	script.fault_op = UBLK_U_CMD_START_USER_RECOVERY;
	script.fault_error = -EBUSY;
	script.fault_times = UINT32_MAX;
	ck_assert_int_eq(run_rig_recover(script, BYTES).start, -EBUSY);
	ck_assert_uint_eq(run_rig_errors, 1);
	ck_assert_ptr_nonnull(strstr(run_rig_error, "has not let go of it"));
	ck_assert(plane.exists && !plane.stopped);
}
END_TEST

/* ---- faults -------------------------------------------------------------------------------- */

static const uint32_t ops[] = {
	UBLK_U_CMD_GET_DEV_INFO, UBLK_U_CMD_GET_PARAMS, UBLK_U_CMD_START_USER_RECOVERY, UBLK_U_CMD_GET_QUEUE_AFFINITY,
	UBLK_U_CMD_END_USER_RECOVERY,
};
static const int errnos[] = { -EINTR, -EBUSY, -EAGAIN, -ENODEV, -EINVAL, -EPERM };
enum { OPS = sizeof(ops) / sizeof(ops[0]), ERRNOS = sizeof(errnos) / sizeof(errnos[0]) };

/* Whatever failed, and whenever a stop came: before it is live nothing is deleted, and a failure has its line. */
static void expect_recoverable(struct run_rig_lived lived)
{
	if (lived.start == 0)
		return;
	ck_assert_msg(plane.exists && !plane.stopped, "deleted after %d: %s", lived.start, plane.sent);
	ck_assert_msg(lived.start == -EINTR || run_rig_errors > 0, "%d without a line", lived.start);
}

/* _i: which command with which errno; once and for ever, and with a stop at any moment. */
START_TEST(test_a_command_refused)
{
	for (uint32_t stop_at = 0; stop_at <= LAST_STEP; stop_at++) {
		for (uint32_t times = 1; times <= 100; times += 99) {
			struct plane script = plane_orphan(2);
			struct run_rig_lived lived;

			script.fault_op = ops[_i / ERRNOS];
			script.fault_error = errnos[_i % ERRNOS];
			script.fault_times = times == 1 || script.fault_error == -EINTR ? times : UINT32_MAX;
			script.stop_at = stop_at;
			lived = run_rig_recover(script, BYTES);
			expect_recoverable(lived);
			if (times > 1 && script.fault_error != -EINTR)
				ck_assert_int_lt(lived.start, 0);
		}
	}
}
END_TEST

/* _i: when the stop comes. */
START_TEST(test_a_stop_at_any_moment)
{
	struct plane script = plane_orphan(3);
	struct run_rig_lived lived;

	script.stop_at = (uint32_t)_i;
	lived = run_rig_recover(script, BYTES);
	expect_recoverable(lived);
	ck_assert_uint_eq(run_rig_errors, 0);
	/* From START_USER_RECOVERY, the 5th step, to the last queue's affinity: its READY comes after the stop. */
	if (_i >= 5 && _i <= 10)
		ck_assert_int_eq(lived.start, -EINTR);
}
END_TEST

/* _i: how a queue fails. */
START_TEST(test_a_queue_fails)
{
	for (uint16_t qid = 0; qid < 3; qid++) {
		struct plane script = plane_orphan(3);
		struct run_rig_lived lived;

		script.queue_fault = (uint32_t)_i;
		script.fault_qid = qid;
		lived = run_rig_recover(script, BYTES);
		expect_recoverable(lived);
		ck_assert_uint_ge(run_rig_errors, 1);
		if (_i < PLANE_QUEUE_FAILS_LIVE) {
			ck_assert_int_eq(lived.start, _i == PLANE_QUEUE_NOT_STARTED ? -ENOMEM : -EBADF);
			continue;
		}
		ck_assert_int_eq(lived.start, 0);
		ck_assert_int_eq(lived.wait, -EIO);
		ck_assert_int_eq(plane.exists, _i == PLANE_QUEUE_FAILS_LIVE);
	}
}
END_TEST

/* END stands behind a foreign STOP that waits for the failed queue: the others leave before it is answered. */
START_TEST(test_end_behind_a_foreign_stop)
{
	struct plane script = plane_orphan(3);
	struct run_rig_lived lived;

	script.behind_stop = true;
	script.queue_fault = PLANE_QUEUE_FAILS_STARTING;
	lived = run_rig_recover(script, BYTES);
	expect_recoverable(lived);
	ck_assert_int_eq(lived.start, -EBADF);
}
END_TEST

/* Made for recovery: what goes wrong once it is live leaves it, what went wrong before is undone, a stop is a stop. */
START_TEST(test_a_device_made_for_recovery)
{
	struct run_rig_lived lived = run_rig_start_recoverable(plane_healthy(), 2);

	ck_assert(lived.start == 0 && lived.wait == 0 && !lived.left && !plane.exists);
	for (uint32_t fault = PLANE_QUEUE_NOT_STARTED; fault < PLANE_QUEUE_FAULTS; fault++) {
		struct plane script = plane_healthy();

		script.queue_fault = fault;
		lived = run_rig_start_recoverable(script, 2);
		ck_assert_msg(plane.exists == (fault == PLANE_QUEUE_FAILS_LIVE), "fault %u: %s", fault, plane.sent);
		ck_assert_int_eq(lived.left, fault == PLANE_QUEUE_FAILS_LIVE);
		ck_assert_int_eq(lived.start == 0, fault >= PLANE_QUEUE_FAILS_LIVE);
	}
	for (uint32_t stop_at = 1; stop_at <= LAST_STEP; stop_at++) {
		struct plane script = plane_healthy();

		script.stop_at = stop_at;
		lived = run_rig_start_recoverable(script, 2);
		ck_assert_msg(!plane.exists && !lived.left, "stop at %u: %s", stop_at, plane.sent);
	}
	{
		struct plane script = plane_healthy();

		script.end = PLANE_END_OUTSIDE;
		lived = run_rig_start_recoverable(script, 2);
		ck_assert(lived.wait == 0 && lived.left && plane.exists && !plane.stopped);
	}
}
END_TEST

/* A kernel without the way that was asked for is told apart before anything is made. */
START_TEST(test_a_way_that_the_kernel_lacks)
{
	struct plane script = plane_healthy();

	script.features &= ~UBLK_F_USER_RECOVERY;
	ck_assert_int_eq(run_rig_start_recoverable(script, 1).start, -EOPNOTSUPP);
	ck_assert_str_eq(plane.sent, "features ");
	ck_assert_ptr_nonnull(strstr(run_rig_error, "--recovery fail"));
	script = plane_healthy();
	script.dropped = UBLK_F_USER_RECOVERY;
	ck_assert_int_eq(run_rig_start_recoverable(script, 1).start, -EOPNOTSUPP);
	ck_assert(!plane.exists);
}
END_TEST

/* ---- what cannot be taken over ------------------------------------------------------------- */

static void expect_untouched(struct plane script, uint64_t backend_bytes, int error, const char *why)
{
	ck_assert_int_eq(run_rig_recover(script, backend_bytes).start, error);
	ck_assert_msg(strstr(run_rig_error, why), "%s", run_rig_error);
	ck_assert_msg(!strstr(plane.sent, "recover"), "touched: %s", plane.sent);
}

START_TEST(test_what_does_not_fit_is_not_touched)
{
	struct plane script = plane_orphan(1);

	expect_untouched(script, BYTES - 512, -EINVAL, "smaller");
	script.orphan_state = UBLK_S_DEV_DEAD;
	expect_untouched(script, BYTES, -EINVAL, "stopped");
	script = plane_orphan(1);
	script.orphan_features = UBLK_F_CMD_IOCTL_ENCODE;
	expect_untouched(script, BYTES, -EINVAL, "without recovery");
	script = plane_orphan(1);
	script.orphan_features |= UBLK_F_USER_COPY;
	expect_untouched(script, BYTES, -EINVAL, "mode");
	script = plane_orphan(1);
	script.exists = false;
	ck_assert_int_eq(run_rig_recover(script, BYTES).start, -ENODEV);
	ck_assert_ptr_nonnull(strstr(run_rig_error, "no device of this number"));
}
END_TEST

Suite *suite(void)
{
	Suite *run = suite_create("run_recover");
	TCase *sound = tcase_create("without faults");
	TCase *faults = tcase_create("faults");

	tcase_add_test(sound, test_a_recovery_without_faults);
	tcase_add_test(sound, test_a_larger_backend);
	tcase_add_test(sound, test_aborted_from_outside_is_left);
	tcase_add_test(sound, test_a_late_release_is_waited_for);
	tcase_add_test(sound, test_a_release_that_never_comes);
	tcase_add_loop_test(sound, test_a_stop_at_any_moment, 1, LAST_STEP + 1);
	tcase_add_test(sound, test_a_device_made_for_recovery);
	tcase_add_test(sound, test_a_way_that_the_kernel_lacks);
	tcase_add_test(sound, test_what_does_not_fit_is_not_touched);
	suite_add_tcase(run, sound);
	tcase_set_timeout(faults, 30);
	tcase_add_loop_test(faults, test_a_command_refused, 0, OPS * ERRNOS);
	tcase_add_loop_test(faults, test_a_queue_fails, PLANE_QUEUE_NOT_STARTED, PLANE_QUEUE_FAULTS);
	tcase_add_test(faults, test_end_behind_a_foreign_stop);
	suite_add_tcase(run, faults);
	return run;
}
