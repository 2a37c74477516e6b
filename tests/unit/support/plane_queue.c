/* The queues' threads and the nodes, as plane_script.h says. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "node.h"
#include "plane_inside.h"
#include "queue.h"
#include "report.h"
#include "serve.h"

enum { PLANE_QUEUES_MAX = 4096 };

struct queue {
	int report_fd;
	uint16_t qid;
	bool ended;
	bool keeps;
};

static struct queue *queues[PLANE_QUEUES_MAX];
static uint32_t ready;
static bool failed;

void plane_queue_reset(void)
{
	memset(queues, 0, sizeof(queues));
	ready = 0;
	failed = false;
}

bool plane_queue_failed(void)
{
	return failed;
}

bool plane_queue_all_ready(void)
{
	return !failed && ready && ready == plane.running;
}

static void queue_end(struct queue *queue, uint16_t kind, int error)
{
	if (queue->ended)
		return;
	queue->ended = true;
	failed = failed || kind == REPORT_FAILED;
	report_send(queue->report_fd, (struct report){ .kind = kind, .qid = queue->qid, .error = error });
}

void plane_queue_spoil(uint32_t fault)
{
	struct queue *queue = queues[plane.fault_qid];

	if (plane.queue_fault == fault && queue)
		queue_end(queue, REPORT_FAILED, -EBADF);
}

/* After one thread's end, newer kernels tell the others nothing. */
void plane_queue_retire_all(void)
{
	for (size_t i = 0; i < PLANE_QUEUES_MAX && !failed; i++) {
		if (queues[i])
			queue_end(queues[i], REPORT_OVER, 0);
	}
}

int queue_start(struct queue **queue, const struct queue_setup *setup)
{
	struct queue *made;
	const bool spoiled = setup->qid == plane.fault_qid;

	if (fcntl(setup->char_fd, F_GETFD) < 0)
		plane_breach("a queue gets an open character device");
	if (spoiled && plane.queue_fault == PLANE_QUEUE_NOT_STARTED)
		return -ENOMEM;
	made = calloc(1, sizeof(*made));
	if (!made)
		abort();
	made->report_fd = setup->report_fd;
	made->qid = setup->qid;
	queues[setup->qid] = made;
	plane.device_bytes = setup->device_bytes;
	*queue = made;
	plane.running++;
	if (spoiled && plane.queue_fault == PLANE_QUEUE_FAILS_OPENING) {
		queue_end(made, REPORT_FAILED, -EBADF);
	} else {
		ready++;
		report_send(setup->report_fd, (struct report){ .kind = REPORT_READY, .qid = setup->qid });
	}
	return 0;
}

void queue_part(struct queue *queue, uint32_t parting)
{
	if (parting == SERVE_DRAINS) {
		plane.parted++;
		queue_end(queue, REPORT_OVER, 0);
		return;
	}
	queue->keeps = parting % SERVE_PARTINGS == SERVE_KEEPS;
	plane.kept += queue->keeps;
	plane.taken_up += !queue->keeps;
	if (queue->keeps && plane.kept <= plane.queues_full)
		report_send(queue->report_fd, (struct report){ .kind = REPORT_FULL, .qid = queue->qid, .error = (int)(parting - plane.stale) });
}

void queue_leave(struct queue *queue)
{
	plane.left_full += queue->keeps;
	queue_end(queue, REPORT_OVER, 0);
}

void queue_join(struct queue *queue)
{
	if (!queue->ended)
		plane_breach("only a queue that has ended is joined");
	if (fcntl(plane.char_fd, F_GETFD) < 0)
		plane_breach("the character device outlives the queues");
	queues[queue->qid] = NULL;
	plane.running--;
	free(queue);
}

void queue_complete(struct queue *queue, uint64_t token, struct refublk_outcome outcome)
{
	(void)queue;
	(void)token;
	(void)outcome;
}

uint16_t queue_of_token(uint64_t token)
{
	return (uint16_t)token;
}

struct queue_view queue_look(const struct queue *queue)
{
	(void)queue;
	return (struct queue_view){ 0 };
}

/* ---- nodes --------------------------------------------------------------------------------- */

void node_char_path(char path[NODE_PATH_BYTES], int id)
{
	snprintf(path, NODE_PATH_BYTES, "char%d", id);
}

void node_block_path(char path[NODE_PATH_BYTES], int id)
{
	snprintf(path, NODE_PATH_BYTES, "block%d", id);
}

int node_open_char(const char *path)
{
	(void)path;
	if (plane.orphan_queues && !plane.taken)
		plane_breach("the character device is opened after START_USER_RECOVERY");
	if (plane.busy_opens) {
		plane.busy_opens--;
		return -EBUSY;
	}
	plane.char_fd = open("/dev/null", O_RDWR | O_CLOEXEC);
	return plane.char_fd;
}

int node_find_block(const char *path)
{
	(void)path;
	return plane.live ? 0 : -ENOENT;
}
