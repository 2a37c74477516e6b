#include "mem.h"

#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "check.h"
#include "units.h"

struct mem {
	unsigned char *bytes; /* ours, room_bytes of address space, usable up to usable_bytes */
	uint64_t room_bytes;
	_Atomic uint64_t usable_bytes; /* never less than it was: a request may be under way in what was cut off */
	uint64_t size_bytes;
	uint64_t page_bytes;
	int fd; /* of the file that has the content; -1: nobody else sees it */
};

static unsigned char *mem_place(const struct mem *mem, const struct refublk_request *request)
{
	const uint64_t usable_bytes = atomic_load_explicit(&mem->usable_bytes, memory_order_acquire);

	CHECK(request->offset_bytes <= usable_bytes);
	CHECK(request->length_bytes <= usable_bytes - request->offset_bytes);
	return mem->bytes + request->offset_bytes;
}

/* Only our own device's memory can be the request's: when it was lent, the kernel has moved the data already. */
static struct refublk_step mem_read(void *backend, const struct refublk_request *request)
{
	const unsigned char *place = mem_place(backend, request);

	if (request->memory != place)
		memcpy(request->memory, place, request->length_bytes);
	return refublk_done(request->length_bytes);
}

static struct refublk_step mem_write(void *backend, const struct refublk_request *request)
{
	unsigned char *place = mem_place(backend, request);

	if (request->memory != place)
		memcpy(place, request->memory, request->length_bytes);
	return refublk_done(request->length_bytes);
}

/* Equal to itself moved by one, from a zero on: all are zero. */
static bool mem_is_zero(const unsigned char *bytes, uint64_t length_bytes)
{
	return bytes[0] == 0 && memcmp(bytes, bytes + 1, length_bytes - 1) == 0;
}

/* Looks before it writes, page by page: reading an untouched page costs no memory, writing to it does. */
static void mem_zero_in_place(const struct mem *mem, uint64_t from, uint64_t to)
{
	while (from < to) {
		uint64_t page_end = units_round_down(from, mem->page_bytes) + mem->page_bytes;
		uint64_t end = page_end < to ? page_end : to;

		if (!mem_is_zero(mem->bytes + from, end - from))
			memset(mem->bytes + from, 0, end - from);
		from = end;
	}
}

/* Gives the whole pages of the range back and zeroes its edges. A file's memory is reserved: given back, it might be
 * missing at the next write, and a fault that finds none ends the server. */
static struct refublk_step mem_unmap(const struct mem *mem, const struct refublk_request *request)
{
	uint64_t from = request->offset_bytes;
	uint64_t to = from + request->length_bytes;
	uint64_t first_page = units_round_up(from, mem->page_bytes);
	uint64_t last_page = units_round_down(to, mem->page_bytes);

	if (first_page >= last_page || mem->fd >= 0) {
		mem_zero_in_place(mem, from, to);
		return refublk_done(0);
	}
	if (madvise(mem->bytes + first_page, last_page - first_page, MADV_DONTNEED) != 0)
		return refublk_failed(errno);
	mem_zero_in_place(mem, from, first_page);
	mem_zero_in_place(mem, last_page, to);
	return refublk_done(0);
}

static struct refublk_step mem_discard(void *backend, const struct refublk_request *request)
{
	(void)mem_place(backend, request);
	return mem_unmap(backend, request);
}

static struct refublk_step mem_write_zeroes(void *backend, const struct refublk_request *request)
{
	(void)mem_place(backend, request);
	if (!(request->flags & REFUBLK_NOUNMAP))
		return mem_unmap(backend, request);
	mem_zero_in_place(backend, request->offset_bytes, request->offset_bytes + request->length_bytes);
	return refublk_done(0);
}

static void *mem_lend(void *backend, const struct refublk_request *request)
{
	return mem_place(backend, request);
}

const struct refublk_backend mem_backend = {
	.name = "mem",
	.read = mem_read,
	.write = mem_write,
	.discard = mem_discard,
	.write_zeroes = mem_write_zeroes,
	.lend = mem_lend,
};

/* Nothing is there yet: no page can be touched, none is counted. */
static void *mem_reserve(uint64_t bytes)
{
	void *room = mmap(NULL, bytes, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	return room == MAP_FAILED ? NULL : room;
}

/* Its memory is reserved: a fault that finds none would end the server. */
static int mem_use_file(const struct mem *mem, uint64_t from, uint64_t to)
{
	int error;

	do
		error = fallocate(mem->fd, 0, (off_t)from, (off_t)(to - from)) < 0 ? -errno : 0;
	while (error == -EINTR);
	if (!error && mmap(mem->bytes + from, to - from, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, mem->fd, (off_t)from) ==
			      MAP_FAILED)
		error = -errno;
	return error;
}

/* Makes the range a part of the disk. from is a multiple of a page. */
static int mem_use(const struct mem *mem, uint64_t from, uint64_t to)
{
	if (mem->fd >= 0)
		return mem_use_file(mem, from, to);
	if (mprotect(mem->bytes + from, to - from, PROT_READ | PROT_WRITE) != 0)
		return -errno;

	/* With huge pages one small write would use 2 MiB, and a small discard would give nothing back. A core
	 * dump shall not contain the disk. Both are refinements: a kernel without them serves as well. */
	(void)madvise(mem->bytes + from, to - from, MADV_NOHUGEPAGE);
	(void)madvise(mem->bytes + from, to - from, MADV_DONTDUMP);
	return 0;
}

/* Address space may be limited. */
static int mem_map(struct mem *mem, uint64_t size_bytes, uint64_t room_bytes)
{
	mem->page_bytes = (uint64_t)sysconf(_SC_PAGESIZE);
	mem->size_bytes = size_bytes;
	for (; !mem->bytes && room_bytes > size_bytes; room_bytes /= 2) {
		mem->room_bytes = room_bytes;
		mem->bytes = mem_reserve(room_bytes);
	}
	if (!mem->bytes) {
		mem->room_bytes = size_bytes;
		mem->bytes = mem_reserve(size_bytes);
	}
	atomic_init(&mem->usable_bytes, size_bytes);
	return mem->bytes ? mem_use(mem, 0, size_bytes) : -ENOMEM;
}

int mem_open(struct mem **mem, uint64_t size_bytes, uint64_t room_bytes)
{
	return mem_open_file(mem, -1, size_bytes, room_bytes);
}

int mem_open_file(struct mem **mem, int fd, uint64_t size_bytes, uint64_t room_bytes)
{
	struct mem *made;
	int error;

	*mem = NULL;
	if (size_bytes == 0 || size_bytes > PTRDIFF_MAX)
		return -EINVAL;
	made = calloc(1, sizeof(*made));
	if (!made)
		return -ENOMEM;
	made->fd = fd;
	error = mem_map(made, size_bytes, room_bytes);
	if (error) {
		made->fd = -1;
		mem_close(made);
	} else {
		*mem = made;
	}
	return error;
}

/* Zeroes without a page's cost; the edge page of what stays is zeroed by hand. */
static int mem_cut(const struct mem *mem, uint64_t from, uint64_t to)
{
	struct refublk_request rest = { .offset_bytes = from, .length_bytes = to - from };
	struct refublk_step step = mem_unmap(mem, &rest);

	return -(int)step.outcome.error;
}

int mem_resize(struct mem *mem, uint64_t size_bytes)
{
	uint64_t usable_bytes = atomic_load(&mem->usable_bytes);
	int error = 0;

	if (size_bytes == 0 || size_bytes > PTRDIFF_MAX)
		return -EINVAL;
	if (size_bytes > mem->room_bytes)
		return -ENOMEM;
	/* What was written behind the end while it was cut off goes when it becomes a part of the disk again. */
	if (usable_bytes > mem->size_bytes)
		error = mem_cut(mem, mem->size_bytes, usable_bytes);
	if (!error && size_bytes > usable_bytes)
		error = mem_use(mem, units_round_down(usable_bytes, mem->page_bytes), size_bytes);
	if (error)
		return error;
	if (size_bytes > usable_bytes)
		atomic_store_explicit(&mem->usable_bytes, size_bytes, memory_order_release);
	if (size_bytes < mem->size_bytes)
		error = mem_cut(mem, size_bytes, mem->size_bytes);
	mem->size_bytes = size_bytes;
	return error;
}

void mem_close(struct mem *mem)
{
	if (!mem)
		return;
	if (mem->bytes)
		munmap(mem->bytes, mem->room_bytes);
	if (mem->fd >= 0)
		close(mem->fd);
	free(mem);
}

int mem_fd(const struct mem *mem)
{
	return mem->fd;
}
