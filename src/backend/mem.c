#include "mem.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "check.h"
#include "units.h"

struct mem {
	unsigned char *bytes; /* ours, size_bytes long */
	uint64_t size_bytes;
	uint64_t page_bytes;
};

static unsigned char *mem_place(const struct mem *mem, const struct refublk_request *request)
{
	CHECK(request->offset_bytes <= mem->size_bytes);
	CHECK(request->length_bytes <= mem->size_bytes - request->offset_bytes);
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

/* Gives the whole pages of the range back and zeroes its edges. */
static struct refublk_step mem_unmap(const struct mem *mem, const struct refublk_request *request)
{
	uint64_t from = request->offset_bytes;
	uint64_t to = from + request->length_bytes;
	uint64_t first_page = units_round_up(from, mem->page_bytes);
	uint64_t last_page = units_round_down(to, mem->page_bytes);

	if (first_page >= last_page) {
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

int mem_open(struct mem **mem, uint64_t size_bytes)
{
	struct mem *made;
	void *bytes;

	*mem = NULL;
	if (size_bytes == 0 || size_bytes > PTRDIFF_MAX)
		return -EINVAL;
	bytes = mmap(NULL, size_bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (bytes == MAP_FAILED)
		return -errno;

	/* With huge pages one small write would use 2 MiB, and a small discard would give nothing back. A core
	 * dump shall not contain the disk. Both are refinements: a kernel without them serves as well. */
	(void)madvise(bytes, size_bytes, MADV_NOHUGEPAGE);
	(void)madvise(bytes, size_bytes, MADV_DONTDUMP);

	made = malloc(sizeof(*made));
	if (!made) {
		munmap(bytes, size_bytes);
		return -ENOMEM;
	}
	*made = (struct mem){
		.bytes = bytes,
		.size_bytes = size_bytes,
		.page_bytes = (uint64_t)sysconf(_SC_PAGESIZE),
	};
	*mem = made;
	return 0;
}

void mem_close(struct mem *mem)
{
	if (!mem)
		return;
	munmap(mem->bytes, mem->size_bytes);
	free(mem);
}
