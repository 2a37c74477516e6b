/* What driver_device.c and driver_commands.c share. */
#ifndef DRIVER_DEVICE_INSIDE_H
#define DRIVER_DEVICE_INSIDE_H

#include "driver.h"

/* ---- answers ------------------------------------------------------------------------------- */

static inline struct driver_device_step quiet(struct driver_device_state state)
{
	return (struct driver_device_step){ .state = state };
}

static inline struct driver_device_step impossible(struct driver_device_state state)
{
	return (struct driver_device_step){ .state = state, .verdict = DRIVER_IMPOSSIBLE };
}

static inline struct driver_device_step replies(struct driver_device_state state, uint8_t reply, int16_t result)
{
	return (struct driver_device_step){ .state = state, .reply = reply, .result = result };
}

static inline struct driver_device_step fails(struct driver_device_state state, int16_t error)
{
	return replies(state, DRIVER_REPLY_NOW, (int16_t)-error);
}

static inline struct driver_device_step waits(struct driver_device_state state, uint8_t waiting)
{
	state.waiting |= waiting;
	return replies(state, DRIVER_REPLY_WAITS, 0);
}

static inline struct driver_device_step behind(struct driver_device_state state)
{
	return replies(state, DRIVER_REPLY_BEHIND, 0);
}

/* ---- parts --------------------------------------------------------------------------------- */

static inline bool held(struct driver_device_state state, uint8_t waiting)
{
	return (state.waiting & waiting) != 0;
}

/* A DEL that stops first holds the mutex of all devices; once the device is deleted, a DEL only waits. */
static inline bool stopped_by_del(struct driver_device_state state)
{
	return held(state, DRIVER_WAITING_DEL) && held(state, DRIVER_WAITING_STOP) && state.there == DRIVER_PRESENT;
}

static inline bool ready_or_stopping(struct driver_device_state state)
{
	return state.ready == DRIVER_ALL_FETCHED || state.stopping;
}

static inline bool recoverable(uint32_t kernel, struct driver_device_state state)
{
	return state.condition == DRIVER_QUIESCED || (kernel != DRIVER_6_12 && state.condition == DRIVER_FAILING);
}

/* Every command that is held is taken back; 7.3 turns away the server that has the device open. */
static inline struct driver_device_state cancel(uint32_t kernel, struct driver_device_state state)
{
	if (state.ready != DRIVER_NONE_FETCHED)
		state.cancelled = 1;
	if (kernel == DRIVER_7_3 && state.open)
		state.stopping = 1;
	state.stranded = 0;
	return state;
}

static inline struct driver_device_state remove_disk(struct driver_device_state state)
{
	state.condition = DRIVER_DEAD;
	state.disk = DRIVER_DISK_LEFT;
	return state;
}

/* The server that opened the character device is forgotten. */
static inline struct driver_device_state new_round(struct driver_device_state state)
{
	state.ready = DRIVER_NONE_FETCHED;
	state.cancelled = 0;
	state.stopping = 0;
	return state;
}

/* ---- driver_commands.c --------------------------------------------------------------------- */

/* A command of ublk-control, to a device that is there unless it is ADD_DEV. */
struct driver_device_step driver_device_add(uint32_t kernel, struct driver_device_state state, uint32_t recovery);
struct driver_device_step driver_device_command(uint32_t kernel, struct driver_device_state state, uint32_t event);

/* What START or END waited for is there. waiting: DRIVER_WAITING_START or DRIVER_WAITING_END. */
struct driver_device_step driver_device_wakes(uint32_t kernel, struct driver_device_state state, uint8_t waiting);

#endif
