#include <err.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "run.h"

static uint32_t highest_number(const struct schedule *schedule)
{
	if (schedule->list)
		return schedule->list[schedule->list_count - 1].number;
	return schedule->count ? schedule->count : OPERATION_NUMBER_MAX;
}

void run_open(struct run *run, const struct schedule *schedule, struct port *port,
	      const struct stamp_identity *identity, const struct run_limits *limits)
{
	uint64_t chunks = schedule->plan.size_bytes / RUN_CHUNK_BYTES + 1;

	memset(run, 0, sizeof *run);
	run->schedule = schedule;
	run->port = port;
	run->identity = *identity;
	run->limits = *limits;
	run->shadow = shadow_new(schedule->plan.size_bytes, schedule->discard);
	run->recorded = calloc(chunks / 8 + 1, 1);
	if (!run->recorded)
		err(3, "no memory for the run");
	if (schedule->plan.cache == PLAN_BOTH || (schedule->plan.cache == PLAN_BUFFERED && schedule->plan.zeroes_direct))
		run->modes = modes_new(schedule->plan.size_bytes, limits->direct);
	journal_open(&run->journal, highest_number(schedule));
	pthread_mutex_init(&run->lock, NULL);
	pthread_cond_init(&run->changed, NULL);
	atomic_store(&run->progress.phase, "starting");
}

void run_close(struct run *run)
{
	shadow_free(run->shadow);
	modes_free(run->modes);
	journal_close(&run->journal);
	findings_free(&run->findings);
	free(run->recorded);
	pthread_mutex_destroy(&run->lock);
	pthread_cond_destroy(&run->changed);
}

static void keep(struct run *run, const char *format, va_list arguments)
{
	if (!run->trouble[0]) {
		vsnprintf(run->trouble, sizeof run->trouble, format, arguments);
		run->trouble_phase = atomic_load(&run->progress.phase);
	}
	atomic_store(&run->stopping, true);
}

void run_fail_locked(struct run *run, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	keep(run, format, arguments);
	va_end(arguments);
}

void run_fail(struct run *run, const char *format, ...)
{
	va_list arguments;

	pthread_mutex_lock(&run->lock);
	va_start(arguments, format);
	keep(run, format, arguments);
	va_end(arguments);
	pthread_mutex_unlock(&run->lock);
}
