#include "plane_script.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "clock.h"
#include "control.h"
#include "plane_inside.h"

enum { PLANE_STEPS_MAX = 20000 };

struct control {
	uint32_t op; /* in flight; 0: none */
	int32_t answer;
	bool held;   /* START and END_RECOVERY until its queues are ready, what the script holds: or until the cancel */
};

struct plane plane;
static struct control the_control;
static struct ublk_params params;
static uint64_t now_ms;

static const struct plane_name {
	uint32_t op;
	const char *name;
} names[] = {
	{ UBLK_U_CMD_GET_FEATURES, "features" }, { UBLK_U_CMD_ADD_DEV, "add" },
	{ UBLK_U_CMD_SET_PARAMS, "set" },	 { UBLK_U_CMD_GET_PARAMS, "get" },
	{ UBLK_U_CMD_GET_QUEUE_AFFINITY, "affinity" }, { UBLK_U_CMD_START_DEV, "start" },
	{ UBLK_U_CMD_STOP_DEV, "stop" },	 { UBLK_U_CMD_DEL_DEV, "del" },
	{ UBLK_U_CMD_GET_DEV_INFO, "info" },	 { UBLK_U_CMD_START_USER_RECOVERY, "recover" },
	{ UBLK_U_CMD_END_USER_RECOVERY, "end" },		 { UBLK_U_CMD_UPDATE_SIZE, "resize" },
	{ UBLK_U_CMD_QUIESCE_DEV, "quiesce" },
};

struct plane plane_healthy(void)
{
	plane_queue_reset();
	return (struct plane){
		.queues_granted = UINT16_MAX,
		.features = UBLK_F_CMD_IOCTL_ENCODE | UBLK_F_NEED_GET_DATA | UBLK_F_USER_RECOVERY |
			    UBLK_F_USER_RECOVERY_REISSUE,
		.char_fd = -1,
		.shortest_ms = UINT32_MAX,
	};
}

struct plane plane_orphan(uint16_t count)
{
	struct plane made = plane_healthy();

	made.exists = true;
	made.orphan_queues = count;
	made.orphan_features = UBLK_F_CMD_IOCTL_ENCODE | UBLK_F_URING_CMD_COMP_IN_TASK | UBLK_F_USER_RECOVERY;
	made.orphan_state = UBLK_S_DEV_QUIESCED;
	params = (struct ublk_params){
		.types = UBLK_PARAM_TYPE_BASIC,
		.basic = { .attrs = UBLK_ATTR_VOLATILE_CACHE | UBLK_ATTR_FUA, .logical_bs_shift = 9, .physical_bs_shift = 12,
			   .max_sectors = (uint32_t)getpagesize() / 512, .dev_sectors = 2048 },
	};
	return made;
}

static void plane_step(void)
{
	plane.steps++;
	if (plane.steps == plane.stop_at)
		refublk_stop(*plane.device);
	if (plane.steps > PLANE_STEPS_MAX) {
		fprintf(stderr, "no end in sight: %.200s\n", plane.sent);
		abort();
	}
}

void plane_breach(const char *rule)
{
	if (!plane.violation)
		plane.violation = rule;
}

static bool plane_fault(uint32_t op)
{
	if (op != plane.fault_op || plane.fault_times == 0)
		return false;
	plane.fault_times--;
	return true;
}

/* ---- the control node ---------------------------------------------------------------------- */

int control_open(struct control **control, struct log log)
{
	(void)log;
	the_control = (struct control){ 0 };
	*control = &the_control;
	return 0;
}

void control_close(struct control *control)
{
	if (control && control->op)
		plane_breach("nothing is in flight when the control node is closed");
}

static int32_t control_add(struct ublksrv_ctrl_dev_info *info)
{
	if (plane.exists)
		return -EEXIST;
	plane.exists = true;
	info->dev_id = PLANE_ID;
	info->flags &= ~plane.dropped;
	if (info->nr_hw_queues > plane.queues_granted)
		info->nr_hw_queues = plane.queues_granted;
	return 0;
}

static int32_t control_get(struct ublk_params *kept)
{
	if (kept->len != sizeof(*kept))
		return -EINVAL;
	*kept = params;
	kept->types |= UBLK_PARAM_TYPE_DEVT;
	if (plane.other_params)
		kept->basic.dev_sectors++;
	return 0;
}

static void control_info(struct ublksrv_ctrl_dev_info *info)
{
	*info = (struct ublksrv_ctrl_dev_info){
		.dev_id = PLANE_ID,
		.nr_hw_queues = plane.orphan_queues,
		.queue_depth = 1,
		.max_io_buf_bytes = (uint32_t)getpagesize(),
		.flags = plane.orphan_features,
		.state = plane.orphan_state,
	};
}

/* A recovery is not a start: what belongs to one is wrong in the other. */
static void control_judge(uint32_t op)
{
	const bool starts = op == UBLK_U_CMD_SET_PARAMS || op == UBLK_U_CMD_START_DEV || op == UBLK_U_CMD_ADD_DEV;
	const bool recovers = op == UBLK_U_CMD_START_USER_RECOVERY || op == UBLK_U_CMD_END_USER_RECOVERY;
	const bool ends = op == UBLK_U_CMD_STOP_DEV || op == UBLK_U_CMD_DEL_DEV;

	if (starts && plane.orphan_queues)
		plane_breach("what exists is not started");
	if (recovers && !plane.orphan_queues)
		plane_breach("what does not exist is not recovered");
	if (ends && plane.orphan_queues && !plane.live && !plane.stopped)
		plane_breach("what was taken over is stopped by a stop of the live device alone");
	if (op == UBLK_U_CMD_START_USER_RECOVERY && plane.char_fd >= 0)
		plane_breach("START_USER_RECOVERY comes before the character device is opened");
}

static int32_t control_delete(void)
{
	if (!plane.stopped)
		plane_breach("never DEL before STOP was answered");
	if (plane.char_fd >= 0 && fcntl(plane.char_fd, F_GETFD) >= 0)
		plane_breach("never DEL with the character device open");
	if (plane.running)
		plane_breach("never DEL before the queues are joined");
	plane.exists = false;
	return plane.del_interrupted ? -EINTR : 0;
}

/* What a healthy kernel answers, and does. */
static int32_t control_effect(struct control *control, const struct command_control *command)
{
	void *memory = (void *)(uintptr_t)command->payload.addr;

	switch (command->op) {
	case UBLK_U_CMD_GET_FEATURES:
		memcpy(memory, &plane.features, sizeof(plane.features));
		return 0;
	case UBLK_U_CMD_ADD_DEV:
		return control_add(memory);
	case UBLK_U_CMD_GET_DEV_INFO:
		control_info(memory);
		return 0;
	case UBLK_U_CMD_SET_PARAMS:
		memcpy(&params, memory, sizeof(params));
		return 0;
	case UBLK_U_CMD_GET_PARAMS:
		return control_get(memory);
	case UBLK_U_CMD_GET_QUEUE_AFFINITY:
		memset(memory, 1, 1);
		return 0;
	case UBLK_U_CMD_START_USER_RECOVERY:
		plane.taken = true;
		return 0;
	case UBLK_U_CMD_START_DEV:
	case UBLK_U_CMD_END_USER_RECOVERY:
		control->held = true;
		plane_queue_spoil(PLANE_QUEUE_FAILS_STARTING);
		return 0;
	case UBLK_U_CMD_STOP_DEV:
		plane.live = false;
		plane_queue_spoil(PLANE_QUEUE_FAILS_STOPPING);
		plane_queue_retire_all();
		return 0;
	case UBLK_U_CMD_DEL_DEV:
		return control_delete();
	case UBLK_U_CMD_QUIESCE_DEV:
		plane_queue_spoil(PLANE_QUEUE_FAILS_STOPPING);
		return 0;
	case UBLK_U_CMD_UPDATE_SIZE:
		return 0;
	default:
		plane_breach("a command that nobody expects");
		return -EOPNOTSUPP;
	}
}

static bool control_is_general(uint32_t op)
{
	return op == UBLK_U_CMD_GET_FEATURES || op == UBLK_U_CMD_ADD_DEV;
}

static void control_note(uint32_t op)
{
	size_t used = strlen(plane.sent);

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (names[i].op == op)
			snprintf(plane.sent + used, sizeof(plane.sent) - used, "%s ", names[i].name);
	}
}

int control_send(struct control *control, const struct command_control *command)
{
	if (control->op)
		plane_breach("at most one command in flight");
	if (!control_is_general(command->op) && command->payload.dev_id != PLANE_ID)
		plane_breach("the device is named by the number that the kernel gave");
	control_note(command->op);
	control_judge(command->op);
	plane.vain += !plane.exists && !control_is_general(command->op) && command->op != UBLK_U_CMD_DEL_DEV &&
		      command->op != UBLK_U_CMD_GET_DEV_INFO;
	plane.stopped = plane.stopped || command->op == UBLK_U_CMD_STOP_DEV;
	if (command->op == UBLK_U_CMD_UPDATE_SIZE) {
		plane.bytes_at_update = *plane.device_bytes;
		plane.sectors = command->payload.data[0];
	}
	control->op = command->op;
	control->held = false;
	if (plane_fault(command->op))
		control->answer = plane.fault_error;
	else if (!plane.exists && !control_is_general(command->op))
		control->answer = -ENODEV;
	else
		control->answer = control_effect(control, command);
	control->held = control->held || command->op == plane.held_op;
	plane_step();
	return 0;
}

void control_cancel(struct control *control)
{
	if (control->held) {
		control->held = false;
		control->answer = -EINTR;
	}
}

/* Behind a STOP that ends with the queues. */
static bool control_behind(const struct control *control)
{
	return plane.behind_stop && (control->op == UBLK_U_CMD_END_USER_RECOVERY || control->op == UBLK_U_CMD_QUIESCE_DEV) &&
	       fcntl(plane.char_fd, F_GETFD) >= 0;
}

/* A START in flight is answered once all its queues are ready and the scan is over; never while one has failed. */
static bool control_answered(struct control *control)
{
	if (!control->op || control_behind(control))
		return false;
	if (!control->held)
		return true;
	if (control->op == plane.held_op || !plane_queue_all_ready())
		return false;
	if (plane.scan_waits) {
		plane.scan_waits--;
		return false;
	}
	control->held = false;
	plane.live = true;
	return true;
}

static void control_idle(void)
{
	if (!plane.live)
		return;
	if (plane.queue_fault == PLANE_QUEUE_FAILS_LIVE && !plane_queue_failed())
		plane_queue_spoil(PLANE_QUEUE_FAILS_LIVE);
	else if (plane.end == PLANE_END_OUTSIDE)
		plane_queue_retire_all();
	else
		refublk_stop(*plane.device);
}

static bool control_look(struct control *control, int report_fd, struct control_news *news)
{
	plane_step();
	if (control_answered(control)) {
		control->op = 0;
		*news = (struct control_news){ .event = CONTROL_ANSWER, .answer = control->answer };
		return true;
	}
	if (report_fd >= 0 && read(report_fd, &news->report, sizeof(news->report)) == sizeof(news->report)) {
		news->event = CONTROL_REPORT;
		return true;
	}
	return false;
}

/* Looking takes a moment, so that who only looks comes to an end too. */
uint64_t clock_ms(void)
{
	return now_ms++;
}

struct control_news control_wait(struct control *control, int report_fd, uint32_t limit_ms)
{
	struct control_news news = { .event = CONTROL_TIMEOUT };

	if (limit_ms < plane.shortest_ms)
		plane.shortest_ms = limit_ms;
	while (!control_look(control, report_fd, &news)) {
		control_idle();
		if (limit_ms != CONTROL_FOREVER) {
			now_ms += limit_ms;
			break;
		}
	}
	return news;
}

int control_call(struct control *control, const struct command_control *command, uint32_t limit_ms)
{
	int error = control_send(control, command);

	(void)limit_ms;
	control->op = 0;
	control->held = false;
	return error ? error : control->answer;
}
