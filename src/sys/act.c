#include "act.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "check.h"
#include "clock.h"
#include "handover.h"
#include "mark.h"
#include "reason.h"
#include "serve.h"

/* After which the driver gives QUIESCE up; what it holds back it goes on holding back. */
enum { ACT_QUIESCE_LIMIT_MS = 5 * 1000 };

/* An opener like udev lets go within milliseconds, a loaded udev makes a node within seconds. */
enum { ACT_OPEN_LIMIT_MS = 10 * 1000, ACT_OPEN_PAUSE_MS = 10 };

/* Bytes of a kernel's mask of 8192 CPUs, the most that any can have; of it, cpu_set_t's part is used. */
enum { ACT_MASK_BYTES = 1024 };

static uint32_t act_failed(struct refublk *device, uint32_t event, int error)
{
	device->last_error = error;
	return event;
}

static uint32_t act_send(struct refublk *device, struct command_control command)
{
	int error = control_send(device->control, &command);

	return error ? act_failed(device, device_event_of_result(error), error) : DEVICE_EVENTS;
}

static uint32_t act_send_plain(struct refublk *device, uint32_t op, uint64_t data)
{
	return act_send(device, command_control_of(op, device->info.dev_id, 0, 0, data));
}

static void act_say_late(const struct refublk *device)
{
	struct queue_view sum = { 0 };

	for (uint32_t i = 0; i < device->config.queues; i++) {
		if (device->queues[i]) {
			struct queue_view view = queue_look(device->queues[i]);

			sum.open_requests += view.open_requests;
			sum.backend_ios += view.backend_ios;
		}
	}
	log_say(device->log, REFUBLK_WARNING, "%s: %s for %llu s: %s (open requests: %u, backend operations: %u)",
		device->block_path, device_phase_name(device->state.phase),
		(unsigned long long)(clock_ms() - device->phase_begin_ms) / 1000, device_late_text(device->state.phase),
		sum.open_requests, sum.backend_ios);
}

/* A command whose answer is needed to carry out an action: quick ones only, but the kernel makes them wait for its
 * mutex, and no wait for the kernel is abandoned. */
static int act_call(struct refublk *device, struct command_control command)
{
	int error;

	do
		error = control_call(device->control, &command, device_limit_ms(device->state.phase));
	while (error == -EINTR);
	while (error == -ETIMEDOUT) {
		struct control_news news;

		act_say_late(device);
		news = control_wait(device->control, -1, device_limit_ms(device->state.phase));
		if (news.event == CONTROL_ANSWER)
			error = news.answer;
	}
	return error;
}

/* ---- adding -------------------------------------------------------------------------------- */

/* ADD_DEV would drop it without a word: clients would then wait where they were promised errors. */
static void act_say_missing(const struct refublk *device, uint64_t missing)
{
	if (missing & (UBLK_F_USER_RECOVERY | UBLK_F_USER_RECOVERY_REISSUE | UBLK_F_USER_RECOVERY_FAIL_IO))
		log_say(device->log, REFUBLK_ERROR,
			"this kernel's ublk driver does not have the recovery that was asked for; choose another, or use a "
			"newer kernel (`refublk features` lists what there is)");
	else
		log_say(device->log, REFUBLK_ERROR, "the ublk driver lacks the features %#llx of %#llx that are needed",
			(unsigned long long)missing, (unsigned long long)device->info.flags);
}

static uint32_t act_send_add(struct refublk *device)
{
	uint64_t features = 0;
	uint64_t missing;
	int error = act_call(device, command_control_of(UBLK_U_CMD_GET_FEATURES, UINT32_MAX, (uintptr_t)&features,
							sizeof(features), 0));

	if (error) {
		reason_say(device->log, REFUBLK_ERROR, REASON_GET_FEATURES, "", error);
		return act_failed(device, device_event_of_result(error), error);
	}
	device->info = params_dev_info(device->config);
	/* For a hand-over, where the kernel has it. */
	if (device->info.flags & UBLK_F_USER_RECOVERY)
		device->info.flags |= features & UBLK_F_QUIESCE;
	device->info.ublksrv_flags = mark_of((uint32_t)getpid());
	missing = device->info.flags & ~features;
	if (missing) {
		act_say_missing(device, missing);
		return act_failed(device, device_event_of_result(-EOPNOTSUPP), -EOPNOTSUPP);
	}
	return act_send(device, command_control_of(UBLK_U_CMD_ADD_DEV, device->info.dev_id, (uintptr_t)&device->info,
						   sizeof(device->info), 0));
}

/* The device exists: what it became is held against what was asked before anything is built on it. */
static uint32_t act_send_set_params(struct refublk *device)
{
	uint32_t grant = params_grant_of(device->config, device->info);

	node_block_path(device->block_path, (int)device->info.dev_id);
	node_char_path(device->char_path, (int)device->info.dev_id);
	if (grant != PARAMS_GRANTED && grant != PARAMS_FEWER_QUEUES) {
		log_say(device->log, REFUBLK_ERROR, "%s: %s", device->char_path, params_grant_text(grant));
		return act_failed(device, device_event_of_result(-EOPNOTSUPP), -EOPNOTSUPP);
	}
	if (grant == PARAMS_FEWER_QUEUES)
		log_say(device->log, REFUBLK_INFO, "%s: %u queues instead of %u: as many as there are CPUs",
			device->char_path, device->info.nr_hw_queues, device->config.queues);
	device->config.queues = device->info.nr_hw_queues;
	device->config.id = (int32_t)device->info.dev_id;
	device->params = params_of(device->config);
	return act_send(device, command_control_of(UBLK_U_CMD_SET_PARAMS, device->info.dev_id,
						   (uintptr_t)&device->params, sizeof(device->params), 0));
}

/* ---- queues -------------------------------------------------------------------------------- */

/* A section without its type bit is ignored silently, and an old driver drops sections that it does not know. */
static int act_check_params(struct refublk *device)
{
	struct ublk_params kept = { .len = sizeof(kept) };
	int error = act_call(device, command_control_of(UBLK_U_CMD_GET_PARAMS, device->info.dev_id, (uintptr_t)&kept,
							sizeof(kept), 0));

	if (error)
		reason_say(device->log, REFUBLK_ERROR, REASON_GET_PARAMS, device->char_path, error);
	else if ((kept.types & device->params.types) != device->params.types ||
		 memcmp(&kept.basic, &device->params.basic, sizeof(kept.basic)) ||
		 memcmp(&kept.discard, &device->params.discard, sizeof(kept.discard))) {
		log_say(device->log, REFUBLK_ERROR, "%s: the ublk driver keeps other parameters than were set",
			device->char_path);
		error = -EOPNOTSUPP;
	}
	return error;
}

static int act_open_char(struct refublk *device)
{
	const uint64_t begin_ms = clock_ms();
	int fd = node_open_char(device->char_path);

	while ((fd == -ENOENT || fd == -EBUSY) && clock_ms() - begin_ms < ACT_OPEN_LIMIT_MS &&
	       !atomic_load(&device->stop_wanted)) {
		poll(NULL, 0, ACT_OPEN_PAUSE_MS);
		fd = node_open_char(device->char_path);
	}
	if (fd < 0 && atomic_load(&device->stop_wanted))
		return -EINTR;
	if (fd < 0) {
		reason_say(device->log, REFUBLK_ERROR, REASON_OPEN_CHARDEV, device->char_path, fd);
		return fd;
	}
	device->char_fd = fd;
	return 0;
}

static int act_start_queue(struct refublk *device, uint16_t qid)
{
	_Alignas(cpu_set_t) unsigned char mask[ACT_MASK_BYTES] = { 0 };
	struct queue_setup setup = {
		.backend = device->backend,
		.backend_context = device->backend_context,
		.config = device->config,
		.device_bytes = &device->size_bytes,
		.log = device->log,
		.stride_bytes = sizeof(struct ublksrv_io_desc),
		.char_fd = device->char_fd,
		.report_fd = device->report_write_fd,
		.trace_fd = device->trace_fd,
		.qid = qid,
	};
	int error = act_call(device, command_control_of(UBLK_U_CMD_GET_QUEUE_AFFINITY, device->info.dev_id,
							(uintptr_t)mask, sizeof(mask), qid));

	if (error) {
		reason_say(device->log, REFUBLK_ERROR, REASON_GET_AFFINITY, device->char_path, error);
		return error;
	}
	memcpy(&setup.cpus, mask, sizeof(setup.cpus));
	error = queue_start(&device->queues[qid], &setup);
	if (!error)
		device->queues_running++;
	return error;
}

static uint32_t act_open_queues(struct refublk *device)
{
	int error = act_check_params(device);

	if (!error)
		error = act_open_char(device);
	for (uint32_t qid = 0; !error && qid < device->config.queues; qid++)
		error = act_start_queue(device, (uint16_t)qid);
	return error ? act_failed(device, DEVICE_QUEUE_FAILED, error) : DEVICE_EVENTS;
}

/* The character device is ours until the last thread has ended: closed earlier, its descriptor could become another
 * file's. */
uint32_t act_ended(struct refublk *device)
{
	if (!device->ending || device->queues_running)
		return DEVICE_EVENTS;
	if (device->char_fd >= 0)
		close(device->char_fd);
	device->char_fd = -1;
	device->ending = false;
	return DEVICE_QUEUES_ENDED;
}

static uint32_t act_leave_queues(struct refublk *device)
{
	for (uint32_t i = 0; i < device->config.queues; i++) {
		if (device->queues[i])
			queue_leave(device->queues[i]);
	}
	device->ending = true;
	return act_ended(device);
}

void act_part_queues(struct refublk *device, uint32_t parting)
{
	for (uint32_t i = 0; i < device->config.queues; i++) {
		if (device->queues[i])
			queue_part(device->queues[i], parting);
	}
}

/* Full queues have nothing to drain. */
static uint32_t act_drain_queues(struct refublk *device)
{
	if (handover_fills(device->info.flags))
		return act_leave_queues(device);
	act_part_queues(device, SERVE_DRAINS);
	device->ending = true;
	return act_ended(device);
}

/* Without it the queues are full by now, which holds requests back as well: see handover.h. */
static uint32_t act_send_quiesce(struct refublk *device)
{
	if (handover_fills(device->info.flags))
		return act_failed(device, DEVICE_ANSWER_OTHER, 0);
	return act_send_plain(device, UBLK_U_CMD_QUIESCE_DEV, ACT_QUIESCE_LIMIT_MS);
}

static uint32_t act_join_queues(struct refublk *device)
{
	device->ending = true;
	return act_ended(device);
}

void act_join_queue(struct refublk *device, uint16_t qid)
{
	CHECK(qid < device->config.queues);
	CHECK(device->queues[qid]);
	queue_join(device->queues[qid]);
	device->queues[qid] = NULL;
	device->queues_running--;
}

/* ---- all actions --------------------------------------------------------------------------- */

static void act_say(const struct refublk *device, const char *what)
{
	log_say(device->log, REFUBLK_INFO, "%s: %s", device->block_path, what);
}

uint32_t act_carry_out(struct refublk *device, uint32_t action)
{
	switch ((enum device_action)action) {
	case DEVICE_NOTHING:
	case DEVICE_PAUSE: /* the phase's limit is the pause */
		return DEVICE_EVENTS;
	case DEVICE_SEND_ADD:
		return act_send_add(device);
	case DEVICE_SEND_SET_PARAMS:
		return act_send_set_params(device);
	case DEVICE_OPEN_QUEUES:
		return act_open_queues(device);
	case DEVICE_SEND_START:
		return act_send_plain(device, UBLK_U_CMD_START_DEV, (uint64_t)getpid());
	case DEVICE_SEND_STOP:
		return act_send_plain(device, UBLK_U_CMD_STOP_DEV, 0);
	case DEVICE_SEND_DEL:
		device->deleted = true;
		return act_send_plain(device, UBLK_U_CMD_DEL_DEV, 0);
	case DEVICE_SEND_RECOVER:
		return act_send_plain(device, UBLK_U_CMD_START_USER_RECOVERY, 0);
	case DEVICE_SEND_END_RECOVERY:
		return act_send_plain(device, UBLK_U_CMD_END_USER_RECOVERY, (uint64_t)getpid());
	case DEVICE_SEND_CANCEL:
		control_cancel(device->control);
		return DEVICE_EVENTS;
	case DEVICE_FORSAKE:
		control_cancel(device->control);
		return act_leave_queues(device);
	case DEVICE_LEAVE_QUEUES:
		return act_leave_queues(device);
	case DEVICE_SEND_QUIESCE:
		return act_send_quiesce(device);
	case DEVICE_DRAIN_QUEUES:
		return act_drain_queues(device);
	case DEVICE_JOIN_QUEUES:
		return act_join_queues(device);
	case DEVICE_SAY_LIVE:
		act_say(device, "live");
		return DEVICE_EVENTS;
	case DEVICE_SAY_LATE:
		act_say_late(device);
		return DEVICE_EVENTS;
	case DEVICE_SAY_OVER:
		act_say(device, device->state.recovery && !device->deleted ? "left, for a recovery" : "gone");
		return DEVICE_EVENTS;
	case DEVICE_ACTIONS:
		break;
	}
	CHECK(action < DEVICE_ACTIONS);
	return DEVICE_EVENTS;
}
