/* The small means: a line for a person, a report for the control plane, and the end of a program with a bug. */
#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "../../src/core/check.h"
#include "log.h"
#include "report.h"
#include "suite.h"

static char last_line[2048];
static int last_level;

static void note(void *context, enum refublk_level level, const char *line)
{
	*(int *)context += 1;
	last_level = (int)level;
	strncpy(last_line, line, sizeof(last_line) - 1);
}

START_TEST(test_a_line_is_formatted_and_cut)
{
	char wide[1000];
	int calls = 0;
	struct log log = { note, &calls };

	log_say(log, REFUBLK_WARNING, "queue %u: %s", 3, "text");
	ck_assert_str_eq(last_line, "queue 3: text");
	ck_assert_int_eq(last_level, REFUBLK_WARNING);
	memset(wide, 'x', sizeof(wide) - 1);
	wide[sizeof(wide) - 1] = '\0';
	log_say(log, REFUBLK_ERROR, "%s", wide);
	ck_assert_uint_eq(strlen(last_line), 500);
	ck_assert_int_eq(calls, 2);
	log_say((struct log){ 0 }, REFUBLK_ERROR, "%s", wide);
}
END_TEST

START_TEST(test_reports_pass_whole_and_keep_errno)
{
	struct report sent = { .kind = REPORT_FAILED, .qid = 4095, .error = -EIO };
	struct report got;
	int pipe_fds[2];
	int reports = 0;

	ck_assert_int_eq(pipe2(pipe_fds, O_NONBLOCK), 0);
	errno = EXDEV;
	/* More than the pipe holds: what finds it full is dropped, and nothing blocks. */
	for (int i = 0; i < 100000; i++)
		report_send(pipe_fds[1], sent);
	ck_assert_int_eq(errno, EXDEV);
	while (read(pipe_fds[0], &got, sizeof(got)) == (ssize_t)sizeof(got)) {
		ck_assert_int_eq(got.kind, sent.kind);
		ck_assert_int_eq(got.qid, sent.qid);
		ck_assert_int_eq(got.error, sent.error);
		reports++;
	}
	/* Each of the most queues that a device can have sends two. */
	ck_assert_int_ge(reports, 2 * 4096);
	close(pipe_fds[0]);
	close(pipe_fds[1]);
}
END_TEST

START_TEST(test_what_holds_does_nothing)
{
	CHECK(1 + 1 == 2);
}
END_TEST

START_TEST(test_what_does_not_hold_ends_the_process)
{
	CHECK(1 + 1 == 3);
}
END_TEST

Suite *suite(void)
{
	Suite *log = suite_create("log");
	TCase *means = tcase_create("means");

	tcase_add_test(means, test_a_line_is_formatted_and_cut);
	tcase_add_test(means, test_reports_pass_whole_and_keep_errno);
	tcase_add_test(means, test_what_holds_does_nothing);
	suite_add_death_test(means, test_what_does_not_hold_ends_the_process);
	suite_add_tcase(log, means);
	return log;
}
