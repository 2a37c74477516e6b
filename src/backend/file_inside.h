/* file_inside: what file_open and file_backend share, and nobody else sees. */
#ifndef REFUBLK_FILE_INSIDE_H
#define REFUBLK_FILE_INSIDE_H

#include <stdatomic.h>

#include "file.h"
#include "file_open.h"

/* Does not change between file_open() and file_close(), but for ended_said and the size: queue threads share it. */
struct file {
	struct file_config config;
	struct log log;
	char *path;          /* ours; for the log */
	int folder_fd;       /* of a file that file_open() has created; else -1 */
	_Atomic uint64_t size_bytes; /* the device's */
	bool cut;            /* it was shortened: an operation that was under way may have made it longer again */
	bool read_only;
	bool discard;
	atomic_bool ended_said;
};

#endif
