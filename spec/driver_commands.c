#include "driver_device_inside.h"

struct driver_device_step driver_device_add(uint32_t kernel, struct driver_device_state state, uint32_t recovery)
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

struct driver_device_step driver_device_command(uint32_t kernel, struct driver_device_state state, uint32_t event)
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

struct driver_device_step driver_device_wakes(uint32_t kernel, struct driver_device_state state, uint8_t waiting)
{
	if (!held(state, waiting) || !ready_or_stopping(state))
		return impossible(state);
	if (held(state, DRIVER_WAITING_STOP))
		return behind(state);
	return waiting == DRIVER_WAITING_START ? start_now(kernel, state, true, DRIVER_REPLY_START)
					       : end_now(kernel, state, true, DRIVER_REPLY_END);
}
