/* mark: who made a device, in the 64 bits of ADD_DEV that the driver stores unread and hands back. With it a
 * device is known as ours in every phase, also when its maker died before anything else was written down. */
#ifndef REFUBLK_MARK_H
#define REFUBLK_MARK_H

#include <stdbool.h>
#include <stdint.h>

#define MARK_MAGIC UINT64_C(0x7265667500000000) /* "refu" */

/* pid: of the process that adds the device. */
static inline uint64_t mark_of(uint32_t pid)
{
	return MARK_MAGIC | pid;
}

static inline bool mark_is_ours(uint64_t mark)
{
	return (mark & UINT64_C(0xffffffff00000000)) == MARK_MAGIC;
}

/* Of a mark that is ours. */
static inline uint32_t mark_pid(uint64_t mark)
{
	return (uint32_t)mark;
}

#endif
