/* What an attempt has shown: for people on stderr or stdout, for machines as one JSON object. */
#ifndef REPORT_H
#define REPORT_H

#include <stdio.h>

#include "attempt.h"
#include "ring.h"

struct report {
	const struct attempt *attempt;
	const struct ring_target *target;
	double seconds;
	const char *map_path, *replay_path;	/* NULL when there is none */
	uint32_t shrunk_from, shrunk_to;	/* operations; 0 when it was not shrunk */
	uint32_t failures, tries;		/* of the shrunk schedule */
};

void report_text(const struct report *report, FILE *file);

/* 0 or negative errno. */
int report_json(const struct report *report, FILE *file);

/* "passed", "corrupt", "failed" or "stalled". */
const char *report_result_name(enum attempt_result result);

#endif
