#include <errno.h>
#include <string.h>

#include "backend.h"
#include "command.h"
#include "request.h"
#include "serve_inside.h"
#include "step.h"

static uint32_t handle_finish(struct serve_slot *slot, struct refublk_outcome outcome)
{
	slot->outcome = outcome;
	return outcome.error != 0 ? TAG_BACKEND_FAILED : TAG_BACKEND_DONE;
}

static uint32_t handle_io(struct serve *serve, uint16_t tag, const struct refublk_step *step)
{
	struct serve_slot *slot = &serve->slots[tag];
	struct port_work work = serve_work(serve, tag, PORT_IO, COMMAND_BACKEND);

	work.io = step->io;
	if (!serve_push(serve, &work))
		return handle_finish(slot, request_failed(EIO));
	slot->cursor = step->cursor;
	slot->awaited = SERVE_IO;
	serve->ios++;
	return SERVE_QUIET;
}

/* What the backend answered, carried out. */
static uint32_t handle_step(struct serve *serve, uint16_t tag, struct refublk_step step)
{
	struct serve_slot *slot = &serve->slots[tag];
	uint32_t verdict = step_check(serve->setup.backend, &step);

	if (serve->setup.trace)
		trace_step(serve->setup.trace, tag, &step);
	if (verdict != STEP_LAWFUL) {
		complain_step(&serve->complain, tag, verdict);
		return handle_finish(slot, request_failed(EIO));
	}
	switch ((enum refublk_step_kind)step.kind) {
	case REFUBLK_STEP_DONE:
		break;
	case REFUBLK_STEP_IO:
		return handle_io(serve, tag, &step);
	case REFUBLK_STEP_LATER:
		slot->awaited = SERVE_LETTER;
		serve->letters++;
		return SERVE_QUIET;
	}
	return handle_finish(slot, step.outcome);
}

/* The device may have another size by now. It is looked up after the completion: the kernel tells of a request beyond the
 * former end only when it knows of the new one, and that is after us. */
static struct desc_limits handle_limits(struct serve *serve)
{
	struct serve_setup *setup = &serve->setup;
	uint64_t bytes = setup->limits.device_bytes;

	if (setup->device_bytes)
		bytes = atomic_load_explicit(setup->device_bytes, memory_order_acquire);
	if (bytes != setup->limits.device_bytes) {
		setup->limits.device_bytes = bytes;
		if (setup->trace)
			trace_size(setup->trace, bytes);
	}
	return setup->limits;
}

/* Shared memory, read once: the copy is decoded, and the driver may change what it likes. */
static struct desc_decoded handle_descriptor(struct serve *serve, uint16_t tag) /* R2 */
{
	const struct serve_setup *setup = &serve->setup;
	uint64_t words[SERVE_STRIDE_BYTES_MAX / sizeof(uint64_t)];
	size_t count = setup->stride_bytes / sizeof(words[0]);
	const volatile uint64_t *shared = (const volatile uint64_t *)setup->descriptors + tag * count;
	struct desc_limits limits = handle_limits(serve);
	unsigned char bytes[SERVE_STRIDE_BYTES_MAX];
	size_t i;

	for (i = 0; i < count; i++)
		words[i] = shared[i];
	memcpy(bytes, words, setup->stride_bytes);
	if (setup->trace)
		trace_descriptor(setup->trace, tag, bytes, setup->stride_bytes);
	return desc_decode(bytes, setup->stride_bytes, limits);
}

static void *handle_lend(struct serve *serve, uint16_t tag, const struct refublk_request *request)
{
	const struct refublk_backend *backend = serve->setup.backend;
	struct serve_slot *slot = &serve->slots[tag];

	if (!backend->lend)
		return NULL;
	slot->loan.memory = backend->lend(serve->setup.backend_context, request);
	slot->loan.offset_bytes = request->offset_bytes;
	slot->loan.length_bytes = request->length_bytes;
	if (serve->setup.trace)
		trace_loan(serve->setup.trace, tag, slot->loan.memory);
	return slot->loan.memory;
}

/* Where shall the data of this WRITE go? A descriptor that will be refused gets its data into the tag's buffer,
 * since NEED_GET_DATA is the only command that the driver accepts now; it is decoded again, and fails, after it. */
uint32_t handle_place(struct serve *serve, uint16_t tag)
{
	struct desc_decoded decoded = handle_descriptor(serve, tag);
	struct refublk_request *request = &serve->slots[tag].request;

	*request = decoded.request;
	/* More than a buffer holds would be copied over its neighbours: there is no address to answer with. */
	if (request->length_bytes > serve->setup.buffers.each_bytes) {
		complain_refusal(&serve->complain, tag, &decoded);
		serve_break(serve, -EPROTO);
		return SERVE_QUIET;
	}
	if (decoded.verdict != DESC_ACCEPTED || request->op != REFUBLK_WRITE)
		return TAG_BACKEND_KEPT;
	return handle_lend(serve, tag, request) ? TAG_BACKEND_LENT : TAG_BACKEND_KEPT;
}

/* After a WRITE was copied into lent memory, the descriptor may tell of less than the memory was lent for: the driver
 * could copy only a part. It may also tell of another request, of which nothing was copied anywhere: a WRITE among
 * those would have asked first, any other is served out of the tag's own buffer. */
static bool handle_moved(const struct serve_slot *slot)
{
	return slot->state.memory == TAG_LENT && slot->request.op == REFUBLK_WRITE &&
	       (slot->request.offset_bytes != slot->loan.offset_bytes ||
		slot->request.length_bytes != slot->loan.length_bytes);
}

uint32_t handle_request(struct serve *serve, uint16_t tag)
{
	struct desc_decoded decoded = handle_descriptor(serve, tag);
	const struct serve_setup *setup = &serve->setup;
	struct serve_slot *slot = &serve->slots[tag];
	struct refublk_request *request = &slot->request;

	*request = decoded.request;
	if (decoded.verdict != DESC_ACCEPTED) {
		complain_refusal(&serve->complain, tag, &decoded);
		return handle_finish(slot, request_failed(decoded.error));
	}
	if (handle_moved(slot)) {
		complain_moved(&serve->complain, tag, request);
		return handle_finish(slot, request_failed(EIO));
	}
	if (setup->mode == TAG_GET_DATA && request->op == REFUBLK_READ && handle_lend(serve, tag, request)) {
		(void)handle_finish(slot, request_done(request));
		return TAG_BACKEND_LENT;
	}
	if (request->op == REFUBLK_WRITE)
		request->memory = serve_memory(serve, tag);
	else if (request_moves_data(request->op))
		request->memory = buffers_of(setup->buffers, tag);
	request->token = later_token(setup->qid, tag, slot->serial);
	later_issue(setup->later, request->token);
	if (setup->trace)
		trace_call(setup->trace, tag, request);
	return handle_step(serve, tag, backend_begin(setup->backend, setup->backend_context, request));
}

uint32_t handle_io_result(struct serve *serve, uint16_t tag, int32_t io_result)
{
	const struct serve_setup *setup = &serve->setup;
	struct serve_slot *slot = &serve->slots[tag];

	if (setup->trace)
		trace_resume(setup->trace, tag, io_result);
	return handle_step(serve, tag,
			   setup->backend->resume(setup->backend_context, &slot->request, slot->cursor, io_result));
}

uint32_t handle_outcome(struct serve *serve, uint16_t tag, struct refublk_outcome outcome)
{
	return handle_finish(&serve->slots[tag], outcome);
}
