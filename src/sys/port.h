/* port: the seam between serve and the world. port_uring.c is the real one and the only data-path file that
 * includes liburing, with ring.c; the simulator and the unit tests link another. A port belongs to one thread. */
#ifndef REFUBLK_PORT_H
#define REFUBLK_PORT_H

#include "command.h"
#include "refublk.h"

struct port;

enum port_kind {
	PORT_COMMAND, /* command counts: to the character device */
	PORT_IO,      /* io counts: a backend's */
	PORT_WAKE,    /* completes once somebody has called queue's wake-up; one is always under way */
};

struct port_work {
	uint64_t user_data;
	uint32_t kind; /* enum port_kind */
	uint32_t reserved; /* 0 */
	struct command_io command;
	struct refublk_io io;
};

struct port_completion {
	uint64_t user_data;
	int32_t result;
	uint32_t reserved; /* 0 */
};

/* Takes the work over; it reaches the kernel with the next port_wait at the latest. 0, or -ENOSPC when there
 * is no room, which the ring's size excludes: the caller treats it as a broken invariant. */
int port_push(struct port *port, const struct port_work *work) __attribute__((warn_unused_result));

/* Submits what was pushed and waits until a completion is at hand or the limit has passed.
 * 0, -ETIME, -EINTR (call again), or another -errno: the port is broken. */
int port_wait(struct port *port, uint32_t limit_ms) __attribute__((warn_unused_result));

/* The next completion, if there is one at hand. */
bool port_pop(struct port *port, struct port_completion *completion);

/* Completions that the kernel could not deliver; not 0: the port is broken. */
uint64_t port_lost(const struct port *port);

#endif
