/* Completions in every order: two tags whose requests, answers and ends interleave in all possible ways. */
#include <errno.h>

#include "suite.h"
#include "support/serve_rig.h"

enum { TAGS = 2 };

static struct rig rig;

struct way {
	enum rig_plan plan;
	uint32_t events_per_turn;
};

static const struct way ways[] = {
	{ RIG_IO, 1 }, { RIG_IO, 2 }, { RIG_LATER, 1 }, { RIG_LATER, 2 }, { RIG_DONE, 1 }, { RIG_DONE, 2 },
};
enum { WAYS = sizeof(ways) / sizeof(ways[0]) };

/* How a run stands. */
struct run {
	uint32_t requests[TAGS];  /* brought so far */
	uint32_t per_turn;
	uint32_t in_turn;         /* events since the last turn */
	bool waits_for_backend[TAGS];
	bool retired[TAGS];
};

static void run_turn(struct run *run)
{
	if (run->in_turn > 0)
		rig_turn_on(&rig);
	run->in_turn = 0;
}

static void run_event(struct run *run)
{
	if (++run->in_turn == run->per_turn)
		run_turn(run);
}

static uint64_t request_offset(uint16_t tag, uint32_t number)
{
	return 4096 * (1 + 10 * (uint64_t)tag + number);
}

/* The tag's last request was seen by the backend as it was asked, and its commit says so. */
static void run_check(const struct run *run, uint16_t tag)
{
	uint32_t number = run->requests[tag];

	RIG_ASSERT(rig.request[tag].offset_bytes == (number > 0 ? request_offset(tag, number) : 0));
	RIG_ASSERT(rig.commits[tag] == number);
	if (number > 0)
		rig_expect_commit(&rig, tag, 4096);
}

/* The tag's next event: a request comes, or what the backend does for it ends. */
static void run_move(struct run *run, uint16_t tag, enum rig_plan plan)
{
	if (!rig.has_command[tag] && !rig.has_io[tag] && !(run->waits_for_backend[tag] && plan == RIG_LATER))
		run_turn(run);
	if (run->waits_for_backend[tag]) {
		if (plan == RIG_LATER) {
			run_turn(run);
			later_put(rig.later, rig.request[tag].token, (struct refublk_outcome){ .done_bytes = 4096 });
		} else {
			rig_end_io(&rig, tag, 4096);
		}
		run->waits_for_backend[tag] = false;
	} else {
		run_check(run, tag);
		run->requests[tag]++;
		rig_describe(&rig, tag, UBLK_IO_OP_READ, request_offset(tag, run->requests[tag]) / 512, 8);
		rig_answer(&rig, tag, 0);
		run->waits_for_backend[tag] = plan != RIG_DONE;
	}
	run_event(run);
}

static void run_begin(struct run *run, struct way way)
{
	*run = (struct run){ .per_turn = way.events_per_turn };
	rig_open(&rig, TAGS, TAG_PLAIN, -1);
	rig.plan = way.plan;
	rig_begin(&rig);
}

/* The tag's command ends with -ENODEV, once its request is answered. */
static void run_retire(struct run *run, uint16_t tag, enum rig_plan plan)
{
	run_turn(run);
	if (run->waits_for_backend[tag]) {
		run_move(run, tag, plan);
		run_turn(run);
	}
	run_check(run, tag);
	rig_answer(&rig, tag, -ENODEV);
	run->retired[tag] = true;
}

static void run_end(struct run *run, struct way way)
{
	uint16_t tag;

	for (tag = 0; tag < TAGS; tag++)
		if (!run->retired[tag])
			run_retire(run, tag, way.plan);
	RIG_ASSERT(rig_turn(&rig).news == SERVE_OVER);
	RIG_ASSERT(serve_open(rig.serve) == 0);
	RIG_ASSERT(serve_busy(rig.serve) == 0);
	RIG_ASSERT(rig.lines == 0);
	rig_close(&rig);
}

static bool bits_are(uint32_t word, int bits)
{
	return __builtin_popcount(word) == bits;
}

/* Bit i of an order: whose event is the i-th. */
START_TEST(test_three_requests_of_two_tags_in_every_order)
{
	struct way way = ways[_i];
	int events = way.plan == RIG_DONE ? 3 : 6;
	uint32_t order;
	uint32_t runs = 0;

	for (order = 0; order < 1u << (TAGS * events); order++) {
		struct run run;
		int i;

		if (!bits_are(order, events))
			continue;
		run_begin(&run, way);
		for (i = 0; i < TAGS * events; i++)
			run_move(&run, order >> i & 1, way.plan);
		run_turn(&run);
		RIG_ASSERT(rig.calls == 6);
		run_end(&run, way);
		runs++;
	}
	ck_assert_uint_eq(runs, way.plan == RIG_DONE ? 20 : 924);
}
END_TEST

/* The tags in `aborted` end after `events` events; the others serve on to the end of the order. */
static void abort_after(struct way way, uint32_t order, int length, int events, uint32_t aborted)
{
	struct run run;
	int i;

	run_begin(&run, way);
	for (i = 0; i < length; i++) {
		uint16_t tag = order >> i & 1;

		if (i == events) {
			for (uint16_t each = 0; each < TAGS; each++)
				if ((aborted >> each & 1) != 0)
					run_retire(&run, each, way.plan);
			if (aborted == 3)
				break;
			rig_turn_on(&rig);
		}
		if (!run.retired[tag])
			run_move(&run, tag, way.plan);
	}
	run_turn(&run);
	run_end(&run, way);
}

START_TEST(test_tags_are_aborted_at_every_point_of_every_order)
{
	struct way way = ways[_i];
	int events = way.plan == RIG_DONE ? 2 : 4;
	uint32_t order;

	for (order = 0; order < 1u << (TAGS * events); order++)
		for (int point = 0; bits_are(order, events) && point <= TAGS * events; point++)
			for (uint32_t aborted = 1; aborted < 4; aborted++)
				abort_after(way, order, TAGS * events, point, aborted);
}
END_TEST

START_TEST(test_every_fetch_may_be_aborted_at_once)
{
	rig_open(&rig, 8, TAG_PLAIN, -1);
	rig_begin(&rig);
	for (uint16_t tag = 0; tag < 8; tag++)
		rig_answer(&rig, tag, -ENODEV);
	ck_assert_uint_eq(rig_turn(&rig).news, SERVE_OVER);
	ck_assert_uint_eq(rig.lines, 0);
	rig_close(&rig);
}
END_TEST

START_TEST(test_one_tag_that_stays_keeps_the_queue)
{
	rig_open(&rig, 8, TAG_PLAIN, -1);
	rig_begin(&rig);
	for (uint16_t tag = 0; tag < 8; tag++)
		if (tag != _i)
			rig_answer(&rig, tag, -ENODEV);
	rig_turn_on(&rig);
	rig_describe(&rig, (uint16_t)_i, UBLK_IO_OP_WRITE, 0, 8);
	rig_answer(&rig, (uint16_t)_i, 0);
	rig_turn_on(&rig);
	rig_expect_commit(&rig, (uint16_t)_i, 4096);
	rig_answer(&rig, (uint16_t)_i, -ENODEV);
	ck_assert_uint_eq(rig_turn(&rig).news, SERVE_OVER);
	rig_close(&rig);
}
END_TEST

Suite *suite(void)
{
	Suite *order = suite_create("serve_order");
	TCase *orders = tcase_create("orders");

	tcase_set_timeout(orders, 60);
	tcase_add_loop_test(orders, test_three_requests_of_two_tags_in_every_order, 0, WAYS);
	tcase_add_loop_test(orders, test_tags_are_aborted_at_every_point_of_every_order, 0, WAYS);
	tcase_add_test(orders, test_every_fetch_may_be_aborted_at_once);
	tcase_add_loop_test(orders, test_one_tag_that_stays_keeps_the_queue, 0, 8);
	suite_add_tcase(order, orders);
	return order;
}
