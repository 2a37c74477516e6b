#include "rig.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "client.h"
#include "plane.h"

enum { SLICE_MS = 5, BLOCK_SHIFT = 9, DISK_BYTES = 1 << 20, IO_BUF_BYTES = 65536, PAGE_BYTES = 4096 };

uint32_t rig_kernel, rig_id;
unsigned int rig_cancels;
uint64_t rig_written_bytes;
static bool there, started;
static uint32_t depth_tags;
static uint64_t fetched[SERVER_DEPTH_MAX]; /* with which address; each answer keeps it */

/* ---- the kernel ---------------------------------------------------------------------------- */

uint32_t rig_begin(void)
{
	struct utsname name;

	uname(&name);
	for (rig_kernel = 0; rig_kernel < DRIVER_KERNELS; rig_kernel++) {
		const char *prefix = driver_kernel_name(rig_kernel);
		size_t length = strlen(prefix);

		if (strncmp(name.release, prefix, length) == 0 && (name.release[length] < '0' || name.release[length] > '9'))
			break;
	}
	if (rig_kernel == DRIVER_KERNELS) {
		rig_kernel--;
		printf("misuse: Linux %s has no column and is held against %s: where they differ, add a column\n", name.release,
		       driver_kernel_name(rig_kernel));
	}
	server_init();
	client_init();
	plane_open();
	return rig_kernel;
}

void rig_end(void)
{
	rig_clear();
	plane_close();
}

uint64_t rig_features(void)
{
	struct ublksrv_ctrl_cmd payload = plane_payload(UINT32_MAX);
	uint64_t features = 0;

	payload.addr = (uintptr_t)&features;
	payload.len = sizeof(features);
	return plane_call(UBLK_U_CMD_GET_FEATURES, payload) == 0 ? features : 0;
}

/* ---- its life ------------------------------------------------------------------------------ */

/* 7.x: no scan, which would read at any time after START; QUIESCE wherever it may be asked for. */
static uint64_t flags_of(uint32_t recovery, bool get_data)
{
	static const uint64_t flags[DRIVER_RECOVERIES] = {
		0,
		UBLK_F_USER_RECOVERY,
		UBLK_F_USER_RECOVERY | UBLK_F_USER_RECOVERY_REISSUE,
		UBLK_F_USER_RECOVERY | UBLK_F_USER_RECOVERY_FAIL_IO,
	};

	return flags[recovery] | (get_data ? UBLK_F_NEED_GET_DATA : 0) | UBLK_F_CMD_IOCTL_ENCODE | UBLK_F_NO_AUTO_PART_SCAN |
	       (recovery ? UBLK_F_QUIESCE : 0);
}

int rig_add(uint32_t recovery, bool get_data, uint32_t depth)
{
	struct ublksrv_ctrl_cmd payload = plane_payload(UINT32_MAX);
	struct ublksrv_ctrl_dev_info info = {
		.nr_hw_queues = 1, .queue_depth = (uint16_t)depth, .max_io_buf_bytes = IO_BUF_BYTES, .dev_id = UINT32_MAX,
		.flags = flags_of(recovery, get_data),
	};
	int result;

	payload.addr = (uintptr_t)&info;
	payload.len = sizeof(info);
	result = plane_call(UBLK_U_CMD_ADD_DEV, payload);
	if (result == 0) {
		there = true;
		started = false;
		depth_tags = depth;
		rig_id = info.dev_id;
		rig_cancels = 0;
		rig_written_bytes = 0;
	}
	return result;
}

int rig_set_params(bool bad)
{
	struct ublksrv_ctrl_cmd payload = plane_payload(rig_id);
	struct ublk_params params = {
		.len = sizeof(params), .types = UBLK_PARAM_TYPE_BASIC | UBLK_PARAM_TYPE_DISCARD,
		.basic = { .attrs = UBLK_ATTR_VOLATILE_CACHE, .logical_bs_shift = BLOCK_SHIFT, .physical_bs_shift = 12,
			   .io_opt_shift = 12, .io_min_shift = 9, .max_sectors = IO_BUF_BYTES / 512,
			   .dev_sectors = DISK_BYTES / 512 },
		.discard = { .discard_granularity = 512, .max_discard_sectors = 2048, .max_write_zeroes_sectors = 2048,
			     .max_discard_segments = 1 },
	};

	if (bad)
		params.types |= UBLK_PARAM_TYPE_DEVT;
	payload.addr = (uintptr_t)&params;
	payload.len = sizeof(params);
	return plane_call(UBLK_U_CMD_SET_PARAMS, payload);
}

int rig_open(void)
{
	return server_start(rig_id, depth_tags);
}

uint64_t rig_own(uint16_t tag)
{
	return (uintptr_t)server_memory->own[tag];
}

int rig_fetch(uint16_t tag, uint64_t address)
{
	if (tag < SERVER_DEPTH_MAX)
		fetched[tag] = address;
	return server_push((struct server_command){ .op = UBLK_U_IO_FETCH_REQ, .tag = tag, .address = address });
}

static void answer_request(struct server_completion done)
{
	uint32_t op = done.desc.op_flags & 0xff;
	bool moves = op == UBLK_IO_OP_READ || op == UBLK_IO_OP_WRITE;

	if (op == UBLK_IO_OP_READ)
		memset((void *)(uintptr_t)fetched[done.tag], 0, sizeof(server_memory->own[done.tag]));
	if (op == UBLK_IO_OP_WRITE && done.result == UBLK_IO_RES_OK)
		rig_written_bytes += done.desc.nr_sectors * UINT64_C(512);
	(void)server_push((struct server_command){
		.op = done.result == UBLK_IO_RES_OK ? UBLK_U_IO_COMMIT_AND_FETCH_REQ : UBLK_U_IO_NEED_GET_DATA,
		.tag = done.tag, .result = moves ? (int32_t)(done.desc.nr_sectors * 512) : 0, .address = fetched[done.tag],
	});
}

bool rig_serve(int wait_ms)
{
	struct server_completion done;

	if (!server_runs())
		return false;
	done = server_take(wait_ms);
	if (done.result == SERVER_NOTHING || done.result == -ECOMM)
		return false;
	if (done.result == UBLK_IO_RES_ABORT)
		rig_cancels++;
	else if (done.result >= 0)
		answer_request(done);
	return true;
}

int rig_answer(int slot, int wait_ms)
{
	int result;

	for (int spent = 0; spent <= wait_ms; spent += SLICE_MS) {
		if (plane_answer(slot, server_runs() ? 0 : SLICE_MS, &result))
			return result;
		rig_serve(SLICE_MS);
	}
	return -ETIME;
}

int rig_start(void)
{
	struct ublksrv_ctrl_cmd payload = plane_payload(rig_id);
	int result;

	payload.data[0] = (uint64_t)server_pid();
	result = rig_answer(plane_send(UBLK_U_CMD_START_DEV, payload), PLANE_PATIENCE_MS);
	started = started || result == 0;
	return result;
}

int rig_stop(void)
{
	return rig_answer(plane_send(UBLK_U_CMD_STOP_DEV, plane_payload(rig_id)), PLANE_PATIENCE_MS);
}

int rig_condition(void)
{
	struct ublksrv_ctrl_cmd payload = plane_payload(rig_id);
	struct ublksrv_ctrl_dev_info info = { 0 };
	int result;

	payload.addr = (uintptr_t)&info;
	payload.len = sizeof(info);
	result = plane_call(UBLK_U_CMD_GET_DEV_INFO, payload);
	return result ? result : info.state;
}

void rig_clear(void)
{
	int result = 0;

	client_end();
	if (there && server_runs() && started)
		(void)rig_stop();
	server_kill();
	client_end();
	if (there)
		result = plane_call(UBLK_U_CMD_DEL_DEV, plane_payload(rig_id));
	if (result && result != -ENODEV) {
		fprintf(stderr, "misuse: device %u cannot be removed: %s\n", rig_id, strerror(-result));
		exit(2);
	}
	there = false;
	started = false;
}
