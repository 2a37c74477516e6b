#include "device.h"

#include "check.h"
#include "errnos.h"

_Static_assert(sizeof(struct device_state) == 7, "no padding: states are compared and stored as bytes");
_Static_assert(sizeof(struct device_step) == 9, "no padding: steps are compared as bytes");

/* Where a cell leads. Zero is no answer: the event cannot be there. */
enum device_move {
	/* within the phase */
	STAY = 1, /* noted; a wish for down is met by the answer of the command in flight */
	AGAIN,    /* send the phase's command again */
	RETRY,    /* the same after a pause, while tries are left; then as if it had answered OTHER */
	LATE,
	TELL,     /* the queues shall leave while the command stays in flight */
	/* into another, see device_goals */
	ADD,
	SET,
	RECOVER,
	OPEN,
	START,
	END,
	SERVE,
	CANCEL,
	FORSAKE,
	LEAVE,
	QUIET,
	DRAIN,
	STOP,
	JOIN,
	DISMISS,  /* join, but tell the queues to leave: their tags may never come back */
	DELETE,
	FINISH,
	/* one of those, as the state's bits say, see device_resolve() */
	READY,
	UNDO,
	STOPPED,
	UNSTOPPED,
	QUIETED,

	FAIL = 0x80, /* added to a move: the verdict is DEVICE_FAILED */
};

/* The machine is one table per lane: on the way up, on the way down, and, in either, without a command in flight
 * while one waits to be sent again. */
enum device_lane { UP = DEVICE_UP, DOWN = DEVICE_DOWN, PAUSING, LANES };

#define EVERY_REFUSAL(move) \
	[DEVICE_ANSWER_EINTR] = (move), [DEVICE_ANSWER_EBUSY] = (move), [DEVICE_ANSWER_EAGAIN] = (move), \
	[DEVICE_ANSWER_GONE] = (move), [DEVICE_ANSWER_OTHER] = (move)

/* The answers of a command that may be sent again. */
#define ATTEMPT(ok, gone, refused) /* R40 */ \
	[DEVICE_ANSWER_OK] = (ok), [DEVICE_ANSWER_EINTR] = AGAIN, [DEVICE_ANSWER_EBUSY] = RETRY, \
	[DEVICE_ANSWER_EAGAIN] = RETRY, [DEVICE_ANSWER_GONE] = (gone), [DEVICE_ANSWER_OTHER] = (refused)

static const uint8_t device_table[LANES][DEVICE_PHASES][DEVICE_EVENTS] = {
	[UP] = {
		[DEVICE_ABSENT] = {
			[DEVICE_BEGIN] = ADD,
			[DEVICE_BEGIN_RECOVERY] = RECOVER,
			[DEVICE_STOP_WANTED] = FINISH,
		},
		[DEVICE_ADDING] = {
			ATTEMPT(SET, FINISH | FAIL, FINISH | FAIL),
			[DEVICE_DEADLINE] = LATE,
			[DEVICE_STOP_WANTED] = STAY,
		},
		[DEVICE_SETTING] = {
			ATTEMPT(OPEN, UNDO | FAIL, UNDO | FAIL),
			[DEVICE_DEADLINE] = LATE,
			[DEVICE_STOP_WANTED] = STAY,
		},
		[DEVICE_RECOVERING] = { /* R43 */
			ATTEMPT(OPEN, UNDO | FAIL, UNDO | FAIL),
			[DEVICE_DEADLINE] = LATE,
			[DEVICE_STOP_WANTED] = STAY,
		},
		/* A STOP would abort the tags fetched so far and miss those fetched after it: the queues leave instead. */
		[DEVICE_OPENING] = {
			[DEVICE_QUEUES_READY] = READY,
			[DEVICE_QUEUE_FAILED] = LEAVE | FAIL,
			[DEVICE_QUEUES_ENDED] = UNDO | FAIL,
			[DEVICE_DEADLINE] = LATE,
			[DEVICE_STOP_WANTED] = LEAVE,
			[DEVICE_SERVER_LOST] = LEAVE | FAIL,
		},
		[DEVICE_STARTING] = {
			ATTEMPT(SERVE, UNDO | FAIL, UNDO | FAIL),
			[DEVICE_QUEUE_FAILED] = CANCEL | FAIL,
			[DEVICE_QUEUES_ENDED] = CANCEL | FAIL,
			[DEVICE_DEADLINE] = LATE,
			[DEVICE_STOP_WANTED] = CANCEL,
			[DEVICE_SERVER_LOST] = CANCEL | FAIL,
		},
		/* It may wait behind a foreign STOP, which a failed queue's requests hold up until the queues have left. */
		[DEVICE_ENDING] = { /* R93 */
			ATTEMPT(SERVE, UNDO | FAIL, UNDO | FAIL),
			[DEVICE_QUEUE_FAILED] = FORSAKE | FAIL,
			[DEVICE_QUEUES_ENDED] = CANCEL | FAIL,
			[DEVICE_DEADLINE] = LATE,
			[DEVICE_STOP_WANTED] = FORSAKE,
			[DEVICE_SERVER_LOST] = FORSAKE | FAIL,
		},
		/* After SERVER_LOST every tag is retired: there is nothing to wait for, and STOP and DEL follow because
		 * whoever stopped the device may not delete it. */
		[DEVICE_LIVE] = { /* R42 */
			[DEVICE_QUEUE_FAILED] = LEAVE | FAIL,
			[DEVICE_QUEUES_ENDED] = UNDO,
			[DEVICE_STOP_WANTED] = STOP,
			[DEVICE_SERVER_LOST] = LEAVE,
			[DEVICE_KEEP] = STAY,
			[DEVICE_HAND_OVER] = QUIET,
		},
	},
	[DOWN] = {
		/* Only a device that was added needs an undo. */
		[DEVICE_ADDING] = {
			[DEVICE_ANSWER_OK] = UNDO,
			EVERY_REFUSAL(FINISH),
			[DEVICE_DEADLINE] = LATE,
			[DEVICE_STOP_WANTED] = STAY,
		},
		[DEVICE_SETTING] = {
			[DEVICE_ANSWER_OK] = UNDO,
			EVERY_REFUSAL(UNDO),
			[DEVICE_DEADLINE] = LATE,
			[DEVICE_STOP_WANTED] = STAY,
		},
		[DEVICE_RECOVERING] = {
			[DEVICE_ANSWER_OK] = UNDO,
			EVERY_REFUSAL(UNDO),
			[DEVICE_DEADLINE] = LATE,
			[DEVICE_STOP_WANTED] = STAY,
		},
		/* EINTR is the cancel's work; OK came before it; both go down. */
		[DEVICE_CANCELLING] = {
			[DEVICE_ANSWER_OK] = UNDO,
			EVERY_REFUSAL(UNDO),
			[DEVICE_QUEUE_FAILED] = STAY,
			[DEVICE_QUEUES_ENDED] = STAY,
			[DEVICE_DEADLINE] = LATE,
			[DEVICE_STOP_WANTED] = STAY,
			[DEVICE_SERVER_LOST] = STAY,
		},
		/* Whatever it answers, the driver may have begun to send nothing more: there is no way back. */
		[DEVICE_QUIESCING] = { /* R89 */
			[DEVICE_ANSWER_OK] = QUIETED,
			EVERY_REFUSAL(QUIETED),
			[DEVICE_QUEUE_FAILED] = TELL | FAIL,
			[DEVICE_QUEUES_ENDED] = STAY,
			[DEVICE_DEADLINE] = LATE,
			[DEVICE_STOP_WANTED] = STAY,
			[DEVICE_SERVER_LOST] = STAY,
		},
		/* QUEUES_READY: reported before the queues were told to leave. */
		[DEVICE_ABANDONING] = {
			[DEVICE_QUEUES_READY] = STAY,
			[DEVICE_QUEUE_FAILED] = STAY,
			[DEVICE_QUEUES_ENDED] = UNDO,
			[DEVICE_DEADLINE] = LATE,
			[DEVICE_STOP_WANTED] = STAY,
			[DEVICE_SERVER_LOST] = STAY,
		},
		[DEVICE_STOPPING] = {
			ATTEMPT(STOPPED, UNSTOPPED, UNSTOPPED),
			[DEVICE_QUEUE_FAILED] = TELL | FAIL,
			[DEVICE_QUEUES_ENDED] = STAY,
			[DEVICE_DEADLINE] = LATE,
			[DEVICE_STOP_WANTED] = STAY,
			[DEVICE_SERVER_LOST] = STAY,
		},
		[DEVICE_JOINING] = {
			[DEVICE_QUEUE_FAILED] = TELL | FAIL,
			[DEVICE_QUEUES_ENDED] = DELETE,
			[DEVICE_DEADLINE] = LATE,
			[DEVICE_STOP_WANTED] = STAY,
			[DEVICE_SERVER_LOST] = STAY,
		},
		/* EINTR comes after the removal: sent again, DEL then says GONE. */
		[DEVICE_DELETING] = { /* R41 */
			ATTEMPT(FINISH, FINISH, FINISH | FAIL),
			[DEVICE_DEADLINE] = LATE,
			[DEVICE_STOP_WANTED] = STAY,
		},
		[DEVICE_OVER] = {
			[DEVICE_STOP_WANTED] = STAY,
		},
	},
	/* Nothing is in flight: there is no answer to wait for and nothing to cancel. */
	[PAUSING] = {
		[DEVICE_ADDING] = {
			[DEVICE_DEADLINE] = AGAIN,
			[DEVICE_STOP_WANTED] = FINISH,
		},
		[DEVICE_SETTING] = {
			[DEVICE_DEADLINE] = AGAIN,
			[DEVICE_STOP_WANTED] = UNDO,
		},
		[DEVICE_RECOVERING] = {
			[DEVICE_DEADLINE] = AGAIN,
			[DEVICE_STOP_WANTED] = UNDO,
		},
		[DEVICE_STARTING] = {
			[DEVICE_QUEUE_FAILED] = UNDO | FAIL,
			[DEVICE_QUEUES_ENDED] = UNDO | FAIL,
			[DEVICE_DEADLINE] = AGAIN,
			[DEVICE_STOP_WANTED] = UNDO,
			[DEVICE_SERVER_LOST] = LEAVE | FAIL,
		},
		[DEVICE_ENDING] = {
			[DEVICE_QUEUE_FAILED] = UNDO | FAIL,
			[DEVICE_QUEUES_ENDED] = UNDO | FAIL,
			[DEVICE_DEADLINE] = AGAIN,
			[DEVICE_STOP_WANTED] = UNDO,
			[DEVICE_SERVER_LOST] = LEAVE | FAIL,
		},
		[DEVICE_STOPPING] = {
			[DEVICE_QUEUE_FAILED] = TELL | FAIL,
			[DEVICE_QUEUES_ENDED] = STAY,
			[DEVICE_DEADLINE] = AGAIN,
			[DEVICE_STOP_WANTED] = STAY,
			[DEVICE_SERVER_LOST] = STAY,
		},
		[DEVICE_DELETING] = {
			[DEVICE_DEADLINE] = AGAIN,
			[DEVICE_STOP_WANTED] = STAY,
		},
	},
};

struct device_goal {
	uint8_t phase; /* DEVICE_ABSENT: as it is */
	uint8_t want;
	uint8_t action;
};

static const struct device_goal device_goals[] = {
	[STAY] = { DEVICE_ABSENT, 0, DEVICE_NOTHING },
	[RETRY] = { DEVICE_ABSENT, 0, DEVICE_PAUSE },
	[LATE] = { DEVICE_ABSENT, 0, DEVICE_SAY_LATE },
	[TELL] = { DEVICE_ABSENT, 0, DEVICE_LEAVE_QUEUES },
	[ADD] = { DEVICE_ADDING, DEVICE_UP, DEVICE_SEND_ADD },
	[SET] = { DEVICE_SETTING, DEVICE_UP, DEVICE_SEND_SET_PARAMS },
	[RECOVER] = { DEVICE_RECOVERING, DEVICE_UP, DEVICE_SEND_RECOVER },
	[OPEN] = { DEVICE_OPENING, DEVICE_UP, DEVICE_OPEN_QUEUES },
	[START] = { DEVICE_STARTING, DEVICE_UP, DEVICE_SEND_START },
	[END] = { DEVICE_ENDING, DEVICE_UP, DEVICE_SEND_END_RECOVERY },
	[SERVE] = { DEVICE_LIVE, DEVICE_UP, DEVICE_SAY_LIVE },
	[CANCEL] = { DEVICE_CANCELLING, DEVICE_DOWN, DEVICE_SEND_CANCEL }, /* R38 */
	[FORSAKE] = { DEVICE_CANCELLING, DEVICE_DOWN, DEVICE_FORSAKE },
	[LEAVE] = { DEVICE_ABANDONING, DEVICE_DOWN, DEVICE_LEAVE_QUEUES },
	[QUIET] = { DEVICE_QUIESCING, DEVICE_DOWN, DEVICE_SEND_QUIESCE },
	[DRAIN] = { DEVICE_ABANDONING, DEVICE_DOWN, DEVICE_DRAIN_QUEUES },
	[STOP] = { DEVICE_STOPPING, DEVICE_DOWN, DEVICE_SEND_STOP },
	[JOIN] = { DEVICE_JOINING, DEVICE_DOWN, DEVICE_JOIN_QUEUES },
	[DISMISS] = { DEVICE_JOINING, DEVICE_DOWN, DEVICE_LEAVE_QUEUES },
	[DELETE] = { DEVICE_DELETING, DEVICE_DOWN, DEVICE_SEND_DEL },
	[FINISH] = { DEVICE_OVER, DEVICE_DOWN, DEVICE_SAY_OVER },
};

/* What is sent again. */
static const uint8_t device_commands[DEVICE_PHASES] = {
	[DEVICE_ADDING] = DEVICE_SEND_ADD,
	[DEVICE_SETTING] = DEVICE_SEND_SET_PARAMS,
	[DEVICE_RECOVERING] = DEVICE_SEND_RECOVER,
	[DEVICE_STARTING] = DEVICE_SEND_START,
	[DEVICE_ENDING] = DEVICE_SEND_END_RECOVERY,
	[DEVICE_STOPPING] = DEVICE_SEND_STOP,
	[DEVICE_DELETING] = DEVICE_SEND_DEL,
};

/* [recovery][queues][failed]: a device that was taken over is left as it was found, recoverable: closing it is all.
 * One that we added is stopped, then deleted; its queues serve until the STOP has taken effect, unless one cannot. */
static const uint8_t device_undo[2][2][2] = { /* R37 */
	{ { STOP, STOP }, { STOP, LEAVE } },
	{ { FINISH, FINISH }, { LEAVE, LEAVE } }, /* R44 */
};

/* What the event itself says about the state. */
static struct device_state device_note(struct device_state state, uint32_t event)
{
	if (event == DEVICE_STOP_WANTED)
		state.want = DEVICE_DOWN;
	if (event == DEVICE_KEEP) /* R90 */
		state.recovery = 1;
	if (event == DEVICE_BEGIN_RECOVERY || event == DEVICE_HAND_OVER)
		state.recovery = 1;
	if (event == DEVICE_QUEUE_FAILED)
		state.failed = 1;
	if (event == DEVICE_QUEUES_ENDED)
		state.queues = 0;
	return state;
}

static uint32_t device_resolve(uint32_t move, struct device_state state)
{
	if (move == READY) /* R39 */
		return state.recovery != 0 ? END : START;
	if (move == UNDO)
		return device_undo[state.recovery][state.queues][state.failed];
	if (move == STOPPED)
		return state.queues != 0 ? JOIN : DELETE;
	if (move == UNSTOPPED)
		return state.queues != 0 ? DISMISS : DELETE;
	if (move == QUIETED)
		return state.queues != 0 && state.failed == 0 ? DRAIN : device_undo[1][state.queues][state.failed];
	return move;
}

/* The move as it is listed, FAIL included. */
static uint32_t device_listed(struct device_state state, uint32_t event)
{
	uint32_t lane = state.pausing != 0 ? PAUSING : state.want;
	uint32_t listed = device_table[lane][state.phase][event];

	if (listed == RETRY && state.tries == DEVICE_TRIES_MAX)
		listed = device_table[lane][state.phase][DEVICE_ANSWER_OTHER];
	return listed;
}

static struct device_step device_enter(struct device_state state, struct device_goal goal)
{
	struct device_step step = { .state = state, .action = goal.action };

	step.state.phase = goal.phase;
	step.state.want = goal.want;
	step.state.tries = 0;
	step.state.pausing = 0;
	if (goal.phase == DEVICE_OPENING)
		step.state.queues = 1;
	return step;
}

static struct device_step device_remain(struct device_state state, uint32_t move)
{
	struct device_step step = { .state = state, .action = device_goals[move].action };

	if (move == RETRY) {
		step.state.tries++;
		step.state.pausing = 1;
	} else if (move == AGAIN) {
		step.state.pausing = 0;
		step.action = device_commands[state.phase];
	}
	return step;
}

struct device_step device_step(struct device_state state, uint32_t event)
{
	struct device_step step = { .state = state, .action = DEVICE_NOTHING, .verdict = DEVICE_UNEXPECTED };

	CHECK(device_state_valid(state));
	CHECK(event < DEVICE_EVENTS);

	uint32_t listed = device_listed(state, event);

	if (listed == 0)
		return step;
	state = device_note(state, event);

	uint32_t move = device_resolve(listed & ~(uint32_t)FAIL, state);

	if (device_goals[move].phase != DEVICE_ABSENT)
		step = device_enter(state, device_goals[move]);
	else
		step = device_remain(state, move);
	step.verdict = (listed & FAIL) != 0 ? DEVICE_FAILED : DEVICE_LAWFUL;
	return step;
}

uint32_t device_event_of_result(int32_t result)
{
	switch (result) {
	case 0:
		return DEVICE_ANSWER_OK;
	case -ERRNOS_EINTR:
		return DEVICE_ANSWER_EINTR;
	case -ERRNOS_EBUSY:
		return DEVICE_ANSWER_EBUSY;
	case -ERRNOS_EAGAIN:
		return DEVICE_ANSWER_EAGAIN;
	case -ERRNOS_ENODEV:
		return DEVICE_ANSWER_GONE;
	default:
		return DEVICE_ANSWER_OTHER;
	}
}
