#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cell.h"
#include "pattern.h"

struct tally {
	uint64_t sectors, requests;
	uint64_t first_in_request_bytes;	/* the smallest distance of a failing sector from its request's begin */
	uint64_t largest_bytes, smallest_bytes;	/* of the requests that failed */
	bool requests_known;			/* each failing sector should hold a known write */
	bool last_sector_only;			/* of each request */
	bool all_gone;				/* a second look found all of them right */
	bool one_page, aligned_page;
	bool displaced;				/* all by the same distance */
	int64_t distance_sectors;
	bool swapped;				/* two places hold each other's content */
	bool beyond_4gib;
	uint64_t first_sector, last_sector;
	uint32_t first_operation;
};

static bool counts(const struct verdicts *verdicts, size_t at)
{
	return verdicts->list[at].kind == verdicts->main;
}

static bool is_write(uint32_t reference)
{
	return cell_kind(reference) == CELL_WRITE && reference != CELL_RECORDED;
}

static void tally_request(const struct run *run, const struct finding *finding, struct tally *tally)
{
	struct operation operation;
	uint64_t from_begin_bytes;

	if (!is_write(finding->expected)) {
		tally->requests_known = false;
		return;
	}
	operation = schedule_operation(run->schedule, cell_number(finding->expected));
	from_begin_bytes = finding->sector * OPERATION_SECTOR_BYTES - operation.offset_bytes;
	if (from_begin_bytes < tally->first_in_request_bytes)
		tally->first_in_request_bytes = from_begin_bytes;
	if (from_begin_bytes + OPERATION_SECTOR_BYTES != operation.length_bytes)
		tally->last_sector_only = false;
	if (operation.length_bytes > tally->largest_bytes)
		tally->largest_bytes = operation.length_bytes;
	if (operation.length_bytes < tally->smallest_bytes)
		tally->smallest_bytes = operation.length_bytes;
	if (operation.number != tally->first_operation) {
		tally->requests++;
		tally->first_operation = operation.number;
	}
}

static void tally_displacement(const struct run *run, const struct verdicts *verdicts, size_t at, struct tally *tally)
{
	const struct verdict *verdict = &verdicts->list[at];
	int64_t distance = (int64_t)(run->findings.list[at].sector - verdict->found_sector);

	if (verdict->sight != SIGHT_ELSEWHERE)
		return;
	if (!tally->distance_sectors)
		tally->distance_sectors = distance;
	tally->displaced &= distance == tally->distance_sectors;
	tally->swapped &= llabs(distance) == llabs(tally->distance_sectors);
}

static void tally_all(const struct run *run, const struct verdicts *verdicts, struct tally *tally)
{
	*tally = (struct tally){.first_in_request_bytes = UINT64_MAX, .smallest_bytes = UINT64_MAX,
				.requests_known = true, .last_sector_only = true, .all_gone = true, .displaced = true,
				.swapped = true, .first_sector = UINT64_MAX, .beyond_4gib = true};
	for (size_t at = 0; at < run->findings.count; at++) {
		const struct finding *finding = &run->findings.list[at];

		if (!counts(verdicts, at))
			continue;
		tally->sectors++;
		if (tally->first_sector == UINT64_MAX)
			tally->first_sector = finding->sector;
		tally->last_sector = finding->sector;
		tally->all_gone &= finding->fate == FINDING_GONE;
		tally->beyond_4gib &= finding->sector * OPERATION_SECTOR_BYTES >= 1ull << 32;
		tally_request(run, finding, tally);
		tally_displacement(run, verdicts, at, tally);
	}
	tally->one_page = tally->sectors > 1 && tally->first_sector / OPERATION_PAGE_SECTORS ==
						       tally->last_sector / OPERATION_PAGE_SECTORS;
	tally->aligned_page = tally->one_page && tally->sectors == OPERATION_PAGE_SECTORS;
}

/* Is nothing of these requests, which are all known, wrong before `from_bytes`? */
static bool fails_from(const struct run *run, const struct verdicts *verdicts, uint64_t from_bytes)
{
	for (size_t at = 0; at < run->findings.count; at++) {
		struct operation operation;

		if (!counts(verdicts, at))
			continue;
		operation = schedule_operation(run->schedule, cell_number(run->findings.list[at].expected));
		if (run->findings.list[at].sector * OPERATION_SECTOR_BYTES < operation.offset_bytes + from_bytes)
			return false;
	}
	return from_bytes > 0;
}

/* A discard or write-zeroes that ends where the failing sectors begin, or begins where they end; 0 if there is none. */
static uint32_t find_neighbour(const struct run *run, const struct tally *tally)
{
	for (uint32_t at = 0; at < run->journal.event_count; at++) {
		uint32_t event = run->journal.events[at];
		struct operation operation;

		if (SCHEDULE_IS_END(event))
			continue;
		operation = schedule_operation(run->schedule, SCHEDULE_NUMBER(event));
		if (operation.kind != OPERATION_DISCARD && operation.kind != OPERATION_ZEROES)
			continue;
		if (operation_end_sector(&operation) == tally->first_sector ||
		    operation_first_sector(&operation) == tally->last_sector + 1)
			return operation.number;
	}
	return 0;
}

static void describe_zeroes(const struct run *run, const struct tally *tally, char *text, size_t text_bytes)
{
	bool in_one_piece = tally->last_sector - tally->first_sector + 1 == tally->sectors;
	uint32_t neighbour = in_one_piece ? find_neighbour(run, tally) : 0;
	struct operation operation;
	char description[128];

	if (neighbour) {
		operation = schedule_operation(run->schedule, neighbour);
		snprintf(text, text_bytes, "the zeroes lie next to operation %u, a %s", neighbour,
			 operation_describe(&operation, description, sizeof description));
	} else if (tally->aligned_page) {
		snprintf(text, text_bytes, "it is exactly one page of 4096 bytes, at byte %llu",
			 (unsigned long long)tally->first_sector * OPERATION_SECTOR_BYTES);
	}
}

static void describe_displacement(const struct tally *tally, char *text, size_t text_bytes)
{
	long long distance = (long long)tally->distance_sectors;

	if (tally->displaced && distance)
		snprintf(text, text_bytes, "everything found lies %lld sectors %s where it belongs", llabs(distance),
			 distance > 0 ? "after" : "before");
	else if (tally->swapped && distance)
		snprintf(text, text_bytes, "two places, %lld sectors apart, hold each other's content", llabs(distance));
}

static void describe_requests(const struct run *run, const struct verdicts *verdicts, const struct tally *tally,
			      char *text, size_t text_bytes)
{
	uint64_t from_bytes = tally->first_in_request_bytes;

	if (!tally->requests_known)
		return;
	if (tally->last_sector_only && tally->largest_bytes > OPERATION_SECTOR_BYTES)
		snprintf(text, text_bytes, "every loss is the last sector of its request");
	else if (fails_from(run, verdicts, from_bytes))
		snprintf(text, text_bytes, "every loss lies beyond byte %llu of its request",
			 (unsigned long long)from_bytes);
	else if (tally->requests == 1)
		snprintf(text, text_bytes, "all of it belongs to one request of %llu bytes",
			 (unsigned long long)tally->largest_bytes);
	else if (tally->smallest_bytes > OPERATION_PAGE_BYTES && tally->requests > 3)
		snprintf(text, text_bytes, "only requests of %llu bytes and more are affected",
			 (unsigned long long)tally->smallest_bytes);
}

void pattern_find(struct run *run, struct verdicts *verdicts)
{
	char *text = verdicts->pattern;
	const size_t text_bytes = sizeof verdicts->pattern;
	struct tally tally;
	size_t used;

	tally_all(run, verdicts, &tally);
	text[0] = '\0';
	if (verdicts->main == VERDICT_MISDIRECTED || verdicts->main == VERDICT_DUPLICATED)
		describe_displacement(&tally, text, text_bytes);
	else if (verdicts->main == VERDICT_ZEROED || verdicts->main == VERDICT_CHANGED)
		describe_zeroes(run, &tally, text, text_bytes);
	if (!text[0])
		describe_requests(run, verdicts, &tally, text, text_bytes);
	if (!text[0] && tally.beyond_4gib)
		snprintf(text, text_bytes, "every failing sector lies beyond 4 GiB");
	if (!text[0])
		snprintf(text, text_bytes, "%llu sectors between byte %llu and %llu, with no pattern that is known here",
			 (unsigned long long)tally.sectors,
			 (unsigned long long)tally.first_sector * OPERATION_SECTOR_BYTES,
			 (unsigned long long)(tally.last_sector + 1) * OPERATION_SECTOR_BYTES);
	used = strlen(text);
	if (tally.all_gone)
		snprintf(text + used, text_bytes - used, "; a second look found it right: reading went wrong, not writing");
}
