#include "tag.h"

#include "check.h"
#include "errnos.h"

_Static_assert(sizeof(struct tag_state) == 2, "no padding: states are compared and stored as bytes");
_Static_assert(sizeof(struct tag_step) == 4, "no padding: steps are compared as bytes");

/* The memory of the next state. Zero is no answer: such a cell is not listed. */
enum tag_keep {
	OWN = 1, /* the tag's buffer: it is what the command names, or the lent memory means nothing any more */
	LENT,    /* the command names the backend's memory */
	SAME,    /* as it was */
};

struct tag_cell {
	uint8_t owner;
	uint8_t keep;
	uint8_t action;
	uint8_t verdict;
};

/* What is not listed is a breach: nothing changes, nothing is done, and tag_breaches says whose it is.
 *
 * A refused command changes nothing at the driver: a refused FETCH leaves a tag that was never taken, and after a
 * refused COMMIT the request is still open. A COMMIT answered with ABORT took effect: only its fetch half is over.
 * COPYING may end with another request than the one that was asked for (the driver requeues a WRITE of which it
 * could copy nothing), so OK and GET_DATA are both lawful there. */
static const struct tag_cell tag_cells[TAG_MODES][TAG_OWNERS][TAG_EVENTS] = {
	[TAG_PLAIN] = {
		[TAG_UNBORN] = {
			[TAG_BEGIN] = { TAG_FETCHING, OWN, TAG_FETCH, TAG_LAWFUL }, /* R11 */
		},
		[TAG_FETCHING] = {
			[TAG_COMPLETED_OK] = { TAG_SERVER, OWN, TAG_HANDLE, TAG_LAWFUL },
			[TAG_COMPLETED_GET_DATA] = { TAG_RETIRED, OWN, TAG_NOTHING, TAG_DRIVER_BREACH },
			[TAG_COMPLETED_ABORT] = { TAG_RETIRED, OWN, TAG_NOTHING, TAG_LAWFUL }, /* R15 */
			[TAG_COMPLETED_REFUSED] = { TAG_RETIRED, OWN, TAG_NOTHING, TAG_COMMAND_LOST }, /* R16 */
			[TAG_COMPLETED_STRANGE] = { TAG_RETIRED, OWN, TAG_NOTHING, TAG_DRIVER_BREACH },
			[TAG_NOT_SUBMITTED] = { TAG_UNBORN, OWN, TAG_NOTHING, TAG_COMMAND_LOST },
		},
		[TAG_DRIVER] = {
			[TAG_COMPLETED_OK] = { TAG_SERVER, OWN, TAG_HANDLE, TAG_LAWFUL },
			[TAG_COMPLETED_GET_DATA] = { TAG_RETIRED, OWN, TAG_NOTHING, TAG_DRIVER_BREACH },
			[TAG_COMPLETED_ABORT] = { TAG_RETIRED, OWN, TAG_NOTHING, TAG_LAWFUL },
			[TAG_COMPLETED_REFUSED] = { TAG_SERVER, OWN, TAG_NOTHING, TAG_COMMAND_LOST },
			[TAG_COMPLETED_STRANGE] = { TAG_RETIRED, OWN, TAG_NOTHING, TAG_DRIVER_BREACH },
			[TAG_NOT_SUBMITTED] = { TAG_SERVER, OWN, TAG_NOTHING, TAG_COMMAND_LOST },
		},
		[TAG_SERVER] = {
			[TAG_BACKEND_DONE] = { TAG_DRIVER, OWN, TAG_COMMIT, TAG_LAWFUL }, /* R12 */
			[TAG_BACKEND_FAILED] = { TAG_DRIVER, OWN, TAG_COMMIT, TAG_LAWFUL },
			[TAG_BACKEND_LENT] = { TAG_DRIVER, OWN, TAG_COMMIT_FAILED, TAG_REFUSED_LEND }, /* R17 */
		},
	},
	[TAG_GET_DATA] = {
		[TAG_UNBORN] = {
			[TAG_BEGIN] = { TAG_FETCHING, OWN, TAG_FETCH, TAG_LAWFUL },
		},
		[TAG_FETCHING] = {
			[TAG_COMPLETED_OK] = { TAG_SERVER, OWN, TAG_HANDLE, TAG_LAWFUL },
			[TAG_COMPLETED_GET_DATA] = { TAG_SERVER_GET_DATA, OWN, TAG_PLACE, TAG_LAWFUL }, /* R13 */
			[TAG_COMPLETED_ABORT] = { TAG_RETIRED, OWN, TAG_NOTHING, TAG_LAWFUL },
			[TAG_COMPLETED_REFUSED] = { TAG_RETIRED, OWN, TAG_NOTHING, TAG_COMMAND_LOST },
			[TAG_COMPLETED_STRANGE] = { TAG_RETIRED, OWN, TAG_NOTHING, TAG_DRIVER_BREACH },
			[TAG_NOT_SUBMITTED] = { TAG_UNBORN, OWN, TAG_NOTHING, TAG_COMMAND_LOST },
		},
		[TAG_DRIVER] = {
			/* The driver still knows a lent address, but copies into none before NEED_GET_DATA gives one. */
			[TAG_COMPLETED_OK] = { TAG_SERVER, OWN, TAG_HANDLE, TAG_LAWFUL },
			[TAG_COMPLETED_GET_DATA] = { TAG_SERVER_GET_DATA, OWN, TAG_PLACE, TAG_LAWFUL },
			[TAG_COMPLETED_ABORT] = { TAG_RETIRED, OWN, TAG_NOTHING, TAG_LAWFUL },
			[TAG_COMPLETED_REFUSED] = { TAG_SERVER, SAME, TAG_NOTHING, TAG_COMMAND_LOST },
			[TAG_COMPLETED_STRANGE] = { TAG_RETIRED, OWN, TAG_NOTHING, TAG_DRIVER_BREACH },
			[TAG_NOT_SUBMITTED] = { TAG_SERVER, SAME, TAG_NOTHING, TAG_COMMAND_LOST },
		},
		[TAG_SERVER] = {
			[TAG_BACKEND_DONE] = { TAG_DRIVER, OWN, TAG_COMMIT, TAG_LAWFUL },
			[TAG_BACKEND_FAILED] = { TAG_DRIVER, OWN, TAG_COMMIT, TAG_LAWFUL },
			[TAG_BACKEND_LENT] = { TAG_DRIVER, LENT, TAG_COMMIT, TAG_LAWFUL },
		},
		[TAG_SERVER_GET_DATA] = {
			[TAG_BACKEND_LENT] = { TAG_COPYING, LENT, TAG_ASK_DATA, TAG_LAWFUL },
			[TAG_BACKEND_KEPT] = { TAG_COPYING, OWN, TAG_ASK_DATA, TAG_LAWFUL },
		},
		[TAG_COPYING] = {
			[TAG_COMPLETED_OK] = { TAG_SERVER, SAME, TAG_HANDLE, TAG_LAWFUL }, /* R14 */
			[TAG_COMPLETED_GET_DATA] = { TAG_SERVER_GET_DATA, OWN, TAG_PLACE, TAG_LAWFUL },
			[TAG_COMPLETED_ABORT] = { TAG_RETIRED, OWN, TAG_NOTHING, TAG_LAWFUL },
			[TAG_COMPLETED_REFUSED] = { TAG_SERVER_GET_DATA, OWN, TAG_NOTHING, TAG_COMMAND_LOST },
			[TAG_COMPLETED_STRANGE] = { TAG_RETIRED, OWN, TAG_NOTHING, TAG_DRIVER_BREACH },
			[TAG_NOT_SUBMITTED] = { TAG_SERVER_GET_DATA, OWN, TAG_NOTHING, TAG_COMMAND_LOST },
		},
	},
};

/* Whose breach an event is where it cannot be. */
static const uint8_t tag_breaches[TAG_EVENTS] = {
	[TAG_BEGIN] = TAG_SERVER_BREACH,
	[TAG_COMPLETED_OK] = TAG_DRIVER_BREACH,
	[TAG_COMPLETED_GET_DATA] = TAG_DRIVER_BREACH,
	[TAG_COMPLETED_ABORT] = TAG_DRIVER_BREACH,
	[TAG_COMPLETED_REFUSED] = TAG_DRIVER_BREACH,
	[TAG_COMPLETED_STRANGE] = TAG_DRIVER_BREACH,
	[TAG_BACKEND_DONE] = TAG_BACKEND_BREACH, /* R18 */
	[TAG_BACKEND_FAILED] = TAG_BACKEND_BREACH,
	[TAG_BACKEND_LENT] = TAG_BACKEND_BREACH,
	[TAG_BACKEND_KEPT] = TAG_BACKEND_BREACH,
	[TAG_NOT_SUBMITTED] = TAG_SERVER_BREACH,
};

/* How many of enum tag_memory each owner can have, counted from OWN: 0 where the owner cannot be. */
static const uint8_t tag_memories[TAG_MODES][TAG_OWNERS] = {
	[TAG_PLAIN] = {
		[TAG_UNBORN] = 1, [TAG_FETCHING] = 1, [TAG_DRIVER] = 1, [TAG_SERVER] = 1, [TAG_RETIRED] = 1,
	},
	[TAG_GET_DATA] = {
		[TAG_UNBORN] = 1, [TAG_FETCHING] = 1, [TAG_DRIVER] = 2, [TAG_SERVER] = 2, [TAG_SERVER_GET_DATA] = 1,
		[TAG_COPYING] = 2, [TAG_RETIRED] = 1,
	},
};

bool tag_state_valid(uint32_t mode, struct tag_state state)
{
	CHECK(mode < TAG_MODES);
	return state.owner < TAG_OWNERS && state.memory < tag_memories[mode][state.owner];
}

static uint8_t tag_memory_of(uint8_t keep, uint8_t memory)
{
	if (keep == SAME)
		return memory;
	return keep == LENT ? TAG_LENT : TAG_OWN;
}

struct tag_step tag_step(uint32_t mode, struct tag_state state, uint32_t event)
{
	CHECK(tag_state_valid(mode, state));
	CHECK(event < TAG_EVENTS);

	const struct tag_cell *cell = &tag_cells[mode][state.owner][event];
	struct tag_step breach = { .state = state, .action = TAG_NOTHING, .verdict = tag_breaches[event] };
	struct tag_step step = {
		.state = { .owner = cell->owner, .memory = tag_memory_of(cell->keep, state.memory) },
		.action = cell->action,
		.verdict = cell->verdict,
	};

	return cell->keep != 0 ? step : breach;
}

uint32_t tag_event_of_result(int32_t result) /* R19 */
{
	if (result == 0)
		return TAG_COMPLETED_OK;
	if (result == 1)
		return TAG_COMPLETED_GET_DATA;
	if (result == -ERRNOS_ENODEV)
		return TAG_COMPLETED_ABORT;
	return result < 0 ? TAG_COMPLETED_REFUSED : TAG_COMPLETED_STRANGE;
}

const char *tag_owner_name(uint32_t owner)
{
	static const char *const names[TAG_OWNERS] = {
		[TAG_UNBORN] = "unborn",
		[TAG_FETCHING] = "fetching",
		[TAG_DRIVER] = "driver",
		[TAG_SERVER] = "server",
		[TAG_SERVER_GET_DATA] = "server-get-data",
		[TAG_COPYING] = "copying",
		[TAG_RETIRED] = "retired",
	};

	CHECK(owner < TAG_OWNERS);
	return names[owner];
}

const char *tag_event_name(uint32_t event)
{
	static const char *const names[TAG_EVENTS] = {
		[TAG_BEGIN] = "begin",
		[TAG_COMPLETED_OK] = "completed-ok",
		[TAG_COMPLETED_GET_DATA] = "completed-get-data",
		[TAG_COMPLETED_ABORT] = "completed-abort",
		[TAG_COMPLETED_REFUSED] = "completed-refused",
		[TAG_COMPLETED_STRANGE] = "completed-strange",
		[TAG_BACKEND_DONE] = "backend-done",
		[TAG_BACKEND_FAILED] = "backend-failed",
		[TAG_BACKEND_LENT] = "backend-lent",
		[TAG_BACKEND_KEPT] = "backend-kept",
		[TAG_NOT_SUBMITTED] = "not-submitted",
	};

	CHECK(event < TAG_EVENTS);
	return names[event];
}

const char *tag_action_name(uint32_t action)
{
	static const char *const names[TAG_ACTIONS] = {
		[TAG_NOTHING] = "nothing",
		[TAG_FETCH] = "fetch",
		[TAG_HANDLE] = "handle",
		[TAG_PLACE] = "place",
		[TAG_ASK_DATA] = "ask-data",
		[TAG_COMMIT] = "commit",
		[TAG_COMMIT_FAILED] = "commit-failed",
	};

	CHECK(action < TAG_ACTIONS);
	return names[action];
}

const char *tag_verdict_text(uint32_t verdict)
{
	static const char *const texts[TAG_VERDICTS] = {
		[TAG_LAWFUL] = "lawful",
		[TAG_REFUSED_LEND] = "memory can be lent in get-data mode only",
		[TAG_COMMAND_LOST] = "the kernel or the ring refused a command",
		[TAG_DRIVER_BREACH] = "the driver broke the protocol",
		[TAG_BACKEND_BREACH] = "the backend answered what nobody asked",
		[TAG_SERVER_BREACH] = "the server broke its own rules",
	};

	CHECK(verdict < TAG_VERDICTS);
	return texts[verdict];
}
