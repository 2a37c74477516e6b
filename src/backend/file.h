/* file: the machine that serves requests from one regular file or block device. It decides and never acts: each
 * step is an operation for the queue's ring or the end of the request. Pure functions over values.
 *
 * What a request becomes:
 *   READ, WRITE    one operation on the same range; a short result is continued with the rest. FUA: RWF_DSYNC.
 *   FLUSH          fdatasync
 *   DISCARD        a hole is punched
 *   WRITE_ZEROES   a hole is punched, or with NOUNMAP the range is zeroed in place; where the file system can do
 *                  neither, zeroes are written. FUA: fdatasync follows.
 *
 * Errors go through unchanged, that of a DISCARD too: the kernel takes EOPNOTSUPP for what it is, advice that
 * could not be followed. EIO stands for what has no errno of its own: nothing was moved, a result that no system
 * call returns, FILE_RETRIES_MAX interruptions. An operation that moved nothing is never repeated, so every request
 * ends after at most length_bytes / align_bytes + FILE_RETRIES_MAX + 2 operations. */
#ifndef REFUBLK_FILE_H
#define REFUBLK_FILE_H

#include "refublk.h"

/* How often EINTR and EAGAIN together are answered by asking again, per request. */
enum { FILE_RETRIES_MAX = 16 };

struct file_config {
	void *zeroes;          /* zeroes_bytes zeroes, only read; as long-lived as the backend */
	uint64_t zeroes_bytes; /* a multiple of align_bytes, not 0 */
	uint64_t align_bytes;  /* a power of two that divides every request: what O_DIRECT needs, or 1 when buffered */
	int32_t fd;
	uint32_t reserved; /* 0 */
};

/* What a person should hear of, once: the machine itself logs nothing. */
enum file_note {
	FILE_QUIET,
	FILE_ENDED, /* an operation moved nothing: the file is shorter than the device by now */
	FILE_NOTES
};

struct file_step {
	struct refublk_step step; /* DONE or IO */
	uint32_t note;            /* enum file_note */
	uint32_t reserved;        /* 0 */
};

/* The first step. An unknown op fails with EOPNOTSUPP. */
struct file_step file_begin(struct file_config config, struct refublk_request request);

/* The step after an operation. cursor: of the step that asked for it; io_result: any number. */
struct file_step file_resume(struct file_config config, struct refublk_request request,
			     struct refublk_cursor cursor, int64_t io_result);

#endif
