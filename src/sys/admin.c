#include "admin.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "device.h"
#include "node.h"
#include "reason.h"
#include "units.h"

/* Quick commands wait for nothing but a mutex of the driver; a cancelled DEL answers at once. */
enum { ADMIN_QUICK_LIMIT_MS = 30 * 1000, ADMIN_CANCEL_LIMIT_MS = 5 * 1000, ADMIN_SAY_EVERY_MS = 5 * 1000 };

/* One call: what is sent, how long it may take, and what a person reads. */
struct admin_call {
	struct command_control command;
	uint32_t attempt; /* enum reason_attempt */
	uint32_t limit_ms;
	const char *late; /* what it waits for */
	char subject[NODE_PATH_BYTES];
};

static struct admin_call admin_call_of(uint32_t attempt, uint32_t op, uint32_t id)
{
	struct admin_call call = {
		.command = command_control_of(op, id, 0, 0, 0),
		.attempt = attempt,
		.limit_ms = ADMIN_QUICK_LIMIT_MS,
		.late = "waiting for another command of the ublk driver",
	};

	node_block_path(call.subject, (int)id);
	return call;
}

static uint64_t admin_left(const struct admin_call *call, uint64_t begin_ms)
{
	const uint64_t spent_ms = clock_ms() - begin_ms;

	return spent_ms < call->limit_ms ? call->limit_ms - spent_ms : 0;
}

/* The answer, or -ETIMEDOUT; what is waited for is said again and again. */
static int admin_await(struct control *control, struct log log, const struct admin_call *call, uint64_t begin_ms)
{
	for (;;) {
		const uint64_t left_ms = admin_left(call, begin_ms);
		const uint32_t step_ms = left_ms < ADMIN_SAY_EVERY_MS ? (uint32_t)left_ms : ADMIN_SAY_EVERY_MS;
		const struct control_news news = control_wait(control, -1, step_ms);

		if (news.event == CONTROL_ANSWER)
			return news.answer;
		if (!admin_left(call, begin_ms))
			return -ETIMEDOUT;
		log_say(log, REFUBLK_WARNING, "%s: %s", call->subject, call->late);
	}
}

/* *interrupted: an answer was -EINTR, and the command was sent again. */
static int admin_run(struct control *control, struct log log, const struct admin_call *call, bool *interrupted)
{
	const uint64_t begin_ms = clock_ms();
	int error;

	*interrupted = false;
	do {
		error = control_send(control, &call->command);
		if (!error)
			error = admin_await(control, log, call, begin_ms);
		*interrupted = *interrupted || error == -EINTR;
	} while (error == -EINTR && admin_left(call, begin_ms));
	return error;
}

static int admin_say(struct log log, const struct admin_call *call, int error)
{
	if (error && error != -ENODEV)
		reason_say(log, REFUBLK_ERROR, call->attempt, call->subject, error);
	return error;
}

/* The kernel reads and fills a copy: a command without an answer keeps it, for ever. */
static int admin_exchange(struct control *control, struct log log, struct admin_call *call, void *memory,
			  uint16_t length_bytes)
{
	void *copy = malloc(length_bytes);
	bool interrupted;
	int error = -ENOMEM;

	if (copy) {
		memcpy(copy, memory, length_bytes);
		call->command.payload.addr = (uintptr_t)copy;
		call->command.payload.len = length_bytes;
		error = admin_run(control, log, call, &interrupted);
	}
	if (!error)
		memcpy(memory, copy, length_bytes);
	if (error != -ETIMEDOUT)
		free(copy);
	return admin_say(log, call, error);
}

int admin_features(struct control *control, struct log log, uint64_t *features)
{
	struct admin_call call = admin_call_of(REASON_GET_FEATURES, UBLK_U_CMD_GET_FEATURES, UINT32_MAX);

	call.subject[0] = '\0';
	*features = 0;
	return admin_exchange(control, log, &call, features, sizeof(*features));
}

int admin_info(struct control *control, struct log log, uint32_t id, struct ublksrv_ctrl_dev_info *info)
{
	struct admin_call call = admin_call_of(REASON_GET_INFO, UBLK_U_CMD_GET_DEV_INFO, id);

	memset(info, 0, sizeof(*info));
	return admin_exchange(control, log, &call, info, sizeof(*info));
}

int admin_params(struct control *control, struct log log, uint32_t id, struct ublk_params *params)
{
	struct admin_call call = admin_call_of(REASON_GET_PARAMS, UBLK_U_CMD_GET_PARAMS, id);

	memset(params, 0, sizeof(*params));
	params->len = sizeof(*params);
	return admin_exchange(control, log, &call, params, sizeof(*params));
}

int admin_stop(struct control *control, struct log log, uint32_t id, uint32_t limit_ms)
{
	struct admin_call call = admin_call_of(REASON_STOP, UBLK_U_CMD_STOP_DEV, id);
	bool interrupted;

	call.limit_ms = limit_ms;
	call.late = device_late_text(DEVICE_STOPPING);
	return admin_say(log, &call, admin_run(control, log, &call, &interrupted));
}

int admin_resize(struct control *control, struct log log, uint32_t id, uint64_t size_bytes)
{
	struct admin_call call = admin_call_of(REASON_RESIZE, UBLK_U_CMD_UPDATE_SIZE, id);
	bool interrupted;

	call.command.payload.data[0] = units_sectors(size_bytes);
	return admin_say(log, &call, admin_run(control, log, &call, &interrupted));
}

int admin_del(struct control *control, struct log log, uint32_t id, uint32_t limit_ms)
{
	struct admin_call call = admin_call_of(REASON_DELETE, UBLK_U_CMD_DEL_DEV, id);
	bool interrupted;
	int error = admin_stop(control, log, id, limit_ms);

	if (error)
		return error;
	call.limit_ms = limit_ms;
	call.late = device_late_text(DEVICE_DELETING);
	error = admin_run(control, log, &call, &interrupted);
	if (error == -ETIMEDOUT) {
		struct control_news news;

		control_cancel(control);
		news = control_wait(control, -1, ADMIN_CANCEL_LIMIT_MS);
		if (news.event == CONTROL_ANSWER && news.answer != -EINTR)
			error = news.answer;
	}
	/* EINTR comes after the removal: that the device is unknown to the second DEL is its success. */
	if (error == -ENODEV && interrupted)
		error = 0;
	return admin_say(log, &call, error);
}
