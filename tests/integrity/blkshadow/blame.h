/* Which queue, tag and request of a refublk server the failing sectors go back to, by its trace. */
#ifndef BLAME_H
#define BLAME_H

#include "verdict.h"

#define BLAMES_MAX 8u

struct blame {
	uint64_t sector;
	char text[512];
};

struct blames {
	struct blame list[BLAMES_MAX];
	unsigned count;
};

/*
 * Looks up the request behind each of the first few stretches of findings of the main verdict. Says so where the trace
 * does not tell.
 */
void blame_all(struct blames *blames, const struct run *run, const struct verdicts *verdicts, const char *trace_path);

/* What was found out about this sector; NULL when it was not looked up. */
const char *blame_of(const struct blames *blames, uint64_t sector);

#endif
