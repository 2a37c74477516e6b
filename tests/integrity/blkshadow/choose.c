#include <string.h>

#include "choose.h"

#define SECOND_NS 1000000000ull

/* The recorded order: an operation begins when everything that had ended before it has ended. */
static enum choice choose_recorded(struct run *run, struct chooser *chooser)
{
	const struct schedule *schedule = run->schedule;

	while (run->cursor < schedule->event_count) {
		uint32_t event = schedule->events[run->cursor], number = SCHEDULE_NUMBER(event);

		if (SCHEDULE_IS_END(event)) {
			if (journal_in_flight(&run->journal, number))
				return CHOICE_WAIT;
			run->cursor++;
			continue;
		}
		chooser->next = schedule_operation(schedule, number);
		if (chooser->next.job != chooser->job)
			return CHOICE_WAIT;
		/* The cursor moves on at the begin, so that others do not overtake. */
		return CHOICE_TAKEN;
	}
	return CHOICE_END;
}

static enum choice choose_planned(struct run *run, struct chooser *chooser)
{
	const struct schedule *schedule = run->schedule;
	uint64_t number = 1 + chooser->job + (uint64_t)chooser->position * schedule->plan.jobs;

	if (number > OPERATION_NUMBER_MAX || (schedule->count && number > schedule->count))
		return CHOICE_END;
	if (run->limits.seconds && journal_now_ns(&run->journal) > run->limits.seconds * SECOND_NS)
		return CHOICE_END;
	chooser->position++;
	chooser->next = schedule_operation(schedule, (uint32_t)number);
	return CHOICE_TAKEN;
}

/* The pages change their mode with the lock held: nothing else begins or ends until the cache is in order. */
static void settle(struct run *run, const struct operation *operation)
{
	int error = run->port->calls->settle(run->port, operation->offset_bytes, operation->length_bytes);

	atomic_fetch_add(&run->counters.switches, 1);
	if (error < 0)
		run_fail_locked(run, "writing back the page cache failed: %s", strerror(-error));
}

/*
 * Jobs drift apart, but the stresses of a plan keep their order; a recorded schedule has its own. One whose turn has come
 * takes place in a run that stops, too: the others wait for it.
 */
static enum choice choose_stress(struct run *run, const struct operation *operation)
{
	const struct schedule *schedule = run->schedule;
	bool free = run->stress.state == STRESS_NONE, quiet = journal_oldest(&run->journal) == 0;

	if (operation->kind != OPERATION_STRESS)
		return stress_lets_pass(&run->stress) ? CHOICE_TAKEN : CHOICE_WAIT;
	if (atomic_load(&run->stopping) && (free || run->stress.operation != operation->number))
		return CHOICE_END;
	if (free && !schedule->list && run->stress.begun != operation->stress)
		return CHOICE_WAIT;
	return stress_may_begin(&run->stress, operation, schedule->pauses[operation->stress], quiet) ? CHOICE_TAKEN : CHOICE_WAIT;
}

enum choice choose_next(struct chooser *chooser, struct run *run)
{
	enum choice choice = CHOICE_TAKEN;

	if (!chooser->has_next) {
		if (atomic_load(&run->stopping))
			return CHOICE_END;
		choice = run->schedule->list ? choose_recorded(run, chooser) : choose_planned(run, chooser);
		if (choice != CHOICE_TAKEN)
			return choice;
		chooser->has_next = true;
		if (run->modes)
			modes_claim(run->modes, &chooser->next);
	}
	choice = choose_stress(run, &chooser->next);
	if (choice != CHOICE_TAKEN)
		return choice;
	if (run->modes) {
		switch (modes_ask(run->modes, &chooser->next)) {
		case MODES_WAIT:
			return CHOICE_WAIT;
		case MODES_SWITCH:
			settle(run, &chooser->next);
			break;
		case MODES_READY:
			break;
		}
	}
	chooser->has_next = false;
	run->cursor += run->schedule->list != NULL;
	return CHOICE_TAKEN;
}
