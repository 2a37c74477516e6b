/* daemon: the child's word reaches its parent, whatever becomes of either. */
#include "suite.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "daemon.h"
#include "say.h"

/* stderr is a pipe while the parent waits; returns how many lines came through. */
static struct daemon_word await_quietly(int fd, pid_t child, int *lines)
{
	int kept = dup(STDERR_FILENO), ends[2];
	struct daemon_word word;
	char text[2048];
	ssize_t length;

	ck_assert_int_eq(pipe2(ends, O_NONBLOCK), 0);
	dup2(ends[1], STDERR_FILENO);
	word = daemon_await(fd, child);
	dup2(kept, STDERR_FILENO);
	length = read(ends[0], text, sizeof(text));
	*lines = 0;
	for (ssize_t i = 0; i < length; i++)
		*lines += text[i] == '\n';
	close(kept);
	close(ends[0]);
	close(ends[1]);
	return word;
}

static int exit_status_of(pid_t child)
{
	int status;

	ck_assert_int_eq(waitpid(child, &status, 0), child);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

/* 0 to 2 are /dev/null. */
static bool let_go(void)
{
	struct stat null, found;

	for (int fd = 0; fd <= 2; fd++) {
		if (stat("/dev/null", &null) < 0 || fstat(fd, &found) < 0 || found.st_rdev != null.st_rdev)
			return false;
	}
	return true;
}

START_TEST(test_word_of_success)
{
	struct daemon_word word;
	int fd, lines;
	pid_t child = daemon_fork(&fd);

	ck_assert_int_ge(child, 0);
	if (child == 0) {
		struct daemon_word said = { .status = SAY_OK, .id = 7, .pid = (int32_t)getpid() };
		bool leads = getsid(0) == getpid();

		_exit(daemon_report(fd, said) == 0 && leads && let_go() ? 0 : 1);
	}
	word = await_quietly(fd, child, &lines);
	ck_assert_int_eq(word.status, SAY_OK);
	ck_assert_int_eq(word.id, 7);
	ck_assert_int_eq(word.pid, child);
	ck_assert_int_eq(lines, 0);
	ck_assert_int_eq(exit_status_of(child), 0);
}
END_TEST

/* What failed has said why itself: its parent adds nothing, and its stderr stays. */
START_TEST(test_word_of_failure)
{
	struct daemon_word word;
	int fd, lines;
	pid_t child = daemon_fork(&fd);

	if (child == 0) {
		(void)daemon_report(fd, (struct daemon_word){ .status = SAY_IN_USE });
		_exit(let_go() ? 1 : 0);
	}
	word = await_quietly(fd, child, &lines);
	ck_assert_int_eq(word.status, SAY_IN_USE);
	ck_assert_int_eq(lines, 0);
	ck_assert_int_eq(exit_status_of(child), 0);
}
END_TEST

START_TEST(test_child_without_a_word)
{
	struct daemon_word word;
	int fd, lines;
	pid_t child = daemon_fork(&fd);

	if (child == 0) {
		if (_i)
			raise(SIGKILL);
		_exit(0);
	}
	word = await_quietly(fd, child, &lines);
	ck_assert_int_eq(word.status, SAY_FAILED);
	ck_assert_int_eq(lines, 1);
}
END_TEST

START_TEST(test_parent_is_gone)
{
	struct sigaction ignore = { .sa_handler = SIG_IGN };
	int fd;
	pid_t child = daemon_fork(&fd);

	if (child == 0) {
		sigaction(SIGPIPE, &ignore, NULL);
		usleep(100 * 1000);
		_exit(daemon_report(fd, (struct daemon_word){ .status = SAY_OK }) == -EPIPE ? 0 : 1);
	}
	close(fd);
	ck_assert_int_eq(exit_status_of(child), 0);
}
END_TEST

START_TEST(test_nothing_is_inherited)
{
	int low = open("/dev/null", O_RDONLY), high = fcntl(low, F_DUPFD, 200), fd;
	pid_t child;

	ck_assert_int_ge(high, 200);
	child = daemon_fork(&fd);
	if (child == 0) {
		for (int other = 3; other < 1024; other++) {
			if (other != fd && fcntl(other, F_GETFD) >= 0)
				_exit(1);
		}
		_exit(fcntl(fd, F_GETFD) == FD_CLOEXEC && fcntl(0, F_GETFD) >= 0 ? 0 : 2);
	}
	close(fd);
	close(low);
	close(high);
	ck_assert_int_eq(exit_status_of(child), 0);
}
END_TEST

/* Ctrl-C on `add` undoes the start: the child is told, and its word is still waited for. */
START_TEST(test_signal_is_handed_on)
{
	static const int numbers[] = { SIGINT, SIGTERM, SIGHUP };
	struct daemon_word word;
	sigset_t term;
	int fd, lines, number;
	pid_t child, sender;

	sigemptyset(&term);
	sigaddset(&term, SIGTERM);
	sigprocmask(SIG_BLOCK, &term, NULL);
	child = daemon_fork(&fd);
	if (child == 0) {
		sigwait(&term, &number);
		(void)daemon_report(fd, (struct daemon_word){ .status = SAY_FAILED });
		_exit(0);
	}
	sigprocmask(SIG_UNBLOCK, &term, NULL);
	sender = fork();
	if (sender == 0) {
		usleep(200 * 1000);
		kill(getppid(), numbers[_i]);
		_exit(0);
	}
	word = await_quietly(fd, child, &lines);
	ck_assert_int_eq(word.status, SAY_FAILED);
	ck_assert_int_eq(lines, 0);
	ck_assert_int_eq(exit_status_of(sender), 0);
	ck_assert_int_eq(exit_status_of(child), 0);
}
END_TEST

Suite *suite(void)
{
	Suite *all = suite_create("daemon");
	TCase *tcase = tcase_create("daemon");

	tcase_set_timeout(tcase, 30);
	tcase_add_test(tcase, test_word_of_success);
	tcase_add_test(tcase, test_word_of_failure);
	tcase_add_loop_test(tcase, test_child_without_a_word, 0, 2);
	tcase_add_test(tcase, test_parent_is_gone);
	tcase_add_test(tcase, test_nothing_is_inherited);
	tcase_add_loop_test(tcase, test_signal_is_handed_on, 0, 3);
	suite_add_tcase(all, tcase);
	return all;
}
