#include <stddef.h>
#include <string.h>

#include "control.h"
#include "seen.h"

/* ---- the kernel ---------------------------------------------------------------------------- */

/* Requests end where they are served, or where their server is gone: 6.12 ends them with the first ring. */
static bool io_can_end(void)
{
	bool aborted = control.kernel == DRIVER_6_12 && control.driver.cancelled;

	return control.owning == 0 || control.closing || !control.driver.open || aborted;
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
	const char *fault = control_drive(event, 0);

	if (event == DRIVER_START_WAKES)
		control.driver.waiting &= (uint8_t)~DRIVER_WAITING_START;
	return fault;
}

/* ---- contenders ---------------------------------------------------------------------------- */

bool control_may_contend(uint32_t contender, uint32_t event)
{
	uint8_t at = control.contender[contender];
	bool there = control.driver.there != DRIVER_ABSENT && !control_behind(event);

#ifdef BROKEN_ORPHAN
	return false;
#endif
	if (contender >= control.contends && !(control.cleaning && contender == 0))
		return false;
	if (control.cleaning && (event == DRIVER_INTERRUPT_DEL || (event == DRIVER_DEL && at == CONTROL_IDLE)))
		return false;
	switch (event) {
	case DRIVER_QUIESCE:
		return there && control.quiesces > 0 && at == CONTROL_IDLE;
	case DRIVER_STOP:
		return there && at == CONTROL_IDLE;
	case DRIVER_DEL:
		return there && (at == CONTROL_IDLE || at == CONTROL_STOPPED);
	}
	return at == CONTROL_DELETES && control.deletes == CONTROL_CONTENDER << contender && control_may_happen(event);
}

const char *control_contends(uint32_t contender, uint32_t event)
{
	uint8_t caller = (uint8_t)(CONTROL_CONTENDER << contender);

	if (event == DRIVER_QUIESCE) {
		control.quiesces--;
		return control_drive(event, 0);
	}
	if (event == DRIVER_INTERRUPT_DEL)
		return control_drive(event, 0);
	control.contender[contender] = event == DRIVER_STOP ? CONTROL_STOPS : CONTROL_DELETES;
	return control_drive(event, caller);
}

/* ---- death --------------------------------------------------------------------------------- */

bool control_may_kill(void)
{
	return control.kills > 0 && control.alive && control.server.phase != DEVICE_ABSENT &&
	       control.server.phase != DEVICE_OVER;
}

/* A DEL that the dead process waited for is interrupted at once, a STOP goes on without it. */
const char *control_kill(void)
{
	const char *fault = NULL;

	control.kills -= control.kills != 0;
	control.alive = 0;
	control.dead = control.driver.open;
	control.owning |= control.fetched;
	control.stops &= (uint8_t)~CONTROL_SERVER;
	control.server = (struct device_state){ .want = DEVICE_UP };
	memset(control.queue, CONTROL_NO_QUEUE, sizeof(control.queue));
	control.taken = control.ready = control.leaves = control.drains = control.handed = control.ending = control.command = control.cancel = 0;
	control.pausing = control.wanted = control.closing = 0;
	seen_witness("killed");
	if (control.driver.waiting & DRIVER_WAITING_START)
		fault = control_drive(DRIVER_INTERRUPT_START, 0);
	if (fault == NULL && (control.driver.waiting & DRIVER_WAITING_END) != 0)
		fault = control_drive(DRIVER_INTERRUPT_END, 0);
	return fault;
}

static bool dead_deletes(void)
{
	return (control.deletes & CONTROL_SERVER) != 0 && !control.alive;
}

/* The dead process's rings and files end, while another may already be there to take over. */
bool control_may_bury(void)
{
	if (dead_deletes())
		return control.deletes != CONTROL_SERVER || control_may_happen(DRIVER_INTERRUPT_DEL);
	return control.dead && (!control.closing || !control_behind(DRIVER_RELEASE));
}

const char *control_bury(void)
{
	if (dead_deletes()) {
		if (control.deletes == CONTROL_SERVER)
			return control_drive(DRIVER_INTERRUPT_DEL, 0);
		control.deletes &= (uint8_t)~CONTROL_SERVER;
		return NULL;
	}
	if (!control.closing) {
		control.closing = 1;
		return control_drive(DRIVER_SERVER_DIED, 0);
	}
#ifdef BROKEN_CHILD
	return NULL; /* a child that was forked holds the character device */
#endif
	control.dead = 0;
	return control_release();
}

/* ---- the end ------------------------------------------------------------------------------- */

static const char *judge_end(void)
{
	bool there = control.driver.there != DRIVER_ABSENT;

	if (control.alive && control.server.phase != DEVICE_OVER)
		return "no-deadlock: the server waits for ever";
	if (control.alive && control.driver.open && !control.dead)
		return "no-orphan: the server is over, and has the device open";
	if (there && control.alive && !control.server.recovery)
		return "no-orphan: the server is over, and its device is there";
	if (there)
		seen_witness(control.alive ? "left-recoverable" : "orphan-of-a-killed-server");
	return NULL;
}

bool control_goes_on(void)
{
	return control_may_retry(false) || (!control.cleaning && control.driver.there != DRIVER_ABSENT);
}

const char *control_go_on(void)
{
	const char *fault = NULL;

	if (control_may_retry(false)) {
		do
			fault = control_retry();
		while (fault == NULL && (fault = control_send()) == NULL && control_may_retry(false));
		return fault;
	}
	control.cleaning = 1;
	control.quiesces = 0;
	memset(control.contender, CONTROL_IDLE, sizeof(control.contender));
	return judge_end();
}

const char *control_rest(void)
{
	const char *fault = control.cleaning ? NULL : judge_end();

	if (control.driver.there != DRIVER_ABSENT)
		return "no-orphan: stopped and deleted, and still there";
	seen_witness(control.cleaning ? "cleaned" : "over");
	return fault;
}

bool control_recovers(void)
{
	return control.alive && (control.server.phase == DEVICE_RECOVERING || control.server.phase == DEVICE_ENDING ||
				 (control.server.phase == DEVICE_OPENING && control.server.recovery));
}

/* ---- symmetry ------------------------------------------------------------------------------ */

static uint8_t swap_bits(uint8_t set, uint32_t shift)
{
	uint8_t others = (uint8_t)(set & ~(3u << shift));

	return (uint8_t)(others | (set >> shift & 1) << (shift + 1) | (set >> (shift + 1) & 1) << shift);
}

static uint32_t queue_rank(uint32_t queue)
{
	return control.queue[queue] * 4u + (control.fetched >> queue & 1) * 2u + (control.taken >> queue & 1) +
	       (control.owning >> queue & 1) * 32u;
}

static void swap_queues(uint32_t one)
{
	uint8_t spare = control.queue[one];

	control.queue[one] = control.queue[one + 1];
	control.queue[one + 1] = spare;
	control.fetched = swap_bits(control.fetched, one);
	control.taken = swap_bits(control.taken, one);
	control.owning = swap_bits(control.owning, one);
}

void control_sort(void)
{
	for (uint32_t end = QUEUES; end > 1; end--)
		for (uint32_t i = 0; i + 1 < end; i++)
			if (queue_rank(i) > queue_rank(i + 1))
				swap_queues(i);
	if (control.contends == CONTENDERS && control.contender[0] > control.contender[1]) {
		uint8_t spare = control.contender[0];

		control.contender[0] = control.contender[1];
		control.contender[1] = spare;
		control.stops = swap_bits(control.stops, 1);
		control.deletes = swap_bits(control.deletes, 1);
	}
}
