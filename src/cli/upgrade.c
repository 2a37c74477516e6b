#include "upgrade.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "await.h"
#include "clock.h"
#include "fill.h"
#include "handover.h"
#include "inventory.h"
#include "recover.h"
#include "say.h"
#include "talk.h"

/* The old server answers a question at once, and what is open as soon as its backend has. */
enum { UPGRADE_ANSWER_MS = 10 * 1000, UPGRADE_NOTICE_MS = 5 * 1000, UPGRADE_LEAVE_MS = 60 * 1000, UPGRADE_LOOK_MS = 50 };

/* ---- may it be upgraded? ------------------------------------------------------------------- */

static int upgrade_check_server(const struct inventory_device *device)
{
	if (device->phase == INVENTORY_ABSENT) {
		say_error("there is no ublk device %d; `refublk list` shows those that exist", device->id);
		return SAY_NO_DEVICE;
	}
	if (device->phase != INVENTORY_LIVE || !device->server_alive) {
		say_error("device %d is not live (%s): what has no server is not upgraded, but recovered", device->id,
			  inventory_phase_name(device));
		return SAY_FAILED;
	}
	if (device->file == INVENTORY_GOOD)
		return SAY_OK;
	say_error("device %d has no good state file of the refublk command: its next server could not know what it serves", device->id);
	return SAY_FAILED;
}

static int upgrade_check_device(const struct inventory_device *device)
{
	const char *why;

	if (handover_check(device->features, &why) == 0)
		return SAY_OK;
	say_error("device %d cannot be handed over: %s", device->id, why);
	return SAY_FAILED;
}

/* What the next server will open, while the old one still serves. */
static int upgrade_check_backend(const struct inventory_device *device)
{
	const struct state *state = &device->state;

	if (!state->path[0] || access(state->path, state->read_only ? R_OK : R_OK | W_OK) == 0)
		return SAY_OK;
	say_error("device %d: its next server could not open %s: %s", device->id, state->path, strerror(errno));
	return SAY_FAILED;
}

static int upgrade_check(const struct options *options, struct inventory_device *device)
{
	struct inventory inventory;
	int status, error;

	if (inventory_open(&inventory, say_log(options->verbose)))
		return SAY_FAILED;
	error = inventory_find(&inventory, options->target, device);
	inventory_close(&inventory);
	if (error == -ENODEV)
		*device = (struct inventory_device){ .id = options->target, .phase = INVENTORY_ABSENT };
	else if (error)
		return SAY_FAILED;
	status = upgrade_check_server(device);
	if (status == SAY_OK)
		status = upgrade_check_device(device);
	return status == SAY_OK ? upgrade_check_backend(device) : status;
}

/* ---- carrying it out ----------------------------------------------------------------------- */

static int upgrade_ask(const struct inventory_device *device)
{
	struct talk_answer answer;
	int error = talk_to(STATE_FOLDER, device->id, talk_ask(TALK_HAND_OVER, 0), UPGRADE_ANSWER_MS, &answer);

	if (!error && !answer.error)
		return SAY_OK;
	if (error)
		say_error("cannot ask the server of device %d, process %d, to leave: %s; `refublk info %d` says whether it serves on",
			  device->id, device->server.pid, strerror(-error), device->id);
	else if (answer.error == -EPROTONOSUPPORT)
		say_error("device %d is served by refublk %s, which cannot hand it over: stop it, and add it again", device->id,
			  device->state.program);
	else
		say_error("device %d stays with process %d: %s", device->id, device->server.pid,
			  answer.text[0] ? answer.text : strerror(-answer.error));
	return SAY_FAILED;
}

/* Its backend is free when it has ended. fill: NULL, or what keeps its clients waiting. */
static int upgrade_await(const struct inventory_device *device, int pidfd, struct fill *fill)
{
	const uint64_t begin_ms = clock_ms();
	uint32_t said_ms = 0;

	while (await_readable(pidfd, UPGRADE_LOOK_MS) == -ETIMEDOUT) {
		const uint32_t waited_ms = (uint32_t)(clock_ms() - begin_ms);

		if (fill && fill_over(fill) && await_readable(pidfd, 0) == -ETIMEDOUT) {
			say_error("device %d stays with process %d: its queues could not be filled, its log says more; nothing has changed",
				  device->id, device->server.pid);
			return SAY_FAILED;
		}
		if (waited_ms - said_ms < UPGRADE_NOTICE_MS)
			continue;
		said_ms = waited_ms;
		say_error("device %d: process %d has not left after %u s: its backend is slow, or hangs; its log says more", device->id,
			  device->server.pid, waited_ms / 1000);
		if (waited_ms < UPGRADE_LEAVE_MS)
			continue;
		say_error("device %d: given up; its requests wait: when process %d has ended, by itself or by kill -9, `refublk recover "
			  "%d` serves them",
			  device->id, device->server.pid, device->id);
		return SAY_FAILED;
	}
	return SAY_OK;
}

static int upgrade_serve(struct options *options)
{
	int status;

	options->command = OPTIONS_RECOVER;
	status = recover_run(options);
	if (status != SAY_OK)
		say_error("device %d has no server: its requests wait, none has failed; mend what the line above says, or use the old "
			  "program: `refublk recover %d`",
			  options->target, options->target);
	return status;
}

/* fill: NULL where the driver can hold requests back. */
static int upgrade_move(struct options *options, const struct inventory_device *device, int pidfd, struct fill *fill)
{
	int status = upgrade_ask(device);

	if (status == SAY_OK && fill)
		status = fill_begin(fill);
	if (status == SAY_OK)
		status = upgrade_await(device, pidfd, fill);
	return status == SAY_OK ? upgrade_serve(options) : status;
}

static int upgrade_change(struct options *options, const struct inventory_device *device, int pidfd)
{
	const uint64_t begin_ms = clock_ms();
	const bool fills = handover_fills(device->features);
	unsigned int paused_ms;
	struct fill fill;
	int status = fills ? fill_prepare(&fill, &device->state) : SAY_OK;

	if (status != SAY_OK)
		return status;
	status = upgrade_move(options, device, pidfd, fills ? &fill : NULL);
	paused_ms = (unsigned int)(clock_ms() - begin_ms);
	if (fills)
		fill_end(&fill);
	if (status != SAY_OK)
		return status;
	printf("paused for %u ms\n", paused_ms);
	return say_finish();
}

int upgrade_run(struct options *options)
{
	struct inventory_device device;
	int status = upgrade_check(options, &device), pidfd;

	if (status != SAY_OK)
		return status;
	/* Of the process that is asked, and no later one with its number. */
	pidfd = process_open(device.server);
	if (pidfd < 0) {
		say_error("device %d has just lost its server: `refublk recover %d`", device.id, device.id);
		return SAY_FAILED;
	}
	status = upgrade_change(options, &device, pidfd);
	close(pidfd);
	return status;
}
