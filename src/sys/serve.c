#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "command.h"
#include "errnos.h"
#include "result.h"
#include "serve_inside.h"

enum { SERVE_FLUSH_TRIES = 1000 };

int serve_make(struct serve **serve, const struct serve_setup *setup)
{
	struct serve *made = calloc(1, sizeof(*made) + setup->depth_tags * sizeof(made->slots[0]));

	CHECK(setup->stride_bytes % sizeof(uint64_t) == 0);
	CHECK(setup->stride_bytes <= SERVE_STRIDE_BYTES_MAX);
	if (!made)
		return -ENOMEM;
	made->setup = *setup;
	made->tally = tally_of(setup->depth_tags);
	made->complain = (struct complain){ .log = setup->log, .backend = setup->backend->name, .qid = setup->qid };
	*serve = made;
	return 0;
}

void serve_free(struct serve *serve)
{
	free(serve);
}

uint32_t serve_open(const struct serve *serve)
{
	return tally_open(serve->tally);
}

uint32_t serve_busy(const struct serve *serve)
{
	return serve->ios + serve->letters;
}

bool serve_ending(const struct serve *serve)
{
	return serve->error != 0 || atomic_load(serve->setup.leave);
}

static uint32_t serve_parting(const struct serve *serve)
{
	const struct serve_setup *setup = &serve->setup;

	return setup->parting ? atomic_load_explicit(setup->parting, memory_order_relaxed) % SERVE_PARTINGS : SERVE_STAYS;
}

bool serve_full(const struct serve *serve)
{
	return serve_parting(serve) == SERVE_KEEPS && serve->kept == serve->setup.depth_tags;
}

/* Nothing that was sent is unanswered: what the driver copies now will be ours. */
static bool serve_parts(const struct serve *serve)
{
	return serve_parting(serve) == SERVE_DRAINS && tally_drained(serve->tally) && serve->tally.tags[TAG_COPYING] == 0;
}

void serve_break(struct serve *serve, int32_t error)
{
	/* Who reports it takes it for an errno, whatever the driver answered. */
	if (serve->error == 0)
		serve->error = error >= -ERRNOS_MAX ? error : -EPROTO;
}

/* ---- to the port --------------------------------------------------------------------------- */

bool serve_push(struct serve *serve, const struct port_work *work) /* R29 */
{
	if (port_push(serve->setup.port, work) != 0) {
		log_say(serve->setup.log, REFUBLK_ERROR, "queue %u: the ring is full, which its size excludes",
			serve->setup.qid);
		serve_break(serve, -ENOSPC);
		return false;
	}
	if (serve->setup.trace)
		trace_push(serve->setup.trace, work);
	return true;
}

static void serve_push_wake(struct serve *serve)
{
	struct port_work work = { .user_data = command_user_encode((struct command_user){ .kind = COMMAND_WAKE }),
				  .kind = PORT_WAKE };

	(void)serve_push(serve, &work);
}

struct port_work serve_work(struct serve *serve, uint16_t tag, uint32_t kind, uint32_t user_kind)
{
	struct serve_slot *slot = &serve->slots[tag];
	struct command_user user = { .kind = user_kind, .tag = tag };

	slot->serial = serve_serial_after(slot->serial);
	user.serial = slot->serial;
	return (struct port_work){ .user_data = command_user_encode(user), .kind = kind };
}

void *serve_memory(const struct serve *serve, uint16_t tag)
{
	const struct serve_slot *slot = &serve->slots[tag];

	return slot->state.memory == TAG_LENT ? slot->loan.memory : buffers_of(serve->setup.buffers, tag);
}

static uint32_t serve_command(struct serve *serve, uint16_t tag, uint32_t action, int32_t number)
{
	struct serve_slot *slot = &serve->slots[tag];
	struct port_work work = serve_work(serve, tag, PORT_COMMAND, COMMAND_UBLK);

	work.command = command_of_action(action, serve->setup.qid, tag, number,
					 (uint64_t)(uintptr_t)serve_memory(serve, tag));
	if (serve->error != 0 || !serve_push(serve, &work))
		return TAG_NOT_SUBMITTED;
	slot->awaited = SERVE_COMMAND;
	return SERVE_QUIET;
}

static int32_t serve_result(struct serve *serve, uint16_t tag)
{
	struct serve_slot *slot = &serve->slots[tag];
	struct result result = result_of(&slot->request, slot->outcome);

	if (result.number < 0)
		complain_result(&serve->complain, tag, &slot->request, slot->outcome, result);
	return result.number;
}

/* ---- a tag's way: event → step → action → event -------------------------------------------- */

static uint32_t serve_decide(struct serve *serve, uint16_t tag, uint32_t event)
{
	struct serve_slot *slot = &serve->slots[tag];
	struct tag_step step = tag_step(serve->setup.mode, slot->state, event);

	switch ((enum tag_verdict)step.verdict) {
	case TAG_LAWFUL:
		break;
	case TAG_COMMAND_LOST:
		/* Of a broken queue no command is sent: that is no news. */
		if (serve->error == 0)
			complain_verdict(&serve->complain, tag, slot->state.owner, event, step.verdict, slot->answer);
		serve_break(serve, slot->answer);
		break;
	case TAG_DRIVER_BREACH:
		complain_verdict(&serve->complain, tag, slot->state.owner, event, step.verdict, slot->answer);
		serve_break(serve, -EPROTO);
		break;
	case TAG_REFUSED_LEND:
	case TAG_BACKEND_BREACH:
	case TAG_SERVER_BREACH:
	case TAG_VERDICTS:
		/* A backend's answers are held against what the tag waits for before they become events. */
		CHECK(step.verdict == TAG_LAWFUL);
	}
	serve->tally = tally_move(serve->tally, slot->state.owner, step.state.owner);
	slot->state = step.state;
	return step.action;
}

/* What comes while we leave stays open: the driver fails it, or hands it to the next server. */
static uint32_t serve_take(struct serve *serve, uint16_t tag, uint32_t action)
{
	if (serve_ending(serve))
		return SERVE_QUIET;
	if (serve_parting(serve) != SERVE_KEEPS)
		return action == TAG_HANDLE ? handle_request(serve, tag) : handle_place(serve, tag);
	serve->slots[tag].kept = action;
	serve->kept++;
	return SERVE_QUIET;
}

static uint32_t serve_act(struct serve *serve, uint16_t tag, uint32_t action)
{
	switch ((enum tag_action)action) {
	case TAG_NOTHING:
		return SERVE_QUIET;
	case TAG_FETCH:
	case TAG_ASK_DATA:
		return serve_command(serve, tag, action, 0);
	case TAG_COMMIT:
	case TAG_COMMIT_FAILED:
		return serve_command(serve, tag, action, serve_result(serve, tag));
	case TAG_HANDLE:
	case TAG_PLACE:
		return serve_take(serve, tag, action);
	case TAG_ACTIONS:
		break;
	}
	CHECK(false);
	return SERVE_QUIET;
}

static void serve_tag(struct serve *serve, uint16_t tag, uint32_t event)
{
	while (event != SERVE_QUIET)
		event = serve_act(serve, tag, serve_decide(serve, tag, event));
}

static void serve_take_up(struct serve *serve)
{
	serve->kept = 0;
	for (uint32_t tag = 0; tag < serve->setup.depth_tags; tag++) {
		const uint32_t action = serve->slots[tag].kept;

		serve->slots[tag].kept = TAG_NOTHING;
		serve_tag(serve, (uint16_t)tag, serve_act(serve, (uint16_t)tag, action));
	}
}

void serve_begin(struct serve *serve)
{
	uint32_t tag;

	serve_push_wake(serve);
	for (tag = 0; tag < serve->setup.depth_tags; tag++)
		serve_tag(serve, (uint16_t)tag, TAG_BEGIN);
}

/* ---- from the port ------------------------------------------------------------------------- */

static void serve_read_letter(struct serve *serve, const struct later_letter *letter)
{
	uint16_t tag = later_token_tag(letter->token);
	struct serve_slot *slot = &serve->slots[tag];

	if (serve->setup.trace)
		trace_letter(serve->setup.trace, letter);
	if (slot->awaited != SERVE_LETTER || slot->request.token != letter->token) {
		complain_letters(&serve->complain, 1);
		return;
	}
	slot->awaited = SERVE_NOTHING;
	serve->letters--;
	serve_tag(serve, tag, handle_outcome(serve, tag, letter->outcome));
}

static void serve_read_letters(struct serve *serve)
{
	struct later_letter letter;

	later_quiet(serve->setup.later);
	while (later_take(serve->setup.later, &letter))
		serve_read_letter(serve, &letter);
	complain_letters(&serve->complain, later_refusals(serve->setup.later));
}

/* Nothing that was submitted has this answer: whose word the rest is, nobody knows. */
static void serve_stray(struct serve *serve, const struct port_completion *completion)
{
	log_say(serve->setup.log, REFUBLK_ERROR, "queue %u: a completion (%llx, %d) answers nothing that was asked",
		serve->setup.qid, (unsigned long long)completion->user_data, completion->result);
	serve_break(serve, -EPROTO);
}

static void serve_complete_tag(struct serve *serve, struct command_user user, const struct port_completion *completion)
{
	struct serve_slot *slot = &serve->slots[user.tag];
	uint32_t awaited = user.kind == COMMAND_UBLK ? SERVE_COMMAND : SERVE_IO;

	if (slot->awaited != awaited || slot->serial != user.serial) {
		serve_stray(serve, completion);
		return;
	}
	slot->awaited = SERVE_NOTHING;
	if (awaited == SERVE_IO) {
		serve->ios--;
		serve_tag(serve, user.tag, handle_io_result(serve, user.tag, completion->result));
		return;
	}
	slot->answer = completion->result;
	serve_tag(serve, user.tag, tag_event_of_result(completion->result));
}

static void serve_complete(struct serve *serve, const struct port_completion *completion)
{
	struct command_user user = command_user_decode(completion->user_data);

	if (serve->setup.trace)
		trace_completion(serve->setup.trace, completion);
	if (user.valid && user.kind == COMMAND_WAKE) {
		serve_read_letters(serve);
		serve_push_wake(serve);
	} else if (user.valid && user.kind != COMMAND_CONTROL && user.tag < serve->setup.depth_tags) {
		serve_complete_tag(serve, user, completion);
	} else {
		serve_stray(serve, completion);
	}
}

/* ---- turns --------------------------------------------------------------------------------- */

/* With a trace, what has gathered is written before a wait that would be long. */
static int serve_wait(struct serve *serve, uint32_t limit_ms)
{
	const struct serve_setup *setup = &serve->setup;
	int result;

	if (setup->trace) {
		result = port_wait(setup->port, 0);
		if (result != -ETIME)
			return result;
		trace_flush(setup->trace);
	}
	return port_wait(setup->port, limit_ms);
}

/* Foreign threads still use the requests' memory: their letters are read without the port. */
static void serve_wait_deaf(struct serve *serve, uint32_t limit_ms)
{
	struct pollfd wake = { .fd = later_wake_fd(serve->setup.later), .events = POLLIN };

	(void)poll(&wake, 1, limit_ms < INT32_MAX ? (int)limit_ms : INT32_MAX);
	serve_read_letters(serve);
}

static void serve_hear(struct serve *serve, int waited)
{
	struct port_completion completion;

	if (waited != 0 && waited != -ETIME && waited != -EINTR) {
		log_say(serve->setup.log, REFUBLK_ERROR, "queue %u: the ring fails: %s", serve->setup.qid,
			strerror(-waited));
		serve_break(serve, waited);
		serve->deaf = true;
	}
	while (port_pop(serve->setup.port, &completion))
		serve_complete(serve, &completion);
	if (port_lost(serve->setup.port) != 0) {
		log_say(serve->setup.log, REFUBLK_ERROR, "queue %u: the kernel lost completions", serve->setup.qid);
		serve_break(serve, -EOVERFLOW);
		serve->deaf = true;
	}
}

/* The last commits reach the kernel before the ring closes. */
static void serve_flush(struct serve *serve)
{
	int tries;

	for (tries = 0; tries < SERVE_FLUSH_TRIES && port_wait(serve->setup.port, 0) == -EINTR; tries++)
		;
}

/* How the queue ends: what is open when it leaves is the driver's to end. */
static void serve_trace_end(const struct serve *serve)
{
	uint32_t end = serve->error != 0 ? TRACE_BROKEN : tally_over(serve->tally) ? TRACE_OVER : TRACE_LEFT;

	if (serve->setup.trace)
		trace_end(serve->setup.trace, end, serve->error);
}

static struct serve_turn serve_news(struct serve *serve, int waited)
{
	struct serve_turn turn = { .news = waited == -EINTR ? SERVE_INTERRUPTED : SERVE_ON, .error = serve->error };

	if (serve->letters > 0 || (serve->ios > 0 && !serve->deaf))
		turn.error = 0;
	else if (serve->error != 0)
		turn.news = SERVE_BROKEN;
	else if (tally_over(serve->tally) || atomic_load(serve->setup.leave) || serve_parts(serve))
		turn.news = SERVE_OVER;
	if (turn.news == SERVE_BROKEN || turn.news == SERVE_OVER) {
		serve_trace_end(serve);
		/* After the last answer a wait could let a request in: what was pushed goes with the port's close. (R91) */
		if (!serve->deaf && serve_parting(serve) != SERVE_DRAINS)
			serve_flush(serve);
	}
	return turn;
}

struct serve_turn serve_turn(struct serve *serve, uint32_t limit_ms)
{
	int waited = 0;

	if (serve->kept > 0 && serve_parting(serve) == SERVE_STAYS)
		serve_take_up(serve);
	if (serve->deaf)
		serve_wait_deaf(serve, limit_ms);
	else
		serve_hear(serve, waited = serve_wait(serve, limit_ms));
	return serve_news(serve, waited);
}
