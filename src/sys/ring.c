#include "ring.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "units.h"

/* Newer than the oldest header that this is built with. */
enum { RING_NO_MMAP = 1 << 14 };
#define RING_USE_REGISTERED (UINT32_C(1) << 31)

/* In both offset structs the last word takes the address of the memory; older headers call it reserved. */
enum { RING_ADDRESS_OFFSET = 32 };
_Static_assert(sizeof(struct io_sqring_offsets) == RING_ADDRESS_OFFSET + sizeof(uint64_t), "the address comes last");
_Static_assert(sizeof(struct io_cqring_offsets) == RING_ADDRESS_OFFSET + sizeof(uint64_t), "the address comes last");

/* What the kernel puts before the completions: less than this. */
enum { RING_HEAD_BYTES = 1024 };

static void *ring_map(size_t bytes)
{
	void *memory = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);

	if (memory == MAP_FAILED)
		return NULL;
	/* A child must not share it, nor make a copy that the kernel does not see. */
	(void)madvise(memory, bytes, MADV_DONTFORK);
	return memory;
}

static size_t ring_power_of_two(size_t entries)
{
	size_t power = 1;

	while (power < entries)
		power *= 2;
	return power;
}

/* The memory of both rings and of the submissions; the struct remembers it. */
static int ring_allocate(struct io_uring *ring, unsigned int entries, unsigned int cq_entries)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE), sq = ring_power_of_two(entries), cq = ring_power_of_two(cq_entries);

	memset(ring, 0, sizeof(*ring));
	ring->ring_fd = -1;
	ring->cq.ring_sz = units_round_up(RING_HEAD_BYTES + cq * sizeof(struct io_uring_cqe) + sq * sizeof(unsigned int), page);
	ring->sq.ring_sz = units_round_up(sq * sizeof(struct io_uring_sqe), page);
	ring->cq.ring_ptr = ring_map(ring->cq.ring_sz);
	ring->sq.sqes = ring_map(ring->sq.ring_sz);
	return ring->cq.ring_ptr && ring->sq.sqes ? 0 : -ENOMEM;
}

static void ring_free(struct io_uring *ring)
{
	if (ring->cq.ring_ptr)
		munmap(ring->cq.ring_ptr, ring->cq.ring_sz);
	if (ring->sq.sqes)
		munmap(ring->sq.sqes, ring->sq.ring_sz);
}

static void ring_point(struct io_uring *ring, const struct io_uring_params *params)
{
	unsigned char *base = ring->cq.ring_ptr;

	ring->sq.khead = (unsigned int *)(base + params->sq_off.head);
	ring->sq.ktail = (unsigned int *)(base + params->sq_off.tail);
	ring->sq.kring_mask = (unsigned int *)(base + params->sq_off.ring_mask);
	ring->sq.kring_entries = (unsigned int *)(base + params->sq_off.ring_entries);
	ring->sq.kflags = (unsigned int *)(base + params->sq_off.flags);
	ring->sq.kdropped = (unsigned int *)(base + params->sq_off.dropped);
	ring->sq.array = (unsigned int *)(base + params->sq_off.array);
	ring->sq.ring_mask = *ring->sq.kring_mask;
	ring->sq.ring_entries = *ring->sq.kring_entries;
	ring->cq.khead = (unsigned int *)(base + params->cq_off.head);
	ring->cq.ktail = (unsigned int *)(base + params->cq_off.tail);
	ring->cq.kring_mask = (unsigned int *)(base + params->cq_off.ring_mask);
	ring->cq.kring_entries = (unsigned int *)(base + params->cq_off.ring_entries);
	ring->cq.koverflow = (unsigned int *)(base + params->cq_off.overflow);
	ring->cq.kflags = (unsigned int *)(base + params->cq_off.flags);
	ring->cq.cqes = (struct io_uring_cqe *)(base + params->cq_off.cqes);
	ring->cq.ring_mask = *ring->cq.kring_mask;
	ring->cq.ring_entries = *ring->cq.kring_entries;
	for (unsigned int i = 0; i < ring->sq.ring_entries; i++)
		ring->sq.array[i] = i;
	ring->flags = params->flags;
	ring->features = params->features;
}

static int ring_make(struct io_uring *ring, unsigned int entries, unsigned int cq_entries, unsigned int flags)
{
	struct io_uring_params params = { .flags = flags | RING_NO_MMAP, .cq_entries = cq_entries };
	uint64_t rings = (uintptr_t)ring->cq.ring_ptr, submissions = (uintptr_t)ring->sq.sqes;
	int fd, result;

	memcpy((unsigned char *)&params.cq_off + RING_ADDRESS_OFFSET, &rings, sizeof(rings));
	memcpy((unsigned char *)&params.sq_off + RING_ADDRESS_OFFSET, &submissions, sizeof(submissions));
	fd = (int)syscall(SYS_io_uring_setup, entries, &params);
	if (fd < 0)
		return -errno;
	ring->ring_fd = fd;
	ring->enter_ring_fd = fd;
	ring_point(ring, &params);
	result = io_uring_register_ring_fd(ring);
	close(fd);
	ring->ring_fd = -1;
	return result == 1 ? 0 : result < 0 ? result : -EIO;
}

int ring_open(struct io_uring *ring, unsigned int entries, unsigned int cq_entries, unsigned int flags)
{
	int error = ring_allocate(ring, entries, cq_entries);

	if (!error)
		error = ring_make(ring, entries, cq_entries, flags);
	if (error)
		ring_free(ring);
	return error;
}

void ring_close(struct io_uring *ring)
{
	struct io_uring_rsrc_update update = { .offset = (unsigned int)ring->enter_ring_fd };

	(void)syscall(SYS_io_uring_register, ring->enter_ring_fd, IORING_UNREGISTER_RING_FDS | RING_USE_REGISTERED, &update, 1);
	ring_free(ring);
}
