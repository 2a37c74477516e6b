/* port_uring: the port over io_uring. The ring is made, used and closed on one thread. */
#ifndef REFUBLK_PORT_URING_H
#define REFUBLK_PORT_URING_H

#include "port.h"

/* How many entries the ring needs so that a submission or a completion never finds it full: a command and a backend
 * io for every tag, and the wake-up. */
uint64_t port_uring_entries(uint64_t depth_tags);

/* char_fd, wake_fd: the caller's, open until port_uring_close(). 0 or -errno: -ENOSYS, -EPERM io_uring is not there or
 * not allowed; -EINVAL more entries than a ring can have; -ENOMEM. The caller says why. */
int port_uring_open(struct port **port, int char_fd, int wake_fd, uint32_t depth_tags)
	__attribute__((warn_unused_result));

/* What is still under way ends without a completion. The driver may go on copying to and from the memory of its
 * commands until the thread has ended. NULL is allowed. */
void port_uring_close(struct port *port);

#endif
