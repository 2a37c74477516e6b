/* service: the process that serves one device, from the opening of its backend to the device's end. */
#ifndef REFUBLK_SERVICE_H
#define REFUBLK_SERVICE_H

#include "options.h"

/* Returns an exit status. word_fd: the pipe to the waiting parent, which learns how the start ended; the process is
 * then a daemon in an empty mount namespace. -1: it serves in the foreground and prints the path itself. */
int service_run(struct options *options, int word_fd);

/* Prints the live device: its path alone on a line, or with --json an object. SAY_OK or SAY_FAILED. */
int service_announce(const struct options *options, int32_t id, int32_t pid);

#endif
