#include "file.h"

#include <errno.h>
#include <linux/falloc.h>
#include <linux/fs.h>

#include "check.h"
#include "errnos.h"
#include "units.h"

enum { FILE_STAGE_BITS = 8 };

/* Zero is no stage, so that a cursor which was never ours is noticed. */
enum file_stage {
	FILE_NOWHERE,
	FILE_MOVING,   /* READ, WRITE: the rest from done_bytes on */
	FILE_PUNCHING, /* DISCARD */
	FILE_ZEROING,  /* WRITE_ZEROES, by the file system */
	FILE_FILLING,  /* WRITE_ZEROES, by writing zeroes: the rest from done_bytes on */
	FILE_SYNCING,  /* FLUSH; WRITE_ZEROES with FUA, at last */
	FILE_STAGES
};

/* The cursor's meaning. */
struct file_place {
	uint64_t done_bytes;
	uint32_t stage; /* enum file_stage */
	uint32_t retries;
};

static struct refublk_cursor file_cursor_of(struct file_place place)
{
	struct refublk_cursor cursor = {
		.done_bytes = place.done_bytes,
		.phase = (uint64_t)place.retries << FILE_STAGE_BITS | place.stage,
	};

	return cursor;
}

static struct file_place file_place_of(struct refublk_cursor cursor)
{
	struct file_place place = {
		.done_bytes = cursor.done_bytes,
		.stage = (uint32_t)(cursor.phase & ((1u << FILE_STAGE_BITS) - 1)),
		.retries = (uint32_t)(cursor.phase >> FILE_STAGE_BITS),
	};

	return place;
}

static struct file_step file_done(uint64_t done_bytes)
{
	return (struct file_step){ .step = refublk_done(done_bytes) };
}

static struct file_step file_failed(int error_number, uint32_t note)
{
	return (struct file_step){ .step = refublk_failed(error_number), .note = note };
}

static bool file_stage_counts_bytes(uint32_t stage)
{
	return stage == FILE_MOVING || stage == FILE_FILLING;
}

/* How much the operation at this place is for. */
static uint64_t file_asked_bytes(struct file_config config, struct refublk_request request, struct file_place place)
{
	uint64_t rest = request.length_bytes - place.done_bytes;

	return place.stage == FILE_FILLING && rest > config.zeroes_bytes ? config.zeroes_bytes : rest;
}

static struct file_step file_ask(struct file_config config, struct refublk_request request, struct file_place place)
{
	bool durable = (request.flags & REFUBLK_FUA) != 0;
	bool unmap = (request.flags & REFUBLK_NOUNMAP) == 0;
	struct refublk_io io = {
		.offset_bytes = request.offset_bytes + place.done_bytes,
		.length_bytes = file_asked_bytes(config, request, place),
		.fd = config.fd,
	};

	switch ((enum file_stage)place.stage) {
	case FILE_MOVING:
		io.op = request.op == REFUBLK_READ ? REFUBLK_IO_READ : REFUBLK_IO_WRITE;
		io.memory = (unsigned char *)request.memory + place.done_bytes;
		io.flags = request.op == REFUBLK_WRITE && durable ? RWF_DSYNC : 0;
		break;
	case FILE_PUNCHING:
		io.op = REFUBLK_IO_FALLOCATE;
		io.flags = FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE;
		break;
	case FILE_ZEROING:
		io.op = REFUBLK_IO_FALLOCATE;
		io.flags = (unmap ? FALLOC_FL_PUNCH_HOLE : FALLOC_FL_ZERO_RANGE) | FALLOC_FL_KEEP_SIZE;
		break;
	case FILE_FILLING:
		io.op = REFUBLK_IO_WRITE;
		io.memory = config.zeroes;
		break;
	case FILE_SYNCING:
		io.op = REFUBLK_IO_FDATASYNC;
		io.offset_bytes = 0;
		io.length_bytes = 0;
		break;
	case FILE_NOWHERE:
	case FILE_STAGES:
		break;
	}
	return (struct file_step){ .step = refublk_io(io, file_cursor_of(place)) };
}

static struct file_step file_enter(struct file_config config, struct refublk_request request, uint32_t stage)
{
	return file_ask(config, request, (struct file_place){ .stage = stage });
}

struct file_step file_begin(struct file_config config, struct refublk_request request)
{
	switch ((enum refublk_op)request.op) {
	case REFUBLK_READ:
	case REFUBLK_WRITE:
		return file_enter(config, request, FILE_MOVING);
	case REFUBLK_FLUSH:
		return file_enter(config, request, FILE_SYNCING);
	case REFUBLK_DISCARD:
		return file_enter(config, request, FILE_PUNCHING);
	case REFUBLK_WRITE_ZEROES:
		return file_enter(config, request, FILE_ZEROING);
	}
	return file_failed(EOPNOTSUPP, FILE_QUIET);
}

/* The stage is over: the request is done, or zeroes remain to be made durable. */
static struct file_step file_leave(struct file_config config, struct refublk_request request, struct file_place place)
{
	bool zeroed = place.stage == FILE_ZEROING || place.stage == FILE_FILLING;

	if (zeroed && (request.flags & REFUBLK_FUA)) {
		place.stage = FILE_SYNCING;
		return file_ask(config, request, place);
	}
	return file_done(place.stage == FILE_MOVING ? request.length_bytes : 0);
}

/* `moved_bytes` of what was asked are done. A rest that O_DIRECT would refuse is moved again; where not even one
 * aligned piece was moved, nothing was, and that never changes by asking again. (R76) */
static struct file_step file_advance(struct file_config config, struct refublk_request request,
				     struct file_place place, uint64_t moved_bytes)
{
	uint64_t aligned_bytes = units_round_down(moved_bytes, config.align_bytes);

	if (moved_bytes > file_asked_bytes(config, request, place))
		return file_failed(EIO, FILE_QUIET);
	if (aligned_bytes == 0)
		return file_failed(EIO, FILE_ENDED);
	place.done_bytes += aligned_bytes;
	if (place.done_bytes < request.length_bytes)
		return file_ask(config, request, place);
	return file_leave(config, request, place);
}

/* R77 */
static struct file_step file_retry(struct file_config config, struct refublk_request request, struct file_place place)
{
	if (place.retries >= FILE_RETRIES_MAX)
		return file_failed(EIO, FILE_QUIET);
	place.retries++;
	return file_ask(config, request, place);
}

struct file_step file_resume(struct file_config config, struct refublk_request request,
			     struct refublk_cursor cursor, int64_t io_result)
{
	struct file_place place = file_place_of(cursor);

	CHECK(place.stage > FILE_NOWHERE);
	CHECK(place.stage < FILE_STAGES);
	CHECK(place.done_bytes <= request.length_bytes);
	if (io_result == -EINTR || io_result == -EAGAIN)
		return file_retry(config, request, place);
	if (io_result == -EOPNOTSUPP && place.stage == FILE_ZEROING) {
		place.stage = FILE_FILLING;
		return file_ask(config, request, place);
	}
	if (io_result < 0)
		return file_failed(io_result >= -ERRNOS_MAX ? (int)-io_result : EIO, FILE_QUIET);
	if (file_stage_counts_bytes(place.stage))
		return file_advance(config, request, place, (uint64_t)io_result);
	if (io_result > 0)
		return file_failed(EIO, FILE_QUIET);
	return file_leave(config, request, place);
}
