/* buffers: the memory that the driver copies data to and from, one buffer per tag, in one mapping per queue.
 * Every byte is mapped and resident as long as the queue lives: where the driver can copy only a part of a WRITE,
 * no server can tell. */
#ifndef REFUBLK_BUFFERS_H
#define REFUBLK_BUFFERS_H

#include "log.h"
#include "params.h"

struct buffers {
	unsigned char *base; /* page-aligned; NULL: none */
	uint64_t each_bytes; /* params_buffer_bytes() */
	uint64_t all_bytes;
};

/* Maps, locks and touches the buffers of one queue. 0, or -errno (logged): no memory. A lock that is refused is a
 * warning with its remedy, once per call. */
int buffers_map(struct buffers *buffers, struct params_config config, struct log log)
	__attribute__((warn_unused_result));

/* Only when no command of the queue can be carried out any more: the driver may copy until then. */
void buffers_unmap(struct buffers *buffers);

static inline unsigned char *buffers_of(struct buffers buffers, uint16_t tag)
{
	return buffers.base + tag * buffers.each_bytes;
}

#endif
