/* Sectors whose content was illegal, as they were found: the verdict (verdict.h) comes when all is known. */
#ifndef FINDINGS_H
#define FINDINGS_H

#include <stddef.h>

#include "shadow.h"

#define FINDINGS_KEPT 16384u
#define FINDINGS_CONTENDERS 16u

enum finding_fate {
	FINDING_STAYS,			/* a second look found it wrong too */
	FINDING_GONE,			/* a second look found it right */
	FINDING_REWRITTEN		/* nobody can tell: it was changed in between */
};

struct finding {
	uint64_t sector;
	uint64_t hash;			/* of the recorded or pinned content */
	uint64_t when_ns;
	uint32_t expected;		/* reference (cell.h) of the last contender: the one that should have won */
	uint32_t contenders;
	uint32_t others[FINDINGS_CONTENDERS];	/* the first of the contenders */
	uint32_t before;
	uint32_t reader;		/* the read that found it; 0 for the final sweep */
	enum finding_fate fate;
	bool settled;			/* no change was in flight while it was read */
	bool pinned;			/* an earlier read had found another mix */
	uint8_t data[OPERATION_SECTOR_BYTES];
};

struct findings {
	struct finding *list;
	size_t count;			/* in the list: the first FINDINGS_KEPT */
	uint64_t total;
};

/* Ends the program without memory. */
void findings_add(struct findings *findings, uint64_t sector, const struct expectation *expected, const void *data,
		  uint32_t reader, uint64_t when_ns);
void findings_free(struct findings *findings);

/* The first finding of the sector from `reader` (0: the sweep); NULL if there is none. */
const struct finding *findings_find(const struct findings *findings, uint64_t sector, uint32_t reader);

/* By sector, then by reader, the sweep first. */
void findings_sort(struct findings *findings);

#endif
