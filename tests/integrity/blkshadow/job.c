#include <errno.h>
#include <err.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "compare.h"
#include "job.h"

#define BLOCKED_WAIT_MS 5u
#define IDLE_WAIT_MS 100u
#define SECOND_NS 1000000000
#define REAP_MAX 64u

/* What a sector is to be compared with once the lock is let go. */
struct deferred {
	uint64_t hash;
	uint32_t reference, before;
	bool wanted;
};

struct slot {
	struct io io;
	struct operation operation;
	struct deferred *deferred;	/* one for each sector of the largest request */
	struct job *job;
	bool busy;
};

struct job {
	struct run *run;
	pthread_t thread;
	unsigned number;
	struct slot *slots;
	struct slot *stressing;		/* waits for the engine, which runs the command; NULL for none */
	unsigned busy;
	uint8_t *buffers;
	size_t buffer_bytes;
	struct compare compare;
	struct chooser chooser;
	uint64_t compared_bytes, open_bytes;	/* of the read that is being judged */
	_Atomic bool over;
};

static void begin(struct job *job, struct slot *slot)
{
	struct run *run = job->run;
	struct operation *operation = &slot->operation;

	if (operation->kind == OPERATION_WRITE)
		stamp_fill(&run->identity, operation, slot->io.data);
	if (operation->kind == OPERATION_READ)
		port_poison(slot->io.data, operation->length_bytes);
	if (operation->kind == OPERATION_STRESS) {
		job->stressing = slot;
		return;
	}
	slot->io.kind = operation->kind;
	slot->io.direct = operation->direct;
	slot->io.fua = operation->fua;
	slot->io.offset_bytes = operation->offset_bytes;
	slot->io.length_bytes = operation->length_bytes;
	run->port->calls->push(run->port, job->number, &slot->io);
}

static struct slot *free_slot(struct job *job)
{
	for (unsigned at = 0; at < job->run->limits.depth; at++)
		if (!job->slots[at].busy)
			return &job->slots[at];
	return NULL;
}

/* Begins as many operations as may; what held it up in the end. */
static enum choice begin_all(struct job *job)
{
	struct run *run = job->run;
	enum choice choice = CHOICE_TAKEN;

	while (choice == CHOICE_TAKEN && job->busy < run->limits.depth) {
		struct slot *slot = free_slot(job);

		pthread_mutex_lock(&run->lock);
		choice = choose_next(&job->chooser, run);
		if (choice == CHOICE_TAKEN) {
			slot->operation = job->chooser.next;
			shadow_begin(run->shadow, &slot->operation);
			if (slot->operation.kind == OPERATION_STRESS)
				stress_want(&run->stress);
			journal_begin(&run->journal, slot->operation.number);
			slot->busy = true;
			job->busy++;
		}
		pthread_mutex_unlock(&run->lock);
		if (choice == CHOICE_TAKEN)
			begin(job, slot);
	}
	return choice;
}

/* Reports what is wrong. The lock is held when `locked`. */
static struct sighting judge(struct slot *slot, uint64_t sector, const struct expectation *expected, bool locked)
{
	struct job *job = slot->job;
	struct run *run = job->run;
	const uint8_t *data = (const uint8_t *)slot->io.data +
			      (sector - operation_first_sector(&slot->operation)) * OPERATION_SECTOR_BYTES;
	struct sighting seen;
	enum compare_answer answer = compare_sector(&job->compare, sector, expected, data, &seen);

	*(answer == COMPARE_OPEN ? &job->open_bytes : &job->compared_bytes) += OPERATION_SECTOR_BYTES;
	if (answer != COMPARE_WRONG)
		return seen;
	if (!locked)
		pthread_mutex_lock(&run->lock);
	findings_add(&run->findings, sector, expected, data, slot->operation.number, journal_now_ns(&run->journal));
	if (!locked)
		pthread_mutex_unlock(&run->lock);
	atomic_store(&run->stopping, true);
	return seen;
}

/* With contenders the shadow learns from what was found, so that is compared at once; all else later. */
static struct sighting look(void *context, uint64_t sector, const struct expectation *expected)
{
	struct slot *slot = context;
	struct deferred *deferred = &slot->deferred[sector - operation_first_sector(&slot->operation)];

	deferred->wanted = expected->count == 1 && !expected->pinned;
	if (!deferred->wanted)
		return judge(slot, sector, expected, true);
	deferred->hash = expected->hash;
	deferred->reference = expected->candidates[0];
	deferred->before = expected->before;
	return (struct sighting){0};
}

static void judge_deferred(struct slot *slot)
{
	uint64_t first = operation_first_sector(&slot->operation), end = operation_end_sector(&slot->operation);

	for (uint64_t sector = first; sector < end; sector++) {
		const struct deferred *deferred = &slot->deferred[sector - first];
		struct expectation expected = {.candidates = &deferred->reference, .count = 1, .settled = true,
					       .before = deferred->before, .hash = deferred->hash};

		if (deferred->wanted)
			judge(slot, sector, &expected, false);
	}
}

static enum shadow_outcome outcome_of(struct run *run, const struct slot *slot)
{
	const struct operation *operation = &slot->operation;
	int64_t result = slot->io.result;
	char text[128];

	if (operation->kind == OPERATION_READ || operation->kind == OPERATION_WRITE) {
		if (result == (int64_t)operation->length_bytes)
			return SHADOW_DONE;
	} else if (result == 0) {
		return SHADOW_DONE;
	} else if (result == -EOPNOTSUPP && operation->kind != OPERATION_FLUSH) {
		atomic_fetch_add(&run->counters.refused, 1);
		return SHADOW_NOTHING;
	}
	atomic_fetch_add(&run->counters.failed, 1);
	if (run->limits.allow_errors)
		return SHADOW_FAILED;
	operation_describe(operation, text, sizeof text);
	if (result < 0)
		run_fail(run, "operation %u, a %s, failed: %s", operation->number, text, strerror((int)-result));
	else
		run_fail(run, "operation %u, a %s, ended after %lld bytes", operation->number, text, (long long)result);
	return SHADOW_FAILED;
}

static void count(struct job *job, const struct operation *operation, enum shadow_outcome outcome)
{
	struct run_counters *counters = &job->run->counters;

	atomic_fetch_add(&counters->operations[operation->kind], 1);
	if (outcome == SHADOW_DONE && operation->kind == OPERATION_WRITE)
		atomic_fetch_add(&counters->written_bytes, operation->length_bytes);
	if (outcome == SHADOW_DONE && operation->kind == OPERATION_READ)
		atomic_fetch_add(&counters->read_bytes, operation->length_bytes);
	atomic_fetch_add(&counters->compared_bytes, job->compared_bytes);
	atomic_fetch_add(&counters->open_bytes, job->open_bytes);
	job->compared_bytes = 0;
	job->open_bytes = 0;
	atomic_fetch_add(&job->run->progress.done, 1);
}

static void note_end(struct run *run, uint32_t number, enum shadow_outcome outcome)
{
	switch (outcome) {
	case SHADOW_DONE:
		journal_end(&run->journal, number);
		break;
	case SHADOW_FAILED:
		journal_fail(&run->journal, number);
		break;
	case SHADOW_NOTHING:
		journal_forget(&run->journal, number);
		break;
	}
}

static void end(struct job *job, struct slot *slot)
{
	struct run *run = job->run;
	const struct operation *operation = &slot->operation;
	enum shadow_outcome outcome = outcome_of(run, slot);
	bool read = operation->kind == OPERATION_READ && outcome == SHADOW_DONE;

	pthread_mutex_lock(&run->lock);
	note_end(run, operation->number, outcome);
	shadow_end(run->shadow, operation->number, outcome, read ? look : NULL, slot);
	if (run->modes)
		modes_release(run->modes, operation->number);
	pthread_cond_broadcast(&run->changed);
	pthread_mutex_unlock(&run->lock);
	if (read)
		judge_deferred(slot);
	count(job, operation, outcome);
	slot->busy = false;
	job->busy--;
}

/* The command of this job's stress has ended, in whatever way. */
static void end_stress(struct job *job)
{
	struct slot *slot = job->stressing;
	bool ended;

	pthread_mutex_lock(&job->run->lock);
	ended = stress_take_end(&job->run->stress);
	pthread_mutex_unlock(&job->run->lock);
	if (!ended)
		return;
	job->stressing = NULL;
	slot->io.result = 0;
	end(job, slot);
}

static void wait_for_others(struct run *run)
{
	struct timespec until;

	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_nsec += BLOCKED_WAIT_MS * 1000000;
	if (until.tv_nsec >= (long)SECOND_NS) {
		until.tv_nsec -= (long)SECOND_NS;
		until.tv_sec++;
	}
	pthread_mutex_lock(&run->lock);
	pthread_cond_timedwait(&run->changed, &run->lock, &until);
	pthread_mutex_unlock(&run->lock);
}

void *job_run(void *context)
{
	struct job *job = context;
	struct run *run = job->run;
	struct io *done[REAP_MAX];

	for (;;) {
		enum choice choice = begin_all(job);
		unsigned reaped;

		if (choice == CHOICE_END && !job->busy)
			break;
		if (!job->busy) {
			wait_for_others(run);
			continue;
		}
		reaped = run->port->calls->reap(run->port, job->number, done, REAP_MAX,
					       choice == CHOICE_WAIT ? BLOCKED_WAIT_MS : IDLE_WAIT_MS);
		for (unsigned at = 0; at < reaped; at++)
			end(job, done[at]->owner);
		if (job->stressing)
			end_stress(job);
	}
	atomic_store(&job->over, true);
	return NULL;
}

struct job *job_open(struct run *run, unsigned number)
{
	struct job *job = calloc(1, sizeof *job);
	uint64_t max_bytes = run->schedule->plan.max_bytes;
	uint64_t stride_bytes = (max_bytes + OPERATION_PAGE_BYTES - 1) / OPERATION_PAGE_BYTES * OPERATION_PAGE_BYTES;

	if (!job)
		err(3, "no memory for a job");
	job->run = run;
	job->number = number;
	job->chooser.job = number;
	job->compare = (struct compare){.identity = &run->identity, .schedule = run->schedule};
	job->buffer_bytes = run->limits.depth * stride_bytes;
	job->slots = calloc(run->limits.depth, sizeof *job->slots);
	job->buffers = mmap(NULL, job->buffer_bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (!job->slots || job->buffers == MAP_FAILED)
		err(3, "no memory for %u requests of %llu bytes", run->limits.depth, (unsigned long long)max_bytes);
	for (unsigned at = 0; at < run->limits.depth; at++) {
		job->slots[at].job = job;
		job->slots[at].io.owner = &job->slots[at];
		job->slots[at].io.data = job->buffers + at * stride_bytes;
		job->slots[at].deferred =
			calloc(max_bytes / OPERATION_SECTOR_BYTES, sizeof *job->slots[at].deferred);
		if (!job->slots[at].deferred)
			err(3, "no memory for comparisons");
	}
	return job;
}

void job_close(struct job *job)
{
	for (unsigned at = 0; at < job->run->limits.depth; at++)
		free(job->slots[at].deferred);
	free(job->slots);
	munmap(job->buffers, job->buffer_bytes);
	free(job);
}

bool job_is_over(const struct job *job)
{
	return atomic_load(&job->over);
}
