#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cell.h"
#include "compare.h"
#include "pattern.h"
#include "verdict.h"

/* More differing bits than this is another content, not a damaged one: two contents differ in about 2000. */
#define FLIPPED_MAX 64u
#define WORD_BYTES 8u
#define PART_WORDS 4u

struct judge {
	struct run *run;
	struct compare compare;
	struct verdicts *verdicts;
};

static const char *const names[VERDICT_KINDS] = {
	[VERDICT_LOST] = "lost",
	[VERDICT_TORN] = "torn",
	[VERDICT_STALE] = "stale",
	[VERDICT_MISDIRECTED] = "misdirected",
	[VERDICT_DUPLICATED] = "duplicated",
	[VERDICT_ZEROED] = "zeroed",
	[VERDICT_FLIPPED] = "bit-flipped",
	[VERDICT_CHANGED] = "never-written-changed",
	[VERDICT_FOREIGN] = "foreign",
};

const char *verdict_name(enum verdict_kind kind)
{
	return names[kind];
}

static bool same_run(const struct run *run, const struct stamp *stamp)
{
	const struct stamp_identity *identity = &run->identity;

	return stamp->run == identity->run && stamp->seed == identity->seed &&
	       stamp->generation == identity->generation && stamp->device == identity->device;
}

/* Contents that bytes of a damaged sector may rightly come from. */
struct sources {
	uint8_t contents[FINDINGS_CONTENDERS + 1][OPERATION_SECTOR_BYTES];
	unsigned count;
};

static void add_source(struct judge *judge, const struct finding *finding, uint32_t reference, struct sources *sources)
{
	if (compare_content(&judge->compare, finding->sector, reference, finding->hash, sources->contents[sources->count]))
		sources->count++;
}

/* In how many bits the sector differs from the nearest mix of the contenders' bytes. */
static unsigned distance_bits(const struct finding *finding, const struct sources *sources)
{
	unsigned bits = 0;

	for (unsigned at = 0; at < OPERATION_SECTOR_BYTES; at++) {
		unsigned least = 8;

		for (unsigned source = 0; source < sources->count; source++) {
			unsigned differing = finding->data[at] ^ sources->contents[source][at];
			unsigned count = (unsigned)__builtin_popcount(differing);

			least = count < least ? count : least;
		}
		bits += least;
	}
	return bits;
}

/* Words that agree with a contender's are no accident: a part of it is there. */
static bool is_partly(const struct finding *finding, const struct sources *sources)
{
	unsigned words = 0;

	for (unsigned source = 0; source < sources->count; source++)
		for (unsigned at = 0; at < OPERATION_SECTOR_BYTES; at += WORD_BYTES)
			words += memcmp(finding->data + at, sources->contents[source] + at, WORD_BYTES) == 0;
	return words >= PART_WORDS;
}

static struct verdict see_damaged(struct judge *judge, const struct finding *finding)
{
	struct verdict verdict = {.sight = SIGHT_NOISE};
	struct sources sources = {.count = 0};

	for (uint32_t at = 0; at < finding->contenders && at < FINDINGS_CONTENDERS; at++)
		add_source(judge, finding, finding->others[at], &sources);
	add_source(judge, finding, finding->expected, &sources);
	if (!sources.count)
		return verdict;
	verdict.bits = distance_bits(finding, &sources);
	if (verdict.bits && verdict.bits <= FLIPPED_MAX)
		verdict.sight = SIGHT_FLIPPED;
	else if (!verdict.bits || is_partly(finding, &sources))
		verdict.sight = SIGHT_MIX;
	return verdict;
}

static struct verdict see(struct judge *judge, const struct finding *finding)
{
	uint64_t begin;
	struct stamp stamp;

	memcpy(&begin, finding->data, sizeof begin);
	if (begin == PORT_POISON)
		return (struct verdict){.sight = SIGHT_UNTOUCHED};
	if (stamp_is_zero(finding->data))
		return (struct verdict){.sight = SIGHT_ZEROES};
	if (stamp_hash(finding->data) == finding->hash && !finding->pinned)
		return (struct verdict){.sight = SIGHT_OLD};
	if (!stamp_intact(finding->data))
		return see_damaged(judge, finding);
	stamp_read(finding->data, &stamp);
	if (!same_run(judge->run, &stamp))
		return (struct verdict){.sight = SIGHT_OTHER_RUN, .found_sector = stamp.sector};
	return (struct verdict){
		.sight = stamp.sector == finding->sector ? SIGHT_OLD : SIGHT_ELSEWHERE,
		.found_operation = stamp.operation,
		.found_sector = stamp.sector,
	};
}

static const struct finding *finding_at(const struct run *run, uint64_t sector)
{
	size_t low = 0, high = run->findings.count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (run->findings.list[middle].sector == sector)
			return &run->findings.list[middle];
		if (run->findings.list[middle].sector < sector)
			low = middle + 1;
		else
			high = middle;
	}
	return NULL;
}

/* Was it zero before, and is zero now? Then it says nothing about whether the operation has reached it. */
static bool says_nothing(const struct expectation *expected)
{
	bool zero_before = cell_kind(expected->before) == CELL_ZERO ||
			   (expected->before == CELL_RECORDED && expected->hash == stamp_zero_hash());

	return cell_kind(expected->candidates[0]) == CELL_ZERO && zero_before;
}

/* Is any sector of the operation as it should be? */
static bool partly_there(struct judge *judge, uint32_t reference)
{
	struct operation operation = schedule_operation(judge->run->schedule, cell_number(reference));

	if (cell_kind(reference) == CELL_SET || !cell_number(reference))
		return false;
	for (uint64_t sector = operation_first_sector(&operation); sector < operation_end_sector(&operation); sector++) {
		struct expectation expected;

		if (finding_at(judge->run, sector))
			continue;
		shadow_expect(judge->run->shadow, sector, &expected);
		if (expected.count == 1 && expected.candidates[0] == reference && !says_nothing(&expected))
			return true;
	}
	return false;
}

static bool was_zero_before(const struct finding *finding)
{
	return cell_kind(finding->before) == CELL_ZERO ||
	       (finding->before == CELL_RECORDED && finding->hash == stamp_zero_hash());
}

static enum verdict_kind kind_of_old(struct judge *judge, const struct finding *finding)
{
	if (finding->fate == FINDING_GONE)
		return VERDICT_STALE;
	return partly_there(judge, finding->expected) ? VERDICT_TORN : VERDICT_LOST;
}

static enum verdict_kind kind_of(struct judge *judge, const struct finding *finding, const struct verdict *verdict)
{
	bool recorded = finding->contenders == 1 && finding->expected == CELL_RECORDED;

	switch (verdict->sight) {
	case SIGHT_ELSEWHERE:
		/* A place that lacks it shows: it fails too. */
		return finding->fate == FINDING_STAYS && !finding_at(judge->run, verdict->found_sector)
			       ? VERDICT_DUPLICATED
			       : VERDICT_MISDIRECTED;
	case SIGHT_ZEROES:
		if (recorded)
			return VERDICT_CHANGED;
		return was_zero_before(finding) ? kind_of_old(judge, finding) : VERDICT_ZEROED;
	case SIGHT_OLD:
		return recorded ? VERDICT_CHANGED : kind_of_old(judge, finding);
	case SIGHT_FLIPPED:
		return VERDICT_FLIPPED;
	case SIGHT_MIX:
		return VERDICT_TORN;
	case SIGHT_UNTOUCHED:
		return VERDICT_STALE;
	case SIGHT_OTHER_RUN:
		/* What an earlier run has left elsewhere cannot have come here by itself. */
		if (verdict->found_sector != finding->sector)
			return VERDICT_MISDIRECTED;
		break;
	case SIGHT_NOISE:
		break;
	}
	return recorded ? VERDICT_CHANGED : VERDICT_FOREIGN;
}

/* Where an operation's content has turned up elsewhere, what it left undone is not lost but misdirected. */
static void find_the_missing(struct judge *judge)
{
	const struct findings *findings = &judge->run->findings;

	for (size_t at = 0; at < findings->count; at++) {
		const struct verdict *seen = &judge->verdicts->list[at];

		if (seen->kind != VERDICT_MISDIRECTED || seen->sight != SIGHT_ELSEWHERE)
			continue;
		for (size_t other = 0; other < findings->count; other++) {
			struct verdict *verdict = &judge->verdicts->list[other];
			bool missing = verdict->kind == VERDICT_LOST || verdict->kind == VERDICT_TORN ||
				       verdict->kind == VERDICT_ZEROED;

			if (missing && findings->list[other].expected == (CELL_WRITE | seen->found_operation))
				verdict->kind = VERDICT_MISDIRECTED;
		}
		/* Neighbours mostly come from the same operation, which has been dealt with. */
		while (at + 1 < findings->count &&
		       judge->verdicts->list[at + 1].found_operation == seen->found_operation)
			at++;
	}
}

/* The most frequent one; where operations overlapped it is less certain, so the others decide if there are any. */
static enum verdict_kind main_kind(const struct judge *judge)
{
	const struct findings *findings = &judge->run->findings;
	uint64_t weights[VERDICT_KINDS] = {0};
	unsigned main = 0;

	for (size_t at = 0; at < findings->count; at++)
		weights[judge->verdicts->list[at].kind] += findings->list[at].contenders == 1 ? FINDINGS_KEPT : 1;
	for (unsigned kind = 0; kind < VERDICT_KINDS; kind++)
		if (weights[kind] > weights[main])
			main = kind;
	return (enum verdict_kind)main;
}

void verdict_reach(struct run *run, struct verdicts *verdicts)
{
	struct judge judge = {.run = run, .verdicts = verdicts,
			      .compare = {.identity = &run->identity, .schedule = run->schedule}};

	*verdicts = (struct verdicts){.list = calloc(run->findings.count, sizeof *verdicts->list)};
	if (!verdicts->list)
		err(3, "no memory for verdicts");
	for (size_t at = 0; at < run->findings.count; at++) {
		verdicts->list[at] = see(&judge, &run->findings.list[at]);
		verdicts->list[at].kind = kind_of(&judge, &run->findings.list[at], &verdicts->list[at]);
	}
	find_the_missing(&judge);
	for (size_t at = 0; at < run->findings.count; at++)
		verdicts->counts[verdicts->list[at].kind]++;
	verdicts->main = main_kind(&judge);
	pattern_find(run, verdicts);
}

void verdict_free(struct verdicts *verdicts)
{
	free(verdicts->list);
	verdicts->list = NULL;
}

const char *verdict_describe_origin(const struct run *run, uint32_t reference, char *text, size_t text_bytes)
{
	struct operation operation;
	const struct journal_times *times;
	char description[128];

	if (reference == CELL_RECORDED || cell_is_set(reference)) {
		snprintf(text, text_bytes, "%s",
			 reference == CELL_RECORDED ? "what was there before the run" : "a mix of overlapping operations");
		return text;
	}
	operation = schedule_operation(run->schedule, cell_number(reference));
	times = &run->journal.times[operation.number];
	operation_describe(&operation, description, sizeof description);
	/* Of a run that was saved, the times are not known. */
	if (!times->begin_ns)
		snprintf(text, text_bytes, "operation %u, a %s", operation.number, description);
	else
		snprintf(text, text_bytes, "operation %u, a %s (%.6f s to %.6f s)", operation.number, description,
			 (double)times->begin_ns / 1e9, (double)times->end_ns / 1e9);
	return text;
}

const char *verdict_describe_sight(const struct run *run, const struct verdict *verdict, char *text, size_t text_bytes)
{
	char origin[224];

	switch (verdict->sight) {
	case SIGHT_ZEROES:
		snprintf(text, text_bytes, "zeroes");
		break;
	case SIGHT_OLD:
		snprintf(text, text_bytes, "%s",
			 verdict_describe_origin(run, verdict->found_operation, origin, sizeof origin));
		break;
	case SIGHT_ELSEWHERE:
		snprintf(text, text_bytes, "what belongs into sector %llu, by %s", (unsigned long long)verdict->found_sector,
			 verdict_describe_origin(run, verdict->found_operation, origin, sizeof origin));
		break;
	case SIGHT_FLIPPED:
		snprintf(text, text_bytes, "the right content but for %u bits", verdict->bits);
		break;
	case SIGHT_MIX:
		snprintf(text, text_bytes, "a part of the right content beside something else");
		break;
	case SIGHT_OTHER_RUN:
		snprintf(text, text_bytes, "what another run, attempt or device has written for sector %llu",
			 (unsigned long long)verdict->found_sector);
		break;
	case SIGHT_UNTOUCHED:
		snprintf(text, text_bytes, "nothing: the read has left its buffer as it was");
		break;
	case SIGHT_NOISE:
		snprintf(text, text_bytes, "what no run of this program has written");
		break;
	}
	return text;
}
