/* disk: the backend that add or recover asks for, opened. */
#ifndef REFUBLK_DISK_H
#define REFUBLK_DISK_H

#include "file_open.h"
#include "log.h"
#include "mem.h"
#include "options.h"

struct disk {
	const struct refublk_backend *backend;
	void *context;
	struct mem *mem;   /* NULL: another backend */
	struct file *file; /* NULL: another backend */
	int shm_folder_fd; /* -1: no memory file */
};

/* Refuses what no device can be before anything is touched: SAY_OK, or SAY_USAGE after one line. */
int disk_check(const struct options *options, struct log log) __attribute__((warn_unused_result));

/* Opens it and completes options->device with what was found; of what is taken over nothing is made or grown. SAY_OK, or
 * another exit status after one line. */
int disk_open(struct disk *disk, struct options *options, struct log log) __attribute__((warn_unused_result));

/* Another size: before a request may lie in what is added, or when none can lie in what is cut off any more. 0 or -errno; a
 * reason that the errno does not give is logged as an error. */
int disk_resize(struct disk *disk, uint64_t size_bytes, struct log log) __attribute__((warn_unused_result));

/* The device is live: what must outlive the server gets its name. Until then a death leaves nothing. SAY_OK, or another exit
 * status after one line. */
int disk_publish(struct disk *disk, const struct options *options, struct log log)
	__attribute__((warn_unused_result));

/* The device is gone: so is the content that was kept for a recovery. */
void disk_remove(struct disk *disk, const struct options *options);

/* There was no device after all: a file that disk_open() has created goes. */
void disk_undo(struct disk *disk);

/* Any number of times. */
void disk_close(struct disk *disk);

#endif
