/* await: until a file descriptor has something to say. */
#ifndef REFUBLK_AWAIT_H
#define REFUBLK_AWAIT_H

#include <stdint.h>

/* 0: it can be read, has ended or failed, and of a pidfd: the process has ended. -ETIMEDOUT: not within limit_ms; else
 * poll()'s -errno. Signals do not end the wait. */
int await_readable(int fd, uint32_t limit_ms);

#endif
