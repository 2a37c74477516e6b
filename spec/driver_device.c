#include "driver.h"

/* ---- answers ------------------------------------------------------------------------------- */

static struct driver_device_step quiet(struct driver_device_state state)
{
	return (struct driver_device_step){ .state = state };
}

static struct driver_device_step impossible(struct driver_device_state state)
{
	return (struct driver_device_step){ .state = state, .verdict = DRIVER_IMPOSSIBLE };
}

static struct driver_device_step replies(struct driver_device_state state, uint8_t reply, int16_t result)
{
	return (struct driver_device_step){ .state = state, .reply = reply, .result = result };
}

static struct driver_device_step fails(struct driver_device_state state, int16_t error)
{
	return replies(state, DRIVER_REPLY_NOW, (int16_t)-error);
}

static struct driver_device_step waits(struct driver_device_state state, uint8_t waiting)
{
	state.waiting |= waiting;
	return replies(state, DRIVER_REPLY_WAITS, 0);
}

static struct driver_device_step behind(struct driver_device_state state)
{
	return replies(state, DRIVER_REPLY_BEHIND, 0);
}

/* ---- parts --------------------------------------------------------------------------------- */

static bool held(struct driver_device_state state, uint8_t waiting)
{
	return (state.waiting & waiting) != 0;
}

/* A DEL that stops first holds the mutex of all devices; once the device is deleted, a DEL only waits. */
static bool stopped_by_del(struct driver_device_state state)
{
	return held(state, DRIVER_WAITING_DEL) && held(state, DRIVER_WAITING_STOP) && state.there == DRIVER_PRESENT;
}

static bool ready_or_stopping(struct driver_device_state state)
{
	return state.ready == DRIVER_ALL_FETCHED || state.stopping;
}

static bool recoverable(uint32_t kernel, struct driver_device_state state)
{
	return state.condition == DRIVER_QUIESCED || (kernel != DRIVER_6_12 && state.condition == DRIVER_FAILING);
}

/* Every command that is held is taken back; 7.3 turns away the server that has the device open. */
static struct driver_device_state cancel(uint32_t kernel, struct driver_device_state state)
{
	if (state.ready != DRIVER_NONE_FETCHED)
		state.cancelled = 1;
	if (kernel == DRIVER_7_3 && state.open)
		state.stopping = 1;
	state.stranded = 0;
	return state;
}

static struct driver_device_state remove_disk(struct driver_device_state state)
{
	state.condition = DRIVER_DEAD;
	state.disk = DRIVER_DISK_LEFT;
	return state;
}

/* The server that opened the character device is forgotten. */
static struct driver_device_state new_round(struct driver_device_state state)
{
	state.ready = DRIVER_NONE_FETCHED;
	state.cancelled = 0;
	state.stopping = 0;
	return state;
}

/* ---- commands ------------------------------------------------------------------------------ */

static struct driver_device_step add(uint32_t kernel, struct driver_device_state state, uint32_t recovery)
{
	if (stopped_by_del(state))
		return behind(state);
	if (state.there != DRIVER_ABSENT)
		return fails(state, DRIVER_EEXIST);
	state.there = DRIVER_PRESENT;
	state.recovery = (uint8_t)driver_recovery_granted(kernel, recovery);
	return replies(state, DRIVER_REPLY_NOW, 0);
}

static struct driver_device_step set_params(struct driver_device_state state, bool good)
{
	if (state.disk != DRIVER_NO_DISK)
		return fails(state, DRIVER_EACCES);
	state.params = good;
	return good ? replies(state, DRIVER_REPLY_NOW, 0) : fails(state, DRIVER_EINVAL);
}

/* START_DEV once it need not wait. reply: whose answer it is. Up to 7.2 a device whose commands were taken
 * back goes live over them. */
static struct driver_device_step start_now(uint32_t kernel, struct driver_device_state state, bool pid_right,
					   uint8_t reply)
{
	if (kernel != DRIVER_7_3 && state.disk == DRIVER_NO_DISK && state.cancelled && (pid_right || kernel == DRIVER_6_12))
		return (struct driver_device_step){ .state = state, .verdict = DRIVER_UNDEFINED };
	state.waiting &= (uint8_t)~DRIVER_WAITING_START;
	if (kernel != DRIVER_6_12 && !pid_right)
		return replies(state, reply, -DRIVER_EINVAL);
	if (state.disk != DRIVER_NO_DISK)
		return replies(state, reply, -DRIVER_EEXIST);
	if (state.stopping)
		return replies(state, reply, -DRIVER_EBUSY);
	state.condition = DRIVER_LIVE;
	state.disk = DRIVER_DISK;
	return replies(state, reply, 0);
}

static struct driver_device_step start(uint32_t kernel, struct driver_device_state state, uint32_t event)
{
	if (event == DRIVER_START_NO_PID || !state.params)
		return fails(state, DRIVER_EINVAL);
	if (!ready_or_stopping(state))
		return waits(state, DRIVER_WAITING_START);
	if (held(state, DRIVER_WAITING_STOP))
		return behind(state);
	return start_now(kernel, state, event == DRIVER_START, DRIVER_REPLY_NOW);
}

static struct driver_device_step start_recovery(uint32_t kernel, struct driver_device_state state)
{
	if (state.recovery == DRIVER_NO_RECOVERY)
		return fails(state, DRIVER_EINVAL);
	if (kernel == DRIVER_6_12 && state.ready != DRIVER_ALL_FETCHED)
		return fails(state, DRIVER_EINVAL);
	if (state.open || !recoverable(kernel, state))
		return fails(state, DRIVER_EBUSY);
	if (kernel == DRIVER_6_12)
		state = new_round(state);
	return replies(state, DRIVER_REPLY_NOW, 0);
}

static struct driver_device_step end_now(uint32_t kernel, struct driver_device_state state, bool pid_right,
					 uint8_t reply)
{
	state.waiting &= (uint8_t)~DRIVER_WAITING_END;
	if (kernel != DRIVER_6_12 && !pid_right)
		return replies(state, reply, -DRIVER_EINVAL);
	if (state.recovery == DRIVER_NO_RECOVERY)
		return replies(state, reply, -DRIVER_EINVAL);
	if (!recoverable(kernel, state))
		return replies(state, reply, -DRIVER_EBUSY);
	state.condition = DRIVER_LIVE;
	return replies(state, reply, 0);
}

static struct driver_device_step end_recovery(uint32_t kernel, struct driver_device_state state, uint32_t event)
{
	if (!ready_or_stopping(state))
		return waits(state, DRIVER_WAITING_END);
	if (held(state, DRIVER_WAITING_STOP))
		return behind(state);
	return end_now(kernel, state, event == DRIVER_END_RECOVERY, DRIVER_REPLY_NOW);
}

static struct driver_device_step stop(uint32_t kernel, struct driver_device_state state)
{
	if (state.condition != DRIVER_DEAD)
		return waits(state, DRIVER_WAITING_STOP);
	return replies(cancel(kernel, state), DRIVER_REPLY_NOW, 0);
}

static struct driver_device_step try_stop(uint32_t kernel, struct driver_device_state state, bool opened)
{
	if (state.disk != DRIVER_DISK)
		return fails(state, DRIVER_ENODEV);
	return opened ? fails(state, DRIVER_EBUSY) : stop(kernel, state);
}

static struct driver_device_step quiesce(struct driver_device_state state)
{
	if (state.disk != DRIVER_DISK)
		return fails(state, DRIVER_ENODEV);
	if (state.condition == DRIVER_LIVE || state.ready != DRIVER_NONE_FETCHED)
		state.cancelled = 1;
	return replies(state, DRIVER_REPLY_NOW, 0);
}

static struct driver_device_step update_size(struct driver_device_state state)
{
	return state.disk == DRIVER_DISK ? replies(state, DRIVER_REPLY_NOW, 0) : fails(state, DRIVER_ENODEV);
}

static struct driver_device_step del(uint32_t kernel, struct driver_device_state state)
{
	if (state.there == DRIVER_DELETED)
		return waits(state, DRIVER_WAITING_DEL);
	if (state.condition != DRIVER_DEAD)
		return waits(state, DRIVER_WAITING_STOP | DRIVER_WAITING_DEL);
	state = cancel(kernel, state);
	state.there = DRIVER_DELETED;
	return waits(state, DRIVER_WAITING_DEL);
}

static bool offered(uint32_t kernel, struct driver_device_state state, uint32_t event)
{
	bool new_command = event == DRIVER_TRY_STOP || event == DRIVER_TRY_STOP_HELD || event == DRIVER_QUIESCE ||
			   event == DRIVER_UPDATE_SIZE;

	if (event == DRIVER_QUIESCE && state.recovery == DRIVER_NO_RECOVERY)
		return false;
	return !new_command || kernel != DRIVER_6_12;
}

/* A command to a device that is there. */
static struct driver_device_step command(uint32_t kernel, struct driver_device_state state, uint32_t event)
{
	bool starts = event == DRIVER_START || event == DRIVER_START_NO_PID || event == DRIVER_START_WRONG_PID;

	if (starts)
		return start(kernel, state, event);
	if (event == DRIVER_END_RECOVERY || event == DRIVER_END_WRONG_PID)
		return end_recovery(kernel, state, event);
	if (!offered(kernel, state, event))
		return fails(state, DRIVER_EOPNOTSUPP);
	if (held(state, DRIVER_WAITING_STOP))
		return behind(state);
	if (event == DRIVER_SET_PARAMS || event == DRIVER_SET_PARAMS_BAD)
		return set_params(state, event == DRIVER_SET_PARAMS);
	if (event == DRIVER_START_RECOVERY)
		return start_recovery(kernel, state);
	if (event == DRIVER_STOP)
		return stop(kernel, state);
	if (event == DRIVER_TRY_STOP || event == DRIVER_TRY_STOP_HELD)
		return try_stop(kernel, state, event == DRIVER_TRY_STOP_HELD);
	if (event == DRIVER_QUIESCE)
		return quiesce(state);
	if (event == DRIVER_UPDATE_SIZE)
		return update_size(state);
	return del(kernel, state);
}

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

static struct driver_device_step wakes(uint32_t kernel, struct driver_device_state state, uint8_t waiting)
{
	if (!held(state, waiting) || !ready_or_stopping(state))
		return impossible(state);
	if (held(state, DRIVER_WAITING_STOP))
		return behind(state);
	return waiting == DRIVER_WAITING_START ? start_now(kernel, state, true, DRIVER_REPLY_START)
					       : end_now(kernel, state, true, DRIVER_REPLY_END);
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
		return wakes(kernel, state, DRIVER_WAITING_START);
	case DRIVER_END_WAKES:
		return wakes(kernel, state, DRIVER_WAITING_END);
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
		return add(kernel, state, event - DRIVER_ADD);
	if (event == DRIVER_OPEN)
		return open_device(state);
	if (event == DRIVER_FETCHED || event == DRIVER_FETCHED_LAST)
		return fetched(state, event == DRIVER_FETCHED ? DRIVER_SOME_FETCHED : DRIVER_ALL_FETCHED);
	if (event >= DRIVER_SERVER_DIED)
		return happens(kernel, state, event);
	if (state.there == DRIVER_ABSENT)
		return fails(state, DRIVER_ENODEV);
	return command(kernel, state, event);
}
