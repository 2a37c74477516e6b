#include "queue.h"

#include <errno.h>
#include <inttypes.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "buffers.h"
#include "clock.h"
#include "later.h"
#include "port_uring.h"
#include "reason.h"
#include "report.h"
#include "serve.h"
#include "thread.h"
#include "trace.h"

enum { QUEUE_WAIT_MS = 10000 };

struct queue {
	struct queue_setup setup;
	pthread_t thread;
	struct later *later;
	struct buffers buffers; /* mapped by the thread, and unmapped only when it is gone: see queue_join() */
	atomic_bool leave;
	_Atomic uint32_t parting; /* see serve_setup */
	_Atomic uint32_t open_requests; /* as of the last turn */
	_Atomic uint32_t backend_ios;
};

/* What the thread makes, uses and releases. */
struct queue_tools {
	void *descriptors; /* NULL: not mapped */
	uint64_t descriptors_bytes;
	struct trace *trace;
	struct port *port;
	struct serve *serve;
};

/* How many tags are fetched: all of them, but in a test of a queue that fails before its last FETCH. */
static uint32_t queue_fetches(const struct queue *queue)
{
#ifdef REFUBLK_TEST_FAULTS
	const char *failing = getenv("REFUBLK_TEST_FAIL_QUEUE");

	if (failing && atoi(failing) == queue->setup.qid)
		return queue->setup.config.depth_tags - 1;
#endif
	return queue->setup.config.depth_tags;
}

static int queue_map_descriptors(const struct queue *queue, struct queue_tools *tools)
{
	const struct queue_setup *setup = &queue->setup;
	struct desc_area area =
		desc_area(setup->qid, setup->config.depth_tags, setup->stride_bytes, setup->config.page_bytes);
	void *mapped = mmap(NULL, area.length_bytes, PROT_READ, MAP_SHARED | MAP_POPULATE, setup->char_fd,
			    (off_t)area.offset_bytes);

	if (mapped == MAP_FAILED) {
		int error = errno;

		log_say(setup->log, REFUBLK_ERROR, "queue %u: cannot map its %" PRIu64 " bytes of descriptors: %s",
			setup->qid, area.length_bytes, strerror(error));
		return -error;
	}
	tools->descriptors = mapped;
	tools->descriptors_bytes = area.length_bytes;
	return 0;
}

static int queue_make_trace(const struct queue *queue, struct queue_tools *tools)
{
	const struct queue_setup *setup = &queue->setup;
	struct trace_setup trace = {
		.limits = params_limits(setup->config),
		.queues = setup->config.queues,
		.depth_tags = setup->config.depth_tags,
		.stride_bytes = setup->stride_bytes,
		.get_data = (setup->config.flags & PARAMS_GET_DATA) != 0,
		.fd = setup->trace_fd,
		.qid = setup->qid,
	};

	return setup->trace_fd < 0 ? 0 : trace_make(&tools->trace, &trace);
}

static int queue_make_serve(const struct queue *queue, struct queue_tools *tools)
{
	const struct queue_setup *setup = &queue->setup;
	struct serve_setup serve = {
		.backend = setup->backend,
		.backend_context = setup->backend_context,
		.descriptors = tools->descriptors,
		.buffers = queue->buffers,
		.limits = params_limits(setup->config),
		.device_bytes = setup->device_bytes,
		.log = setup->log,
		.port = tools->port,
		.later = queue->later,
		.trace = tools->trace,
		.leave = &queue->leave,
		.parting = &queue->parting,
		.mode = (setup->config.flags & PARAMS_GET_DATA) != 0 ? TAG_GET_DATA : TAG_PLAIN,
		.depth_tags = queue_fetches(queue),
		.stride_bytes = setup->stride_bytes,
		.qid = setup->qid,
	};

	return serve_make(&tools->serve, &serve);
}

static int queue_open(struct queue *queue, struct queue_tools *tools)
{
	const struct queue_setup *setup = &queue->setup;
	int error = queue_map_descriptors(queue, tools);

	if (error != 0)
		return error;
	error = buffers_map(&queue->buffers, setup->config, setup->log);
	if (error != 0)
		return error;
	error = queue_make_trace(queue, tools);
	if (error != 0)
		return error;
	error = port_uring_open(&tools->port, setup->char_fd, later_wake_fd(queue->later), setup->config.depth_tags);
	if (error != 0) {
		reason_say(setup->log, REFUBLK_ERROR, REASON_MAKE_RING, "", error);
		return error;
	}
	return queue_make_serve(queue, tools);
}

/* The mapping and what the ring still holds keep the character device alive, and DEL_DEV waiting. */
static void queue_close(struct queue_tools *tools)
{
	port_uring_close(tools->port);
	serve_free(tools->serve);
	trace_free(tools->trace);
	if (tools->descriptors)
		munmap(tools->descriptors, tools->descriptors_bytes);
}

static void queue_report(const struct queue *queue, uint16_t kind, int error)
{
	report_send(queue->setup.report_fd,
		    (struct report){ .kind = kind, .qid = queue->setup.qid, .error = error });
}

/* A queue that ends waits for its backend, for as long as it takes, and says so. */
static void queue_say_late(const struct queue *queue, const struct serve *serve, uint64_t *since_ms)
{
	uint64_t now_ms = clock_ms();

	if (!serve_ending(serve) || *since_ms == 0) {
		*since_ms = now_ms;
	} else if (now_ms - *since_ms >= QUEUE_WAIT_MS) {
		log_say(queue->setup.log, REFUBLK_WARNING,
			"queue %u is to end and waits for %" PRIu32 " operations of the backend %s; it goes on waiting, "
			"since their memory is in use",
			queue->setup.qid, serve_busy(serve), queue->setup.backend->name);
		*since_ms = now_ms;
	}
}

/* Once a round. Looked up before it is judged: a later round is full only when it says so itself. */
static void queue_say_full(const struct queue *queue, const struct serve *serve, uint32_t *said)
{
	const uint32_t parting = atomic_load(&queue->parting);

	if (*said == parting || !serve_full(serve))
		return;
	*said = parting;
	queue_report(queue, REPORT_FULL, (int)parting);
}

static bool queue_goes_on(struct serve_turn turn)
{
	return turn.news == SERVE_ON || turn.news == SERVE_INTERRUPTED;
}

/* 0 or -errno. Every FETCH is in the kernel, and was not refused, when the queue is reported ready. */
static int queue_serve(struct queue *queue, struct serve *serve)
{
	uint64_t since_ms = 0;
	struct serve_turn turn;
	uint32_t full = SERVE_STAYS; /* the parting that was reported */

	serve_begin(serve);
	do
		turn = serve_turn(serve, 0);
	while (turn.news == SERVE_INTERRUPTED);
	if (queue_fetches(queue) != queue->setup.config.depth_tags)
		return -EIO;
	if (turn.news == SERVE_ON)
		queue_report(queue, REPORT_READY, 0);
	while (queue_goes_on(turn)) {
		turn = serve_turn(serve, QUEUE_WAIT_MS);
		atomic_store_explicit(&queue->open_requests, serve_open(serve), memory_order_relaxed);
		atomic_store_explicit(&queue->backend_ios, serve_busy(serve), memory_order_relaxed);
		queue_say_late(queue, serve, &since_ms);
		queue_say_full(queue, serve, &full);
	}
	return turn.error;
}

static void *queue_thread(void *argument)
{
	struct queue *queue = argument;
	struct queue_tools tools = { 0 };
	int error;

	thread_name(queue->setup.config.id, queue->setup.qid);
	(void)thread_pin(&queue->setup.cpus, queue->setup.qid, queue->setup.log);
	(void)thread_flush_io(queue->setup.log);
	error = queue_open(queue, &tools);
	if (error == 0)
		error = queue_serve(queue, tools.serve);
	queue_close(&tools);
	queue_report(queue, error != 0 ? REPORT_FAILED : REPORT_OVER, error);
	return NULL;
}

/* Signals are for the threads of the program that uses the library. */
static int queue_spawn(struct queue *queue)
{
	sigset_t all;
	sigset_t before;
	int error;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	error = pthread_create(&queue->thread, NULL, queue_thread, queue);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return -error;
}

int queue_start(struct queue **queue, const struct queue_setup *setup)
{
	struct queue *made = calloc(1, sizeof(*made));
	int error = -ENOMEM;

	if (made) {
		made->setup = *setup;
		error = later_make(&made->later, setup->config.depth_tags);
	}
	if (error == 0)
		error = queue_spawn(made);
	if (error != 0) {
		if (made)
			later_free(made->later);
		free(made);
		return error;
	}
	*queue = made;
	return 0;
}

void queue_leave(struct queue *queue)
{
	atomic_store(&queue->leave, true);
	later_wake(queue->later);
}

void queue_part(struct queue *queue, uint32_t parting)
{
	atomic_store(&queue->parting, parting);
	later_wake(queue->later);
}

void queue_complete(struct queue *queue, uint64_t token, struct refublk_outcome outcome)
{
	later_put(queue->later, token, outcome);
}

uint16_t queue_of_token(uint64_t token)
{
	return later_token_qid(token);
}

/* The buffers outlive the thread: the driver copies data on this thread, and the commands that the ring held when it
 * closed may still be under way until the thread is gone. */
void queue_join(struct queue *queue)
{
	pthread_join(queue->thread, NULL);
	buffers_unmap(&queue->buffers);
	later_free(queue->later);
	free(queue);
}

struct queue_view queue_look(const struct queue *queue)
{
	return (struct queue_view){
		.open_requests = atomic_load_explicit(&queue->open_requests, memory_order_relaxed),
		.backend_ios = atomic_load_explicit(&queue->backend_ios, memory_order_relaxed),
	};
}
