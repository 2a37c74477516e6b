#include <err.h>
#include <stdlib.h>

#include "pages.h"
#include "set.h"
#include "shadow.h"
#include "stamp.h"

struct flight {
	struct operation operation;
	uint32_t begin;
};

struct shadow {
	struct pages *pages;
	struct sets *sets;
	struct flight *flights;
	uint32_t *legal;		/* the candidates of the expectation last given out */
	size_t flight_count, flight_capacity, legal_capacity;
	uint64_t zero_hash;
	uint32_t clock;
	enum shadow_discard discard;
};

struct shadow *shadow_new(uint64_t size_bytes, enum shadow_discard discard)
{
	struct shadow *shadow = calloc(1, sizeof *shadow);

	if (!shadow)
		err(3, "no memory for the shadow");
	shadow->pages = pages_new(size_bytes);
	shadow->sets = sets_new();
	if (!shadow->pages)
		err(3, "no memory for the shadow");
	shadow->zero_hash = stamp_zero_hash();
	shadow->clock = 2;
	shadow->discard = discard;
	return shadow;
}

void shadow_free(struct shadow *shadow)
{
	if (!shadow)
		return;
	pages_free(shadow->pages);
	sets_free(shadow->sets);
	free(shadow->flights);
	free(shadow->legal);
	free(shadow);
}

static struct cell *make_cell(struct shadow *shadow, uint64_t sector)
{
	return &pages_make(shadow->pages, sector / OPERATION_PAGE_SECTORS)->cells[sector % OPERATION_PAGE_SECTORS];
}

/* NULL for a sector of recorded zeroes in a page that is not in use. */
static struct cell *find_cell(const struct shadow *shadow, uint64_t sector)
{
	struct page *page = pages_find(shadow->pages, sector / OPERATION_PAGE_SECTORS);

	return page ? &page->cells[sector % OPERATION_PAGE_SECTORS] : NULL;
}

void shadow_record(struct shadow *shadow, uint64_t sector, uint64_t hash)
{
	if (hash != shadow->zero_hash)
		make_cell(shadow, sector)->hash = hash;
}

/* What the operation leaves behind. */
static uint32_t trace_of(const struct shadow *shadow, const struct operation *operation)
{
	switch (operation->kind) {
	case OPERATION_WRITE:
		return CELL_WRITE | operation->number;
	case OPERATION_ZEROES:
		return CELL_ZERO | operation->number;
	case OPERATION_DISCARD:
		return (shadow->discard == SHADOW_DISCARD_UNDEFINED ? CELL_ANY : CELL_ZERO) | operation->number;
	case OPERATION_READ:
	case OPERATION_FLUSH:
	case OPERATION_STRESS:
	case OPERATION_KINDS:
		break;
	}
	return CELL_RECORDED;
}

static uint32_t oldest_begin(const struct shadow *shadow)
{
	uint32_t oldest = UINT32_MAX;

	for (size_t at = 0; at < shadow->flight_count; at++)
		if (shadow->flights[at].begin < oldest)
			oldest = shadow->flights[at].begin;
	return oldest;
}

/*
 * Applies the change to the sectors [first, end). With `conflict` to all of them, making sets of plain references, but
 * of sets only those that this same begin has made: the others know the operation already. Without: to sets only.
 */
static void begin_sectors(struct shadow *shadow, uint64_t first, uint64_t end, const struct set_change *change,
			  bool conflict)
{
	sets_next_event(shadow->sets);
	for (uint64_t sector = first; sector < end; sector++) {
		struct cell *cell = conflict ? make_cell(shadow, sector) : find_cell(shadow, sector);
		bool set = cell && cell_is_set(cell->now);

		if (!cell || (!conflict && !set))
			continue;
		if (conflict && set && sets_get(shadow->sets, cell->now)->fresh != change->fresh)
			continue;
		if (!set)
			cell->before = cell->now;
		cell->now = sets_apply(shadow->sets, cell->now, change);
	}
}

/* The sectors that both touch, where at least one of the two changes something, get sets that know `other`. */
static void contend(struct shadow *shadow, const struct operation *operation, const struct flight *other)
{
	uint64_t first = operation_first_sector(operation), end = operation_end_sector(operation);
	struct set_change change;

	if (!operation_changes(operation->kind) && !operation_changes(other->operation.kind))
		return;
	if (operation_first_sector(&other->operation) > first)
		first = operation_first_sector(&other->operation);
	if (operation_end_sector(&other->operation) < end)
		end = operation_end_sector(&other->operation);
	if (first >= end)
		return;
	change = (struct set_change){
		.event = SET_BEGIN,
		.reference = trace_of(shadow, &other->operation),
		.now = shadow->clock,
		.oldest = oldest_begin(shadow),
		.fresh = operation->number,
	};
	begin_sectors(shadow, first, end, &change, true);
}

void shadow_begin(struct shadow *shadow, const struct operation *operation)
{
	struct set_change change = {
		.event = SET_BEGIN,
		.reference = trace_of(shadow, operation),
		.now = ++shadow->clock,
		.oldest = oldest_begin(shadow),
	};

	if (!operation_has_place(operation->kind))
		return;
	for (size_t at = 0; at < shadow->flight_count; at++)
		contend(shadow, operation, &shadow->flights[at]);
	begin_sectors(shadow, operation_first_sector(operation), operation_end_sector(operation), &change, false);
	if (shadow->flight_count == shadow->flight_capacity) {
		shadow->flight_capacity = shadow->flight_capacity ? shadow->flight_capacity * 2 : 64;
		shadow->flights = reallocarray(shadow->flights, shadow->flight_capacity, sizeof *shadow->flights);
		if (!shadow->flights)
			err(3, "no memory for the operations in flight");
	}
	shadow->flights[shadow->flight_count++] = (struct flight){*operation, shadow->clock};
}

static void end_change(struct shadow *shadow, const struct flight *flight, enum shadow_outcome outcome)
{
	const struct operation *operation = &flight->operation;
	bool adds = outcome == SHADOW_FAILED ||
		    (operation->kind == OPERATION_DISCARD && shadow->discard == SHADOW_DISCARD_OLD_OR_ZERO);
	struct set_change change = {
		.event = outcome == SHADOW_NOTHING ? SET_END_NOTHING : adds ? SET_END_ADD : SET_END_REPLACE,
		.reference = trace_of(shadow, operation),
		.begin = flight->begin,
		.now = shadow->clock,
		.oldest = oldest_begin(shadow),
	};

	for (uint64_t sector = operation_first_sector(operation); sector < operation_end_sector(operation); sector++) {
		struct cell *cell = make_cell(shadow, sector);

		if (!cell_is_set(cell->now)) {
			if (outcome == SHADOW_NOTHING)
				continue;
			cell->before = cell->now;
			if (!adds) {
				cell->now = change.reference;
				continue;
			}
		}
		cell->now = sets_apply(shadow->sets, cell->now, &change);
	}
}

/* For a read that began at `begin` and ends now. */
static void expect(struct shadow *shadow, const struct cell *cell, uint32_t begin, struct expectation *expected)
{
	const struct set *set;

	*expected = (struct expectation){.candidates = &cell->now, .count = 1, .before = cell->before,
					 .hash = cell->hash, .settled = true};
	if (!cell_is_set(cell->now))
		return;
	set = sets_get(shadow->sets, cell->now);
	if (set->count > shadow->legal_capacity) {
		shadow->legal_capacity = set->count * 2;
		shadow->legal = reallocarray(shadow->legal, shadow->legal_capacity, sizeof *shadow->legal);
		if (!shadow->legal)
			err(3, "no memory for contenders");
	}
	expected->count = 0;
	expected->candidates = shadow->legal;
	expected->pinned = cell->now & CELL_PINNED;
	for (uint32_t at = 0; at < set->count; at++) {
		const struct set_entry *entry = &set->entries[at];

		if (entry->gone && entry->gone < begin)
			continue;
		shadow->legal[expected->count++] = entry->reference;
		if (!entry->end || entry->end > begin || entry->gone)
			expected->settled = false;
	}
}

/* Could a read that is in flight still find what was recorded? Its hash is all that it can be compared with. */
static bool recorded_wanted(const struct set *set)
{
	for (uint32_t at = 0; set->users && at < set->count; at++)
		if (set->entries[at].reference == CELL_RECORDED)
			return true;
	return false;
}

/* A read may see the one content that is there from now on: later reads are held to it. */
static void learn(struct shadow *shadow, struct cell *cell, const struct expectation *expected,
		  const struct sighting *seen)
{
	if (!seen->known || !expected->settled || !cell_is_set(cell->now))
		return;
	if (seen->whole && !sets_get(shadow->sets, cell->now)->users) {
		sets_release(shadow->sets, cell->now);
		cell->now = seen->candidate;
		return;
	}
	if (recorded_wanted(sets_get(shadow->sets, cell->now)))
		return;
	cell->hash = seen->hash;
	cell->now |= CELL_PINNED;
}

static void end_read(struct shadow *shadow, const struct flight *flight, enum shadow_outcome outcome,
		     shadow_look *look, void *context)
{
	const struct operation *operation = &flight->operation;
	const struct cell untouched = {.hash = shadow->zero_hash};
	struct set_change change = {.event = SET_END_READ, .now = shadow->clock, .oldest = oldest_begin(shadow)};

	for (uint64_t sector = operation_first_sector(operation); sector < operation_end_sector(operation); sector++) {
		struct cell *cell = find_cell(shadow, sector);
		struct expectation expected;
		struct sighting seen = {0};

		expect(shadow, cell ? cell : &untouched, flight->begin, &expected);
		if (outcome == SHADOW_DONE && look)
			seen = look(context, sector, &expected);
		if (!cell || !cell_is_set(cell->now))
			continue;
		cell->now = sets_apply(shadow->sets, cell->now, &change);
		learn(shadow, cell, &expected, &seen);
	}
}

void shadow_end(struct shadow *shadow, uint32_t number, enum shadow_outcome outcome, shadow_look *look, void *context)
{
	struct flight flight;
	size_t at = 0;

	while (at < shadow->flight_count && shadow->flights[at].operation.number != number)
		at++;
	if (at == shadow->flight_count)
		return;
	flight = shadow->flights[at];
	shadow->flights[at] = shadow->flights[--shadow->flight_count];
	shadow->clock++;
	sets_next_event(shadow->sets);
	if (operation_changes(flight.operation.kind))
		end_change(shadow, &flight, outcome);
	else
		end_read(shadow, &flight, outcome, look, context);
}

void shadow_expect(struct shadow *shadow, uint64_t sector, struct expectation *expected)
{
	static struct cell untouched;
	const struct cell *cell = find_cell(shadow, sector);

	untouched.hash = shadow->zero_hash;
	expect(shadow, cell ? cell : &untouched, shadow->clock + 1, expected);
}

bool shadow_pages_in_use(const struct shadow *shadow, uint64_t first, uint64_t end)
{
	for (uint64_t page = first; page < end; page++) {
		if (!pages_group_in_use(shadow->pages, page / PAGES_GROUP))
			page += PAGES_GROUP - page % PAGES_GROUP - 1;
		else if (pages_find(shadow->pages, page))
			return true;
	}
	return false;
}

uint64_t shadow_sectors_in_use(const struct shadow *shadow)
{
	return (uint64_t)pages_count(shadow->pages) * OPERATION_PAGE_SECTORS;
}

size_t shadow_memory_bytes(const struct shadow *shadow)
{
	return pages_memory_bytes(shadow->pages) + sets_memory_bytes(shadow->sets);
}
