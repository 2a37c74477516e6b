#include "driver_device_inside.h"

/* ---- the server's file and threads --------------------------------------------------------- */

static struct driver_device_step open_device(struct driver_device_state state)
{
	if (state.there != DRIVER_PRESENT)
		return impossible(state);
	if (state.open)
		return fails(state, DRIVER_EBUSY);
	state.open = 1;
	return replies(state, DRIVER_REPLY_NOW, 0);
}

static struct driver_device_step fetched(struct driver_device_state state, uint8_t ready)
{
	if (!state.open || state.ready == DRIVER_ALL_FETCHED || state.stopping)
		return impossible(state);
	if (held(state, DRIVER_WAITING_STOP))
		return behind(state);
	state.ready = ready;
	return quiet(state);
}

/* 6.12 acts at once; 7.x marks the device and waits for the release. */
static struct driver_device_step server_died(uint32_t kernel, struct driver_device_state state)
{
	if (!state.open)
		return impossible(state);
	if (state.ready != DRIVER_NONE_FETCHED)
		state.cancelled = 1;
	if (kernel != DRIVER_6_12 || state.condition != DRIVER_LIVE || held(state, DRIVER_WAITING_STOP))
		return quiet(state);
	if (state.recovery == DRIVER_NO_RECOVERY)
		return quiet(remove_disk(state));
	state.condition = DRIVER_QUIESCED;
	return quiet(state);
}

/* 6.12 knows no daemon of a queue before its last FETCH, and leaves the commands of one that it does not know. */
static struct driver_device_step died_fetching(uint32_t kernel, struct driver_device_state state)
{
	if (!state.open || state.ready != DRIVER_SOME_FETCHED)
		return impossible(state);
	if (kernel != DRIVER_6_12)
		return server_died(kernel, state);
	if (!state.cancelled)
		state.stranded = 1;
	return quiet(state);
}

static struct driver_device_step release(uint32_t kernel, struct driver_device_state state)
{
	if (!state.open)
		return impossible(state);
	if (state.stranded || (kernel != DRIVER_6_12 && held(state, DRIVER_WAITING_STOP)))
		return behind(state);
	state.open = 0;
	if (kernel == DRIVER_6_12 || (kernel == DRIVER_7_2 && state.disk != DRIVER_DISK))
		return quiet(state);
	if (state.disk == DRIVER_DISK) {
		if (state.recovery == DRIVER_NO_RECOVERY)
			state = remove_disk(state);
		else
			state.condition = state.recovery == DRIVER_RECOVERY_FAIL_IO ? DRIVER_FAILING : DRIVER_QUIESCED;
	}
	return quiet(new_round(state));
}

/* ---- the end of waits ---------------------------------------------------------------------- */

static struct driver_device_step io_ended(uint32_t kernel, struct driver_device_state state)
{
	bool by_del = stopped_by_del(state);

	if (!held(state, DRIVER_WAITING_STOP))
		return impossible(state);
	state.waiting &= (uint8_t)~DRIVER_WAITING_STOP;
	state = cancel(kernel, remove_disk(state));
	if (!by_del)
		return replies(state, DRIVER_REPLY_STOP, 0);
	state.there = DRIVER_DELETED;
	return quiet(state);
}

static struct driver_device_step disk_closed(struct driver_device_state state)
{
	if (state.disk != DRIVER_DISK_LEFT)
		return impossible(state);
	state.disk = DRIVER_NO_DISK;
	return quiet(state);
}

/* A START or END that waits holds a reference too. */
static struct driver_device_step references_gone(struct driver_device_state state)
{
	bool waits_del = held(state, DRIVER_WAITING_DEL);

	if (state.there != DRIVER_DELETED || state.open || state.disk != DRIVER_NO_DISK ||
	    held(state, DRIVER_WAITING_START | DRIVER_WAITING_END))
		return impossible(state);
	state = (struct driver_device_state){ .there = DRIVER_ABSENT };
	return waits_del ? replies(state, DRIVER_REPLY_DEL, 0) : quiet(state);
}

static struct driver_device_step interrupt(struct driver_device_state state, uint8_t waiting, uint8_t reply)
{
	if (!held(state, waiting) || (waiting == DRIVER_WAITING_DEL && stopped_by_del(state)))
		return impossible(state);
	state.waiting &= (uint8_t)~waiting;
	return replies(state, reply, -DRIVER_EINTR);
}

static struct driver_device_step happens(uint32_t kernel, struct driver_device_state state, uint32_t event)
{
	switch (event) {
	case DRIVER_SERVER_DIED:
		return server_died(kernel, state);
	case DRIVER_DIED_FETCHING:
		return died_fetching(kernel, state);
	case DRIVER_RELEASE:
		return release(kernel, state);
	case DRIVER_IO_ENDED:
		return io_ended(kernel, state);
	case DRIVER_DISK_CLOSED:
		return disk_closed(state);
	case DRIVER_REFERENCES_GONE:
		return references_gone(state);
	case DRIVER_START_WAKES:
		return driver_device_wakes(kernel, state, DRIVER_WAITING_START);
	case DRIVER_END_WAKES:
		return driver_device_wakes(kernel, state, DRIVER_WAITING_END);
	case DRIVER_INTERRUPT_START:
		return interrupt(state, DRIVER_WAITING_START, DRIVER_REPLY_START);
	case DRIVER_INTERRUPT_END:
		return interrupt(state, DRIVER_WAITING_END, DRIVER_REPLY_END);
	case DRIVER_INTERRUPT_DEL:
		return interrupt(state, DRIVER_WAITING_DEL, DRIVER_REPLY_DEL);
	}
	return impossible(state);
}

struct driver_device_step driver_device_step(uint32_t kernel, struct driver_device_state state, uint32_t event)
{
	if (event == DRIVER_ADD_BAD)
		return fails(state, DRIVER_EINVAL);
	if (event <= DRIVER_ADD_FAIL_IO)
		return driver_device_add(kernel, state, event - DRIVER_ADD);
	if (event == DRIVER_OPEN)
		return open_device(state);
	if (event == DRIVER_FETCHED || event == DRIVER_FETCHED_LAST)
		return fetched(state, event == DRIVER_FETCHED ? DRIVER_SOME_FETCHED : DRIVER_ALL_FETCHED);
	if (event >= DRIVER_SERVER_DIED)
		return happens(kernel, state, event);
	if (state.there == DRIVER_ABSENT)
		return fails(state, DRIVER_ENODEV);
	return driver_device_command(kernel, state, event);
}
