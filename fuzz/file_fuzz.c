/* The file backend's machine under any results of its operations. A file in memory does what the result says was done;
 * what is reported at the end is held against it: each byte once, nothing reported that was not done, an end in sight. */
#include "file.h"
#include "fuzz.h"

#include <errno.h>
#include <linux/falloc.h>
#include <linux/fs.h>
#include <string.h>

enum { LENGTH_MAX = 64, FD = 41, ERRNO_MAX = 4095 };

struct world {
	struct file_config config;
	struct refublk_request request;
	unsigned char memory[LENGTH_MAX]; /* the request's */
	uint8_t times[LENGTH_MAX];        /* how often each byte was moved or zeroed */
	unsigned moved_bytes;             /* from the front, without a gap */
	bool durable, punched, zeroed, ended;
	unsigned operations;
};

static unsigned char zeroes[LENGTH_MAX];

static bool fua(const struct world *world)
{
	return (world->request.flags & REFUBLK_FUA) != 0;
}

static void judge_data(const struct world *world, const struct refublk_io *io)
{
	const struct refublk_request *request = &world->request;
	uint64_t at_bytes = io->offset_bytes - request->offset_bytes;
	bool filling = request->op == REFUBLK_WRITE_ZEROES;

	FUZZ_NEED(at_bytes == world->moved_bytes, "an operation begins where the last one ended");
	FUZZ_NEED(io->op == (request->op == REFUBLK_READ ? REFUBLK_IO_READ : REFUBLK_IO_WRITE), "read or write");
	FUZZ_NEED(io->memory == (filling ? zeroes : world->memory + at_bytes), "the memory of this range");
	FUZZ_NEED(!filling || io->length_bytes <= world->config.zeroes_bytes, "only zeroes that are there");
	FUZZ_NEED(io->flags == (request->op == REFUBLK_WRITE && fua(world) ? RWF_DSYNC : 0), "durable when FUA");
}

static void judge_allocation(const struct world *world, const struct refublk_io *io)
{
	const struct refublk_request *request = &world->request;
	bool punch = request->op == REFUBLK_DISCARD || (request->flags & REFUBLK_NOUNMAP) == 0;

	FUZZ_NEED(request->op == REFUBLK_DISCARD || request->op == REFUBLK_WRITE_ZEROES, "fallocate is for space");
	FUZZ_NEED(io->offset_bytes == request->offset_bytes && io->length_bytes == request->length_bytes, "the whole range");
	FUZZ_NEED(io->flags == (FALLOC_FL_KEEP_SIZE | (punch ? FALLOC_FL_PUNCH_HOLE : FALLOC_FL_ZERO_RANGE)),
		  "a hole, or zeroes in place for NOUNMAP");
	FUZZ_NEED(!world->punched && world->moved_bytes == 0, "before any zeroes are written");
}

static void judge_io(const struct world *world, const struct refublk_io *io)
{
	const struct refublk_request *request = &world->request;

	FUZZ_NEED(io->fd == FD && io->reserved == 0, "the file");
	if (io->op == REFUBLK_IO_FDATASYNC) {
		FUZZ_NEED(request->op == REFUBLK_FLUSH || (request->op == REFUBLK_WRITE_ZEROES && fua(world)), "a sync is asked for");
		FUZZ_NEED(request->op == REFUBLK_FLUSH || world->zeroed, "zeroes first, then the sync");
		return;
	}
	FUZZ_NEED(io->offset_bytes >= request->offset_bytes && io->length_bytes > 0 &&
		  io->length_bytes <= request->length_bytes - (io->offset_bytes - request->offset_bytes), "within the range");
	FUZZ_NEED(((io->offset_bytes - request->offset_bytes) | io->length_bytes) % world->config.align_bytes == 0, "aligned");
	if (io->op == REFUBLK_IO_FALLOCATE)
		judge_allocation(world, io);
	else
		judge_data(world, io);
}

/* A result of a system call, or one that none returns. */
static int64_t choose_result(struct fuzz *fuzz, const struct refublk_io *io)
{
	static const int64_t ERRORS[] = { -EINTR, -EAGAIN, -EOPNOTSUPP, -EIO, -ENOSPC, -EINTR, -EDQUOT, -EINVAL };
	uint8_t choice = fuzz_u8(fuzz);
	bool data = io->op == REFUBLK_IO_READ || io->op == REFUBLK_IO_WRITE;

	if (choice < 128)
		return data ? (int64_t)io->length_bytes : 0;
	if (choice < 192)
		return data ? (int64_t)((choice - 128u) % (io->length_bytes + 2)) : choice - 128;
	if (choice < 248)
		return ERRORS[choice % 8];
	return (int64_t)fuzz_u64(fuzz);
}

/* What a system call with this result has done. */
static void carry_out(struct world *world, const struct refublk_io *io, int64_t result)
{
	const struct refublk_request *request = &world->request;
	uint64_t at_bytes = io->offset_bytes - request->offset_bytes;

	world->operations++;
	if (io->op == REFUBLK_IO_FDATASYNC) {
		world->durable = world->durable || result == 0;
	} else if (io->op == REFUBLK_IO_FALLOCATE) {
		world->punched = world->punched || result == 0;
		world->zeroed = world->zeroed || result == 0;
	} else if (result > 0 && (uint64_t)result <= io->length_bytes) {
		/* A rest that is not aligned is moved again. */
		world->moved_bytes += (unsigned)((uint64_t)result / world->config.align_bytes * world->config.align_bytes);
		for (int64_t i = 0; i < result; i++)
			world->times[at_bytes + (uint64_t)i]++;
		world->zeroed = world->moved_bytes == request->length_bytes;
	}
}

static void judge_end(const struct world *world, struct refublk_outcome outcome, int64_t last)
{
	const struct refublk_request *request = &world->request;
	bool data = request->op <= REFUBLK_WRITE;

	if (outcome.error != 0) {
		FUZZ_NEED(outcome.error == EIO || (request->op > REFUBLK_WRITE_ZEROES && outcome.error == EOPNOTSUPP) ||
			  (last < 0 && outcome.error == (uint64_t)-last && outcome.error <= ERRNO_MAX), "an error goes through");
		return;
	}
	FUZZ_NEED(outcome.done_bytes == (data ? request->length_bytes : 0), "what is reported is all of it");
	for (uint64_t i = 0; data && i < request->length_bytes; i++)
		FUZZ_NEED(world->times[i] >= 1, "every byte was moved");
	FUZZ_NEED(request->op != REFUBLK_DISCARD || world->punched, "a discard was one");
	FUZZ_NEED(request->op != REFUBLK_WRITE_ZEROES || world->zeroed, "zeroes are there");
	FUZZ_NEED(!(request->op == REFUBLK_FLUSH || (request->op == REFUBLK_WRITE_ZEROES && fua(world))) || world->durable,
		  "durable before it is done");
}

static void prepare(struct world *world, struct fuzz *fuzz)
{
	uint64_t align_bytes = UINT64_C(1) << fuzz_below(fuzz, 4), length = 1 + fuzz_below(fuzz, LENGTH_MAX) / align_bytes;
	uint32_t op = fuzz_below(fuzz, 6);
	bool data = op <= REFUBLK_WRITE;

	if (length * align_bytes > LENGTH_MAX)
		length--;
	world->config = (struct file_config){ .zeroes = zeroes, .align_bytes = align_bytes, .fd = FD };
	world->config.zeroes_bytes = (1 + fuzz_below(fuzz, LENGTH_MAX) / align_bytes) * align_bytes;
	if (world->config.zeroes_bytes > LENGTH_MAX)
		world->config.zeroes_bytes = align_bytes;
	world->request = (struct refublk_request){ .op = op, .flags = fuzz_u8(fuzz), .memory = data ? world->memory : NULL };
	world->request.offset_bytes = op == REFUBLK_FLUSH ? 0 : fuzz_number(fuzz, 6) * align_bytes;
	world->request.length_bytes = op == REFUBLK_FLUSH ? 0 : length * align_bytes;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz fuzz = { data, size };
	struct world world;
	struct file_step step;
	uint64_t limit;
	int64_t result = 0;

	memset(&world, 0, sizeof(world));
	prepare(&world, &fuzz);
	limit = world.request.length_bytes / world.config.align_bytes + FILE_RETRIES_MAX + 2;
	step = file_begin(world.config, world.request);
	while (step.step.kind == REFUBLK_STEP_IO) {
		judge_io(&world, &step.step.io);
		result = choose_result(&fuzz, &step.step.io);
		carry_out(&world, &step.step.io, result);
		FUZZ_NEED(world.operations <= limit, "an end in sight");
		step = file_resume(world.config, world.request, step.step.cursor, result);
	}
	FUZZ_NEED(step.step.kind == REFUBLK_STEP_DONE && step.note < FILE_NOTES, "io or done");
	judge_end(&world, step.step.outcome, result);
	return 0;
}
