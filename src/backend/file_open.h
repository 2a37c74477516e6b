/* file_open: opens, checks and claims what the file backend serves, and closes it. It acts; file.h decides. */
#ifndef REFUBLK_FILE_OPEN_H
#define REFUBLK_FILE_OPEN_H

#include "log.h"
#include "refublk.h"

struct file;

struct file_options {
	const char *path;     /* a regular file or a block device; copied */
	uint64_t size_bytes;  /* 0: as large as it is. Else a missing regular file is created, a shorter one grows, both
				 sparse; a longer one is refused, as is any difference on a block device */
	uint32_t block_bytes; /* the device's logical block: 512 to 4096, a power of two */
	bool read_only;
	bool buffered;        /* through the page cache; else O_DIRECT where its alignment allows */
};

/* What was found, for the device's options. */
struct file_facts {
	uint64_t size_bytes;
	uint32_t physical_block_bytes;      /* what is written whole at best: from the block to 4096 for a regular file,
					       what a block device reports otherwise */
	uint32_t discard_granularity_bytes; /* a multiple of the block */
	bool rotational;
	bool discard;      /* holes can be punched; else the backend has no discard */
	bool direct;       /* O_DIRECT is used */
	bool block_device;
	bool created;
};

/* Claims the path for us alone: an open-file-description lock on a regular file (a shared one when read_only),
 * O_EXCL on a block device, which also keeps a mounted disk from being served. The claim lasts until file_close(),
 * over fork too. A regular file that was created is on disk, its name included, when this returns.
 *
 * 0 and *file is the caller's; or -errno, *file is NULL, nothing was created or grown (a file that was just created
 * is removed), and one line that names the reason and the remedy was logged as an error:
 * -ENOENT missing and no size; -EISDIR, -ENOTBLK neither a regular file nor a block device; -EROFS not writable
 * and not read_only; -EBUSY somebody else has it; -EINVAL empty, no multiple of the block, another size than it
 * has, or a block below what the disk can do; else what the system call said. */
int file_open(struct file **file, const struct file_options *options, struct file_facts *facts, struct log log)
	__attribute__((warn_unused_result));

/* Another size of the device, from any thread while requests are served. A regular file becomes as long: what is added
 * reads as zero, what is cut off is gone. A block device stays as it is, and must be at least as large.
 * Growing: before a request may lie there. Shrinking: when no further request can.
 * 0; or -errno and the size is what it was, with one line logged as an error: -EROFS it is served read-only; -ENOSPC the
 * block device is smaller; else what the system call said. */
int file_resize(struct file *file, uint64_t size_bytes, struct log log) __attribute__((warn_unused_result));

/* The functions that fit this file: without discard where no hole can be punched, without writes when read-only.
 * Their context is the struct file. They log one error, on a queue's thread, when the file turns out to have
 * been shortened. */
const struct refublk_backend *file_backend(const struct file *file);

/* Before file_close(), when there was no device after all: what file_open() has created is removed again. NULL is allowed. */
void file_undo(struct file *file);

/* No request may be under way. NULL is allowed. */
void file_close(struct file *file);

#endif
