#include "daemon.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "say.h"

/* For the handler: whom the parent waits for. */
static volatile sig_atomic_t daemon_child;

static void daemon_hand_on(int number)
{
	int saved = errno;

	(void)number;
	kill((pid_t)daemon_child, SIGTERM);
	errno = saved;
}

/* Closes what the caller of `add` left open: a daemon would hold it for ever. */
static void daemon_close_inherited(int kept)
{
	if (kept > 3)
		close_range(3, (unsigned int)kept - 1, 0);
	close_range((unsigned int)kept + 1, ~0U, 0);
}

pid_t daemon_fork(int *fd)
{
	int ends[2];
	pid_t child;

	if (pipe2(ends, O_CLOEXEC) < 0)
		return -errno;
	child = fork();
	if (child < 0) {
		int error = -errno;

		close(ends[0]);
		close(ends[1]);
		return error;
	}
	*fd = child == 0 ? ends[1] : ends[0];
	close(child == 0 ? ends[0] : ends[1]);
	if (child == 0) {
		daemon_close_inherited(*fd);
		setsid();
	}
	return child;
}

static void daemon_let_go(void)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	for (int fd = 0; fd <= 2; fd++) {
		if (null >= 0)
			dup2(null, fd);
		else
			close(fd);
	}
	if (null > 2)
		close(null);
}

int daemon_report(int fd, struct daemon_word word)
{
	ssize_t count;

	if (word.status == SAY_OK)
		daemon_let_go();
	do
		count = write(fd, &word, sizeof(word));
	while (count < 0 && errno == EINTR);
	count = count < 0 ? -errno : 0;
	close(fd);
	return (int)count;
}

static void daemon_watch_signals(pid_t child)
{
	static const int numbers[] = { SIGINT, SIGTERM, SIGHUP };
	struct sigaction action = { .sa_handler = daemon_hand_on };

	daemon_child = child;
	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
		sigaction(numbers[i], &action, NULL);
}

/* The child went without a word: what is known of its end. */
static struct daemon_word daemon_silent(pid_t child)
{
	int status = 0;

	while (waitpid(child, &status, 0) < 0 && errno == EINTR)
		;
	if (WIFSIGNALED(status))
		say_error("the server died of signal %d (%s) before the device was live; `refublk list` shows what it left behind",
			  WTERMSIG(status), strsignal(WTERMSIG(status)));
	else
		say_error("the server ended before the device was live; `refublk list` shows what it left behind");
	return (struct daemon_word){ .status = SAY_FAILED };
}

struct daemon_word daemon_await(int fd, pid_t child)
{
	struct daemon_word word;
	ssize_t count;

	daemon_watch_signals(child);
	do
		count = read(fd, &word, sizeof(word));
	while (count < 0 && errno == EINTR);
	close(fd);
	return count == (ssize_t)sizeof(word) ? word : daemon_silent(child);
}
