#include "recover.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "add.h"
#include "admin.h"
#include "adopt.h"
#include "disk.h"
#include "inventory.h"
#include "say.h"

/* ---- may it be recovered? ------------------------------------------------------------------ */

static int recover_unknown(int32_t id)
{
	say_error("there is no ublk device %d; `refublk list` shows those that exist", id);
	return SAY_NO_DEVICE;
}

static int recover_check(const struct inventory_device *device)
{
	const int32_t id = device->id;
	char name[PROCESS_NAME_BYTES];

	if (device->server_alive) {
		say_error("device %d is served by process %d (%s): there is nothing to recover", id, device->server.pid,
			  process_name(device->server.pid, name));
		return SAY_IN_USE;
	}
	if (!(device->features & UBLK_F_USER_RECOVERY))
		return say_usage("device %d was made without --recovery: it goes with its server; `refublk del %d` removes it", id, id);
	if (device->phase == INVENTORY_DEAD)
		return say_usage("device %d was stopped, or never started: it has no disk; `refublk del %d` removes it", id, id);
	if (!device->marked)
		return say_usage("device %d was made by another program: that one has to recover it", id);
	return SAY_OK;
}

/* ---- what it needs ------------------------------------------------------------------------- */

static int recover_name_backend(const struct inventory_device *device)
{
	const char *what = device->file == INVENTORY_DAMAGED ? "is damaged" :
			   device->file == INVENTORY_FOREIGN ? "is of an earlier device with this number" :
							       "is not there";

	return say_usage("device %d: its state file %s%s%s; name the backend by hand, as in `refublk recover %d file --path FILE`",
			 device->id, what, device->why[0] ? ": " : "", device->why, device->id);
}

/* What opens the backend: by hand, or as it was written down. state must outlive the options. */
static int recover_fill_backend(struct options *options, const struct inventory_device *device)
{
	const struct state *state = &device->state;

	if (options->backend != OPTIONS_NO_BACKEND)
		return SAY_OK;
	if (device->file != INVENTORY_GOOD)
		return recover_name_backend(device);
	options->backend = options_backend_of(state->backend);
	if (options->backend == OPTIONS_NO_BACKEND || (options->backend == OPTIONS_FILE && !state->path[0]) ||
	    (options->backend == OPTIONS_MEM && !state->shm[0]))
		return recover_name_backend(device);
	options->path = options->backend == OPTIONS_FILE ? state->path : NULL;
	options->shm = options->backend == OPTIONS_MEM ? state->shm : NULL;
	options->buffered = state->buffered;
	if (!options->device.memory_limit_bytes)
		options->device.memory_limit_bytes = state->memory_limit_bytes;
	return SAY_OK;
}

static uint32_t recover_way(uint32_t flags)
{
	if (flags & PARAMS_REISSUE)
		return REFUBLK_RECOVERY_REISSUE;
	return flags & PARAMS_FAIL ? REFUBLK_RECOVERY_FAIL : REFUBLK_RECOVERY_WAIT;
}

/* What the device is. refublk_recover() asks again: this is for the backend and for the state file. */
static int recover_fill_device(struct options *options, const struct inventory *inventory, uint32_t id)
{
	struct refublk_options *device = &options->device;
	struct ublksrv_ctrl_dev_info info;
	struct ublk_params params;
	struct params_config config;
	int error = admin_info(inventory->control, inventory->log, id, &info);

	if (!error)
		error = admin_params(inventory->control, inventory->log, id, &params);
	if (error)
		return error == -ENODEV ? recover_unknown((int32_t)id) : SAY_FAILED;
	config = adopt_config(&info, &params, (uint64_t)sysconf(_SC_PAGESIZE), UINT64_MAX);
	device->id = (int32_t)id;
	device->size_bytes = config.size_bytes;
	device->block_bytes = config.block_bytes;
	device->max_io_bytes = config.max_io_bytes;
	device->queues = config.queues;
	device->depth = config.depth_tags;
	device->recovery = recover_way(config.flags);
	device->read_only = config.flags & PARAMS_READ_ONLY;
	device->get_data = config.flags & PARAMS_GET_DATA;
	return SAY_OK;
}

/* ---- one and all --------------------------------------------------------------------------- */

/* options becomes complete; its strings may be the device's. */
static int recover_prepare(struct options *options, int32_t id, struct inventory_device *device)
{
	struct inventory inventory;
	int status, error;

	if (inventory_open(&inventory, say_log(options->verbose)))
		return SAY_FAILED;
	error = inventory_find(&inventory, id, device);
	if (error || device->phase == INVENTORY_ABSENT)
		status = !error || error == -ENODEV ? recover_unknown(id) : SAY_FAILED;
	else
		status = recover_check(device);
	if (status == SAY_OK)
		status = recover_fill_backend(options, device);
	if (status == SAY_OK)
		status = recover_fill_device(options, &inventory, (uint32_t)id);
	inventory_close(&inventory);
	if (status != SAY_OK)
		return status;
	options->maker_pid = device->maker_pid;
	return disk_check(options, say_log(options->verbose));
}

static int recover_one(const struct options *asked, int32_t id)
{
	struct options options = *asked;
	struct inventory_device device;
	int status = recover_prepare(&options, id, &device);

	return status == SAY_OK ? add_serve(&options) : status;
}

/* The ids first: a control node that is open would go into every daemon. */
static int recover_ids(const struct options *options, int32_t *ids, int *count)
{
	struct inventory inventory;
	int all;

	*count = 0;
	if (inventory_open(&inventory, say_log(options->verbose)))
		return SAY_FAILED;
	all = inventory_ids(&inventory, ids, INVENTORY_ROOM);
	for (int i = 0; i < all; i++) {
		struct inventory_device device;

		if (inventory_find(&inventory, ids[i], &device) == 0 && inventory_is_recoverable(&device))
			ids[(*count)++] = ids[i];
	}
	inventory_close(&inventory);
	return SAY_OK;
}

static int recover_all(const struct options *options)
{
	int32_t *ids = calloc(INVENTORY_ROOM, sizeof(*ids));
	int count = 0, status = ids ? recover_ids(options, ids, &count) : SAY_FAILED;

	for (int i = 0; i < count; i++) {
		int one = recover_one(options, ids[i]);

		if (status == SAY_OK)
			status = one;
	}
	free(ids);
	return status;
}

int recover_run(struct options *options)
{
	return options->all ? recover_all(options) : recover_one(options, options->target);
}
