#include <err.h>
#include <stdlib.h>
#include <string.h>

#include "scan.h"

#define DEPTH_MAX 8u
#define WAIT_MS 100u

struct scan {
	struct run *run;
	struct io ios[DEPTH_MAX];
	bool ready[DEPTH_MAX];
	unsigned depth;
	uint64_t piece_bytes;
	uint64_t next_bytes, end_bytes;		/* what is still to be asked for */
	unsigned head, in_flight;		/* ios[head] is the oldest that was not handed over */
};

static void ask(struct scan *scan)
{
	struct run *run = scan->run;

	while (scan->in_flight < scan->depth && scan->next_bytes < scan->end_bytes) {
		struct io *io = &scan->ios[(scan->head + scan->in_flight) % scan->depth];
		uint64_t left_bytes = scan->end_bytes - scan->next_bytes;

		io->kind = OPERATION_READ;
		io->direct = run->limits.direct;
		io->fua = false;
		io->offset_bytes = scan->next_bytes;
		io->length_bytes = left_bytes < scan->piece_bytes ? left_bytes : scan->piece_bytes;
		scan->ready[io - scan->ios] = false;
		scan->next_bytes += io->length_bytes;
		scan->in_flight++;
		port_poison(io->data, io->length_bytes);
		run->port->calls->push(run->port, 0, io);
	}
}

/* Waits until the oldest is there. */
static bool await(struct scan *scan)
{
	struct run *run = scan->run;
	unsigned waited_ms = 0;

	while (!scan->ready[scan->head]) {
		struct io *done[DEPTH_MAX];
		unsigned count = run->port->calls->reap(run->port, 0, done, DEPTH_MAX, WAIT_MS);

		for (unsigned at = 0; at < count; at++)
			scan->ready[done[at] - scan->ios] = true;
		waited_ms = count ? 0 : waited_ms + WAIT_MS;
		if (waited_ms > run->limits.stall_seconds * 1000) {
			atomic_store(&run->stalled, true);
			return false;
		}
	}
	return true;
}

static bool check_result(struct run *run, const struct io *io)
{
	if (io->result == (int64_t)io->length_bytes)
		return true;
	run_fail(run, "reading %llu bytes at %llu: %s", (unsigned long long)io->length_bytes,
		 (unsigned long long)io->offset_bytes, io->result < 0 ? strerror((int)-io->result) : "the device ended early");
	return false;
}

bool scan_range(struct run *run, uint64_t begin_bytes, uint64_t end_bytes, uint64_t piece_bytes,
		void (*take)(void *context, uint64_t offset_bytes, uint64_t length_bytes, const uint8_t *data),
		void *context)
{
	struct scan scan = {.run = run, .depth = run->limits.depth < DEPTH_MAX ? run->limits.depth : DEPTH_MAX,
			    .piece_bytes = piece_bytes, .next_bytes = begin_bytes, .end_bytes = end_bytes};
	void *buffers;
	bool good = true;

	if (posix_memalign(&buffers, OPERATION_PAGE_BYTES, scan.depth * piece_bytes) != 0)
		err(3, "no memory for reading the device");
	for (unsigned at = 0; at < scan.depth; at++)
		scan.ios[at].data = (uint8_t *)buffers + at * piece_bytes;
	ask(&scan);
	while (scan.in_flight) {
		const struct io *io = &scan.ios[scan.head];

		/* What is in flight may still be written to: the memory stays. */
		if (!await(&scan))
			return false;
		good = good && check_result(run, io);
		if (good)
			take(context, io->offset_bytes, io->length_bytes, io->data);
		scan.head = (scan.head + 1) % scan.depth;
		scan.in_flight--;
		if (good)
			ask(&scan);
	}
	free(buffers);
	return good;
}
