/* The file backend's machine, by induction: its first step and every later one keep the invariant; each operation
 * begins where the last one ended, so that each byte is moved once; what is reported is what was done; and every
 * step is nearer to the end. */
#include <errno.h>
#include <stdlib.h>

#include "file.h"
#include "proof.h"

/* Of the cursor, as file.c numbers it. */
enum { MOVING = 1, PUNCHING, ZEROING, FILLING, SYNCING };

static struct file_config config;
static struct refublk_request request;

static uint32_t stage_of(struct refublk_cursor cursor)
{
	return cursor.phase & 0xff;
}

static uint32_t retries_of(struct refublk_cursor cursor)
{
	return (uint32_t)(cursor.phase >> 8);
}

static bool counts(uint32_t stage)
{
	return stage == MOVING || stage == FILLING;
}

/* What an operation that is waited for means. */
static bool holds(struct refublk_cursor cursor)
{
	uint32_t stage = stage_of(cursor);
	bool fits = stage == MOVING ? request.op == REFUBLK_READ || request.op == REFUBLK_WRITE :
		    stage == PUNCHING ? request.op == REFUBLK_DISCARD :
		    stage == ZEROING || stage == FILLING ? request.op == REFUBLK_WRITE_ZEROES :
		    stage == SYNCING ? request.op == REFUBLK_FLUSH ||
		    (request.op == REFUBLK_WRITE_ZEROES && (request.flags & REFUBLK_FUA) != 0) : false;

	if (!fits || retries_of(cursor) > FILE_RETRIES_MAX || cursor.phase >> 8 > FILE_RETRIES_MAX)
		return false;
	if (counts(stage))
		return cursor.done_bytes < request.length_bytes && (cursor.done_bytes & (config.align_bytes - 1)) == 0;
	return stage == SYNCING ? cursor.done_bytes <= request.length_bytes : cursor.done_bytes == 0;
}

/* The operation covers what is left, or as much of it as there are zeroes, and nothing before or behind it. */
static void prove_io(struct refublk_step step)
{
	uint32_t stage = stage_of(step.cursor);
	uint64_t rest = request.length_bytes - step.cursor.done_bytes;

	PROVE(holds(step.cursor), "the invariant");
	PROVE(step.io.fd == config.fd, "the file");
	if (stage == SYNCING) {
		PROVE(step.io.op == REFUBLK_IO_FDATASYNC, "fdatasync");
		return;
	}
	PROVE(step.io.offset_bytes == request.offset_bytes + step.cursor.done_bytes, "begins where the last one ended");
	PROVE(step.io.length_bytes > 0 && step.io.length_bytes <= rest, "stays within the request");
	PROVE(step.io.length_bytes == rest || (stage == FILLING && step.io.length_bytes == config.zeroes_bytes),
	      "all of the rest, or all zeroes that there are");
	if (stage == MOVING)
		PROVE(step.io.memory == (unsigned char *)request.memory + step.cursor.done_bytes &&
		      step.io.op == (request.op == REFUBLK_READ ? REFUBLK_IO_READ : REFUBLK_IO_WRITE), "its own memory");
	if (stage == FILLING)
		PROVE(step.io.memory == config.zeroes && step.io.op == REFUBLK_IO_WRITE, "zeroes");
	if (stage == PUNCHING || stage == ZEROING)
		PROVE(step.io.op == REFUBLK_IO_FALLOCATE, "fallocate");
}

static void prove_resume(void)
{
	struct refublk_cursor cursor = { .done_bytes = nondet_u64(), .phase = nondet_u64() };
	int64_t io_result = (int64_t)nondet_u64();
	uint32_t stage = stage_of(cursor);
	uint64_t asked = request.length_bytes - cursor.done_bytes;
	struct refublk_step step;

	ASSUME(holds(cursor));
	if (stage == FILLING && asked > config.zeroes_bytes)
		asked = config.zeroes_bytes;
	step = file_resume(config, request, cursor, io_result).step;
	if (step.kind == REFUBLK_STEP_IO) {
		uint32_t next = stage_of(step.cursor);

		prove_io(step);
		PROVE(next > stage || (next == stage && step.cursor.done_bytes > cursor.done_bytes) ||
		      (next == stage && retries_of(step.cursor) > retries_of(cursor)), "nearer to the end");
		PROVE(retries_of(step.cursor) >= retries_of(cursor), "retries are never given back");
		if (next == stage && counts(stage))
			PROVE(step.cursor.done_bytes - cursor.done_bytes <= (io_result > 0 ? (uint64_t)io_result : 0),
			      "no byte is skipped");
	} else {
		PROVE(step.kind == REFUBLK_STEP_DONE, "io or done");
		if (step.outcome.error == 0 && counts(stage))
			PROVE(io_result > 0 && (uint64_t)io_result <= asked &&
			      cursor.done_bytes + (uint64_t)io_result >= request.length_bytes, "all of it was moved");
		if (step.outcome.error == 0)
			PROVE(io_result >= 0, "an error is no success");
		if (step.outcome.error == 0)
			PROVE(step.outcome.done_bytes == (stage == MOVING ? request.length_bytes : 0), "what was done");
		if (io_result < 0 && io_result >= -4095 && io_result != -EINTR && io_result != -EAGAIN)
			PROVE(step.outcome.error == (uint32_t)-io_result, "errors go through unchanged");
	}
}

void proof(void)
{
	static unsigned char zeroes[1];
	uint32_t align_shift = nondet_u32();
	struct refublk_step first;

	ASSUME(align_shift <= 12);
	config = (struct file_config){ .zeroes = zeroes, .zeroes_bytes = nondet_u64(), .fd = nondet_i32() };
	config.align_bytes = UINT64_C(1) << align_shift;
	ASSUME(config.zeroes_bytes != 0 && config.zeroes_bytes <= 1u << 25 &&
	       (config.zeroes_bytes & (config.align_bytes - 1)) == 0);
	request = (struct refublk_request){ .op = nondet_u32(), .flags = nondet_u32(), .memory = NULL,
					    .offset_bytes = nondet_u64(), .length_bytes = nondet_u64() };
	ASSUME(request.offset_bytes <= INT64_MAX && request.length_bytes <= INT64_MAX - request.offset_bytes);
	ASSUME((request.length_bytes & (config.align_bytes - 1)) == 0);
	ASSUME(request.op == REFUBLK_FLUSH || request.length_bytes > 0);
	if (request.op == REFUBLK_READ || request.op == REFUBLK_WRITE) {
		ASSUME(request.length_bytes <= 1u << 25);
		request.memory = malloc(request.length_bytes);
		ASSUME(request.memory != NULL);
	}
	first = file_begin(config, request).step;
	PROVE((first.kind == REFUBLK_STEP_IO) == (request.op <= REFUBLK_WRITE_ZEROES), "a known op begins");
	if (first.kind == REFUBLK_STEP_IO)
		prove_io(first);
	prove_resume();
	PROVED();
}
