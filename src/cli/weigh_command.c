/* The half of weigh that commands need: what is sent, and whether the driver takes it. */
#include <inttypes.h>
#include <string.h>

#include "command.h"
#include "judge_inside.h"
#include "request.h"
#include "result.h"

uint64_t weigh_user(struct judge *judge, uint32_t kind)
{
	struct judge_slot *slot = &judge->slots[judge->tag];

	slot->serial = slot->serial == UINT32_MAX ? 1 : slot->serial + 1;
	return command_user_encode(
		(struct command_user){ .kind = kind, .tag = (uint16_t)judge->tag, .serial = slot->serial });
}

static const char *weigh_action_name(uint32_t action)
{
	return action == TAG_FETCH ? "FETCH_REQ" : action == TAG_ASK_DATA ? "NEED_GET_DATA" : "COMMIT_AND_FETCH_REQ";
}

static uint32_t weigh_action_rule(uint32_t action)
{
	return action == TAG_FETCH ? 11 : action == TAG_ASK_DATA ? 13 : 12;
}

/* The rule by which a descriptor is refused. */
static const uint32_t weigh_refusal_rules[DESC_VERDICTS] = {
	[DESC_TRUNCATED] = 2,
	[DESC_UNKNOWN_OP] = 3,
	[DESC_READ_ONLY] = 9,
	[DESC_EMPTY] = 8,
	[DESC_BEYOND_END] = 6,
	[DESC_TOO_LONG] = 7,
	[DESC_UNALIGNED] = 6,
};

/* A command is due and the line is none. */
static bool weigh_no_command(const struct judge *judge, int32_t number, struct judge_finding *finding)
{
	const struct judge_slot *slot = &judge->slots[judge->tag];

	if (judge->action != TAG_COMMIT)
		return judge_expects(judge, finding, weigh_action_rule(judge->action), "%s of tag %u",
				     weigh_action_name(judge->action), judge->tag);
	if (slot->refusal == DESC_ACCEPTED)
		return judge_expects(judge, finding, 12, "COMMIT_AND_FETCH_REQ of tag %u with result %d", judge->tag, number);
	return judge_expects(judge, finding, weigh_refusal_rules[slot->refusal],
			     "COMMIT_AND_FETCH_REQ of tag %u with result %d, since %s", judge->tag, number,
			     desc_verdict_text(slot->refusal));
}

static uint32_t weigh_result_rule(const struct judge_slot *slot)
{
	if (slot->refusal != DESC_ACCEPTED)
		return weigh_refusal_rules[slot->refusal];
	if (slot->outcome.error != 0)
		return 25;
	return request_moves_data(slot->request.op) ? 23 : 24;
}

/* Another tag's buffer begins before this one's ends. */
static bool weigh_overlaps(const struct judge *judge, uint64_t address)
{
	for (uint32_t tag = 0; tag < judge->tag; tag++) {
		uint64_t other = judge->slots[tag].own;

		if ((address > other ? address - other : other - address) < judge->header.limits.max_io_bytes)
			return true;
	}
	return false;
}

static uint8_t weigh_commit_kind(const struct judge_slot *slot, int32_t result)
{
	if (result < 0)
		return DRIVER_COMMIT_FAILED;
	if (!request_moves_data(slot->request.op) || (uint64_t)result >= slot->request.length_bytes)
		return DRIVER_COMMIT_DONE;
	return result == 0 ? DRIVER_COMMIT_ZERO : DRIVER_COMMIT_SHORT;
}

/* The driver's side of the same command. */
static bool weigh_taken(struct judge *judge, const struct command_io *command, struct judge_finding *finding)
{
	struct judge_slot *slot = &judge->slots[judge->tag];
	struct driver_tag_event event = { .kind = DRIVER_FETCH };
	uint32_t rule = 49;

	if (judge->action == TAG_ASK_DATA) {
		event.kind = DRIVER_ASK_DATA;
		rule = 54;
	} else if (judge->action != TAG_FETCH) {
		event.kind = weigh_commit_kind(slot, command->payload.result);
		rule = 50;
	}
	if (command->payload.addr != 0)
		event.address = command->payload.addr == slot->own ? DRIVER_OWN : DRIVER_LENT;
	slot->driver = possible_command(judge->driver, slot->driver, event);
	if (!possible_any(slot->driver))
		return judge_expects(judge, finding, rule, "no %s: the driver refuses it",
				     weigh_action_name(judge->action));
	return true;
}

static bool weigh_payload(struct judge *judge, const struct record *record, const struct command_io *due,
			  struct judge_finding *finding)
{
	struct judge_slot *slot = &judge->slots[judge->tag];
	struct command_io sent = { .op = record->op };
	const char *name = weigh_action_name(judge->action);

	if (record->bytes_count != sizeof(sent.payload))
		return judge_expects(judge, finding, 26, "a command of %zu bytes", sizeof(sent.payload));
	memcpy(&sent.payload, record->bytes, sizeof(sent.payload));
	if (sent.op != due->op)
		return judge_expects(judge, finding, weigh_action_rule(judge->action), "%s of tag %u, %08" PRIx32, name,
				     judge->tag, due->op);
	if (sent.payload.q_id != due->payload.q_id || sent.payload.tag != due->payload.tag)
		return judge_expects(judge, finding, 26, "%s of queue %u and tag %u", name, due->payload.q_id,
				     due->payload.tag);
	if (sent.payload.result != due->payload.result)
		return judge_expects(judge, finding, weigh_result_rule(slot), "%s of tag %u with result %d", name,
				     judge->tag, due->payload.result);
	if (sent.payload.addr != due->payload.addr)
		return judge_expects(judge, finding, 17, "%s of tag %u with address %" PRIx64, name, judge->tag,
				     due->payload.addr);
	return true;
}

static uint64_t weigh_address(struct judge *judge, const struct record *record)
{
	struct judge_slot *slot = &judge->slots[judge->tag];
	struct command_io sent;

	if (judge->action == TAG_FETCH && record->bytes_count == sizeof(sent.payload)) {
		memcpy(&sent.payload, record->bytes, sizeof(sent.payload));
		slot->own = sent.payload.addr;
	}
	return slot->state.memory == TAG_LENT ? slot->loan : slot->own;
}

bool weigh_command(struct judge *judge, const struct record *record, struct judge_finding *finding)
{
	struct judge_slot *slot = &judge->slots[judge->tag];
	int32_t number = judge->action == TAG_COMMIT ? result_of(&slot->request, slot->outcome).number : 0;
	bool fetch = judge->action == TAG_FETCH;
	struct command_io due;
	uint64_t user;

	if (record->kind != RECORD_COMMAND)
		return weigh_no_command(judge, number, finding);
	user = weigh_user(judge, COMMAND_UBLK);
	if (record->user != user)
		return judge_expects(judge, finding, 27, "%s of tag %u, %016" PRIx64, weigh_action_name(judge->action),
				     judge->tag, user);
	due = command_of_action(judge->action, (uint16_t)judge->qid, (uint16_t)judge->tag, number,
				weigh_address(judge, record));
	if (!weigh_payload(judge, record, &due, finding))
		return false;
	if (fetch && weigh_overlaps(judge, slot->own))
		return judge_expects(judge, finding, 31, "a buffer of %" PRIu32 " bytes of its own",
				     judge->header.limits.max_io_bytes);
	if (!weigh_taken(judge, &due, finding))
		return false;
	slot->user = user;
	slot->awaited = JUDGE_DRIVER;
	slot->address = due.payload.addr;
	slot->copied = judge->action == TAG_ASK_DATA;
	judge->answered += due.op != 0 && !fetch && !slot->copied;
	judge_quiet(judge);
	return true;
}
