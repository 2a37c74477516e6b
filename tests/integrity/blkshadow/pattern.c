#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cell.h"
#include "pattern.h"

#define NEIGHBOUR_SECTORS 2048u

struct tally {
	uint64_t sectors, requests;
	uint64_t first_in_request_bytes;	/* the smallest distance of a failing sector from its request's begin */
	uint64_t largest_bytes, smallest_bytes;	/* of the requests that failed */
	bool requests_known;			/* each failing sector should hold a known write */
	bool last_sector_only;			/* of each request */
	bool all_gone;				/* a second look found all of them right */
	uint64_t whole_pages;			/* in which every sector fails; 0 if there are others */
	bool zeroes_only;			/* each failing sector should be zero */
	bool overlapped_only;			/* no failing sector has a single operation that should have won */
	bool displaced;				/* all by the same distance */
	int64_t distance_sectors;
	bool swapped;				/* each place holds the content of one that holds its content */
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

	if (finding->contenders > 1 && !tally->overlapped_only)
		return;
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

/* Does `sector` hold what belongs into `home`? */
static bool holds(const struct run *run, const struct verdicts *verdicts, uint64_t sector, uint64_t home)
{
	for (size_t at = 0; at < run->findings.count; at++)
		if (run->findings.list[at].sector == sector)
			return verdicts->list[at].sight == SIGHT_ELSEWHERE && verdicts->list[at].found_sector == home;
	return false;
}

static void tally_displacement(const struct run *run, const struct verdicts *verdicts, size_t at, struct tally *tally)
{
	const struct verdict *verdict = &verdicts->list[at];
	int64_t distance = (int64_t)(run->findings.list[at].sector - verdict->found_sector);

	if (verdict->sight != SIGHT_ELSEWHERE && verdict->sight != SIGHT_OTHER_RUN)
		return;
	if (!tally->distance_sectors)
		tally->distance_sectors = distance;
	tally->displaced &= distance == tally->distance_sectors;
	tally->swapped &= holds(run, verdicts, verdict->found_sector, run->findings.list[at].sector);
}

/* How many pages fail as a whole, if nothing else does. The findings are sorted. */
static uint64_t count_whole_pages(const struct run *run, const struct verdicts *verdicts)
{
	uint64_t sectors = 0, first = UINT64_MAX, last = 0;

	for (size_t at = 0; at < run->findings.count; at++) {
		uint64_t sector = run->findings.list[at].sector;

		if (!counts(verdicts, at))
			continue;
		if (sectors % OPERATION_PAGE_SECTORS == 0)
			first = sector;
		last = sector;
		sectors++;
		if (first % OPERATION_PAGE_SECTORS || last / OPERATION_PAGE_SECTORS != first / OPERATION_PAGE_SECTORS)
			return 0;
	}
	return sectors % OPERATION_PAGE_SECTORS ? 0 : sectors / OPERATION_PAGE_SECTORS;
}

static void tally_all(const struct run *run, const struct verdicts *verdicts, struct tally *tally)
{
	*tally = (struct tally){.first_in_request_bytes = UINT64_MAX, .smallest_bytes = UINT64_MAX,
				.requests_known = true, .last_sector_only = true, .all_gone = true, .displaced = true,
				.swapped = true, .first_sector = UINT64_MAX, .beyond_4gib = true,
				.overlapped_only = true, .zeroes_only = true};
	for (size_t at = 0; at < run->findings.count; at++)
		if (counts(verdicts, at) && run->findings.list[at].contenders == 1)
			tally->overlapped_only = false;
	for (size_t at = 0; at < run->findings.count; at++) {
		const struct finding *finding = &run->findings.list[at];

		if (!counts(verdicts, at))
			continue;
		tally->sectors++;
		if (tally->first_sector == UINT64_MAX)
			tally->first_sector = finding->sector;
		tally->last_sector = finding->sector;
		tally->all_gone &= finding->fate == FINDING_GONE;
		tally->zeroes_only &= cell_kind(finding->expected) == CELL_ZERO;
		tally->beyond_4gib &= finding->sector * OPERATION_SECTOR_BYTES >= 1ull << 32;
		tally_request(run, finding, tally);
		tally_displacement(run, verdicts, at, tally);
	}
	tally->whole_pages = count_whole_pages(run, verdicts);
}

/* Is nothing of these requests, which are all known, wrong before `from_bytes`? */
static bool fails_from(const struct run *run, const struct verdicts *verdicts, const struct tally *tally)
{
	uint64_t from_bytes = tally->first_in_request_bytes;

	for (size_t at = 0; at < run->findings.count; at++) {
		struct operation operation;

		if (!counts(verdicts, at) || (run->findings.list[at].contenders > 1 && !tally->overlapped_only))
			continue;
		operation = schedule_operation(run->schedule, cell_number(run->findings.list[at].expected));
		if (run->findings.list[at].sector * OPERATION_SECTOR_BYTES < operation.offset_bytes + from_bytes)
			return false;
	}
	return from_bytes > 0;
}

/*
 * A discard or write-zeroes that ends where the failing sectors begin, or begins where they end, give or take a page of
 * what was zero anyway; 0 if there is none.
 */
static uint32_t find_neighbour(const struct run *run, const struct tally *tally)
{
	if (tally->last_sector - tally->first_sector >= NEIGHBOUR_SECTORS)
		return 0;
	for (uint32_t at = 0; at < run->journal.event_count; at++) {
		uint32_t event = run->journal.events[at];
		struct operation operation;

		if (SCHEDULE_IS_END(event))
			continue;
		operation = schedule_operation(run->schedule, SCHEDULE_NUMBER(event));
		if (operation.kind != OPERATION_DISCARD && operation.kind != OPERATION_ZEROES)
			continue;
		if (tally->first_sector - operation_end_sector(&operation) < OPERATION_PAGE_SECTORS ||
		    operation_first_sector(&operation) - tally->last_sector - 1 < OPERATION_PAGE_SECTORS)
			return operation.number;
	}
	return 0;
}

static void describe_zeroes(const struct run *run, const struct tally *tally, char *text, size_t text_bytes)
{
	uint32_t neighbour = find_neighbour(run, tally);
	struct operation operation;
	char description[128];

	if (neighbour) {
		operation = schedule_operation(run->schedule, neighbour);
		snprintf(text, text_bytes, "the zeroes lie next to operation %u, a %s", neighbour,
			 operation_describe(&operation, description, sizeof description));
	} else if (tally->whole_pages && tally->whole_pages <= tally->requests) {
		snprintf(text, text_bytes, "exactly one page of 4096 bytes in each of %llu requests, the first at byte %llu",
			 (unsigned long long)tally->requests,
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
		snprintf(text, text_bytes, "pairs of places, the first %lld sectors apart, hold each other's content", llabs(distance));
}

static void describe_requests(const struct run *run, const struct verdicts *verdicts, const struct tally *tally,
			      char *text, size_t text_bytes)
{
	uint64_t from_bytes = tally->first_in_request_bytes;

	if (tally->zeroes_only && !tally->all_gone)
		snprintf(text, text_bytes, "every failing sector should have been zeroed, by a discard or write-zeroes");
	if (!tally->requests_known || tally->all_gone)
		return;
	if (tally->last_sector_only && tally->largest_bytes > OPERATION_SECTOR_BYTES)
		snprintf(text, text_bytes, "every loss is the last sector of its request");
	else if ((tally->requests > 1 || from_bytes % OPERATION_PAGE_BYTES == 0) && fails_from(run, verdicts, tally))
		snprintf(text, text_bytes, "every loss lies beyond byte %llu of its request",
			 (unsigned long long)from_bytes);
	else if (verdicts->main == VERDICT_LOST)
		snprintf(text, text_bytes, "nothing of %llu requests is there", (unsigned long long)tally->requests);
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
