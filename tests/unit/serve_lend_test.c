/* Get-data mode: where a WRITE's data goes, and what memory is lent for. */
#include <check.h>
#include <errno.h>

#include "suite.h"
#include "support/serve_rig.h"

static struct rig rig;

static void open_get_data(void)
{
	rig_open(&rig, 2, TAG_GET_DATA, -1);
	rig_begin(&rig);
}

static void close_rig(void)
{
	rig_close(&rig);
}

static void bring(uint16_t tag, uint32_t op_flags, uint64_t sector, uint32_t sectors, int32_t result)
{
	rig_describe(&rig, tag, op_flags, sector, sectors);
	rig_answer(&rig, tag, result);
	rig_turn_on(&rig);
}

static void expect_ask(uint16_t tag, const void *address)
{
	rig_expect(&rig, tag, UBLK_U_IO_NEED_GET_DATA, 0, address);
}

static void expect_commit(uint16_t tag, int32_t result, const void *address)
{
	rig_expect(&rig, tag, UBLK_U_IO_COMMIT_AND_FETCH_REQ, result, address);
}

static void expect_broken(int32_t error)
{
	struct serve_turn turn = rig_turn(&rig);

	ck_assert_uint_eq(turn.news, SERVE_BROKEN);
	ck_assert_int_eq(turn.error, error);
}

START_TEST(test_without_a_loan_the_data_goes_to_the_buffer)
{
	rig.backend.lend = _i == 0 ? NULL : rig.backend.lend;
	bring(1, UBLK_IO_OP_WRITE, 8, 8, 1);
	ck_assert_uint_eq(rig.calls, 0);
	expect_ask(1, rig_buffer(&rig, 1));
	bring(1, UBLK_IO_OP_WRITE, 8, 8, 0);
	ck_assert_ptr_eq(rig.request[1].memory, rig_buffer(&rig, 1));
	expect_commit(1, 4096, rig_buffer(&rig, 1));
	bring(1, UBLK_IO_OP_READ, 8, 8, 0);
	ck_assert_ptr_eq(rig.request[1].memory, rig_buffer(&rig, 1));
	expect_commit(1, 4096, rig_buffer(&rig, 1));
}
END_TEST

START_TEST(test_a_write_goes_straight_to_lent_memory)
{
	rig.lends = true;
	bring(1, UBLK_IO_OP_WRITE | UBLK_IO_F_FUA, 8, 8, 1);
	expect_ask(1, rig.disk + 4096);
	bring(1, UBLK_IO_OP_WRITE | UBLK_IO_F_FUA, 8, 8, 0);
	ck_assert_uint_eq(rig.calls, 1);
	ck_assert_ptr_eq(rig.request[1].memory, rig.disk + 4096);
	ck_assert_uint_eq(rig.request[1].flags, REFUBLK_FUA);
	expect_commit(1, 4096, rig_buffer(&rig, 1));
}
END_TEST

START_TEST(test_a_read_is_answered_out_of_lent_memory)
{
	rig.lends = true;
	bring(1, UBLK_IO_OP_READ, 16, 4, 0);
	ck_assert_uint_eq(rig.calls, 0);
	expect_commit(1, 2048, rig.disk + 8192);
	bring(1, UBLK_IO_OP_FLUSH, 0, 0, 0);
	ck_assert_uint_eq(rig.calls, 1);
	expect_commit(1, 0, rig_buffer(&rig, 1));
}
END_TEST

START_TEST(test_plain_mode_never_lends)
{
	rig_close(&rig);
	rig_open(&rig, 2, TAG_PLAIN, -1);
	rig_begin(&rig);
	rig.lends = true;
	bring(1, UBLK_IO_OP_READ, 16, 4, 0);
	expect_commit(1, 2048, rig_buffer(&rig, 1));
	bring(1, UBLK_IO_OP_WRITE, 16, 4, 0);
	ck_assert_ptr_eq(rig.request[1].memory, rig_buffer(&rig, 1));
}
END_TEST

/* The driver could copy a part only, lowers the descriptor, and says 0. */
START_TEST(test_a_part_in_lent_memory_is_a_failure)
{
	rig.lends = true;
	bring(1, UBLK_IO_OP_WRITE, 8, 8, 1);
	bring(1, UBLK_IO_OP_WRITE, 8, (uint32_t)_i, 0);
	expect_commit(1, -EIO, rig_buffer(&rig, 1));
	ck_assert_uint_eq(rig.calls, 0);
	ck_assert_uint_eq(rig.lines, 1);
}
END_TEST

START_TEST(test_another_range_than_was_lent_for_is_a_failure)
{
	rig.lends = true;
	bring(1, UBLK_IO_OP_WRITE, 8, 8, 1);
	bring(1, UBLK_IO_OP_WRITE, 16, 8, 0);
	expect_commit(1, -EIO, rig_buffer(&rig, 1));
	ck_assert_uint_eq(rig.calls, 0);
}
END_TEST

struct other_case {
	uint32_t op;
	uint32_t sectors;
	int32_t result;
	bool calls;
};

/* Nothing could be copied: the WRITE is requeued, and another request takes the tag. */
static const struct other_case other_cases[] = {
	{ UBLK_IO_OP_READ, 8, 4096, false },
	{ UBLK_IO_OP_FLUSH, 0, 0, true },
	{ UBLK_IO_OP_DISCARD, 8, 0, true },
	{ UBLK_IO_OP_WRITE_ZEROES, 8, 0, true },
};

START_TEST(test_another_request_after_the_copy_is_served_as_itself)
{
	struct other_case other = other_cases[_i];

	rig.lends = true;
	bring(1, UBLK_IO_OP_WRITE, 8, 8, 1);
	bring(1, other.op, 24, other.sectors, 0);
	expect_commit(1, other.result, other.calls ? rig_buffer(&rig, 1) : rig.disk + 24 * 512);
	ck_assert_uint_eq(rig.calls, other.calls);
	if (other.calls)
		ck_assert_ptr_null(rig.request[1].memory);
}
END_TEST

START_TEST(test_a_read_after_the_copy_uses_the_tags_buffer_without_a_loan)
{
	rig.lends = true;
	bring(1, UBLK_IO_OP_WRITE, 8, 8, 1);
	expect_ask(1, rig.disk + 4096);
	rig.lends = false;
	bring(1, UBLK_IO_OP_READ, 8, 8, 0);
	ck_assert_ptr_eq(rig.request[1].memory, rig_buffer(&rig, 1));
	expect_commit(1, 4096, rig_buffer(&rig, 1));
}
END_TEST

START_TEST(test_another_write_asks_for_its_own_place)
{
	rig.lends = true;
	bring(1, UBLK_IO_OP_WRITE, 8, 8, 1);
	bring(1, UBLK_IO_OP_WRITE, 40, 8, 1);
	expect_ask(1, rig.disk + 40 * 512);
	bring(1, UBLK_IO_OP_WRITE, 40, 8, 0);
	ck_assert_ptr_eq(rig.request[1].memory, rig.disk + 40 * 512);
	expect_commit(1, 4096, rig_buffer(&rig, 1));
}
END_TEST

START_TEST(test_a_refused_write_gets_its_data_into_the_buffer_and_fails)
{
	static const struct { uint64_t sector; uint32_t sectors; } wrong[] = {
		{ 0, 0 }, { RIG_DEVICE_BYTES / 512, 8 }, { UINT64_MAX, 1 },
	};

	rig.lends = true;
	bring(1, UBLK_IO_OP_WRITE, wrong[_i].sector, wrong[_i].sectors, 1);
	expect_ask(1, rig_buffer(&rig, 1));
	bring(1, UBLK_IO_OP_WRITE, wrong[_i].sector, wrong[_i].sectors, 0);
	expect_commit(1, -EIO, rig_buffer(&rig, 1));
	ck_assert_uint_eq(rig.calls, 0);
	ck_assert_uint_eq(rig.lines, 1);
}
END_TEST

/* Inside the device or beyond its end: there is no memory for that much data. */
START_TEST(test_a_write_longer_than_the_buffer_gets_no_address)
{
	uint32_t pushed = port_script_count(rig.port);

	rig_describe(&rig, 1, UBLK_IO_OP_WRITE, _i == 0 ? 0 : RIG_DEVICE_BYTES / 512, RIG_BUFFER_BYTES / 512 + 1);
	rig_answer(&rig, 1, 1);
	expect_broken(-EPROTO);
	ck_assert_uint_eq(port_script_count(rig.port), pushed);
	ck_assert_uint_eq(serve_open(rig.serve), 1);
}
END_TEST

START_TEST(test_a_refused_or_aborted_copy)
{
	bring(1, UBLK_IO_OP_WRITE, 8, 8, 1);
	if (_i == 0) {
		rig_answer(&rig, 1, -ENODEV);
		rig_answer(&rig, 0, -ENODEV);
		ck_assert_uint_eq(rig_turn(&rig).news, SERVE_OVER);
	} else {
		rig_answer(&rig, 1, -EINVAL);
		expect_broken(-EINVAL);
		ck_assert_uint_eq(serve_open(rig.serve), 1);
	}
}
END_TEST

START_TEST(test_leaving_places_nothing)
{
	atomic_store(&rig.leave, true);
	rig_describe(&rig, 1, UBLK_IO_OP_WRITE, 8, 8);
	rig_answer(&rig, 1, 1);
	ck_assert_uint_eq(rig_turn(&rig).news, SERVE_OVER);
	ck_assert(!rig.has_command[1]);
}
END_TEST

START_TEST(test_no_room_for_the_question_breaks_the_queue)
{
	port_script_set_room(rig.port, 0);
	rig_describe(&rig, 1, UBLK_IO_OP_WRITE, 8, 8);
	rig_answer(&rig, 1, 1);
	expect_broken(-ENOSPC);
}
END_TEST

Suite *suite(void)
{
	Suite *lend = suite_create("serve_lend");
	TCase *get_data = tcase_create("get-data");

	tcase_add_checked_fixture(get_data, open_get_data, close_rig);
	tcase_add_loop_test(get_data, test_without_a_loan_the_data_goes_to_the_buffer, 0, 2);
	tcase_add_test(get_data, test_a_write_goes_straight_to_lent_memory);
	tcase_add_test(get_data, test_a_read_is_answered_out_of_lent_memory);
	tcase_add_test(get_data, test_plain_mode_never_lends);
	tcase_add_loop_test(get_data, test_a_part_in_lent_memory_is_a_failure, 0, 8);
	tcase_add_test(get_data, test_another_range_than_was_lent_for_is_a_failure);
	tcase_add_loop_test(get_data, test_another_request_after_the_copy_is_served_as_itself, 0, 4);
	tcase_add_test(get_data, test_a_read_after_the_copy_uses_the_tags_buffer_without_a_loan);
	tcase_add_test(get_data, test_another_write_asks_for_its_own_place);
	tcase_add_loop_test(get_data, test_a_refused_write_gets_its_data_into_the_buffer_and_fails, 0, 3);
	tcase_add_loop_test(get_data, test_a_write_longer_than_the_buffer_gets_no_address, 0, 2);
	tcase_add_loop_test(get_data, test_a_refused_or_aborted_copy, 0, 2);
	tcase_add_test(get_data, test_leaving_places_nothing);
	tcase_add_test(get_data, test_no_room_for_the_question_breaks_the_queue);
	suite_add_tcase(lend, get_data);
	return lend;
}
