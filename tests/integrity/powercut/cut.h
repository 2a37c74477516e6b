/* A power cut in a recorded log: what the device's medium then holds, and whether that keeps what was promised. */
#ifndef CUT_H
#define CUT_H

#include "promise.h"
#include "stamp.h"
#include "writelog.h"

/* A sector of a logged write that carries one of the run's stamps; all others are somebody else's, such as a file system's. */
struct piece {
	uint64_t home;			/* the sector that the run wrote */
	uint32_t operation;		/* 0 for a sector that is not the run's */
};

struct recording {
	const struct writelog *log;
	struct piece *pieces;		/* of all entries, one after the other */
	uint64_t *firsts;		/* by entry: its first piece */
	uint64_t stamped;
};

struct cut {
	size_t entry;			/* the last one that took place */
	uint64_t kept, dropped, torn;	/* writes after the last flush */
	uint64_t promised;		/* sectors that had to be there */
	uint64_t wrong;			/* of those */
	uint64_t first_wrong;
	uint32_t found;			/* there: whose content */
};

/* Reads the stamps. The log stays the caller's. Ends the program without memory. */
void recording_open(struct recording *recording, const struct writelog *log, const struct stamp_identity *identity);
void recording_close(struct recording *recording);

/*
 * Rebuilds the medium as of the entry: all up to the last flush, all with FUA, and of each other write all, nothing, or
 * the first sectors, as the seed says. Then holds it against the promise, which is made anew.
 */
void cut_make(struct cut *cut, const struct recording *recording, struct promise *promise, size_t entry, uint64_t seed);

#endif
