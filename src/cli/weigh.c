/* weigh: does a line say what the core says that it must? */
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "command.h"
#include "judge_inside.h"
#include "later.h"
#include "request.h"

enum { WEIGH_DESCRIPTOR_ADDRESS = 16 }; /* where a descriptor has the address of the tag's last command */

uint64_t weigh_wake_user(void)
{
	return command_user_encode((struct command_user){ .kind = COMMAND_WAKE });
}

/* ---- completions --------------------------------------------------------------------------- */

static uint32_t weigh_completion_rule(int64_t result)
{
	switch (result) {
	case 0:
		return 56;
	case 1:
		return 54;
	case -ENODEV:
		return 57;
	default:
		return result > 0 ? 19 : 50;
	}
}

static bool weigh_answer(struct judge *judge, int32_t result, struct judge_finding *finding)
{
	struct judge_slot *slot = &judge->slots[judge->tag];

	slot->awaited = JUDGE_NOBODY;
	slot->driver = possible_completion(judge->driver, slot->driver, result);
	if (!possible_any(slot->driver))
		return judge_expects(judge, finding, weigh_completion_rule(result),
				     "no %d from the driver of %s for a tag that is %s", result,
				     driver_kernel_name(judge->driver.kernel), tag_owner_name(slot->state.owner));
	return judge_event(judge, tag_event_of_result(result), finding);
}

bool weigh_completion(struct judge *judge, const struct record *record, struct judge_finding *finding)
{
	struct command_user user = command_user_decode(record->user);
	uint32_t awaited = user.kind == COMMAND_UBLK ? JUDGE_DRIVER : user.kind == COMMAND_BACKEND ? JUDGE_RING : JUDGE_NOBODY;
	struct judge_slot *slot;

	judge->tag = JUDGE_NO_TAG;
	if (record->kind != RECORD_COMPLETION)
		return judge_expects(judge, finding, 12, "a completion: nothing else is due");
	if (record->result < INT32_MIN || record->result > INT32_MAX)
		return judge_expects(judge, finding, 19, "a result of 32 bits");
	if (record->user == weigh_wake_user()) {
		judge->reading = true;
		judge_quiet(judge);
		return true;
	}
	if (!user.valid || user.tag >= judge->header.depth_tags || awaited == JUDGE_NOBODY)
		return judge_expects(judge, finding, 27, "a completion of what this queue submitted");
	judge->tag = user.tag;
	slot = &judge->slots[user.tag];
	if (slot->awaited != awaited || slot->user != record->user)
		return judge_expects(judge, finding, 27, "a completion of what is under way: tag %u waits for %016" PRIx64,
				     judge->tag, slot->awaited == JUDGE_DRIVER || slot->awaited == JUDGE_RING ? slot->user : 0);
	if (awaited == JUDGE_DRIVER)
		return weigh_answer(judge, (int32_t)record->result, finding);
	slot->awaited = JUDGE_NOBODY;
	slot->io_result = record->result;
	judge->next = JUDGE_RESUME;
	return true;
}

/* ---- requests ------------------------------------------------------------------------------ */

static uint32_t weigh_driver_op(uint32_t op)
{
	return op == REFUBLK_READ ? DRIVER_READ : op == REFUBLK_WRITE ? DRIVER_WRITE : DRIVER_OTHER;
}

/* What of the descriptor is the driver's to keep. */
static bool weigh_written(struct judge *judge, const struct record *record, struct judge_finding *finding)
{
	struct judge_slot *slot = &judge->slots[judge->tag];
	uint64_t address;

	memcpy(&address, record->bytes + WEIGH_DESCRIPTOR_ADDRESS, sizeof(address));
	slot->driver = possible_of_op(slot->driver, weigh_driver_op(slot->request.op));
	if (!possible_any(slot->driver))
		return judge_expects(judge, finding, 54, "no %s after this completion: the driver of %s completes %s",
				     request_op_name(slot->request.op), driver_kernel_name(judge->driver.kernel),
				     judge->action == TAG_PLACE ? "a write with 1" : "it otherwise");
	if (judge->action == TAG_HANDLE && address != slot->address)
		return judge_expects(judge, finding, 56, "the address of the tag's last command, %" PRIx64, slot->address);
	if (judge->action == TAG_HANDLE && slot->copied && slot->request.op == REFUBLK_WRITE &&
	    (slot->request.offset_bytes != slot->placed.offset_bytes ||
	     slot->request.length_bytes > slot->placed.length_bytes))
		return judge_expects(judge, finding, 56, "the write whose data was asked for: %" PRIu64 " bytes at %" PRIu64,
				     slot->placed.length_bytes, slot->placed.offset_bytes);
	return true;
}

/* Data lies in lent memory, but not for this range. */
static bool weigh_moved(const struct judge_slot *slot)
{
	return slot->state.memory == TAG_LENT && slot->request.op == REFUBLK_WRITE &&
	       slot->request.length_bytes != slot->placed.length_bytes;
}

static bool weigh_handled(struct judge *judge, const struct desc_decoded *decoded, struct judge_finding *finding)
{
	struct judge_slot *slot = &judge->slots[judge->tag];
	uint32_t error = decoded->verdict == DESC_ACCEPTED ? EIO : decoded->error;

	if (decoded->verdict != DESC_ACCEPTED || weigh_moved(slot)) {
		slot->outcome = request_failed(error);
		return judge_event(judge, TAG_BACKEND_FAILED, finding);
	}
	judge->next = judge->header.get_data && slot->request.op == REFUBLK_READ ? JUDGE_LOAN_OR_CALL : JUDGE_CALL;
	return true;
}

static bool weigh_placed(struct judge *judge, const struct desc_decoded *decoded, struct judge_finding *finding)
{
	struct judge_slot *slot = &judge->slots[judge->tag];

	slot->placed = slot->request;
	if (decoded->request.length_bytes > judge->header.limits.max_io_bytes)
		return judge_expects(judge, finding, 7, "a write of at most %" PRIu32 " bytes: no buffer takes more",
				     judge->header.limits.max_io_bytes);
	if (decoded->verdict != DESC_ACCEPTED || slot->request.op != REFUBLK_WRITE)
		return judge_event(judge, TAG_BACKEND_KEPT, finding);
	judge->next = JUDGE_LOAN_OR_ASK;
	return true;
}

bool weigh_descriptor(struct judge *judge, const struct record *record, struct judge_finding *finding)
{
	struct judge_slot *slot = &judge->slots[judge->tag];
	struct desc_decoded decoded;

	if (record->kind == RECORD_SIZE) {
		judge->header.limits.device_bytes = record->length_bytes;
		return true;
	}
	if (record->kind != RECORD_DESCRIPTOR || record->tag != judge->tag ||
	    record->bytes_count != judge->header.stride_bytes)
		return judge_expects(judge, finding, 2, "the descriptor of tag %u, %u bytes", judge->tag,
				     judge->header.stride_bytes);
	decoded = desc_decode(record->bytes, record->bytes_count, judge->header.limits);
	slot->request = decoded.request;
	slot->refusal = decoded.verdict;
	if (!weigh_written(judge, record, finding))
		return false;
	return judge->action == TAG_PLACE ? weigh_placed(judge, &decoded, finding) :
					    weigh_handled(judge, &decoded, finding);
}

static uint64_t weigh_memory(const struct judge_slot *slot)
{
	if (!request_moves_data(slot->request.op))
		return 0;
	return slot->request.op == REFUBLK_WRITE && slot->state.memory == TAG_LENT ? slot->loan : slot->own;
}

bool weigh_call(struct judge *judge, const struct record *record, struct judge_finding *finding)
{
	struct judge_slot *slot = &judge->slots[judge->tag];
	uint64_t token = later_token((uint16_t)judge->qid, (uint16_t)judge->tag, slot->serial);
	uint64_t memory = weigh_memory(slot);

	if (record->kind != RECORD_CALL || record->tag != judge->tag || record->op != slot->request.op ||
	    record->offset_bytes != slot->request.offset_bytes || record->length_bytes != slot->request.length_bytes)
		return judge_expects(judge, finding, 6, "a call for tag %u: %s, %" PRIu64 " bytes at %" PRIu64, judge->tag,
				     request_op_name(slot->request.op), slot->request.length_bytes,
				     slot->request.offset_bytes);
	if (record->flags != slot->request.flags)
		return judge_expects(judge, finding, 4, "flags %" PRIx32, slot->request.flags);
	if (record->memory != memory)
		return judge_expects(judge, finding, 17, "memory %" PRIx64, memory);
	if (record->user != token)
		return judge_expects(judge, finding, 18, "token %016" PRIx64, token);
	slot->request.token = token;
	judge->next = JUDGE_STEP;
	return true;
}

bool weigh_io(struct judge *judge, const struct record *record, struct judge_finding *finding)
{
	struct judge_slot *slot = &judge->slots[judge->tag];
	uint64_t user = weigh_user(judge, COMMAND_BACKEND);

	if (record->kind != RECORD_IO || record->user != user)
		return judge_expects(judge, finding, 27, "the backend's io for tag %u, %016" PRIx64, judge->tag, user);
	slot->user = user;
	slot->awaited = JUDGE_RING;
	judge_quiet(judge);
	return true;
}

/* A letter that nobody waits for is ignored: a second answer, or an old one. */
bool weigh_letter(struct judge *judge, const struct record *record, struct judge_finding *finding)
{
	struct refublk_outcome outcome = { .done_bytes = record->length_bytes, .error = record->error };
	uint16_t tag = later_token_tag(record->user);
	struct judge_slot *slot;

	if (tag >= judge->header.depth_tags)
		return judge_expects(judge, finding, 18, "a letter for a tag of this queue");
	slot = &judge->slots[tag];
	if (slot->awaited != JUDGE_LETTER || slot->request.token != record->user)
		return true;
	slot->awaited = JUDGE_NOBODY;
	slot->outcome = outcome;
	judge->tag = tag;
	return judge_event(judge, outcome.error != 0 ? TAG_BACKEND_FAILED : TAG_BACKEND_DONE, finding);
}

/* ---- the end ------------------------------------------------------------------------------- */

bool weigh_end(struct judge *judge, const struct record *record, struct judge_finding *finding)
{
	uint32_t op = record->op;

	judge->tag = JUDGE_NO_TAG;
	if (op == RECORD_END_BROKEN)
		return judge_expects(judge, finding, 29, "a queue that does not break (%lld: %s)", (long long)record->result,
				     strerror((int)-record->result));
	for (uint32_t tag = 0; tag < judge->header.depth_tags; tag++) {
		const struct judge_slot *slot = &judge->slots[tag];

		if (slot->awaited == JUDGE_RING || slot->awaited == JUDGE_LETTER ||
		    (op == RECORD_END_OVER && slot->state.owner != TAG_RETIRED)) {
			judge->tag = tag;
			return judge_expects(judge, finding, 21, "no end before tag %u is %s: it is %s", tag,
					     op == RECORD_END_OVER ? "retired" : "quiet", tag_owner_name(slot->state.owner));
		}
	}
	judge->next = JUDGE_NOTHING;
	return true;
}
