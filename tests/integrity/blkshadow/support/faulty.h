/* A port that misbehaves, around one that does not: the faults that the checker must catch. */
#ifndef FAULTY_H
#define FAULTY_H

#include "port.h"

enum fault {
	FAULT_NONE,
	FAULT_LOST_WRITE,
	FAULT_WRITE_NEXT_SECTOR,
	FAULT_STALE_READ,
	FAULT_TORN_AT_4K,
	FAULT_TORN_SECTOR,
	FAULT_LAST_SECTOR_LOST,
	FAULT_ZEROED_PAGE,
	FAULT_STRIDE_64K,
	FAULT_BIT_FLIP,
	FAULT_SWAPPED_PAIR,
	FAULT_DISCARD_NEIGHBOUR,
	FAULT_ZEROES_NOTHING,
	FAULT_DISCARD_NOTHING,
	FAULT_DUPLICATE,
	FAULT_FOREIGN,
	FAULT_SCRIBBLE,			/* over what nobody has written */
	FAULT_READ_NEXT_SECTOR,
	FAULT_READ_UNFILLED,
	FAULT_WRAP_4G,
	FAULT_ERROR,			/* writes are answered with EIO, some of them having taken place */
	FAULT_SHORT,			/* a read that ends early */
	FAULT_STUCK,			/* a write that is never answered */
	FAULT_KINDS
};

struct faulty;

/* `fd` is the file that `inner` goes to; both stay the caller's. Ends the test without memory. */
struct faulty *faulty_new(struct port *inner, int fd, enum fault fault, uint64_t size_bytes);
struct port *faulty_port(struct faulty *faulty);

/* How often the fault has struck. */
unsigned faulty_strikes(const struct faulty *faulty);
void faulty_free(struct faulty *faulty);

#endif
