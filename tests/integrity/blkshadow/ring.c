#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <liburing.h>
#include <linux/falloc.h>
#include <linux/fs.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/uio.h>
#include <unistd.h>

#include "ring.h"
#include "target.h"

#define RETRIES_MAX 1000u
#define SUBMISSION_MAX_BYTES (1u << 30)

struct lane {
	struct io_uring uring;
	struct io **finished;		/* ended without a trip through the ring */
	unsigned finished_count;
	bool ready;
};

struct ring {
	struct port port;
	struct lane *lanes;
	unsigned lane_count;
	int direct_fd, buffered_fd;	/* -1 while the device is let go of */
	struct ring_target target;	/* its path is the caller's */
	uint64_t size_bytes;
	bool block_device;
	_Atomic bool no_zero_range;	/* the file system has no such operation: punching reads as zeroes too */
};

/*
 * Discards and write-zeroes drop what is cached. On a block device that is refused with EBUSY while a neighbour in the
 * same folio is in use, unless it is asked of the file that holds the device for itself.
 */
static int fd_of(const struct ring *ring, const struct io *io)
{
	if (ring->block_device && (io->kind == OPERATION_DISCARD || io->kind == OPERATION_ZEROES))
		return ring->buffered_fd;
	return io->direct ? ring->direct_fd : ring->buffered_fd;
}

static void finish(struct lane *lane, struct io *io, int64_t result)
{
	io->result = result;
	lane->finished[lane->finished_count++] = io;
}

static void prepare_transfer(const struct ring *ring, struct io_uring_sqe *sqe, struct io *io)
{
	uint64_t left_bytes = io->length_bytes - io->done_bytes;
	unsigned count = left_bytes < SUBMISSION_MAX_BYTES ? (unsigned)left_bytes : SUBMISSION_MAX_BYTES;
	uint8_t *data = (uint8_t *)io->data + io->done_bytes;
	uint64_t offset_bytes = io->offset_bytes + io->done_bytes;

	if (io->kind == OPERATION_READ)
		io_uring_prep_read(sqe, fd_of(ring, io), data, count, offset_bytes);
	else
		io_uring_prep_write(sqe, fd_of(ring, io), data, count, offset_bytes);
	if (io->fua)
		sqe->rw_flags = RWF_DSYNC;
}

static void prepare(struct ring *ring, struct io_uring_sqe *sqe, struct io *io)
{
	int fd = fd_of(ring, io), mode = FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE;

	switch (io->kind) {
	case OPERATION_READ:
	case OPERATION_WRITE:
		prepare_transfer(ring, sqe, io);
		break;
	case OPERATION_FLUSH:
		io_uring_prep_fsync(sqe, fd, IORING_FSYNC_DATASYNC);
		break;
	case OPERATION_ZEROES:
		io->punched = atomic_load(&ring->no_zero_range);
		if (!io->punched)
			mode = FALLOC_FL_ZERO_RANGE | FALLOC_FL_KEEP_SIZE;
		io_uring_prep_fallocate(sqe, fd, mode, (off_t)io->offset_bytes, (off_t)io->length_bytes);
		break;
	case OPERATION_DISCARD:
	case OPERATION_STRESS:
	case OPERATION_KINDS:
		io_uring_prep_fallocate(sqe, fd, mode, (off_t)io->offset_bytes, (off_t)io->length_bytes);
		break;
	}
	io_uring_sqe_set_data(sqe, io);
}

static void submit(struct ring *ring, struct lane *lane, struct io *io)
{
	struct io_uring_sqe *sqe = io_uring_get_sqe(&lane->uring);

	if (!sqe) {
		io_uring_submit(&lane->uring);
		sqe = io_uring_get_sqe(&lane->uring);
	}
	if (!sqe) {
		finish(lane, io, -EBUSY);
		return;
	}
	prepare(ring, sqe, io);
}

static void ring_push(struct port *port, unsigned number, struct io *io)
{
	struct ring *ring = (struct ring *)port;
	struct lane *lane = &ring->lanes[number];
	uint64_t range[2] = {io->offset_bytes, io->length_bytes};

	io->done_bytes = 0;
	io->retries = 0;
	/* A block device discards by an ioctl only, which waits. */
	if (io->kind == OPERATION_DISCARD && ring->block_device)
		finish(lane, io, ioctl(fd_of(ring, io), BLKDISCARD, range) < 0 ? -errno : 0);
	else
		submit(ring, lane, io);
}

/* Is the operation over? If not, it has been submitted again. */
static bool complete(struct ring *ring, struct lane *lane, struct io *io, int result)
{
	bool transfer = io->kind == OPERATION_READ || io->kind == OPERATION_WRITE;

	if ((result == -EAGAIN || result == -EINTR) && io->retries++ < RETRIES_MAX) {
		submit(ring, lane, io);
		return false;
	}
	if (result == -EOPNOTSUPP && io->kind == OPERATION_ZEROES && !ring->block_device && !io->punched) {
		atomic_store(&ring->no_zero_range, true);
		submit(ring, lane, io);
		return false;
	}
	if (transfer && result > 0) {
		io->done_bytes += (uint64_t)result;
		if (io->done_bytes < io->length_bytes) {
			submit(ring, lane, io);
			return false;
		}
	}
	io->result = result < 0 ? result : transfer ? (int64_t)io->done_bytes : 0;
	return true;
}

static unsigned take_finished(struct lane *lane, struct io **done, unsigned max)
{
	unsigned count = lane->finished_count < max ? lane->finished_count : max;

	memcpy(done, lane->finished, count * sizeof *done);
	lane->finished_count -= count;
	memmove(lane->finished, lane->finished + count, lane->finished_count * sizeof *done);
	return count;
}

static unsigned ring_reap(struct port *port, unsigned number, struct io **done, unsigned max, unsigned wait_ms)
{
	struct ring *ring = (struct ring *)port;
	struct lane *lane = &ring->lanes[number];
	struct __kernel_timespec limit = {.tv_sec = wait_ms / 1000, .tv_nsec = wait_ms % 1000 * 1000000};
	struct io_uring_cqe *cqe;
	unsigned count;

	io_uring_submit(&lane->uring);
	count = take_finished(lane, done, max);
	if (!count && io_uring_wait_cqe_timeout(&lane->uring, &cqe, &limit) < 0)
		return 0;
	while (count < max && io_uring_peek_cqe(&lane->uring, &cqe) == 0) {
		struct io *io = io_uring_cqe_get_data(cqe);
		int result = cqe->res;

		io_uring_cqe_seen(&lane->uring, cqe);
		if (complete(ring, lane, io, result))
			done[count++] = io;
	}
	io_uring_submit(&lane->uring);
	return count;
}

static int ring_settle(struct port *port, uint64_t offset_bytes, uint64_t length_bytes)
{
	struct ring *ring = (struct ring *)port;

	if (sync_file_range(ring->buffered_fd, (off_t)offset_bytes, (off_t)length_bytes,
			    SYNC_FILE_RANGE_WAIT_BEFORE | SYNC_FILE_RANGE_WRITE | SYNC_FILE_RANGE_WAIT_AFTER) < 0)
		return -errno;
	return -posix_fadvise(ring->buffered_fd, (off_t)offset_bytes, (off_t)length_bytes, POSIX_FADV_DONTNEED);
}

static uint64_t ring_next_data(struct port *port, uint64_t from_bytes)
{
	struct ring *ring = (struct ring *)port;
	off_t at;

	if (ring->block_device)
		return from_bytes;
	at = lseek(ring->buffered_fd, (off_t)from_bytes, SEEK_DATA);
	if (at >= 0)
		return (uint64_t)at;
	return errno == ENXIO ? ring->size_bytes : from_bytes;
}

static int ring_let_go(struct port *port)
{
	struct ring *ring = (struct ring *)port;
	int error = fsync(ring->buffered_fd) < 0 ? -errno : 0;

	close(ring->direct_fd);
	close(ring->buffered_fd);
	ring->direct_fd = ring->buffered_fd = -1;
	return error;
}

/* It has to be as large as it was, and to take the same requests. */
static int ring_reopen(struct port *port)
{
	struct ring *ring = (struct ring *)port;
	struct ring_target again;
	bool fits = target_open(ring->target.path, &again, &ring->direct_fd, &ring->buffered_fd);

	if (fits && (again.size_bytes < ring->size_bytes || again.block_bytes > ring->target.block_bytes ||
		     again.direct != ring->target.direct)) {
		warnx("%s is another device now: of %llu bytes in blocks of %llu", again.path,
		      (unsigned long long)again.size_bytes, (unsigned long long)again.block_bytes);
		fits = false;
	}
	free(again.path);
	return fits ? 0 : -ENODEV;
}

static const struct port_calls ring_calls = {
	.push = ring_push,
	.reap = ring_reap,
	.settle = ring_settle,
	.next_data = ring_next_data,
	.close = ring_let_go,
	.reopen = ring_reopen,
};

struct ring *ring_open(const char *path, struct ring_target *target)
{
	struct ring *ring = calloc(1, sizeof *ring);

	if (!ring)
		return NULL;
	ring->port.calls = &ring_calls;
	if (!target_open(path, target, &ring->direct_fd, &ring->buffered_fd)) {
		free(ring);
		return NULL;
	}
	ring->block_device = target->block_device;
	ring->size_bytes = target->size_bytes;
	ring->target = *target;
	return ring;
}

int ring_lanes(struct ring *ring, unsigned lanes, unsigned depth)
{
	ring->lanes = calloc(lanes, sizeof *ring->lanes);
	if (!ring->lanes)
		return -ENOMEM;
	ring->lane_count = lanes;
	for (unsigned at = 0; at < lanes; at++) {
		struct lane *lane = &ring->lanes[at];
		int error = io_uring_queue_init(depth, &lane->uring, 0);

		if (error < 0)
			return error;
		lane->ready = true;
		lane->finished = calloc(depth, sizeof(struct io *));
		if (!lane->finished)
			return -ENOMEM;
	}
	return 0;
}

struct port *ring_port(struct ring *ring)
{
	return &ring->port;
}

void ring_close(struct ring *ring)
{
	for (unsigned at = 0; at < ring->lane_count; at++) {
		if (ring->lanes[at].ready)
			io_uring_queue_exit(&ring->lanes[at].uring);
		free(ring->lanes[at].finished);
	}
	free(ring->lanes);
	close(ring->direct_fd);
	close(ring->buffered_fd);
	free(ring);
}
