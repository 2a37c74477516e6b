/* trace: what crossed the border, as text lines; the format is spec/trace.md. Never a state: what a reader of
 * the trace concludes must not rest on what this program believes.
 *
 * One per queue, used on the queue's thread only, without a lock; NULL means no trace, and the caller asks. */
#ifndef REFUBLK_TRACE_H
#define REFUBLK_TRACE_H

#include "desc.h"
#include "later.h"
#include "port.h"

struct trace;

/* What the header line says about the queue. */
struct trace_setup {
	struct desc_limits limits;
	uint32_t depth_tags;
	uint32_t stride_bytes;
	uint32_t get_data; /* 0 or 1 */
	uint32_t queues;
	int fd;            /* the caller's, opened with O_APPEND; shared by the queues */
	uint16_t qid;
};

/* 0 or -ENOMEM. */
int trace_make(struct trace **trace, const struct trace_setup *setup) __attribute__((warn_unused_result));

/* Writes what is left. NULL is allowed. */
void trace_free(struct trace *trace);

/* Writes what has gathered: whole lines in one write. What cannot be written is lost, and counted. */
void trace_flush(struct trace *trace);

void trace_push(struct trace *trace, const struct port_work *work);
void trace_completion(struct trace *trace, const struct port_completion *completion);
void trace_descriptor(struct trace *trace, uint16_t tag, const unsigned char *bytes, uint32_t length_bytes);
void trace_call(struct trace *trace, uint16_t tag, const struct refublk_request *request);
void trace_resume(struct trace *trace, uint16_t tag, int64_t io_result);
void trace_step(struct trace *trace, uint16_t tag, const struct refublk_step *step);
void trace_loan(struct trace *trace, uint16_t tag, const void *memory);
void trace_size(struct trace *trace, uint64_t device_bytes);
void trace_letter(struct trace *trace, const struct later_letter *letter);

enum trace_end { TRACE_OVER, TRACE_LEFT, TRACE_BROKEN };

/* end: enum trace_end. error: 0 or -errno. */
void trace_end(struct trace *trace, uint32_t end, int32_t error);

/* Lines that did not reach the file so far. */
uint64_t trace_lost(const struct trace *trace);

#endif
