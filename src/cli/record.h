/* record: one line of a trace as data. The format is spec/trace.md; what a line means is judged elsewhere. */
#ifndef REFUBLK_RECORD_H
#define REFUBLK_RECORD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "desc.h"

enum { RECORD_LINE_BYTES = 1024, RECORD_BYTES_MAX = 256, RECORD_KERNEL_BYTES = 72 };

enum record_kind {
	RECORD_HEADER,
	RECORD_COMMAND,
	RECORD_IO,
	RECORD_WAKE,
	RECORD_COMPLETION,
	RECORD_DESCRIPTOR,
	RECORD_SIZE,
	RECORD_CALL,
	RECORD_RESUME,
	RECORD_STEP,
	RECORD_LOAN,
	RECORD_LETTER,
	RECORD_LOST,
	RECORD_END,
	RECORD_KINDS
};

/* op of a STEP or END whose word is not one of the enumeration's: `step … unknown`. */
enum { RECORD_STEP_UNKNOWN = 3 };

enum record_end { RECORD_END_OVER, RECORD_END_LEFT, RECORD_END_BROKEN };

struct record_header {
	struct desc_limits limits;
	uint32_t depth_tags;
	uint32_t stride_bytes;
	uint32_t queues;
	uint32_t get_data; /* 0 or 1 */
	char kernel[RECORD_KERNEL_BYTES];
};

/* What the kind has no field for is 0. */
struct record {
	uint64_t sequence;
	uint64_t user;         /* USER; of CALL and LETTER the TOKEN */
	uint64_t offset_bytes;
	uint64_t length_bytes; /* STEP, LETTER: bytes done; SIZE: of the device; LOST: lines */
	uint64_t memory;
	int64_t result;
	uint32_t qid;
	uint32_t thread;
	uint32_t kind;         /* enum record_kind */
	uint32_t op;           /* COMMAND: cmd_op; IO: enum refublk_io_op; CALL: enum refublk_op; STEP: enum refublk_step_kind; END: enum record_end */
	uint32_t flags;
	uint32_t error;
	uint32_t tag;
	uint32_t bytes_count;
	unsigned char bytes[RECORD_BYTES_MAX]; /* COMMAND: the payload; DESCRIPTOR */
	struct record_header header;
};

/* `text`: a line without its newline. Total: false for whatever the format does not have, and the record is then
 * without meaning. */
bool record_parse(const char *text, size_t length_bytes, struct record *record);

const char *record_name(uint32_t kind);

#endif
