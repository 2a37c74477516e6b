#include "command.h"

#include "check.h"
#include "errnos.h"
#include "tag.h"

/* user_data: tag in bits 0-15, serial in 16-47, kind above. */
enum { COMMAND_SERIAL_SHIFT = 16, COMMAND_KIND_SHIFT = 48 };

uint64_t command_user_encode(struct command_user user)
{
	CHECK(user.kind > COMMAND_NONE);
	CHECK(user.kind < COMMAND_KINDS);
	return (uint64_t)user.kind << COMMAND_KIND_SHIFT | (uint64_t)user.serial << COMMAND_SERIAL_SHIFT | user.tag;
}

struct command_user command_user_decode(uint64_t user_data) /* R27 */
{
	uint64_t kind = user_data >> COMMAND_KIND_SHIFT;
	struct command_user user = {
		.kind = (uint32_t)kind,
		.serial = (uint32_t)(user_data >> COMMAND_SERIAL_SHIFT),
		.tag = (uint16_t)user_data,
		.valid = kind > COMMAND_NONE && kind < COMMAND_KINDS,
	};

	return user;
}

/* 0: the action is no command. */
static const uint32_t command_ops[TAG_ACTIONS] = {
	[TAG_FETCH] = UBLK_U_IO_FETCH_REQ,
	[TAG_ASK_DATA] = UBLK_U_IO_NEED_GET_DATA,
	[TAG_COMMIT] = UBLK_U_IO_COMMIT_AND_FETCH_REQ,
	[TAG_COMMIT_FAILED] = UBLK_U_IO_COMMIT_AND_FETCH_REQ,
};

static int32_t command_result(uint32_t action, int32_t result)
{
	if (action == TAG_COMMIT)
		return result;
	return action == TAG_COMMIT_FAILED ? -ERRNOS_EIO : 0;
}

/* R26 */
struct command_io command_of_action(uint32_t action, uint16_t qid, uint16_t tag, int32_t result, uint64_t address)
{
	CHECK(action < TAG_ACTIONS);
	CHECK(command_ops[action] != 0);

	struct command_io command = {
		.payload = {
			.q_id = qid,
			.tag = tag,
			.result = command_result(action, result),
			.addr = address,
		},
		.op = command_ops[action],
	};

	return command;
}

/* R28 */
struct command_control command_control_of(uint32_t op, uint32_t device_id, uint64_t address, uint16_t length_bytes,
					  uint64_t data)
{
	struct command_control command = {
		.payload = {
			.dev_id = device_id,
			.queue_id = UINT16_MAX,
			.len = length_bytes,
			.addr = address,
			.data = { data },
		},
		.op = op,
	};

	return command;
}

uint64_t command_copy_offset(uint16_t qid, uint16_t tag, uint32_t byte)
{
	CHECK(qid <= UBLK_QID_BITS_MASK);
	CHECK(byte <= UBLK_IO_BUF_BITS_MASK);
	return UBLKSRV_IO_BUF_OFFSET + ((uint64_t)qid << UBLK_QID_OFF | (uint64_t)tag << UBLK_TAG_OFF | byte);
}
