#include "inventory.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "admin.h"
#include "mark.h"
#include "openers.h"
#include "size.h"
#include "text.h"
#include "units.h"

#define INVENTORY_CLASS "/sys/class/ublk-char"

/* ---- the join ------------------------------------------------------------------------------ */

static uint32_t inventory_file_of(const struct inventory_fact *fact, int file_error, const struct state *state)
{
	if (file_error == -ENOENT)
		return INVENTORY_NO_FILE;
	if (file_error)
		return INVENTORY_DAMAGED;
	return fact && fact->mark != mark_of((uint32_t)state->maker_pid) ? INVENTORY_FOREIGN : INVENTORY_GOOD;
}

struct inventory_device inventory_join(int32_t id, const struct inventory_fact *fact, int file_error,
				       const struct state *state, const char *why)
{
	struct inventory_device device = { .id = id, .phase = INVENTORY_ABSENT };

	device.file = inventory_file_of(fact, file_error, state);
	if (device.file == INVENTORY_DAMAGED)
		snprintf(device.why, sizeof(device.why), "%s", why);
	if (device.file == INVENTORY_GOOD) {
		device.state = *state;
		device.server = state->server;
	}
	if (!fact)
		return device;
	device.phase = fact->phase;
	device.features = fact->features;
	device.queues = fact->queues;
	device.depth_tags = fact->depth_tags;
	device.max_io_bytes = fact->max_io_bytes;
	device.marked = mark_is_ours(fact->mark);
	device.maker_pid = device.marked ? (int32_t)mark_pid(fact->mark) : 0;
	/* The kernel forgets a server that is gone, and does not know one before START; the mark remembers the maker. */
	if (device.file != INVENTORY_GOOD)
		device.server = process_find(fact->pid > 0 ? fact->pid : device.maker_pid);
	/* One that waits for a server has none, whoever has its maker's pid by now; who has it open is looked for. */
	device.server_alive = process_alive(device.server) &&
			      (device.file == INVENTORY_GOOD ||
			       (fact->phase != INVENTORY_QUIESCED && fact->phase != INVENTORY_FAIL_IO));
	return device;
}

bool inventory_is_ours(const struct inventory_device *device)
{
	if (device->phase == INVENTORY_ABSENT)
		return true;
	if (device->file == INVENTORY_GOOD)
		return true;
	return device->marked && (device->file == INVENTORY_DAMAGED || !device->server_alive || device->by_command);
}

bool inventory_is_orphan(const struct inventory_device *device)
{
	bool exists = device->phase != INVENTORY_ABSENT && device->phase != INVENTORY_UNKNOWN;

	return exists && !device->server_alive && device->server.pid > 0;
}

bool inventory_is_recoverable(const struct inventory_device *device)
{
	return inventory_is_orphan(device) && (device->features & UBLK_F_USER_RECOVERY) && device->phase != INVENTORY_DEAD &&
	       device->marked;
}

/* ---- the kernel ---------------------------------------------------------------------------- */

static uint32_t inventory_phase_of(uint32_t state)
{
	switch (state) {
	case UBLK_S_DEV_LIVE:
		return INVENTORY_LIVE;
	case UBLK_S_DEV_DEAD:
		return INVENTORY_DEAD;
	case UBLK_S_DEV_QUIESCED:
		return INVENTORY_QUIESCED;
	case UBLK_S_DEV_FAIL_IO:
		return INVENTORY_FAIL_IO;
	default:
		return INVENTORY_UNKNOWN;
	}
}

static uint64_t inventory_size(int32_t id)
{
	char path[64], text[32];
	struct size sectors;

	snprintf(path, sizeof(path), "/sys/block/ublkb%d/size", id);
	text_read(path, text, sizeof(text));
	sectors = size_parse_number(text);
	return sectors.verdict == SIZE_ACCEPTED ? units_bytes(sectors.value) : 0;
}

/* 0, -ENODEV, or another -errno, logged. */
static int inventory_ask(const struct inventory *inventory, int32_t id, struct inventory_fact *fact)
{
	struct ublksrv_ctrl_dev_info info;
	int error = inventory->control ? admin_info(inventory->control, inventory->log, (uint32_t)id, &info) : -ENODEV;

	if (error)
		return error;
	*fact = (struct inventory_fact){
		.features = info.flags,
		.mark = info.ublksrv_flags,
		.phase = inventory_phase_of(info.state),
		.queues = info.nr_hw_queues,
		.depth_tags = info.queue_depth,
		.max_io_bytes = info.max_io_buf_bytes,
		.pid = info.ublksrv_pid,
	};
	return 0;
}

/* Whoever has the character device open serves it, whatever a pid that was written down says: it may be of another pid
 * namespace, or be somebody else's by now. */
static void inventory_find_server(struct inventory_device *device)
{
	char path[64], text[32];
	uint32_t major, minor;
	int32_t pid;

	snprintf(path, sizeof(path), INVENTORY_CLASS "/ublkc%d/dev", device->id);
	if (device->server_alive || !text_read(path, text, sizeof(text)) || sscanf(text, "%u:%u", &major, &minor) != 2)
		return;
	pid = openers_of_char(major, minor);
	if (pid == 0)
		return;
	device->server = process_find(pid);
	device->server_alive = process_alive(device->server);
}

/* A server that could not write its state file is known by its name and the mark. */
static bool inventory_is_command(const struct inventory_device *device)
{
	static const char *const names[] = { "refublk", "ublk-mem", "ublk-file" };
	char name[PROCESS_NAME_BYTES];

	process_name(device->server.pid, name);
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (strcmp(name, names[i]) == 0)
			return device->server_alive;
	}
	return false;
}

int inventory_open(struct inventory *inventory, struct log log)
{
	*inventory = (struct inventory){ .log = log };
	if (access(CONTROL_PATH, F_OK) == 0) {
		int error = control_open(&inventory->control, log);

		if (error)
			return error;
	}
	inventory->folder_fd = state_open_folder(false);
	return 0;
}

void inventory_close(struct inventory *inventory)
{
	control_close(inventory->control);
	if (inventory->folder_fd >= 0)
		close(inventory->folder_fd);
}

int inventory_find(const struct inventory *inventory, int32_t id, struct inventory_device *device)
{
	char why[STATE_WHY_BYTES] = "";
	struct inventory_fact fact;
	struct state state;
	int file_error = inventory->folder_fd < 0 ? -ENOENT : state_read(inventory->folder_fd, id, &state, why);
	int error = inventory_ask(inventory, id, &fact);

	if (error && error != -ENODEV)
		return error;
	if (error && file_error == -ENOENT)
		return -ENODEV;
	*device = inventory_join(id, error ? NULL : &fact, file_error, &state, why);
	if (error)
		return 0;
	device->size_bytes = inventory_size(id);
	inventory_find_server(device);
	device->by_command = inventory_is_command(device);
	return 0;
}

static int inventory_compare(const void *left, const void *right)
{
	int32_t a = *(const int32_t *)left, b = *(const int32_t *)right;

	return (a > b) - (a < b);
}

int inventory_ids(const struct inventory *inventory, int32_t *ids, int room)
{
	int count = inventory->folder_fd < 0 ? 0 : state_ids(inventory->folder_fd, ids, room), unique = 0;
	DIR *entries = opendir(INVENTORY_CLASS);
	struct dirent *entry;

	if (count < 0)
		count = 0;
	if (count > room)
		count = room;
	while (entries && count < room && (entry = readdir(entries))) {
		if (sscanf(entry->d_name, "ublkc%d", &ids[count]) == 1)
			count++;
	}
	if (entries)
		closedir(entries);
	qsort(ids, (size_t)count, sizeof(ids[0]), inventory_compare);
	for (int i = 0; i < count; i++) {
		if (unique == 0 || ids[i] != ids[unique - 1])
			ids[unique++] = ids[i];
	}
	return unique;
}

/* ---- names --------------------------------------------------------------------------------- */

const char *inventory_phase_name(const struct inventory_device *device)
{
	static const char *const names[INVENTORY_PHASES] = {
		[INVENTORY_LIVE] = "live",
		[INVENTORY_DEAD] = "dead",
		[INVENTORY_QUIESCED] = "quiesced",
		[INVENTORY_FAIL_IO] = "fail-io",
		[INVENTORY_UNKNOWN] = "unknown",
		[INVENTORY_ABSENT] = "gone",
	};

	if (inventory_is_orphan(device))
		return "orphan";
	return device->phase < INVENTORY_PHASES ? names[device->phase] : "unknown";
}

const char *inventory_file_name(uint32_t file)
{
	static const char *const names[INVENTORY_FILES] = {
		[INVENTORY_NO_FILE] = "none",
		[INVENTORY_GOOD] = "good",
		[INVENTORY_FOREIGN] = "stale",
		[INVENTORY_DAMAGED] = "damaged",
	};

	return file < INVENTORY_FILES ? names[file] : "none";
}
