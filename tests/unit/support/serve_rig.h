/* serve_rig: a serve over a scripted port, a driver's side to play by hand, and a backend that answers as told. */
#ifndef SERVE_RIG_H
#define SERVE_RIG_H

#include <check.h>
#include <stdatomic.h>

#include "port_script.h"
#include "serve.h"

enum { RIG_TAGS_MAX = 8, RIG_BUFFER_BYTES = 8192, RIG_BLOCK_BYTES = 512, RIG_DEVICE_BYTES = 1 << 20, RIG_QID = 3 };

/* Asserts as libcheck does, which writes a record for each assertion that holds: too slow for millions of them. */
#define RIG_ASSERT(condition)                                        \
	do {                                                         \
		if (!(condition))                                    \
			ck_abort_msg("does not hold: %s", #condition); \
	} while (0)

enum rig_plan {
	RIG_DONE,  /* all of it, at once */
	RIG_IO,    /* by one io; its result is the outcome */
	RIG_LATER,
	RIG_STEP,  /* what rig->step says */
};

struct rig {
	struct serve *serve;
	struct port *port;
	struct later *later;
	struct trace *trace;
	struct refublk_backend backend;
	struct buffers buffers;
	atomic_bool leave;
	_Atomic uint32_t parting; /* enum serve_parting */
	_Atomic uint64_t device_bytes; /* RIG_DEVICE_BYTES until a test changes it */
	uint64_t *descriptors;
	uint32_t depth_tags;
	uint32_t mode;

	/* the backend */
	enum rig_plan plan;
	struct refublk_step step;
	unsigned char *disk; /* lent out of, when lends is set; RIG_DEVICE_BYTES */
	bool lends;
	uint32_t calls;
	uint32_t resumes;
	struct refublk_request request[RIG_TAGS_MAX]; /* the last one of each tag */

	/* the driver's side: what each tag has under way */
	struct port_work command[RIG_TAGS_MAX];
	struct port_work io[RIG_TAGS_MAX];
	bool has_command[RIG_TAGS_MAX];
	bool has_io[RIG_TAGS_MAX];
	uint32_t commits[RIG_TAGS_MAX];

	/* the log */
	uint32_t lines;
	char last_line[512];
};

/* Ready to begin. mode: enum tag_mode. trace_fd: -1 for none. */
void rig_open(struct rig *rig, uint32_t depth_tags, uint32_t mode, int trace_fd);
void rig_close(struct rig *rig);

/* serve_begin() and the first turn, which must leave the queue on. */
void rig_begin(struct rig *rig);

/* One turn, after which the driver's side knows what was pushed: at most one command or io per tag. */
struct serve_turn rig_turn(struct rig *rig);
void rig_turn_on(struct rig *rig); /* and the queue goes on */

/* Writes the tag's descriptor. op_flags as the kernel has them. */
void rig_describe(struct rig *rig, uint16_t tag, uint32_t op_flags, uint64_t sector, uint32_t sectors);

/* Completes what the tag has under way. */
void rig_answer(struct rig *rig, uint16_t tag, int32_t result);
void rig_end_io(struct rig *rig, uint16_t tag, int32_t result);

/* The kernel brings a request: its descriptor, the completion of the tag's command, and a turn. */
void rig_bring(struct rig *rig, uint16_t tag, uint32_t op_flags, uint64_t sector, uint32_t sectors);

/* The tag's last command is this one, with this result and address; or the commit of its own buffer. */
void rig_expect(const struct rig *rig, uint16_t tag, uint32_t op, int32_t result, const void *address);
void rig_expect_commit(const struct rig *rig, uint16_t tag, int32_t result);

unsigned char *rig_buffer(const struct rig *rig, uint16_t tag);

#endif
