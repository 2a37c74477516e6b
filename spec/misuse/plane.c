#include "plane.h"

#include <errno.h>
#include <fcntl.h>
#include <liburing.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { RING_ENTRIES = 16, SQE_BYTES = 128, CANCEL_USER = 1000 };

static struct io_uring ring;
static int control_fd = -1;
static bool busy[PLANE_SLOTS], answered[PLANE_SLOTS];
static int answers[PLANE_SLOTS];

static void give_up(const char *what, int error)
{
	fprintf(stderr, "misuse: %s: %s\n", what, strerror(error));
	exit(2);
}

void plane_open(void)
{
	int error;

	control_fd = open("/dev/ublk-control", O_RDWR | O_CLOEXEC);
	if (control_fd < 0)
		give_up("/dev/ublk-control", errno);
	error = io_uring_queue_init(RING_ENTRIES, &ring, IORING_SETUP_SQE128);
	if (error)
		give_up("io_uring", -error);
}

void plane_close(void)
{
	io_uring_queue_exit(&ring);
	close(control_fd);
}

static struct io_uring_sqe *next_sqe(void)
{
	struct io_uring_sqe *sqe = io_uring_get_sqe(&ring);

	if (!sqe)
		give_up("a full ring", ENOBUFS);
	memset(sqe, 0, SQE_BYTES);
	return sqe;
}

static void submit(void)
{
	int count = io_uring_submit(&ring);

	for (int i = 0; i < 100 && (count == -EINTR || count == -EAGAIN); i++) {
		usleep(10000);
		count = io_uring_submit(&ring);
	}
	if (count < 0)
		give_up("io_uring_submit", -count);
}

int plane_send(uint32_t op, struct ublksrv_ctrl_cmd payload)
{
	struct io_uring_sqe *sqe = next_sqe();
	int slot = 0;

	while (slot < PLANE_SLOTS && busy[slot])
		slot++;
	if (slot == PLANE_SLOTS)
		give_up("too many commands wait", EBUSY);
	sqe->opcode = IORING_OP_URING_CMD;
	sqe->fd = control_fd;
	sqe->cmd_op = op;
	sqe->user_data = (__u64)slot;
	memcpy(sqe->cmd, &payload, sizeof(payload));
	busy[slot] = true;
	answered[slot] = false;
	submit();
	return slot;
}

/* Takes what is there; waits up to wait_ms for the first one. */
static void take(int wait_ms)
{
	struct __kernel_timespec limit = { .tv_sec = wait_ms / 1000, .tv_nsec = wait_ms % 1000 * 1000000LL };
	struct io_uring_cqe *cqe;

	if (io_uring_wait_cqe_timeout(&ring, &cqe, &limit))
		return;
	do {
		if (cqe->user_data < PLANE_SLOTS) {
			answered[cqe->user_data] = true;
			answers[cqe->user_data] = cqe->res;
		}
		io_uring_cqe_seen(&ring, cqe);
	} while (io_uring_peek_cqe(&ring, &cqe) == 0);
}

bool plane_answer(int slot, int wait_ms, int *result)
{
	struct timespec begin, now;

	clock_gettime(CLOCK_MONOTONIC, &begin);
	take(0);
	while (!answered[slot]) {
		clock_gettime(CLOCK_MONOTONIC, &now);
		int left = wait_ms - (int)((now.tv_sec - begin.tv_sec) * 1000 + (now.tv_nsec - begin.tv_nsec) / 1000000);

		if (left <= 0)
			return false;
		take(left);
	}
	busy[slot] = false;
	*result = answers[slot];
	return true;
}

void plane_cancel(int slot)
{
	struct io_uring_sqe *sqe = next_sqe();

	sqe->opcode = IORING_OP_ASYNC_CANCEL;
	sqe->fd = -1;
	sqe->addr = (__u64)slot;
	sqe->user_data = CANCEL_USER;
	submit();
}

int plane_call(uint32_t op, struct ublksrv_ctrl_cmd payload)
{
	int result, slot = plane_send(op, payload);

	return plane_answer(slot, PLANE_PATIENCE_MS, &result) ? result : -ETIME;
}

struct ublksrv_ctrl_cmd plane_payload(uint32_t dev_id)
{
	return (struct ublksrv_ctrl_cmd){ .dev_id = dev_id, .queue_id = UINT16_MAX };
}
