#include "lives.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "client.h"
#include "plane.h"
#include "rig.h"

enum { PATIENCE_MS = 10000, SLICE_MS = 5, WAITS_MS = 200, DEATH_MS = 600 };

/* ---- parts --------------------------------------------------------------------------------- */

static bool fetch_all(uint16_t depth)
{
	for (uint16_t tag = 0; tag < depth; tag++)
		if (rig_fetch(tag, rig_own(tag)) != SERVER_NOTHING)
			return false;
	return true;
}

static bool begin(uint32_t recovery, uint16_t depth)
{
	return rig_add(recovery, false, depth) == 0 && rig_set_params(false) == 0 && rig_open() == 0 && fetch_all(depth) &&
	       rig_start() == 0;
}

/* A reader's request is the server's. */
static bool owned_read(struct server_completion *done)
{
	client_start(rig_id, CLIENT_READ);
	*done = server_take(PATIENCE_MS);
	return done->result == UBLK_IO_RES_OK;
}

/* Serves until the client has its result. */
static bool client_served(int wait_ms, int *result)
{
	for (int spent = 0; spent < wait_ms; spent += SLICE_MS) {
		if (client_done(SLICE_MS, result))
			return true;
		rig_serve(0);
	}
	return false;
}

/* Another server takes over, up to its last FETCH. */
static bool succeed(uint16_t depth)
{
	int result = -EBUSY;

	for (int spent = 0; spent < PATIENCE_MS && result == -EBUSY; spent += 20) {
		usleep(20000);
		result = plane_call(UBLK_U_CMD_START_USER_RECOVERY, plane_payload(rig_id));
	}
	return result == 0 && rig_open() == 0 && fetch_all(depth);
}

static int end_recovery(void)
{
	struct ublksrv_ctrl_cmd payload = plane_payload(rig_id);

	payload.data[0] = (uint64_t)server_pid();
	return rig_answer(plane_send(UBLK_U_CMD_END_USER_RECOVERY, payload), PATIENCE_MS);
}

/* What becomes of the client's request after the server's death: at once, or when another has taken over. */
static void fate(char *text)
{
	int result;

	if (client_done(DEATH_MS, &result)) {
		sprintf(text, "%s%s", result ? "failed:" : "done", result ? matrix_errno(-result) : "");
		return;
	}
	strcpy(text, "waits");
	if (succeed(2) && end_recovery() == 0 && client_served(PATIENCE_MS, &result))
		strcpy(text, result ? "failed later" : "again");
}

/* ---- lives --------------------------------------------------------------------------------- */

/* The server dies with a request of its own, and another tag that is not. */
static void orphan(uint32_t recovery, char *text)
{
	struct server_completion done;

	if (!begin(recovery, 2) || !owned_read(&done))
		return;
	server_kill();
	fate(text);
}

/* A request that no server has seen, of a device whose server is dead. */
static void unserved(uint32_t recovery, char *text)
{
	if (!begin(recovery, 2))
		return;
	server_kill();
	for (int spent = 0; spent < PATIENCE_MS && rig_condition() == UBLK_S_DEV_LIVE; spent += SLICE_MS)
		usleep(SLICE_MS * 1000);
	client_start(rig_id, CLIENT_READ);
	fate(text);
}

/* STOP while somebody has written into the page cache and still has the disk open. */
static void stop_dirty(uint32_t recovery, char *text)
{
	int result = -ETIME;

	if (!begin(recovery, 2))
		return;
	client_start(rig_id, CLIENT_DIRTY);
	if (!client_done(PATIENCE_MS, &result) || result != 0 || rig_written_bytes != 0)
		return;
	result = rig_stop();
	sprintf(text, "%d %s", result, rig_written_bytes == CLIENT_BYTES ? "saved" : rig_written_bytes ? "torn" : "lost");
}

/* Every tag is the server's: nothing can tell it. */
static void quiesce_owned(char *text)
{
	struct server_completion done;
	int quiesced, result = -ETIME;

	if (!begin(DRIVER_RECOVERY, 1) || !owned_read(&done))
		return;
	quiesced = rig_answer(plane_send(UBLK_U_CMD_QUIESCE_DEV, plane_payload(rig_id)), PATIENCE_MS);
	if (server_take(WAITS_MS).result != SERVER_NOTHING) {
		strcpy(text, "completes");
		return;
	}
	if (server_push((struct server_command){ .op = UBLK_U_IO_COMMIT_AND_FETCH_REQ, .tag = done.tag, .result = CLIENT_BYTES,
						 .address = rig_own(done.tag) }) != SERVER_NOTHING ||
	    server_take(WAITS_MS).result != SERVER_NOTHING) {
		strcpy(text, "commit completes");
		return;
	}
	(void)client_done(PATIENCE_MS, &result);
	sprintf(text, "%d held %s %s", quiesced, result ? "failed" : "done", rig_condition() == UBLK_S_DEV_LIVE ? "live" : "not live");
}

/* A request between the new server's last FETCH and END_USER_RECOVERY. */
static void early(char *text)
{
	int result;

	if (!begin(DRIVER_RECOVERY, 2))
		return;
	server_kill();
	if (!succeed(2))
		return;
	client_start(rig_id, CLIENT_READ);
	strcpy(text, client_served(WAITS_MS, &result) ? "served" : "waits");
	if (end_recovery() != 0 || !client_served(PATIENCE_MS, &result) || result != 0)
		strcat(text, " and fails");
}

void lives_try(struct matrix_cell cell, char *text)
{
	static const char *const kinds[DRIVER_RECOVERIES] = { "none", "wait", "reissue", "fail-io" };
	const char *name = cell.state->name;
	uint32_t recovery = 0;

	while (recovery < DRIVER_RECOVERIES && strcmp(cell.command, kinds[recovery]) != 0)
		recovery++;
	strcpy(text, "unreached");
	if (strcmp(name, "orphan") == 0)
		orphan(recovery, text);
	else if (strcmp(name, "unserved") == 0)
		unserved(recovery, text);
	else if (strcmp(name, "stop-dirty") == 0)
		stop_dirty(recovery, text);
	else if (strcmp(name, "quiesce-owned") == 0)
		quiesce_owned(text);
	else if (strcmp(name, "before-end") == 0)
		early(text);
	rig_clear();
}
