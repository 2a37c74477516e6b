/* refublk_resize(): the order in which the queues' limit and the kernel's size change. On the caller's thread, with a
 * control of its own: the control plane stays free for what happens meanwhile. */
#include <errno.h>

#include "admin.h"
#include "reason.h"
#include "run.h"

static int resize_check(const struct refublk *device, uint64_t size_bytes)
{
	struct params_config config = device->config;

	config.size_bytes = size_bytes;
	return params_check(config) == PARAMS_ACCEPTED ? 0 : -EINVAL;
}

static int resize_tell_kernel(const struct refublk *device, uint64_t size_bytes)
{
	struct control *control;
	int error = control_open(&control, device->log);

	if (error)
		return error;
	error = admin_resize(control, device->log, device->info.dev_id, size_bytes);
	control_close(control);
	return error;
}

/* The queues' limit is never below the kernel's size: what a client may ask for is never refused. (R88) */
static int resize_in_order(struct refublk *device, uint64_t size_bytes)
{
	const uint64_t before_bytes = atomic_load(&device->size_bytes);
	int error;

	if (size_bytes > before_bytes)
		atomic_store(&device->size_bytes, size_bytes);
	error = resize_tell_kernel(device, size_bytes);
	/* Without an answer the kernel may have, or get, either size. */
	if (!error)
		atomic_store(&device->size_bytes, size_bytes);
	else if (error != -ETIMEDOUT)
		atomic_store(&device->size_bytes, before_bytes);
	return error;
}

int refublk_resize(struct refublk *device, uint64_t size_bytes)
{
	int error = resize_check(device, size_bytes);

	if (!error && atomic_exchange(&device->resizing, true))
		error = -EBUSY;
	if (error) {
		reason_say(device->log, REFUBLK_ERROR, REASON_RESIZE, device->block_path, error);
		return error;
	}
	error = resize_in_order(device, size_bytes);
	atomic_store(&device->resizing, false);
	return error;
}
