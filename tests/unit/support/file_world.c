#include "file_world.h"

#include <errno.h>
#include <linux/falloc.h>
#include <linux/fs.h>
#include <string.h>

void file_world_make(struct file_world *world, uint32_t op, uint32_t flags, uint64_t length,
		     uint64_t align, uint64_t zeroes)
{
	memset(world, 0, sizeof(*world));
	for (int i = 0; i < FILE_BYTES; i++)
		world->file[i] = (unsigned char)(i + 1);
	memcpy(world->before, world->file, FILE_BYTES);
	for (int i = 0; i < LENGTH_MAX; i++)
		world->memory[i] = (unsigned char)(0x80 + i);
	world->config = (struct file_config){
		.zeroes = world->zeroes, .zeroes_bytes = zeroes, .align_bytes = align, .fd = FD,
	};
	world->request = (struct refublk_request){
		.offset_bytes = op == REFUBLK_FLUSH ? 0 : OFFSET,
		.length_bytes = op == REFUBLK_FLUSH ? 0 : length,
		.op = op,
		.flags = flags,
		.memory = op == REFUBLK_READ || op == REFUBLK_WRITE ? world->memory : NULL,
	};
}

void file_world_check_asked(const struct file_world *world, const struct refublk_io *io)
{
	const struct refublk_request *request = &world->request;
	const unsigned char *memory = io->memory;
	bool unmap = request->op == REFUBLK_DISCARD || (request->flags & REFUBLK_NOUNMAP) == 0;

	EXPECT(io->fd == FD);
	EXPECT(io->reserved == 0);
	if (io->op == REFUBLK_IO_FDATASYNC) {
		EXPECT(request->op == REFUBLK_FLUSH ||
			  (request->op == REFUBLK_WRITE_ZEROES && (request->flags & REFUBLK_FUA)));
		EXPECT(io->offset_bytes == 0);
		EXPECT(io->length_bytes == 0);
		return;
	}
	EXPECT(io->offset_bytes >= request->offset_bytes);
	EXPECT(io->length_bytes > 0);
	EXPECT(io->offset_bytes + io->length_bytes <= request->offset_bytes + request->length_bytes);
	EXPECT(io->offset_bytes % world->config.align_bytes == 0);
	EXPECT(io->length_bytes % world->config.align_bytes == 0);
	if (io->op == REFUBLK_IO_FALLOCATE) {
		EXPECT(request->op == REFUBLK_DISCARD || request->op == REFUBLK_WRITE_ZEROES);
		EXPECT(io->length_bytes == request->length_bytes);
		EXPECT(io->flags == (unmap ? FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE :
					     FALLOC_FL_ZERO_RANGE | FALLOC_FL_KEEP_SIZE));
		return;
	}
	if (request->op == REFUBLK_WRITE_ZEROES) {
		EXPECT(io->op == REFUBLK_IO_WRITE);
		EXPECT(memory == world->zeroes);
		EXPECT(io->length_bytes <= world->config.zeroes_bytes);
		return;
	}
	EXPECT(io->op == (request->op == REFUBLK_READ ? REFUBLK_IO_READ : REFUBLK_IO_WRITE));
	EXPECT(memory == world->memory + (io->offset_bytes - request->offset_bytes));
	EXPECT(io->flags == (request->op == REFUBLK_WRITE && (request->flags & REFUBLK_FUA) ? RWF_DSYNC : 0));
}

void file_world_act(struct file_world *world, const struct refublk_io *io, int64_t result)
{
	bool counts = io->op == REFUBLK_IO_READ || io->op == REFUBLK_IO_WRITE;
	uint64_t moved = counts && result > 0 && (uint64_t)result <= io->length_bytes ? (uint64_t)result : 0;

	world->operations++;
	world->interrupted += result == -EINTR || result == -EAGAIN;
	world->last = *io;
	world->last_result = result;
	for (uint64_t i = 0; i < moved; i++) {
		unsigned char *place = &world->file[io->offset_bytes + i];

		if (io->op == REFUBLK_IO_READ) {
			((unsigned char *)io->memory)[i] = *place;
			continue;
		}
		*place = ((const unsigned char *)io->memory)[i];
		world->durable[io->offset_bytes + i] = (io->flags & RWF_DSYNC) != 0;
	}
	if (io->op == REFUBLK_IO_FALLOCATE && result == 0) {
		world->punched++;
		memset(world->file + io->offset_bytes, 0, io->length_bytes);
		memset(world->durable + io->offset_bytes, false, io->length_bytes);
	}
	if (io->op == REFUBLK_IO_FDATASYNC && result == 0) {
		world->synced++;
		memset(world->durable, true, FILE_BYTES);
	}
}

static void file_world_check_success(const struct file_world *world)
{
	const struct refublk_request *request = &world->request;
	bool durable = (request->flags & REFUBLK_FUA) != 0;

	for (uint64_t i = 0; i < request->length_bytes; i++) {
		unsigned char now = world->file[OFFSET + i];

		if (request->op == REFUBLK_READ || request->op == REFUBLK_WRITE)
			EXPECT(now == world->memory[i]);
		if (request->op == REFUBLK_WRITE)
			EXPECT(now == 0x80 + i);
		if (request->op == REFUBLK_WRITE_ZEROES)
			EXPECT(now == 0);
		if (durable && (request->op == REFUBLK_WRITE || request->op == REFUBLK_WRITE_ZEROES))
			EXPECT(world->durable[OFFSET + i]);
	}
	EXPECT(request->op != REFUBLK_DISCARD || world->punched == 1);
	EXPECT(request->op != REFUBLK_FLUSH || world->synced == 1);
}

/* The last result explains the failure, and leaves no other way. */
static void file_world_check_failure(const struct file_world *world, uint32_t error)
{
	const struct refublk_io *io = &world->last;
	int64_t result = world->last_result;
	bool counts = io->op == REFUBLK_IO_READ || io->op == REFUBLK_IO_WRITE;

	if (result == -EINTR || result == -EAGAIN) {
		EXPECT(error == EIO);
		EXPECT(world->interrupted > FILE_RETRIES_MAX);
	} else if (result < 0 && result >= -4095) {
		EXPECT(error == -result);
		EXPECT(world->request.op != REFUBLK_WRITE_ZEROES || io->op != REFUBLK_IO_FALLOCATE ||
			  result != -EOPNOTSUPP);
	} else {
		EXPECT(error == EIO);
		EXPECT(result < 0 || (uint64_t)result > io->length_bytes ||
			  (counts && (uint64_t)result < world->config.align_bytes) || (!counts && result > 0));
	}
}

void file_world_check_done(const struct file_world *world, const struct file_step *step)
{
	const struct refublk_request *request = &world->request;
	bool moves_data = request->op == REFUBLK_READ || request->op == REFUBLK_WRITE;

	for (int i = 0; i < FILE_BYTES; i++) {
		if (i < OFFSET || i >= (int)(OFFSET + request->length_bytes) || request->op == REFUBLK_READ)
			EXPECT(world->file[i] == world->before[i]);
	}
	if (step->step.outcome.error != 0) {
		EXPECT(step->step.outcome.done_bytes == 0);
		file_world_check_failure(world, step->step.outcome.error);
		return;
	}
	EXPECT(step->note == FILE_QUIET);
	EXPECT(step->step.outcome.done_bytes == (moves_data ? request->length_bytes : 0));
	file_world_check_success(world);
}

uint32_t file_world_operations_max(const struct file_world *world)
{
	return (uint32_t)(world->request.length_bytes / world->config.align_bytes) + FILE_RETRIES_MAX + 2;
}
