#include "durable.h"

#include <err.h>
#include <stdlib.h>

#include "../blkshadow/cell.h"

struct durable_change {
	uint32_t reference;
	uint32_t begin; /* the clock counts begins and ends */
	uint32_t end;   /* 0: under way */
	uint32_t next;  /* of the same sector: index + 1 */
	uint32_t sector;
	bool safe;      /* a flush that began after its end has ended, or it was written with FUA */
};

struct durable {
	struct durable_change *changes;
	uint32_t *first;        /* of each sector: index + 1 */
	uint32_t *begins;       /* of operations, by number */
	uint32_t *candidates;
	uint32_t change_count, change_room, number_room, candidate_room;
	uint32_t clock;
};

static void *durable_memory(void *memory)
{
	if (!memory)
		err(3, "no memory for what has to survive");
	return memory;
}

struct durable *durable_open(uint64_t size_bytes)
{
	struct durable *durable = durable_memory(calloc(1, sizeof(*durable)));

	durable->first = durable_memory(calloc(size_bytes / OPERATION_SECTOR_BYTES + 1, sizeof(*durable->first)));
	return durable;
}

void durable_close(struct durable *durable)
{
	if (!durable)
		return;
	free(durable->changes);
	free(durable->first);
	free(durable->begins);
	free(durable->candidates);
	free(durable);
}

static void durable_add(struct durable *durable, uint32_t sector, uint32_t reference)
{
	struct durable_change *change;

	if (durable->change_count == durable->change_room) {
		durable->change_room = durable->change_room ? durable->change_room * 2 : 1024;
		durable->changes = durable_memory(reallocarray(durable->changes, durable->change_room, sizeof(*change)));
	}
	change = &durable->changes[durable->change_count++];
	*change = (struct durable_change){ .reference = reference, .begin = durable->clock, .next = durable->first[sector],
					   .sector = sector };
	durable->first[sector] = durable->change_count;
}

void durable_begin(struct durable *durable, const struct operation *operation)
{
	uint32_t kind = operation->kind == OPERATION_WRITE ? CELL_WRITE : CELL_ZERO;
	uint64_t sector;

	if (operation->number >= durable->number_room) {
		durable->number_room = operation->number * 2 + 64;
		durable->begins = durable_memory(reallocarray(durable->begins, durable->number_room, sizeof(uint32_t)));
	}
	durable->begins[operation->number] = ++durable->clock;
	if (!operation_changes(operation->kind))
		return;
	for (sector = operation_first_sector(operation); sector < operation_end_sector(operation); sector++)
		durable_add(durable, (uint32_t)sector, kind | operation->number);
}

void durable_end(struct durable *durable, const struct operation *operation, bool done)
{
	uint32_t begin = durable->begins[operation->number], i;
	bool flush = operation->kind == OPERATION_FLUSH;

	durable->clock++;
	/* What has failed may be there or not for ever: it does not end. */
	if (!done)
		return;
	for (i = 0; i < durable->change_count; i++) {
		struct durable_change *change = &durable->changes[i];

		if (flush && change->end && change->end < begin)
			change->safe = true;
		if (!flush && cell_number(change->reference) == operation->number) {
			change->end = durable->clock;
			change->safe = operation->fua;
		}
	}
}

/* Has something durable come after it? */
static bool durable_superseded(const struct durable *durable, const struct durable_change *change)
{
	uint32_t at;

	for (at = durable->first[change->sector]; at; at = durable->changes[at - 1].next) {
		const struct durable_change *other = &durable->changes[at - 1];

		if (other->safe && change->end && change->end < other->begin)
			return true;
	}
	return false;
}

static void durable_candidate(struct durable *durable, struct expectation *expected, uint32_t reference)
{
	if (expected->count == durable->candidate_room) {
		durable->candidate_room = durable->candidate_room * 2 + 16;
		durable->candidates =
			durable_memory(reallocarray(durable->candidates, durable->candidate_room, sizeof(uint32_t)));
	}
	durable->candidates[expected->count++] = reference;
	expected->candidates = durable->candidates;
}

void durable_expect(struct durable *durable, uint64_t sector, struct expectation *expected)
{
	uint32_t at, safe = CELL_RECORDED;

	*expected = (struct expectation){ .settled = true };
	for (at = durable->first[sector]; at; at = durable->changes[at - 1].next) {
		const struct durable_change *change = &durable->changes[at - 1];

		if (change->safe && safe == CELL_RECORDED)
			safe = change->reference;
		if (!durable_superseded(durable, change))
			durable_candidate(durable, expected, change->reference);
		else
			expected->before = change->reference;
	}
	/* Once more, or what was there at first: the one that had to survive is the last. */
	durable_candidate(durable, expected, safe);
}
