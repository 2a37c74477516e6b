#include "state.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { NAME_BYTES = 32, FILE_BYTES_MAX = 64 * 1024 };

int state_open_folder(bool make)
{
	int fd;

	if (make && mkdir(STATE_FOLDER, 0700) < 0 && errno != EEXIST)
		return -errno;
	fd = open(STATE_FOLDER, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

static void state_name(int32_t id, char name[NAME_BYTES])
{
	snprintf(name, NAME_BYTES, "%d.json", id);
}

static json_t *state_to_json(const struct state *state)
{
	return json_pack("{s:i, s:s, s:i, s:i, s:s, s:s, s:s, s:s, s:I, s:I, s:i, s:i, s:i, s:i, s:b, s:b, s:b, s:b, s:b, s:{s:i, s:I}}",
			 "version", STATE_VERSION, "program", state->program, "id", state->id, "maker", state->maker_pid, "backend",
			 state->backend, "path", state->path, "shm", state->shm, "recovery", state->recovery, "size_bytes",
			 (json_int_t)state->size_bytes, "memory_limit_bytes", (json_int_t)state->memory_limit_bytes, "block_bytes",
			 (int)state->block_bytes, "max_io_bytes", (int)state->max_io_bytes, "queues", (int)state->queues, "depth",
			 (int)state->depth_tags, "read_only", state->read_only, "no_discard", state->no_discard, "get_data",
			 state->get_data, "buffered", state->buffered, "foreground", state->foreground, "server", "pid",
			 (int)state->server.pid, "started_ticks", (json_int_t)state->server.started_ticks);
}

static int state_store(int fd, const struct state *state)
{
	json_t *json = state_to_json(state);
	int error = 0;

	if (!json)
		return -EINVAL;
	if (json_dumpfd(json, fd, JSON_INDENT(2)) < 0 || write(fd, "\n", 1) != 1)
		error = errno ? -errno : -EIO;
	else if (fsync(fd) < 0)
		error = -errno;
	json_decref(json);
	return error;
}

int state_write(int folder_fd, const struct state *state)
{
	char name[NAME_BYTES], temporary[NAME_BYTES];
	int fd, error;

	state_name(state->id, name);
	snprintf(temporary, sizeof(temporary), ".%d.%d", state->id, (int)getpid());
	fd = openat(folder_fd, temporary, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0)
		return -errno;
	errno = 0;
	error = state_store(fd, state);
	if (close(fd) < 0 && !error)
		error = -errno;
	if (!error && renameat(folder_fd, temporary, folder_fd, name) < 0)
		error = -errno;
	if (error)
		unlinkat(folder_fd, temporary, 0);
	else
		fsync(folder_fd);
	return error;
}

/* A string of the object, cut to nothing when it does not fit. */
static bool state_word(char *to, size_t size, const char *from)
{
	if (strlen(from) >= size)
		return false;
	strcpy(to, from);
	return true;
}

/* A number of the object that must lie within 0 and the limit. */
static bool state_number(uint32_t *to, json_int_t from, json_int_t limit)
{
	if (from < 0 || from > limit)
		return false;
	*to = (uint32_t)from;
	return true;
}

/* The members as JSON has them, before they are held in their types. */
struct state_raw {
	const char *program, *backend, *path, *shm, *recovery;
	json_int_t id, maker, size, limit, block, max_io, queues, depth, pid, started;
	int read_only, no_discard, get_data, buffered, foreground;
};

static bool state_unpack(json_t *json, struct state_raw *raw, json_error_t *error)
{
	return json_unpack_ex(json, error, 0,
			      "{s:s, s:I, s:I, s:s, s:s, s:s, s:s, s:I, s:I, s:I, s:I, s:I, s:I, s:b, s:b, s:b, s:b, s:b, s:{s:I, s:I}}",
			      "program", &raw->program, "id", &raw->id, "maker", &raw->maker, "backend", &raw->backend, "path",
			      &raw->path, "shm", &raw->shm, "recovery", &raw->recovery, "size_bytes", &raw->size,
			      "memory_limit_bytes", &raw->limit, "block_bytes", &raw->block, "max_io_bytes", &raw->max_io, "queues",
			      &raw->queues, "depth", &raw->depth, "read_only", &raw->read_only, "no_discard", &raw->no_discard,
			      "get_data", &raw->get_data, "buffered", &raw->buffered, "foreground", &raw->foreground, "server",
			      "pid", &raw->pid, "started_ticks", &raw->started) == 0;
}

static bool state_hold(const struct state_raw *raw, int32_t id, struct state *state)
{
	uint32_t maker, pid;

	*state = (struct state){ .id = id, .size_bytes = (uint64_t)raw->size, .memory_limit_bytes = (uint64_t)raw->limit,
				 .read_only = raw->read_only, .no_discard = raw->no_discard, .get_data = raw->get_data,
				 .buffered = raw->buffered, .foreground = raw->foreground };
	if (raw->id != id || raw->size < 0 || raw->limit < 0 || raw->started < 1 || raw->pid < 1 || raw->maker < 1 ||
	    !state_number(&pid, raw->pid, INT32_MAX) || !state_number(&maker, raw->maker, INT32_MAX) ||
	    !state_number(&state->block_bytes, raw->block, INT32_MAX) ||
	    !state_number(&state->max_io_bytes, raw->max_io, INT32_MAX) ||
	    !state_number(&state->queues, raw->queues, INT32_MAX) || !state_number(&state->depth_tags, raw->depth, INT32_MAX))
		return false;
	state->server = (struct process){ .pid = (int32_t)pid, .started_ticks = (uint64_t)raw->started };
	state->maker_pid = (int32_t)maker;
	return state_word(state->program, sizeof(state->program), raw->program) &&
	       state_word(state->backend, sizeof(state->backend), raw->backend) &&
	       state_word(state->recovery, sizeof(state->recovery), raw->recovery) &&
	       state_word(state->shm, sizeof(state->shm), raw->shm) && state_word(state->path, sizeof(state->path), raw->path);
}

static bool state_fill(json_t *json, int32_t id, struct state *state, char *why)
{
	struct state_raw raw;
	json_int_t version;
	json_error_t error;

	/* The version alone first: another version may have other members. */
	if (json_unpack_ex(json, &error, 0, "{s:I}", "version", &version) < 0)
		return snprintf(why, STATE_WHY_BYTES, "%s", error.text), false;
	if (version != STATE_VERSION)
		return snprintf(why, STATE_WHY_BYTES, "it has version %lld and this program reads version %d", (long long)version,
				STATE_VERSION), false;
	if (!state_unpack(json, &raw, &error))
		return snprintf(why, STATE_WHY_BYTES, "%s", error.text), false;
	if (!state_hold(&raw, id, state))
		return snprintf(why, STATE_WHY_BYTES, "a value is out of range"), false;
	return true;
}

int state_read(int folder_fd, int32_t id, struct state *state, char *why)
{
	struct stat status;
	char name[NAME_BYTES];
	json_error_t error;
	json_t *json;
	bool good;
	int fd;

	*why = '\0';
	state_name(id, name);
	fd = openat(folder_fd, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0 && errno != ELOOP)
		return -errno;
	if (fd < 0 || fstat(fd, &status) < 0 || !S_ISREG(status.st_mode) || status.st_size > FILE_BYTES_MAX) {
		if (fd >= 0)
			close(fd);
		snprintf(why, STATE_WHY_BYTES, "it is no regular file of a sensible size");
		return -EBADMSG;
	}
	json = json_loadfd(fd, JSON_REJECT_DUPLICATES, &error);
	close(fd);
	if (!json) {
		snprintf(why, STATE_WHY_BYTES, "line %d: %s", error.line, error.text);
		return -EBADMSG;
	}
	good = state_fill(json, id, state, why);
	json_decref(json);
	return good ? 0 : -EBADMSG;
}

int state_remove(int folder_fd, int32_t id)
{
	char name[NAME_BYTES];

	state_name(id, name);
	return unlinkat(folder_fd, name, 0) < 0 && errno != ENOENT ? -errno : 0;
}

static int state_compare(const void *left, const void *right)
{
	int32_t a = *(const int32_t *)left, b = *(const int32_t *)right;

	return (a > b) - (a < b);
}

int state_ids(int folder_fd, int32_t *ids, int room)
{
	int fd = openat(folder_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC), count = 0;
	struct dirent *entry;
	DIR *entries;

	if (fd < 0)
		return -errno;
	entries = fdopendir(fd);
	if (!entries) {
		close(fd);
		return -ENOMEM;
	}
	while ((entry = readdir(entries))) {
		char name[NAME_BYTES];
		int id = atoi(entry->d_name);

		state_name(id, name);
		if (id < 0 || strcmp(name, entry->d_name) != 0)
			continue;
		if (count < room)
			ids[count] = id;
		count++;
	}
	closedir(entries);
	qsort(ids, (size_t)(count < room ? count : room), sizeof(ids[0]), state_compare);
	return count;
}
