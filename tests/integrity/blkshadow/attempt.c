#include "attempt.h"
#include "engine.h"
#include "prelude.h"
#include "record.h"
#include "sweep.h"

static bool nothing_compared(const struct run *run)
{
	return atomic_load(&run->counters.compared_bytes) == 0;
}

void attempt_make(struct attempt *attempt, const struct schedule *schedule, struct port *port,
		  const struct stamp_identity *identity, const struct run_limits *limits,
		  void (*watch)(struct run *run))
{
	struct run *run = &attempt->run;

	run_open(run, schedule, port, identity, limits);
	attempt->verdicts = (struct verdicts){0};
	if (watch)
		watch(run);
	/* After a failure the sweep still tells whether what is there is right, as far as it can be read. */
	if ((!limits->prelude || prelude_write(run)) && record_device(run) && engine_run(run))
		sweep_device(run);
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

void attempt_close(struct attempt *attempt)
{
	verdict_free(&attempt->verdicts);
	run_close(&attempt->run);
}
