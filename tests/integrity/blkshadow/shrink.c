#include <err.h>
#include <stdlib.h>
#include <string.h>

#include "cell.h"
#include "shorten.h"
#include "shrink.h"

#define FINAL_TRIES 10u
#define FLAKY_TRIES 5u
#define CONFIRMATIONS 2u
#define PRELUDE_MAX 32u
#define SINGLES_MAX 16u
#define REPEATS_MAX 1000u
#define SHORTEN_MAX 16u
#define NEAR_SECTORS 2048u
#define SECOND_NS 1000000000ull

struct work {
	struct shrink *shrink;
	const struct attempt *failed;
	struct port *port;
	struct stamp_identity *identity;
	struct run_limits limits;
	uint64_t until_ns;
	unsigned tries;			/* of each part, until it fails */
	bool *kept;			/* by operation number: it is in the list as far as it is shrunk */
	bool *trial;			/* the same for the part that is tried */
	uint32_t *numbers;		/* the operations in the list, in the order of their begins */
	uint32_t count;
	bool in_turn;			/* each ends before the next begins */
	bool written;			/* what nobody has written counts only if it was so in the whole run */
};

static bool out_of_time(const struct work *work)
{
	return work->shrink->stalled || journal_now_ns(&work->failed->run.journal) > work->until_ns;
}

/* The recorded events of the operations that `wanted` names; in turn, each end follows its begin. */
static struct schedule part_of(const struct work *work, const bool *wanted, bool in_turn)
{
	const struct journal *journal = &work->failed->run.journal;
	uint32_t *events = malloc(((size_t)journal->event_count + 1) * 2 * sizeof *events), count = 0;
	struct schedule schedule;

	if (!events)
		err(3, "no memory for shrinking");
	for (uint32_t at = 0; at < journal->event_count; at++) {
		uint32_t event = journal->events[at];

		if (!wanted[SCHEDULE_NUMBER(event)] || (in_turn && SCHEDULE_IS_END(event)))
			continue;
		events[count++] = event;
		if (in_turn)
			events[count++] = SCHEDULE_END(SCHEDULE_NUMBER(event));
	}
	schedule = schedule_record(work->failed->run.schedule, events, count);
	schedule.repeats = 1;
	free(events);
	return schedule;
}

static bool fails_once(struct work *work, const struct schedule *schedule)
{
	struct attempt attempt;
	bool failed;

	work->identity->generation++;
	work->limits.prelude = schedule->list_count <= PRELUDE_MAX;
	attempt_make(&attempt, schedule, work->port, work->identity, &work->limits, NULL);
	if (atomic_load(&attempt.run.stalled)) {
		work->shrink->stalled = true;
		return false;
	}
	failed = attempt.result == ATTEMPT_CORRUPT && (!work->written || attempt.verdicts.main != VERDICT_CHANGED ||
						       work->failed->verdicts.main == VERDICT_CHANGED);
	if (failed) {
		work->shrink->verdict = attempt.verdicts.main;
		memcpy(work->shrink->pattern, attempt.verdicts.pattern, sizeof work->shrink->pattern);
	}
	attempt_close(&attempt);
	return failed;
}

/*
 * In turn it has to fail twice: the first time may be owed to what was left behind by the attempt before. Otherwise
 * once in so many tries is enough.
 */
static bool fails_enough(struct work *work, const struct schedule *schedule, bool in_turn)
{
	unsigned tries = in_turn ? CONFIRMATIONS : work->tries, wanted_failures = in_turn ? CONFIRMATIONS : 1;
	unsigned failures = 0;

	for (unsigned at = 0; at < tries && failures < wanted_failures && schedule->list_count; at++) {
		failures += fails_once(work, schedule);
		if (work->shrink->stalled || (in_turn && failures <= at))
			break;
	}
	return failures == wanted_failures;
}

static bool fails(struct work *work, const bool *wanted, bool in_turn)
{
	struct schedule schedule = part_of(work, wanted, in_turn);
	bool failed = fails_enough(work, &schedule, in_turn);

	schedule_free(&schedule);
	return failed;
}

/* With the same verdict, and the same words for it: else what is left would tell another story. */
static bool fails_alike(void *context, const struct schedule *schedule)
{
	struct work *work = context;
	const struct shrink before = *work->shrink;
	bool alike;

	if (out_of_time(work))
		return false;
	alike = fails_enough(work, schedule, work->in_turn) && work->shrink->verdict == before.verdict &&
		shorten_same_words(work->shrink->pattern, before.pattern);
	if (alike)
		return true;
	work->shrink->verdict = before.verdict;
	memcpy(work->shrink->pattern, before.pattern, sizeof before.pattern);
	return false;
}

/* The verdict to keep is that of the list as it is now. */
static void shorten(struct work *work)
{
	struct schedule *schedule = &work->shrink->schedule;

	if (schedule->list_count <= SHORTEN_MAX && fails_enough(work, schedule, work->in_turn))
		work->shrink->shortened = shorten_operations(schedule, fails_alike, work);
}

/* The trial becomes the list. */
static void adopt(struct work *work)
{
	const struct journal *journal = &work->failed->run.journal;

	memcpy(work->kept, work->trial, (size_t)journal->operation_limit + 1);
	work->count = 0;
	for (uint32_t at = 0; at < journal->event_count; at++) {
		uint32_t event = journal->events[at];

		if (!SCHEDULE_IS_END(event) && work->kept[SCHEDULE_NUMBER(event)])
			work->numbers[work->count++] = SCHEDULE_NUMBER(event);
	}
}

static void want(struct work *work, uint32_t reference)
{
	if (!cell_is_set(reference) && cell_number(reference) <= work->failed->run.journal.operation_limit)
		work->trial[cell_number(reference)] = cell_number(reference) != 0;
}

/* The operations that the findings name. */
static void want_named(struct work *work)
{
	const struct findings *findings = &work->failed->run.findings;

	for (size_t at = 0; at < findings->count; at++) {
		want(work, findings->list[at].expected);
		want(work, findings->list[at].before);
		for (uint32_t other = 0; other < findings->list[at].contenders && other < FINDINGS_CONTENDERS; other++)
			want(work, findings->list[at].others[other]);
		want(work, findings->list[at].reader);
		want(work, work->failed->verdicts.list[at].found_operation);
	}
}

/* All operations near the failing sectors, and the stresses, which may have to do with any. */
static void want_near(struct work *work)
{
	const struct run *run = &work->failed->run;
	uint64_t first = run->findings.list[0].sector, last = run->findings.list[run->findings.count - 1].sector;

	for (uint32_t at = 0; at < run->journal.event_count; at++) {
		uint32_t number = SCHEDULE_NUMBER(run->journal.events[at]);
		struct operation operation = schedule_operation(run->schedule, number);

		if (operation.kind == OPERATION_STRESS || (operation_first_sector(&operation) <= last + NEAR_SECTORS &&
		    operation_end_sector(&operation) + NEAR_SECTORS > first))
			work->trial[number] = true;
	}
}

static void clear_trial(struct work *work)
{
	memset(work->trial, 0, (size_t)work->failed->run.journal.operation_limit + 1);
}

/* Each of the named operations alone: what contended for a sector need not come in this order again. */
static bool try_singly(struct work *work)
{
	const struct journal *journal = &work->failed->run.journal;

	for (uint32_t number = 1, left = SINGLES_MAX; number <= journal->operation_limit && left; number++) {
		clear_trial(work);
		want_named(work);
		if (!work->trial[number])
			continue;
		clear_trial(work);
		work->trial[number] = true;
		if (out_of_time(work))
			return false;
		if (fails(work, work->trial, true)) {
			work->in_turn = true;
			adopt(work);
			return true;
		}
		left--;
	}
	return false;
}

/* Begins with the smallest set that fails: the named operations, those near, or all. */
static bool find_failing(struct work *work)
{
	const struct journal *journal = &work->failed->run.journal;

	if (try_singly(work))
		return true;

	for (work->tries = 1; work->tries <= FLAKY_TRIES; work->tries += FLAKY_TRIES - 1) {
		for (unsigned choice = 0; choice < 3 && !out_of_time(work); choice++) {
			clear_trial(work);
			if (choice < 2)
				want_named(work);
			if (choice == 1)
				want_near(work);
			for (uint32_t at = 0; choice == 2 && at < journal->event_count; at++)
				work->trial[SCHEDULE_NUMBER(journal->events[at])] = true;
			/* One after the other there are no races, so what fails then fails every time. */
			work->in_turn = fails(work, work->trial, true);
			if (work->in_turn || fails(work, work->trial, false)) {
				adopt(work);
				return true;
			}
		}
	}
	return false;
}

/* Without the writes of a sector, its fault would be a change of what nobody has written: another story, and a last resort. */
static bool find_start(struct work *work)
{
	work->written = true;
	if (find_failing(work))
		return true;
	work->written = false;
	return find_failing(work);
}

/* Leaves out ever smaller pieces of the list, as long as it still fails. */
static void leave_out(struct work *work)
{
	uint32_t piece = (work->count + 1) / 2;

	while (piece && !out_of_time(work)) {
		bool smaller = false;

		for (uint32_t begin = 0; begin < work->count && work->count > 1 && !out_of_time(work);) {
			uint32_t end = begin + piece < work->count ? begin + piece : work->count;

			memcpy(work->trial, work->kept, (size_t)work->failed->run.journal.operation_limit + 1);
			for (uint32_t at = begin; at < end; at++)
				work->trial[work->numbers[at]] = false;
			if (end - begin < work->count && fails(work, work->trial, work->in_turn)) {
				adopt(work);
				smaller = true;
			} else {
				begin = end;
			}
		}
		if (piece == 1 && !smaller)
			break;
		piece = piece > 1 ? (piece + 1) / 2 : 1;
		if (piece > work->count)
			piece = work->count;
	}
}

/* How often the final list fails, and so how often a replay has to try. */
static void measure(struct work *work)
{
	struct shrink *shrink = work->shrink;

	while (shrink->tries < FINAL_TRIES && !shrink->stalled) {
		shrink->failures += fails_once(work, &shrink->schedule);
		shrink->tries++;
	}
	/* What never fails again is no witness: the run itself is. */
	if (!shrink->failures) {
		shrink->verdict = work->failed->verdicts.main;
		memcpy(shrink->pattern, work->failed->verdicts.pattern, sizeof shrink->pattern);
	}
	if (shrink->failures < shrink->tries)
		shrink->schedule.repeats = shrink->failures ? shrink->tries * 5 / shrink->failures : REPEATS_MAX;
}

static void mark_chunk(const struct work *work, uint8_t *chunks, uint64_t sector)
{
	uint64_t bytes = sector * OPERATION_SECTOR_BYTES, chunk = bytes / RUN_CHUNK_BYTES;

	if (bytes < work->failed->run.schedule->plan.size_bytes)
		chunks[chunk / 8] |= (uint8_t)(1u << chunk % 8);
}

/* Where the failed attempt found something wrong is recorded, even if nothing of a part goes there. */
static void mark_chunks(const struct work *work, uint8_t *chunks)
{
	const struct findings *findings = &work->failed->run.findings;

	for (size_t at = 0; at < findings->count; at++) {
		mark_chunk(work, chunks, findings->list[at].sector);
		mark_chunk(work, chunks, work->failed->verdicts.list[at].found_sector);
	}
}

static void *zeroed(size_t count, size_t bytes)
{
	void *memory = calloc(count, bytes);

	if (!memory)
		err(3, "no memory for shrinking");
	return memory;
}

bool shrink_attempt(struct shrink *shrink, const struct attempt *failed, struct port *port,
		    struct stamp_identity *identity, const struct run_limits *limits, unsigned seconds)
{
	size_t entries = (size_t)failed->run.journal.operation_limit + 1;
	struct work work = {.shrink = shrink, .failed = failed, .port = port, .identity = identity, .limits = *limits,
			    .until_ns = journal_now_ns(&failed->run.journal) + seconds * SECOND_NS};
	uint8_t *chunks = zeroed(failed->run.schedule->plan.size_bytes / RUN_CHUNK_BYTES / 8 + 1, 1);
	bool again;

	*shrink = (struct shrink){0};
	mark_chunks(&work, chunks);
	work.limits.record_all = false;
	work.limits.also = chunks;
	work.limits.seal = false;
	work.limits.seconds = 0;
	work.kept = zeroed(entries, 1);
	work.trial = zeroed(entries, 1);
	work.numbers = zeroed(failed->run.journal.event_count + 1, sizeof *work.numbers);
	for (uint32_t at = 0; at < failed->run.journal.event_count; at++) {
		work.kept[SCHEDULE_NUMBER(failed->run.journal.events[at])] = true;
		shrink->from += !SCHEDULE_IS_END(failed->run.journal.events[at]);
	}
	again = find_start(&work);
	if (again) {
		leave_out(&work);
		if (!work.in_turn && fails(&work, work.kept, true)) {
			work.in_turn = true;
			leave_out(&work);
		}
	}
	shrink->schedule = part_of(&work, work.kept, work.in_turn);
	shrink->to = shrink->schedule.list_count;
	if (again) {
		shorten(&work);
		measure(&work);
	}
	free(work.kept);
	free(work.trial);
	free(work.numbers);
	free(chunks);
	return again;
}
