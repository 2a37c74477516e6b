#include <errno.h>
#include <err.h>
#include <fcntl.h>
#include <linux/falloc.h>
#include <pthread.h>
#include <stdlib.h>
#include <unistd.h>

#include "faulty.h"
#include "mix.h"

#define LANES_MAX 8u
#define FINISHED_MAX 4096u
#define SICK_PERCENT 5u
#define MIB (1u << 20)
#define SECTOR OPERATION_SECTOR_BYTES

struct remembered {
	uint64_t offset_bytes, length_bytes;
	uint8_t *data;
};

struct faulty {
	struct port port;
	struct port *inner;
	struct io *finished[LANES_MAX][FINISHED_MAX];
	unsigned finished_count[LANES_MAX];
	struct remembered last;		/* a write: what was there before it, or what it wrote */
	pthread_mutex_t lock;
	uint64_t size_bytes;
	unsigned strikes;
	enum fault fault;
	int fd;
};

static void finish(struct faulty *faulty, unsigned lane, struct io *io, bool good)
{
	bool transfer = io->kind == OPERATION_READ || io->kind == OPERATION_WRITE;

	io->result = !good ? -EIO : transfer ? (int64_t)io->length_bytes : 0;
	faulty->finished[lane][faulty->finished_count[lane]++] = io;
}

/* The same places are always sick, so that a shorter list of operations meets the fault again. */
static bool is_sick(const struct io *io)
{
	return mix_64(io->offset_bytes) % 100 < SICK_PERCENT;
}

static bool write_at(const struct faulty *faulty, const void *data, uint64_t bytes, uint64_t offset_bytes)
{
	return pwrite(faulty->fd, data, bytes, (off_t)offset_bytes) == (ssize_t)bytes;
}

static bool read_at(const struct faulty *faulty, void *data, uint64_t bytes, uint64_t offset_bytes)
{
	return pread(faulty->fd, data, bytes, (off_t)offset_bytes) == (ssize_t)bytes;
}

static bool punch(const struct faulty *faulty, uint64_t offset_bytes, uint64_t bytes)
{
	return fallocate(faulty->fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, (off_t)offset_bytes, (off_t)bytes) == 0;
}

static void remember(struct faulty *faulty, const struct io *io, bool before)
{
	free(faulty->last.data);
	faulty->last = (struct remembered){io->offset_bytes, io->length_bytes, malloc(io->length_bytes)};
	if (!faulty->last.data)
		err(1, "no memory");
	if (before && !read_at(faulty, faulty->last.data, io->length_bytes, io->offset_bytes))
		err(1, "reading what was there before");
	if (!before)
		memcpy(faulty->last.data, io->data, io->length_bytes);
}

static bool write_changed(struct faulty *faulty, const struct io *io)
{
	uint8_t *data = malloc(io->length_bytes);
	bool good;

	if (!data)
		err(1, "no memory");
	memcpy(data, io->data, io->length_bytes);
	if (faulty->fault == FAULT_BIT_FLIP)
		data[100] ^= 4;
	if (faulty->fault == FAULT_STRIDE_64K)
		memset(data + (64 << 10), 0, io->length_bytes - (64 << 10));
	if (faulty->fault == FAULT_FOREIGN)
		for (uint64_t at = 0; at < io->length_bytes; at++)
			data[at] = (uint8_t)mix_pair(at, faulty->strikes);
	if (faulty->fault == FAULT_TORN_SECTOR) {
		uint8_t old[SECTOR];

		good = read_at(faulty, old, SECTOR, io->offset_bytes);
		memcpy(data + SECTOR / 2, old + SECTOR / 2, SECTOR / 2);
	}
	good = write_at(faulty, data, io->length_bytes, io->offset_bytes);
	free(data);
	return good;
}

/* The write after which two places hold each other's content. */
static bool write_swapped(struct faulty *faulty, const struct io *io)
{
	bool good = write_at(faulty, io->data, io->length_bytes, io->offset_bytes);

	if (faulty->last.data && faulty->last.length_bytes == io->length_bytes &&
	    faulty->last.offset_bytes != io->offset_bytes) {
		good = write_at(faulty, io->data, io->length_bytes, faulty->last.offset_bytes) &&
		       write_at(faulty, faulty->last.data, io->length_bytes, io->offset_bytes);
		faulty->strikes++;
		free(faulty->last.data);
		faulty->last.data = NULL;
		return good;
	}
	faulty->strikes--;
	remember(faulty, io, false);
	return good;
}

static bool write_badly(struct faulty *faulty, const struct io *io)
{
	uint8_t scribble[SECTOR] = {1, 2, 3, (uint8_t)faulty->strikes};
	uint64_t offset_bytes = io->offset_bytes, bytes = io->length_bytes, page = offset_bytes | 4095;

	switch (faulty->fault) {
	case FAULT_WRITE_NEXT_SECTOR:
		return write_at(faulty, io->data, bytes, offset_bytes + SECTOR);
	case FAULT_TORN_AT_4K:
		return write_at(faulty, io->data, 4096, offset_bytes);
	case FAULT_LAST_SECTOR_LOST:
		return write_at(faulty, io->data, bytes - SECTOR, offset_bytes);
	case FAULT_ZEROED_PAGE:
		return write_at(faulty, io->data, bytes, offset_bytes) && punch(faulty, page + 1, 4096);
	case FAULT_SWAPPED_PAIR:
		return write_swapped(faulty, io);
	case FAULT_DUPLICATE:
		return write_at(faulty, io->data, bytes, offset_bytes) &&
		       write_at(faulty, io->data, SECTOR, (offset_bytes + faulty->size_bytes / 2) % faulty->size_bytes);
	case FAULT_SCRIBBLE:
		return write_at(faulty, io->data, bytes, offset_bytes) &&
		       write_at(faulty, scribble, SECTOR, (offset_bytes + faulty->size_bytes / 2) % faulty->size_bytes);
	case FAULT_STALE_READ:
		remember(faulty, io, true);
		return write_at(faulty, io->data, bytes, offset_bytes);
	case FAULT_WRAP_4G:
		return write_at(faulty, io->data, bytes, offset_bytes & UINT32_MAX);
	case FAULT_BIT_FLIP:
	case FAULT_STRIDE_64K:
	case FAULT_FOREIGN:
	case FAULT_TORN_SECTOR:
		return write_changed(faulty, io);
	case FAULT_NONE:
	case FAULT_LOST_WRITE:
	case FAULT_DISCARD_NEIGHBOUR:
	case FAULT_ZEROES_NOTHING:
	case FAULT_DISCARD_NOTHING:
	case FAULT_READ_NEXT_SECTOR:
	case FAULT_READ_UNFILLED:
	case FAULT_ERROR:
	case FAULT_SHORT:
	case FAULT_STUCK:
	case FAULT_KINDS:
		break;
	}
	return true;
}

static bool read_badly(struct faulty *faulty, struct io *io)
{
	if (faulty->fault == FAULT_READ_NEXT_SECTOR)
		return read_at(faulty, io->data, io->length_bytes, io->offset_bytes + SECTOR);
	if (faulty->fault == FAULT_READ_UNFILLED)
		return read_at(faulty, io->data, io->length_bytes - SECTOR, io->offset_bytes);
	memcpy(io->data, faulty->last.data, io->length_bytes);
	free(faulty->last.data);
	faulty->last.data = NULL;
	return true;
}

static bool strikes_write(const struct faulty *faulty, const struct io *io)
{
	uint64_t bytes = io->length_bytes, end_bytes = io->offset_bytes + bytes;

	switch (faulty->fault) {
	case FAULT_WRITE_NEXT_SECTOR:
		return is_sick(io) && end_bytes + SECTOR <= faulty->size_bytes;
	case FAULT_TORN_AT_4K:
		return is_sick(io) && bytes > 4096;
	case FAULT_LAST_SECTOR_LOST:
		return is_sick(io) && bytes > SECTOR;
	case FAULT_ZEROED_PAGE:
		return is_sick(io) && bytes >= 3 * 4096;
	case FAULT_STRIDE_64K:
		return bytes > 64 << 10;
	case FAULT_WRAP_4G:
		return io->offset_bytes >= 1ull << 32;
	case FAULT_LOST_WRITE:
	case FAULT_TORN_SECTOR:
	case FAULT_BIT_FLIP:
	case FAULT_SWAPPED_PAIR:
	case FAULT_DUPLICATE:
	case FAULT_FOREIGN:
	case FAULT_SCRIBBLE:
	case FAULT_STALE_READ:
		return is_sick(io);
	case FAULT_NONE:
	case FAULT_DISCARD_NEIGHBOUR:
	case FAULT_ZEROES_NOTHING:
	case FAULT_DISCARD_NOTHING:
	case FAULT_READ_NEXT_SECTOR:
	case FAULT_READ_UNFILLED:
	case FAULT_ERROR:
	case FAULT_SHORT:
	case FAULT_STUCK:
	case FAULT_KINDS:
		break;
	}
	return false;
}

/* Large reads are the recorder's and the sweep's: they see what is there, and begin and end an attempt. */
static bool strikes_read(struct faulty *faulty, const struct io *io)
{
	if (io->length_bytes >= MIB) {
		free(faulty->last.data);
		faulty->last.data = NULL;
	}
	if (io->length_bytes >= 64 << 10 || io->length_bytes == SECTOR)
		return false;
	if (faulty->fault == FAULT_STALE_READ)
		return faulty->last.data && faulty->last.offset_bytes == io->offset_bytes &&
		       faulty->last.length_bytes >= io->length_bytes;
	return (faulty->fault == FAULT_READ_NEXT_SECTOR || faulty->fault == FAULT_READ_UNFILLED) && is_sick(io) &&
	       io->offset_bytes + io->length_bytes + SECTOR <= faulty->size_bytes;
}

/* The device does not pretend that all is well. */
static bool strike_openly(struct faulty *faulty, unsigned lane, struct io *io)
{
	bool write = io->kind == OPERATION_WRITE && is_sick(io);

	if (faulty->fault == FAULT_STUCK && write && !faulty->strikes) {
		faulty->strikes++;
		return true;
	}
	if (faulty->fault == FAULT_ERROR && write) {
		if (faulty->strikes++ % 2)
			write_at(faulty, io->data, io->length_bytes / 2, io->offset_bytes);
		finish(faulty, lane, io, false);
		return true;
	}
	if (faulty->fault == FAULT_SHORT && io->kind == OPERATION_READ && io->length_bytes < MIB && is_sick(io)) {
		faulty->strikes++;
		finish(faulty, lane, io, true);
		io->result -= SECTOR;
		return true;
	}
	return false;
}

static bool strike(struct faulty *faulty, unsigned lane, struct io *io)
{
	if (strike_openly(faulty, lane, io))
		return true;
	if (io->kind == OPERATION_WRITE && strikes_write(faulty, io)) {
		faulty->strikes++;
		finish(faulty, lane, io, write_badly(faulty, io));
		return true;
	}
	if (io->kind == OPERATION_READ && strikes_read(faulty, io)) {
		faulty->strikes++;
		finish(faulty, lane, io, read_badly(faulty, io));
		return true;
	}
	if ((io->kind == OPERATION_ZEROES && faulty->fault == FAULT_ZEROES_NOTHING) ||
	    (io->kind == OPERATION_DISCARD && faulty->fault == FAULT_DISCARD_NOTHING)) {
		faulty->strikes++;
		finish(faulty, lane, io, true);
		return true;
	}
	if (io->kind == OPERATION_DISCARD && faulty->fault == FAULT_DISCARD_NEIGHBOUR) {
		faulty->strikes++;
		finish(faulty, lane, io, punch(faulty, io->offset_bytes, io->length_bytes + 4096));
		return true;
	}
	return false;
}

static void faulty_push(struct port *port, unsigned lane, struct io *io)
{
	struct faulty *faulty = (struct faulty *)port;
	bool struck;

	pthread_mutex_lock(&faulty->lock);
	struck = strike(faulty, lane, io);
	pthread_mutex_unlock(&faulty->lock);
	if (!struck)
		faulty->inner->calls->push(faulty->inner, lane, io);
}

static unsigned faulty_reap(struct port *port, unsigned lane, struct io **done, unsigned max, unsigned wait_ms)
{
	struct faulty *faulty = (struct faulty *)port;
	unsigned count = 0;

	while (faulty->finished_count[lane] && count < max)
		done[count++] = faulty->finished[lane][--faulty->finished_count[lane]];
	return count + (count < max ? faulty->inner->calls->reap(faulty->inner, lane, done + count, max - count,
								 count ? 0 : wait_ms)
				    : 0);
}

static int faulty_settle(struct port *port, uint64_t offset_bytes, uint64_t length_bytes)
{
	struct faulty *faulty = (struct faulty *)port;

	return faulty->inner->calls->settle(faulty->inner, offset_bytes, length_bytes);
}

static uint64_t faulty_next_data(struct port *port, uint64_t from_bytes)
{
	struct faulty *faulty = (struct faulty *)port;

	return faulty->inner->calls->next_data(faulty->inner, from_bytes);
}

static const struct port_calls faulty_calls = {
	.push = faulty_push,
	.reap = faulty_reap,
	.settle = faulty_settle,
	.next_data = faulty_next_data,
};

struct faulty *faulty_new(struct port *inner, int fd, enum fault fault, uint64_t size_bytes)
{
	struct faulty *faulty = calloc(1, sizeof *faulty);

	if (!faulty)
		err(1, "no memory");
	faulty->port.calls = &faulty_calls;
	faulty->inner = inner;
	faulty->fd = fd;
	faulty->fault = fault;
	faulty->size_bytes = size_bytes;
	pthread_mutex_init(&faulty->lock, NULL);
	return faulty;
}

struct port *faulty_port(struct faulty *faulty)
{
	return &faulty->port;
}

unsigned faulty_strikes(const struct faulty *faulty)
{
	return faulty->strikes;
}

void faulty_free(struct faulty *faulty)
{
	free(faulty->last.data);
	free(faulty);
}
