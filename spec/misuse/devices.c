#include "devices.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "client.h"
#include "expect.h"
#include "plane.h"
#include "rig.h"

enum { SLICE_MS = 5, PATIENCE_MS = 15000, WAITS_MS = 150, RELEASE_MS = 5000, RELEASE_SLICE_MS = 50, RINGS_MS = 1000 };
enum { PATH_BYTES = 320, AFFINITY_BYTES = 1024, DEPTH = 2 };

/* The last number but one: that of no device, neither ours nor another's on a host. */
enum { NOBODY = (1 << 20) - 2 };

/* Commands that wait for their answer, by the names of the matrix. */
static struct {
	const char *name;
	int slot;
} waiting[4];
static int waitings;

static char path[PATH_BYTES];
static unsigned int cancels_seen;
static uint16_t fetched;

/* ---- answers ------------------------------------------------------------------------------- */

static void say_result(char *text, int result)
{
	snprintf(text, MATRIX_TEXT_MAX, "%s%s", result < 0 ? "-" : "0", result < 0 ? matrix_errno(-result) : "");
}

/* Another command's answer that this one has brought about. */
static void say_others(const char *expected, char *text)
{
	for (int i = 0; i < waitings; i++) {
		char word[32], answer[MATRIX_TEXT_MAX];
		int result;

		snprintf(word, sizeof(word), " %s:", waiting[i].name);
		if (!plane_answer(waiting[i].slot, strstr(expected, word) ? PATIENCE_MS : 0, &result))
			continue;
		say_result(answer, result);
		strcat(strcat(text, word), answer);
		waiting[i--] = waiting[--waitings];
	}
}

/* Commands that were taken back since the last look: all of them, or it is said how many. */
static void say_cancels(const char *expected, char *text)
{
	int patience = strstr(expected, "cancels") ? PATIENCE_MS : 0;
	unsigned int count;

	for (int spent = 0; spent <= patience && rig_cancels - cancels_seen < fetched; spent += SLICE_MS)
		rig_serve(patience ? SLICE_MS : 0);
	count = rig_cancels - cancels_seen;
	if (count > 0 && server_runs())
		sprintf(text + strlen(text), count == fetched ? " cancels" : " cancels:%u", count);
	cancels_seen = rig_cancels;
}

/* Waits for the answer as long as it may take, or long enough to believe that there is none. */
static void say_answer(const char *name, int slot, const char *expected, char *text)
{
	bool waits = strncmp(expected, "waits", 5) == 0;
	int result = rig_answer(slot, waits ? WAITS_MS : PATIENCE_MS);

	if (result == -ETIME) {
		strcpy(text, "waits");
		waiting[waitings].name = name;
		waiting[waitings++].slot = slot;
	} else {
		say_result(text, result);
	}
}

/* ---- commands ------------------------------------------------------------------------------ */

struct verb {
	const char *word;
	const char *name; /* by which its answer is heard when it waits */
	uint32_t op;
};

static const struct verb verbs[] = {
	{ "start", "start", UBLK_U_CMD_START_DEV },
	{ "start-no-pid", "start", UBLK_U_CMD_START_DEV },
	{ "start-wrong-pid", "start", UBLK_U_CMD_START_DEV },
	{ "start-recovery", "-", UBLK_U_CMD_START_USER_RECOVERY },
	{ "end-recovery", "end", UBLK_U_CMD_END_USER_RECOVERY },
	{ "end-wrong-pid", "end", UBLK_U_CMD_END_USER_RECOVERY },
	{ "stop", "stop", UBLK_U_CMD_STOP_DEV },
	{ "try-stop", "stop", UBLK_U_CMD_TRY_STOP_DEV },
	{ "quiesce", "-", UBLK_U_CMD_QUIESCE_DEV },
	{ "update-size", "-", UBLK_U_CMD_UPDATE_SIZE },
	{ "del", "del", UBLK_U_CMD_DEL_DEV },
	{ "get-info", "-", UBLK_U_CMD_GET_DEV_INFO },
	{ "get-info-path", "-", UBLK_U_CMD_GET_DEV_INFO2 },
	{ "get-info-no-path", "-", UBLK_U_CMD_GET_DEV_INFO2 },
	{ "get-params", "-", UBLK_U_CMD_GET_PARAMS },
	{ "get-affinity", "-", UBLK_U_CMD_GET_QUEUE_AFFINITY },
	{ "get-affinity-bad", "-", UBLK_U_CMD_GET_QUEUE_AFFINITY },
	{ "get-features", "-", UBLK_U_CMD_GET_FEATURES },
	{ "unknown", "-", UAPI_CONTROL_RW(0x3f) },
	{ "foreign", "-", UAPI_CONTROL_RW(UBLK_CMD_GET_DEV_INFO) ^ ('u' ^ 'v') << 8 },
};

/* What the queries' buffers hold stays until the next command. */
static unsigned char buffer[4096];

static struct ublksrv_ctrl_cmd payload_of(const char *word)
{
	struct ublksrv_ctrl_cmd payload = plane_payload(path[0] ? rig_id : NOBODY);
	struct ublk_params *params = (struct ublk_params *)buffer;
	pid_t pid = server_runs() ? server_pid() : getpid();

	memset(buffer, 0, sizeof(buffer));
	payload.addr = (uintptr_t)buffer;
	payload.len = sizeof(struct ublksrv_ctrl_dev_info);
	if (strcmp(word, "start") == 0 || strcmp(word, "end-recovery") == 0)
		payload.data[0] = (uint64_t)pid;
	if (strcmp(word, "start-wrong-pid") == 0 || strcmp(word, "end-wrong-pid") == 0)
		payload.data[0] = server_runs() ? (uint64_t)getpid() : 1;
	if (strcmp(word, "update-size") == 0)
		payload.data[0] = 2048;
	if (strncmp(word, "get-affinity", 12) == 0) {
		payload.len = AFFINITY_BYTES;
		payload.data[0] = word[12] ? 1 : 0;
	}
	if (strcmp(word, "get-params") == 0) {
		params->len = sizeof(*params);
		payload.len = sizeof(*params);
	}
	if (strcmp(word, "get-info-path") == 0) {
		payload.dev_path_len = (uint16_t)(sprintf((char *)buffer, "/dev/ublkc%u", rig_id) + 1);
		payload.len = (uint16_t)(payload.dev_path_len + sizeof(struct ublksrv_ctrl_dev_info));
	}
	if (strcmp(word, "get-features") == 0)
		payload.len = UBLK_FEATURES_LEN;
	return payload;
}

static void say_open(char *text)
{
	int result = rig_open();

	if (result == 0)
		fetched = 0;
	say_result(text, result);
}

static void say_fetch(char *text)
{
	int result = rig_fetch(fetched, rig_own(fetched));

	fetched++;
	if (result == SERVER_NOTHING)
		strcpy(text, "waits");
	else
		say_result(text, result);
}

static void say_interrupt(char *text)
{
	int result = 0;

	strcpy(text, "waits");
	for (int i = 0; i < waitings; i++)
		if (strcmp(waiting[i].name, "start") == 0) {
			plane_cancel(waiting[i].slot);
			result = rig_answer(waiting[i].slot, PATIENCE_MS);
			waiting[i] = waiting[--waitings];
			say_result(text, result);
			return;
		}
}

/* ADD_DEV of the number that is taken, or of what makes no sense. */
static int add_again(bool bad)
{
	struct ublksrv_ctrl_cmd payload = plane_payload(rig_id);
	struct ublksrv_ctrl_dev_info info = {
		.nr_hw_queues = 1, .queue_depth = bad ? 0 : 1, .max_io_buf_bytes = 65536, .dev_id = rig_id
	};

	payload.addr = (uintptr_t)&info;
	payload.len = sizeof(info);
	return plane_call(UBLK_U_CMD_ADD_DEV, payload);
}

static void say_add(const char *word, char *text)
{
	static const char *const words[DRIVER_RECOVERIES] = { "add", "add-recovery", "add-reissue", "add-fail-io" };
	uint32_t recovery = 0;

	if (strcmp(word, "add-bad") == 0 || path[0]) {
		say_result(text, add_again(word[3] != '\0'));
		return;
	}
	while (strcmp(word, words[recovery]) != 0)
		recovery++;
	cancels_seen = 0;
	say_result(text, rig_add(recovery, false, DEPTH));
}

static void say_hold(char *text)
{
	int result = -ETIME;

	client_start(rig_id, CLIENT_HOLD);
	(void)client_done(PATIENCE_MS, &result);
	say_result(text, result);
}

/* Its rings end some time after its process: a STOP that meets them there makes 7.3 warn. The device can be opened when
 * they have; where the commands stay, as on 6.12, never. */
static void die(void)
{
	char node[32];
	int fd = -1;

	server_kill();
	snprintf(node, sizeof(node), "/dev/ublkc%u", rig_id);
	for (int spent = 0; fd < 0 && spent < RINGS_MS; spent += SLICE_MS) {
		fd = open(node, O_RDWR | O_CLOEXEC);
		if (fd < 0)
			usleep(SLICE_MS * 1000);
	}
	if (fd >= 0)
		close(fd);
}

static void act(const char *word, const char *expected, char *text)
{
	const struct verb *verb = verbs;

	if (strncmp(word, "add", 3) == 0)
		say_add(word, text);
	else if (strncmp(word, "set-params", 10) == 0)
		say_result(text, path[0] ? rig_set_params(word[10] != '\0') : -ENODEV);
	else if (strcmp(word, "open") == 0)
		say_open(text);
	else if (strncmp(word, "fetched", 7) == 0)
		say_fetch(text);
	else if (strcmp(word, "hold") == 0)
		say_hold(text);
	else if (strcmp(word, "interrupt-start") == 0)
		say_interrupt(text);
	else if (strcmp(word, "die") == 0)
		die();
	else {
		while (strcmp(word, verb->word) != 0)
			verb++;
		say_answer(verb->name, plane_send(verb->op, payload_of(verb->word)), expected, text);
	}
}

/* ---- states -------------------------------------------------------------------------------- */

void devices_end(void)
{
	int result;

	path[0] = '\0';
	server_kill();
	for (int i = 0; i < waitings; i++)
		if (strcmp(waiting[i].name, "start") == 0 || strcmp(waiting[i].name, "end") == 0)
			plane_cancel(waiting[i].slot);
	client_end();
	while (waitings > 0)
		(void)plane_answer(waiting[--waitings].slot, PATIENCE_MS, &result);
	rig_clear();
}

/* GET_DEV_INFO shows what spec/driver says, sooner or later. */
static bool is_as_expected(const struct matrix_state *state, uint32_t kernel, int steps)
{
	struct driver_device_state wanted = expect_device(kernel, state, steps);
	int found = -1;

	for (int i = 0; i < PATIENCE_MS / SLICE_MS; i++) {
		found = rig_condition();
		if (found == (wanted.there == DRIVER_ABSENT ? -ENODEV : (int)wanted.condition))
			return true;
		usleep(SLICE_MS * 1000);
	}
	return false;
}

/* The release of a killed server's device ends some time after its process: what is refused meanwhile is asked again, as
 * a server does. */
static void ask(const char *command, const char *expected, char *text)
{
	for (int spent = 0; spent < RELEASE_MS; spent += RELEASE_SLICE_MS) {
		text[0] = '\0';
		act(command, expected, text);
		say_others(expected, text);
		say_cancels(expected, text);
		if (text[0] != '-' || strcmp(text, expected) == 0 || server_runs() || !strstr(path, "die"))
			return;
		usleep(RELEASE_SLICE_MS * 1000);
	}
}

/* One step of a state, which has to go as spec/driver says. */
static bool step(struct matrix_cell cell, int number)
{
	struct matrix_state before = *cell.state;
	char expected[MATRIX_TEXT_MAX], text[MATRIX_TEXT_MAX];

	before.steps = number;
	cell.command = cell.state->step[number];
	cell.state = &before;
	expect_answer(cell, expected);
	ask(cell.command, expected, text);
	before.steps = number + 1;
	/* A death has no answer. */
	return (strcmp(cell.command, "die") == 0 || strcmp(text, expected) == 0) &&
	       is_as_expected(&before, cell.kernel, number + 1);
}

static bool reach(struct matrix_cell cell, char *text)
{
	const struct matrix_state *state = cell.state;
	char wanted[PATH_BYTES] = "", behind[PATH_BYTES] = "";

	for (int i = 0; i < state->steps; i++)
		strcat(strcat(wanted, state->step[i]), " ");
	if (strncmp(path, wanted, strlen(path)) != 0)
		devices_end();
	for (int i = 0; i < state->steps; i++) {
		strcat(strcat(behind, state->step[i]), " ");
		if (strncmp(path, behind, strlen(behind)) == 0)
			continue;
		if (!step(cell, i)) {
			snprintf(text, MATRIX_TEXT_MAX, "unreached: %s", state->step[i]);
			devices_end();
			return false;
		}
		strcpy(path, behind);
	}
	return true;
}

/* What of a command's effects the next cell would meet. */
static void leave(struct matrix_cell cell, const char *text)
{
	bool looks = strncmp(cell.command, "get-", 4) == 0, refused = text[0] == '-';

	if (strncmp(cell.command, "set-params", 10) == 0 && strstr(path, "set-params")) {
		(void)rig_set_params(false);
		return;
	}
	if (looks || (refused && strcmp(cell.command, "interrupt-start") != 0))
		return;
	if ((strncmp(cell.command, "start", 5) == 0 || strncmp(cell.command, "end", 3) == 0) && strncmp(text, "waits", 5) == 0) {
		waitings--;
		plane_cancel(waiting[waitings].slot);
		if (rig_answer(waiting[waitings].slot, PATIENCE_MS) == -EINTR)
			return;
	}
	strcat(strcat(path, cell.command), " ");
}

void devices_try(struct matrix_cell cell, char *text)
{
	if (!reach(cell, text))
		return;
	ask(cell.command, cell.answer, text);
	leave(cell, text);
}
