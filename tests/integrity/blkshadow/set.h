/*
 * The contenders for a sector's content while, and after, operations overlap on it. A set is an immutable value shared
 * by all cells that went through the same events; an event maps old sets to new ones, each only once.
 *
 * The rule behind it: every change reaches a sector's bytes at some moment between its begin and its end, each byte at
 * its own. So a contender is out, for reads that begin later, as soon as a change that began after the contender's end
 * has itself ended.
 */
#ifndef SET_H
#define SET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cell.h"

/* Clocks count events of the run and start at 2; 0 is never, 1 is before the run. */
struct set_entry {
	uint32_t reference;		/* plain (cell.h), never a set */
	uint32_t end;			/* when it ended; 0 while it is in flight */
	uint32_t gone;			/* when it was overwritten for certain; 0 while it is not */
};

struct set {
	uint32_t cells;			/* how many refer to it */
	uint32_t users;			/* operations in flight on it, reads too */
	uint32_t fresh;			/* the operation whose begin made it */
	uint32_t count;
	struct set_entry entries[];
};

enum set_event {
	SET_BEGIN,			/* an operation begins */
	SET_END_READ,
	SET_END_REPLACE,		/* a change ended and replaces what ended before it began */
	SET_END_ADD,			/* a change ended that may have left any byte as it was */
	SET_END_NOTHING			/* a change ended that did nothing */
};

struct set_change {
	enum set_event event;
	uint32_t reference;		/* what the operation leaves behind; CELL_RECORDED for a read */
	uint32_t begin;			/* clock of the operation's begin */
	uint32_t now;
	uint32_t oldest;		/* begin of the oldest operation still in flight, this one not counted */
	uint32_t fresh;			/* for sets made of plain references */
};

struct sets;

struct sets *sets_new(void);
void sets_free(struct sets *sets);

const struct set *sets_get(const struct sets *sets, uint32_t reference);

/* Between two events: what the last one mapped is forgotten, sets without cells are freed. */
void sets_next_event(struct sets *sets);

/*
 * What becomes of a cell's reference by the event: the result is plain when nothing contends any more. A plain
 * reference is taken as a set of that one. A pin is kept as long as the pinned content is.
 */
uint32_t sets_apply(struct sets *sets, uint32_t reference, const struct set_change *change);

/* The cell gets a plain reference in place of the set that the present event mapped it to. */
void sets_release(struct sets *sets, uint32_t reference);

size_t sets_memory_bytes(const struct sets *sets);

#endif
