#include "control.h"

#include <stddef.h>
#include <string.h>

#include "seen.h"

struct control_world control;

void control_begin(struct control_choice choice)
{
	memset(&control, 0, sizeof(control));
	control.kernel = (uint8_t)choice.kernel;
	control.recovery = (uint8_t)driver_recovery_granted(choice.kernel, choice.recovery);
	control.alive = 1;
	control.kills = (uint8_t)choice.kills;
	control.contends = (uint8_t)choice.contends;
	control.quiesces = choice.recovery != DRIVER_NO_RECOVERY && choice.contends != 0;
	control.refusals = 1;
}

/* ---- what the server does ------------------------------------------------------------------ */

static uint8_t command_of(uint8_t action)
{
	static const uint8_t commands[DEVICE_ACTIONS] = {
		[DEVICE_SEND_SET_PARAMS] = DRIVER_SET_PARAMS + 1,
		[DEVICE_SEND_RECOVER] = DRIVER_START_RECOVERY + 1,
		[DEVICE_SEND_START] = DRIVER_START + 1,
		[DEVICE_SEND_END_RECOVERY] = DRIVER_END_RECOVERY + 1,
		[DEVICE_SEND_QUIESCE] = DRIVER_QUIESCE + 1,
		[DEVICE_SEND_STOP] = DRIVER_STOP + 1,
		[DEVICE_SEND_DEL] = DRIVER_DEL + 1,
	};

	return action == DEVICE_SEND_ADD ? (uint8_t)(DRIVER_ADD + control.recovery + 1) : commands[action];
}

static const char *open_queues(void)
{
	control.ready = 0;
	control.leaves = 0;
	control.drains = 0;
	control.ending = 0;
	if (control.driver.there != DRIVER_PRESENT || control.driver.open)
		return control_decide(DEVICE_QUEUE_FAILED);
	for (uint32_t i = 0; i < QUEUES; i++)
		control.queue[i] = CONTROL_FETCHES;
	return control_drive(DRIVER_OPEN, 0);
}

static const char *judge_live(void)
{
	seen_witness(control.server.recovery ? "recovered-live" : "live");
	if (control.driver.condition != DRIVER_LIVE || control.ready != QUEUES)
		return "live: said of a device that is not";
	return NULL;
}

static const char *act(uint8_t action)
{
	bool leaves = action == DEVICE_LEAVE_QUEUES || action == DEVICE_FORSAKE;

#ifdef BROKEN_CLING
	leaves = leaves && control.server.phase != DEVICE_CANCELLING && control.server.phase != DEVICE_QUIESCING;
#endif
	if (command_of(action) != 0) {
		if (control.command != 0)
			return "one-command: a second one before the first was answered";
		control.command = command_of(action);
	}
	control.cancel |= action == DEVICE_SEND_CANCEL || action == DEVICE_FORSAKE;
	control.pausing |= action == DEVICE_PAUSE;
	control.leaves |= leaves;
	control.drains |= action == DEVICE_DRAIN_QUEUES;
	control.ending |= leaves || action == DEVICE_JOIN_QUEUES || action == DEVICE_DRAIN_QUEUES;
	if (action == DEVICE_OPEN_QUEUES)
		return open_queues();
	return action == DEVICE_SAY_LIVE ? judge_live() : NULL;
}

const char *control_decide(uint32_t event)
{
	struct device_step step = device_step(control.server, event);

	seen_device(control.server, event);
	if (step.verdict == DEVICE_UNEXPECTED)
		return "unexpected: an event that cannot be in this phase";
	control.server = step.state;
	return act(step.action);
}

/* A server that adds its device; after one that was killed or has handed it over, one that takes over. */
bool control_may_begin(void)
{
	if (control.alive && !(control.handed && control.server.phase == DEVICE_OVER))
		return control.server.phase == DEVICE_ABSENT;
	return control.recovery != DRIVER_NO_RECOVERY && control.driver.there == DRIVER_PRESENT;
}

const char *control_starts(void)
{
	if (control.alive && !control.handed)
		return control_decide(DEVICE_BEGIN);
	control.alive = 1;
	control.handed = 0;
	control.wanted = 0;
	control.server = (struct device_state){ .want = DEVICE_UP };
	return control_decide(DEVICE_BEGIN_RECOVERY);
}

bool control_may_stop(void)
{
#ifdef LIVENESS
	return false; /* or the stop would be what ends a recovery */
#endif
	return control.alive && !control.wanted && control.server.phase != DEVICE_ABSENT;
}

const char *control_stop(void)
{
	control.wanted = 1;
	return control_decide(DEVICE_STOP_WANTED);
}

/* Once live, a device that was made for recovery outlives its server. */
bool control_may_keep(void)
{
	return control.alive && control.server.phase == DEVICE_LIVE && !control.server.recovery &&
	       control.recovery != DRIVER_NO_RECOVERY;
}

const char *control_keep(void)
{
	return control_decide(DEVICE_KEEP);
}

/* It stands for a kill: one of both is what another server takes over from. */
bool control_may_hand_over(void)
{
	return control.alive && control.server.phase == DEVICE_LIVE && control.recovery != DRIVER_NO_RECOVERY && control.kills > 0;
}

const char *control_hand_over(void)
{
	control.kills--;
	control.handed = 1;
	seen_witness("handed-over");
	return control_decide(DEVICE_HAND_OVER);
}

bool control_may_retry(bool patient)
{
	if (!control.alive || !control.pausing)
		return false;
#ifdef LIVENESS
	patient = patient && control.dead; /* what would be refused for ever is tried until it gives up */
#endif
	return !patient || control.server.phase != DEVICE_RECOVERING ||
	       driver_device_step(control.kernel, control.driver, DRIVER_START_RECOVERY).result != -DRIVER_EBUSY;
}

const char *control_retry(void)
{
	control.pausing = 0;
	return control.server.pausing ? control_decide(DEVICE_DEADLINE) : NULL;
}

/* ---- commands and answers ------------------------------------------------------------------ */

static const char *answer(uint8_t callers, int16_t result)
{
	for (uint32_t i = 0; i < CONTENDERS; i++)
		if (callers & CONTROL_CONTENDER << i)
			control.contender[i]++;
#ifdef BROKEN_ECHO
	if (control_decide(device_event_of_result(result)) != NULL)
		return "the first of two answers was not expected";
#endif
#ifdef BROKEN_DEAF
	if (control.server.phase == DEVICE_STARTING)
		result = 0; /* whatever START has answered */
#endif
#ifdef BROKEN_MUTE
	if (control.server.phase == DEVICE_STOPPING)
		return NULL;
#endif
	if ((callers & CONTROL_SERVER) && control.alive) {
		control.cancel = 0; /* it finds nothing any more */
		return control_decide(device_event_of_result(result));
	}
	return NULL;
}

static const char *answer_waiting(struct driver_device_step step)
{
	uint8_t callers = CONTROL_SERVER;

	if (step.reply == DRIVER_REPLY_STOP) {
		callers = control.stops;
		control.stops = 0;
	} else if (step.reply == DRIVER_REPLY_DEL) {
		callers = control.deletes;
		control.deletes = 0;
	}
	return answer(callers, step.result);
}

/* Commands that are taken back are noticed by their queues; on 7.x not those of the other queues of a dead thread. */
static void take_back(uint32_t event, struct driver_device_state next)
{
	if (!next.cancelled || control.driver.cancelled)
		return;
	if ((event != DRIVER_SERVER_DIED && event != DRIVER_DIED_FETCHING) || control.kernel == DRIVER_6_12)
		control.taken = control.fetched;
#ifndef BROKEN_HURRY
	control.excused |= control.driver.condition == DRIVER_DEAD && control.kernel != DRIVER_7_3;
#endif
}

const char *control_drive(uint32_t event, uint8_t caller)
{
	struct driver_device_step step = driver_device_step(control.kernel, control.driver, event);

	seen_driver_device(control.kernel, control.driver, event);
	if (step.verdict == DRIVER_UNDEFINED && control.excused) {
		seen_witness("start-over-commands-that-were-taken-back");
		return answer(caller != 0 ? caller : CONTROL_SERVER, -DRIVER_EBUSY);
	}
	if (step.verdict != DRIVER_POSSIBLE)
		return step.verdict == DRIVER_UNDEFINED ? "kernel-unbroken: the kernel breaks over it" : "cannot be";
	take_back(event, step.state);
	control.driver = step.state;
	control.excused &= step.state.cancelled;
	switch (step.reply) {
	case DRIVER_REPLY_NONE:
		return NULL;
	case DRIVER_REPLY_NOW:
		return caller != 0 ? answer(caller, step.result) : NULL;
	case DRIVER_REPLY_WAITS:
		if (event == DRIVER_STOP)
			control.stops |= caller;
		if (event == DRIVER_DEL)
			control.deletes |= caller;
		return NULL;
	}
	return answer_waiting(step);
}

bool control_behind(uint32_t event)
{
	return driver_device_step(control.kernel, control.driver, event).reply == DRIVER_REPLY_BEHIND;
}

bool control_may_send(void)
{
	return control.alive && control.command != 0 && !control_behind(control.command - 1u);
}

const char *control_send(void)
{
	uint32_t event = control.command - 1u;

	control.command = 0;
	return control_drive(event, CONTROL_SERVER);
}

/* A signal, a lack of memory, a lock that is busy. event: DEVICE_ANSWER_… */
bool control_may_refuse(uint32_t event)
{
	bool undo = control.command == DRIVER_STOP + 1 || control.command == DRIVER_DEL + 1;

	return control_may_send() && control.refusals > 0 && !(undo && event == DEVICE_ANSWER_OTHER);
}

const char *control_refuse(uint32_t event)
{
	control.refusals--;
	control.command = 0;
	control.cancel = 0;
	return control_decide(event);
}

/* Its worker keeps the cancel in mind: a command that has not begun is taken back, or begins and does not wait; one
 * that is behind a mutex is met by it after that. */
bool control_may_cancel(void)
{
	return control.alive && control.cancel &&
	       (control_may_send() || (control.driver.waiting & (DRIVER_WAITING_START | DRIVER_WAITING_END)) != 0);
}

const char *control_cancel(void)
{
	control.cancel = 0;
	if (control.driver.waiting & DRIVER_WAITING_START)
		return control_drive(DRIVER_INTERRUPT_START, 0);
	if (control.driver.waiting & DRIVER_WAITING_END)
		return control_drive(DRIVER_INTERRUPT_END, 0);
	control.command = 0;
	return control_decide(DEVICE_ANSWER_EINTR);
}
