/* What ends a queue: the ring, the driver, or the wish to leave; and what is still finished then. */
#include <check.h>
#include <errno.h>

#include "command.h"
#include "suite.h"
#include "support/serve_rig.h"

static struct rig rig;

static void open_plain(void)
{
	rig_open(&rig, 4, TAG_PLAIN, -1);
}

static void close_rig(void)
{
	rig_close(&rig);
}

/* The tag's request comes; the turn after it has dealt with it. */
static struct serve_turn expect_end(uint32_t news)
{
	struct serve_turn turn = rig_turn(&rig);

	ck_assert_msg(turn.news == news, "news %u, error %d, log: %s", turn.news, turn.error, rig.last_line);
	return turn;
}

static void expect_broken(int32_t error)
{
	struct serve_turn turn = expect_end(SERVE_BROKEN);

	ck_assert_int_eq(turn.error, error);
}

/* ---- the port ------------------------------------------------------------------------------ */

START_TEST(test_a_full_ring_breaks_the_queue_at_once)
{
	port_script_set_room(rig.port, (uint32_t)_i);
	serve_begin(rig.serve);
	expect_broken(-ENOSPC);
	ck_assert_uint_eq(rig.lines, 1);
}
END_TEST

START_TEST(test_no_room_for_a_commit_breaks_the_queue)
{
	rig_begin(&rig);
	port_script_set_room(rig.port, 0);
	rig_describe(&rig, 0, UBLK_IO_OP_READ, 0, 8);
	rig_answer(&rig, 0, 0);
	expect_broken(-ENOSPC);
	ck_assert_uint_eq(serve_open(rig.serve), 1);
}
END_TEST

START_TEST(test_no_room_for_an_io_breaks_the_queue)
{
	rig.plan = RIG_IO;
	rig_begin(&rig);
	port_script_set_room(rig.port, 0);
	rig_describe(&rig, 0, UBLK_IO_OP_READ, 0, 8);
	rig_answer(&rig, 0, 0);
	expect_broken(-ENOSPC);
	ck_assert_uint_eq(serve_busy(rig.serve), 0);
}
END_TEST

START_TEST(test_an_interrupted_wait_is_said_and_loses_nothing)
{
	serve_begin(rig.serve);
	port_script_answer(rig.port, -EINTR);
	ck_assert_uint_eq(rig_turn(&rig).news, SERVE_INTERRUPTED);
	ck_assert_uint_eq(port_script_submitted(rig.port), 0);
	rig_turn_on(&rig);
	ck_assert_uint_eq(port_script_submitted(rig.port), 4);
	rig_describe(&rig, 0, UBLK_IO_OP_READ, 0, 8);
	rig_answer(&rig, 0, 0);
	port_script_answer(rig.port, -EINTR);
	ck_assert_uint_eq(rig_turn(&rig).news, SERVE_INTERRUPTED);
	rig_turn_on(&rig);
	rig_expect_commit(&rig, 0, 4096);
}
END_TEST

START_TEST(test_a_failing_wait_breaks_the_queue)
{
	rig_begin(&rig);
	port_script_answer(rig.port, -EBADF);
	expect_broken(-EBADF);
	ck_assert_uint_eq(rig.lines, 1);
}
END_TEST

START_TEST(test_lost_completions_break_the_queue)
{
	rig_begin(&rig);
	port_script_lose(rig.port, 1);
	expect_broken(-EOVERFLOW);
}
END_TEST

/* ---- the driver ---------------------------------------------------------------------------- */

START_TEST(test_a_refused_command_breaks_the_queue)
{
	static const int32_t errors[] = { -EINVAL, -EBUSY, -EIO, -EAGAIN, -ECANCELED };

	rig_begin(&rig);
	if (_i % 2 == 1)
		rig_bring(&rig, 1, UBLK_IO_OP_READ, 0, 8);
	rig_answer(&rig, 1, errors[_i / 2]);
	expect_broken(errors[_i / 2]);
	ck_assert_uint_eq(serve_open(rig.serve), (uint32_t)_i % 2);
	ck_assert_uint_eq(rig.lines, 1);
}
END_TEST

START_TEST(test_a_strange_completion_breaks_the_queue)
{
	static const int32_t strange[] = { 1, 2, 4096, INT32_MAX };

	rig_begin(&rig);
	rig_answer(&rig, 1, strange[_i]);
	expect_broken(-EPROTO);
	ck_assert_uint_eq(rig.calls, 0);
}
END_TEST

START_TEST(test_a_broken_queue_waits_for_its_backend_and_sends_no_command)
{
	uint32_t pushed;

	rig.plan = RIG_IO;
	rig_begin(&rig);
	rig_bring(&rig, 0, UBLK_IO_OP_READ, 0, 8);
	pushed = port_script_count(rig.port);
	rig_answer(&rig, 1, -EINVAL);
	rig_turn_on(&rig);
	rig_describe(&rig, 2, UBLK_IO_OP_READ, 0, 8);
	rig_answer(&rig, 2, 0);
	rig_turn_on(&rig);
	ck_assert_uint_eq(rig.calls, 1);
	rig_end_io(&rig, 0, 4096);
	expect_broken(-EINVAL);
	ck_assert_uint_eq(rig.resumes, 1);
	ck_assert_uint_eq(port_script_count(rig.port), pushed);
	ck_assert_uint_eq(serve_open(rig.serve), 2);
	ck_assert_uint_eq(rig.lines, 1);
}
END_TEST

START_TEST(test_what_was_pushed_before_the_break_is_submitted)
{
	rig_begin(&rig);
	rig_describe(&rig, 0, UBLK_IO_OP_READ, 0, 8);
	rig_answer(&rig, 0, 0);
	rig_answer(&rig, 1, -EINVAL);
	expect_broken(-EINVAL);
	rig_expect_commit(&rig, 0, 4096);
	ck_assert_uint_eq(port_script_submitted(rig.port), 5);
}
END_TEST

START_TEST(test_a_stray_completion_breaks_the_queue)
{
	struct command_user user = { .kind = COMMAND_UBLK, .tag = 1, .serial = 1 };
	uint64_t strays[6];

	rig_begin(&rig);
	rig_bring(&rig, 1, UBLK_IO_OP_READ, 0, 8);
	strays[0] = 0;
	strays[1] = UINT64_MAX;
	strays[2] = command_user_encode(user);
	user.tag = 4;
	strays[3] = command_user_encode(user);
	user = command_user_decode(rig.command[1].user_data);
	user.kind = COMMAND_BACKEND;
	strays[4] = command_user_encode(user);
	user.kind = COMMAND_CONTROL;
	strays[5] = command_user_encode(user);
	port_script_complete(rig.port, strays[_i], 0);
	expect_broken(-EPROTO);
	ck_assert_uint_eq(rig.calls, 1);
}
END_TEST

/* ---- leaving ------------------------------------------------------------------------------- */

START_TEST(test_leave_ends_an_idle_queue)
{
	rig_begin(&rig);
	atomic_store(&rig.leave, true);
	later_wake(rig.later);
	(void)expect_end(SERVE_OVER);
	ck_assert(serve_ending(rig.serve));
}
END_TEST

START_TEST(test_leave_waits_for_the_backend_and_takes_no_more_requests)
{
	rig.plan = RIG_IO;
	rig_begin(&rig);
	rig_bring(&rig, 0, UBLK_IO_OP_READ, 0, 8);
	atomic_store(&rig.leave, true);
	later_wake(rig.later);
	rig_turn_on(&rig);
	rig_bring(&rig, 1, UBLK_IO_OP_READ, 0, 8);
	ck_assert_uint_eq(rig.calls, 1);
	rig_end_io(&rig, 0, 4096);
	(void)expect_end(SERVE_OVER);
	rig_expect_commit(&rig, 0, 4096);
	ck_assert_uint_eq(port_script_submitted(rig.port), 6);
	ck_assert_uint_eq(rig.commits[1], 0);
}
END_TEST

Suite *suite(void)
{
	Suite *serve = suite_create("serve_break");
	TCase *breaks = tcase_create("breaks");

	tcase_add_checked_fixture(breaks, open_plain, close_rig);
	tcase_add_loop_test(breaks, test_a_full_ring_breaks_the_queue_at_once, 0, 5);
	tcase_add_test(breaks, test_no_room_for_a_commit_breaks_the_queue);
	tcase_add_test(breaks, test_no_room_for_an_io_breaks_the_queue);
	tcase_add_test(breaks, test_an_interrupted_wait_is_said_and_loses_nothing);
	tcase_add_test(breaks, test_a_failing_wait_breaks_the_queue);
	tcase_add_test(breaks, test_lost_completions_break_the_queue);
	tcase_add_loop_test(breaks, test_a_refused_command_breaks_the_queue, 0, 10);
	tcase_add_loop_test(breaks, test_a_strange_completion_breaks_the_queue, 0, 4);
	tcase_add_test(breaks, test_a_broken_queue_waits_for_its_backend_and_sends_no_command);
	tcase_add_test(breaks, test_what_was_pushed_before_the_break_is_submitted);
	tcase_add_loop_test(breaks, test_a_stray_completion_breaks_the_queue, 0, 6);
	tcase_add_test(breaks, test_leave_ends_an_idle_queue);
	tcase_add_test(breaks, test_leave_waits_for_the_backend_and_takes_no_more_requests);
	suite_add_tcase(serve, breaks);
	return serve;
}
