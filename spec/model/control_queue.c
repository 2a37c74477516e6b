#include <stddef.h>

#include "control.h"
#include "seen.h"

static bool runs(uint32_t queue)
{
	return control.queue[queue] >= CONTROL_FETCHES && control.queue[queue] <= CONTROL_SERVES;
}

static bool bit(uint8_t set, uint32_t queue)
{
	return (set >> queue & 1) != 0;
}

/* The last FETCH of all makes the device ready. */
static uint32_t fetch_event(uint32_t queue)
{
	return (control.fetched | 1u << queue) == (1u << QUEUES) - 1 ? DRIVER_FETCHED_LAST : DRIVER_FETCHED;
}

bool control_may_fetch(uint32_t queue)
{
	return control.alive && !control.leaves && control.queue[queue] == CONTROL_FETCHES &&
	       !control_behind(fetch_event(queue));
}

const char *control_fetch(uint32_t queue)
{
	uint32_t event = fetch_event(queue);

	if (driver_device_step(control.kernel, control.driver, event).verdict == DRIVER_IMPOSSIBLE) {
		control.queue[queue] = CONTROL_SAID_FAILED; /* turned away, since the device was stopped */
		return NULL;
	}
	control.queue[queue] = CONTROL_FETCHED;
	control.fetched |= (uint8_t)(1u << queue);
	return control_drive(event, 0);
}

/* Its ring ends with its thread, and the driver hears of it where it holds the queue's commands. */
static const char *end_thread(uint32_t queue, uint8_t says)
{
	bool holds = bit(control.fetched, queue) && !bit(control.taken, queue) && control.driver.open;

	control.queue[queue] = says;
	control.taken &= (uint8_t)~(1u << queue);
	control.owning |= (uint8_t)((holds && !(control.drains && says == CONTROL_SAID_OVER)) << queue);
	return holds ? control_drive(DRIVER_SERVER_DIED, 0) : NULL;
}

/* Told to, or since its tags came back. */
bool control_may_end(uint32_t queue)
{
	return control.alive && runs(queue) && (control.leaves || control.drains || bit(control.taken, queue));
}

const char *control_end(uint32_t queue)
{
	return end_thread(queue, CONTROL_SAID_OVER);
}

/* A thread may fail at any point. */
bool control_may_fail(uint32_t queue)
{
	return control.alive && runs(queue);
}

const char *control_fail(uint32_t queue)
{
	seen_witness("queue-failed");
	return end_thread(queue, CONTROL_SAID_FAILED);
}

/* Or when it has fetched a part of its tags, which is not seen here as tags of its own. */
bool control_may_strand(uint32_t queue)
{
	return control.alive && !control.leaves && control.queue[queue] == CONTROL_FETCHES && control.driver.open &&
	       !control.driver.stopping && !control_behind(DRIVER_FETCHED);
}

const char *control_strand(uint32_t queue)
{
	const char *fault = control_drive(DRIVER_FETCHED, 0);

	seen_witness("fetched-in-part");
	control.queue[queue] = CONTROL_SAID_FAILED;
	return fault != NULL ? fault : control_drive(DRIVER_DIED_FETCHING, 0);
}

bool control_may_report(uint32_t queue)
{
	return control.alive && (control.queue[queue] == CONTROL_FETCHED || control.queue[queue] >= CONTROL_SAID_OVER);
}

static bool any_runs(void)
{
	for (uint32_t i = 0; i < QUEUES; i++)
		if (control.queue[i] != CONTROL_NO_QUEUE)
			return true;
	return false;
}

const char *control_report(uint32_t queue)
{
	uint8_t said = control.queue[queue];

	if (said == CONTROL_FETCHED) {
		control.queue[queue] = CONTROL_SERVES;
		return ++control.ready == QUEUES ? control_decide(DEVICE_QUEUES_READY) : NULL;
	}
	control.queue[queue] = CONTROL_NO_QUEUE;
	if (said == CONTROL_SAID_FAILED)
		return control_decide(DEVICE_QUEUE_FAILED);
	return any_runs() || control.ending ? NULL : control_decide(DEVICE_SERVER_LOST);
}

const char *control_release(void)
{
	control.closing = 0;
	control.fetched = 0;
	control.taken = 0;
	control.owning = 0;
	return control_drive(DRIVER_RELEASE, 0);
}

/* The character device, after the last thread. */
bool control_may_close(void)
{
	return control.alive && control.ending && !any_runs() && (!control.closing || !control_behind(DRIVER_RELEASE));
}

const char *control_close(void)
{
	const char *fault = NULL;

	if (control.driver.open && control_behind(DRIVER_RELEASE)) {
		control.closing = 1;
		if (!control.driver.stranded)
			return NULL;
		control.dead = 1; /* the file outlives what was the server's: it closes it all the same */
	}
	control.ending = 0;
	control.leaves = 0;
	control.drains = 0;
#ifndef BROKEN_HOLD
	if (control.driver.open && !control.dead)
		fault = control_release();
#endif
	return fault != NULL ? fault : control_decide(DEVICE_QUEUES_ENDED);
}
