#include "service.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <jansson.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "clock.h"
#include "daemon.h"
#include "disk.h"
#include "journal.h"
#include "listen.h"
#include "namespace.h"
#include "node.h"
#include "say.h"
#include "signals.h"
#include "start.h"
#include "state.h"

/* The last I/O of a dead server has ended by then, or hangs. */
enum { SERVICE_RELEASE_MS = 40 * 1000, SERVICE_SAY_MS = 5 * 1000, SERVICE_PAUSE_MS = 50 };

struct service {
	struct options *options;
	struct refublk *device;
	struct log log;
	struct disk disk;
	struct journal journal;
	struct listener *listener; /* NULL: commands cannot ask for anything */
	int word_fd;  /* -1: in the foreground */
	int state_fd; /* -1: no state file can be written */
	int trace_fd; /* -1: no trace, or the device has opened it */
	bool recovers;
	bool handed_over; /* it was asked for and began; read when the listener has ended */
	char trace_path[32];
	char path[PATH_MAX]; /* of the backing file, absolute; "" */
};

/* The file system that writes back to the disk may wait for us: whoever is killed to free memory, not us. */
static void service_spare_from_oom(struct log log)
{
	int fd = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);

	if (fd < 0 || write(fd, "-1000", 5) != 5)
		log_say(log, REFUBLK_DEBUG, "the OOM killer may choose this server: %s", strerror(errno));
	if (fd >= 0)
		close(fd);
}

/* The device opens its trace by path; in the daemon's namespace only this one leads to a file outside. */
static int service_open_trace(struct service *service)
{
	struct refublk_options *device = &service->options->device;

	if (!device->trace_path)
		return SAY_OK;
	service->trace_fd = open(device->trace_path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	if (service->trace_fd < 0) {
		say_error("cannot open the trace file %s: %s", device->trace_path, strerror(errno));
		return SAY_FAILED;
	}
	snprintf(service->trace_path, sizeof(service->trace_path), "/proc/self/fd/%d", service->trace_fd);
	device->trace_path = service->trace_path;
	return SAY_OK;
}

static int service_start_status(int error)
{
	return error == -EEXIST || error == -EBUSY ? SAY_IN_USE : error == -EINVAL ? SAY_USAGE : SAY_FAILED;
}

static void service_fill_state(const struct service *service, struct state *state)
{
	const struct options *options = service->options;
	struct params_config config = start_config(&options->device, service->disk.backend);

	*state = (struct state){
		.server = process_find((int32_t)getpid()),
		.id = refublk_id(service->device),
		.maker_pid = options->maker_pid ? options->maker_pid : (int32_t)getpid(),
		.size_bytes = config.size_bytes,
		.memory_limit_bytes = options->device.memory_limit_bytes,
		.block_bytes = config.block_bytes,
		.max_io_bytes = config.max_io_bytes,
		.queues = config.queues,
		.depth_tags = config.depth_tags,
		.read_only = options->device.read_only,
		.no_discard = options->device.no_discard,
		.get_data = options->device.get_data,
		.buffered = options->buffered,
		.foreground = service->word_fd < 0,
	};
	snprintf(state->backend, sizeof(state->backend), "%s", options_backend_name(options->backend));
	snprintf(state->recovery, sizeof(state->recovery), "%s", options_recovery_name(options->device.recovery));
	snprintf(state->shm, sizeof(state->shm), "%s", options->shm ? options->shm : "");
	snprintf(state->program, sizeof(state->program), "%s", refublk_version());
	snprintf(state->path, sizeof(state->path), "%s", service->path);
}

/* Without it the disk works, but `--all` and a recovery do not know it: worth a line, no reason to fail. */
static void service_write_state(const struct service *service)
{
	struct state state;
	int error = service->state_fd < 0 ? -ENOENT : 0;

	if (!error) {
		service_fill_state(service, &state);
		error = state_write(service->state_fd, &state);
	}
	if (error)
		log_say(service->log, REFUBLK_WARNING, "cannot write the state file %s/%d.json: %s; name the device to stop it",
			STATE_FOLDER, refublk_id(service->device), strerror(-error));
}

int service_announce(const struct options *options, int32_t id, int32_t pid)
{
	char block[NODE_PATH_BYTES], character[NODE_PATH_BYTES];
	json_t *json;

	node_block_path(block, id);
	node_char_path(character, id);
	if (!options->json) {
		printf("%s\n", block);
		return say_finish();
	}
	json = json_pack("{s:i, s:s, s:s, s:s, s:i}", "id", id, "path", block, "char_path", character, "backend",
			 options_backend_name(options->backend), "pid", pid);
	if (!json || json_dumpf(json, stdout, 0) < 0)
		say_error("cannot print JSON");
	json_decref(json);
	printf("\n");
	return say_finish();
}

/* Tells whoever waits. false: nobody learns of the device. */
static bool service_tell(struct service *service)
{
	int32_t id = refublk_id(service->device), pid = (int32_t)getpid();

	if (service->word_fd < 0) {
		(void)service_announce(service->options, id, pid);
		return true;
	}
	journal_switch(&service->journal);
	return daemon_report(service->word_fd, (struct daemon_word){ .status = SAY_OK, .id = id, .pid = pid }) == 0;
}

static int service_refused(const struct service *service, int status)
{
	const int id = service->options->device.id;

	if (service->recovers)
		say_error("device %d stays as it was: `refublk recover %d` tries again, `refublk del %d` gives it up", id, id, id);
	return status;
}

static int service_start(struct service *service)
{
	struct refublk_options *device = &service->options->device;
	int error;

	device->log = service->log.function;
	device->log_context = service->log.context;
	if (signals_came()) {
		say_error("interrupted before the device was made");
		return SAY_FAILED;
	}
	/* Before anything is made or taken over: what serves already could only be stopped. */
	if (signals_watch(service->log))
		return service_refused(service, SAY_FAILED);
	error = (service->recovers ? refublk_recover : refublk_start)(&service->device, device, service->disk.backend,
								      service->disk.context);
	if (service->trace_fd >= 0)
		close(service->trace_fd);
	if (!error)
		return SAY_OK;
	signals_unwatch();
	if (error == -EINTR && !service->recovers)
		say_error("interrupted: the start was undone");
	return service_refused(service, service_start_status(error));
}

/* ---- what commands ask for ----------------------------------------------------------------- */

/* Keeps the first line: the reason for whoever asked. */
static void service_note(void *context, enum refublk_level level, const char *line)
{
	char *text = context;

	if (level == REFUBLK_ERROR && text[0] == '\0')
		snprintf(text, TALK_TEXT_BYTES, "%s", line);
}

/* The backend can serve what the kernel may ask for: it grows first and shrinks last. */
static int service_resize(struct service *service, uint64_t size_bytes, struct log log)
{
	struct refublk_options *device = &service->options->device;
	const uint64_t before_bytes = device->size_bytes;
	const bool grows = size_bytes > before_bytes;
	int error = grows ? disk_resize(&service->disk, size_bytes, log) : 0;

	if (error)
		return error;
	error = refublk_resize(service->device, size_bytes);
	if (error) {
		if (grows && error != -ETIMEDOUT)
			(void)!disk_resize(&service->disk, before_bytes, log);
		return error;
	}
	device->size_bytes = size_bytes;
	service_write_state(service);
	log_say(service->log, REFUBLK_INFO, "device %d has %" PRIu64 " bytes instead of %" PRIu64, refublk_id(service->device),
		size_bytes, before_bytes);
	/* The disk has its new size, whatever becomes of the rest of its file. */
	if (!grows && disk_resize(&service->disk, size_bytes, service->log))
		log_say(service->log, REFUBLK_WARNING, "device %d is smaller now, but what it was cut from is not",
			refublk_id(service->device));
	return 0;
}

/* On the listener's thread: the only one that looks at the options once the device is live. */
static struct talk_answer service_answer(void *context, struct talk_question question)
{
	struct service *service = context;
	char text[TALK_TEXT_BYTES] = "";
	const struct log log = { .function = service_note, .context = text };
	struct refublk_options device = service->options->device;
	int error;

	if (question.kind == TALK_HAND_OVER) {
		error = refublk_hand_over(service->device);
		service->handed_over = service->handed_over || !error;
		return talk_reply(question, error, "");
	}
	device.size_bytes = question.value;
	device.log = log.function;
	device.log_context = log.context;
	error = start_check(&device, service->disk.backend);
	if (!error)
		error = service_resize(service, question.value, log);
	return talk_reply(question, error, text);
}

static void service_listen(struct service *service)
{
	int error = service->state_fd < 0 ? -ENOENT :
					    listen_begin(&service->listener, service->state_fd, refublk_id(service->device),
							 service_answer, service);

	if (error)
		log_say(service->log, REFUBLK_WARNING, "cannot listen on %s/%d.sock: %s; the disk can be neither resized nor upgraded", STATE_FOLDER,
			refublk_id(service->device), strerror(-error));
}

/* The device has ended: what belongs to it goes, unless it waits for another server. */
static void service_clear(struct service *service, int32_t id)
{
	if (refublk_left(service->device) && service->handed_over) {
		log_say(service->log, REFUBLK_INFO, "device %d is handed over", id);
		return;
	}
	if (refublk_left(service->device)) {
		log_say(service->log, REFUBLK_WARNING, "device %d was left without a server: `refublk recover %d`", id, id);
		return;
	}
	if (service->state_fd >= 0)
		state_remove(service->state_fd, id);
	disk_remove(&service->disk, service->options);
	log_say(service->log, REFUBLK_INFO, "device %d is gone", id);
}

/* The device is live. */
static int service_serve(struct service *service)
{
	int32_t id = refublk_id(service->device);
	int error = 0;

	signals_live();
	if (disk_publish(&service->disk, service->options, service->log) != SAY_OK) {
		error = -EEXIST;
		refublk_stop(service->device);
	}
	service_write_state(service);
	service_listen(service);
	/* A new device of which nobody learns shall not stay; one that was taken over has its users. */
	if (!service_tell(service) && !service->recovers)
		refublk_stop(service->device);
	if (refublk_wait(service->device) && !error)
		error = -EIO;
	signals_unwatch();
	listen_end(service->listener);
	service_clear(service, id);
	refublk_free(service->device);
	return error ? SAY_FAILED : SAY_OK;
}

/* Everything that has a path is opened before the namespace is left. */
static int service_prepare(struct service *service)
{
	const struct options *options = service->options;
	int status = service_open_trace(service);

	if (status != SAY_OK)
		return status;
	if (options->path && !realpath(options->path, service->path))
		service->path[0] = '\0';
	service_spare_from_oom(service->log);
	if (service->word_fd >= 0)
		return namespace_enter(&service->state_fd) ? SAY_FAILED : SAY_OK;
	service->state_fd = state_open_folder(true);
	return SAY_OK;
}

/* A server that has died holds its backend until its last I/O has ended: what it had under way must not come later than
 * what its successor does. */
static int service_open_disk(struct service *service) /* R80 */
{
	const uint64_t begin_ms = clock_ms();
	const struct log silent = { 0 };
	uint64_t said_ms = begin_ms;
	int status = SAY_IN_USE;

	while (service->recovers && status == SAY_IN_USE && clock_ms() - begin_ms < SERVICE_RELEASE_MS && !signals_came()) {
		status = disk_open(&service->disk, service->options, silent);
		if (status == SAY_OK)
			return status;
		disk_close(&service->disk);
		if (status == SAY_IN_USE)
			poll(NULL, 0, SERVICE_PAUSE_MS);
		if (clock_ms() - said_ms >= SERVICE_SAY_MS) {
			said_ms = clock_ms();
			say_error("device %d: waiting for its last server to let go of the backend", service->options->device.id);
		}
	}
	return disk_open(&service->disk, service->options, service->log);
}

/* Up to the live device. */
static int service_begin(struct service *service)
{
	int status = service_open_disk(service);

	if (status == SAY_OK)
		status = service_prepare(service);
	return status == SAY_OK ? service_start(service) : status;
}

int service_run(struct options *options, int word_fd)
{
	struct service service = { .options = options, .disk = { .shm_folder_fd = -1 }, .word_fd = word_fd, .state_fd = -1,
				   .trace_fd = -1, .recovers = options->command == OPTIONS_RECOVER };
	int status;

	journal_open(&service.journal, options->verbose);
	service.log = journal_log(&service.journal);
	status = signals_install(&service.device) ? SAY_FAILED : service_begin(&service);
	if (status == SAY_OK) {
		status = service_serve(&service);
	} else {
		disk_undo(&service.disk);
		if (word_fd >= 0)
			(void)daemon_report(word_fd, (struct daemon_word){ .status = status });
	}
	disk_close(&service.disk);
	if (service.state_fd >= 0)
		close(service.state_fd);
	journal_close(&service.journal);
	return status;
}
