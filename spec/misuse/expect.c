#include "expect.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "driver_args.h"

/* ---- one tag ------------------------------------------------------------------------------- */

/* What the tag's state does not say: whether FETCH comes too late, and by whom. */
struct tag_world {
	uint32_t kernel;
	uint32_t mode;
	struct driver_tag_state state;
	bool ready;
	bool stopping;
};

static uint8_t address_of(const char *token)
{
	const char *word = matrix_address(token);

	if (strcmp(word, "lent") == 0)
		return DRIVER_LENT;
	return strcmp(word, "none") == 0 || strcmp(word, "") == 0 ? DRIVER_NO_ADDRESS : DRIVER_OWN;
}

static uint8_t fetch_kind(const struct tag_world *world, bool stranger)
{
	if (world->stopping)
		return DRIVER_FETCH_STOPPING;
	if (stranger)
		return world->ready ? DRIVER_STRANGER_FETCH : DRIVER_TAG_KINDS;
	return world->ready ? DRIVER_FETCH_READY : DRIVER_FETCH;
}

/* DRIVER_TAG_KINDS: nothing that the driver would be asked. */
static uint8_t tag_kind(const struct tag_world *world, const char *token)
{
	static const struct {
		const char *word;
		uint8_t kind;
	} kinds[] = {
		{ "commit-done", DRIVER_COMMIT_DONE },	   { "commit-odd", DRIVER_COMMIT_DONE },
		{ "commit-async", DRIVER_COMMIT_DONE },	   { "commit-above", DRIVER_COMMIT_ABOVE },
		{ "commit-short", DRIVER_COMMIT_SHORT },   { "commit-zero", DRIVER_COMMIT_ZERO },
		{ "commit-failed", DRIVER_COMMIT_FAILED }, { "commit-unreadable", DRIVER_COMMIT_UNREADABLE },
		{ "ask-data", DRIVER_ASK_DATA },	   { "unknown", DRIVER_UNKNOWN },
		{ "foreign", DRIVER_FOREIGN },
		{ "bad-queue", DRIVER_OUT_OF_RANGE },	   { "bad-tag", DRIVER_OUT_OF_RANGE },
		{ "arrive-read", DRIVER_ARRIVE_READ },	   { "arrive-write", DRIVER_ARRIVE_WRITE },
		{ "arrive-other", DRIVER_ARRIVE_OTHER },   { "dispatch", DRIVER_DISPATCH },
		{ "dispatch-part", DRIVER_DISPATCH_PART }, { "stop", DRIVER_CANCEL },
		{ "quiesce", DRIVER_CANCEL },
	};

	if (matrix_is(token, "fetch") || matrix_is(token, "legacy"))
		return fetch_kind(world, false);
	if (matrix_is(token, "stranger-fetch"))
		return fetch_kind(world, true);
	if (matrix_is(token, "stranger"))
		return world->ready ? DRIVER_STRANGER : DRIVER_TAG_KINDS;
	for (unsigned int i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (matrix_is(token, kinds[i].word))
			return kinds[i].kind;
	return DRIVER_TAG_KINDS;
}

static struct driver_tag_step tag_step(struct tag_world *world, const char *token)
{
	struct driver_tag_event event = { .kind = tag_kind(world, token), .address = address_of(token) };
	struct driver_tag_step step;

	if (strcmp(token, "live") == 0) {
		world->ready = true;
		return (struct driver_tag_step){ .state = world->state };
	}
	step = driver_tag_step(world->kernel, world->mode, world->state, event);
	world->state = step.state;
	if (strcmp(token, "stop") == 0)
		world->stopping = world->kernel == DRIVER_7_3;
	return step;
}

static void say_fate(char *text, uint32_t request, int error)
{
	static const char *const fates[DRIVER_REQUESTS] = {
		[DRIVER_REQUEST_DONE] = "done",	  [DRIVER_REQUEST_FAILED] = "failed", [DRIVER_REQUEST_AGAIN] = "again",
		[DRIVER_REQUEST_REST] = "rest",	  [DRIVER_REQUEST_LOST] = "lost",     [DRIVER_REQUEST_UNSERVED] = "unserved",
		[DRIVER_REQUEST_ORPHANED] = "orphaned",
	};
	size_t length = strlen(text);

	if (request == DRIVER_REQUEST_STAYS)
		return;
	snprintf(text + length, MATRIX_TEXT_MAX - length, " %s%s%s", fates[request], request == DRIVER_REQUEST_FAILED ? ":" : "",
		 request == DRIVER_REQUEST_FAILED ? matrix_errno(driver_client_errno(error)) : "");
}

static void say_tag(struct tag_world *world, const char *command, char *text)
{
	struct driver_tag_step step = tag_step(world, command);

	if (step.verdict != DRIVER_POSSIBLE) {
		strcpy(text, step.verdict == DRIVER_UNDEFINED ? "undefined" : "-");
		return;
	}
	if (step.answer == DRIVER_REFUSES) {
		snprintf(text, MATRIX_TEXT_MAX, "-%s", matrix_errno(-step.result));
		return;
	}
	strcpy(text, "held");
	say_fate(text, step.request, matrix_is(command, "commit-failed") ? ENOSPC : EIO);
	if (world->state.phase == DRIVER_COPYING) {
		step = tag_step(world, "dispatch");
		snprintf(text + strlen(text), MATRIX_TEXT_MAX - strlen(text), " %d", step.result);
	}
}

static void expect_tag(struct matrix_cell cell, char *text)
{
	struct tag_world world = { .kernel = cell.kernel, .mode = cell.mode };

	for (int i = 0; i < cell.state->steps; i++) {
		struct driver_tag_step step = tag_step(&world, cell.state->step[i]);

		if (step.verdict != DRIVER_POSSIBLE || step.answer == DRIVER_REFUSES) {
			strcpy(text, "-");
			return;
		}
	}
	say_tag(&world, cell.command, text);
}

/* ---- a request's client -------------------------------------------------------------------- */

/* The state's name is the op; requests are 8192 bytes long, unless they move nothing. */
static void expect_client(struct matrix_cell cell, char *text)
{
	struct driver_tag_state state = { .phase = DRIVER_OWNED, .address = DRIVER_OWN, .op = DRIVER_OTHER };
	struct driver_tag_event event = { .address = DRIVER_OWN };
	int error = 0;
	long result = strtol(cell.command, NULL, 10);

	if (strcmp(cell.state->name, "read") == 0)
		state.op = DRIVER_READ;
	else if (strcmp(cell.state->name, "write") == 0)
		state.op = DRIVER_WRITE;
	for (int number = 1; cell.command[0] == 'E' && number < 4096 && !error; number++)
		if (strcmp(cell.command, matrix_errno(number)) == 0)
			error = number;
	if (strcmp(cell.command, "4095") == 0)
		error = 4095;
	event.kind = error ? DRIVER_COMMIT_FAILED : result > 8192 ? DRIVER_COMMIT_ABOVE : DRIVER_COMMIT_DONE;
	if (!error && state.op != DRIVER_OTHER && result < 8192)
		event.kind = result == 0 ? DRIVER_COMMIT_ZERO : DRIVER_COMMIT_SHORT;
	struct driver_tag_step step = driver_tag_step(cell.kernel, DRIVER_PLAIN, state, event);

	strcpy(text, step.verdict == DRIVER_UNDEFINED ? "undefined" : "held");
	if (step.verdict == DRIVER_POSSIBLE)
		say_fate(text, step.request, error ? error : EIO);
}

/* ---- a device ------------------------------------------------------------------------------ */

struct device_world {
	uint32_t kernel;
	struct driver_device_state state;
	bool held; /* somebody has the disk open */
	bool dead; /* the server has died, and its file is to be released */
	char others[MATRIX_TEXT_MAX / 2];
	bool answered;
	int result;
};

static uint32_t event_of(const char *token, bool held)
{
	uint32_t event = 0;

	if (held && strcmp(token, "try-stop") == 0)
		return DRIVER_TRY_STOP_HELD;
	while (event < DRIVER_DEVICE_EVENTS && strcmp(token, driver_device_event_name(event)) != 0)
		event++;
	return event;
}

/* A waiting command is answered: ours, or another one's. */
static void hear(struct device_world *world, struct driver_device_step step, uint8_t own)
{
	size_t length = strlen(world->others);

	if (step.reply <= DRIVER_REPLY_BEHIND)
		return;
	if (step.reply == own) {
		world->answered = true;
		world->result = step.result;
	} else {
		snprintf(world->others + length, sizeof(world->others) - length, " %s:%s%s", driver_reply_name(step.reply),
			 step.result ? "-" : "0", step.result ? matrix_errno(-step.result) : "");
	}
}

/* What follows without anybody's doing: there is no I/O, and the server fetches only when told. */
static void settle(struct device_world *world, uint8_t own)
{
	static const uint32_t follows[] = { DRIVER_RELEASE, DRIVER_IO_ENDED, DRIVER_DISK_CLOSED, DRIVER_START_WAKES, DRIVER_END_WAKES,
					    DRIVER_REFERENCES_GONE };

	for (unsigned int i = 0; i < sizeof(follows) / sizeof(follows[0]); i++) {
		struct driver_device_step step = driver_device_step(world->kernel, world->state, follows[i]);

		if (step.verdict != DRIVER_POSSIBLE || step.reply == DRIVER_REPLY_BEHIND ||
		    (follows[i] == DRIVER_DISK_CLOSED && world->held) || (follows[i] == DRIVER_RELEASE && !world->dead))
			continue;
		world->dead = world->dead && follows[i] != DRIVER_RELEASE;
		world->state = step.state;
		hear(world, step, own);
		i = UINT32_MAX; /* from the start: one thing may let the next one go on */
	}
}

static uint8_t own_reply(uint32_t event)
{
	if (event == DRIVER_START || event == DRIVER_START_WRONG_PID || event == DRIVER_INTERRUPT_START)
		return DRIVER_REPLY_START;
	if (event == DRIVER_END_RECOVERY || event == DRIVER_END_WRONG_PID)
		return DRIVER_REPLY_END;
	if (event == DRIVER_DEL)
		return DRIVER_REPLY_DEL;
	return event == DRIVER_STOP || event == DRIVER_TRY_STOP ? DRIVER_REPLY_STOP : DRIVER_REPLIES;
}

static void device_event(struct device_world *world, uint32_t event, char *text)
{
	bool cancelled = world->state.cancelled != 0;
	struct driver_device_step step = driver_device_step(world->kernel, world->state, event);

	if (step.verdict != DRIVER_POSSIBLE) {
		strcpy(text, step.verdict == DRIVER_UNDEFINED ? "undefined" : "-");
		return;
	}
	world->state = step.state;
	world->answered = step.reply == DRIVER_REPLY_NOW;
	world->result = step.result;
	world->others[0] = '\0';
	hear(world, step, own_reply(event));
	settle(world, own_reply(event));
	if (!world->answered)
		snprintf(text, MATRIX_TEXT_MAX, "waits%s", world->others);
	else
		snprintf(text, MATRIX_TEXT_MAX, "%s%s%s", world->result ? "-" : "0",
			 world->result ? matrix_errno(-world->result) : "", world->others);
	if (!cancelled && world->state.cancelled && world->state.open)
		strcat(text, " cancels");
}

static void device_token(struct device_world *world, const char *token, char *text)
{
	if (strcmp(token, "hold") == 0) {
		world->held = true;
		strcpy(text, "0");
	} else if (strcmp(token, "die") == 0) {
		world->dead = world->state.open;
		device_event(world, world->state.ready == DRIVER_SOME_FETCHED ? DRIVER_DIED_FETCHING : DRIVER_SERVER_DIED, text);
	} else {
		device_event(world, event_of(token, world->held), text);
	}
}

struct driver_device_state expect_device(uint32_t kernel, const struct matrix_state *state, int steps)
{
	struct device_world world = { .kernel = kernel };
	char text[MATRIX_TEXT_MAX];

	for (int i = 0; i < steps; i++)
		device_token(&world, state->step[i], text);
	return world.state;
}

static bool expect_query(struct device_world *world, const char *command, char *text)
{
	for (uint32_t query = 0; query < DRIVER_QUERIES; query++)
		if (strcmp(command, driver_query_name(query)) == 0) {
			int result = driver_query(query, world->state.there);

			snprintf(text, MATRIX_TEXT_MAX, "%s%s", result ? "-" : "0", result ? matrix_errno(-result) : "");
			return true;
		}
	return false;
}

/* A state whose steps this kernel refuses is none. */
static void expect_control(struct matrix_cell cell, char *text)
{
	struct device_world world = { .kernel = cell.kernel };

	for (int i = 0; i < cell.state->steps; i++) {
		device_token(&world, cell.state->step[i], text);
		if (text[0] == '-' || strcmp(text, "undefined") == 0) {
			strcpy(text, "-");
			return;
		}
	}
	if (!expect_query(&world, cell.command, text))
		device_token(&world, cell.command, text);
}

/* ---- a device's life ----------------------------------------------------------------------- */

/* The command is the recovery that was asked for. Of what is in the page cache, and of whether requests flow before
 * END_USER_RECOVERY, the driver's model says nothing. */
static void expect_life(struct matrix_cell cell, char *text)
{
	static const char *const kinds[DRIVER_RECOVERIES] = { "none", "wait", "reissue", "fail-io" };
	bool orphaned = strcmp(cell.state->name, "orphan") == 0;
	uint32_t recovery = 0;

	while (strcmp(cell.command, kinds[recovery]) != 0)
		recovery++;
	snprintf(text, MATRIX_TEXT_MAX, "%s", cell.answer);
	if (orphaned || strcmp(cell.state->name, "unserved") == 0) {
		uint32_t fate = driver_fate(cell.kernel, recovery, orphaned ? DRIVER_REQUEST_ORPHANED : DRIVER_REQUEST_UNSERVED);

		strcpy(text, fate == DRIVER_REQUEST_AGAIN ? "again" : orphaned ? "failed:EIO" : "failed:EREMOTEIO");
	}
}

void expect_answer(struct matrix_cell cell, char *text)
{
	switch ((enum matrix_machine)cell.state->machine) {
	case MATRIX_TAG:
		expect_tag(cell, text);
		break;
	case MATRIX_DEVICE:
		expect_control(cell, text);
		break;
	case MATRIX_CLIENT:
		expect_client(cell, text);
		break;
	case MATRIX_LIFE:
		expect_life(cell, text);
		break;
	case MATRIX_MACHINES:
		break;
	}
}
