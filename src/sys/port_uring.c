#include "port_uring.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "ring.h"

/* The most entries that the kernel gives a submission queue. */
enum { PORT_URING_ENTRIES_MAX = 32768 };

/* How often what was pushed is submitted at last, should signals or a lack of memory keep it back. */
enum { PORT_URING_CLOSE_TRIES = 1000 };

/* Where the bytes of a command stand in a submission. */
enum { PORT_URING_COMMAND_OFFSET = 48 };
_Static_assert(sizeof(struct io_uring_sqe) == 64, "a command of 16 bytes ends where the submission ends");
_Static_assert(PORT_URING_COMMAND_OFFSET + sizeof(struct ublksrv_io_cmd) == sizeof(struct io_uring_sqe),
	       "a command of 16 bytes ends where the submission ends");

struct port {
	struct io_uring ring;
	pthread_t owner; /* the thread that made the ring: the only one that may use it */
	int char_fd;
	int wake_fd;
};

uint64_t port_uring_entries(uint64_t depth_tags)
{
	return 2 * depth_tags + 1;
}

/* From the newest kernels to the oldest. DEFER_TASKRUN: the driver's work runs when we wait, in one go, instead of
 * interrupting us. SUBMIT_ALL: one refused submission does not hold up those behind it. */
static const unsigned int port_uring_flags[] = {
	IORING_SETUP_SUBMIT_ALL | IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN,
	IORING_SETUP_SUBMIT_ALL | IORING_SETUP_COOP_TASKRUN,
	0,
};

static int port_uring_ring(struct io_uring *ring, uint64_t entries)
{
	int result = -EINVAL;
	size_t i;

	if (entries > PORT_URING_ENTRIES_MAX)
		return -EINVAL;
	for (i = 0; result == -EINVAL && i < sizeof(port_uring_flags) / sizeof(port_uring_flags[0]); i++) {
		result = ring_open(ring, (unsigned int)entries, (unsigned int)entries, port_uring_flags[i] | IORING_SETUP_CQSIZE);
	}
	return result;
}

int port_uring_open(struct port **port, int char_fd, int wake_fd, uint32_t depth_tags)
{
	struct port *made = calloc(1, sizeof(*made));
	int result;

	if (!made)
		return -ENOMEM;
	result = port_uring_ring(&made->ring, port_uring_entries(depth_tags));
	if (result != 0) {
		free(made);
		return result;
	}
	made->owner = pthread_self();
	made->char_fd = char_fd;
	made->wake_fd = wake_fd;
	*port = made;
	return 0;
}

void port_uring_close(struct port *port)
{
	unsigned int tries;

	if (!port)
		return;
	CHECK(pthread_equal(pthread_self(), port->owner));
	/* Without a wait: with DEFER_TASKRUN the driver's work for us, new requests, stays undone. */
	for (tries = 0; tries < PORT_URING_CLOSE_TRIES && io_uring_sq_ready(&port->ring) > 0; tries++)
		(void)io_uring_submit(&port->ring);
	ring_close(&port->ring);
	free(port);
}

/* The character device is a plain descriptor: a registered one outlives the ring's close, and DEL_DEV waits for it. */
static void port_uring_command(struct io_uring_sqe *sqe, int char_fd, const struct command_io *command)
{
	io_uring_prep_rw(IORING_OP_URING_CMD, sqe, char_fd, NULL, 0, 0);
	sqe->cmd_op = command->op;
	memcpy((unsigned char *)sqe + PORT_URING_COMMAND_OFFSET, &command->payload, sizeof(command->payload));
}

static void port_uring_io(struct io_uring_sqe *sqe, const struct refublk_io *io)
{
	switch ((enum refublk_io_op)io->op) {
	case REFUBLK_IO_READ:
		CHECK(io->length_bytes <= UINT32_MAX);
		io_uring_prep_read(sqe, io->fd, io->memory, (unsigned int)io->length_bytes, io->offset_bytes);
		sqe->rw_flags = (__kernel_rwf_t)io->flags;
		return;
	case REFUBLK_IO_WRITE:
		CHECK(io->length_bytes <= UINT32_MAX);
		io_uring_prep_write(sqe, io->fd, io->memory, (unsigned int)io->length_bytes, io->offset_bytes);
		sqe->rw_flags = (__kernel_rwf_t)io->flags;
		return;
	case REFUBLK_IO_FDATASYNC:
		io_uring_prep_fsync(sqe, io->fd, IORING_FSYNC_DATASYNC);
		return;
	case REFUBLK_IO_FALLOCATE:
		/* The length stands where memory has its address: it may exceed 32 bits. */
		io_uring_prep_rw(IORING_OP_FALLOCATE, sqe, io->fd, NULL, io->flags, io->offset_bytes);
		sqe->addr = io->length_bytes;
		return;
	}
	CHECK(false);
}

int port_push(struct port *port, const struct port_work *work)
{
	struct io_uring_sqe *sqe = io_uring_get_sqe(&port->ring);

	if (!sqe)
		return -ENOSPC;
	switch ((enum port_kind)work->kind) {
	case PORT_COMMAND:
		port_uring_command(sqe, port->char_fd, &work->command);
		break;
	case PORT_IO:
		port_uring_io(sqe, &work->io);
		break;
	case PORT_WAKE:
		/* A poll and not a read: it holds no memory of ours when the ring closes. */
		io_uring_prep_poll_add(sqe, port->wake_fd, POLLIN);
		break;
	}
	io_uring_sqe_set_data64(sqe, work->user_data);
	return 0;
}

int port_wait(struct port *port, uint32_t limit_ms)
{
	struct __kernel_timespec limit = { .tv_sec = limit_ms / 1000, .tv_nsec = (limit_ms % 1000) * 1000000LL };
	struct io_uring_cqe *cqe;
	int result;

	CHECK(pthread_equal(pthread_self(), port->owner));
	result = io_uring_submit_and_wait_timeout(&port->ring, &cqe, 1, &limit, NULL);
	/* The kernel had no memory for a submission, which stays in the ring: what is under way frees some. */
	if (result == -EAGAIN)
		return -EINTR;
	if (result < 0)
		return result;
	/* A wait that also submitted answers how much, and not that its time has passed. */
	return io_uring_cq_ready(&port->ring) > 0 ? 0 : -ETIME;
}

bool port_pop(struct port *port, struct port_completion *completion)
{
	struct io_uring_cqe *cqe;

	if (io_uring_peek_cqe(&port->ring, &cqe) != 0)
		return false;
	completion->user_data = cqe->user_data;
	completion->result = cqe->res;
	completion->reserved = 0;
	io_uring_cqe_seen(&port->ring, cqe);
	return true;
}

uint64_t port_lost(const struct port *port) /* R30 */
{
	return *port->ring.cq.koverflow;
}
