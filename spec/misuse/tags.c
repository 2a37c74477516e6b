#include "tags.h"

#include <errno.h>
#include <linux/io_uring.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "plane.h"
#include "requests.h"
#include "rig.h"

enum { PATIENCE_MS = 10000, WAITS_MS = 100, SLICE_MS = 5, PATH_BYTES = 160, SECTOR = 512, HALF = CLIENT_BYTES / 2 };

/* The number of a command in the ioctl encoding, of any type, size and direction. */
#define ENCODED(direction, size, type, number) \
	((uint32_t)(direction) << 30 | (uint32_t)(size) << 16 | (uint32_t)(type) << 8 | (uint32_t)(number))

/* What an idle live device has behind it: to this point one can go back. */
static const char base[] = "fetch/own live ";

/* The steps that the device has behind it, each with a blank; empty: there is none. */
static char path[PATH_BYTES];
static uint32_t path_mode;

/* ---- steps --------------------------------------------------------------------------------- */

static uint64_t address_number(const char *address)
{
	if (strcmp(address, "none") == 0)
		return 0;
	return (uintptr_t)requests_memory(address);
}

/* A queue that is to be live has one tag; else a second one is never fetched. 6.12 would quiesce a device with recovery
 * before it stops; 7.x needs it for QUIESCE. */
static bool build(bool live, uint32_t mode)
{
	return rig_add(rig_kernel == DRIVER_6_12 ? DRIVER_NO_RECOVERY : DRIVER_RECOVERY, mode == DRIVER_GET_DATA,
		       live ? 1 : 2) == 0 &&
	       rig_set_params(false) == 0 && rig_open() == 0;
}

/* The disk counts no flushes in flight; nobody asks for one that has arrived only. */
static bool arrive(enum client_op op)
{
	requests_begin(op);
	for (int i = 0; op != CLIENT_FLUSH && i < PATIENCE_MS / SLICE_MS; i++) {
		if (client_in_flight(rig_id) == 1)
			return true;
		usleep(SLICE_MS * 1000);
	}
	return op == CLIENT_FLUSH;
}

static bool is_cancelled(void)
{
	for (int i = 0; i < PATIENCE_MS / SLICE_MS && rig_cancels == 0; i++)
		rig_serve(SLICE_MS);
	return rig_cancels == 1;
}

static bool quiesce(void)
{
	return rig_answer(plane_send(UBLK_U_CMD_QUIESCE_DEV, plane_payload(rig_id)), PATIENCE_MS) == 0;
}

static bool step(const char *token, const char *address)
{
	if (matrix_is(token, "fetch"))
		return rig_fetch(0, address_number(matrix_address(token))) == SERVER_NOTHING;
	if (strcmp(token, "live") == 0)
		return rig_start() == 0;
	if (strcmp(token, "arrive-read") == 0)
		return arrive(CLIENT_READ);
	if (strcmp(token, "arrive-write") == 0)
		return arrive(CLIENT_WRITE);
	if (strcmp(token, "arrive-other") == 0)
		return arrive(CLIENT_FLUSH);
	/* Data that was asked for may have come at once. */
	if (strcmp(token, "dispatch") == 0)
		return requests_now.open && !requests_now.asks ? true : requests_deliver(address);
	if (strcmp(token, "dispatch-part") == 0)
		return requests_deliver(address) && requests_now.desc.nr_sectors * SECTOR == HALF;
	if (matrix_is(token, "ask-data"))
		return requests_ask();
	if (strcmp(token, "stop") == 0)
		return rig_stop() == 0 && is_cancelled();
	return strcmp(token, "quiesce") == 0 && quiesce() && is_cancelled();
}

void tags_end(void)
{
	path[0] = '\0';
	/* STOP waits for what is open: 6.12 until its own limit for a request is over, half a minute. */
	requests_fail();
	memset(&requests_now, 0, sizeof(requests_now));
	rig_clear();
}

static bool rewind_to_base(void)
{
	int result;

	if (strncmp(path, base, strlen(base)) != 0 || strstr(path, "stop") || strstr(path, "quiesce"))
		return false;
	if (strstr(path, "arrive") && !requests_now.open && !requests_deliver("own"))
		return false;
	if (requests_now.open && !requests_finish(&result))
		return false;
	path[strlen(base)] = '\0';
	return true;
}

/* Does what is left of the steps; the device has `path` behind it. */
static bool go(const struct matrix_state *state, char *text)
{
	char behind[PATH_BYTES] = "";

	for (int i = 0; i < state->steps; i++) {
		strcat(strcat(behind, state->step[i]), " ");
		if (strncmp(path, behind, strlen(behind)) == 0)
			continue;
		if (!step(state->step[i], matrix_address(state->step[0]))) {
			snprintf(text, MATRIX_TEXT_MAX, "unreached: %s", state->step[i]);
			return false;
		}
		strcpy(path, behind);
	}
	return true;
}

static bool reach(const struct matrix_state *state, uint32_t mode, char *text)
{
	char wanted[PATH_BYTES] = " ";
	bool live;

	for (int i = 0; i < state->steps; i++)
		strcat(strcat(i ? wanted : memset(wanted, 0, 1), state->step[i]), " ");
	live = strstr(wanted, "live") != NULL;
	if (path[0] && mode == path_mode && strcmp(path, wanted) == 0)
		return true;
	if (!path[0] || mode != path_mode || strncmp(wanted, base, strlen(base)) != 0 || !rewind_to_base()) {
		tags_end();
		if (!build(live, mode)) {
			strcpy(text, "unreached: no device");
			tags_end();
			return false;
		}
	}
	path_mode = mode;
	if (go(state, text)) {
		strcpy(path, wanted);
		return true;
	}
	tags_end();
	return false;
}

/* ---- commands ------------------------------------------------------------------------------ */

static uint32_t number_of(const char *command)
{
	static const struct {
		const char *word;
		uint32_t op;
	} numbers[] = {
		{ "fetch", UBLK_U_IO_FETCH_REQ },
		{ "stranger-fetch", UBLK_U_IO_FETCH_REQ },
		{ "ask-data", UBLK_U_IO_NEED_GET_DATA },
		{ "unknown", ENCODED(3, 16, 'u', 0x3f) },
		{ "foreign", ENCODED(3, 16, 'v', 0x20) },
		{ "legacy", UBLK_IO_FETCH_REQ },
		{ "commit-odd", ENCODED(0, 0, 'u', UBLK_IO_COMMIT_AND_FETCH_REQ) },
	};

	for (unsigned int i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
		if (matrix_is(command, numbers[i].word))
			return numbers[i].op;
	return UBLK_U_IO_COMMIT_AND_FETCH_REQ;
}

static int32_t result_of(const char *command)
{
	if (matrix_is(command, "commit-short"))
		return HALF;
	if (matrix_is(command, "commit-above"))
		return requests_whole() + HALF;
	if (matrix_is(command, "commit-failed"))
		return -ENOSPC;
	return matrix_is(command, "commit-zero") ? 0 : requests_whole();
}

static struct server_command command_of(const char *command)
{
	const char *address = matrix_is(command, "commit-unreadable") ? "dark" : matrix_address(command);

	return (struct server_command){
		.op = number_of(command),
		.qid = matrix_is(command, "bad-queue") ? 1 : 0,
		.tag = matrix_is(command, "bad-tag") ? 2 : 0,
		.result = result_of(command),
		.address = *address ? address_number(address) : rig_own(0),
		.sqe_flags = matrix_is(command, "commit-async") ? IOSQE_ASYNC : 0,
		.stranger = strncmp(command, "stranger", 8) == 0,
	};
}

/* The request's end, after a COMMIT was taken. */
static void say_commit(const char *command, struct server_command sent, char *text)
{
	bool lent = strcmp(matrix_address(command), "lent") == 0;

	/* Of memory that cannot be read nothing is done; a WRITE is not read. */
	if (!matrix_is(command, "commit-unreadable") || requests_now.op == CLIENT_WRITE)
		requests_committed(sent.result, lent ? REQUESTS_LENT : REQUESTS_OWN);
	requests_fate(text);
}

/* Of a command in a worker a refusal comes with the task work. */
static int32_t ask(struct server_command sent, const char *expected)
{
	int32_t result = server_push(sent);

	if (result == SERVER_NOTHING && sent.sqe_flags)
		result = server_take(expected[0] == '-' ? PATIENCE_MS : WAITS_MS).result;
	return result;
}

void tags_try(struct matrix_cell cell, char *text)
{
	struct server_command sent;
	int32_t result;

	if (!reach(cell.state, cell.mode, text))
		return;
	sent = command_of(cell.command);
	requests_fill(requests_memory(matrix_address(cell.command)),
		      strcmp(matrix_address(cell.command), "lent") == 0 ? REQUESTS_LENT : REQUESTS_OWN);
	result = ask(sent, cell.answer);
	if (result < 0) {
		snprintf(text, MATRIX_TEXT_MAX, "-%s", matrix_errno(-result));
		return;
	}
	strcpy(text, "held");
	if (matrix_is(cell.command, "ask-data") && (result == 0 || requests_deliver("own"))) {
		requests_now.asks = false;
		strcpy(text, "held 0");
		strcat(path, "ask-data/own dispatch ");
		return;
	}
	if (requests_now.open && strncmp(cell.command, "commit", 6) == 0) {
		say_commit(cell.command, sent, text);
		/* Into memory that cannot be written the next WRITE would never arrive. */
		path[requests_now.open || matrix_is(cell.command, "commit-unreadable") ? 0 : strlen(base)] = '\0';
		return;
	}
	tags_end();
}

/* ---- a request's client -------------------------------------------------------------------- */

static const struct matrix_state idle = { .name = "idle", .step = { "fetch/own", "live" }, .steps = 2 };

static int32_t committed(const char *word)
{
	for (int error = 1; word[0] == 'E' && error < 4096; error++)
		if (strcmp(word, matrix_errno(error)) == 0)
			return -error;
	return strcmp(word, "4095") == 0 ? -4095 : (int32_t)strtol(word, NULL, 10);
}

void clients_try(struct matrix_cell cell, char *text)
{
	static const char *const ops[] = { "read", "write", "flush", "discard", "zeroes" };
	struct server_command sent = { .op = UBLK_U_IO_COMMIT_AND_FETCH_REQ, .result = committed(cell.command) };
	enum client_op op = CLIENT_READ;

	while (strcmp(cell.state->name, ops[op]) != 0)
		op++;
	if (!reach(&idle, DRIVER_PLAIN, text))
		return;
	requests_begin(op);
	if (!requests_deliver("own")) {
		strcpy(text, "unreached: request");
		tags_end();
		return;
	}
	if (op == CLIENT_READ)
		requests_fill(server_memory->own[0], REQUESTS_OWN);
	sent.address = rig_own(0);
	if (server_push(sent) != SERVER_NOTHING) {
		strcpy(text, "refused");
		tags_end();
		return;
	}
	requests_committed(sent.result, REQUESTS_OWN);
	requests_fate(text);
}
