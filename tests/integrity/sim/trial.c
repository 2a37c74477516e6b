#include "trial.h"

#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../blkshadow/mix.h"
#include "client.h"

enum { TRIAL_STRESS_OF = 10000, TRIAL_GAP_MS = 20000, TRIAL_MIDDLE = 2, TRIAL_SHORT = 64 };

struct trial_run {
	const struct trial *trial;
	struct choice *choice;
	struct sim *sim;
	struct client client;
	struct schedule schedule;
	uint32_t begun;
	bool good;
};

/* ---- operations ---------------------------------------------------------------------------- */

/* One from the source of choices: 0 is a read of the first block. */
static struct operation trial_choose(const struct trial_run *run, uint32_t number)
{
	const struct plan *plan = &run->trial->plan;
	uint32_t blocks = (uint32_t)(plan->size_bytes / plan->block_bytes);
	uint32_t most = (uint32_t)(plan->max_bytes / plan->block_bytes);
	static const enum operation_kind kinds[OPERATION_KINDS] = { OPERATION_READ, OPERATION_WRITE, OPERATION_ZEROES,
								    OPERATION_DISCARD, OPERATION_FLUSH };
	struct operation operation = { .number = number, .direct = true };
	uint32_t first, count;

	operation.kind = kinds[choice_below(run->choice, run->trial->chosen)];
	if (operation.kind == OPERATION_FLUSH)
		return operation;
	first = choice_below(run->choice, blocks);
	count = 1 + choice_below(run->choice, most < blocks - first ? most : blocks - first);
	operation.offset_bytes = first * plan->block_bytes;
	operation.length_bytes = count * plan->block_bytes;
	operation.fua = operation.kind == OPERATION_WRITE && choice_chance(run->choice, plan->fua);
	return operation;
}

static struct operation trial_operation(struct trial_run *run)
{
	const struct trial *trial = run->trial;
	struct operation operation;

	if (!trial->chosen)
		return plan_operation(&trial->plan, trial->numbers ? trial->numbers[run->begun] : run->begun + 1);
	operation = trial_choose(run, run->begun + 1);
	run->schedule.list[run->schedule.list_count++] = operation;
	return operation;
}

/* ---- stress -------------------------------------------------------------------------------- */

static bool trial_strikes(struct trial_run *run, uint32_t number, uint32_t salt, uint32_t often)
{
	if (run->trial->chosen)
		return choice_chance(run->choice, often);
	return often > 0 && mix_below(mix_pair(run->trial->plan.seed + salt, number), TRIAL_STRESS_OF) < often;
}

/* What befalls the server before an operation: a function of the plan, so that a shorter list keeps it. */
static void trial_stress(struct trial_run *run, uint32_t number)
{
	const struct trial_stress *stress = &run->trial->stress;
	uint32_t queue = number % run->trial->config.queues;

	if (trial_strikes(run, number, 101, stress->gaps))
		sim_gap(run->sim, TRIAL_GAP_MS + number % 1000);
	if (trial_strikes(run, number, 102, stress->kills))
		sim_kill(run->sim);
	if (trial_strikes(run, number, 103, stress->thread_kills))
		sim_kill_thread(run->sim, (uint16_t)queue);
	if (trial_strikes(run, number, 104, stress->quiesces))
		sim_quiesce(run->sim);
	if (trial_strikes(run, number, 105, stress->restarts))
		sim_restart(run->sim);
}

/* ---- a run --------------------------------------------------------------------------------- */

static bool trial_turn(struct trial_run *run)
{
	bool moved = sim_step(run->sim);

	run->good = client_reap(&run->client) && run->good;
	return moved && run->good;
}

static void trial_begin_all(struct trial_run *run)
{
	while (run->good && run->begun < run->trial->operations && client_has_room(&run->client)) {
		struct operation operation = trial_operation(run);

		run->begun++;
		trial_stress(run, operation.number);
		/* Once in the middle for certain, whatever is in flight. */
		if (run->begun == run->trial->operations / TRIAL_MIDDLE + 1)
			sim_gap(run->sim, TRIAL_GAP_MS + 1000);
		client_begin(&run->client, &operation);
		run->good = client_reap(&run->client);
		/* In a short trial, what is in flight moves on between two operations. */
		if (run->good && run->trial->operations < TRIAL_SHORT && choice_below(run->choice, 2))
			(void)trial_turn(run);
	}
}

static void trial_drain(struct trial_run *run)
{
	while (client_in_flight(&run->client) > 0 && trial_turn(run))
		;
}

/* Some turns, so that a part of what is in flight has ended when the power goes. */
static void trial_wander(struct trial_run *run)
{
	uint32_t turns = choice_below(run->choice, 4 * client_in_flight(&run->client) + 1);

	while (turns-- > 0 && trial_turn(run))
		;
}

static void trial_work(struct trial_run *run)
{
	do {
		trial_begin_all(run);
	} while (run->begun < run->trial->operations && trial_turn(run));
	if (run->trial->cut && run->good) {
		trial_wander(run);
		sim_cut(run->sim);
		run->good = client_reap(&run->client);
		if (run->good)
			client_sweep_after_cut(&run->client);
		return;
	}
	if (run->good)
		trial_drain(run);
	/* A finding is looked at again, when everything is at rest. */
	while (!sim_breach(run->sim)->rule && client_in_flight(&run->client) > 0 && sim_step(run->sim))
		(void)client_reap(&run->client);
	if (!sim_breach(run->sim)->rule && client_in_flight(&run->client) == 0) {
		client_sweep(&run->client);
		sim_stop(run->sim);
	}
}

static void trial_judge(struct trial_run *run, struct trial_result *result)
{
	const struct sim_breach *breach = sim_breach(run->sim);
	struct run *shadowed = &run->client.run;
	struct verdicts verdicts;

	if (breach->rule) {
		result->verdict = breach->rule;
		snprintf(result->text, sizeof(result->text), "%s", breach->text);
	} else if (shadowed->findings.count) {
		verdict_reach(shadowed, &verdicts);
		result->verdict = verdict_name(verdicts.main);
		snprintf(result->text, sizeof(result->text), "%llu sectors: %s",
			 (unsigned long long)shadowed->findings.total, verdicts.pattern);
		verdict_free(&verdicts);
	} else if (client_in_flight(&run->client) > 0 || shadowed->trouble[0]) {
		result->verdict = "stalled";
		snprintf(result->text, sizeof(result->text), "%u operations are in flight for ever%s%s",
			 client_in_flight(&run->client), shadowed->trouble[0] ? "; " : "", shadowed->trouble);
	}
}

/* The operations of the trial as blkshadow looks them up. */
static struct schedule trial_schedule(const struct trial *trial)
{
	struct schedule schedule = { .plan = trial->plan, .discard = SHADOW_DISCARD_ZERO, .atomic_sector = true,
				     .repeats = 1 };

	schedule.count = trial->numbers ? trial->numbers[trial->operations - 1] : trial->operations;
	return schedule;
}

void trial_run(const struct trial *trial, struct choice *choice, struct trial_result *result)
{
	struct trial_run run = { .trial = trial, .choice = choice, .good = true, .schedule = trial_schedule(trial) };

	*result = (struct trial_result){ .verdict = NULL };
	run.sim = sim_open(&trial->config, choice);
	client_open(&run.client, run.sim, &run.schedule, trial->depth, trial->plan.max_bytes, trial->cut,
		    trial->config.filled);
	if (trial->chosen) {
		run.schedule.list = calloc(trial->operations, sizeof(*run.schedule.list));
		if (!run.schedule.list)
			err(3, "no memory for operations");
	}
	trial_work(&run);
	trial_judge(&run, result);
	result->operations = run.client.ended;
	result->compared_bytes = run.client.compared_bytes;
	result->last = run.begun;
	result->counts = *sim_counts(run.sim);
	client_close(&run.client);
	sim_close(run.sim);
	free(run.schedule.list);
}
