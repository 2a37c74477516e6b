/* What the server sends, held against the rules from the driver's side. An oracle: numbers and rules are written here
 * once more, from spec/rules.md. */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>

#include "inside.h"

/* The generic ioctl encoding of 16 bytes, both ways, type 'u'. */
enum {
	RULE_FETCH = 0x20,
	RULE_COMMIT = 0x21,
	RULE_ASK_DATA = 0x22,
	RULE_SECTOR_BYTES = 512,
	RULE_INTERRUPTIONS_MAX = 64, /* more than a server that gives up some time */
};
#define RULE_ENCODED(number) (UINT32_C(0xc0107500) | (number))

enum { RULE_KIND_COMMAND = 1, RULE_KIND_SHIFT = 48 };

void rule_broken(struct sim *sim, const char *rule, const char *format, ...)
{
	va_list arguments;

	if (sim->config.blind || sim->breach.rule)
		return;
	sim->breach.rule = rule;
	va_start(arguments, format);
	vsnprintf(sim->breach.text, sizeof(sim->breach.text), format, arguments);
	va_end(arguments);
}

/* ---- the result ---------------------------------------------------------------------------- */

/* What the block layer's clients can be told; every other number becomes EIO on the way. */
static bool rule_errno_reaches(int32_t error)
{
	static const int32_t reaching[] = { EOPNOTSUPP, ETIMEDOUT, ENOSPC, ENOLINK, EREMOTEIO, EBADE, ENODATA, EILSEQ,
					    ENOMEM, EBUSY, EAGAIN, ENODEV, ETOOMANYREFS, EOVERFLOW, ETIME, EINVAL, EIO };
	size_t i;

	for (i = 0; i < sizeof(reaching) / sizeof(reaching[0]); i++) {
		if (reaching[i] == error)
			return true;
	}
	return false;
}

static void rule_result(struct port *port, const struct sim_tag *tag, int32_t result)
{
	struct sim *sim = port->sim;
	bool moves = tag->state.op == DRIVER_READ || tag->state.op == DRIVER_WRITE;
	uint64_t bytes = tag->described_bytes;

	if (result < 0 && !rule_errno_reaches(-result))
		rule_broken(sim, "R25", "a COMMIT carries %d, which no client would be told", result);
	else if (result > 0 && !moves)
		rule_broken(sim, "R24", "a COMMIT of what moves no data carries %d", result);
	else if (moves && result >= 0 && bytes == 0)
		rule_broken(sim, "R8", "a WRITE of no sectors is committed as done");
	else if (moves && result > 0 && ((uint64_t)result > bytes || result % RULE_SECTOR_BYTES != 0))
		rule_broken(sim, "R22", "a COMMIT carries %d, which is no number of bytes done of %llu", result,
			    (unsigned long long)bytes);
	else if (moves && result >= 0 && (uint64_t)result < bytes)
		rule_broken(sim, "R23", "a COMMIT is short: %d bytes of %llu", result, (unsigned long long)bytes);
}

/* The driver compares with the request, not with what it has told of it. */
static uint8_t rule_commit_kind(const struct sim_tag *tag, int32_t result)
{
	if (result < 0)
		return DRIVER_COMMIT_FAILED;
	if (tag->state.op == DRIVER_OTHER || tag->state.op == DRIVER_NO_REQUEST)
		return DRIVER_COMMIT_DONE;
	if (result == 0)
		return DRIVER_COMMIT_ZERO;
	return (uint64_t)result < tag->request.length_bytes ? DRIVER_COMMIT_SHORT : DRIVER_COMMIT_DONE;
}

/* ---- the address --------------------------------------------------------------------------- */

/* The backend's memory for what the driver has told of the request. */
static bool rule_is_lent(const struct port *port, const struct sim_tag *tag, uint64_t address)
{
	const struct sim *sim = port->sim;
	struct refublk_request request = { .offset_bytes = tag->request.offset_bytes,
					   .length_bytes = tag->described_bytes };

	return sim->bare->lend && tag->state.op != DRIVER_NO_REQUEST &&
	       address == (uintptr_t)sim->bare->lend(sim->bare_context, &request);
}

static uint8_t rule_address(struct port *port, const struct sim_tag *tag, uint16_t number, uint64_t address)
{
	const unsigned char *own = buffers_of(port->buffers, number);

	if (address == 0)
		return DRIVER_NO_ADDRESS;
	if (address == (uintptr_t)own)
		return DRIVER_OWN;
	if (!rule_is_lent(port, tag, address))
		rule_broken(port->sim, "R26", "a command of tag %u names memory that is neither its buffer nor its request's",
			    number);
	else if (port->sim->config.mode != DRIVER_GET_DATA)
		rule_broken(port->sim, "R17", "memory is lent in plain mode, by tag %u", number);
	return DRIVER_LENT;
}

/* ---- commands ------------------------------------------------------------------------------ */

static uint8_t rule_kind(struct port *port, const struct sim_tag *tag, const struct port_work *work)
{
	uint32_t op = work->command.op;

	if (op == RULE_ENCODED(RULE_FETCH))
		return port->sim->device.ready == DRIVER_ALL_FETCHED ? DRIVER_FETCH_READY : DRIVER_FETCH;
	if (op == RULE_ENCODED(RULE_COMMIT))
		return rule_commit_kind(tag, work->command.payload.result);
	if (op == RULE_ENCODED(RULE_ASK_DATA))
		return DRIVER_ASK_DATA;
	rule_broken(port->sim, "R26", "a command has the number %#x", op);
	return (op >> 8 & 0xff) == 'u' ? DRIVER_UNKNOWN : DRIVER_FOREIGN;
}

struct driver_tag_event rule_command(struct port *port, const struct port_work *work)
{
	uint16_t number = work->command.payload.tag;
	bool in_range = work->command.payload.q_id == port->qid && number < port->sim->config.depth_tags;
	struct sim_tag *tag = in_range ? &port->tags[number] : NULL;
	struct driver_tag_event event = { .kind = DRIVER_OUT_OF_RANGE };

	if (!in_range) {
		rule_broken(port->sim, "R26", "a command names queue %u, tag %u", work->command.payload.q_id, number);
		return event;
	}
	if (work->user_data >> RULE_KIND_SHIFT != RULE_KIND_COMMAND || (uint16_t)work->user_data != number)
		rule_broken(port->sim, "R27", "a command of tag %u has the user_data %#llx", number,
			    (unsigned long long)work->user_data);
	event.kind = rule_kind(port, tag, work);
	event.address = rule_address(port, tag, number, work->command.payload.addr);
	if (event.kind >= DRIVER_COMMIT_DONE && event.kind <= DRIVER_COMMIT_FAILED && tag->state.phase == DRIVER_OWNED)
		rule_result(port, tag, work->command.payload.result);
	return event;
}

void rule_refused(struct port *port, uint16_t tag, uint32_t kind, int32_t answer)
{
	const char *rule = "R12";

	if (tag >= port->sim->config.depth_tags || kind == DRIVER_UNKNOWN || kind == DRIVER_FOREIGN)
		return;
	if (kind == DRIVER_FETCH || kind == DRIVER_FETCH_READY || port->tags[tag].state.phase == DRIVER_UNFETCHED)
		rule = "R11";
	else if (port->tags[tag].state.phase == DRIVER_CANCELLED)
		rule = "R15";
	else if (port->tags[tag].state.phase == DRIVER_OWNED_GET_DATA)
		rule = "R13";
	else if (port->tags[tag].state.phase == DRIVER_OWNED)
		rule = kind == DRIVER_ASK_DATA ? "R13" : "R26";
	rule_broken(port->sim, rule, "%s of tag %u, which is %s, is refused with %d", driver_tag_kind_name(kind), tag,
		    driver_phase_name(port->tags[tag].state.phase), answer);
}

/* ---- a backend's operation ----------------------------------------------------------------- */

void rule_io(struct port *port, const struct port_work *work)
{
	uint16_t number = (uint16_t)work->user_data;
	const struct refublk_io *io = &work->io;
	const struct sim_tag *tag;
	const unsigned char *memory = io->memory, *own;
	uint64_t shift;

	if (number >= port->sim->config.depth_tags || port->tags[number].state.phase != DRIVER_OWNED) {
		rule_broken(port->sim, "R12", "an operation is under way for tag %u, which is not the server's", number);
		return;
	}
	tag = &port->tags[number];
	if (tag->moved_nothing || tag->interruptions > RULE_INTERRUPTIONS_MAX)
		rule_broken(port->sim, "R77", "an operation of tag %u is repeated, after %u interruptions%s", number,
			    tag->interruptions, tag->moved_nothing ? " and one that moved nothing" : "");
	own = buffers_of(port->buffers, number);
	shift = io->offset_bytes - tag->request.offset_bytes;
	if (io->op == REFUBLK_IO_FDATASYNC)
		return;
	if (io->offset_bytes < tag->request.offset_bytes || shift > tag->described_bytes ||
	    io->length_bytes > tag->described_bytes - shift)
		rule_broken(port->sim, "R76", "an operation on %llu bytes at %llu leaves its request",
			    (unsigned long long)io->length_bytes, (unsigned long long)io->offset_bytes);
	else if ((tag->state.op == DRIVER_READ || tag->state.op == DRIVER_WRITE) && memory != own + shift)
		rule_broken(port->sim, "R76", "an operation of tag %u has other memory than its request", number);
}
