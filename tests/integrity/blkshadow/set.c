#include <err.h>
#include <stdlib.h>
#include <string.h>

#include "set.h"

struct mapping {
	uint32_t from, to;
};

struct sets {
	struct set **sets;
	uint32_t *vacant;		/* indices without a set */
	struct mapping *map;		/* what this event mapped */
	uint32_t capacity, used, vacant_count;
	uint32_t map_count, map_capacity, map_last;
	size_t bytes;
};

static void *checked(void *memory)
{
	if (!memory)
		err(3, "no memory for the shadow's sets");
	return memory;
}

struct sets *sets_new(void)
{
	return checked(calloc(1, sizeof(struct sets)));
}

void sets_free(struct sets *sets)
{
	if (!sets)
		return;
	for (uint32_t index = 0; index < sets->used; index++)
		free(sets->sets[index]);
	free(sets->sets);
	free(sets->vacant);
	free(sets->map);
	free(sets);
}

const struct set *sets_get(const struct sets *sets, uint32_t reference)
{
	return sets->sets[cell_number(reference)];
}

static size_t set_bytes(uint32_t count)
{
	return sizeof(struct set) + count * sizeof(struct set_entry);
}

static uint32_t store(struct sets *sets, struct set *set)
{
	uint32_t index;

	if (sets->vacant_count) {
		index = sets->vacant[--sets->vacant_count];
	} else {
		if (sets->used == sets->capacity) {
			sets->capacity = sets->capacity ? sets->capacity * 2 : 16;
			sets->sets = checked(reallocarray(sets->sets, sets->capacity, sizeof *sets->sets));
			sets->vacant = checked(reallocarray(sets->vacant, sets->capacity, sizeof *sets->vacant));
		}
		index = sets->used++;
	}
	if (index > CELL_NUMBER_MASK)
		errx(3, "more than %u sets of contenders", CELL_NUMBER_MASK);
	sets->sets[index] = set;
	sets->bytes += set_bytes(set->count);
	return CELL_SET | index;
}

static void discard(struct sets *sets, uint32_t index)
{
	if (!sets->sets[index] || sets->sets[index]->cells)
		return;
	sets->bytes -= set_bytes(sets->sets[index]->count);
	free(sets->sets[index]);
	sets->sets[index] = NULL;
	sets->vacant[sets->vacant_count++] = index;
}

/* A set emptied in the middle of an event may still be the answer to a later cell, so it lives until the end. */
void sets_next_event(struct sets *sets)
{
	for (uint32_t at = 0; at < sets->map_count; at++) {
		if (cell_is_set(sets->map[at].from))
			discard(sets, cell_number(sets->map[at].from));
		if (cell_is_set(sets->map[at].to))
			discard(sets, cell_number(sets->map[at].to));
	}
	sets->map_count = 0;
	sets->map_last = 0;
}

/* Of zeroes that may or may not have been written, the latest stand for all. */
static bool replaces(const struct set_change *change, const struct set_entry *entry)
{
	bool earlier = entry->end && entry->end < change->begin && !entry->gone;
	bool zeroes = cell_kind(change->reference) == CELL_ZERO && cell_kind(entry->reference) == CELL_ZERO;

	return earlier && (change->event == SET_END_REPLACE || zeroes);
}

static void end_change(struct set *set, const struct set_change *change)
{
	bool found = false;

	for (uint32_t at = 0; at < set->count; at++) {
		struct set_entry *entry = &set->entries[at];

		if (entry->reference == change->reference && !entry->end) {
			entry->end = change->now;
			found = true;
		} else if (replaces(change, entry)) {
			entry->gone = change->now;
		}
	}
	/* Nothing else was in flight on it, so the set is being made only now. */
	if (!found)
		set->entries[set->count++] = (struct set_entry){.reference = change->reference, .end = change->now};
}

static void purge(struct set *set, const struct set_change *change)
{
	uint32_t kept = 0;

	for (uint32_t at = 0; at < set->count; at++) {
		const struct set_entry *entry = &set->entries[at];
		bool out = entry->gone && (!set->users || entry->gone < change->oldest);

		if (change->event == SET_END_NOTHING && entry->reference == change->reference && !entry->end)
			out = true;
		if (!out)
			set->entries[kept++] = *entry;
	}
	set->count = kept;
}

/* The set before the event, with room for one more entry. */
static struct set *copy_of(const struct sets *sets, uint32_t reference, const struct set_change *change)
{
	const struct set *old = cell_is_set(reference) ? sets_get(sets, reference) : NULL;
	uint32_t count = old ? old->count : 1;
	struct set *set = checked(calloc(1, set_bytes(count + 1)));

	if (old) {
		memcpy(set, old, set_bytes(count));
		set->cells = 0;
		return set;
	}
	set->fresh = change->fresh;
	set->count = 1;
	set->entries[0] = (struct set_entry){.reference = reference, .end = 1};
	return set;
}

static uint32_t compute(struct sets *sets, uint32_t reference, const struct set_change *change)
{
	struct set *set = copy_of(sets, reference, change);
	bool pinned = cell_is_set(reference) && (reference & CELL_PINNED) && change->event != SET_END_REPLACE &&
		      change->event != SET_END_ADD;
	uint32_t result;

	switch (change->event) {
	case SET_BEGIN:
		set->users++;
		if (change->reference != CELL_RECORDED)
			set->entries[set->count++] = (struct set_entry){.reference = change->reference};
		break;
	case SET_END_REPLACE:
	case SET_END_ADD:
		end_change(set, change);
		set->users -= cell_is_set(reference);
		break;
	case SET_END_READ:
	case SET_END_NOTHING:
		set->users -= cell_is_set(reference);
		break;
	}
	purge(set, change);
	if (!set->users && set->count == 1) {
		result = set->entries[0].reference;
		free(set);
		return result;
	}
	return store(sets, set) | (pinned ? CELL_PINNED : 0);
}

static uint32_t look_up(struct sets *sets, uint32_t reference, const struct set_change *change)
{
	for (uint32_t seen = 0; seen < sets->map_count; seen++) {
		uint32_t at = (sets->map_last + seen) % sets->map_count;

		if (sets->map[at].from == reference) {
			sets->map_last = at;
			return sets->map[at].to;
		}
	}
	if (sets->map_count == sets->map_capacity) {
		sets->map_capacity = sets->map_capacity ? sets->map_capacity * 2 : 16;
		sets->map = checked(reallocarray(sets->map, sets->map_capacity, sizeof *sets->map));
	}
	sets->map_last = sets->map_count++;
	sets->map[sets->map_last] = (struct mapping){reference, compute(sets, reference, change)};
	return sets->map[sets->map_last].to;
}

uint32_t sets_apply(struct sets *sets, uint32_t reference, const struct set_change *change)
{
	uint32_t result = look_up(sets, reference, change);

	if (cell_is_set(result))
		sets->sets[cell_number(result)]->cells++;
	if (cell_is_set(reference))
		sets->sets[cell_number(reference)]->cells--;
	return result;
}

void sets_release(struct sets *sets, uint32_t reference)
{
	sets->sets[cell_number(reference)]->cells--;
}

size_t sets_memory_bytes(const struct sets *sets)
{
	return sets->bytes + sets->capacity * (sizeof *sets->sets + sizeof *sets->vacant);
}
