#include <err.h>
#include <stdlib.h>
#include <string.h>

#include "prelude.h"

#define WAIT_MS 100u

/* In small requests, which are the least likely to meet with what goes wrong with large ones. */
#define PIECE_BYTES OPERATION_PAGE_BYTES

static bool carry_out(struct run *run, struct io *io)
{
	struct io *done;
	unsigned waited_ms = 0;

	run->port->calls->push(run->port, 0, io);
	while (run->port->calls->reap(run->port, 0, &done, 1, WAIT_MS) == 0) {
		waited_ms += WAIT_MS;
		if (waited_ms > run->limits.stall_seconds * 1000) {
			atomic_store(&run->stalled, true);
			return false;
		}
	}
	if (io->result == (int64_t)io->length_bytes)
		return true;
	run_fail(run, "writing %llu bytes at %llu: %s", (unsigned long long)io->length_bytes,
		 (unsigned long long)io->offset_bytes, io->result < 0 ? strerror((int)-io->result) : "the device ended early");
	return false;
}

static bool cover(struct run *run, const struct operation *operation, void *buffer)
{
	struct stamp_identity identity = run->identity;
	uint64_t end_bytes = operation->offset_bytes + operation->length_bytes;

	/* Stamps of no run at all. */
	identity.run = ~identity.run;
	for (uint64_t at = operation->offset_bytes; at < end_bytes; at += PIECE_BYTES) {
		struct operation piece = *operation;
		struct io io = {.kind = OPERATION_WRITE, .direct = run->limits.direct, .data = buffer};

		piece.offset_bytes = at;
		piece.length_bytes = end_bytes - at < PIECE_BYTES ? end_bytes - at : PIECE_BYTES;
		stamp_fill(&identity, &piece, buffer);
		io.offset_bytes = piece.offset_bytes;
		io.length_bytes = piece.length_bytes;
		if (!carry_out(run, &io))
			return false;
	}
	return true;
}

bool prelude_write(struct run *run)
{
	bool good = true;
	void *buffer;

	if (posix_memalign(&buffer, OPERATION_PAGE_BYTES, PIECE_BYTES) != 0)
		errx(3, "no memory for the prelude");
	atomic_store(&run->progress.phase, "writing what is to be overwritten");
	for (uint32_t at = 0; at < run->schedule->list_count && good; at++)
		good = cover(run, &run->schedule->list[at], buffer);
	/* With the device stalled, the buffer is still its. */
	if (!atomic_load(&run->stalled))
		free(buffer);
	return good;
}
