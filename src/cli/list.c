#include "list.h"

#include <errno.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>

#include "holders.h"
#include "inventory.h"
#include "mem_shm.h"
#include "node.h"
#include "say.h"
#include "size.h"

static bool list_has_file(const struct inventory_device *device)
{
	return device->file == INVENTORY_GOOD;
}

/* What made it, as far as anybody knows. */
static const char *list_backend(const struct inventory_device *device)
{
	return list_has_file(device) ? device->state.backend : "-";
}

/* "refublk", "librefublk" when only the mark says so, or "other". */
static const char *list_maker(const struct inventory_device *device)
{
	if (list_has_file(device) || (device->marked && device->by_command))
		return "refublk";
	if (device->phase == INVENTORY_ABSENT)
		return "-";
	return device->marked ? "librefublk" : "other";
}

/* What becomes of it when its server dies: what was asked of the kernel, by name. */
static const char *list_recovery(const struct inventory_device *device)
{
	if (!(device->features & UBLK_F_USER_RECOVERY))
		return "none";
	if (device->features & UBLK_F_USER_RECOVERY_REISSUE)
		return "reissue";
	return device->features & UBLK_F_USER_RECOVERY_FAIL_IO ? "fail" : "wait";
}

/* The command that helps an orphan, "" for any other. */
static const char *list_remedy(const struct inventory_device *device)
{
	if (inventory_is_recoverable(device))
		return "refublk recover";
	return inventory_is_orphan(device) ? "refublk del" : "";
}

static json_t *list_json(const struct inventory_device *device)
{
	char block[NODE_PATH_BYTES], character[NODE_PATH_BYTES];
	bool exists = device->phase != INVENTORY_ABSENT, known = list_has_file(device);
	json_t *json;

	node_block_path(block, device->id);
	node_char_path(character, device->id);
	json = json_pack("{s:i, s:s, s:s, s:s, s:b, s:s, s:b, s:s, s:I, s:i, s:i, s:i, s:i, s:b, s:I}", "id", device->id, "path", block,
			 "char_path", character, "state", inventory_phase_name(device), "exists", exists, "maker",
			 list_maker(device), "ours", inventory_is_ours(device), "state_file", inventory_file_name(device->file),
			 "size_bytes", (json_int_t)device->size_bytes, "queues", (int)device->queues, "depth",
			 (int)device->depth_tags, "max_io_bytes", (int)device->max_io_bytes, "server_pid", device->server.pid,
			 "server_alive", device->server_alive, "features", (json_int_t)device->features);
	if (!json)
		return NULL;
	if (known)
		json_object_update_new(json, json_pack("{s:s, s:s, s:i, s:b, s:b, s:b, s:b, s:b, s:s}", "backend",
						       device->state.backend, "backing_path", device->state.path, "block_bytes",
						       (int)device->state.block_bytes, "read_only", device->state.read_only,
						       "no_discard", device->state.no_discard, "get_data", device->state.get_data,
						       "buffered", device->state.buffered, "foreground", device->state.foreground,
						       "program", device->state.program));
	json_object_set_new(json, "recovery", json_string(list_recovery(device)));
	if (list_remedy(device)[0])
		json_object_set_new(json, "remedy", json_sprintf("%s %d", list_remedy(device), device->id));
	if (known && device->state.shm[0])
		json_object_set_new(json, "shm", json_string(device->state.shm));
	if (device->why[0])
		json_object_set_new(json, "state_file_error", json_string(device->why));
	return json;
}

static int list_print_json(json_t *json)
{
	if (!json || json_dumpf(json, stdout, JSON_INDENT(2)) < 0) {
		json_decref(json);
		say_error("cannot print JSON: not enough memory, or the output is closed");
		return SAY_FAILED;
	}
	json_decref(json);
	printf("\n");
	return say_finish();
}

/* ---- all ----------------------------------------------------------------------------------- */

static void list_line(const struct inventory_device *device)
{
	char block[NODE_PATH_BYTES], size[SIZE_TEXT_BYTES], pid[16] = "-";

	node_block_path(block, device->id);
	size_format(device->size_bytes, size);
	if (device->server_alive)
		snprintf(pid, sizeof(pid), "%d", device->server.pid);
	printf("%4d  %-14s %-9s %-10s %-8s %8s %6u %6u %8s  %s\n", device->id, block, inventory_phase_name(device), list_maker(device),
	       list_backend(device), device->size_bytes ? size : "-", device->queues, device->depth_tags, pid,
	       inventory_file_name(device->file));
}

/* What a line cannot hold: what to do with an orphan, a damaged file, a file left behind. */
static void list_remark(const struct inventory_device *device)
{
	if (list_remedy(device)[0])
		say_error("device %d has lost its server: `%s %d`", device->id, list_remedy(device), device->id);
	if (device->file == INVENTORY_DAMAGED)
		say_error("%s/%d.json is damaged: %s; `refublk del %d` removes it with the device", STATE_FOLDER, device->id, device->why,
			  device->id);
	else if (device->phase == INVENTORY_ABSENT || device->file == INVENTORY_FOREIGN)
		say_error("%s/%d.json is left over from a device that is gone; `refublk del %d` removes it%s", STATE_FOLDER, device->id,
			  device->id, device->phase == INVENTORY_ABSENT ? "" : " with the device that has its number now");
}

static int list_each(const struct inventory *inventory, json_t *array)
{
	int32_t *ids = calloc(INVENTORY_ROOM, sizeof(*ids));
	int count = ids ? inventory_ids(inventory, ids, INVENTORY_ROOM) : -1;
	int status = count < 0 ? SAY_FAILED : SAY_OK;

	if (!array && count > 0)
		printf("%4s  %-14s %-9s %-10s %-8s %8s %6s %6s %8s  %s\n", "ID", "DEVICE", "STATE", "MAKER", "BACKEND", "SIZE", "QUEUES", "DEPTH",
		       "SERVER", "STATE FILE");
	for (int i = 0; i < count; i++) {
		struct inventory_device device;
		int error = inventory_find(inventory, ids[i], &device);

		/* One that vanishes meanwhile is no error. */
		if (error && error != -ENODEV)
			status = SAY_FAILED;
		if (error)
			continue;
		if (array)
			json_array_append_new(array, list_json(&device));
		else
			list_line(&device);
		list_remark(&device);
	}
	free(ids);
	return status;
}

int list_run(const struct options *options)
{
	json_t *array = options->json ? json_array() : NULL;
	struct inventory inventory;
	int status;

	if (inventory_open(&inventory, say_log(options->verbose))) {
		json_decref(array);
		return SAY_FAILED;
	}
	status = list_each(&inventory, array);
	inventory_close(&inventory);
	if (options->json && list_print_json(array) != SAY_OK)
		return SAY_FAILED;
	return say_finish() == SAY_OK ? status : SAY_FAILED;
}

/* ---- one ----------------------------------------------------------------------------------- */

static void list_details(const struct inventory_device *device)
{
	const struct state *state = &device->state;
	char size[SIZE_TEXT_BYTES];

	if (device->size_bytes)
		printf("size        %" PRIu64 " bytes (%s)\n", device->size_bytes, size_format(device->size_bytes, size));
	if (device->phase != INVENTORY_ABSENT)
		printf("queues      %u, depth %u, max I/O %s\n", device->queues, device->depth_tags,
		       size_format(device->max_io_bytes, size));
	if (device->phase != INVENTORY_ABSENT)
		printf("recovery    %s\n", list_recovery(device));
	if (device->server.pid > 0)
		printf("server      process %d%s\n", device->server.pid, device->server_alive ? "" : ", which is gone");
	if (!list_has_file(device))
		return;
	printf("backend     %s%s%s%s%s%s\n", state->backend, state->path[0] ? " " : "", state->path, state->buffered ? ", buffered" : "",
	       state->shm[0] ? " in " MEM_SHM_FOLDER "/" MEM_SHM_PREFIX : "", state->shm);
	printf("block       %s%s%s%s\n", size_format(state->block_bytes, size), state->read_only ? ", read-only" : "",
	       state->no_discard ? ", no discard" : "", state->get_data ? ", get-data" : "");
	printf("program     refublk %s, %s\n", state->program, state->foreground ? "in the foreground" : "a daemon");
}

static void list_show(const struct inventory_device *device, const struct holders *holders)
{
	char block[NODE_PATH_BYTES], character[NODE_PATH_BYTES];

	node_block_path(block, device->id);
	node_char_path(character, device->id);
	printf("device      %s, %s\nstate       %s\nmaker       %s\n", block, character, inventory_phase_name(device), list_maker(device));
	list_details(device);
	printf("state file  %s%s%s\n", inventory_file_name(device->file), device->why[0] ? ": " : "", device->why);
	if (list_remedy(device)[0])
		printf("remedy      %s %d\n", list_remedy(device), device->id);
	printf("features    0x%" PRIx64 "\n", device->features);
	for (uint32_t i = 0; i < holders->count && i < HOLDERS_KEPT; i++)
		printf("in use      %s\n", holders->texts[i]);
	if (holders->count > HOLDERS_KEPT)
		printf("in use      and %u more\n", holders->count - HOLDERS_KEPT);
}

static int list_show_json(const struct inventory_device *device, const struct holders *holders)
{
	json_t *json = list_json(device), *array = json_array();

	for (uint32_t i = 0; i < holders->count && i < HOLDERS_KEPT; i++)
		json_array_append_new(array, json_string(holders->texts[i]));
	json_object_set_new(json, "holders", array);
	return list_print_json(json);
}

int list_run_one(const struct options *options)
{
	struct inventory inventory;
	struct inventory_device device;
	struct holders holders;
	int error;

	if (inventory_open(&inventory, say_log(options->verbose)))
		return SAY_FAILED;
	error = inventory_find(&inventory, options->target, &device);
	inventory_close(&inventory);
	if (error == -ENODEV) {
		say_error("there is no ublk device %d; `refublk list` shows those that exist", options->target);
		return SAY_NO_DEVICE;
	}
	if (error)
		return SAY_FAILED;
	holders_find("", options->target, &holders);
	if (options->json)
		return list_show_json(&device, &holders);
	list_show(&device, &holders);
	return say_finish();
}
