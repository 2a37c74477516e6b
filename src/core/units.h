/* Sectors and pages. The kernel counts sectors of 512 bytes whatever the logical block size is;
 * everything behind desc and params counts bytes. 512 and 9 stand here and nowhere else. */
#ifndef REFUBLK_UNITS_H
#define REFUBLK_UNITS_H

#include <stdint.h>

enum { UNITS_SECTOR_SHIFT = 9, UNITS_SECTOR_BYTES = 1 << UNITS_SECTOR_SHIFT }; /* R1 */

/* The largest device in bytes: offsets stay representable as the off_t of a backing file. */
#define UNITS_DEVICE_BYTES_MAX (INT64_MAX & ~(int64_t)(UNITS_SECTOR_BYTES - 1))

/* Wraps above 2^55 sectors: the caller compares sectors with units_sectors() of a limit first. */
static inline uint64_t units_bytes(uint64_t sectors)
{
	return sectors << UNITS_SECTOR_SHIFT;
}

/* Whole sectors in `bytes`; a rest is dropped. */
static inline uint64_t units_sectors(uint64_t bytes)
{
	return bytes >> UNITS_SECTOR_SHIFT;
}

/* `granule` is a power of two; `value` at most 2^64 - granule. */
static inline uint64_t units_round_up(uint64_t value, uint64_t granule)
{
	return (value + (granule - 1)) & ~(granule - 1);
}

static inline uint64_t units_round_down(uint64_t value, uint64_t granule)
{
	return value & ~(granule - 1);
}

#endif
