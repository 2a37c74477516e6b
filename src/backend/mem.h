/* mem: a RAM disk in one private mapping of the device's size, with address space reserved behind it to grow into.
 *
 * Memory is used only where something was written: a page that nobody wrote to reads as zero and costs nothing,
 * and DISCARD and WRITE_ZEROES give whole pages back. WRITE_ZEROES with REFUBLK_NOUNMAP gives nothing back, but
 * takes nothing either: zeroes over zeroes change nothing. Discarded ranges read as zero.
 *
 * Nothing is volatile here that could be made durable, so there is no flush: when the server ends, the content
 * is gone.
 *
 * No memory is reserved. A disk may be larger than the machine's RAM; when its content no longer fits into RAM and
 * swap, or into the limit of the server's control group, the kernel's OOM killer ends processes: the server, whose
 * disk and content are lost with it, or others first where the server is exempt. Keep the size, or the control
 * group's limit, below what the machine can spare. The content is not locked in memory: it may be swapped out, so a
 * swap area must not lie on the disk itself. A process that calls mlockall(MCL_FUTURE) before mem_open() uses all of
 * the size at once.
 *
 * Overlapping requests on different queues race like those of any disk: each byte is one of the two. */
#ifndef REFUBLK_MEM_H
#define REFUBLK_MEM_H

#include "refublk.h"

struct mem;

/* Its context is a struct mem. lend() always lends. */
extern const struct refublk_backend mem_backend;

/* What a server asks for: nobody knows how far its disk will grow, and address space costs nothing. */
#define MEM_ROOM_BYTES (UINT64_C(16) << 40)

/* A disk of zeroes, with room in the address space to grow to room_bytes, or to a half of that, or a quarter …: as much as
 * there is. *mem is the caller's until mem_close(). 0, or -errno and *mem is NULL: -EINVAL size 0 or more than an address
 * can name; -ENOMEM no room for the size, or the machine forbids overcommitment (vm.overcommit_memory is 2). Logs nothing. */
int mem_open(struct mem **mem, uint64_t size_bytes, uint64_t room_bytes) __attribute__((warn_unused_result));

/* Another size, from any thread while requests are served; what is added reads as zero, what is cut off is given back.
 * Growing: before a request may lie there. Shrinking: when no further request can; one that is under way there still finds
 * its memory. 0, or -errno and the size is what it was: -EINVAL as above; -ENOMEM no room in the address space behind the
 * disk, or overcommitment is forbidden. Logs nothing. */
int mem_resize(struct mem *mem, uint64_t size_bytes) __attribute__((warn_unused_result));

/* A disk whose content is a file of memory: it outlives the server. It is allocated up to size_bytes, -ENOSPC when that is
 * more than there is; discard and WRITE_ZEROES give nothing back. room_bytes: as above. fd: becomes the mem's, and is
 * closed with it; on failure it stays the caller's. */
int mem_open_file(struct mem **mem, int fd, uint64_t size_bytes, uint64_t room_bytes) __attribute__((warn_unused_result));

/* That file; -1: there is none. */
int mem_fd(const struct mem *mem);

/* No request may be under way. NULL is allowed. */
void mem_close(struct mem *mem);

#endif
