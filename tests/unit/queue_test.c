/* A queue's thread from its start to its report: what it says when, and that nothing of it is left. */
#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "queue.h"
#include "report.h"
#include "serve.h"
#include "suite.h"
#include "support/port_quiet.h"

enum { TAGS = 4, PATIENCE_MS = 5000 };

static int reports[2];
static int char_fd;
static struct queue *queue;
static _Atomic uint64_t token; /* of the request that the backend answers later */
static _Atomic uint32_t lines;
static atomic_bool signals_blocked;

static void note(void *context, enum refublk_level level, const char *line)
{
	sigset_t now;

	(void)context;
	(void)level;
	(void)line;
	pthread_sigmask(SIG_SETMASK, NULL, &now);
	if (sigismember(&now, SIGTERM) && sigismember(&now, SIGINT) && sigismember(&now, SIGUSR1))
		atomic_store(&signals_blocked, true);
	atomic_fetch_add(&lines, 1);
}

static struct refublk_step answer_later(void *backend, const struct refublk_request *request)
{
	(void)backend;
	atomic_store(&token, request->token);
	return refublk_later();
}

static const struct refublk_backend backend = { .name = "test", .read = answer_later };

static void open_all(void)
{
	ck_assert_int_eq(pipe2(reports, O_NONBLOCK), 0);
	char_fd = memfd_create("refublk-queue-test", 0);
	ck_assert_int_eq(ftruncate(char_fd, 1 << 20), 0);
	atomic_store(&token, 0);
	atomic_store(&lines, 0);
	port_quiet_end_all(0);
	port_quiet_open_answer(0);
}

static void close_all(void)
{
	close(reports[0]);
	close(reports[1]);
	close(char_fd);
}

static void start(void)
{
	struct queue_setup setup = {
		.backend = &backend,
		.config = { .size_bytes = 1 << 20, .page_bytes = (uint64_t)getpagesize(), .block_bytes = 512,
			    .physical_block_bytes = 512, .max_io_bytes = 1 << 16, .queues = 2, .depth_tags = TAGS, .id = 5 },
		.log = { note, NULL },
		.stride_bytes = 24,
		.char_fd = char_fd,
		.report_fd = reports[1],
		.trace_fd = -1,
		.qid = 1,
	};

	ck_assert_int_eq(queue_start(&queue, &setup), 0);
}

static struct report next_report(void)
{
	struct pollfd readable = { .fd = reports[0], .events = POLLIN };
	struct report report;

	ck_assert_int_eq(poll(&readable, 1, PATIENCE_MS), 1);
	ck_assert_int_eq(read(reports[0], &report, sizeof(report)), sizeof(report));
	ck_assert_uint_eq(report.qid, 1);
	return report;
}

static void expect_report(uint16_t kind, int32_t error)
{
	struct report report = next_report();

	ck_assert_uint_eq(report.kind, kind);
	ck_assert_int_eq(report.error, error);
}

static bool nothing_reported(int milliseconds)
{
	struct pollfd readable = { .fd = reports[0], .events = POLLIN };

	return poll(&readable, 1, milliseconds) == 0;
}

static bool is_mapped(const char *name)
{
	FILE *maps = fopen("/proc/self/maps", "r");
	char line[512];
	bool found = false;

	ck_assert_ptr_nonnull(maps);
	while (fgets(line, sizeof(line), maps))
		found = found || strstr(line, name) != NULL;
	fclose(maps);
	return found;
}

/* After its last report a queue holds nothing of the character device. */
static void expect_released(void)
{
	ck_assert_uint_eq(port_quiet_open(), 0);
	ck_assert(!is_mapped("refublk-queue-test"));
	queue_join(queue);
	ck_assert(nothing_reported(0));
}

static void await_request(void)
{
	for (int i = 0; i < PATIENCE_MS && (atomic_load(&token) == 0 || queue_look(queue).open_requests == 0); i++)
		usleep(1000);
	ck_assert_uint_ne(atomic_load(&token), 0);
}

START_TEST(test_ready_when_every_tag_is_fetched_and_over_when_all_are_retired)
{
	start();
	expect_report(REPORT_READY, 0);
	ck_assert_uint_eq(port_quiet_commands(), TAGS);
	ck_assert(is_mapped("refublk-queue-test"));
	port_quiet_end_all(-ENODEV);
	expect_report(REPORT_OVER, 0);
	expect_released();
}
END_TEST

START_TEST(test_a_refused_fetch_is_a_failure_and_never_ready)
{
	port_quiet_end_all(-EINVAL);
	start();
	expect_report(REPORT_FAILED, -EINVAL);
	expect_released();
	ck_assert(atomic_load(&signals_blocked));
}
END_TEST

START_TEST(test_every_tag_aborted_at_once_is_over_without_being_ready)
{
	port_quiet_end_all(-ENODEV);
	start();
	expect_report(REPORT_OVER, 0);
	expect_released();
}
END_TEST

START_TEST(test_a_queue_that_breaks_later_fails)
{
	start();
	expect_report(REPORT_READY, 0);
	port_quiet_end_all(-EIO);
	expect_report(REPORT_FAILED, -EIO);
	expect_released();
}
END_TEST

START_TEST(test_no_descriptors)
{
	close(char_fd);
	char_fd = -1;
	start();
	expect_report(REPORT_FAILED, -EBADF);
	expect_released();
	ck_assert_uint_ge(atomic_load(&lines), 1);
}
END_TEST

START_TEST(test_no_ring)
{
	port_quiet_open_answer(-EMFILE);
	start();
	expect_report(REPORT_FAILED, -EMFILE);
	expect_released();
	ck_assert_uint_ge(atomic_load(&lines), 1);
}
END_TEST

START_TEST(test_leave_at_any_time)
{
	start();
	if (_i > 0)
		expect_report(REPORT_READY, 0);
	for (int i = 0; i < 1 + _i; i++)
		queue_leave(queue);
	if (_i == 0) {
		struct report report = next_report();

		if (report.kind == REPORT_READY)
			report = next_report();
		ck_assert_uint_eq(report.kind, REPORT_OVER);
	} else {
		expect_report(REPORT_OVER, 0);
	}
	queue_leave(queue);
	queue_complete(queue, 12345, (struct refublk_outcome){ 0 });
	expect_released();
}
END_TEST

START_TEST(test_leave_waits_for_a_later_outcome)
{
	unsigned char descriptor[24] = { [4] = 8 };

	/* Tag 0 of queue 1: read 8 sectors at 0. */
	ck_assert_int_eq(pwrite(char_fd, descriptor, sizeof(descriptor), 4096 * 24), sizeof(descriptor));
	start();
	expect_report(REPORT_READY, 0);
	port_quiet_request(0);
	await_request();
	ck_assert_uint_eq(queue_look(queue).open_requests, 1);
	ck_assert_uint_eq(queue_look(queue).backend_ios, 1);
	ck_assert_uint_eq(queue_of_token(atomic_load(&token)), 1);
	queue_leave(queue);
	ck_assert(nothing_reported(50));
	queue_complete(queue, atomic_load(&token), (struct refublk_outcome){ .done_bytes = 4096 });
	expect_report(REPORT_OVER, 0);
	expect_released();
}
END_TEST

/* A request of which nobody knows could be on its way to any other tag. */
START_TEST(test_a_queue_that_keeps_is_full_with_its_last_tag)
{
	const uint32_t round = SERVE_KEEPS + 5 * SERVE_PARTINGS;

	start();
	expect_report(REPORT_READY, 0);
	queue_part(queue, round);
	for (uint16_t tag = 0; tag < TAGS; tag++) {
		ck_assert(nothing_reported(20));
		port_quiet_request(tag);
	}
	expect_report(REPORT_FULL, (int32_t)round);
	ck_assert(nothing_reported(50));
	queue_leave(queue);
	expect_report(REPORT_OVER, 0);
	ck_assert_uint_eq(atomic_load(&token), 0);
	expect_released();
}
END_TEST

Suite *suite(void)
{
	Suite *suite = suite_create("queue");
	TCase *life = tcase_create("life");

	tcase_add_checked_fixture(life, open_all, close_all);
	tcase_set_timeout(life, 30);
	tcase_add_test(life, test_ready_when_every_tag_is_fetched_and_over_when_all_are_retired);
	tcase_add_test(life, test_a_refused_fetch_is_a_failure_and_never_ready);
	tcase_add_test(life, test_every_tag_aborted_at_once_is_over_without_being_ready);
	tcase_add_test(life, test_a_queue_that_breaks_later_fails);
	tcase_add_test(life, test_no_descriptors);
	tcase_add_test(life, test_no_ring);
	tcase_add_loop_test(life, test_leave_at_any_time, 0, 3);
	tcase_add_test(life, test_leave_waits_for_a_later_outcome);
	tcase_add_test(life, test_a_queue_that_keeps_is_full_with_its_last_tag);
	suite_add_tcase(suite, life);
	return suite;
}
