#include <err.h>
#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "engine.h"
#include "job.h"

#define TICK_NS 20000000
#define SECOND_NS 1000000000ull

/* Has an operation been in flight for too long? */
static bool stalled(struct run *run)
{
	bool result = false;
	uint32_t oldest;

	pthread_mutex_lock(&run->lock);
	oldest = journal_oldest(&run->journal);
	if (oldest)
		result = journal_now_ns(&run->journal) - run->journal.times[oldest].begin_ns >
			 run->limits.stall_seconds * SECOND_NS;
	pthread_mutex_unlock(&run->lock);
	return result;
}

/* Jobs go to CPUs of their own, so that a device with several queues uses them. */
static void pin(pthread_t thread, unsigned number)
{
	cpu_set_t allowed, one;
	unsigned left;

	if (sched_getaffinity(0, sizeof allowed, &allowed) < 0)
		return;
	left = number % (unsigned)CPU_COUNT(&allowed);
	for (unsigned cpu = 0; cpu < CPU_SETSIZE; cpu++) {
		if (!CPU_ISSET(cpu, &allowed) || left-- > 0)
			continue;
		CPU_ZERO(&one);
		CPU_SET(cpu, &one);
		pthread_setaffinity_np(thread, sizeof one, &one);
		return;
	}
}

/* Runs the command that a job waits for. It is not that job's thread that does, since a child inherits its CPU. */
static void tend_stress(struct run *run)
{
	enum stress_state before;
	char end[80];

	pthread_mutex_lock(&run->lock);
	before = run->stress.state;
	if (before == STRESS_WANTED && run->stress.pauses)
		run->port->calls->close(run->port);
	if (stress_tend(&run->stress, run->limits.stresses, end, sizeof end))
		run_fail_locked(run, "operation %u, the stress %s, %s", run->stress.operation,
				run->schedule->stresses[run->stress.number], end);
	if (before != STRESS_ENDED && run->stress.state == STRESS_ENDED && run->stress.pauses &&
	    run->port->calls->reopen(run->port) < 0)
		run_fail_locked(run, "after operation %u, the stress %s, the device is not there again", run->stress.operation,
				run->schedule->stresses[run->stress.number]);
	pthread_mutex_unlock(&run->lock);
}

static bool wait_for(struct run *run, struct job **jobs, unsigned count)
{
	const struct timespec nap = {.tv_nsec = TICK_NS};
	bool over = false;

	while (!over) {
		nanosleep(&nap, NULL);
		tend_stress(run);
		over = true;
		for (unsigned at = 0; at < count; at++)
			over &= job_is_over(jobs[at]);
		if (!over && stalled(run)) {
			atomic_store(&run->stalled, true);
			return false;
		}
	}
	return true;
}

bool engine_run(struct run *run)
{
	unsigned count = run->schedule->plan.jobs;
	struct job **jobs = calloc(count, sizeof(struct job *));
	pthread_t *threads = calloc(count, sizeof *threads);

	if (!jobs || !threads)
		err(3, "no memory for jobs");
	atomic_store(&run->progress.done, 0);
	atomic_store(&run->progress.total, run->schedule->list ? run->schedule->list_count : run->schedule->count);
	atomic_store(&run->progress.phase, "running");
	for (unsigned at = 0; at < count; at++)
		jobs[at] = job_open(run, at);
	for (unsigned at = 0; at < count; at++) {
		errno = pthread_create(&threads[at], NULL, job_run, jobs[at]);
		if (errno)
			err(3, "no thread for job %u", at);
		if (count > 1)
			pin(threads[at], at);
	}
	/* With the device stalled the threads stay where they are, and so does their memory. */
	if (!wait_for(run, jobs, count))
		return false;
	for (unsigned at = 0; at < count; at++) {
		pthread_join(threads[at], NULL);
		job_close(jobs[at]);
	}
	free(jobs);
	free(threads);
	return true;
}

void engine_describe_flights(struct run *run, char *text, size_t text_bytes)
{
	size_t used = 0;

	text[0] = '\0';
	pthread_mutex_lock(&run->lock);
	journal_oldest(&run->journal);
	for (uint32_t at = run->journal.oldest; at < run->journal.event_count && used < text_bytes; at++) {
		uint32_t event = run->journal.events[at], number = SCHEDULE_NUMBER(event);
		struct operation operation;
		char description[128];

		if (SCHEDULE_IS_END(event) || !journal_in_flight(&run->journal, number))
			continue;
		operation = schedule_operation(run->schedule, number);
		operation_describe(&operation, description, sizeof description);
		if (operation.kind == OPERATION_STRESS)
			snprintf(description, sizeof description, "stress, %s", run->schedule->stresses[operation.stress]);
		used += (size_t)snprintf(text + used, text_bytes - used, "  operation %u, a %s, since %.3f s\n", number, description,
					 (double)run->journal.times[number].begin_ns / 1e9);
	}
	pthread_mutex_unlock(&run->lock);
}
