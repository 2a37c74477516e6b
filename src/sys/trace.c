#include "trace.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "check.h"

enum {
	TRACE_VERSION = 2,
	TRACE_BUFFER_BYTES = 1 << 16,
	TRACE_LINE_BYTES = 1024,  /* longer than any line: a descriptor of 256 bytes is 512 digits */
	TRACE_HEX_BYTES = 256,    /* the longest run of bytes in one line */
};

struct trace {
	uint64_t sequence; /* of the next line; a lost line has one too, so that a gap shows where it was */
	uint64_t lost;
	uint64_t lost_said;
	uint32_t used_bytes;
	int fd;
	uint16_t qid;
	bool torn; /* the file ends within a line */
	char buffer[TRACE_BUFFER_BYTES];
};

struct trace_hex {
	char digits[2 * TRACE_HEX_BYTES + 1];
};

static struct trace_hex trace_hex(const void *bytes, size_t length_bytes)
{
	static const char digit[] = "0123456789abcdef";
	const unsigned char *from = bytes;
	struct trace_hex hex;
	size_t i;

	CHECK(length_bytes <= TRACE_HEX_BYTES);
	for (i = 0; i < length_bytes; i++) {
		hex.digits[2 * i] = digit[from[i] >> 4];
		hex.digits[2 * i + 1] = digit[from[i] & 15];
	}
	hex.digits[2 * i] = '\0';
	return hex;
}

static uint64_t trace_lines(const char *text, size_t length_bytes)
{
	uint64_t lines = 0;
	size_t i;

	for (i = 0; i < length_bytes; i++)
		lines += text[i] == '\n';
	return lines;
}

void trace_flush(struct trace *trace)
{
	const char *text = trace->buffer;
	size_t left_bytes = trace->used_bytes;

	if (left_bytes > 0 && trace->torn)
		trace->torn = write(trace->fd, "\n", 1) != 1;
	while (left_bytes > 0 && !trace->torn) {
		ssize_t written = write(trace->fd, text, left_bytes);

		if (written < 0 && errno == EINTR)
			continue;
		if (written <= 0)
			break;
		text += written;
		left_bytes -= (size_t)written;
	}
	if (left_bytes > 0) {
		trace->lost += trace_lines(text, left_bytes);
		trace->torn = trace->torn || (text > trace->buffer && text[-1] != '\n');
	}
	trace->used_bytes = 0;
}

static void trace_append(struct trace *trace, const char *format, va_list arguments)
{
	char *line = trace->buffer + trace->used_bytes;
	int head = snprintf(line, TRACE_LINE_BYTES, "%" PRIu64 " %u %d ", trace->sequence++, trace->qid, gettid());
	int body = vsnprintf(line + head, (size_t)(TRACE_LINE_BYTES - head), format, arguments);

	CHECK(head + body < TRACE_LINE_BYTES - 1);
	line[head + body] = '\n';
	trace->used_bytes += (uint32_t)(head + body + 1);
}

/* Into a buffer that has room. */
__attribute__((format(printf, 2, 3))) static void trace_put(struct trace *trace, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	trace_append(trace, format, arguments);
	va_end(arguments);
}

__attribute__((format(printf, 2, 3))) static void trace_line(struct trace *trace, const char *format, ...)
{
	va_list arguments;

	if (trace->used_bytes > TRACE_BUFFER_BYTES - 2 * TRACE_LINE_BYTES)
		trace_flush(trace);
	if (trace->lost != trace->lost_said)
		trace_put(trace, "lost %" PRIu64, trace->lost);
	trace->lost_said = trace->lost;
	va_start(arguments, format);
	trace_append(trace, format, arguments);
	va_end(arguments);
}

int trace_make(struct trace **trace, const struct trace_setup *setup)
{
	struct trace *made = calloc(1, sizeof(*made));
	struct utsname names;

	if (!made)
		return -ENOMEM;
	CHECK(uname(&names) == 0);
	made->fd = setup->fd;
	made->qid = setup->qid;
	trace_line(made,
		   "refublk-trace %d kernel=%.64s queues=%" PRIu32 " depth=%" PRIu32 " stride=%" PRIu32 " device=%" PRIu64 " max_io=%" PRIu32
		   " block=%" PRIu32 " read_only=%" PRIu32 " get_data=%" PRIu32,
		   TRACE_VERSION, names.release, setup->queues, setup->depth_tags, setup->stride_bytes,
		   setup->limits.device_bytes, setup->limits.max_io_bytes, setup->limits.block_bytes, setup->limits.read_only, setup->get_data);
	*trace = made;
	return 0;
}

void trace_free(struct trace *trace)
{
	if (!trace)
		return;
	trace_flush(trace);
	free(trace);
}

uint64_t trace_lost(const struct trace *trace)
{
	return trace->lost;
}

static const char *trace_io_name(uint32_t op)
{
	switch ((enum refublk_io_op)op) {
	case REFUBLK_IO_READ:
		return "read";
	case REFUBLK_IO_WRITE:
		return "write";
	case REFUBLK_IO_FDATASYNC:
		return "fdatasync";
	case REFUBLK_IO_FALLOCATE:
		return "fallocate";
	}
	return "unknown";
}

void trace_push(struct trace *trace, const struct port_work *work)
{
	const struct refublk_io *io = &work->io;

	switch ((enum port_kind)work->kind) {
	case PORT_COMMAND:
		trace_line(trace, "command %016" PRIx64 " %08" PRIx32 " %s", work->user_data, work->command.op,
			   trace_hex(&work->command.payload, sizeof(work->command.payload)).digits);
		break;
	case PORT_IO:
		trace_line(trace, "io %016" PRIx64 " %s %" PRId32 " %" PRIu64 " %" PRIu64 " %" PRIx32 " %" PRIxPTR,
			   work->user_data, trace_io_name(io->op), io->fd, io->offset_bytes, io->length_bytes,
			   io->flags, (uintptr_t)io->memory);
		break;
	case PORT_WAKE:
		trace_line(trace, "wake %016" PRIx64, work->user_data);
		break;
	}
}

void trace_completion(struct trace *trace, const struct port_completion *completion)
{
	trace_line(trace, "completion %016" PRIx64 " %" PRId32, completion->user_data, completion->result);
}

void trace_descriptor(struct trace *trace, uint16_t tag, const unsigned char *bytes, uint32_t length_bytes)
{
	trace_line(trace, "descriptor %u %s", tag, trace_hex(bytes, length_bytes).digits);
}

/* The functions of struct refublk_backend: one word each. */
static const char *trace_function_name(uint32_t op)
{
	switch ((enum refublk_op)op) {
	case REFUBLK_READ:
		return "read";
	case REFUBLK_WRITE:
		return "write";
	case REFUBLK_FLUSH:
		return "flush";
	case REFUBLK_DISCARD:
		return "discard";
	case REFUBLK_WRITE_ZEROES:
		return "write_zeroes";
	}
	return "unknown";
}

void trace_call(struct trace *trace, uint16_t tag, const struct refublk_request *request)
{
	trace_line(trace, "call %u %s %" PRIu64 " %" PRIu64 " %" PRIx32 " %" PRIxPTR " %016" PRIx64, tag,
		   trace_function_name(request->op), request->offset_bytes, request->length_bytes, request->flags,
		   (uintptr_t)request->memory, request->token);
}

void trace_resume(struct trace *trace, uint16_t tag, int64_t io_result)
{
	trace_line(trace, "resume %u %" PRId64, tag, io_result);
}

void trace_step(struct trace *trace, uint16_t tag, const struct refublk_step *step)
{
	switch ((enum refublk_step_kind)step->kind) {
	case REFUBLK_STEP_DONE:
		trace_line(trace, "step %u done %" PRIu64 " %" PRIu32, tag, step->outcome.done_bytes,
			   step->outcome.error);
		return;
	case REFUBLK_STEP_IO:
		trace_line(trace, "step %u io", tag);
		return;
	case REFUBLK_STEP_LATER:
		trace_line(trace, "step %u later", tag);
		return;
	}
	trace_line(trace, "step %u unknown", tag);
}

void trace_loan(struct trace *trace, uint16_t tag, const void *memory)
{
	trace_line(trace, "loan %u %" PRIxPTR, tag, (uintptr_t)memory);
}

void trace_size(struct trace *trace, uint64_t device_bytes)
{
	trace_line(trace, "size %" PRIu64, device_bytes);
}

void trace_letter(struct trace *trace, const struct later_letter *letter)
{
	trace_line(trace, "letter %016" PRIx64 " %" PRIu64 " %" PRIu32, letter->token, letter->outcome.done_bytes,
		   letter->outcome.error);
}

void trace_end(struct trace *trace, uint32_t end, int32_t error)
{
	static const char *const names[] = {
		[TRACE_OVER] = "over",
		[TRACE_LEFT] = "left",
		[TRACE_BROKEN] = "broken",
	};

	CHECK(end < sizeof(names) / sizeof(names[0]));
	trace_line(trace, "end %s %" PRId32, names[end], error);
}
