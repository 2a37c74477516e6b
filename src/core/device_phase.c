#include "check.h"
#include "device.h"

/* Which values a phase leaves its state's bits. */
enum device_values { ZERO = 1 << 0, ONE = 1 << 1, EITHER = ZERO | ONE };

struct device_shape {
	uint8_t want;
	uint8_t recovery;
	uint8_t failed;
	uint8_t queues;
	uint8_t tries_max;
	uint8_t paused_want; /* the want of those states whose command may be sent again after a pause */
};

static const struct device_shape device_shapes[DEVICE_PHASES] = {
	[DEVICE_ABSENT] = { ZERO, ZERO, ZERO, ZERO, 0, 0 },
	[DEVICE_ADDING] = { EITHER, ZERO, ZERO, ZERO, DEVICE_TRIES_MAX, ZERO },
	[DEVICE_SETTING] = { EITHER, ZERO, ZERO, ZERO, DEVICE_TRIES_MAX, ZERO },
	[DEVICE_RECOVERING] = { EITHER, ONE, ZERO, ZERO, DEVICE_TRIES_MAX, ZERO },
	[DEVICE_OPENING] = { ZERO, EITHER, ZERO, ONE, 0, 0 },
	[DEVICE_STARTING] = { ZERO, ZERO, ZERO, ONE, DEVICE_TRIES_MAX, ZERO },
	[DEVICE_ENDING] = { ZERO, ONE, ZERO, ONE, DEVICE_TRIES_MAX, ZERO },
	[DEVICE_CANCELLING] = { ONE, EITHER, EITHER, EITHER, 0, 0 },
	[DEVICE_LIVE] = { ZERO, EITHER, ZERO, ONE, 0, 0 },
	[DEVICE_QUIESCING] = { ONE, ONE, EITHER, EITHER, 0, 0 },
	[DEVICE_ABANDONING] = { ONE, EITHER, EITHER, ONE, 0, 0 },
	[DEVICE_STOPPING] = { ONE, EITHER, EITHER, EITHER, DEVICE_TRIES_MAX, ONE },
	[DEVICE_JOINING] = { ONE, EITHER, EITHER, ONE, 0, 0 },
	[DEVICE_DELETING] = { ONE, EITHER, EITHER, ZERO, DEVICE_TRIES_MAX, ONE },
	[DEVICE_OVER] = { ONE, EITHER, EITHER, ZERO, 0, 0 },
};

static bool device_allows(uint8_t values, uint8_t bit)
{
	return bit <= 1 && (values & 1 << bit) != 0;
}

bool device_state_valid(struct device_state state)
{
	if (state.phase >= DEVICE_PHASES)
		return false;

	const struct device_shape *shape = &device_shapes[state.phase];

	return device_allows(shape->want, state.want) && device_allows(shape->recovery, state.recovery) &&
	       device_allows(shape->failed, state.failed) && device_allows(shape->queues, state.queues) &&
	       state.tries <= shape->tries_max &&
	       (state.pausing == 0 || (state.pausing == 1 && state.tries != 0 &&
				       device_allows(shape->paused_want, state.want)));
}

struct device_row {
	const char *name;
	const char *late;
	uint64_t limit_ms;
};

/* Limits are those after which a person starts to wonder: an emulated machine meets them with ease. */
static const struct device_row device_rows[DEVICE_PHASES] = {
	[DEVICE_ABSENT] = { "absent", "nothing", 0 },
	[DEVICE_ADDING] = {
		"adding",
		"ADD_DEV waits for the driver's global lock, which a DEL_DEV of another device may hold: "
		"close what still has that device open",
		5000,
	},
	[DEVICE_SETTING] = {
		"setting parameters",
		"SET_PARAMS waits for the device's lock, which another ublk command on it holds: let that one end",
		5000,
	},
	[DEVICE_RECOVERING] = {
		"recovering",
		"START_USER_RECOVERY waits for the former server to let go: end what still holds its character device, "
		"such as a child it forked",
		10000,
	},
	[DEVICE_OPENING] = {
		"opening",
		"the queue threads have not fetched all their tags: the machine may be short of memory or CPU, "
		"or another process has the character device open",
		10000,
	},
	[DEVICE_STARTING] = {
		"starting",
		"START_DEV waits for the partition scan or for a slow first read: see the backend, and who opens the new disk",
		10000,
	},
	[DEVICE_ENDING] = {
		"ending recovery",
		"END_USER_RECOVERY waits for the queues to fetch all their tags",
		10000,
	},
	[DEVICE_CANCELLING] = {
		"cancelling",
		"the cancelled command is in the partition scan or holds a lock: it ends when the reads under way do",
		5000,
	},
	[DEVICE_LIVE] = { "live", "nothing", 0 },
	[DEVICE_QUIESCING] = {
		"quiescing",
		"QUIESCE_DEV waits until each queue has answered a request: see slow backend operations",
		5000,
	},
	[DEVICE_ABANDONING] = {
		"abandoning",
		"the queue threads wait for backend operations under way: see the backing file's disk",
		5000,
	},
	[DEVICE_STOPPING] = {
		"stopping",
		"STOP_DEV waits for I/O under way and for write-back: see slow backend operations, "
		"and who is inside an open of the disk",
		5000,
	},
	[DEVICE_JOINING] = {
		"joining",
		"the queues wait for their open requests to be answered and for the driver to return the tags",
		5000,
	},
	[DEVICE_DELETING] = {
		"deleting",
		"DEL_DEV waits for the last user of the disk: umount it, close what has it open (fuser), release dm or swap on it",
		5000,
	},
	[DEVICE_OVER] = { "over", "nothing", 0 },
};

uint32_t device_limit_ms(uint32_t phase)
{
	CHECK(phase < DEVICE_PHASES);
	return (uint32_t)device_rows[phase].limit_ms;
}

const char *device_phase_name(uint32_t phase)
{
	CHECK(phase < DEVICE_PHASES);
	return device_rows[phase].name;
}

const char *device_late_text(uint32_t phase)
{
	CHECK(phase < DEVICE_PHASES);
	return device_rows[phase].late;
}

const char *device_action_name(uint32_t action)
{
	static const char *const names[DEVICE_ACTIONS] = {
		[DEVICE_NOTHING] = "nothing",
		[DEVICE_SEND_ADD] = "send-add",
		[DEVICE_SEND_SET_PARAMS] = "send-set-params",
		[DEVICE_SEND_RECOVER] = "send-recover",
		[DEVICE_OPEN_QUEUES] = "open-queues",
		[DEVICE_SEND_START] = "send-start",
		[DEVICE_SEND_END_RECOVERY] = "send-end-recovery",
		[DEVICE_SEND_CANCEL] = "send-cancel",
		[DEVICE_FORSAKE] = "forsake",
		[DEVICE_SAY_LIVE] = "say-live",
		[DEVICE_LEAVE_QUEUES] = "leave-queues",
		[DEVICE_SEND_QUIESCE] = "send-quiesce",
		[DEVICE_DRAIN_QUEUES] = "drain-queues",
		[DEVICE_JOIN_QUEUES] = "join-queues",
		[DEVICE_SEND_STOP] = "send-stop",
		[DEVICE_SEND_DEL] = "send-del",
		[DEVICE_PAUSE] = "pause",
		[DEVICE_SAY_LATE] = "say-late",
		[DEVICE_SAY_OVER] = "say-over",
	};

	CHECK(action < DEVICE_ACTIONS);
	return names[action];
}
