/*
 * The engine's only way to the device. Each lane is used by one thread. In the program the ring (ring.h) is behind it;
 * the tests put faults between the two.
 */
#ifndef PORT_H
#define PORT_H

#include <string.h>

#include "operation.h"

struct io {
	enum operation_kind kind;
	bool direct, fua;
	uint64_t offset_bytes, length_bytes;
	void *data;			/* of a read or write, aligned to a page */
	void *owner;			/* the engine's */
	int64_t result;			/* bytes of a read or write, 0 for others, or a negative errno */
	uint64_t done_bytes;		/* the port's: how far a read or write has come */
	unsigned retries;		/* the port's */
	bool punched;			/* the port's: zeroes were asked for as a hole */
};

struct port;

struct port_calls {
	/* Begins the operation; the port owns `io` until it is reaped. */
	void (*push)(struct port *port, unsigned lane, struct io *io);
	/* Waits until an operation of this lane is over, or for wait_ms; returns how many are in `done`. */
	unsigned (*reap)(struct port *port, unsigned lane, struct io **done, unsigned max, unsigned wait_ms);
	/* The range changes between direct and buffered: what is cached is written and dropped. 0 or negative errno. */
	int (*settle)(struct port *port, uint64_t offset_bytes, uint64_t length_bytes);
	/*
	 * Nothing is in flight: lets go of the device, and takes it again. 0 or negative errno; what is wrong has been
	 * printed. Only where the schedule pauses.
	 */
	int (*close)(struct port *port);
	int (*reopen)(struct port *port);
	/* The first byte at or after `from` that may be something but a hole; the device's size if there is none. */
	uint64_t (*next_data)(struct port *port, uint64_t from_bytes);
};

struct port {
	const struct port_calls *calls;
};

#define PORT_POISON 0xb1ac5ad0dead10ccull

/* Before a read: a sector that it leaves alone must not pass for what was in the buffer before. */
static inline void port_poison(void *data, uint64_t length_bytes)
{
	static const uint64_t mark = PORT_POISON;

	for (uint64_t at = 0; at < length_bytes; at += OPERATION_SECTOR_BYTES) {
		memcpy((uint8_t *)data + at, &mark, sizeof mark);
		memcpy((uint8_t *)data + at + OPERATION_SECTOR_BYTES - sizeof mark, &mark, sizeof mark);
	}
}

#endif
