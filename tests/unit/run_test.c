/* The runner between a scripted kernel and scripted queues: whatever goes wrong and whenever somebody wants to stop,
 * nothing is left, nothing is sent in the wrong order, and the caller hears of it. */
#include <check.h>
#include <errno.h>
#include <string.h>

#include "suite.h"
#include "support/run_rig.h"
#include "uapi.h"

/* ---- without faults ------------------------------------------------------------------------ */

START_TEST(test_a_life_without_faults)
{
	struct run_rig_lived lived = run_rig_start(plane_healthy(), 1);

	ck_assert_int_eq(lived.start, 0);
	ck_assert_int_eq(lived.wait, 0);
	ck_assert_str_eq(plane.sent, "features add set get affinity start stop del ");
	ck_assert_uint_eq(run_rig_errors, 0);
	ck_assert(!plane.exists);
}
END_TEST

START_TEST(test_stopped_from_outside)
{
	struct plane script = plane_healthy();
	struct run_rig_lived lived;

	script.end = PLANE_END_OUTSIDE;
	lived = run_rig_start(script, 3);
	ck_assert_int_eq(lived.start, 0);
	ck_assert_int_eq(lived.wait, 0);
	ck_assert_str_eq(plane.sent, "features add set get affinity affinity affinity start stop del ");
	ck_assert(!plane.exists);
}
END_TEST

START_TEST(test_fewer_queues_than_asked)
{
	struct plane script = plane_healthy();
	struct run_rig_lived lived;

	script.queues_granted = 2;
	lived = run_rig_start(script, 16);
	ck_assert_int_eq(lived.start, 0);
	ck_assert_int_eq(lived.wait, 0);
	ck_assert_str_eq(plane.sent, "features add set get affinity affinity start stop del ");
}
END_TEST

/* All of them report before the runner reads the first report: none is lost. */
START_TEST(test_as_many_queues_as_there_can_be)
{
	struct run_rig_lived lived = run_rig_start(plane_healthy(), 4096);

	ck_assert_int_eq(lived.start, 0);
	ck_assert_int_eq(lived.wait, 0);
}
END_TEST

/* udev and its like open every new node for a moment. */
START_TEST(test_busy_node_is_waited_for)
{
	struct plane script = plane_healthy();
	struct run_rig_lived lived;

	script.busy_opens = 5;
	lived = run_rig_start(script, 1);
	ck_assert_int_eq(lived.start, 0);
	ck_assert_int_eq(lived.wait, 0);
}
END_TEST

/* _i: at which command or wait the stop comes. One that comes before the device is live ends the start with -EINTR. */
START_TEST(test_stop_at_any_moment)
{
	for (uint32_t queues = 1; queues <= 3; queues++) {
		struct plane script = plane_healthy();
		struct run_rig_lived lived;

		script.stop_at = (uint32_t)_i;
		script.scan_waits = queues == 2 ? 5 : 0;
		lived = run_rig_start(script, queues);
		ck_assert_msg(lived.start == -EINTR || lived.start == 0, "%d: %s", lived.start, run_rig_error);
		/* 5 commands, those of the other queues, the waits for two answers, each queue's report and the scan */
		if (_i <= 7 + 2 * (int)(queues - 1))
			ck_assert_int_eq(lived.start, -EINTR);
		if (lived.start == 0)
			ck_assert_int_eq(lived.wait, 0);
		ck_assert_uint_eq(run_rig_errors, 0);
		ck_assert_msg(!plane.exists, "left: %s", plane.sent);
	}
}
END_TEST

START_TEST(test_stop_while_the_node_is_busy)
{
	struct plane script = plane_healthy();

	script.busy_opens = UINT32_MAX;
	script.stop_at = 5; /* set by now, get under way */
	ck_assert_int_eq(run_rig_start(script, 1).start, -EINTR);
	ck_assert_uint_eq(run_rig_errors, 0);
	ck_assert(!plane.exists);
}
END_TEST

/* ---- faults -------------------------------------------------------------------------------- */

static const uint32_t ops[] = {
	UBLK_U_CMD_GET_FEATURES, UBLK_U_CMD_ADD_DEV,   UBLK_U_CMD_SET_PARAMS, UBLK_U_CMD_GET_PARAMS,
	UBLK_U_CMD_GET_QUEUE_AFFINITY, UBLK_U_CMD_START_DEV, UBLK_U_CMD_STOP_DEV,   UBLK_U_CMD_DEL_DEV,
};
static const int errnos[] = { -EINTR, -EBUSY, -EAGAIN, -ENODEV, -EINVAL, -EPERM, -EEXIST };
enum { OPS = sizeof(ops) / sizeof(ops[0]), ERRNOS = sizeof(errnos) / sizeof(errnos[0]), LAST_STEP = 30 };

/* A device that was added is gone, unless DEL itself was refused for good. */
static void expect_gone(const struct plane *script)
{
	if (script->fault_op != UBLK_U_CMD_DEL_DEV)
		ck_assert_msg(!plane.exists, "left after %d: %s", script->fault_error, plane.sent);
}

static bool passes(int error)
{
	return error == -EINTR || error == -EBUSY || error == -EAGAIN;
}

/* _i: which command with which errno. Refused once: what passes is sent again, the rest fails and is undone. */
START_TEST(test_a_command_refused_once)
{
	struct plane script = plane_healthy();
	struct run_rig_lived lived;
	bool up;

	script.fault_op = ops[_i / ERRNOS];
	script.fault_error = errnos[_i % ERRNOS];
	script.fault_times = 1;
	lived = run_rig_start(script, 3);
	up = script.fault_op == UBLK_U_CMD_STOP_DEV || script.fault_op == UBLK_U_CMD_DEL_DEV;
	expect_gone(&script);
	if (up || lived.start == 0) {
		ck_assert_int_eq(lived.start, 0);
	} else {
		ck_assert_int_eq(lived.start, script.fault_error);
		ck_assert_uint_ge(run_rig_errors, 1);
		ck_assert_ptr_nonnull(strchr(run_rig_error, '('));
	}
	if (script.fault_op == UBLK_U_CMD_ADD_DEV || script.fault_op == UBLK_U_CMD_SET_PARAMS ||
	    script.fault_op == UBLK_U_CMD_START_DEV)
		ck_assert_int_eq(lived.start == 0, passes(script.fault_error));
	/* A signal breaks nothing, whatever it interrupts. */
	if (script.fault_error == -EINTR)
		ck_assert_int_eq(lived.start, 0);
}
END_TEST

/* Refused for ever, and, in the inner loop, a stop at any moment as well. */
START_TEST(test_a_command_refused_for_ever_and_a_stop)
{
	for (uint32_t stop_at = 0; stop_at <= LAST_STEP; stop_at++) {
		struct plane script = plane_healthy();
		struct run_rig_lived lived;

		script.fault_op = ops[_i / ERRNOS];
		script.fault_error = errnos[_i % ERRNOS];
		/* A kernel that answers EINTR for ever keeps a server for ever. */
		script.fault_times = script.fault_error == -EINTR ? 100 : UINT32_MAX;
		script.stop_at = stop_at;
		lived = run_rig_start(script, 2);
		expect_gone(&script);
		ck_assert_int_le(lived.start, 0);
		ck_assert_msg(lived.start == 0 || lived.start == -EINTR || run_rig_errors > 0, "%d without a line", lived.start);
	}
}
END_TEST

START_TEST(test_del_refused_for_good_is_said)
{
	struct plane script = plane_healthy();
	struct run_rig_lived lived;

	script.fault_op = UBLK_U_CMD_DEL_DEV;
	script.fault_error = -EPERM;
	script.fault_times = UINT32_MAX;
	lived = run_rig_start(script, 1);
	ck_assert_int_eq(lived.start, 0);
	ck_assert_int_eq(lived.wait, -EIO);
	ck_assert_uint_ge(run_rig_errors, 1);
	ck_assert_ptr_nonnull(strstr(run_rig_error, "delete"));
}
END_TEST

/* _i: how a queue fails; all places of it, and a stop at any moment as well. */
START_TEST(test_a_queue_fails)
{
	for (uint16_t qid = 0; qid < 3; qid++) {
		for (uint32_t stop_at = 0; stop_at <= LAST_STEP; stop_at++) {
			struct plane script = plane_healthy();
			struct run_rig_lived lived;

			script.queue_fault = (uint32_t)_i;
			script.fault_qid = qid;
			script.stop_at = stop_at;
			lived = run_rig_start(script, 3);
			ck_assert_msg(!plane.exists, "left: %s", plane.sent);
			if (stop_at)
				continue;
			ck_assert_uint_ge(run_rig_errors, 1);
			if (_i < PLANE_QUEUE_FAILS_LIVE) {
				ck_assert_int_eq(lived.start, _i == PLANE_QUEUE_NOT_STARTED ? -ENOMEM : -EBADF);
			} else {
				ck_assert_int_eq(lived.start, 0);
				ck_assert_int_eq(lived.wait, -EIO);
			}
		}
	}
}
END_TEST

/* What the second DEL says is what the first one did. */
START_TEST(test_del_interrupted_after_the_removal)
{
	struct plane script = plane_healthy();
	struct run_rig_lived lived;

	script.del_interrupted = true;
	lived = run_rig_start(script, 1);
	ck_assert_int_eq(lived.wait, 0);
	ck_assert_uint_eq(run_rig_errors, 0);
	ck_assert_str_eq(plane.sent, "features add set get affinity start stop del del ");
}
END_TEST

/* Those of the undo are only said. */
START_TEST(test_first_failure_is_the_one_that_counts)
{
	struct plane script = plane_healthy();

	script.queue_fault = PLANE_QUEUE_NOT_STARTED;
	script.fault_op = UBLK_U_CMD_DEL_DEV;
	script.fault_error = -EPERM;
	script.fault_times = UINT32_MAX;
	ck_assert_int_eq(run_rig_start(script, 1).start, -ENOMEM);
	ck_assert_ptr_nonnull(strstr(run_rig_error, "delete"));
}
END_TEST

/* A pause before a command is sent again is no deadline of seconds. */
START_TEST(test_pauses_are_short)
{
	struct plane script = plane_healthy();

	ck_assert_int_eq(run_rig_start(script, 1).start, 0);
	ck_assert_uint_ge(plane.shortest_ms, 1000);
	script = plane_healthy();
	script.fault_op = UBLK_U_CMD_START_DEV;
	script.fault_error = -EBUSY;
	script.fault_times = 1;
	ck_assert_int_eq(run_rig_start(script, 1).start, 0);
	ck_assert_uint_le(plane.shortest_ms, 200);
}
END_TEST

/* ---- what the kernel grants ---------------------------------------------------------------- */

START_TEST(test_missing_feature_adds_nothing)
{
	struct plane script = plane_healthy();

	script.features = UBLK_F_NEED_GET_DATA;
	ck_assert_int_eq(run_rig_start(script, 1).start, -EOPNOTSUPP);
	ck_assert_str_eq(plane.sent, "features ");
	ck_assert_uint_ge(run_rig_errors, 1);
}
END_TEST

START_TEST(test_dropped_feature_is_undone)
{
	struct plane script = plane_healthy();

	script.dropped = UBLK_F_NEED_GET_DATA;
	ck_assert_int_eq(run_rig_start(script, 1).start, -EOPNOTSUPP);
	ck_assert_str_eq(plane.sent, "features add stop del ");
	ck_assert_uint_ge(run_rig_errors, 1);
	ck_assert(!plane.exists);
}
END_TEST

START_TEST(test_other_params_are_noticed)
{
	struct plane script = plane_healthy();

	script.other_params = true;
	ck_assert_int_eq(run_rig_start(script, 1).start, -EOPNOTSUPP);
	ck_assert_str_eq(plane.sent, "features add set get stop del ");
	ck_assert(!plane.exists);
}
END_TEST

Suite *suite(void)
{
	Suite *run = suite_create("run");
	TCase *sound = tcase_create("without faults");
	TCase *faults = tcase_create("faults");
	TCase *grants = tcase_create("grants");

	tcase_add_test(sound, test_a_life_without_faults);
	tcase_add_test(sound, test_stopped_from_outside);
	tcase_add_test(sound, test_fewer_queues_than_asked);
	tcase_add_test(sound, test_as_many_queues_as_there_can_be);
	tcase_add_test(sound, test_busy_node_is_waited_for);
	tcase_add_loop_test(sound, test_stop_at_any_moment, 1, LAST_STEP + 1);
	tcase_add_test(sound, test_stop_while_the_node_is_busy);
	suite_add_tcase(run, sound);
	tcase_set_timeout(faults, 30);
	tcase_add_loop_test(faults, test_a_command_refused_once, 0, OPS * ERRNOS);
	tcase_add_loop_test(faults, test_a_command_refused_for_ever_and_a_stop, 0, OPS * ERRNOS);
	tcase_add_test(faults, test_del_refused_for_good_is_said);
	tcase_add_test(faults, test_del_interrupted_after_the_removal);
	tcase_add_test(faults, test_first_failure_is_the_one_that_counts);
	tcase_add_test(faults, test_pauses_are_short);
	tcase_add_loop_test(faults, test_a_queue_fails, PLANE_QUEUE_NOT_STARTED, PLANE_QUEUE_FAULTS);
	suite_add_tcase(run, faults);
	tcase_add_test(grants, test_missing_feature_adds_nothing);
	tcase_add_test(grants, test_dropped_feature_is_undone);
	tcase_add_test(grants, test_other_params_are_noticed);
	suite_add_tcase(run, grants);
	return run;
}
