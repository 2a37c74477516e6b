/* One attempt from beginning to end: record, carry out the schedule, sweep, judge. */
#ifndef ATTEMPT_H
#define ATTEMPT_H

#include "run.h"
#include "verdict.h"

enum attempt_result {
	ATTEMPT_PASSED,
	ATTEMPT_CORRUPT,
	ATTEMPT_FAILED,			/* run.trouble says how */
	ATTEMPT_STALLED			/* operations are still in flight: nothing may be freed */
};

struct attempt {
	struct run run;
	struct verdicts verdicts;	/* of ATTEMPT_CORRUPT */
	enum attempt_result result;
};

/*
 * `watch`, which may be NULL, is called once the run can be watched. Schedule and port stay the caller's until
 * attempt_close, which must not be called after ATTEMPT_STALLED.
 */
void attempt_make(struct attempt *attempt, const struct schedule *schedule, struct port *port,
		  const struct stamp_identity *identity, const struct run_limits *limits,
		  void (*watch)(struct run *run));

/*
 * Without any operation: does the device hold what a saved run has left there? Its operations without an end may have
 * had any part of their effect. It has to have begun on zeroes.
 */
void attempt_verify(struct attempt *attempt, const struct schedule *schedule, struct port *port,
		    const struct run_limits *limits, void (*watch)(struct run *run));

void attempt_close(struct attempt *attempt);

#endif
