/* queue: one thread that serves one queue: pinned, with its own ring, buffers and descriptor mapping, all
 * made, used and released on that thread. */
#ifndef REFUBLK_QUEUE_H
#define REFUBLK_QUEUE_H

#include <sched.h>

#include "log.h"
#include "params.h"
#include "refublk.h"

struct queue;

struct queue_setup {
	const struct refublk_backend *backend;
	void *backend_context;
	struct params_config config; /* as granted: queues and depth are final */
	const _Atomic uint64_t *device_bytes; /* the caller's: the size, which may change; NULL: config's for ever */
	struct log log;
	cpu_set_t cpus;      /* the kernel's affinity of this queue, over possible CPUs */
	uint32_t stride_bytes; /* of descriptors */
	int char_fd;         /* the caller's; stays open until queue_join() has returned */
	int report_fd;       /* the write end of the control plane's pipe */
	int trace_fd;        /* -1: no trace */
	uint16_t qid;
};

/* Starts the thread and returns at once; REPORT_READY or REPORT_FAILED follows. 0 or -errno; the
 * caller says why. */
int queue_start(struct queue **queue, const struct queue_setup *setup) __attribute__((warn_unused_result));

/* Asks the thread to end without waiting for the driver; backend operations under way are still waited for.
 * REPORT_OVER follows. Any thread. */
void queue_leave(struct queue *queue);

/* Asks the thread to make room for another server, as serve_setup's parting says. REPORT_OVER follows SERVE_DRAINS; SERVE_KEEPS
 * is followed by REPORT_FULL once every tag is a request that is kept, with parting as it was then. Any thread. */
void queue_part(struct queue *queue, uint32_t parting);

/* refublk_complete() for a tag of this queue; any thread. */
void queue_complete(struct queue *queue, uint64_t token, struct refublk_outcome outcome);

/* Which queue a token belongs to. */
uint16_t queue_of_token(uint64_t token);

/* After REPORT_FAILED or REPORT_OVER: joins the thread and frees the queue. */
void queue_join(struct queue *queue);

/* What the thread does now, for a line about a long wait: open requests and the longest-waiting backend operation. */
struct queue_view {
	uint32_t open_requests;
	uint32_t backend_ios;
};
struct queue_view queue_look(const struct queue *queue);

#endif
