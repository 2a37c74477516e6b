#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "progress.h"

#define BAR_COLUMNS 30u
#define NAP_NS 200000000

static struct {
	pthread_t thread;
	struct run *run;
	_Atomic bool over;
	bool started;
} display;

static double seconds_now(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static void show(const struct run *run, double phase_seconds, double seconds)
{
	uint64_t done = atomic_load(&run->progress.done), total = atomic_load(&run->progress.total);
	double moved = (double)(atomic_load(&run->counters.written_bytes) + atomic_load(&run->counters.read_bytes) +
				atomic_load(&run->counters.swept_bytes));
	double part = total ? (double)done / (double)total : 0;
	char bar[BAR_COLUMNS + 1];
	unsigned filled;

	if (run->limits.seconds && !total)
		part = seconds / run->limits.seconds;
	part = part > 1 ? 1 : part;
	filled = (unsigned)(part * BAR_COLUMNS);
	memset(bar, '.', BAR_COLUMNS);
	memset(bar, '#', filled);
	bar[BAR_COLUMNS] = '\0';
	fprintf(stderr, "\r\033[K%s [%s] %3.0f %%  %.0f MiB/s", atomic_load(&run->progress.phase), bar, part * 100,
		seconds > 0 ? moved / 1048576.0 / seconds : 0);
	if (part > 0.01)
		fprintf(stderr, "  %.0f s to go", phase_seconds * (1 - part) / part);
}

static void *display_run(void *context)
{
	const struct timespec nap = {.tv_nsec = NAP_NS};
	const char *phase = NULL;
	double start = seconds_now(), phase_start = start;

	(void)context;
	while (!atomic_load(&display.over)) {
		const char *current = atomic_load(&display.run->progress.phase);

		if (current != phase)
			phase_start = seconds_now();
		phase = current;
		show(display.run, seconds_now() - phase_start, seconds_now() - start);
		nanosleep(&nap, NULL);
	}
	fputs("\r\033[K", stderr);
	return NULL;
}

void progress_start(struct run *run)
{
	if (!isatty(STDERR_FILENO))
		return;
	display.run = run;
	atomic_store(&display.over, false);
	display.started = pthread_create(&display.thread, NULL, display_run, NULL) == 0;
}

void progress_stop(void)
{
	if (!display.started)
		return;
	atomic_store(&display.over, true);
	pthread_join(display.thread, NULL);
	display.started = false;
}
