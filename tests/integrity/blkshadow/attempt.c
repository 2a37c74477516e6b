#include <string.h>

#include "attempt.h"
#include "engine.h"
#include "prelude.h"
#include "record.h"
#include "sweep.h"

static bool nothing_compared(const struct run *run)
{
	return atomic_load(&run->counters.compared_bytes) == 0;
}

/* What has become of the run, once it is over. */
static void judge(struct attempt *attempt)
{
	struct run *run = &attempt->run;

	if (run->findings.count)
		verdict_reach(run, &attempt->verdicts);
	if (run->findings.count)
		attempt->result = ATTEMPT_CORRUPT;
	else if (atomic_load(&run->stalled))
		attempt->result = ATTEMPT_STALLED;
	else if (run->trouble[0])
		attempt->result = ATTEMPT_FAILED;
	else
		attempt->result = ATTEMPT_PASSED;
	if (attempt->result == ATTEMPT_PASSED && nothing_compared(run)) {
		run_fail(run, "nothing was compared: such a run shows nothing");
		attempt->result = ATTEMPT_FAILED;
	}
}

static void begin(struct attempt *attempt, void (*watch)(struct run *run))
{
	attempt->verdicts = (struct verdicts){0};
	if (watch)
		watch(&attempt->run);
}

void attempt_make(struct attempt *attempt, const struct schedule *schedule, struct port *port,
		  const struct stamp_identity *identity, const struct run_limits *limits,
		  void (*watch)(struct run *run))
{
	struct run *run = &attempt->run;

	run_open(run, schedule, port, identity, limits);
	begin(attempt, watch);
	/* After a failure the sweep still tells whether what is there is right, as far as it can be read. */
	if ((!limits->prelude || prelude_write(run)) && record_device(run) && engine_run(run))
		sweep_device(run);
	judge(attempt);
}

/* What has never ended is given up last: old or new, and nothing that came after it has replaced it for certain. */
static void retrace(struct run *run)
{
	const struct schedule *schedule = run->schedule;

	for (uint32_t at = 0; at < schedule->event_count; at++) {
		uint32_t event = schedule->events[at], number = SCHEDULE_NUMBER(event);
		struct operation operation = schedule_operation(schedule, number);

		run->journal.events[run->journal.event_count++] = event;
		if (SCHEDULE_IS_END(event))
			shadow_end(run->shadow, number, SHADOW_DONE, NULL, NULL);
		else
			shadow_begin(run->shadow, &operation);
	}
	for (uint32_t at = 0; at < schedule->event_count; at++)
		shadow_end(run->shadow, SCHEDULE_NUMBER(schedule->events[at]), SHADOW_FAILED, NULL, NULL);
}

void attempt_verify(struct attempt *attempt, const struct schedule *schedule, struct port *port,
		    const struct run_limits *limits, void (*watch)(struct run *run))
{
	struct run *run = &attempt->run;

	run_open(run, schedule, port, &schedule->identity, limits);
	begin(attempt, watch);
	memset(run->recorded, UINT8_MAX, schedule->plan.size_bytes / RUN_CHUNK_BYTES / 8 + 1);
	retrace(run);
	sweep_device(run);
	judge(attempt);
}

void attempt_close(struct attempt *attempt)
{
	verdict_free(&attempt->verdicts);
	run_close(&attempt->run);
}
