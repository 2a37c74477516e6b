#include "signals.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "clock.h"
#include "holders.h"
#include "say.h"
#include "sync.h"

enum { SIGNALS_LATE_MS = 10 * 1000 };

/* A handler has no argument: what it needs stands here. */
static struct {
	struct refublk **device;
	struct log log;
	pthread_t watcher;
	int read_fd;
	int write_fd;
	int sync_fd;               /* -1: nothing is being written back */
	volatile sig_atomic_t live; /* the watcher decides, not the handler */
	volatile sig_atomic_t came;
	atomic_bool over;          /* the watcher shall end */
	bool watched;              /* there is a watcher */
} signals = { .sync_fd = -1 };

static void signals_handle(int number)
{
	int saved = errno;
	char byte = (char)number;

	signals.came = 1;
	/* A full pipe holds enough signals already. */
	if (signals.live)
		(void)!write(signals.write_fd, &byte, 1);
	else
		refublk_stop(__atomic_load_n(signals.device, __ATOMIC_SEQ_CST));
	errno = saved;
}

int signals_install(struct refublk **device)
{
	static const int numbers[] = { SIGINT, SIGTERM, SIGHUP };
	struct sigaction action = { .sa_handler = signals_handle, .sa_flags = SA_RESTART };
	struct sigaction ignore = { .sa_handler = SIG_IGN }, before;
	int ends[2];

	if (pipe2(ends, O_CLOEXEC | O_NONBLOCK) < 0) {
		say_error("cannot make a pipe for signals: %s", strerror(errno));
		return -EMFILE;
	}
	signals.read_fd = ends[0];
	signals.write_fd = ends[1];
	signals.device = device;
	sigaction(SIGPIPE, &ignore, NULL);
	/* A file size limit is an error of the backing file, not the end of the server. */
	sigaction(SIGXFSZ, &ignore, NULL);
	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
		sigaction(numbers[i], NULL, &before);
		if (numbers[i] != SIGHUP || before.sa_handler != SIG_IGN)
			sigaction(numbers[i], &action, NULL);
	}
	return 0;
}

bool signals_came(void)
{
	return signals.came;
}

/* ---- the watcher --------------------------------------------------------------------------- */

static void signals_stop(void)
{
	refublk_stop(*signals.device);
}

static void signals_begin_stop(void)
{
	const char *path = refublk_block_path(*signals.device);

	if (signals.sync_fd >= 0) {
		signals_stop(); /* asked again: whoever asks does not want to wait for the write-back */
		return;
	}
	signals.sync_fd = sync_begin(path);
	if (signals.sync_fd >= 0)
		return;
	log_say(signals.log, REFUBLK_WARNING, "cannot write %s back before it stops: %s", path, strerror(-signals.sync_fd));
	signals.sync_fd = -1;
	signals_stop();
}

static void signals_synced(void)
{
	char word = SYNC_FAILED;

	if (read(signals.sync_fd, &word, 1) == 1 && word != SYNC_DONE)
		log_say(signals.log, REFUBLK_WARNING, "%s: not everything could be written back",
			refublk_block_path(*signals.device));
	close(signals.sync_fd);
	signals.sync_fd = -1;
	signals_stop();
}

/* asked_ms: when the last refusal was. Returns when this one was, or 0. */
static uint64_t signals_answer(int number, uint64_t asked_ms)
{
	const char *path = refublk_block_path(*signals.device);
	char line[HOLDERS_LINE_BYTES];
	struct holders holders;
	uint64_t now = clock_ms();

	if (signals.sync_fd >= 0) {
		signals_begin_stop();
		return 0;
	}
	holders_find("", refublk_id(*signals.device), &holders);
	if (holders.count == 0) {
		signals_begin_stop();
		return 0;
	}
	holders_line(&holders, line);
	if (number == SIGINT && (asked_ms == 0 || now - asked_ms > SIGNALS_AGAIN_MS)) {
		log_say(signals.log, REFUBLK_WARNING, "%s is in use: %s; it stays: interrupt again within %d s to stop it all the same",
			path, line, SIGNALS_AGAIN_MS / 1000);
		return now;
	}
	log_say(signals.log, REFUBLK_WARNING, "%s is stopped although it is in use: %s", path, line);
	signals_begin_stop();
	return 0;
}

static void *signals_run(void *unused)
{
	uint64_t asked_ms = 0;
	char byte;

	for (;;) {
		struct pollfd pollers[2] = { { .fd = signals.read_fd, .events = POLLIN },
					     { .fd = signals.sync_fd, .events = POLLIN } };
		int ready = poll(pollers, 2, signals.sync_fd >= 0 ? SIGNALS_LATE_MS : -1);

		if (ready == 0)
			log_say(signals.log, REFUBLK_WARNING,
				"%s: still writing back before the stop; the backend is slow, or hangs; signal again to stop at once",
				refublk_block_path(*signals.device));
		if (pollers[1].revents)
			signals_synced();
		if (ready <= 0 || !pollers[0].revents || read(signals.read_fd, &byte, 1) != 1)
			continue;
		if (atomic_load(&signals.over))
			return unused;
		asked_ms = signals_answer(byte, asked_ms);
	}
}

static int signals_make_thread(void)
{
#ifdef REFUBLK_TEST_FAULTS
	if (getenv("REFUBLK_TEST_FAIL_WATCH"))
		return EAGAIN;
#endif
	return pthread_create(&signals.watcher, NULL, signals_run, NULL);
}

int signals_watch(struct log log)
{
	sigset_t all, before;
	int error;

	signals.log = log;
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	error = signals_make_thread();
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (error) {
		say_error("cannot make a thread for signals: %s", strerror(error));
		return -error;
	}
	signals.watched = true;
	return 0;
}

void signals_live(void)
{
	/* The handler stops the device itself until it is told otherwise; one that came before there was a device could not.
	 * A disk that was taken over may have much to write back by now. */
	if (signals.came)
		(void)!write(signals.write_fd, &(char){ SIGTERM }, 1);
	signals.live = 1;
}

void signals_unwatch(void)
{
	char wake = 0;

	signals.live = 0;
	if (!signals.watched)
		return;
	atomic_store(&signals.over, true);
	(void)!write(signals.write_fd, &wake, 1);
	pthread_join(signals.watcher, NULL);
	signals.watched = false;
	if (signals.sync_fd >= 0)
		close(signals.sync_fd);
	signals.sync_fd = -1;
}
