/* ring: an io_uring that ends with its thread.
 *
 * An ordinary ring is held by the process's table of descriptors and by its mappings: when the process is killed, the
 * ring ends after its last thread. On 6.12 that may be never: START_DEV reads the new disk in a worker of the main thread,
 * which the main thread's exit waits for, and the driver fails that read only when the queue's ring has ended. So a
 * queue's ring has no descriptor and no mapping of the kernel's: it lies in memory of ours, and only the thread's
 * registration holds it. */
#ifndef REFUBLK_RING_H
#define REFUBLK_RING_H

#include <liburing.h>

/* Made for the calling thread, which alone may use it. flags: IORING_SETUP_*, CQSIZE included. 0 or -errno: what
 * io_uring_setup says; -EINVAL also on a kernel that lacks such rings (before 6.5). */
int ring_open(struct io_uring *ring, unsigned int entries, unsigned int cq_entries, unsigned int flags)
	__attribute__((warn_unused_result));

/* On the thread that made it. */
void ring_close(struct io_uring *ring);

#endif
