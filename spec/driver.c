#include "driver.h"

_Static_assert(sizeof(struct driver_tag_state) == 3 && sizeof(struct driver_tag_event) == 2, "no padding");
_Static_assert(sizeof(struct driver_tag_step) == 10 && sizeof(struct driver_device_state) == 11, "no padding");
_Static_assert(sizeof(struct driver_device_step) == 16, "no padding");

/* ---- one tag: answers ---------------------------------------------------------------------- */

static struct driver_tag_step same(struct driver_tag_state state)
{
	return (struct driver_tag_step){ .state = state };
}

static struct driver_tag_step impossible(struct driver_tag_state state)
{
	return (struct driver_tag_step){ .state = state, .verdict = DRIVER_IMPOSSIBLE };
}

static struct driver_tag_step undefined(struct driver_tag_state state)
{
	return (struct driver_tag_step){ .state = state, .verdict = DRIVER_UNDEFINED };
}

static struct driver_tag_step refuses(struct driver_tag_state state, int16_t error)
{
	return (struct driver_tag_step){ .state = state, .answer = DRIVER_REFUSES, .result = (int16_t)-error };
}

/* The held command completes and the tag is the server's. */
static struct driver_tag_step delivers(struct driver_tag_state state, uint8_t phase, int16_t result, uint8_t moves)
{
	state.phase = phase;
	return (struct driver_tag_step){
		.state = state, .answer = DRIVER_COMPLETES, .result = result, .moves = moves
	};
}

/* The open request leaves the tag, which keeps its command. */
static struct driver_tag_step returns(struct driver_tag_state state, uint8_t request, uint8_t moves)
{
	state.phase = state.phase == DRIVER_CANCELLED ? DRIVER_CANCELLED : DRIVER_ACTIVE;
	state.op = DRIVER_NO_REQUEST;
	return (struct driver_tag_step){ .state = state, .request = request, .moves = moves };
}

static bool holds_command(uint8_t phase)
{
	return phase == DRIVER_ACTIVE || phase == DRIVER_ARRIVED || phase == DRIVER_COPYING || phase == DRIVER_CANCELLED;
}

static bool owned(uint8_t phase)
{
	return phase == DRIVER_OWNED || phase == DRIVER_OWNED_GET_DATA;
}

/* ---- one tag: commands --------------------------------------------------------------------- */

/* FETCH while tags are missing. 7.x looks at the address first. */
static struct driver_tag_step fetch(uint32_t kernel, uint32_t mode, struct driver_tag_state state, uint8_t address)
{
	bool bad_address = address == DRIVER_NO_ADDRESS && mode == DRIVER_PLAIN;

	if (state.phase == DRIVER_ORPHANED)
		return undefined(state);
	if (kernel != DRIVER_6_12 && bad_address)
		return refuses(state, DRIVER_EINVAL);
	if (owned(state.phase))
		return kernel == DRIVER_6_12 ? impossible(state) : undefined(state);
	if (holds_command(state.phase))
		return refuses(state, kernel == DRIVER_6_12 ? DRIVER_EBUSY : DRIVER_EINVAL);
	if (bad_address)
		return refuses(state, DRIVER_EINVAL);
	return same((struct driver_tag_state){ .phase = DRIVER_ACTIVE, .address = address });
}

static struct driver_tag_step fetch_ready(uint32_t kernel, uint32_t mode, struct driver_tag_state state,
					  uint8_t address)
{
	if (state.phase == DRIVER_UNFETCHED)
		return impossible(state);
	if (state.phase == DRIVER_ORPHANED)
		return undefined(state);
	if (kernel == DRIVER_6_12 && state.phase == DRIVER_OWNED_GET_DATA)
		return refuses(state, DRIVER_EINVAL);
	if (kernel != DRIVER_6_12 && address == DRIVER_NO_ADDRESS && mode == DRIVER_PLAIN)
		return refuses(state, DRIVER_EINVAL);
	return refuses(state, DRIVER_EBUSY);
}

static struct driver_tag_step fetch_stopping(uint32_t kernel, uint32_t mode, struct driver_tag_state state,
					     uint8_t address)
{
	if (kernel != DRIVER_7_3)
		return impossible(state);
	if (address == DRIVER_NO_ADDRESS && mode == DRIVER_PLAIN)
		return refuses(state, DRIVER_EINVAL);
	return refuses(state, DRIVER_ENODEV);
}

/* Another task: 6.12 asks for the daemon before all else, 7.x takes a FETCH from anybody. */
static struct driver_tag_step stranger_fetch(uint32_t kernel, uint32_t mode, struct driver_tag_state state,
					     uint8_t address)
{
	if (kernel == DRIVER_6_12)
		return state.phase == DRIVER_UNFETCHED ? impossible(state) : refuses(state, DRIVER_EINVAL);
	return fetch_ready(kernel, mode, state, address);
}

/* What a COMMIT's result does to the request. */
static uint8_t commit_ends(uint32_t kernel, uint8_t op, uint8_t kind)
{
	if (kind == DRIVER_COMMIT_FAILED)
		return DRIVER_REQUEST_FAILED;
	if (op == DRIVER_OTHER || kind == DRIVER_COMMIT_DONE || kind == DRIVER_COMMIT_ABOVE)
		return DRIVER_REQUEST_DONE;
	if (kind == DRIVER_COMMIT_UNREADABLE) {
		if (op == DRIVER_WRITE)
			return DRIVER_REQUEST_DONE;
		return kernel == DRIVER_6_12 ? DRIVER_REQUEST_AGAIN : DRIVER_REQUEST_FAILED;
	}
	if (op == DRIVER_READ)
		return kind == DRIVER_COMMIT_ZERO ? DRIVER_REQUEST_FAILED : DRIVER_REQUEST_REST;
	if (kernel == DRIVER_7_3)
		return DRIVER_REQUEST_LOST;
	return kind == DRIVER_COMMIT_ZERO ? DRIVER_REQUEST_AGAIN : DRIVER_REQUEST_REST;
}

static uint8_t commit_moves(uint8_t op, uint8_t request)
{
	if (op == DRIVER_READ && request == DRIVER_REQUEST_DONE)
		return DRIVER_MOVES_OUT;
	if (op == DRIVER_READ && request == DRIVER_REQUEST_REST)
		return DRIVER_MOVES_OUT_PART;
	return DRIVER_MOVES_NOTHING;
}

static struct driver_tag_step commit(uint32_t kernel, uint32_t mode, struct driver_tag_state state,
				     struct driver_tag_event event)
{
	uint8_t request;

	if (state.phase == DRIVER_ORPHANED)
		return undefined(state);
	if (holds_command(state.phase))
		return refuses(state, DRIVER_EBUSY);
	if (state.phase != DRIVER_OWNED)
		return refuses(state, DRIVER_EINVAL);
	if (event.address == DRIVER_NO_ADDRESS && (mode == DRIVER_PLAIN || state.op == DRIVER_READ))
		return refuses(state, DRIVER_EINVAL);
	if (event.kind == DRIVER_COMMIT_ABOVE && state.op == DRIVER_READ && kernel != DRIVER_7_3)
		return undefined(state);
	request = commit_ends(kernel, state.op, event.kind);
	state.address = event.address;
	return returns(state, request, commit_moves(state.op, request));
}

static struct driver_tag_step ask_data(struct driver_tag_state state, uint8_t address)
{
	if (state.phase == DRIVER_ORPHANED)
		return undefined(state);
	if (holds_command(state.phase))
		return refuses(state, DRIVER_EBUSY);
	if (state.phase != DRIVER_OWNED_GET_DATA)
		return refuses(state, DRIVER_EINVAL);
	return same((struct driver_tag_state){ .phase = DRIVER_COPYING, .op = state.op, .address = address });
}

static struct driver_tag_step unknown(struct driver_tag_state state)
{
	return refuses(state, holds_command(state.phase) ? DRIVER_EBUSY : DRIVER_EINVAL);
}

/* A command that is not ublk's: 7.x looks at its type first. */
static struct driver_tag_step foreign(uint32_t kernel, struct driver_tag_state state)
{
	if (kernel == DRIVER_6_12 && holds_command(state.phase))
		return refuses(state, DRIVER_EBUSY);
	if (kernel == DRIVER_6_12 && state.phase == DRIVER_OWNED_GET_DATA)
		return refuses(state, DRIVER_EINVAL);
	return refuses(state, DRIVER_EOPNOTSUPP);
}

/* ---- one tag: the kernel's side ------------------------------------------------------------ */

/* A queue whose commands were taken back delivers nothing. */
static struct driver_tag_step arrive(uint32_t kernel, struct driver_tag_state state, uint8_t op)
{
	if (state.phase == DRIVER_ORPHANED || (state.phase == DRIVER_CANCELLED && state.op == DRIVER_NO_REQUEST) ||
	    (state.phase == DRIVER_UNFETCHED && kernel != DRIVER_6_12))
		return (struct driver_tag_step){ .state = state, .request = DRIVER_REQUEST_UNSERVED };
	if (state.phase != DRIVER_ACTIVE)
		return impossible(state);
	return same((struct driver_tag_state){ .phase = DRIVER_ARRIVED, .op = op, .address = state.address });
}

/* The copy of WRITE data to the address. */
static struct driver_tag_step copy(struct driver_tag_state state, uint8_t kind)
{
	if (kind == DRIVER_DISPATCH_NONE)
		return returns(state, DRIVER_REQUEST_AGAIN, DRIVER_MOVES_NOTHING);
	if (state.address == DRIVER_NO_ADDRESS)
		return impossible(state);
	return delivers(state, DRIVER_OWNED, 0,
			kind == DRIVER_DISPATCH ? DRIVER_MOVES_IN : DRIVER_MOVES_IN_PART);
}

static struct driver_tag_step dispatch(uint32_t mode, struct driver_tag_state state, uint8_t kind)
{
	if (state.phase == DRIVER_COPYING || (state.phase == DRIVER_ARRIVED && state.op == DRIVER_WRITE &&
					      mode == DRIVER_PLAIN))
		return copy(state, kind);
	if (state.phase != DRIVER_ARRIVED || kind != DRIVER_DISPATCH)
		return impossible(state);
	if (state.op == DRIVER_WRITE)
		return delivers(state, DRIVER_OWNED_GET_DATA, 1, DRIVER_MOVES_NOTHING);
	return delivers(state, DRIVER_OWNED, 0, DRIVER_MOVES_NOTHING);
}

static struct driver_tag_step dispatch_exiting(uint32_t kernel, struct driver_tag_state state)
{
	bool waits = state.phase == DRIVER_ARRIVED || (state.phase == DRIVER_CANCELLED && state.op != DRIVER_NO_REQUEST) ||
		     (state.phase == DRIVER_COPYING && kernel == DRIVER_6_12);

	return waits ? returns(state, DRIVER_REQUEST_UNSERVED, DRIVER_MOVES_NOTHING) : impossible(state);
}

/* 7.x leaves a command alone whose request has started. */
static struct driver_tag_step cancel(uint32_t kernel, struct driver_tag_state state)
{
	bool taken = state.phase == DRIVER_ACTIVE ||
		     (kernel == DRIVER_6_12 && (state.phase == DRIVER_ARRIVED || state.phase == DRIVER_COPYING));

	if (!taken)
		return same(state);
	state.address = DRIVER_NO_ADDRESS;
	return delivers(state, DRIVER_CANCELLED, -DRIVER_ENODEV, DRIVER_MOVES_NOTHING);
}

/* 7.x: comes with the release of the character device, which every command that is held delays. */
static struct driver_tag_step server_dead(uint32_t kernel, struct driver_tag_state state)
{
	if (owned(state.phase))
		return (struct driver_tag_step){ .state = { .phase = DRIVER_ORPHANED },
						 .request = DRIVER_REQUEST_ORPHANED };
	if (kernel != DRIVER_6_12 && holds_command(state.phase) && state.phase != DRIVER_CANCELLED)
		return impossible(state);
	return same(state);
}

static struct driver_tag_step reset(struct driver_tag_state state)
{
	if (state.op != DRIVER_NO_REQUEST || state.phase == DRIVER_ACTIVE)
		return impossible(state);
	return same((struct driver_tag_state){ .phase = DRIVER_UNFETCHED });
}

struct driver_tag_step driver_tag_step(uint32_t kernel, uint32_t mode, struct driver_tag_state state,
				       struct driver_tag_event event)
{
	switch ((enum driver_tag_kind)event.kind) {
	case DRIVER_FETCH:
		return fetch(kernel, mode, state, event.address);
	case DRIVER_FETCH_READY:
		return fetch_ready(kernel, mode, state, event.address);
	case DRIVER_FETCH_STOPPING:
		return fetch_stopping(kernel, mode, state, event.address);
	case DRIVER_COMMIT_DONE:
	case DRIVER_COMMIT_ABOVE:
	case DRIVER_COMMIT_SHORT:
	case DRIVER_COMMIT_ZERO:
	case DRIVER_COMMIT_UNREADABLE:
	case DRIVER_COMMIT_FAILED:
		return commit(kernel, mode, state, event);
	case DRIVER_ASK_DATA:
		return ask_data(state, event.address);
	case DRIVER_UNKNOWN:
		return unknown(state);
	case DRIVER_FOREIGN:
		return foreign(kernel, state);
	case DRIVER_OUT_OF_RANGE:
	case DRIVER_STRANGER:
		return refuses(state, DRIVER_EINVAL);
	case DRIVER_STRANGER_FETCH:
		return stranger_fetch(kernel, mode, state, event.address);
	case DRIVER_ARRIVE_READ:
		return arrive(kernel, state, DRIVER_READ);
	case DRIVER_ARRIVE_WRITE:
		return arrive(kernel, state, DRIVER_WRITE);
	case DRIVER_ARRIVE_OTHER:
		return arrive(kernel, state, DRIVER_OTHER);
	case DRIVER_DISPATCH:
	case DRIVER_DISPATCH_PART:
	case DRIVER_DISPATCH_NONE:
		return dispatch(mode, state, event.kind);
	case DRIVER_DISPATCH_EXITING:
		return dispatch_exiting(kernel, state);
	case DRIVER_CANCEL:
		return cancel(kernel, state);
	case DRIVER_SERVER_DEAD:
		return server_dead(kernel, state);
	case DRIVER_RESET:
		return reset(state);
	case DRIVER_TAG_KINDS:
		break;
	}
	return impossible(state);
}

bool driver_tag_state_valid(uint32_t kernel, uint32_t mode, struct driver_tag_state state)
{
	bool idle = state.op == DRIVER_NO_REQUEST;
	bool addressed = state.address != DRIVER_NO_ADDRESS || mode == DRIVER_GET_DATA;

	if (state.op >= DRIVER_OPS || state.address >= DRIVER_ADDRESSES)
		return false;
	switch ((enum driver_phase)state.phase) {
	case DRIVER_UNFETCHED:
	case DRIVER_ORPHANED:
		return idle && state.address == DRIVER_NO_ADDRESS;
	case DRIVER_ACTIVE:
		return idle && addressed;
	case DRIVER_ARRIVED:
		return !idle && addressed;
	case DRIVER_OWNED:
		/* An owned WRITE has been copied to somewhere. */
		return !idle && addressed && (state.op != DRIVER_WRITE || state.address != DRIVER_NO_ADDRESS);
	case DRIVER_OWNED_GET_DATA:
	case DRIVER_COPYING:
		return state.op == DRIVER_WRITE && mode == DRIVER_GET_DATA;
	case DRIVER_CANCELLED:
		return state.address == DRIVER_NO_ADDRESS && (idle || kernel == DRIVER_6_12);
	case DRIVER_PHASES:
		break;
	}
	return false;
}

/* ---- requests without a server ------------------------------------------------------------- */

uint32_t driver_recovery_granted(uint32_t kernel, uint32_t recovery)
{
	return kernel == DRIVER_6_12 && recovery == DRIVER_RECOVERY_FAIL_IO ? DRIVER_RECOVERY : recovery;
}

uint32_t driver_fate(uint32_t kernel, uint32_t recovery, uint32_t request)
{
	uint32_t granted = driver_recovery_granted(kernel, recovery);
	bool again = granted == DRIVER_RECOVERY_REISSUE ||
		     (granted == DRIVER_RECOVERY && request == DRIVER_REQUEST_UNSERVED);

	return again ? DRIVER_REQUEST_AGAIN : DRIVER_REQUEST_FAILED;
}
