/* One request at a time, from its descriptor to its commit, and what a backend can do wrong. */
#include <check.h>
#include <errno.h>
#include <string.h>

#include "serve_inside.h"
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
/* ---- requests ------------------------------------------------------------------------------ */

START_TEST(test_begin_fetches_every_tag_with_its_buffer)
{
	uint16_t tag;

	serve_begin(rig.serve);
	ck_assert_uint_eq(port_script_submitted(rig.port), 0);
	rig_turn_on(&rig);
	ck_assert_uint_eq(port_script_submitted(rig.port), 4);
	for (tag = 0; tag < 4; tag++)
		rig_expect(&rig, tag, UBLK_U_IO_FETCH_REQ, 0, rig_buffer(&rig, tag));
}
END_TEST

struct op_case {
	uint32_t op_flags;
	uint32_t op;
	int32_t result;
};

static const struct op_case op_cases[] = {
	{ UBLK_IO_OP_READ, REFUBLK_READ, 4096 },
	{ UBLK_IO_OP_WRITE | UBLK_IO_F_FUA, REFUBLK_WRITE, 4096 },
	{ UBLK_IO_OP_FLUSH, REFUBLK_FLUSH, 0 },
	{ UBLK_IO_OP_DISCARD, REFUBLK_DISCARD, 0 },
	{ UBLK_IO_OP_WRITE_ZEROES, REFUBLK_WRITE_ZEROES, 0 },
};
enum { OP_CASES = sizeof(op_cases) / sizeof(op_cases[0]) };

START_TEST(test_each_op_reaches_its_function_and_is_committed)
{
	struct op_case wanted = op_cases[_i];
	bool data = wanted.result > 0;

	rig_begin(&rig);
	rig_bring(&rig, 2, wanted.op_flags, data ? 16 : 0, wanted.op == REFUBLK_FLUSH ? 0 : 8);
	ck_assert_uint_eq(rig.calls, 1);
	ck_assert_uint_eq(rig.request[2].op, wanted.op);
	ck_assert_uint_eq(rig.request[2].offset_bytes, data ? 8192 : 0);
	ck_assert_uint_eq(rig.request[2].flags, (wanted.op_flags & UBLK_IO_F_FUA) != 0 ? REFUBLK_FUA : 0);
	ck_assert_ptr_eq(rig.request[2].memory, data ? rig_buffer(&rig, 2) : NULL);
	rig_expect_commit(&rig, 2, wanted.result);
	ck_assert_uint_eq(rig.lines, 0);
}
END_TEST

START_TEST(test_an_absent_function_is_not_supported)
{
	rig.backend.read = rig.backend.write = rig.backend.flush = NULL;
	rig.backend.discard = rig.backend.write_zeroes = NULL;
	rig_begin(&rig);
	rig_bring(&rig, 0, op_cases[_i].op_flags, 0, op_cases[_i].op == REFUBLK_FLUSH ? 0 : 8);
	rig_expect_commit(&rig, 0, -EOPNOTSUPP);
	ck_assert_uint_eq(rig.calls, 0);
}
END_TEST

START_TEST(test_the_same_tag_serves_again_and_again)
{
	uint32_t i;

	rig_begin(&rig);
	for (i = 0; i < 1000; i++) {
		rig_bring(&rig, 1, UBLK_IO_OP_WRITE, i, 1);
		rig_expect_commit(&rig, 1, 512);
		ck_assert_uint_eq(rig.request[1].offset_bytes, 512 * (uint64_t)i);
	}
	ck_assert_uint_eq(rig.commits[1], 1000);
	ck_assert_uint_eq(rig.commits[0], 0);
}
END_TEST

struct refusal_case {
	uint32_t op_flags;
	uint64_t sector;
	uint32_t sectors;
	int32_t result;
};

static const struct refusal_case refusal_cases[] = {
	{ UBLK_IO_OP_WRITE, 0, 0, -EIO },
	{ UBLK_IO_OP_READ, RIG_DEVICE_BYTES / 512, 1, -EIO },
	{ UBLK_IO_OP_READ, UINT64_MAX, 8, -EIO },
	{ UBLK_IO_OP_WRITE, 0, RIG_BUFFER_BYTES / 512 + 1, -EIO },
	{ 18, 0, 8, -EOPNOTSUPP },
	{ 255, 0, 8, -EOPNOTSUPP },
};

START_TEST(test_a_refused_descriptor_is_committed_at_once_and_said_once)
{
	struct refusal_case wrong = refusal_cases[_i];
	uint32_t times;

	rig_begin(&rig);
	for (times = 0; times < 3; times++) {
		rig_bring(&rig, (uint16_t)times, wrong.op_flags, wrong.sector, wrong.sectors);
		rig_expect_commit(&rig, (uint16_t)times, wrong.result);
	}
	ck_assert_uint_eq(rig.calls, 0);
	ck_assert_uint_eq(rig.lines, 1);
}
END_TEST

/* ---- outcomes ------------------------------------------------------------------------------ */

START_TEST(test_an_error_survives_or_is_said_once)
{
	rig.plan = RIG_STEP;
	rig_begin(&rig);
	rig.step = refublk_failed(ENOSPC);
	rig_bring(&rig, 0, UBLK_IO_OP_WRITE, 0, 8);
	rig_expect_commit(&rig, 0, -ENOSPC);
	ck_assert_uint_eq(rig.lines, 0);
	rig.step = refublk_failed(EDQUOT);
	rig_bring(&rig, 0, UBLK_IO_OP_WRITE, 0, 8);
	rig_expect_commit(&rig, 0, -ENOSPC);
	ck_assert_uint_eq(rig.lines, 1);
	rig_bring(&rig, 0, UBLK_IO_OP_WRITE, 0, 8);
	ck_assert_uint_eq(rig.lines, 1);
	rig.step = refublk_failed(EROFS);
	rig_bring(&rig, 0, UBLK_IO_OP_WRITE, 0, 8);
	rig_expect_commit(&rig, 0, -EIO);
	ck_assert_uint_eq(rig.lines, 2);
	ck_assert_ptr_nonnull(strstr(rig.last_line, strerror(EROFS)));
	rig.step.outcome.error = UINT32_MAX;
	rig_bring(&rig, 0, UBLK_IO_OP_WRITE, 0, 8);
	rig_expect_commit(&rig, 0, -EIO);
}
END_TEST

START_TEST(test_a_short_outcome_is_a_failure)
{
	static const uint64_t done[] = { 0, 512, 4095, 4097, UINT64_MAX };
	size_t i;

	rig.plan = RIG_STEP;
	rig_begin(&rig);
	for (i = 0; i < sizeof(done) / sizeof(done[0]); i++) {
		rig.step = refublk_done(done[i]);
		rig_bring(&rig, 0, UBLK_IO_OP_WRITE, 0, 8);
		rig_expect_commit(&rig, 0, -EIO);
		rig_bring(&rig, 0, UBLK_IO_OP_READ, 0, 8);
		rig_expect_commit(&rig, 0, -EIO);
	}
	ck_assert_uint_eq(rig.lines, 1);
}
END_TEST

START_TEST(test_an_unlawful_step_fails_the_request)
{
	static const struct refublk_step steps[] = {
		{ .kind = REFUBLK_STEP_LATER + 1 },
		{ .kind = UINT32_MAX },
		{ .kind = REFUBLK_STEP_IO, .io = { .op = REFUBLK_IO_FALLOCATE + 1 } },
		{ .kind = REFUBLK_STEP_IO, .io = { .op = REFUBLK_IO_READ, .length_bytes = 1u << 31 } },
		{ .kind = REFUBLK_STEP_IO, .io = { .op = REFUBLK_IO_WRITE, .length_bytes = UINT64_MAX } },
	};
	enum { STEPS = sizeof(steps) / sizeof(steps[0]) };

	rig.plan = RIG_STEP;
	rig_begin(&rig);
	for (size_t i = 0; i < STEPS; i++) {
		rig.step = steps[i];
		rig_bring(&rig, 0, UBLK_IO_OP_READ, 0, 8);
		rig_expect_commit(&rig, 0, -EIO);
	}
	rig.backend.resume = NULL;
	rig.step = (struct refublk_step){ .kind = REFUBLK_STEP_IO, .io = { .op = REFUBLK_IO_FDATASYNC } };
	rig_bring(&rig, 0, UBLK_IO_OP_FLUSH, 0, 0);
	rig_expect_commit(&rig, 0, -EIO);
	ck_assert_uint_eq(rig.lines, 4);
}
END_TEST

START_TEST(test_an_io_goes_to_the_port_and_its_result_to_resume)
{
	rig.plan = RIG_IO;
	rig_begin(&rig);
	rig_bring(&rig, 1, UBLK_IO_OP_READ, 8, 8);
	ck_assert(rig.has_io[1] && !rig.has_command[1]);
	ck_assert_uint_eq(rig.io[1].kind, PORT_IO);
	ck_assert_uint_eq(rig.io[1].io.op, REFUBLK_IO_READ);
	ck_assert_uint_eq(rig.io[1].io.offset_bytes, 4096);
	ck_assert_uint_eq(rig.io[1].io.length_bytes, 4096);
	ck_assert_ptr_eq(rig.io[1].io.memory, rig_buffer(&rig, 1));
	ck_assert_uint_eq(serve_busy(rig.serve), 1);
	rig_end_io(&rig, 1, 4096);
	rig_turn_on(&rig);
	ck_assert_uint_eq(rig.resumes, 1);
	rig_expect_commit(&rig, 1, 4096);
	rig_bring(&rig, 1, UBLK_IO_OP_READ, 8, 8);
	rig_end_io(&rig, 1, 4095);
	rig_turn_on(&rig);
	rig_expect_commit(&rig, 1, -EIO);
	rig_bring(&rig, 1, UBLK_IO_OP_READ, 8, 8);
	rig_end_io(&rig, 1, -ENOSPC);
	rig_turn_on(&rig);
	rig_expect_commit(&rig, 1, -ENOSPC);
	ck_assert_uint_eq(serve_busy(rig.serve), 0);
}
END_TEST

START_TEST(test_requests_are_held_against_the_size_of_the_moment)
{
	const uint32_t sectors = RIG_DEVICE_BYTES / 512;

	rig_begin(&rig);
	rig_bring(&rig, 0, UBLK_IO_OP_WRITE, sectors, 8);
	rig_expect_commit(&rig, 0, -EIO);
	rig.device_bytes = 2 * RIG_DEVICE_BYTES;
	rig_bring(&rig, 0, UBLK_IO_OP_WRITE, sectors, 8);
	rig_expect_commit(&rig, 0, 4096);
	ck_assert_uint_eq(rig.request[0].offset_bytes, RIG_DEVICE_BYTES);
	rig.device_bytes = 512 * 64;
	rig_bring(&rig, 0, UBLK_IO_OP_READ, 64, 8);
	rig_expect_commit(&rig, 0, -EIO);
	rig_bring(&rig, 0, UBLK_IO_OP_READ, 60, 8);
	rig_expect_commit(&rig, 0, -EIO);
	rig_bring(&rig, 0, UBLK_IO_OP_READ, 56, 8);
	rig_expect_commit(&rig, 0, 4096);
	ck_assert_uint_eq(rig.calls, 2);
}
END_TEST

/* What was accepted is under way in the backend: its answer is as good as ever. */
START_TEST(test_a_request_that_was_accepted_outlives_a_shrink)
{
	rig.plan = RIG_IO;
	rig_begin(&rig);
	rig_bring(&rig, 1, UBLK_IO_OP_READ, 128, 8);
	rig.device_bytes = 512 * 64;
	rig_end_io(&rig, 1, 4096);
	rig_turn_on(&rig);
	rig_expect_commit(&rig, 1, 4096);
	rig_bring(&rig, 1, UBLK_IO_OP_READ, 128, 8);
	rig_expect_commit(&rig, 1, -EIO);
}
END_TEST

START_TEST(test_serials_are_never_zero)
{
	ck_assert_uint_eq(serve_serial_after(0), 1);
	ck_assert_uint_eq(serve_serial_after(UINT32_MAX - 1), UINT32_MAX);
	ck_assert_uint_eq(serve_serial_after(UINT32_MAX), 1);
}
END_TEST

Suite *suite(void)
{
	Suite *serve = suite_create("serve");
	TCase *requests = tcase_create("requests");

	tcase_add_checked_fixture(requests, open_plain, close_rig);
	tcase_add_test(requests, test_begin_fetches_every_tag_with_its_buffer);
	tcase_add_loop_test(requests, test_each_op_reaches_its_function_and_is_committed, 0, OP_CASES);
	tcase_add_loop_test(requests, test_an_absent_function_is_not_supported, 0, OP_CASES);
	tcase_add_test(requests, test_the_same_tag_serves_again_and_again);
	tcase_add_loop_test(requests, test_a_refused_descriptor_is_committed_at_once_and_said_once, 0,
			    sizeof(refusal_cases) / sizeof(refusal_cases[0]));
	tcase_add_test(requests, test_an_error_survives_or_is_said_once);
	tcase_add_test(requests, test_a_short_outcome_is_a_failure);
	tcase_add_test(requests, test_an_unlawful_step_fails_the_request);
	tcase_add_test(requests, test_an_io_goes_to_the_port_and_its_result_to_resume);
	tcase_add_test(requests, test_requests_are_held_against_the_size_of_the_moment);
	tcase_add_test(requests, test_a_request_that_was_accepted_outlives_a_shrink);
	tcase_add_test(requests, test_serials_are_never_zero);
	suite_add_tcase(serve, requests);
	return serve;
}
