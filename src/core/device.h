/* device: the control plane. What is wanted × the phase × an event → the next phase and one action.
 *
 *   absent → adding → setting → opening → starting → live → stopping → joining → deleting → over
 *   recovery: absent → recovering → opening → ending → live
 *   hand-over: live → quiescing → abandoning → over
 *
 * At most one control command is in flight. Undo of a START in flight is cancel, then STOP, then DEL;
 * never DEL before STOP. A deadline never abandons a kernel wait: it is said, and waited on.
 *
 * A device that was taken over, or was made for recovery and has gone live, is deleted only by a stop while it is live.
 * Everything else (a recovery that failed or is broken off, a queue that failed, tags aborted from outside, as QUIESCE
 * does) closes it and leaves it there: it stays recoverable, and a STOP would fail its clients' dirty data. A device that
 * is handed over is left in the same way, whoever added it. */
#ifndef REFUBLK_DEVICE_H
#define REFUBLK_DEVICE_H

#include <stdbool.h>
#include <stdint.h>

enum device_want {
	DEVICE_UP,
	DEVICE_DOWN,
	DEVICE_WANTS
};

enum device_phase {
	DEVICE_ABSENT,     /* nothing done yet */
	DEVICE_ADDING,     /* ADD_DEV in flight */
	DEVICE_SETTING,    /* SET_PARAMS in flight */
	DEVICE_RECOVERING, /* START_USER_RECOVERY in flight, or waiting to send it again */
	DEVICE_OPENING,    /* queue threads open, map and fetch; no command in flight */
	DEVICE_STARTING,   /* START_DEV in flight */
	DEVICE_ENDING,     /* END_USER_RECOVERY in flight */
	DEVICE_CANCELLING, /* START_DEV or END_USER_RECOVERY in flight, its cancel sent */
	DEVICE_LIVE,       /* serving; no command in flight */
	DEVICE_QUIESCING,  /* handed over: QUIESCE in flight, queues serve on */
	DEVICE_ABANDONING, /* handed over, or a queue failed: the others are told to leave, the chardev closes; no command in flight */
	DEVICE_STOPPING,   /* STOP_DEV in flight, queues serve on */
	DEVICE_JOINING,    /* stopped: queues retire their tags and end, the chardev closes; no command in flight */
	DEVICE_DELETING,   /* DEL_DEV in flight */
	DEVICE_OVER,       /* nothing is left of ours, or it was left on purpose, or DEL failed */
	DEVICE_PHASES
};

enum device_event {
	DEVICE_BEGIN,           /* start from nothing */
	DEVICE_BEGIN_RECOVERY,  /* take over an existing device */
	DEVICE_ANSWER_OK,       /* the command in flight: 0 */
	DEVICE_ANSWER_EINTR,
	DEVICE_ANSWER_EBUSY,
	DEVICE_ANSWER_EAGAIN,
	DEVICE_ANSWER_GONE,     /* -ENODEV: no such device */
	DEVICE_ANSWER_OTHER,    /* any other number */
	DEVICE_QUEUES_READY,    /* every queue has sent all its FETCHes */
	DEVICE_QUEUE_FAILED,    /* one cannot go on */
	DEVICE_QUEUES_ENDED,    /* all threads have ended, the chardev is closed */
	DEVICE_DEADLINE,        /* the phase has lasted longer than it should, or the pause before a retry is over */
	DEVICE_STOP_WANTED,
	DEVICE_SERVER_LOST,     /* every tag was aborted though nobody here asked: stopped from outside */
	DEVICE_KEEP,            /* live, and made for recovery: from now on it outlives its server */
	DEVICE_HAND_OVER,       /* another server shall take the device over: the caller knows that it is recoverable */
	DEVICE_EVENTS
};

enum device_action {
	DEVICE_NOTHING,
	DEVICE_SEND_ADD,
	DEVICE_SEND_SET_PARAMS,
	DEVICE_SEND_RECOVER,
	DEVICE_OPEN_QUEUES,  /* open the chardev, start the threads */
	DEVICE_SEND_START,
	DEVICE_SEND_END_RECOVERY,
	DEVICE_SEND_CANCEL,  /* of the command in flight; its own answer is not an event */
	DEVICE_FORSAKE,      /* the same, and tell all queues to end now: the command may wait for what only their end gives back */
	DEVICE_SAY_LIVE,
	DEVICE_LEAVE_QUEUES, /* tell all queues to end now, close the chardev after the last; may come a second time */
	DEVICE_SEND_QUIESCE, /* where the driver has it; its answer comes in any case */
	DEVICE_DRAIN_QUEUES, /* tell all queues to answer what is open and end, close the chardev after the last */
	DEVICE_JOIN_QUEUES,  /* wait for the queues to retire their tags, close the chardev after the last */
	DEVICE_SEND_STOP,
	DEVICE_SEND_DEL,
	DEVICE_PAUSE,        /* come back with DEADLINE after a short while, to send again */
	DEVICE_SAY_LATE,     /* print phase, likely holder, remedy; wait on */
	DEVICE_SAY_OVER,
	DEVICE_ACTIONS
};

enum device_verdict {
	DEVICE_LAWFUL,
	DEVICE_FAILED,       /* the start (or the device) has failed with this event: report it, undo follows */
	DEVICE_UNEXPECTED,   /* an event that cannot be in this phase: nothing changes */
	DEVICE_VERDICTS
};

/* want DOWN in a phase before LIVE is the undo: each phase knows what must be undone. */
struct device_state {
	uint8_t want;     /* enum device_want */
	uint8_t phase;    /* enum device_phase */
	uint8_t recovery; /* 1: taken over, kept, or handed over; its undo leaves the device recoverable instead of deleting it */
	uint8_t failed;   /* 1: a queue has failed: its tags never retire, so the queues leave */
	uint8_t queues;   /* 1: threads run and the chardev is open: LEAVE or JOIN is due before DEL */
	uint8_t tries;    /* refusals of the phase's command by EBUSY or EAGAIN; after DEVICE_TRIES_MAX it has failed */
	uint8_t pausing;  /* 1: the phase's command is not in flight; DEADLINE ends the pause and sends it again */
};

/* A server that has died lets go of its device within seconds, or when the driver's timer of 30 s has looked. */
enum { DEVICE_TRIES_MAX = 250 };

struct device_step {
	struct device_state state;
	uint8_t action;  /* enum device_action */
	uint8_t verdict; /* enum device_verdict */
};

/* Total over valid states and events; others are a CHECK. */
struct device_step device_step(struct device_state state, uint32_t event);

/* The answer's class. result: 0 or -errno. */
uint32_t device_event_of_result(int32_t result);

/* How long the phase may last before DEADLINE, in milliseconds; 0: for ever. A pause is shorter: the caller's. */
uint32_t device_limit_ms(uint32_t phase);

/* The state can be reached from ABSENT. */
bool device_state_valid(struct device_state state);

const char *device_phase_name(uint32_t phase);
const char *device_action_name(uint32_t action);

/* For DEVICE_SAY_LATE: what this phase waits for, who usually holds it, what to do. */
const char *device_late_text(uint32_t phase);

#endif
