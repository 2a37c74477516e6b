/* What is sent, as bytes, and the numbers that travel with it: commands, user_data, results. Each is computed here once
 * more, from the kernel's layout. */
#include <string.h>

#include "command.h"
#include "fuzz.h"
#include "request.h"
#include "result.h"
#include "tag.h"

/* What the block layer passes on to its clients. */
static const uint32_t SURVIVORS[] = { 95, 110, 28, 67, 121, 52, 61, 84, 12, 16, 11, 19, 109, 75, 62, 22, 5 };

static uint32_t nearest(uint32_t error)
{
	for (size_t i = 0; i < sizeof(SURVIVORS) / sizeof(SURVIVORS[0]); i++)
		if (SURVIVORS[i] == error)
			return error;
	return error == 122 || error == 27 ? 28 : 5;
}

static void judge_result(struct fuzz *fuzz)
{
	struct refublk_request request = { .op = fuzz_below(fuzz, 7), .length_bytes = fuzz_number(fuzz, 5) };
	struct refublk_outcome outcome = { .error = fuzz_u16(fuzz), .done_bytes = request.length_bytes };
	bool data = request.op <= REFUBLK_WRITE;
	struct result result;

	if (outcome.error & 0x8000)
		outcome.error <<= 16;
	if (fuzz_u8(fuzz) & 1)
		outcome.done_bytes = fuzz_number(fuzz, 5);
	result = result_of(&request, outcome);
	if (outcome.error != 0) {
		FUZZ_NEED(result.number == -(int32_t)nearest(outcome.error), "the nearest errno that survives, negative");
		FUZZ_NEED(result.replaced == (nearest(outcome.error) == outcome.error ? 0 : outcome.error), "what was meant");
	} else if (data && outcome.done_bytes == request.length_bytes && request.length_bytes <= INT32_MAX) {
		FUZZ_NEED((uint64_t)result.number == request.length_bytes && result.number >= 0, "all of it");
	} else {
		FUZZ_NEED(result.number == (request.op > REFUBLK_WRITE && request.op <= REFUBLK_WRITE_ZEROES ? 0 : -5), "never short");
	}
	FUZZ_NEED(request_moves_data(request.op) == data, "only READ and WRITE move data");
	FUZZ_NEED(strlen(request_op_name(request.op)) > 0, "an operation has a name");
	FUZZ_NEED(request_done(&request).done_bytes == (data ? request.length_bytes : 0), "done is all of it");
	FUZZ_NEED(request_failed(outcome.error).error == (outcome.error ? outcome.error : 5), "a failure has a reason");
}

static void judge_user(struct fuzz *fuzz)
{
	uint64_t number = fuzz_u64(fuzz);
	struct command_user user = command_user_decode(number);

	FUZZ_NEED(user.tag == (number & 0xffff) && user.serial == (number >> 16 & 0xffffffff), "tag and serial");
	FUZZ_NEED(user.valid == (number >> 48 >= 1 && number >> 48 <= 4), "valid: of a kind that is sent");
	if (user.valid)
		FUZZ_NEED(command_user_encode(user) == number, "there and back");
}

static void judge_io(struct fuzz *fuzz)
{
	static const uint32_t OPS[] = { [TAG_FETCH] = 0xc0107520, [TAG_ASK_DATA] = 0xc0107522,
					[TAG_COMMIT] = 0xc0107521, [TAG_COMMIT_FAILED] = 0xc0107521 };
	static const uint8_t ACTIONS[] = { TAG_FETCH, TAG_ASK_DATA, TAG_COMMIT, TAG_COMMIT_FAILED };
	uint32_t action = ACTIONS[fuzz_below(fuzz, 4)];
	uint16_t qid = fuzz_u16(fuzz), tag = fuzz_u16(fuzz);
	int32_t result = (int32_t)fuzz_u32(fuzz);
	uint64_t address = fuzz_u64(fuzz);
	struct command_io command = command_of_action(action, qid, tag, result, address);
	uint8_t bytes[sizeof(command.payload)];
	struct fuzz back = { bytes, sizeof(bytes) };

	memcpy(bytes, &command.payload, sizeof(bytes));
	FUZZ_NEED(sizeof(bytes) == 16 && command.op == OPS[action], "the command's number");
	FUZZ_NEED(fuzz_u16(&back) == qid && fuzz_u16(&back) == tag, "queue, then tag");
	FUZZ_NEED((int32_t)fuzz_u32(&back) == (action == TAG_COMMIT ? result : action == TAG_COMMIT_FAILED ? -5 : 0), "result");
	FUZZ_NEED(fuzz_u64(&back) == address, "address");
}

static void judge_control(struct fuzz *fuzz)
{
	uint32_t op = fuzz_u32(fuzz), device = fuzz_u32(fuzz);
	uint64_t address = fuzz_u64(fuzz), number = fuzz_u64(fuzz);
	uint16_t length = fuzz_u16(fuzz);
	struct command_control command = command_control_of(op, device, address, length, number);
	uint8_t bytes[sizeof(command.payload)];
	struct fuzz back = { bytes, sizeof(bytes) };

	memcpy(bytes, &command.payload, sizeof(bytes));
	FUZZ_NEED(sizeof(bytes) == 32 && command.op == op, "32 bytes");
	FUZZ_NEED(fuzz_u32(&back) == device && fuzz_u16(&back) == 0xffff && fuzz_u16(&back) == length, "device, no queue, length");
	FUZZ_NEED(fuzz_u64(&back) == address && fuzz_u64(&back) == number && fuzz_u64(&back) == 0, "address, data, zeroes");
}

static void judge_position(struct fuzz *fuzz)
{
	uint16_t qid = fuzz_u16(fuzz) & 0xfff, tag = fuzz_u16(fuzz);
	uint32_t byte = fuzz_u32(fuzz) & 0x1ffffff;

	FUZZ_NEED(command_copy_offset(qid, tag, byte) == UINT64_C(0x80000000) + ((uint64_t)qid << 41) + ((uint64_t)tag << 25) + byte,
		  "the place of a byte in the character device");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz fuzz = { data, size };

	switch (fuzz_below(&fuzz, 5)) {
	case 0:
		judge_result(&fuzz);
		break;
	case 1:
		judge_user(&fuzz);
		break;
	case 2:
		judge_io(&fuzz);
		break;
	case 3:
		judge_control(&fuzz);
		break;
	default:
		judge_position(&fuzz);
	}
	return 0;
}
