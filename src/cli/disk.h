/* disk: the backend that an add command asks for, opened. */
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
};

/* Refuses what no device can be before anything is touched: SAY_OK, or SAY_USAGE after one line. */
int disk_check(const struct options *options, struct log log) __attribute__((warn_unused_result));

/* Opens it and completes options->device with what was found. SAY_OK, or another exit status after one line. */
int disk_open(struct disk *disk, struct options *options, struct log log) __attribute__((warn_unused_result));

/* Another size: before a request may lie in what is added, or when none can lie in what is cut off any more. 0 or -errno; a
 * reason that the errno does not give is logged as an error. */
int disk_resize(struct disk *disk, uint64_t size_bytes, struct log log) __attribute__((warn_unused_result));

void disk_close(struct disk *disk);

/* "mem", "file" or "null". */
const char *disk_backend_name(uint32_t command);

#endif
