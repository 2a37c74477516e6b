#include "world.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>

#if defined(__SANITIZE_ADDRESS__)
#define WORLD_ASAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define WORLD_ASAN 1
#endif
#endif
#ifdef WORLD_ASAN
#include <sanitizer/asan_interface.h>
#else
#define ASAN_POISON_MEMORY_REGION(address, size) ((void)(address), (void)(size))
#define ASAN_UNPOISON_MEMORY_REGION(address, size) ((void)(address), (void)(size))
#endif

/* The commands' numbers, as the kernel has them. */
enum { FETCH_REQ = 0xc0107520, COMMIT_AND_FETCH_REQ = 0xc0107521, NEED_GET_DATA = 0xc0107522 };

struct world world;
unsigned char world_disk[WORLD_DEVICE_BYTES];

/* Descriptors that the server may not read now are poisoned. */
static uint64_t descriptors[WORLD_TAGS * WORLD_STRIDE_MAX / sizeof(uint64_t)];
static uint64_t buffers[WORLD_TAGS * WORLD_IO_BYTES / sizeof(uint64_t)];

unsigned char *world_buffer(uint16_t tag)
{
	return (unsigned char *)buffers + tag * WORLD_IO_BYTES;
}

static unsigned char *descriptor_of(uint16_t tag)
{
	return (unsigned char *)descriptors + tag * world.stride_bytes;
}

static void hide(uint16_t tag)
{
	ASAN_POISON_MEMORY_REGION(descriptor_of(tag), world.stride_bytes);
}

static void show(uint16_t tag)
{
	ASAN_UNPOISON_MEMORY_REGION(descriptor_of(tag), world.stride_bytes);
}

static void world_log(void *context, enum refublk_level level, const char *line)
{
	(void)context;
	(void)level;
	FUZZ_NEED(line[0] != '\0' && strchr(line, '\n') == NULL, "one line for a person");
}

static struct serve_setup setup_of(uint32_t shape)
{
	return (struct serve_setup){
		.backend = &world.backend,
		.descriptors = descriptors,
		.buffers = { .base = world_buffer(0), .each_bytes = WORLD_IO_BYTES, .all_bytes = sizeof(buffers) },
		.limits = { .device_bytes = WORLD_DEVICE_BYTES, .max_io_bytes = WORLD_IO_BYTES,
			    .block_bytes = WORLD_BLOCK_BYTES, .read_only = shape >> 6 & 1 },
		.log = { .function = shape >> 7 & 1 ? world_log : NULL },
		.port = &world.port, .later = &world.later, .leave = &world.leave, .parting = &world.parting,
		.mode = world.mode, .depth_tags = world.depth_tags, .stride_bytes = world.stride_bytes, .qid = WORLD_QID,
	};
}

void world_open(uint32_t shape)
{
	static const uint16_t STRIDES[] = { 24, 32, 256, 64 };
	struct refublk_backend backend = world.backend;
	struct serve_setup setup;

	memset(&world, 0, sizeof(world));
	world.backend = backend;
	world.depth_tags = 1 + (shape & 3) % WORLD_TAGS;
	world.mode = shape >> 2 & 1;
	world.kernel = (shape >> 3) % DRIVER_KERNELS;
	world.stride_bytes = STRIDES[shape >> 5 & 1 ? shape & 3 : 0];
	setup = setup_of(shape);
	FUZZ_NEED(serve_make(&world.serve, &setup) == 0, "a serve");
	ASAN_POISON_MEMORY_REGION(descriptors, sizeof(descriptors));
	serve_begin(world.serve);
}

void world_close(void)
{
	ASAN_UNPOISON_MEMORY_REGION(descriptors, sizeof(descriptors));
	serve_free(world.serve);
}

/* ---- what the server sends ----------------------------------------------------------------- */

/* After an offence nobody can say which request a loan was for: then it is some place of the disk. */
static uint8_t address_of(const struct world_tag *tag, uint16_t number, uint64_t address)
{
	uint64_t disk = (uintptr_t)world_disk;

	if (address == (uintptr_t)world_buffer(number))
		return DRIVER_OWN;
	FUZZ_NEED(world.mode == DRIVER_GET_DATA && address >= disk && address < disk + WORLD_DEVICE_BYTES &&
		  (world.hostile || address == (uintptr_t)tag->request.loan), "an address is the tag's buffer, or what was lent");
	return DRIVER_LENT;
}

static uint8_t kind_of_commit(const struct world_request *request, int32_t result)
{
	bool data = request->op <= REFUBLK_WRITE;

	if (result < 0)
		return DRIVER_COMMIT_FAILED;
	if (!data || (uint64_t)result >= request->length_bytes)
		return DRIVER_COMMIT_DONE;
	return result == 0 ? DRIVER_COMMIT_ZERO : DRIVER_COMMIT_SHORT;
}

static uint64_t mark_at(uint64_t address)
{
	uint64_t mark;

	memcpy(&mark, (const void *)(uintptr_t)address, sizeof(mark));
	return mark;
}

/* The answer is the backend's; a request that it was not asked about has failed, or its READ is answered out of a loan. */
static void judge_commit(const struct world_tag *tag, int32_t result, uint64_t address)
{
	const struct world_request *request = &tag->request;
	bool lent = request->op == REFUBLK_READ && request->loan && address == (uintptr_t)request->loan;

	FUZZ_NEED(!request->begun || request->ended, "no answer before the backend's");
	if (request->ended)
		FUZZ_NEED(result == request->number, "the answer is the backend's");
	else
		FUZZ_NEED(lent ? (uint64_t)result == request->length_bytes : result < 0, "what nobody did has failed");
	FUZZ_NEED(request->op != REFUBLK_READ || result < 0 || mark_at(address) == request->mark, "a READ's data is its own");
}

/* A driver that does what drivers do takes every command. */
static void lawful_command(struct world_tag *tag, uint16_t number, const struct command_io *command)
{
	struct driver_tag_event event = { .kind = DRIVER_FETCH };
	struct driver_tag_step step;

	event.address = address_of(tag, number, command->payload.addr);
	if (command->op == COMMIT_AND_FETCH_REQ) {
		judge_commit(tag, command->payload.result, command->payload.addr);
		event.kind = kind_of_commit(&tag->request, command->payload.result);
	} else if (command->op == NEED_GET_DATA) {
		event.kind = DRIVER_ASK_DATA;
	}
	step = driver_tag_step(world.kernel, world.mode, tag->driver, event);
	FUZZ_NEED(step.verdict == DRIVER_POSSIBLE && step.answer != DRIVER_REFUSES, "the driver takes the command");
	FUZZ_NEED(step.request == DRIVER_REQUEST_STAYS || step.request == DRIVER_REQUEST_DONE ||
		  step.request == DRIVER_REQUEST_FAILED, "a request is done or has failed, as a whole");
	tag->driver = step.state;
}

static void push_command(const struct port_work *work)
{
	const struct command_io *command = &work->command;
	uint16_t number = command->payload.tag;
	struct world_tag *tag = &world.tags[number % WORLD_TAGS];

	FUZZ_NEED(number < world.depth_tags && command->payload.q_id == WORLD_QID, "a tag of this queue");
	FUZZ_NEED(work->user_data != 0 && tag->command == 0, "one command for a tag at a time");
	FUZZ_NEED(tag->io == 0 && tag->token == 0, "no command while the backend has the memory");
	FUZZ_NEED(command->op == FETCH_REQ || command->op == COMMIT_AND_FETCH_REQ || command->op == NEED_GET_DATA, "a command");
	FUZZ_NEED((command->op == FETCH_REQ) == !tag->fetched, "FETCH first, and once");
	if (command->op != FETCH_REQ)
		FUZZ_NEED(tag->answerable && tag->delivered == (command->op == NEED_GET_DATA), "what is answered was asked, once");
	(void)address_of(tag, number, command->payload.addr);
	if (!world.hostile)
		lawful_command(tag, number, command);
	tag->command = work->user_data;
	tag->fetched = true;
	tag->answerable = false;
	hide(number);
}

static void push_io(const struct port_work *work)
{
	uint16_t number = (uint16_t)work->user_data;
	struct world_tag *tag = &world.tags[number % WORLD_TAGS];

	FUZZ_NEED(number < world.depth_tags && tag->io == 0 && tag->command == 0, "one operation for a tag at a time");
	FUZZ_NEED(work->io.length_bytes <= INT32_MAX || work->io.op > REFUBLK_IO_WRITE, "an operation that the ring can carry");
	tag->io = work->user_data;
	tag->asked = work->io;
}

int port_push(struct port *port, const struct port_work *work)
{
	if (port->full)
		return -ENOSPC;
	switch ((enum port_kind)work->kind) {
	case PORT_COMMAND:
		push_command(work);
		break;
	case PORT_IO:
		push_io(work);
		break;
	case PORT_WAKE:
		port->wakes++;
		port->wake = work->user_data;
		FUZZ_NEED(port->wakes == 1 || world.hostile, "one wait for the wake-up");
		break;
	}
	return 0;
}

int port_wait(struct port *port, uint32_t limit_ms)
{
	int answer = port->answer;

	FUZZ_NEED(limit_ms == 0, "no wait here");
	port->answer = 0;
	if (answer != 0)
		return answer;
	if (world.later.news && port->wakes > 0) {
		world.later.news = false;
		port->wakes--;
		world_complete(port->wake, POLLIN);
	}
	port->visible = port->last;
	return port->first == port->last ? -ETIME : 0;
}

/* What a tag's command brings is deliverable from now on. */
static void deliver(const struct port_completion *completion)
{
	for (uint16_t number = 0; number < world.depth_tags; number++) {
		struct world_tag *tag = &world.tags[number];

		if (tag->command == completion->user_data) {
			tag->command = 0;
			tag->delivered = completion->result;
			tag->answerable = completion->result == 0 || completion->result == 1;
			tag->request.loan = completion->result == 1 ? NULL : tag->request.loan;
			show(number);
		}
		if (tag->io == completion->user_data)
			tag->io = 0;
	}
}

bool port_pop(struct port *port, struct port_completion *completion)
{
	if (port->first == port->visible)
		return false;
	*completion = port->completions[port->first++ % WORLD_COMPLETIONS];
	deliver(completion);
	return true;
}

uint64_t port_lost(const struct port *port)
{
	return port->lost;
}

/* ---- what the driver does ------------------------------------------------------------------ */

void world_complete(uint64_t user_data, int32_t result)
{
	struct port *port = &world.port;

	if (user_data == 0 || port->last - port->first == WORLD_COMPLETIONS)
		return;
	port->completions[port->last++ % WORLD_COMPLETIONS] = (struct port_completion){ user_data, result, 0 };
}

void world_scribble(uint16_t tag, const unsigned char *bytes, size_t length_bytes)
{
	bool hidden = !world.tags[tag].answerable;

	show(tag);
	memcpy(descriptor_of(tag), bytes, length_bytes < world.stride_bytes ? length_bytes : world.stride_bytes);
	if (hidden)
		hide(tag);
}

static void describe(uint16_t tag)
{
	static const uint8_t OPS[] = { [REFUBLK_READ] = 0, [REFUBLK_WRITE] = 1, [REFUBLK_FLUSH] = 2, [REFUBLK_DISCARD] = 3,
				       [REFUBLK_WRITE_ZEROES] = 5 };
	const struct world_request *request = &world.tags[tag].request;
	bool flush = request->op == REFUBLK_FLUSH;
	uint64_t words[3] = { OPS[request->op] | (request->flags & REFUBLK_FUA ? 1u << 13 : 0) |
			      request->length_bytes / 512 << 32, flush ? UINT64_MAX : request->offset_bytes / 512, 0 };

	world_scribble(tag, (const unsigned char *)words, sizeof(words));
}

/* What is under way is completed once. */
static bool waits_in_ring(uint64_t user_data)
{
	const struct port *port = &world.port;

	for (uint32_t at = port->first; at != port->last; at++)
		if (port->completions[at % WORLD_COMPLETIONS].user_data == user_data)
			return true;
	return false;
}

bool world_arrive(uint16_t number, const struct world_request *request)
{
	static const uint8_t KINDS[] = { DRIVER_ARRIVE_READ, DRIVER_ARRIVE_WRITE, DRIVER_ARRIVE_OTHER };
	struct world_tag *tag = &world.tags[number];
	struct driver_tag_event event = { .kind = KINDS[request->op < 2 ? request->op : 2] };
	struct driver_tag_step step = driver_tag_step(world.kernel, world.mode, tag->driver, event);

	if (tag->command == 0 || step.verdict != DRIVER_POSSIBLE || step.request != DRIVER_REQUEST_STAYS)
		return false;
	tag->driver = step.state;
	tag->request = *request;
	tag->request.mark = ++world.marks;
	tag->request.begun = tag->request.ended = false;
	tag->request.loan = NULL;
	describe(number);
	return true;
}

/* The driver has copied a WRITE's data to where it was told, or a part of it. */
static void copy_in(uint16_t number, uint8_t moves)
{
	struct world_tag *tag = &world.tags[number];
	void *memory = tag->driver.address == DRIVER_LENT ? tag->request.loan : world_buffer(number);

	if (moves == DRIVER_MOVES_IN_PART)
		tag->request.length_bytes = tag->request.length_bytes / 1024 * 512;
	if (moves == DRIVER_MOVES_IN || moves == DRIVER_MOVES_IN_PART) {
		/* After an offence a loan may be another request's. */
		FUZZ_NEED(memory || world.hostile, "a driver copies to where it was told");
		if (memory)
			memcpy(memory, &tag->request.mark, sizeof(tag->request.mark));
		describe(number);
	}
}

bool world_drive(uint16_t number, uint8_t kind)
{
	struct world_tag *tag = &world.tags[number];
	struct driver_tag_step step = driver_tag_step(world.kernel, world.mode, tag->driver, (struct driver_tag_event){ .kind = kind });

	if (step.verdict != DRIVER_POSSIBLE || waits_in_ring(tag->command))
		return false;
	tag->driver = step.state;
	copy_in(number, step.moves);
	if (step.answer == DRIVER_COMPLETES)
		world_complete(tag->command, step.result);
	return true;
}

void world_end_io(uint16_t number, int32_t result)
{
	if (!waits_in_ring(world.tags[number].io))
		world_complete(world.tags[number].io, result);
}

/* ---- for the backend ----------------------------------------------------------------------- */

void world_need_memory(uint16_t number, const void *memory, uint64_t offset_bytes, uint64_t length_bytes)
{
	const struct world_tag *tag = &world.tags[number];

	FUZZ_NEED(tag->answerable && tag->command == 0, "the server owns the tag whose memory is used");
	FUZZ_NEED(length_bytes <= WORLD_IO_BYTES, "no more than a buffer holds");
	FUZZ_NEED(memory == world_buffer(number) || memory == world_disk + offset_bytes, "the tag's memory, or what was lent for the range");
}

int32_t world_number(const struct world_request *request, struct refublk_outcome outcome)
{
	static const uint8_t SURVIVORS[] = { 95, 110, 28, 67, 121, 52, 61, 84, 12, 16, 11, 19, 109, 75, 62, 22, 5 };

	if (outcome.error == 0 && request->op > REFUBLK_WRITE)
		return 0;
	if (outcome.error == 0)
		return outcome.done_bytes == request->length_bytes ? (int32_t)outcome.done_bytes : -EIO;
	if (outcome.error < 256 && memchr(SURVIVORS, (int)outcome.error, sizeof(SURVIVORS)))
		return -(int32_t)outcome.error;
	return outcome.error == EDQUOT || outcome.error == EFBIG ? -ENOSPC : -EIO;
}
