/* serve: one queue's requests, from the completion to the commit. What is decided is decided in core; here it is
 * carried out, over whatever port is linked. A serve belongs to one thread, that of its port.
 *
 *   completion → descriptor, copied once → desc_decode → backend → outcome → result_of → tag_step → command → push */
#ifndef REFUBLK_SERVE_H
#define REFUBLK_SERVE_H

#include <stdatomic.h>

#include "buffers.h"
#include "desc.h"
#include "later.h"
#include "log.h"
#include "port.h"
#include "tag.h"
#include "trace.h"

struct serve;

/* Everything is the caller's and outlives the serve. */
struct serve_setup {
	const struct refublk_backend *backend;
	void *backend_context;
	const volatile void *descriptors; /* shared with the driver; depth_tags × stride_bytes, aligned to 8 */
	struct buffers buffers;
	struct desc_limits limits;
	const _Atomic uint64_t *device_bytes; /* what the size is by now; NULL: it stays as limits say */
	struct log log;
	struct port *port;
	struct later *later;
	struct trace *trace;      /* NULL: none */
	const atomic_bool *leave; /* set from any thread, with later_wake() after it: end without waiting for the driver */
	const _Atomic uint32_t *parting; /* likewise: another server comes; enum serve_parting plus any multiple of
					  * SERVE_PARTINGS, by which the caller tells rounds apart; NULL: none ever does */
	uint32_t mode;            /* enum tag_mode */
	uint32_t depth_tags;
	uint32_t stride_bytes;    /* 24 to 256, a multiple of 8 */
	uint16_t qid;
};

/* How a queue makes room for another server. */
enum serve_parting {
	SERVE_STAYS,  /* not at all, or not any more: what was kept is taken up */
	SERVE_DRAINS, /* the driver sends nothing new: answers everything that it has sent, and ends */
	SERVE_KEEPS,  /* what comes is kept and not answered, for the next server, until leave */
	SERVE_PARTINGS
};

/* 0 or -ENOMEM. */
int serve_make(struct serve **serve, const struct serve_setup *setup) __attribute__((warn_unused_result));

/* The port is not in use any more. NULL is allowed. */
void serve_free(struct serve *serve);

/* Pushes the wake-up and the FETCH of every tag; once, before the first turn. */
void serve_begin(struct serve *serve);

enum serve_news {
	SERVE_ON,
	SERVE_INTERRUPTED, /* on as well, but what was pushed may not have reached the kernel yet: another turn is due */
	SERVE_OVER,        /* every tag is retired; or leave was wanted, and no backend operation is under way; or it parts */
	SERVE_BROKEN,      /* error says why; no backend operation is under way, unless the port itself is gone */
};

struct serve_turn {
	uint32_t news; /* enum serve_news */
	int32_t error; /* BROKEN: -EPROTO the driver broke the protocol, -ENOSPC the port took no more, -EOVERFLOW it lost
	                * completions, or what the port or the driver said; else 0 */
};

/* Submits what was pushed, waits until a completion comes or the limit has passed, and deals with all that is at
 * hand. OVER and BROKEN are the end: no turn after them. */
struct serve_turn serve_turn(struct serve *serve, uint32_t limit_ms);

/* Requests that are open, and those of them whose backend operation is under way. */
uint32_t serve_open(const struct serve *serve);
uint32_t serve_busy(const struct serve *serve);

/* It keeps, and every tag is a request that is kept: the driver can send nothing more, and the backend has nothing under
 * way. So it stays until the queue leaves, or stays. */
bool serve_full(const struct serve *serve);

/* No command is sent any more: leave is wanted, or the queue is broken. */
bool serve_ending(const struct serve *serve);

#endif
