/*
 * What a refublk server did with an operation, from its trace (spec/trace.md): on which queue and tag it came, where it
 * went below, what was answered. The format is all that is known here of the server.
 */
#ifndef TRACE_H
#define TRACE_H

#include <stddef.h>
#include <stdio.h>

#include "operation.h"

/* One request, as the trace shows it. */
struct trace_request {
	uint64_t line;			/* of its call, in the file */
	uint64_t offset_bytes, length_bytes;
	uint64_t io_first_bytes, io_end_bytes;	/* the range of all its ios */
	uint64_t io_bytes;		/* their lengths, added up */
	uint64_t done_bytes;
	int64_t io_result;		/* of the last io */
	int64_t committed;
	unsigned queue, tag, ios, error;
	enum operation_kind kind;
};

enum trace_answer {
	TRACE_FOUND,
	TRACE_NOTHING,			/* no request of the trace fits: none reached the server */
	TRACE_UNREADABLE		/* errno says why, or 0: not a trace of a version that is known */
};

/*
 * The request that carried a sector of an operation. The trace has no times, but an order: so it matters how many
 * operations of the same kind came to the sector after this one, and how many of them with the same range. A request of
 * the same range is preferred to one that was split off or merged.
 */
struct trace_wanted {
	struct operation operation;
	uint64_t sector;
	unsigned later_same, later_touching;
};

enum trace_answer trace_find(FILE *file, const struct trace_wanted *wanted, struct trace_request *found);

/* "queue 0, tag 5, line 17: write of 4096 bytes at 512; …", with what is wrong about it. Returns `text`. */
const char *trace_describe(const struct trace_request *request, char *text, size_t text_bytes);

#endif
