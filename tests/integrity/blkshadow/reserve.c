#include "reserve.h"

#include <stdlib.h>
#include <sys/mman.h>

/* Up to here a mapping of its own costs more than its pages. */
enum { HEAP_MAX_BYTES = 16 << 10 };

void *reserve_new(size_t bytes)
{
	void *memory;

	if (bytes <= HEAP_MAX_BYTES)
		return calloc(1, bytes);
	memory = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	return memory == MAP_FAILED ? NULL : memory;
}

void reserve_free(void *memory, size_t bytes)
{
	if (bytes <= HEAP_MAX_BYTES)
		free(memory);
	else if (memory)
		munmap(memory, bytes);
}
