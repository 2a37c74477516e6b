/* What an attempt has shown: for people on stderr or stdout, for machines as one JSON object. */
#ifndef REPORT_H
#define REPORT_H

#include <stdio.h>

#include "attempt.h"
#include "blame.h"
#include "ring.h"
#include "shrink.h"

struct report {
	const struct attempt *attempt;
	const struct ring_target *target;
	struct blames *blames;
	double seconds;
	const char *map_path, *replay_path;	/* NULL when there is none */
	const struct shrink *shrink;		/* NULL when it was not shrunk */
};

void report_text(const struct report *report, FILE *file);

/* 0 or negative errno. */
int report_json(const struct report *report, FILE *file);

/* "passed", "corrupt", "failed" or "stalled". */
const char *report_result_name(enum attempt_result result);

#endif
