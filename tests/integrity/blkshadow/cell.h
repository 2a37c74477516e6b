/*
 * What the shadow knows of one sector, in 16 bytes. A reference says who determined the content:
 *   0                 the content recorded before the run, known by its hash
 *   CELL_WRITE | k    the stamp of operation k
 *   CELL_ZERO | k     zeroes, by write-zeroes or a discard that zeroes
 *   CELL_ANY | k      anything: a discard that leaves the content undefined
 *   CELL_SET | index  several contenders (set.h); with CELL_PINNED the cell's hash is the one mix reads may repeat
 */
#ifndef CELL_H
#define CELL_H

#include <stdbool.h>
#include <stdint.h>

#define CELL_RECORDED 0u
#define CELL_KIND_MASK (3u << 30)
#define CELL_WRITE (0u << 30)
#define CELL_ZERO (1u << 30)
#define CELL_ANY (2u << 30)
#define CELL_SET (3u << 30)
#define CELL_PINNED (1u << 29)
#define CELL_NUMBER_MASK (CELL_PINNED - 1)

struct cell {
	uint64_t hash;			/* of the recorded content, or of the pinned mix */
	uint32_t now;
	uint32_t before;		/* whose content the present one replaced: for the verdict only */
};

static inline uint32_t cell_kind(uint32_t reference)
{
	return reference & CELL_KIND_MASK;
}

static inline bool cell_is_set(uint32_t reference)
{
	return cell_kind(reference) == CELL_SET;
}

/* An operation's number, or a set's index. */
static inline uint32_t cell_number(uint32_t reference)
{
	return reference & CELL_NUMBER_MASK;
}

#endif
