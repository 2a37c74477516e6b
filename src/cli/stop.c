#include "stop.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "admin.h"
#include "await.h"
#include "clock.h"
#include "holders.h"
#include "inventory.h"
#include "listen.h"
#include "mem_shm.h"
#include "node.h"
#include "say.h"
#include "sync.h"

enum {
	STOP_NOTICE_MS = 5 * 1000,  /* after this long somebody wants to know what is waited for */
	STOP_SYNC_MS = 60 * 1000,
	STOP_SERVER_MS = 60 * 1000,
	STOP_SLICE_MS = 200,
	STOP_LAST_USER_MS = 3 * 1000,
	STOP_KERNEL_MS = 15 * 1000,
};

static const char *stop_server_name(const struct inventory_device *device, char *text, size_t size)
{
	char name[PROCESS_NAME_BYTES];

	if (device->server.pid > 0)
		snprintf(text, size, "process %d (%s)", device->server.pid, process_name(device->server.pid, name));
	else
		snprintf(text, size, "a process that nobody wrote down");
	return text;
}

/* ---- may it be stopped? -------------------------------------------------------------------- */

static int stop_check_owner(const struct options *options, const struct inventory_device *device)
{
	char server[80];

	if (options->any || inventory_is_ours(device) || inventory_is_orphan(device))
		return SAY_OK;
	say_error("device %d was not made by the refublk command and is served by %s: it stays; --any stops it all the same",
		  device->id, stop_server_name(device, server, sizeof(server)));
	return SAY_IN_USE;
}

static int stop_check_holders(const struct options *options, const struct inventory_device *device)
{
	char line[HOLDERS_LINE_BYTES];
	struct holders holders;

	if (options->force)
		return SAY_OK;
	holders_settle(device->id, &holders);
	if (holders.count == 0)
		return SAY_OK;
	say_error("/dev/ublkb%d is in use: %s; unmount or close it, or use --force and lose what is not written back", device->id,
		  holders_line(&holders, line));
	return SAY_IN_USE;
}

/* ---- the steps ----------------------------------------------------------------------------- */

/* STOP fails a recoverable device's dirty pages instead of writing them: so they are written first. */
static int stop_sync(const struct options *options, const struct inventory_device *device) /* R47 */
{
	char path[NODE_PATH_BYTES], word = SYNC_FAILED;
	struct pollfd poller = { .events = POLLIN };
	int waited_ms = 0;

	if (!device->server_alive || device->phase != INVENTORY_LIVE)
		return SAY_OK;
	node_block_path(path, device->id);
	poller.fd = sync_begin(path);
	while (poller.fd >= 0 && poll(&poller, 1, STOP_NOTICE_MS) <= 0 && waited_ms < STOP_SYNC_MS && !options->force) {
		waited_ms += STOP_NOTICE_MS;
		say_error("%s: still writing back after %d s: its backend is slow, or hangs; --force does not wait for it", path,
			  waited_ms / 1000);
	}
	/* The disk went while we looked: somebody else's stop, which has written back. */
	if (poller.fd == -ENOENT || poller.fd == -ENXIO)
		return SAY_OK;
	if (poller.fd < 0)
		say_error("cannot write %s back: %s; --force stops it all the same", path, strerror(-poller.fd));
	else if (poll(&poller, 1, 0) == 1 && read(poller.fd, &word, 1) == 1 && word == SYNC_FAILED)
		say_error("%s: not everything could be written back; --force stops it all the same", path);
	if (poller.fd >= 0)
		close(poller.fd);
	/* A server that has died meanwhile leaves nothing to be written to. */
	return word == SYNC_DONE || options->force || !process_alive(device->server) ? SAY_OK : SAY_FAILED;
}

static bool stop_disk_is_gone(int32_t id)
{
	char path[64];

	snprintf(path, sizeof(path), "/sys/block/ublkb%d", id);
	return access(path, F_OK) < 0;
}

/* Waits for the server's end, or until nothing but a user that has the gone disk open keeps it: 0 or -ETIMEDOUT. */
static int stop_await_server(const struct inventory_device *device, int pidfd)
{
	uint64_t begin = clock_ms(), gone = 0, said = begin;

	while (await_readable(pidfd, STOP_SLICE_MS) == -ETIMEDOUT) {
		uint64_t now = clock_ms();

		if (gone == 0 && stop_disk_is_gone(device->id))
			gone = now;
		if (gone && now - gone > STOP_LAST_USER_MS) {
			say_error("device %d: the disk is gone; its number is free again, and its server ends, when the last process that has "
				  "it open closes it",
				  device->id);
			return 0;
		}
		if (now - begin > STOP_SERVER_MS)
			return -ETIMEDOUT;
		if (now - said < STOP_NOTICE_MS)
			continue;
		said = now;
		say_error("device %d: its server, process %d, has not ended after %d s: I/O is under way, or its backend hangs; its log "
			  "says more",
			  device->id, device->server.pid, (int)((now - begin) / 1000));
	}
	return 0;
}

/* The server finishes what is under way and takes the device down itself. */
static int stop_server(const struct inventory_device *device)
{
	int pidfd = process_open(device->server), error;

	if (pidfd == -ESRCH)
		return SAY_OK;
	if (pidfd < 0 || syscall(SYS_pidfd_send_signal, pidfd, SIGTERM, NULL, 0) < 0) {
		error = pidfd < 0 ? -pidfd : errno;
		say_error("cannot signal the server of device %d, process %d: %s", device->id, device->server.pid, strerror(error));
		if (pidfd >= 0)
			close(pidfd);
		return error == ESRCH ? SAY_OK : SAY_FAILED;
	}
	error = stop_await_server(device, pidfd);
	close(pidfd);
	if (!error)
		return SAY_OK;
	say_error("device %d: given up waiting; `kill -9 %d` and then `refublk del %d` end it, and lose what is not written",
		  device->id, device->server.pid, device->id);
	return SAY_FAILED;
}

/* What the kernel still has of it goes, in the only safe order. */
static int stop_delete(struct inventory *inventory, const struct inventory_device *device)
{
	int error = inventory->control ? admin_del(inventory->control, inventory->log, (uint32_t)device->id, STOP_KERNEL_MS) :
					 -ENODEV;

	if (error == 0 || error == -ENODEV)
		return SAY_OK;
	/* After a command that stays in flight the control takes no other. */
	if (error == -ETIMEDOUT) {
		control_close(inventory->control);
		inventory->control = NULL;
		if (control_open(&inventory->control, inventory->log))
			inventory->control = NULL;
	}
	return SAY_FAILED;
}

/* The content that was kept for a recovery: nobody can want it any more. */
static void stop_remove_content(const struct state *state)
{
	int folder_fd = state->shm[0] && mem_shm_name_good(state->shm) ? mem_shm_folder() : -1;

	if (folder_fd < 0)
		return;
	(void)mem_shm_remove(folder_fd, state->shm);
	close(folder_fd);
}

/* Of a device that is gone. */
static int stop_remove_file(const struct inventory *inventory, const struct inventory_device *device)
{
	const int32_t id = device->id;
	int error;

	if (device->file == INVENTORY_GOOD)
		stop_remove_content(&device->state);
	error = inventory->folder_fd < 0 ? 0 : listen_remove(inventory->folder_fd, id);

	if (!error && inventory->folder_fd >= 0)
		error = state_remove(inventory->folder_fd, id);
	if (!error)
		return SAY_OK;
	say_error("cannot remove %s/%d.json: %s", STATE_FOLDER, id, strerror(-error));
	return SAY_FAILED;
}

/* ---- one and all --------------------------------------------------------------------------- */

static int stop_unknown(int32_t id)
{
	say_error("there is no ublk device %d; `refublk list` shows those that exist", id);
	return SAY_NO_DEVICE;
}

/* Everything up to the end of its server. */
static int stop_begin(const struct options *options, const struct inventory_device *device)
{
	int status = stop_check_owner(options, device);

	if (status == SAY_OK)
		status = stop_check_holders(options, device);
	if (status == SAY_OK)
		status = stop_sync(options, device);
	if (status == SAY_OK && inventory_is_ours(device) && device->server_alive)
		status = stop_server(device);
	return status;
}

/* A server that was asked takes its device along: what is still to be done is done by it, and a number that is free
 * again may be a new device's by now, which is not touched. */
static bool stop_is_over(const struct inventory *inventory, const struct inventory_device *before)
{
	struct inventory_device now;

	if (!inventory_is_ours(before) || !before->server_alive)
		return false;
	if (process_alive(before->server))
		return true;
	return inventory_find(inventory, before->id, &now) == 0 && now.server.pid != before->server.pid;
}

static int stop_one(const struct options *options, struct inventory *inventory, int32_t id)
{
	struct inventory_device device;
	int error = inventory_find(inventory, id, &device);
	int status = SAY_OK;

	if (error)
		return error == -ENODEV ? stop_unknown(id) : SAY_FAILED;
	if (device.phase == INVENTORY_ABSENT)
		return options->command == OPTIONS_STOP ? stop_unknown(id) : stop_remove_file(inventory, &device);
	status = stop_begin(options, &device);
	if (status == SAY_OK && !stop_is_over(inventory, &device)) {
		status = stop_delete(inventory, &device);
		if (status == SAY_OK)
			status = stop_remove_file(inventory, &device);
	}
	if (status == SAY_OK)
		log_say(inventory->log, REFUBLK_INFO, "device %d is gone", id);
	return status;
}

/* Of several devices: those that are ours, or with --any every one. What vanishes meanwhile is what was wanted. */
static int stop_all(const struct options *options, struct inventory *inventory)
{
	int32_t *ids = calloc(INVENTORY_ROOM, sizeof(*ids));
	int count = ids ? inventory_ids(inventory, ids, INVENTORY_ROOM) : 0;
	int status = ids ? SAY_OK : SAY_FAILED;

	for (int i = 0; i < count; i++) {
		struct inventory_device device;
		int error = inventory_find(inventory, ids[i], &device), one;

		if (error == -ENODEV || (!error && device.phase == INVENTORY_ABSENT && options->command == OPTIONS_STOP))
			continue;
		if (!error && !options->any && !inventory_is_ours(&device)) {
			log_say(inventory->log, REFUBLK_INFO, "device %d is not refublk's: it stays", ids[i]);
			continue;
		}
		one = error ? SAY_FAILED : stop_one(options, inventory, ids[i]);
		if (status == SAY_OK && one != SAY_NO_DEVICE)
			status = one;
	}
	free(ids);
	return status;
}

int stop_run(const struct options *options)
{
	struct inventory inventory;
	int status;

	if (inventory_open(&inventory, say_log(options->verbose)))
		return SAY_FAILED;
	status = options->all ? stop_all(options, &inventory) : stop_one(options, &inventory, options->target);
	inventory_close(&inventory);
	return status;
}
