/* A queue that parts because another server takes over: everything that was taken is answered, and nothing more is. */
#include <check.h>
#include <errno.h>

#include "suite.h"
#include "support/serve_rig.h"

static struct rig rig;

static void open_plain(void)
{
	rig_open(&rig, 4, TAG_PLAIN, -1);
	rig_begin(&rig);
}

static void open_get_data(void)
{
	rig_open(&rig, 4, TAG_GET_DATA, -1);
	rig_begin(&rig);
}

static void close_rig(void)
{
	rig_close(&rig);
}

static void come(uint16_t tag)
{
	rig_describe(&rig, tag, UBLK_IO_OP_WRITE, 8, 8);
	rig_answer(&rig, tag, 0);
}

static void expect_over(void)
{
	struct serve_turn turn = rig_turn(&rig);

	ck_assert_uint_eq(turn.news, SERVE_OVER);
	ck_assert_int_eq(turn.error, 0);
	ck_assert_uint_eq(rig.lines, 0);
}

START_TEST(test_an_idle_queue_parts_at_once)
{
	rig.parting = SERVE_DRAINS;
	expect_over();
}
END_TEST

/* What is in the last turn is answered in it; a wait that carries the commit over would let more requests in. */
START_TEST(test_the_last_commit_is_left_to_the_ports_close)
{
	uint32_t waits;

	come(1);
	rig.parting = SERVE_DRAINS;
	waits = port_script_waits(rig.port);
	expect_over();
	rig_expect_commit(&rig, 1, 4096);
	ck_assert_uint_eq(port_script_waits(rig.port), waits + 1);
}
END_TEST

START_TEST(test_draining_answers_what_still_comes)
{
	rig.plan = RIG_IO;
	rig_bring(&rig, 1, UBLK_IO_OP_WRITE, 8, 8);
	rig.parting = SERVE_DRAINS;
	rig_turn_on(&rig);
	rig_bring(&rig, 2, UBLK_IO_OP_WRITE, 16, 8);
	ck_assert(rig.has_io[2]);
	rig_end_io(&rig, 1, 4096);
	rig_turn_on(&rig);
	rig_expect_commit(&rig, 1, 4096);
	rig_answer(&rig, 1, -ENODEV);
	rig_turn_on(&rig);
	rig_end_io(&rig, 2, 4096);
	expect_over();
	rig_expect_commit(&rig, 2, 4096);
}
END_TEST

START_TEST(test_draining_waits_for_a_late_answer)
{
	rig.plan = RIG_LATER;
	rig_bring(&rig, 0, UBLK_IO_OP_WRITE, 8, 8);
	rig.parting = SERVE_DRAINS;
	rig_turn_on(&rig);
	later_put(rig.later, rig.request[0].token, (struct refublk_outcome){ .done_bytes = 4096 });
	expect_over();
	rig_expect_commit(&rig, 0, 4096);
}
END_TEST

/* The driver copies: what comes of it is a request of ours. */
START_TEST(test_draining_waits_for_data_that_is_copied)
{
	rig_describe(&rig, 1, UBLK_IO_OP_WRITE, 8, 8);
	rig_answer(&rig, 1, 1);
	rig_turn_on(&rig);
	rig.parting = SERVE_DRAINS;
	rig_turn_on(&rig);
	rig_answer(&rig, 1, 0);
	expect_over();
	rig_expect_commit(&rig, 1, 4096);
}
END_TEST

/* What is under way when keeping begins is answered; what comes then stays, and nobody has looked at it. */
START_TEST(test_what_comes_is_kept_until_every_tag_is)
{
	rig.plan = RIG_IO;
	rig_bring(&rig, 1, UBLK_IO_OP_WRITE, 8, 8);
	rig.parting = SERVE_KEEPS;
	rig_turn_on(&rig);
	for (uint16_t tag = 0; tag < 4; tag++) {
		ck_assert(!serve_full(rig.serve));
		if (tag == 1) {
			rig_end_io(&rig, 1, 4096);
			rig_turn_on(&rig);
			rig_expect_commit(&rig, 1, 4096);
			ck_assert(!serve_full(rig.serve));
		}
		come(tag);
		rig_turn_on(&rig);
		ck_assert(!rig.has_io[tag]);
	}
	ck_assert(serve_full(rig.serve));
	atomic_store(&rig.leave, true);
	expect_over();
	ck_assert_uint_eq(rig.commits[1], 1);
}
END_TEST

START_TEST(test_what_was_kept_is_taken_up)
{
	rig.plan = RIG_IO;
	rig.parting = SERVE_KEEPS;
	for (uint16_t tag = 0; tag < 4; tag++)
		come(tag);
	rig_turn_on(&rig);
	ck_assert(serve_full(rig.serve));
	rig.parting = SERVE_STAYS;
	rig_turn_on(&rig);
	ck_assert(!serve_full(rig.serve));
	for (uint16_t tag = 0; tag < 4; tag++) {
		ck_assert(rig.has_io[tag]);
		rig_end_io(&rig, tag, 4096);
	}
	rig_turn_on(&rig);
	for (uint16_t tag = 0; tag < 4; tag++)
		rig_expect_commit(&rig, tag, 4096);
}
END_TEST

/* A WRITE that asks where its data shall go is kept as well, and asks again. */
START_TEST(test_a_write_that_asks_is_kept)
{
	rig_describe(&rig, 1, UBLK_IO_OP_WRITE, 8, 8);
	rig.parting = SERVE_KEEPS;
	rig_answer(&rig, 1, 1);
	rig_turn_on(&rig);
	rig.parting = SERVE_STAYS;
	rig_turn_on(&rig);
	rig_answer(&rig, 1, 0);
	rig_turn_on(&rig);
	rig_expect_commit(&rig, 1, 4096);
}
END_TEST

Suite *suite(void)
{
	Suite *part = suite_create("serve part");
	TCase *plain = tcase_create("plain");
	TCase *get_data = tcase_create("get-data");

	tcase_add_checked_fixture(plain, open_plain, close_rig);
	tcase_add_test(plain, test_an_idle_queue_parts_at_once);
	tcase_add_test(plain, test_the_last_commit_is_left_to_the_ports_close);
	tcase_add_test(plain, test_draining_answers_what_still_comes);
	tcase_add_test(plain, test_draining_waits_for_a_late_answer);
	tcase_add_test(plain, test_what_comes_is_kept_until_every_tag_is);
	tcase_add_test(plain, test_what_was_kept_is_taken_up);
	suite_add_tcase(part, plain);
	tcase_add_checked_fixture(get_data, open_get_data, close_rig);
	tcase_add_test(get_data, test_draining_waits_for_data_that_is_copied);
	tcase_add_test(get_data, test_a_write_that_asks_is_kept);
	suite_add_tcase(part, get_data);
	return part;
}
