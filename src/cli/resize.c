#include "resize.h"

#include <errno.h>
#include <string.h>

#include "admin.h"
#include "holders.h"
#include "inventory.h"
#include "node.h"
#include "reason.h"
#include "say.h"
#include "size.h"
#include "talk.h"

/* The server waits for the kernel, too. */
enum { RESIZE_LIMIT_MS = 45 * 1000 };

/* ---- may it be resized? -------------------------------------------------------------------- */

static int resize_check_server(const struct inventory_device *device)
{
	if (device->phase != INVENTORY_LIVE || !device->server_alive) {
		say_error("device %d is not live (%s): only a disk that is served can be resized", device->id,
			  inventory_phase_name(device));
		return device->phase == INVENTORY_ABSENT ? SAY_NO_DEVICE : SAY_FAILED;
	}
	if (device->file == INVENTORY_GOOD)
		return SAY_OK;
	say_error("device %d has no good state file of the refublk command: only its own server can resize it", device->id);
	return SAY_FAILED;
}

static int resize_check_kernel(const struct inventory *inventory)
{
	struct reason reason = reason_of(REASON_RESIZE, -EOPNOTSUPP);
	uint64_t features;

	if (admin_features(inventory->control, inventory->log, &features))
		return SAY_FAILED;
	if (features & UBLK_F_UPDATE_SIZE)
		return SAY_OK;
	say_error("cannot %s a disk: %s; %s", reason.attempt, reason.why, reason.remedy);
	return SAY_FAILED;
}

static int resize_check_size(const struct options *options, const struct inventory_device *device)
{
	const uint64_t size_bytes = options->device.size_bytes;
	char size[SIZE_TEXT_BYTES], block[SIZE_TEXT_BYTES];

	if (size_bytes % device->state.block_bytes == 0)
		return SAY_OK;
	return say_usage("a size of %s is no multiple of the disk's block of %s", size_format(size_bytes, size),
			 size_format(device->state.block_bytes, block));
}

/* What lies beyond the new end would be lost to them. */
static int resize_check_holders(const struct options *options, const struct inventory_device *device)
{
	char line[HOLDERS_LINE_BYTES];
	struct holders holders;

	if (options->force || options->device.size_bytes >= device->size_bytes)
		return SAY_OK;
	holders_settle(device->id, &holders);
	if (holders.count == 0)
		return SAY_OK;
	say_error("/dev/ublkb%d is in use: %s; it does not become smaller until that ends: shrink the file system, then unmount or "
		  "close it, or use --force and lose what lies behind the new end",
		  device->id, holders_line(&holders, line));
	return SAY_IN_USE;
}

/* ---- carrying it out ----------------------------------------------------------------------- */

static int resize_failed(const struct inventory_device *device, int error, const char *text)
{
	char path[NODE_PATH_BYTES];

	node_block_path(path, device->id);
	if (text[0])
		say_error("%s", text);
	else if (error == -EPROTONOSUPPORT)
		say_error("%s is served by another version of refublk (%s) that does not know this question", path,
			  device->state.program);
	else
		reason_say(say_log(false), REFUBLK_ERROR, REASON_RESIZE, path, error);
	return error == -EINVAL ? SAY_USAGE : SAY_FAILED;
}

static int resize_ask(const struct options *options, const struct inventory_device *device)
{
	struct talk_question question = talk_ask(TALK_RESIZE, options->device.size_bytes);
	struct talk_answer answer;
	int error = talk_to(STATE_FOLDER, device->id, question, RESIZE_LIMIT_MS, &answer);

	if (error) {
		say_error("cannot ask the server of device %d, process %d, for another size: %s; look with `refublk info %d` which it "
			  "has",
			  device->id, device->server.pid, strerror(-error), device->id);
		return SAY_FAILED;
	}
	return answer.error ? resize_failed(device, answer.error, answer.text) : SAY_OK;
}

static int resize_one(const struct options *options, const struct inventory *inventory)
{
	struct inventory_device device;
	int error = inventory_find(inventory, options->target, &device);
	int status;

	if (error == -ENODEV) {
		say_error("there is no ublk device %d; `refublk list` shows those that exist", options->target);
		return SAY_NO_DEVICE;
	}
	if (error)
		return SAY_FAILED;
	status = resize_check_server(&device);
	if (status == SAY_OK)
		status = resize_check_size(options, &device);
	if (status == SAY_OK)
		status = resize_check_kernel(inventory);
	if (status == SAY_OK)
		status = resize_check_holders(options, &device);
	return status == SAY_OK ? resize_ask(options, &device) : status;
}

int resize_run(const struct options *options)
{
	struct inventory inventory;
	int status;

	if (inventory_open(&inventory, say_log(options->verbose)))
		return SAY_FAILED;
	status = resize_one(options, &inventory);
	inventory_close(&inventory);
	return status;
}
