/* The driver with data: spec/driver says what happens to a tag, here it happens. */
#include <errno.h>
#include <string.h>

#include "inside.h"

enum { KERNEL_SECTOR_BYTES = 512 };

/* ---- what the driver tells ------------------------------------------------------------------ */

/* As the kernel lays it out, written once more. */
struct kernel_descriptor {
	uint32_t op_flags;
	uint32_t sectors;
	uint64_t first_sector;
	uint64_t address;
};

static const uint32_t kernel_ops[] = {
	[SIM_READ] = 0, [SIM_WRITE] = 1, [SIM_FLUSH] = 2, [SIM_DISCARD] = 3, [SIM_ZEROES] = 5,
};

/* FAILFAST, META and SWAP are hints, of which nothing may depend. */
enum { KERNEL_FUA = 1 << 13, KERNEL_NOUNMAP = 1 << 15, KERNEL_HINTS = 0xf << 8 | 1 << 16 };

static bool kernel_sends_fua(const struct sim *sim, const struct sim_request *request)
{
	return request->io->fua && request->length_bytes && sim->backend->honours_fua && sim->backend->flush;
}

static void kernel_describe(struct port *port, uint16_t number)
{
	struct sim_tag *tag = &port->tags[number];
	const struct sim_request *request = &tag->request;
	struct kernel_descriptor descriptor = {
		.op_flags = kernel_ops[request->io->op],
		.sectors = (uint32_t)(tag->described_bytes / KERNEL_SECTOR_BYTES),
		.first_sector = request->length_bytes ? request->offset_bytes / KERNEL_SECTOR_BYTES : UINT64_MAX,
		.address = tag->address,
	};

	if (kernel_sends_fua(port->sim, request))
		descriptor.op_flags |= KERNEL_FUA;
	descriptor.op_flags |= (uint32_t)(request->number * 0x9e3779b9u) & KERNEL_HINTS;
	if (request->io->op == SIM_ZEROES)
		descriptor.op_flags |= (uint32_t)request->number << 15 & KERNEL_NOUNMAP;
	memcpy((unsigned char *)port->descriptors + (size_t)number * sizeof(descriptor), &descriptor, sizeof(descriptor));
}

void kernel_complete(struct port *port, uint64_t user_data, int32_t result)
{
	if (port->last - port->first == port->room)
		sim_bug("more completions than the queue has room for");
	port->completions[port->last++ % port->room] =
		(struct port_completion){ .user_data = user_data, .result = result };
	port->sim->counts.aborts += result == -DRIVER_ENODEV;
}

/* ---- a step's consequences ------------------------------------------------------------------ */

static void kernel_end(struct port *port, struct sim_tag *tag, uint32_t fate, uint64_t done_bytes, int32_t error)
{
	struct sim *sim = port->sim;
	struct sim_request request = tag->request;

	switch ((enum driver_request)fate) {
	case DRIVER_REQUEST_STAYS:
	case DRIVER_REQUESTS:
		return;
	case DRIVER_REQUEST_LOST:
		/* Where the driver itself had copied a part only, no server can help it; else the server's word counts. */
		request.io->lost_by_kernel |= tag->described_bytes < request.length_bytes;
		block_end(sim, &request, request.length_bytes, 0);
		break;
	case DRIVER_REQUEST_DONE:
		block_end(sim, &request, request.length_bytes, 0);
		break;
	case DRIVER_REQUEST_FAILED:
		block_end(sim, &request, request.length_bytes, error);
		break;
	case DRIVER_REQUEST_AGAIN:
		sim->counts.requeues++;
		block_requeue(sim, request);
		return;
	case DRIVER_REQUEST_REST:
		block_end(sim, &request, done_bytes, 0);
		break;
	case DRIVER_REQUEST_UNSERVED:
	case DRIVER_REQUEST_ORPHANED:
		sim->counts.orphans++;
		request.io->excused = true;
		kernel_end(port, tag, driver_fate(sim->config.kernel, sim->config.recovery, fate), 0,
			   sim->device.condition == DRIVER_FAILING ? -DRIVER_EREMOTEIO : -DRIVER_EIO);
		return;
	}
	sim->counts.requests++;
}

static struct driver_tag_step kernel_decide(struct port *port, uint16_t number, struct driver_tag_event event)
{
	const struct sim_config *config = &port->sim->config;
	struct driver_tag_step step =
		driver_tag_step(config->kernel, config->mode, port->tags[number].state, event);

	if (event.kind >= DRIVER_ARRIVE_READ && step.verdict != DRIVER_POSSIBLE)
		sim_bug(driver_tag_kind_name(event.kind));
	return step;
}

static void kernel_idle(struct port *port, uint16_t number)
{
	port->idle[port->idle_count++] = number;
}

/* ---- dispatch: the daemon's task work ------------------------------------------------------- */

/* What of a WRITE can be copied. */
static uint8_t kernel_copies(struct port *port, struct sim_tag *tag)
{
	struct sim *sim = port->sim;
	uint32_t sectors = (uint32_t)(tag->request.length_bytes / KERNEL_SECTOR_BYTES), part;

	tag->described_bytes = tag->request.length_bytes;
	if (!choice_chance(sim->choice, sim->config.part_copies))
		return DRIVER_DISPATCH;
	sim->counts.part_copies++;
	tag->request.io->excused = true;
	part = choice_below(sim->choice, sectors + 1);
	if (part == sectors)
		return DRIVER_DISPATCH_NONE;
	tag->described_bytes = (uint64_t)part * KERNEL_SECTOR_BYTES;
	return DRIVER_DISPATCH_PART;
}

static void kernel_dispatch(struct port *port, uint16_t number)
{
	struct sim_tag *tag = &port->tags[number];
	const struct sim_config *config = &port->sim->config;
	bool moves = tag->state.op == DRIVER_WRITE &&
		     (tag->state.phase == DRIVER_COPYING || config->mode == DRIVER_PLAIN);
	struct driver_tag_event event = { .kind = moves ? kernel_copies(port, tag) : DRIVER_DISPATCH };
	struct driver_tag_step step = kernel_decide(port, number, event);

	tag->described_bytes = moves ? tag->described_bytes : tag->request.length_bytes;
	tag->state = step.state;
	if (step.answer != DRIVER_COMPLETES) {
		kernel_end(port, tag, step.request, 0, 0);
		kernel_idle(port, number);
		return;
	}
	if (!poison_take(port, number))
		rule_broken(port->sim, "R12", "the buffer of tag %u was written to while the driver had it", number);
	if (step.moves == DRIVER_MOVES_IN || step.moves == DRIVER_MOVES_IN_PART)
		memcpy((void *)(uintptr_t)tag->address, tag->request.data, tag->described_bytes);
	tag->interruptions = 0;
	tag->moved_nothing = false;
	kernel_describe(port, number);
	kernel_complete(port, tag->user_data, step.result);
}

static void kernel_dispatch_one(struct port *port)
{
	uint32_t at = choice_below(port->sim->choice, port->started_count);
	uint16_t number = port->started[at];

	port->started[at] = port->started[--port->started_count];
	kernel_dispatch(port, number);
}

/* ---- a request starts ----------------------------------------------------------------------- */

static void kernel_start(struct port *port)
{
	static const uint8_t arrivals[] = {
		[SIM_READ] = DRIVER_ARRIVE_READ, [SIM_WRITE] = DRIVER_ARRIVE_WRITE, [SIM_FLUSH] = DRIVER_ARRIVE_OTHER,
		[SIM_DISCARD] = DRIVER_ARRIVE_OTHER, [SIM_ZEROES] = DRIVER_ARRIVE_OTHER,
	};
	uint32_t at = choice_alike(port->sim->choice, port->idle_count);
	uint16_t number = port->idle[at];
	struct sim_tag *tag = &port->tags[number];

	port->idle[at] = port->idle[--port->idle_count];
	tag->request = block_next(port->sim);
	tag->state = kernel_decide(port, number,
				   (struct driver_tag_event){ .kind = arrivals[tag->request.io->op] }).state;
	port->started[port->started_count++] = number;
}

/* ---- commands ------------------------------------------------------------------------------- */

static void kernel_fetched(struct port *port)
{
	struct sim *sim = port->sim;
	bool last = ++sim->fetched == sim->config.queues * sim->config.depth_tags;
	struct driver_device_step step = driver_device_step(sim->config.kernel, sim->device,
							    last ? DRIVER_FETCHED_LAST : DRIVER_FETCHED);

	if (step.verdict != DRIVER_POSSIBLE)
		sim_bug("a FETCH that cannot be");
	sim->device = step.state;
}

/* The driver has taken a command: the tag and its buffer are its own. */
static void kernel_taken(struct port *port, uint16_t number, uint64_t used_bytes)
{
	struct sim_tag *tag = &port->tags[number];

	poison_descriptor(port, number);
	if (used_bytes > port->buffers.each_bytes)
		used_bytes = port->buffers.each_bytes;
	poison_give(port, number, used_bytes);
	if (tag->state.phase == DRIVER_ACTIVE) {
		kernel_idle(port, number);
	} else if (port->sim->config.kernel == DRIVER_6_12) {
		port->started[port->started_count++] = number;
	} else {
		kernel_dispatch(port, number);
	}
}

static void kernel_carry_out(struct port *port, uint16_t number, const struct port_work *work,
			     struct driver_tag_step step)
{
	struct sim_tag *tag = &port->tags[number];
	bool fetched = tag->state.phase == DRIVER_UNFETCHED;
	int32_t result = work->command.payload.result;
	uint64_t done_bytes = result > 0 ? (uint64_t)result : 0;
	uint64_t used_bytes = fetched ? port->buffers.each_bytes : tag->described_bytes;

	if (done_bytes > tag->request.length_bytes)
		done_bytes = tag->request.length_bytes;
	tag->state = step.state;
	tag->user_data = work->user_data;
	tag->address = work->command.payload.addr;
	if (step.moves == DRIVER_MOVES_OUT || step.moves == DRIVER_MOVES_OUT_PART)
		memcpy(tag->request.data, (const void *)(uintptr_t)tag->address, done_bytes);
	port->sim->counts.lends += step.state.address == DRIVER_LENT;
	kernel_end(port, tag, step.request, done_bytes, result);
	if (fetched)
		kernel_fetched(port);
	kernel_taken(port, number, used_bytes);
}

static void kernel_command(struct port *port, const struct port_work *work)
{
	struct driver_tag_event event = rule_command(port, work);
	uint16_t number = work->command.payload.tag;
	struct driver_tag_step step;

	if (event.kind == DRIVER_OUT_OF_RANGE) {
		kernel_complete(port, work->user_data, -DRIVER_EINVAL);
		return;
	}
	step = kernel_decide(port, number, event);
	if (step.answer == DRIVER_REFUSES || step.verdict != DRIVER_POSSIBLE) {
		rule_refused(port, number, event.kind, step.result);
		kernel_complete(port, work->user_data, step.result ? step.result : -DRIVER_EINVAL);
		return;
	}
	kernel_carry_out(port, number, work, step);
}

void kernel_submit(struct port *port)
{
	const struct sim_hooks *hooks = port->sim->config.hooks;
	uint32_t i, count = port->pushed_count;

	for (i = 0; i < count; i++) {
		struct port_work *work = &port->pushed[i];

		if (hooks && hooks->push && !hooks->push(port->sim->config.hooks_context, port->sim, port->qid, work))
			continue;
		if (work->kind == PORT_COMMAND)
			kernel_command(port, work);
		else
			flight_begin(port, work);
	}
	port->pushed_count = 0;
}

/* ---- one thing happens ---------------------------------------------------------------------- */

static bool kernel_can_start(const struct port *port)
{
	return port->sim->flowing && port->sim->pending_count > 0 && port->idle_count > 0;
}

bool kernel_can_step(const struct port *port)
{
	return port->started_count > 0 || port->flight_count > 0 || port->letter_count > 0 || kernel_can_start(port);
}

bool kernel_step(struct port *port)
{
	void (*possible[4])(struct port *port);
	uint32_t count = 0;

	if (port->started_count > 0)
		possible[count++] = kernel_dispatch_one;
	if (port->flight_count > 0)
		possible[count++] = flight_end;
	if (port->letter_count > 0)
		possible[count++] = letter_send;
	if (kernel_can_start(port))
		possible[count++] = kernel_start;
	if (count == 0)
		return false;
	possible[choice_below(port->sim->choice, count)](port);
	return true;
}

/* ---- the end -------------------------------------------------------------------------------- */

static void kernel_drive(struct port *port, uint16_t number, uint8_t kind)
{
	struct sim_tag *tag = &port->tags[number];
	struct driver_tag_step step = kernel_decide(port, number, (struct driver_tag_event){ .kind = kind });

	tag->state = step.state;
	if (step.answer == DRIVER_COMPLETES)
		kernel_complete(port, tag->user_data, step.result);
	kernel_end(port, tag, step.request, 0, -DRIVER_EIO);
}

void kernel_cancel(struct port *port)
{
	uint32_t i;

	for (i = 0; i < port->sim->config.depth_tags; i++)
		kernel_drive(port, (uint16_t)i, DRIVER_CANCEL);
	port->idle_count = 0;
	if (port->sim->config.kernel == DRIVER_6_12) {
		/* What had started has lost its command: its task work finds the daemon gone. */
		while (port->started_count > 0) {
			uint16_t number = port->started[--port->started_count];

			if (port->tags[number].state.op != DRIVER_NO_REQUEST)
				kernel_drive(port, number, DRIVER_DISPATCH_EXITING);
		}
	}
}

void kernel_server_dead(struct port *port)
{
	uint32_t i;

	/* The ring's end: the task work of what had started finds the daemon exiting, then commands are taken back. */
	while (port->started_count > 0) {
		uint16_t number = port->started[--port->started_count];

		kernel_drive(port, number, DRIVER_DISPATCH_EXITING);
	}
	for (i = 0; i < port->sim->config.depth_tags; i++) {
		kernel_drive(port, (uint16_t)i, DRIVER_CANCEL);
		kernel_drive(port, (uint16_t)i, DRIVER_SERVER_DEAD);
	}
	port->idle_count = 0;
}

void kernel_reset(struct port *port)
{
	uint32_t i;

	for (i = 0; i < port->sim->config.depth_tags; i++)
		kernel_drive(port, (uint16_t)i, DRIVER_RESET);
}

void kernel_lose(struct port *port)
{
	uint32_t i;

	for (i = 0; i < port->sim->config.depth_tags; i++) {
		struct sim_tag *tag = &port->tags[i];

		if (tag->state.op != DRIVER_NO_REQUEST) {
			tag->request.io->excused = true;
			block_end(port->sim, &tag->request, tag->request.length_bytes, -DRIVER_EIO);
		}
		*tag = (struct sim_tag){ .state = { .phase = DRIVER_UNFETCHED } };
	}
	port->idle_count = 0;
	port->started_count = 0;
}
