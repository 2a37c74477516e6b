/*
 * The shadow model: for each 512-byte sector the contents that are legal now. Pure: no I/O, no clock, no content; the
 * caller reports begin and end of every operation in the order in which they happen (begin before it is submitted, end
 * after its completion is seen) and is asked to compare what a read returned with what is expected.
 */
#ifndef SHADOW_H
#define SHADOW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "operation.h"

/* What the device declares of discarded sectors. */
enum shadow_discard {
	SHADOW_DISCARD_ZERO,		/* they read as zeroes */
	SHADOW_DISCARD_OLD_OR_ZERO,	/* each byte is as before, or zero */
	SHADOW_DISCARD_UNDEFINED	/* anything, until rewritten */
};

enum shadow_outcome {
	SHADOW_DONE,			/* it succeeded */
	SHADOW_FAILED,			/* each byte may be changed or not */
	SHADOW_NOTHING			/* it was refused: nothing changed */
};

/* What a read may return for one sector. References are cell.h's; they stay valid during the call. */
struct expectation {
	const uint32_t *candidates;	/* each byte is one of these; never empty */
	uint32_t count;
	uint32_t before;		/* whose content was there before */
	uint64_t hash;			/* of the recorded or of the pinned content */
	bool pinned;			/* only the content with this hash is legal, but for changes in flight */
	bool settled;			/* no change was in flight during the read: it finds what the next read finds */
};

/* What was found: `known` only if it was compared and legal. */
struct sighting {
	bool known;
	bool whole;			/* exactly the content of `candidate` */
	uint32_t candidate;
	uint64_t hash;
};

typedef struct sighting shadow_look(void *context, uint64_t sector, const struct expectation *expected);

struct shadow;

struct shadow *shadow_new(uint64_t size_bytes, enum shadow_discard discard);
void shadow_free(struct shadow *shadow);

/* Before the run: the sector holds content of this hash. What is not reported holds zeroes. */
void shadow_record(struct shadow *shadow, uint64_t sector, uint64_t hash);

void shadow_begin(struct shadow *shadow, const struct operation *operation);

/* `look` is called for each sector of a read that succeeded, in order; NULL for anything else. */
void shadow_end(struct shadow *shadow, uint32_t number, enum shadow_outcome outcome, shadow_look *look, void *context);

/* What a read that begins and ends now would be checked against. */
void shadow_expect(struct shadow *shadow, uint64_t sector, struct expectation *expected);

/* Is anything known of the pages [first, end) but that they hold recorded zeroes? */
bool shadow_pages_in_use(const struct shadow *shadow, uint64_t first, uint64_t end);

uint64_t shadow_sectors_in_use(const struct shadow *shadow);
size_t shadow_memory_bytes(const struct shadow *shadow);

#endif
