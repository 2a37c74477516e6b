/* reserve: room for much of which little may ever be used. What is not touched costs address space alone, and reads as
 * zero. */
#ifndef RESERVE_H
#define RESERVE_H

#include <stddef.h>

/* The caller gives it back to reserve_free, with the same size. NULL: there is none. */
void *reserve_new(size_t bytes);

/* memory may be NULL. */
void reserve_free(void *memory, size_t bytes);

#endif
