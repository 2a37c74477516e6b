#include "serve_rig.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "command.h"
#include "units.h"

static void rig_log(void *context, enum refublk_level level, const char *line)
{
	struct rig *rig = context;

	(void)level;
	rig->lines++;
	strncpy(rig->last_line, line, sizeof(rig->last_line) - 1);
}

/* ---- the backend --------------------------------------------------------------------------- */

static struct refublk_io rig_io(const struct refublk_request *request)
{
	struct refublk_io io = { .offset_bytes = request->offset_bytes, .length_bytes = request->length_bytes,
				 .memory = request->memory, .fd = 7 };

	io.op = request->op == REFUBLK_READ ? REFUBLK_IO_READ : REFUBLK_IO_WRITE;
	return io;
}

static struct refublk_step rig_call(void *backend, const struct refublk_request *request)
{
	struct rig *rig = backend;

	rig->calls++;
	rig->request[later_token_tag(request->token)] = *request;
	switch (rig->plan) {
	case RIG_DONE:
		return refublk_done(request->length_bytes);
	case RIG_IO:
		return refublk_io(rig_io(request), (struct refublk_cursor){ .phase = request->token });
	case RIG_LATER:
		return refublk_later();
	case RIG_STEP:
		break;
	}
	return rig->step;
}

static struct refublk_step rig_resume(void *backend, const struct refublk_request *request,
				      struct refublk_cursor cursor, int64_t io_result)
{
	struct rig *rig = backend;

	rig->resumes++;
	RIG_ASSERT(cursor.phase == request->token);
	return io_result < 0 ? refublk_failed((int)-io_result) : refublk_done((uint64_t)io_result);
}

static void *rig_lend(void *backend, const struct refublk_request *request)
{
	struct rig *rig = backend;

	return rig->lends ? rig->disk + request->offset_bytes : NULL;
}

/* ---- life ---------------------------------------------------------------------------------- */

void rig_open(struct rig *rig, uint32_t depth_tags, uint32_t mode, int trace_fd)
{
	struct serve_setup setup = {
		.backend = &rig->backend,
		.backend_context = rig,
		.limits = { .device_bytes = RIG_DEVICE_BYTES, .max_io_bytes = RIG_BUFFER_BYTES,
			    .block_bytes = RIG_BLOCK_BYTES },
		.device_bytes = &rig->device_bytes,
		.log = { rig_log, rig },
		.leave = &rig->leave,
		.parting = &rig->parting,
		.mode = mode,
		.depth_tags = depth_tags,
		.stride_bytes = sizeof(struct ublksrv_io_desc),
		.qid = RIG_QID,
	};
	struct trace_setup trace = { .limits = setup.limits, .depth_tags = depth_tags, .stride_bytes = setup.stride_bytes,
				     .fd = trace_fd, .qid = RIG_QID };

	memset(rig, 0, sizeof(*rig));
	rig->depth_tags = depth_tags;
	rig->mode = mode;
	rig->device_bytes = RIG_DEVICE_BYTES;
	rig->backend = (struct refublk_backend){ .name = "rig", .read = rig_call, .write = rig_call, .flush = rig_call,
						 .discard = rig_call, .write_zeroes = rig_call, .resume = rig_resume,
						 .lend = rig_lend };
	/* Fresh pages, not cleared ones: thousands of rigs are opened. */
	rig->disk = mmap(NULL, RIG_DEVICE_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	ck_assert_ptr_ne(rig->disk, MAP_FAILED);
	rig->descriptors = calloc(depth_tags, sizeof(struct ublksrv_io_desc));
	rig->buffers = (struct buffers){ .base = calloc(depth_tags, RIG_BUFFER_BYTES), .each_bytes = RIG_BUFFER_BYTES };
	ck_assert_int_eq(later_make(&rig->later, depth_tags), 0);
	rig->port = port_script_make(2 * depth_tags + 1, later_wake_fd(rig->later));
	if (trace_fd >= 0)
		ck_assert_int_eq(trace_make(&rig->trace, &trace), 0);
	setup.descriptors = rig->descriptors;
	setup.buffers = rig->buffers;
	setup.port = rig->port;
	setup.later = rig->later;
	setup.trace = rig->trace;
	ck_assert_int_eq(serve_make(&rig->serve, &setup), 0);
}

void rig_close(struct rig *rig)
{
	serve_free(rig->serve);
	trace_free(rig->trace);
	port_script_free(rig->port);
	later_free(rig->later);
	free(rig->buffers.base);
	free(rig->descriptors);
	munmap(rig->disk, RIG_DEVICE_BYTES);
}

/* ---- the driver's side --------------------------------------------------------------------- */

static void rig_note(struct rig *rig, const struct port_work *work)
{
	uint16_t tag = command_user_decode(work->user_data).tag;

	RIG_ASSERT(tag < rig->depth_tags);
	RIG_ASSERT(!rig->has_command[tag] && !rig->has_io[tag]);
	if (work->kind == PORT_IO) {
		rig->io[tag] = *work;
		rig->has_io[tag] = true;
		return;
	}
	RIG_ASSERT(work->command.payload.tag == tag);
	RIG_ASSERT(work->command.payload.q_id == RIG_QID);
	rig->command[tag] = *work;
	rig->has_command[tag] = true;
	rig->commits[tag] += work->command.op == UBLK_U_IO_COMMIT_AND_FETCH_REQ;
}

struct serve_turn rig_turn(struct rig *rig)
{
	struct serve_turn turn = serve_turn(rig->serve, 0);
	struct port_work work;

	while (port_script_pushed(rig->port, &work))
		rig_note(rig, &work);
	return turn;
}

void rig_turn_on(struct rig *rig)
{
	struct serve_turn turn = rig_turn(rig);

	if (turn.news != SERVE_ON)
		ck_abort_msg("news %u, error %d, log: %s", turn.news, turn.error, rig->last_line);
	RIG_ASSERT(port_script_wakes(rig->port) == 1);
}

void rig_begin(struct rig *rig)
{
	serve_begin(rig->serve);
	rig_turn_on(rig);
}

void rig_describe(struct rig *rig, uint16_t tag, uint32_t op_flags, uint64_t sector, uint32_t sectors)
{
	struct ublksrv_io_desc desc = { .op_flags = op_flags, .nr_sectors = sectors, .start_sector = sector };

	memcpy((unsigned char *)rig->descriptors + tag * sizeof(desc), &desc, sizeof(desc));
}

void rig_answer(struct rig *rig, uint16_t tag, int32_t result)
{
	RIG_ASSERT(rig->has_command[tag]);
	rig->has_command[tag] = false;
	port_script_complete(rig->port, rig->command[tag].user_data, result);
}

void rig_end_io(struct rig *rig, uint16_t tag, int32_t result)
{
	RIG_ASSERT(rig->has_io[tag]);
	rig->has_io[tag] = false;
	port_script_complete(rig->port, rig->io[tag].user_data, result);
}

void rig_bring(struct rig *rig, uint16_t tag, uint32_t op_flags, uint64_t sector, uint32_t sectors)
{
	rig_describe(rig, tag, op_flags, sector, sectors);
	rig_answer(rig, tag, 0);
	rig_turn_on(rig);
}

void rig_expect(const struct rig *rig, uint16_t tag, uint32_t op, int32_t result, const void *address)
{
	const struct command_io *command = &rig->command[tag].command;

	RIG_ASSERT(rig->has_command[tag]);
	RIG_ASSERT(command->op == op);
	RIG_ASSERT(command->payload.result == result);
	RIG_ASSERT(command->payload.addr == (uintptr_t)address);
}

void rig_expect_commit(const struct rig *rig, uint16_t tag, int32_t result)
{
	rig_expect(rig, tag, UBLK_U_IO_COMMIT_AND_FETCH_REQ, result, rig_buffer(rig, tag));
}

unsigned char *rig_buffer(const struct rig *rig, uint16_t tag)
{
	return rig->buffers.base + tag * RIG_BUFFER_BYTES;
}
