/* One queue's server under any stream of completions, descriptors, backend's answers, letters and ring troubles. The
 * input is a shape and then what happens, step by step; see world.h for what must hold. */
#include <errno.h>
#include <string.h>

#include "later.h"
#include "serve.h"
#include "world.h"

enum { STEPS_MAX = 64, END_TURNS_MAX = 64 };

/* What the backend answers to a request: the lower bits of its plan. */
enum plan { PLAN_DONE, PLAN_SHORT, PLAN_FAILED, PLAN_IO, PLAN_LATER, PLAN_NO_STEP, PLAN_NO_IO, PLAN_LONG_IO, PLANS };
enum { PLAN_LENDS = 8 };

static const uint8_t ERRORS[] = { EIO, ENOSPC, EDQUOT, EAGAIN, EPERM, EOPNOTSUPP, ENODEV, EINVAL };

/* ---- the backend --------------------------------------------------------------------------- */

static void judge_request(const struct world_tag *tag, const struct refublk_request *request)
{
	bool ranged = request->op != REFUBLK_FLUSH;

	FUZZ_NEED(request->op <= REFUBLK_WRITE_ZEROES, "an operation that was offered");
	FUZZ_NEED(!ranged || (request->length_bytes > 0 && request->offset_bytes <= WORLD_DEVICE_BYTES &&
			      request->length_bytes <= WORLD_DEVICE_BYTES - request->offset_bytes), "within the device");
	FUZZ_NEED((request->offset_bytes | request->length_bytes) % WORLD_BLOCK_BYTES == 0, "whole blocks");
	if (world.hostile)
		return;
	FUZZ_NEED(tag->driver.phase == DRIVER_OWNED, "the server owns the tag");
	FUZZ_NEED(request->op == tag->request.op && request->offset_bytes == tag->request.offset_bytes &&
		  request->length_bytes == tag->request.length_bytes &&
		  (request->flags & REFUBLK_FUA) == (tag->request.flags & REFUBLK_FUA), "what the kernel asked");
}

/* A WRITE brings its data; a READ leaves some. */
static void use_memory(const struct world_tag *tag, const struct refublk_request *request)
{
	uint64_t mark = tag->request.mark;

	if (request->op > REFUBLK_WRITE) {
		FUZZ_NEED(request->memory == NULL, "no memory where none is needed");
		return;
	}
	world_need_memory(later_token_tag(request->token), request->memory, request->offset_bytes, request->length_bytes);
	if (request->op == REFUBLK_READ)
		memcpy(request->memory, &mark, sizeof(mark));
	else if (!world.hostile)
		FUZZ_NEED(memcmp(request->memory, &mark, sizeof(mark)) == 0, "a WRITE's data is its own");
}

static struct refublk_step answer(struct world_tag *tag, const struct refublk_request *request, struct refublk_outcome outcome)
{
	struct refublk_step step = refublk_done(outcome.done_bytes);

	(void)request;
	step.outcome = outcome;
	tag->request.ended = true;
	tag->request.number = world_number(&tag->request, outcome);
	return step;
}

static struct refublk_step answer_io(struct world_tag *tag, const struct refublk_request *request, uint32_t op, uint64_t length)
{
	struct refublk_io io = { .offset_bytes = request->offset_bytes, .length_bytes = length, .memory = request->memory, .op = op };

	/* Broken ones fail. */
	tag->request.ended = op > REFUBLK_IO_FALLOCATE || length > INT32_MAX;
	tag->request.number = -EIO;
	return refublk_io(io, (struct refublk_cursor){ .phase = request->token });
}

static struct refublk_step begin(void *backend, const struct refublk_request *request)
{
	struct world_tag *tag = &world.tags[later_token_tag(request->token) % WORLD_TAGS];

	(void)backend;
	FUZZ_NEED(later_token_qid(request->token) == WORLD_QID && later_token_tag(request->token) < world.depth_tags, "a token of the tag");
	FUZZ_NEED(!tag->request.begun || world.hostile, "a request is handed on once");
	FUZZ_NEED(atomic_load(&world.parting) == SERVE_STAYS, "what is kept is not handed on");
	judge_request(tag, request);
	use_memory(tag, request);
	tag->request.begun = true;
	switch ((enum plan)(tag->request.plan % PLANS)) {
	case PLAN_DONE:
		break;
	case PLAN_SHORT:
		return answer(tag, request, (struct refublk_outcome){ .done_bytes = request->length_bytes / 2 });
	case PLAN_FAILED:
		return answer(tag, request, (struct refublk_outcome){ .error = ERRORS[tag->request.plan >> 4 & 7] });
	case PLAN_IO:
		return answer_io(tag, request, tag->request.plan >> 4 & 3, request->length_bytes);
	case PLAN_LATER:
		tag->token = request->token;
		return refublk_later();
	case PLAN_NO_STEP:
		tag->request.ended = true;
		tag->request.number = -EIO;
		return (struct refublk_step){ .kind = 3u + tag->request.plan };
	case PLAN_NO_IO:
		return answer_io(tag, request, 4u + tag->request.plan, request->length_bytes);
	case PLAN_LONG_IO:
		return answer_io(tag, request, REFUBLK_IO_READ, (uint64_t)INT32_MAX + 1);
	case PLANS:
		break;
	}
	return answer(tag, request, (struct refublk_outcome){ .done_bytes = request->length_bytes });
}

static struct refublk_step resume(void *backend, const struct refublk_request *request, struct refublk_cursor cursor,
				  int64_t io_result)
{
	struct world_tag *tag = &world.tags[later_token_tag(request->token) % WORLD_TAGS];

	(void)backend;
	FUZZ_NEED(cursor.phase == request->token, "the cursor comes back");
	FUZZ_NEED(tag->io == 0 && tag->request.begun && !tag->request.ended, "a result for what waits");
	if (request->op <= REFUBLK_WRITE)
		world_need_memory(later_token_tag(request->token), request->memory, request->offset_bytes, request->length_bytes);
	if (io_result == -EINTR)
		return answer_io(tag, request, tag->asked.op, request->length_bytes);
	if (io_result < 0)
		return answer(tag, request, (struct refublk_outcome){ .error = (uint32_t)-io_result });
	return answer(tag, request, (struct refublk_outcome){ .done_bytes = (uint64_t)io_result });
}

/* Asked before the request has a token: its range says whose it is, and each tag has its own. */
static void *lend(void *backend, const struct refublk_request *request)
{
	void *memory = world_disk + request->offset_bytes;

	(void)backend;
	FUZZ_NEED(world.mode == DRIVER_GET_DATA && request->op <= REFUBLK_WRITE, "lending is for data, in get-data mode");
	FUZZ_NEED(request->offset_bytes + request->length_bytes <= WORLD_DEVICE_BYTES && request->length_bytes <= WORLD_IO_BYTES, "a range of the device");
	for (uint16_t number = 0; number < world.depth_tags; number++) {
		struct world_tag *tag = &world.tags[number];
		struct world_request *asked = &tag->request;

		if (!tag->answerable || tag->io || tag->token || (!world.hostile && (asked->op != request->op ||
		    asked->offset_bytes != request->offset_bytes || asked->begun)))
			continue;
		if ((asked->plan & PLAN_LENDS) == 0 && !world.hostile)
			return NULL;
		asked->loan = memory;
		if (request->op == REFUBLK_READ)
			memcpy(memory, &asked->mark, sizeof(asked->mark));
		return memory;
	}
	FUZZ_NEED(world.hostile, "a loan for a request that is open");
	return NULL;
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc;
	(void)argv;
	world.backend = (struct refublk_backend){ .name = "world", .read = begin, .write = begin, .flush = begin, .discard = begin,
						  .write_zeroes = begin, .resume = resume, .lend = lend };
	return 0;
}

/* ---- steps --------------------------------------------------------------------------------- */

/* What the block layer may send: within the device, whole blocks. Each tag has its own part of the disk. */
static void arrive(struct fuzz *fuzz, uint16_t tag)
{
	uint8_t what = fuzz_u8(fuzz), place = fuzz_u8(fuzz);
	struct world_request request = { .op = what % 5, .flags = what & 128 ? REFUBLK_FUA : 0, .plan = fuzz_u8(fuzz) };

	if (request.op != REFUBLK_FLUSH) {
		request.length_bytes = (1 + place % 8u) * WORLD_BLOCK_BYTES;
		request.offset_bytes = tag * (WORLD_DEVICE_BYTES / WORLD_TAGS) + (place >> 3) % 16u * WORLD_BLOCK_BYTES;
	}
	if (world_arrive(tag, &request) && what < 224)
		(void)world_drive(tag, DRIVER_DISPATCH);
}

static void end_io(uint16_t tag, uint8_t choice)
{
	const struct world_tag *of = &world.tags[tag];
	int32_t length = (int32_t)of->asked.length_bytes;
	int32_t result = choice < 128 ? length : choice < 160 ? length / 2 : choice < 192 ? -EINTR : -(int32_t)ERRORS[choice & 7];

	world_end_io(tag, result);
}

/* The outcome that a tag waits for, or one that nobody waits for. */
static void put_letter(struct fuzz *fuzz, uint16_t number)
{
	uint8_t choice = fuzz_u8(fuzz);
	uint64_t token = choice < 224 ? world.tags[number].token : later_token(WORLD_QID, number, fuzz_u8(fuzz));
	struct world_tag *tag = &world.tags[number];
	struct refublk_outcome outcome = { .done_bytes = tag->request.length_bytes, .error = choice & 3 ? 0 : ERRORS[choice >> 4 & 7] };

	if (world_put(token, outcome) && token == tag->token) {
		tag->request.ended = true;
		tag->request.number = world_number(&tag->request, outcome);
		tag->token = 0;
	}
}

static void drive(struct fuzz *fuzz, uint16_t tag)
{
	static const uint8_t KINDS[] = { DRIVER_DISPATCH, DRIVER_DISPATCH_PART, DRIVER_DISPATCH_NONE, DRIVER_CANCEL };

	(void)world_drive(tag, KINDS[fuzz_below(fuzz, 4)]);
}

/* What no driver and no ring does. */
static void offend(struct fuzz *fuzz, uint16_t tag)
{
	static const int32_t RESULTS[] = { 0, 1, -ENODEV, -EINVAL, 2, -EBUSY, 0, 0 };
	uint8_t choice = fuzz_u8(fuzz);
	unsigned char bytes[24];

	world.hostile = true;
	switch (choice & 7) {
	case 0:
	case 1:
		world_complete(world.tags[tag].command, choice < 248 ? RESULTS[choice >> 3 & 7] : (int32_t)fuzz_u32(fuzz));
		break;
	case 2:
		world_complete(fuzz_u64(fuzz), (int32_t)fuzz_u32(fuzz));
		break;
	case 3:
	case 4:
		for (size_t i = 0; i < sizeof(bytes); i++)
			bytes[i] = fuzz_u8(fuzz);
		world_scribble(tag, bytes, sizeof(bytes));
		break;
	case 5:
		world.port.full = true;
		break;
	case 6:
		world.port.answer = -EIO;
		break;
	default:
		world.port.lost = 1;
	}
}

static uint32_t turn(void)
{
	struct serve_turn turn = serve_turn(world.serve, 0);
	uint32_t busy = 0, kept = 0;

	for (uint16_t tag = 0; tag < world.depth_tags; tag++) {
		busy += world.tags[tag].io != 0 || world.tags[tag].token != 0;
		kept += world.tags[tag].answerable;
	}
	FUZZ_NEED(!serve_full(world.serve) || (busy == 0 && kept == world.depth_tags), "full of what is kept");
	FUZZ_NEED(turn.news != SERVE_BROKEN || (turn.error < 0 && turn.error >= -4095), "broken for a reason");
	FUZZ_NEED(turn.news == SERVE_BROKEN || turn.error == 0, "no reason unless it is broken");
	if (world.hostile)
		return turn.news;
	FUZZ_NEED(turn.news != SERVE_BROKEN, "nothing breaks that nobody broke");
	FUZZ_NEED(turn.news != SERVE_OVER || busy == 0, "the end waits for the backend");
	FUZZ_NEED(serve_ending(world.serve) == atomic_load(&world.leave), "it ends when told to");
	return turn.news;
}

static bool goes_on(uint32_t news)
{
	return news == SERVE_ON || news == SERVE_INTERRUPTED;
}

static uint32_t step(struct fuzz *fuzz)
{
	uint8_t choice = fuzz_u8(fuzz);
	uint16_t tag = (uint16_t)((choice >> 4) % world.depth_tags);

	switch (choice & 15) {
	case 0: case 1: case 2: case 3:
		arrive(fuzz, tag);
		break;
	case 4: case 5:
		drive(fuzz, tag);
		break;
	case 6: case 7:
		end_io(tag, fuzz_u8(fuzz));
		break;
	case 8: case 9:
		put_letter(fuzz, tag);
		break;
	case 10:
		offend(fuzz, tag);
		break;
	case 11:
		if (choice == 0xfb)
			atomic_store(&world.leave, true);
		else if (choice == 0xdb || choice == 0xcb)
			atomic_store(&world.parting, choice == 0xdb ? SERVE_KEEPS : SERVE_STAYS);
		else
			world.port.answer = choice & 16 ? -EINTR : -ETIME;
		break;
	default:
		return turn();
	}
	return SERVE_ON;
}

/* ---- the end ------------------------------------------------------------------------------- */

/* All that is under way is finished; false: nothing was. */
static bool settle(void)
{
	static const uint8_t done[] = { 1 };
	bool more = world.later.first != world.later.last || world.port.first != world.port.last;

	for (uint16_t tag = 0; tag < world.depth_tags; tag++) {
		struct fuzz fuzz = { done, sizeof(done) };

		more = more || world.tags[tag].io || world.tags[tag].token;
		if (world.tags[tag].io)
			end_io(tag, 0);
		if (world.tags[tag].token)
			put_letter(&fuzz, tag);
		if (!world.hostile && world.tags[tag].driver.phase != DRIVER_ACTIVE)
			more = world_drive(tag, DRIVER_DISPATCH) || more;
	}
	return more;
}

static uint32_t finish(void)
{
	uint32_t news;
	int turns = 0;

	/* No other server comes: what was kept is taken up. */
	atomic_store(&world.parting, SERVE_STAYS);
	news = turn();
	while (goes_on(news) && turns++ < END_TURNS_MAX && settle())
		news = turn();
	return news;
}

/* Every request has been answered; then the driver takes its commands back, and the queue is over. */
static void judge_end(void)
{
	uint32_t news = SERVE_ON;

	FUZZ_NEED(serve_open(world.serve) == 0 && serve_busy(world.serve) == 0, "every request is answered");
	for (uint16_t tag = 0; tag < world.depth_tags; tag++) {
		FUZZ_NEED(world.tags[tag].driver.phase == DRIVER_ACTIVE || world.tags[tag].driver.phase == DRIVER_CANCELLED,
			  "every tag is the driver's");
		(void)world_drive(tag, DRIVER_CANCEL);
	}
	for (int i = 0; i < END_TURNS_MAX && goes_on(news); i++)
		news = turn();
	FUZZ_NEED(news == SERVE_OVER, "retired tags are the end");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz fuzz = { data, size };
	uint32_t news = SERVE_ON;

	world_open(fuzz_u8(&fuzz));
	for (int i = 0; i < STEPS_MAX && fuzz.left_bytes > 0 && goes_on(news); i++)
		news = step(&fuzz);
	if (goes_on(news))
		news = finish();
	if (!world.hostile && goes_on(news))
		judge_end();
	if (!world.hostile)
		FUZZ_NEED(serve_busy(world.serve) == 0, "the end waits for the backend");
	world_close();
	return 0;
}
