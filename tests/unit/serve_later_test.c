/* Requests that foreign threads finish, between mailbox and commit. Under ThreadSanitizer too. */
#include <check.h>
#include <errno.h>
#include <pthread.h>

#include "suite.h"
#include "support/serve_rig.h"

static struct refublk_outcome done(uint64_t done_bytes)
{
	return (struct refublk_outcome){ .done_bytes = done_bytes };
}

static struct rig rig;

static void open_later(void)
{
	rig_open(&rig, 4, TAG_PLAIN, -1);
	rig.plan = RIG_LATER;
	rig_begin(&rig);
}

static void close_rig(void)
{
	rig_close(&rig);
}

static void bring(uint16_t tag)
{
	rig_describe(&rig, tag, UBLK_IO_OP_READ, tag * 8u, 8);
	rig_answer(&rig, tag, 0);
	rig_turn_on(&rig);
}

START_TEST(test_a_later_outcome_is_committed)
{
	bring(1);
	ck_assert(!rig.has_command[1]);
	ck_assert_uint_eq(serve_busy(rig.serve), 1);
	later_put(rig.later, rig.request[1].token, done(4096));
	rig_turn_on(&rig);
	rig_expect_commit(&rig, 1, 4096);
	bring(1);
	later_put(rig.later, rig.request[1].token, (struct refublk_outcome){ .error = ENOSPC });
	rig_turn_on(&rig);
	rig_expect_commit(&rig, 1, -ENOSPC);
	ck_assert_uint_eq(rig.lines, 0);
}
END_TEST

START_TEST(test_breaches_are_said_once_and_harm_nobody)
{
	uint64_t old;

	bring(1);
	bring(2);
	old = rig.request[1].token;
	later_put(rig.later, old, done(4096));
	later_put(rig.later, old, done(0));
	rig_turn_on(&rig);
	rig_expect_commit(&rig, 1, 4096);
	bring(1);
	later_put(rig.later, old, done(0));
	later_put(rig.later, later_token(RIG_QID, 3, 1), done(0));
	rig_turn_on(&rig);
	ck_assert(!rig.has_command[1] && !rig.has_command[2]);
	ck_assert_uint_eq(rig.lines, 1);
	later_put(rig.later, rig.request[1].token, done(4096));
	later_put(rig.later, rig.request[2].token, done(4096));
	rig_turn_on(&rig);
	rig_expect_commit(&rig, 1, 4096);
	rig_expect_commit(&rig, 2, 4096);
}
END_TEST

/* refublk_complete() for a request that the backend answers at once, or by an io. */
START_TEST(test_a_letter_for_what_waits_for_none_is_ignored)
{
	rig.plan = _i == 0 ? RIG_DONE : RIG_IO;
	bring(1);
	later_put(rig.later, rig.request[1].token, done(0));
	rig_turn_on(&rig);
	ck_assert_uint_eq(rig.lines, 1);
	if (_i == 1) {
		rig_end_io(&rig, 1, 4096);
		rig_turn_on(&rig);
	}
	rig_expect_commit(&rig, 1, 4096);
	ck_assert_uint_eq(rig.commits[1], 1);
}
END_TEST

/* The letter that such a backend left is not the answer to the tag's next request, which is handled before it is read. */
START_TEST(test_a_letter_for_the_request_before_is_ignored)
{
	rig.plan = RIG_DONE;
	bring(1);
	later_put(rig.later, rig.request[1].token, done(0));
	rig.plan = RIG_LATER;
	bring(1);
	ck_assert(!rig.has_command[1]);
	ck_assert_uint_eq(rig.lines, 1);
	later_put(rig.later, rig.request[1].token, done(4096));
	rig_turn_on(&rig);
	rig_expect_commit(&rig, 1, 4096);
}
END_TEST

static struct refublk_step complete_within(void *backend, const struct refublk_request *request)
{
	(void)backend;
	later_put(rig.later, request->token, done(request->length_bytes));
	return refublk_later();
}

START_TEST(test_an_outcome_may_come_before_its_step)
{
	rig.backend.read = complete_within;
	bring(1);
	rig_turn_on(&rig);
	rig_expect_commit(&rig, 1, 4096);
}
END_TEST

START_TEST(test_the_end_waits_for_letters)
{
	bring(1);
	if (_i == 0) {
		atomic_store(&rig.leave, true);
		later_wake(rig.later);
	} else if (_i == 1) {
		port_script_answer(rig.port, -EBADF);
	} else {
		rig_answer(&rig, 2, -EINVAL);
	}
	ck_assert_uint_eq(rig_turn(&rig).news, SERVE_ON);
	ck_assert_uint_eq(rig_turn(&rig).news, SERVE_ON);
	later_put(rig.later, rig.request[1].token, done(4096));
	ck_assert_uint_eq(rig_turn(&rig).news, _i == 0 ? SERVE_OVER : SERVE_BROKEN);
	ck_assert_uint_eq(rig.commits[1], _i == 0 ? 1 : 0);
}
END_TEST

/* ---- threads ------------------------------------------------------------------------------- */

enum { ROUNDS = 2000, QUEUES = 2, TAGS = 4 };

/* One worker finishes what two queues hand to it. Its box is a ring under a lock, as a backend's would be. */
static struct worker {
	pthread_mutex_t lock;
	pthread_cond_t news;
	struct { struct later *later; uint64_t token; } jobs[QUEUES * TAGS];
	uint32_t first;
	uint32_t count;
	bool over;
} worker = { .lock = PTHREAD_MUTEX_INITIALIZER, .news = PTHREAD_COND_INITIALIZER };

static void *worker_run(void *unused)
{
	pthread_mutex_lock(&worker.lock);
	while (worker.count > 0 || !worker.over) {
		while (worker.count == 0 && !worker.over)
			pthread_cond_wait(&worker.news, &worker.lock);
		if (worker.count == 0)
			break;
		struct later *later = worker.jobs[worker.first].later;
		uint64_t token = worker.jobs[worker.first].token;

		worker.first = (worker.first + 1) % (QUEUES * TAGS);
		worker.count--;
		pthread_mutex_unlock(&worker.lock);
		later_put(later, token, done(4096));
		later_put(later, token, done(0)); /* turned away, whenever it comes */
		pthread_mutex_lock(&worker.lock);
	}
	pthread_mutex_unlock(&worker.lock);
	return unused;
}

static struct refublk_step hand_over(void *backend, const struct refublk_request *request)
{
	struct rig *queue = backend;
	uint32_t place;

	queue->request[later_token_tag(request->token)] = *request;
	pthread_mutex_lock(&worker.lock);
	place = (worker.first + worker.count++) % (QUEUES * TAGS);
	worker.jobs[place].later = queue->later;
	worker.jobs[place].token = request->token;
	pthread_cond_signal(&worker.news);
	pthread_mutex_unlock(&worker.lock);
	return refublk_later();
}

/* Both queues have the same number: tokens are told apart by their mailbox here. */
static void *queue_run(void *argument)
{
	struct rig *queue = argument;
	uint32_t asked[TAGS] = { 0 };
	uint32_t retired = 0;

	while (retired < TAGS) {
		for (uint16_t tag = 0; tag < TAGS; tag++) {
			if (!queue->has_command[tag])
				continue;
			if (asked[tag] > 0)
				rig_expect(queue, tag, UBLK_U_IO_COMMIT_AND_FETCH_REQ, 4096, rig_buffer(queue, tag));
			rig_describe(queue, tag, UBLK_IO_OP_READ, asked[tag] % 8, 8);
			rig_answer(queue, tag, asked[tag] < ROUNDS ? 0 : -ENODEV);
			retired += asked[tag]++ == ROUNDS;
		}
		struct serve_turn turn = serve_turn(queue->serve, 1000);
		struct port_work work;

		ck_assert_uint_eq(turn.news, retired == TAGS ? SERVE_OVER : SERVE_ON);
		while (port_script_pushed(queue->port, &work)) {
			queue->command[work.command.payload.tag] = work;
			queue->has_command[work.command.payload.tag] = true;
			queue->commits[work.command.payload.tag]++;
		}
	}
	return NULL;
}

START_TEST(test_two_queues_and_a_thread_that_answers_later)
{
	static struct rig queues[QUEUES];
	pthread_t threads[QUEUES];
	pthread_t answering;

	for (int i = 0; i < QUEUES; i++) {
		rig_open(&queues[i], TAGS, TAG_PLAIN, -1);
		queues[i].backend.read = hand_over;
		rig_begin(&queues[i]);
	}
	ck_assert_int_eq(pthread_create(&answering, NULL, worker_run, NULL), 0);
	for (int i = 0; i < QUEUES; i++)
		ck_assert_int_eq(pthread_create(&threads[i], NULL, queue_run, &queues[i]), 0);
	for (int i = 0; i < QUEUES; i++)
		ck_assert_int_eq(pthread_join(threads[i], NULL), 0);
	pthread_mutex_lock(&worker.lock);
	worker.over = true;
	pthread_cond_signal(&worker.news);
	pthread_mutex_unlock(&worker.lock);
	ck_assert_int_eq(pthread_join(answering, NULL), 0);
	for (int i = 0; i < QUEUES; i++) {
		for (int tag = 0; tag < TAGS; tag++)
			ck_assert_uint_eq(queues[i].commits[tag], ROUNDS);
		ck_assert_uint_eq(queues[i].lines, 1);
		rig_close(&queues[i]);
	}
}
END_TEST

Suite *suite(void)
{
	Suite *suite = suite_create("serve_later");
	TCase *serve = tcase_create("serve");
	TCase *threads = tcase_create("threads");

	tcase_add_checked_fixture(serve, open_later, close_rig);
	tcase_add_test(serve, test_a_later_outcome_is_committed);
	tcase_add_test(serve, test_breaches_are_said_once_and_harm_nobody);
	tcase_add_loop_test(serve, test_a_letter_for_what_waits_for_none_is_ignored, 0, 2);
	tcase_add_test(serve, test_a_letter_for_the_request_before_is_ignored);
	tcase_add_test(serve, test_an_outcome_may_come_before_its_step);
	tcase_add_loop_test(serve, test_the_end_waits_for_letters, 0, 3);
	suite_add_tcase(suite, serve);

	tcase_set_timeout(threads, 60);
	tcase_add_test(threads, test_two_queues_and_a_thread_that_answers_later);
	suite_add_tcase(suite, threads);
	return suite;
}
