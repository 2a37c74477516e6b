/* Opening what is to be checked, and what is known about it. */
#ifndef TARGET_H
#define TARGET_H

#include "ring.h"

/*
 * Fills *target and opens the device twice: past the page cache and through it. Where O_DIRECT does not work, both go
 * through the cache and target->direct is false. False when it can't be used; the reason is printed.
 */
bool target_open(const char *path, struct ring_target *target, int *direct_fd, int *buffered_fd);

#endif
