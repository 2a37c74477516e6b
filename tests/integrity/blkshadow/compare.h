/* Is what a read returned for a sector one of the contents that the shadow expects? */
#ifndef COMPARE_H
#define COMPARE_H

#include "schedule.h"
#include "shadow.h"
#include "stamp.h"

enum compare_answer {
	COMPARE_RIGHT,
	COMPARE_OPEN,			/* legal, or not to be told: it does not count as compared */
	COMPARE_WRONG
};

struct compare {
	const struct stamp_identity *identity;
	const struct schedule *schedule;
	struct operation last;		/* looked up last: neighbours mostly come from the same operation */
};

/* Fills `seen` for the shadow. */
enum compare_answer compare_sector(struct compare *compare, uint64_t sector, const struct expectation *expected,
				   const void *data, struct sighting *seen);

/* Writes the content that `reference` stands for; false when it is known by its hash only, or undefined. */
bool compare_content(struct compare *compare, uint64_t sector, uint32_t reference, uint64_t hash, void *out);

#endif
