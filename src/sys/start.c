#include "start.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "check.h"
#include "reason.h"
#include "run.h"
#include "start.h"
#include "units.h"

#define START_IO_BYTES (UINT32_C(512) << 10)
#define START_PHYSICAL_BLOCK_BYTES UINT32_C(4096)

struct refublk_options refublk_defaults(void)
{
	return (struct refublk_options){ .id = -1 };
}

const char *refublk_version(void)
{
	return REFUBLK_VERSION;
}

/* ---- options ------------------------------------------------------------------------------- */

static uint64_t start_system(int name)
{
	long value = sysconf(name);

	return value > 0 ? (uint64_t)value : 1;
}

static uint32_t start_or(uint32_t value, uint32_t otherwise)
{
	return value ? value : otherwise;
}

static uint32_t start_flags(const struct refublk_options *options, const struct refublk_backend *backend)
{
	const bool writes = backend->write && !options->read_only;
	uint32_t flags = writes ? 0 : PARAMS_READ_ONLY;

	if (writes && backend->flush)
		flags |= PARAMS_VOLATILE_CACHE;
	if (writes && backend->flush && backend->honours_fua)
		flags |= PARAMS_FUA;
	if (writes && backend->discard && !options->no_discard)
		flags |= PARAMS_DISCARD;
	if (writes && backend->write_zeroes && !options->no_discard)
		flags |= PARAMS_WRITE_ZEROES;
	if (options->rotational)
		flags |= PARAMS_ROTATIONAL;
	if (options->get_data)
		flags |= PARAMS_GET_DATA;
	return flags;
}

struct params_config start_config(const struct refublk_options *options, const struct refublk_backend *backend)
{
	struct params_config config = {
		.size_bytes = options->size_bytes,
		.memory_limit_bytes = options->memory_limit_bytes,
		.page_bytes = start_system(_SC_PAGESIZE),
		.block_bytes = start_or(options->block_bytes, UNITS_SECTOR_BYTES),
		.max_io_bytes = start_or(options->max_io_bytes, START_IO_BYTES),
		.queues = start_or(options->queues, 1),
		.depth_tags = start_or(options->depth, 128),
		.flags = start_flags(options, backend),
		.id = options->id,
	};

	config.physical_block_bytes = start_or(options->physical_block_bytes, START_PHYSICAL_BLOCK_BYTES);
	config.discard_granularity_bytes = start_or(options->discard_granularity_bytes, config.block_bytes);
	if (!config.memory_limit_bytes)
		config.memory_limit_bytes = start_system(_SC_PHYS_PAGES) * config.page_bytes / 4;
	return config;
}

/* The value that a verdict is about. */
static uint64_t start_value(struct params_config config, uint32_t verdict)
{
	switch ((enum params_verdict)verdict) {
	case PARAMS_SIZE:
		return config.size_bytes;
	case PARAMS_BLOCK:
		return config.block_bytes;
	case PARAMS_PHYSICAL_BLOCK:
		return config.physical_block_bytes;
	case PARAMS_MAX_IO:
		return config.max_io_bytes;
	case PARAMS_QUEUES:
		return config.queues;
	case PARAMS_DEPTH:
		return config.depth_tags;
	case PARAMS_DISCARD_GRANULARITY:
		return config.discard_granularity_bytes;
	case PARAMS_ID:
		return (uint64_t)llabs(config.id);
	case PARAMS_MEMORY:
		return params_memory_bytes(config);
	case PARAMS_ACCEPTED:
	case PARAMS_VERDICTS:
		break;
	}
	return 0;
}

static int start_accept(struct params_config config, struct log log)
{
	const uint32_t verdict = params_check(config);

	if (verdict == PARAMS_ACCEPTED)
		return 0;
	if (verdict == PARAMS_MEMORY) {
		const uint32_t depth = params_depth_that_fits(config);

		log_say(log, REFUBLK_ERROR, "%s: %llu bytes of buffers, the limit is %llu; %s %u", params_verdict_text(verdict),
			(unsigned long long)start_value(config, verdict), (unsigned long long)config.memory_limit_bytes,
			depth ? "the largest depth that fits is" : "not even one tag fits, so lower max I/O or queues: depth",
			depth);
		return -ENOMEM;
	}
	log_say(log, REFUBLK_ERROR, "%s (given: %s%llu)", params_verdict_text(verdict), verdict == PARAMS_ID && config.id < 0 ? "-" : "",
		(unsigned long long)start_value(config, verdict));
	return -EINVAL;
}

int start_check(const struct refublk_options *options, const struct refublk_backend *backend)
{
	const struct log log = { .function = options->log, .context = options->log_context };

	if (!backend->name || !backend->read) {
		log_say(log, REFUBLK_ERROR, "the backend has no name or no read function");
		return -EINVAL;
	}
	return start_accept(start_config(options, backend), log);
}

/* ---- a device's memory and descriptors ----------------------------------------------------- */

/* Room for all that can be under way: each queue's READY and its end, and one STOP. */
static int start_make_pipe(struct refublk *device)
{
	const size_t bytes = (2 * (size_t)device->config.queues + 1) * sizeof(struct report);
	int ends[2];

	if (pipe2(ends, O_CLOEXEC | O_NONBLOCK))
		return -errno;
	device->report_read_fd = ends[0];
	device->report_write_fd = ends[1];
	return fcntl(ends[1], F_SETPIPE_SZ, (int)bytes) < 0 ? -errno : 0;
}

static int start_open_trace(struct refublk *device, const char *path)
{
	device->trace_fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC, 0600);
	if (device->trace_fd < 0) {
		int error = -errno;

		reason_say(device->log, REFUBLK_ERROR, REASON_OPEN_TRACE, path, error);
		return error;
	}
	return 0;
}

static void start_close(int fd)
{
	if (fd >= 0)
		close(fd);
}

static int start_new(struct refublk **device, struct params_config config, struct log log)
{
	struct refublk *made = calloc(1, sizeof(*made));
	int error;

	if (!made)
		return -ENOMEM;
	made->queues = calloc(config.queues, sizeof(struct queue *));
	made->config = config;
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
	error = made->queues ? start_make_pipe(made) : -ENOMEM;
	if (error)
		refublk_free(made);
	else
		*device = made;
	return error;
}

/* ---- the public functions ------------------------------------------------------------------ */

void refublk_free(struct refublk *device)
{
	if (!device)
		return;
	CHECK(device->state.phase == DEVICE_ABSENT || device->state.phase == DEVICE_OVER);
	control_close(device->control);
	start_close(device->trace_fd);
	start_close(device->report_write_fd);
	start_close(device->report_read_fd);
	free(device->queues);
	free(device);
}

static int start_run(struct refublk *device, const struct refublk_options *options)
{
	int error = options->trace_path ? start_open_trace(device, options->trace_path) : 0;

	if (!error)
		error = control_open(&device->control, device->log);
	if (error)
		return error;
	run_start(device);
	if (device->state.phase == DEVICE_LIVE)
		run_find_block(device);
	/* A stop that came while the device came up counts for the start. */
	if (atomic_load(&device->stop_wanted))
		run_to_end(device);
	if (device->state.phase == DEVICE_LIVE)
		return 0;
	run_to_end(device);
	if (device->failure)
		return device->failure;
	return atomic_load(&device->stop_wanted) ? -EINTR : -ENODEV;
}

int refublk_start(struct refublk **device, const struct refublk_options *options,
		  const struct refublk_backend *backend, void *backend_context)
{
	const struct log log = { .function = options->log, .context = options->log_context };
	struct refublk *made;
	int error;

	*device = NULL;
	error = start_check(options, backend);
	if (error)
		return error;
	error = start_new(&made, start_config(options, backend), log);
	if (error) {
		reason_say(log, REFUBLK_ERROR, REASON_PREPARE, "", error);
		return error;
	}
	made->backend = backend;
	made->backend_context = backend_context;
	/* From here a signal handler may stop the start; taken back before what it points to goes. */
	__atomic_store_n(device, made, __ATOMIC_SEQ_CST);
	error = start_run(made, options);
	if (error) {
		__atomic_store_n(device, NULL, __ATOMIC_SEQ_CST);
		refublk_free(made);
	}
	return error;
}

int refublk_wait(struct refublk *device)
{
	run_to_end(device);
	return device->failure ? -EIO : 0;
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
