/* The functions of refublk.h: a device's memory and descriptors, and its life from start to free. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "check.h"
#include "reason.h"
#include "run.h"
#include "start.h"
#include "takeover.h"

/* ---- a device's memory and descriptors ----------------------------------------------------- */

/* Room for all that can be under way: each queue's READY, FULL and end, one STOP and one HAND_OVER. */
static int public_make_pipe(struct refublk *device)
{
	const size_t bytes = (3 * (size_t)device->config.queues + 2) * sizeof(struct report);
	int ends[2];

	if (pipe2(ends, O_CLOEXEC | O_NONBLOCK))
		return -errno;
	device->report_read_fd = ends[0];
	device->report_write_fd = ends[1];
	return fcntl(ends[1], F_SETPIPE_SZ, (int)bytes) < 0 ? -errno : 0;
}

static int public_open_trace(struct refublk *device, const char *path)
{
	device->trace_fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC, 0600);
	if (device->trace_fd < 0) {
		int error = -errno;

		reason_say(device->log, REFUBLK_ERROR, REASON_OPEN_TRACE, path, error);
		return error;
	}
	return 0;
}

static void public_close(int fd)
{
	if (fd >= 0)
		close(fd);
}

static int public_new(struct refublk **device, struct params_config config, struct log log)
{
	struct refublk *made = calloc(1, sizeof(*made));
	int error;

	if (!made)
		return -ENOMEM;
	made->queues = calloc(config.queues, sizeof(struct queue *));
	made->config = config;
	atomic_init(&made->size_bytes, config.size_bytes);
	made->log = log;
	made->report_read_fd = -1;
	made->report_write_fd = -1;
	made->trace_fd = -1;
	made->char_fd = -1;
	/* Until the kernel has given the number. */
	snprintf(made->block_path, sizeof(made->block_path), "/dev/ublkb?");
	snprintf(made->char_path, sizeof(made->char_path), "/dev/ublkc?");
	if (config.id >= 0) {
		node_block_path(made->block_path, config.id);
		node_char_path(made->char_path, config.id);
	}
	error = made->queues ? public_make_pipe(made) : -ENOMEM;
	if (error)
		refublk_free(made);
	else
		*device = made;
	return error;
}

/* ---- the public functions ------------------------------------------------------------------ */

struct refublk_options refublk_defaults(void)
{
	return (struct refublk_options){ .id = -1 };
}

const char *refublk_version(void)
{
	return REFUBLK_VERSION;
}

void refublk_free(struct refublk *device)
{
	if (!device)
		return;
	CHECK(device->state.phase == DEVICE_ABSENT || device->state.phase == DEVICE_OVER);
	control_close(device->control);
	public_close(device->trace_fd);
	public_close(device->report_write_fd);
	public_close(device->report_read_fd);
	free(device->queues);
	free(device);
}

/* A disk that was taken over has been there all the time, and a stop after that is no failure to take it over. */
static void public_bring_up(struct refublk *device, const struct takeover *takeover)
{
	if (takeover) {
		device->info = takeover->info;
		device->params = takeover->params;
		run_recover(device);
		return;
	}
	run_start(device);
	if (device->state.phase == DEVICE_LIVE)
		run_find_block(device);
	/* A stop that came while the device came up counts for the start. */
	if (atomic_load(&device->stop_wanted))
		run_to_end(device);
}

static int public_run(struct refublk *device, const struct refublk_options *options, const struct takeover *takeover)
{
	int error = options->trace_path ? public_open_trace(device, options->trace_path) : 0;

	if (!error)
		error = control_open(&device->control, device->log);
	if (error)
		return error;
	public_bring_up(device, takeover);
	if (device->state.phase == DEVICE_LIVE) {
		run_keep(device);
		return 0;
	}
	run_to_end(device);
	if (device->failure)
		return device->failure;
	return atomic_load(&device->stop_wanted) ? -EINTR : -ENODEV;
}

/* takeover: NULL for a new device. */
static int public_serve(struct refublk **device, const struct refublk_options *options,
			const struct refublk_backend *backend, void *backend_context, struct params_config config,
			const struct takeover *takeover)
{
	const struct log log = { .function = options->log, .context = options->log_context };
	struct refublk *made;
	int error = public_new(&made, config, log);

	if (error) {
		reason_say(log, REFUBLK_ERROR, REASON_PREPARE, "", error);
		return error;
	}
	made->backend = backend;
	made->backend_context = backend_context;
	/* From here a signal handler may stop the start; taken back before what it points to goes. */
	__atomic_store_n(device, made, __ATOMIC_SEQ_CST);
	error = public_run(made, options, takeover);
	if (error) {
		__atomic_store_n(device, NULL, __ATOMIC_SEQ_CST);
		refublk_free(made);
	}
	return error;
}

int refublk_start(struct refublk **device, const struct refublk_options *options,
		  const struct refublk_backend *backend, void *backend_context)
{
	int error = start_check(options, backend);

	*device = NULL;
	if (error)
		return error;
	return public_serve(device, options, backend, backend_context, start_config(options, backend), NULL);
}

int refublk_recover(struct refublk **device, const struct refublk_options *options,
		    const struct refublk_backend *backend, void *backend_context)
{
	struct takeover takeover;
	int error = takeover_look(&takeover, options, backend);

	*device = NULL;
	if (error)
		return error;
	return public_serve(device, options, backend, backend_context, takeover.config, &takeover);
}

int refublk_wait(struct refublk *device)
{
	run_to_end(device);
	return device->failure ? -EIO : 0;
}

bool refublk_left(const struct refublk *device)
{
	return device->state.phase == DEVICE_OVER && device->state.recovery && !device->deleted;
}

void refublk_stop(struct refublk *device)
{
	/* One report, however many signals: the pipe has room for one. */
	if (device && !atomic_exchange(&device->stop_wanted, true))
		report_send(device->report_write_fd, (struct report){ .kind = REPORT_STOP });
}

void refublk_complete(struct refublk *device, uint64_t token, struct refublk_outcome outcome)
{
	const uint16_t qid = queue_of_token(token);

	/* An unknown token is a second answer, or none of ours: there is nobody to hand it to. */
	if (qid < device->config.queues && device->queues[qid])
		queue_complete(device->queues[qid], token, outcome);
}

int refublk_id(const struct refublk *device)
{
	return (int)device->info.dev_id;
}

const char *refublk_block_path(const struct refublk *device)
{
	return device->block_path;
}

const char *refublk_char_path(const struct refublk *device)
{
	return device->char_path;
}
