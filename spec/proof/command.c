/* For every tag, serial and kind: user_data goes round; for every command: its bytes are where the layout says. */
#include <string.h>

#include "command.h"
#include "proof.h"
#include "tag.h"

static void prove_user_data(void)
{
	struct command_user user = { .kind = nondet_u32(), .serial = nondet_u32(), .tag = nondet_u16() };
	uint64_t number = nondet_u64();
	struct command_user back, decoded = command_user_decode(number);

	ASSUME(user.kind > COMMAND_NONE && user.kind < COMMAND_KINDS);
	back = command_user_decode(command_user_encode(user));
	PROVE(back.kind == user.kind && back.serial == user.serial && back.tag == user.tag && back.valid == 1, "goes round");
	PROVE(command_user_encode(user) != 0, "0 is no user_data");
	if (decoded.valid)
		PROVE(command_user_encode(decoded) == number, "valid: exactly what encode makes");
}

static void prove_io(void)
{
	uint32_t action = nondet_u32();
	uint16_t qid = nondet_u16(), tag = nondet_u16();
	int32_t result = nondet_i32();
	uint64_t address = nondet_u64();
	struct command_io command;
	unsigned char bytes[16];
	uint32_t op;

	ASSUME(action == TAG_FETCH || action == TAG_ASK_DATA || action == TAG_COMMIT || action == TAG_COMMIT_FAILED);
	command = command_of_action(action, qid, tag, result, address);
	memcpy(bytes, &command.payload, sizeof(bytes));
	op = action == TAG_FETCH ? 0xc0107520 : action == TAG_ASK_DATA ? 0xc0107522 : 0xc0107521;
	PROVE(sizeof(command.payload) == 16 && command.op == op, "the number");
	PROVE(bytes[0] == (qid & 0xff) && bytes[1] == qid >> 8 && bytes[2] == (tag & 0xff) && bytes[3] == tag >> 8,
	      "queue and tag");
	PROVE(command.payload.result == (action == TAG_COMMIT ? result : action == TAG_COMMIT_FAILED ? -5 : 0), "result");
	for (unsigned i = 0; i < 8; i++)
		PROVE(bytes[8 + i] == (address >> 8 * i & 0xff), "address");
}

void proof(void)
{
	prove_user_data();
	prove_io();
	PROVED();
}
