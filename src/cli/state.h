/* state: what is written down about a device that refublk serves: one JSON file per device, STATE_FOLDER/ID.json.
 * It holds what `list` shows beyond the kernel's knowledge and what a recovery needs. The kernel is always right:
 * a file counts only as far as the kernel's device agrees with it (inventory.h). */
#ifndef REFUBLK_STATE_H
#define REFUBLK_STATE_H

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>

#include "process.h"

#define STATE_FOLDER "/run/refublk"

enum { STATE_VERSION = 2, STATE_WORD_BYTES = 32, STATE_WHY_BYTES = 192, STATE_SHM_BYTES = 128 };

struct state {
	struct process server;
	uint64_t size_bytes;
	uint64_t memory_limit_bytes; /* 0: the default */
	int32_t id;
	int32_t maker_pid;           /* who added the device: the kernel's mark of it. server is who serves it now */
	uint32_t block_bytes;
	uint32_t max_io_bytes;
	uint32_t queues;
	uint32_t depth_tags;
	bool read_only;
	bool no_discard;
	bool get_data;
	bool buffered;
	bool foreground;
	char backend[STATE_WORD_BYTES]; /* "mem", "file", "null" */
	char recovery[STATE_WORD_BYTES]; /* "none", "wait", "reissue", "fail" */
	char shm[STATE_SHM_BYTES];      /* mem: the name of its memory file; "": it goes with its server */
	char program[STATE_WORD_BYTES]; /* the version of refublk that serves */
	char path[PATH_MAX];            /* file: absolute; else "" */
};

/* A descriptor of STATE_FOLDER, the caller's, or -errno. make: it is made when it is not there, for root alone. */
int state_open_folder(bool make) __attribute__((warn_unused_result));

/* Replaces the device's file as a whole: a reader sees the old one or the new one, also after a power cut. 0 or -errno. */
int state_write(int folder_fd, const struct state *state) __attribute__((warn_unused_result));

/* 0; -ENOENT there is none; -EBADMSG it is damaged or of another version; another -errno. why: STATE_WHY_BYTES, what is
 * wrong with it, for -EBADMSG. */
int state_read(int folder_fd, int32_t id, struct state *state, char *why) __attribute__((warn_unused_result));

/* 0 or -errno; one that is not there is no error. */
int state_remove(int folder_fd, int32_t id);

/* The ids that have a file, ascending, at most `room` of them; returns how many there are, or -errno. */
int state_ids(int folder_fd, int32_t *ids, int room);

#endif
