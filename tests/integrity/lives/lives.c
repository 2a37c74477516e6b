/* Lives of devices that no command line leads: several in one process, a storm of signals with a stop at any moment,
 * a number that is taken, users and backends that hold on, an opener that is quicker than the server.
 *
 *   lives [NAME…]    runs these, or all; one line each, exit status 1 when one fails. As root, on a machine with ublk.
 *
 * After each: no file of the process, no node in /dev is left. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <refublk.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

enum { DISK_BYTES = 16 << 20, BLOCK_BYTES = 4096, HOLD_MS = 6000, STORM_LIVES = 24 };

static struct refublk *device;
static char late_line[512]; /* the last warning */
static char failure[512];   /* why the life fails; empty: it does not */

static double seconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static void fail(const char *what, long number)
{
	if (!failure[0])
		snprintf(failure, sizeof(failure), "%s (%ld)", what, number);
}

static void keep_line(void *context, enum refublk_level level, const char *line)
{
	(void)context;
	if (level == REFUBLK_WARNING)
		snprintf(late_line, sizeof(late_line), "%s", line);
	if (level <= REFUBLK_WARNING)
		printf("    %s\n", line);
}

/* ---- a disk of zeroes, whose writes may have to wait --------------------------------------- */

static atomic_bool holding;
static _Atomic uint64_t held_token;

static struct refublk_step disk_read(void *context, const struct refublk_request *request)
{
	(void)context;
	memset(request->memory, 0, request->length_bytes);
	return refublk_done(request->length_bytes);
}

static struct refublk_step disk_write(void *context, const struct refublk_request *request)
{
	(void)context;
	if (!atomic_load(&holding))
		return refublk_done(request->length_bytes);
	atomic_store(&held_token, request->token);
	return refublk_later();
}

static const struct refublk_backend backend = { .name = "lives", .read = disk_read, .write = disk_write };

static struct refublk_options options_of(uint32_t queues, uint32_t depth)
{
	struct refublk_options options = refublk_defaults();

	options.size_bytes = DISK_BYTES;
	options.queues = queues;
	options.depth = depth;
	options.max_io_bytes = 64 << 10;
	options.log = keep_line;
	return options;
}

/* Reads or writes the first block past the page cache. */
static void touch(const char *path, bool write)
{
	void *block = NULL;
	int fd = open(path, (write ? O_WRONLY : O_RDONLY) | O_DIRECT | O_CLOEXEC);
	ssize_t count;

	if (fd < 0 || posix_memalign(&block, BLOCK_BYTES, BLOCK_BYTES)) {
		fail("cannot open the disk", errno);
	} else {
		memset(block, 0, BLOCK_BYTES);
		count = write ? pwrite(fd, block, BLOCK_BYTES, 0) : pread(fd, block, BLOCK_BYTES, 0);
		if (count != BLOCK_BYTES)
			fail("I/O fails", errno);
	}
	free(block);
	if (fd >= 0)
		close(fd);
}

static void stop_and_free(struct refublk *which)
{
	int error;

	refublk_stop(which);
	error = refublk_wait(which);
	if (error)
		fail("refublk_wait", error);
	refublk_free(which);
}

/* ---- the lives ----------------------------------------------------------------------------- */

static void *live_five_times(void *context)
{
	const struct refublk_options options = options_of(2, 32);
	struct refublk *mine;

	for (int i = 0; i < 5; i++) {
		int error = refublk_start(&mine, &options, &backend, NULL);

		if (error) {
			fail("refublk_start", error);
			return context;
		}
		touch(refublk_block_path(mine), false);
		touch(refublk_block_path(mine), true);
		stop_and_free(mine);
	}
	return context;
}

/* Each on a thread of its own. */
static void life_of_a_pair(void)
{
	pthread_t pair[2];

	for (int i = 0; i < 2; i++) {
		if (pthread_create(&pair[i], NULL, live_five_times, NULL))
			abort();
	}
	for (int i = 0; i < 2; i++)
		pthread_join(pair[i], NULL);
}

static volatile sig_atomic_t signals_left;

static void on_alarm(int number)
{
	(void)number;
	if (signals_left > 0 && --signals_left == 0)
		refublk_stop(device);
}

static void set_storm(suseconds_t every_us)
{
	const struct itimerval timer = { { 0, every_us }, { 0, every_us } };

	setitimer(ITIMER_REAL, &timer, NULL);
}

/* A signal each millisecond, without SA_RESTART; every life is stopped some signals later than the last. */
static void life_in_a_storm(void)
{
	const struct sigaction action = { .sa_handler = on_alarm };
	int started = 0;
	int interrupted = 0;

	sigaction(SIGALRM, &action, NULL);
	for (int i = 0; i < STORM_LIVES; i++) {
		const struct refublk_options options = options_of(1 + (uint32_t)i % 2, 1 + 60 * ((uint32_t)i % 3));
		int error;

		signals_left = 1 + i * 12;
		set_storm(1000);
		error = refublk_start(&device, &options, &backend, NULL);
		started += error == 0;
		interrupted += error == -EINTR;
		/* The handler lets go of the device before it goes. */
		signals_left = 0;
		if (error == 0)
			stop_and_free(device);
		else if (error != -EINTR)
			fail("refublk_start", error);
		set_storm(0);
		device = NULL;
	}
	printf("    %d started, %d stopped before\n", started, interrupted);
	if (!interrupted)
		fail("no start was interrupted", started);
}

static void life_with_a_taken_number(void)
{
	struct refublk_options options = options_of(1, 4);
	struct refublk *second;
	int error;

	if (refublk_start(&device, &options, &backend, NULL)) {
		fail("refublk_start", 0);
		return;
	}
	options.id = refublk_id(device);
	error = refublk_start(&second, &options, &backend, NULL);
	if (error != -EEXIST || second)
		fail("the number is not taken", error);
	touch(refublk_block_path(device), false);
	stop_and_free(device);
}

static void *close_later(void *fd)
{
	poll(NULL, 0, HOLD_MS);
	close(*(int *)fd);
	return fd;
}

/* DEL waits for whoever has the disk open; the wait is said, and ends with the user. */
static void life_with_a_last_user(void)
{
	const struct refublk_options options = options_of(1, 4);
	pthread_t closer;
	int fd;

	if (refublk_start(&device, &options, &backend, NULL)) {
		fail("refublk_start", 0);
		return;
	}
	fd = open(refublk_block_path(device), O_RDONLY | O_CLOEXEC);
	if (fd < 0 || pthread_create(&closer, NULL, close_later, &fd))
		abort();
	stop_and_free(device);
	pthread_join(closer, NULL);
	if (!strstr(late_line, "deleting"))
		fail("the wait is not said", 0);
}

static void *write_block(void *path)
{
	touch(path, true);
	return path;
}

static void *complete_later(void *context)
{
	poll(NULL, 0, HOLD_MS);
	refublk_complete(device, atomic_load(&held_token), refublk_done(BLOCK_BYTES).outcome);
	return context;
}

/* STOP waits for I/O under way; the wait is said, with what is open, and ends with the backend. */
static void life_with_a_slow_backend(void)
{
	const struct refublk_options options = options_of(1, 4);
	char path[64];
	pthread_t writer;
	pthread_t finisher;

	if (refublk_start(&device, &options, &backend, NULL)) {
		fail("refublk_start", 0);
		return;
	}
	snprintf(path, sizeof(path), "%s", refublk_block_path(device));
	atomic_store(&held_token, 0);
	atomic_store(&holding, true);
	if (pthread_create(&writer, NULL, write_block, path))
		abort();
	for (int i = 0; i < 500 && !atomic_load(&held_token); i++)
		poll(NULL, 0, 10);
	if (pthread_create(&finisher, NULL, complete_later, NULL))
		abort();
	stop_and_free(device);
	pthread_join(finisher, NULL);
	pthread_join(writer, NULL);
	atomic_store(&holding, false);
	if (!strstr(late_line, "stopping") || !strstr(late_line, "open requests: 1"))
		fail("the wait is not said", 0);
}

enum { OPENER_ID = 33, OPENER_TRIES = 10 };

struct opener {
	atomic_bool give_up;
	bool was_first;
};

static void *open_first(void *context)
{
	struct opener *opener = context;
	int fd = -1;

	while (fd < 0 && !atomic_load(&opener->give_up))
		fd = open("/dev/ublkc33", O_RDWR | O_CLOEXEC);
	if (fd >= 0) {
		opener->was_first = true;
		poll(NULL, 0, 2000);
		close(fd);
	}
	return NULL;
}

/* Like udev, but slow: whoever has the character device open keeps the server waiting, not failing. The opener does
 * not win each race. */
static void life_with_a_quick_opener(void)
{
	struct refublk_options options = options_of(1, 4);
	struct opener opener = { 0 };

	options.id = OPENER_ID;
	for (int i = 0; i < OPENER_TRIES && !opener.was_first && !failure[0]; i++) {
		pthread_t thread;
		int error;

		atomic_store(&opener.give_up, false);
		if (pthread_create(&thread, NULL, open_first, &opener))
			abort();
		error = refublk_start(&device, &options, &backend, NULL);
		atomic_store(&opener.give_up, true);
		pthread_join(thread, NULL);
		if (error)
			fail("refublk_start", error);
		else
			stop_and_free(device);
	}
	printf("    the opener was %s\n", opener.was_first ? "quicker" : "never quicker");
}

/* ---- all of them --------------------------------------------------------------------------- */

static const struct life {
	const char *name;
	void (*run)(void);
} lives[] = {
	{ "pair", life_of_a_pair },
	{ "storm", life_in_a_storm },
	{ "taken", life_with_a_taken_number },
	{ "user", life_with_a_last_user },
	{ "slow", life_with_a_slow_backend },
	{ "opener", life_with_a_quick_opener },
};

static unsigned int count_entries(const char *folder, const char *prefix)
{
	unsigned int entries = 0;
	struct dirent *entry;
	DIR *open = opendir(folder);

	if (!open)
		abort();
	while ((entry = readdir(open)))
		entries += strncmp(entry->d_name, prefix, strlen(prefix)) == 0;
	closedir(open);
	return entries;
}

static bool live(const struct life *life)
{
	const unsigned int files = count_entries("/proc/self/fd", "");
	const unsigned int nodes = count_entries("/dev", "ublk");
	const double begin = seconds();

	failure[0] = '\0';
	late_line[0] = '\0';
	life->run();
	/* A node leaves devtmpfs shortly after the device. */
	for (int i = 0; i < 100 && count_entries("/dev", "ublk") != nodes; i++)
		poll(NULL, 0, 20);
	if (count_entries("/dev", "ublk") != nodes)
		fail("nodes are left", count_entries("/dev", "ublk"));
	if (count_entries("/proc/self/fd", "") != files)
		fail("files are left open", count_entries("/proc/self/fd", ""));
	printf("%s: %s, %.1f s\n", life->name, failure[0] ? failure : "ok", seconds() - begin);
	return !failure[0];
}

static bool is_wanted(const char *name, int count, char **names)
{
	for (int i = 0; i < count; i++) {
		if (strcmp(names[i], name) == 0)
			return true;
	}
	return count == 0;
}

int main(int argc, char **argv)
{
	bool all = true;

	setvbuf(stdout, NULL, _IOLBF, 0);
	for (size_t i = 0; i < sizeof(lives) / sizeof(lives[0]); i++) {
		if (is_wanted(lives[i].name, argc - 1, argv + 1))
			all = live(&lives[i]) && all;
	}
	return all ? 0 : 1;
}
