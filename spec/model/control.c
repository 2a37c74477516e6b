#include "control.h"

#include <stddef.h>
#include <string.h>

#include "seen.h"

struct control_world control;

void control_begin(uint32_t kernel, uint32_t kills, uint32_t contends)
{
	memset(&control, 0, sizeof(control));
	control.kernel = (uint8_t)kernel;
	control.alive = 1;
	control.kills = (uint8_t)kills;
	control.contends = (uint8_t)contends;
	control.refusals = 2;
}

/* ---- the server ---------------------------------------------------------------------------- */

static const uint8_t COMMANDS[DEVICE_ACTIONS] = {
	[DEVICE_SEND_ADD] = DRIVER_ADD + 1,
	[DEVICE_SEND_SET_PARAMS] = DRIVER_SET_PARAMS + 1,
	[DEVICE_SEND_START] = DRIVER_START + 1,
	[DEVICE_SEND_STOP] = DRIVER_STOP + 1,
	[DEVICE_SEND_DEL] = DRIVER_DEL + 1,
};

static const char *act(uint8_t action)
{
	if (COMMANDS[action] != 0) {
		if (control.command != 0)
			return "one-command: a second one before the first was answered";
		control.command = COMMANDS[action];
	} else if (action == DEVICE_OPEN_QUEUES) {
		control.queue = CONTROL_OPENS;
	} else if (action == DEVICE_LEAVE_QUEUES) {
		control.queue = CONTROL_LEAVES;
	} else if (action == DEVICE_JOIN_QUEUES) {
		control.queue = control.queue == CONTROL_BROKEN ? CONTROL_LEAVES : CONTROL_JOINS;
	} else if (action == DEVICE_SEND_CANCEL) {
		control.cancel = 1;
	} else if (action == DEVICE_PAUSE) {
		control.pausing = 1;
	} else if (action == DEVICE_SAY_LIVE) {
		seen_witness("live");
	}
	return NULL;
}

static const char *decide(uint32_t event)
{
	struct device_step step = device_step(control.server, event);

	seen_device(control.server, event);
	if (step.verdict == DEVICE_UNEXPECTED)
		return "unexpected: an event that cannot be in this phase";
	control.server = step.state;
	return act(step.action);
}

bool control_may_begin(void)
{
	return control.alive && control.server.phase == DEVICE_ABSENT;
}

const char *control_starts(void)
{
	return decide(DEVICE_BEGIN);
}

bool control_may_stop(void)
{
	return control.alive && !control.wanted && control.server.phase != DEVICE_ABSENT;
}

const char *control_stop(void)
{
	control.wanted = 1;
	return decide(DEVICE_STOP_WANTED);
}

bool control_may_retry(void)
{
	return control.alive && control.pausing;
}

const char *control_retry(void)
{
	control.pausing = 0;
	return control.server.pausing ? decide(DEVICE_DEADLINE) : NULL;
}

/* ---- answers ------------------------------------------------------------------------------- */

/* The contender is `refublk del`: STOP, then DEL, whatever STOP answers. */
static const char *answer(uint8_t callers, int16_t result)
{
	if (callers & CONTROL_CONTENDER)
		control.contender++;
#ifdef BROKEN_ECHO
	if (decide(device_event_of_result(result)) != NULL)
		return "the first of two answers was not expected";
#endif
	if ((callers & CONTROL_SERVER) && control.alive)
		return decide(device_event_of_result(result));
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
	if (step.reply == DRIVER_REPLY_START || step.reply == DRIVER_REPLY_END)
		control.cancel = 0;
	return answer(callers, step.result);
}

/* caller 0: no command. */
static const char *drive(uint32_t event, uint8_t caller)
{
	struct driver_device_step step = driver_device_step(control.kernel, control.driver, event);

	if (step.verdict == DRIVER_UNDEFINED && control.hurried) {
		seen_witness("start-over-commands-of-a-contenders-stop");
		return caller != 0 ? answer(caller, -DRIVER_EBUSY) : answer(CONTROL_SERVER, -DRIVER_EBUSY);
	}
	if (step.verdict != DRIVER_POSSIBLE)
		return step.verdict == DRIVER_UNDEFINED ? "kernel-unbroken: the kernel breaks over it" : "cannot be";
	if (step.state.cancelled && !control.driver.cancelled)
		control.taken = 1;
	control.driver = step.state;
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

static bool stands_behind(uint32_t event)
{
	return driver_device_step(control.kernel, control.driver, event).reply == DRIVER_REPLY_BEHIND;
}

bool control_may_send(void)
{
	return control.alive && control.command != 0 && !stands_behind(control.command - 1u);
}

const char *control_send(void)
{
	uint32_t event = control.command - 1u;

	control.command = 0;
	return drive(event, CONTROL_SERVER);
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
	return decide(event);
}

bool control_may_cancel(void)
{
	return control.alive && control.cancel;
}

/* A command that was answered before the cancel came is not found any more. */
const char *control_cancel(void)
{
	control.cancel = 0;
	if ((control.driver.waiting & DRIVER_WAITING_START) == 0)
		return NULL;
	return drive(DRIVER_INTERRUPT_START, 0);
}

/* ---- the queue ----------------------------------------------------------------------------- */

static const char *end_queue(void)
{
	const char *fault = NULL;

#ifdef BROKEN_HOLD
	control.queue = CONTROL_NO_QUEUE; /* and the character device stays open */
	return control.alive ? decide(DEVICE_QUEUES_ENDED) : NULL;
#endif
	if (control.driver.open && !stands_behind(DRIVER_RELEASE)) {
		fault = control.died ? NULL : drive(DRIVER_SERVER_DIED, 0);
		control.died = 0;
		if (fault == NULL)
			fault = drive(DRIVER_RELEASE, 0);
	} else if (control.driver.open) {
		control.died = 1; /* its requests are ended; the release waits for the mutex */
		return NULL;
	}
	control.queue = CONTROL_NO_QUEUE;
	control.taken = 0;
	return fault != NULL || !control.alive ? fault : decide(DEVICE_QUEUES_ENDED);
}

bool control_may_queue(void)
{
	if (!control.alive)
		return false;
	switch ((enum control_queue)control.queue) {
	case CONTROL_OPENS:
	case CONTROL_FETCHED:
		return true;
	case CONTROL_FETCHES:
		return !stands_behind(DRIVER_FETCHED_LAST);
	case CONTROL_JOINS:
		return control.driver.cancelled || control.driver.ready == DRIVER_NONE_FETCHED;
	case CONTROL_LEAVES:
		return !control.died || !stands_behind(DRIVER_RELEASE);
	case CONTROL_NO_QUEUE:
	case CONTROL_SERVES:
	case CONTROL_BROKEN:
		break;
	}
	return false;
}

static const char *fetch(void)
{
	struct driver_device_step step = driver_device_step(control.kernel, control.driver, DRIVER_FETCHED_LAST);

	if (step.verdict == DRIVER_IMPOSSIBLE) { /* a contender's STOP turns it away, or had the device started */
		control.queue = CONTROL_BROKEN;
		return decide(DEVICE_QUEUE_FAILED);
	}
	control.queue = CONTROL_FETCHED;
	return drive(DRIVER_FETCHED_LAST, 0);
}

const char *control_queue_goes_on(void)
{
	switch ((enum control_queue)control.queue) {
	case CONTROL_OPENS:
		if (control.driver.there != DRIVER_PRESENT || control.driver.open) {
			control.queue = CONTROL_BROKEN;
			return decide(DEVICE_QUEUE_FAILED);
		}
		control.queue = CONTROL_FETCHES;
		return drive(DRIVER_OPEN, 0);
	case CONTROL_FETCHES:
		return fetch();
	case CONTROL_FETCHED:
		control.queue = CONTROL_SERVES;
		return decide(DEVICE_QUEUES_READY);
	case CONTROL_JOINS:
	case CONTROL_LEAVES:
		return end_queue();
	case CONTROL_NO_QUEUE:
	case CONTROL_SERVES:
	case CONTROL_BROKEN:
		break;
	}
	return "no such step";
}

/* A thread may fail at any point. */
bool control_may_break(void)
{
	return control.alive && control.queue >= CONTROL_OPENS && control.queue <= CONTROL_JOINS;
}

const char *control_break(void)
{
	control.queue = CONTROL_BROKEN;
	return decide(DEVICE_QUEUE_FAILED);
}

/* Every tag came back though nobody here asked. */
bool control_may_tell(void)
{
	return control.alive && control.taken && control.queue == CONTROL_SERVES;
}

const char *control_tell(void)
{
	control.taken = 0;
	return decide(DEVICE_SERVER_LOST);
}

/* ---- the rest of the world ----------------------------------------------------------------- */

/* Requests end where they are served, or where their server is gone. */
static bool io_can_end(void)
{
	bool served = control.alive && (control.queue == CONTROL_SERVES || control.queue == CONTROL_JOINS);

	return served || control.died || !control.driver.open;
}

bool control_may_happen(uint32_t event)
{
	struct driver_device_step step = driver_device_step(control.kernel, control.driver, event);

	if (event == DRIVER_IO_ENDED && !io_can_end())
		return false;
	return step.verdict == DRIVER_POSSIBLE ? step.reply != DRIVER_REPLY_BEHIND : step.verdict == DRIVER_UNDEFINED;
}

const char *control_happens(uint32_t event)
{
	const char *fault = drive(event, 0);

	if (event == DRIVER_START_WAKES)
		control.driver.waiting &= (uint8_t)~DRIVER_WAITING_START;
	return fault;
}

bool control_may_contend(void)
{
	uint32_t event = control.contender == 0 ? DRIVER_STOP : DRIVER_DEL;

	if (!control.contends || (control.contender != 0 && control.contender != 2))
		return false;
#ifdef BROKEN_ORPHAN
	return false;
#endif
	return control.driver.there != DRIVER_ABSENT && !stands_behind(event);
}

const char *control_contends(void)
{
	uint32_t event = control.contender == 0 ? DRIVER_STOP : DRIVER_DEL;

#ifndef BROKEN_HURRY
	if (control.driver.condition == DRIVER_DEAD && control.driver.open)
		control.hurried = 1;
#endif
	control.contender++;
	return drive(event, CONTROL_CONTENDER);
}

bool control_may_kill(void)
{
	return control.kills && control.alive && control.server.phase != DEVICE_ABSENT &&
	       control.server.phase != DEVICE_OVER;
}

const char *control_kill(void)
{
	control.alive = 0;
	control.command = 0;
	control.cancel = 0;
	control.pausing = 0;
	seen_witness("killed");
	if (control.driver.waiting & DRIVER_WAITING_START)
		return drive(DRIVER_INTERRUPT_START, 0);
	return NULL;
}

/* The dead process's rings and files end. A DEL that it waited for is interrupted, a STOP is not. */
bool control_may_bury(void)
{
	if (control.alive)
		return false;
	if (control.deletes == CONTROL_SERVER && (control.driver.waiting & DRIVER_WAITING_STOP) == 0)
		return true;
	return control.driver.open && (!control.died || !stands_behind(DRIVER_RELEASE));
}

const char *control_bury(void)
{
	if (control.deletes == CONTROL_SERVER && (control.driver.waiting & DRIVER_WAITING_STOP) == 0)
		return drive(DRIVER_INTERRUPT_DEL, 0);
	return end_queue();
}

const char *control_rest(void)
{
	if (control.alive && control.server.phase != DEVICE_OVER)
		return "no-deadlock: the server waits for ever";
	if (control.driver.there != DRIVER_ABSENT && control.alive)
		return "no-orphan: the server is over, and its device is there";
	if (control.driver.there != DRIVER_ABSENT && control.contends)
		return "no-orphan: stopped and deleted, and still there";
	if (control.driver.there != DRIVER_ABSENT)
		seen_witness("orphan-of-a-killed-server");
	if (control.contender == 4)
		seen_witness("contender-deleted");
	if (control.alive)
		seen_witness("over");
	return NULL;
}
