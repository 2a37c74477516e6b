/* runner: answers the test vectors of spec/vectors with the core. See spec/vectors.py for the protocol. */
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "command.h"
#include "desc.h"
#include "device.h"
#include "params.h"
#include "question.h"
#include "result.h"
#include "tag.h"
#include "words.h"

enum { DESC_MAX_BYTES = 256 };

static void print_bytes(const void *bytes, size_t count)
{
	for (size_t i = 0; i < count; i++)
		printf("%02x", ((const unsigned char *)bytes)[i]);
}

/* ---- requests ------------------------------------------------------------------------------ */

static const char *const OPS[] = { [REFUBLK_READ] = "read", [REFUBLK_WRITE] = "write", [REFUBLK_FLUSH] = "flush",
				   [REFUBLK_DISCARD] = "discard", [REFUBLK_WRITE_ZEROES] = "write-zeroes" };

static size_t bytes_of(struct question *question, unsigned char *bytes)
{
	const char *text = question_word(question, "bytes");
	size_t count = strcmp(text, "-") == 0 ? 0 : strlen(text) / 2;

	if (strcmp(text, "-") != 0 && (strlen(text) % 2 != 0 || count > DESC_MAX_BYTES))
		question->wrong = true;
	for (size_t i = 0; i < count && !question->wrong; i++) {
		unsigned int byte;

		question->wrong = sscanf(text + 2 * i, "%2x", &byte) != 1;
		bytes[i] = (unsigned char)byte;
	}
	return count;
}

static void print_flags(uint32_t flags)
{
	static const char *const names[] = { "fua", "nounmap", "meta", "swap", "failfast" };
	const char *before = " flags=";

	for (uint32_t i = 0; i < 5; i++)
		if ((flags & 1u << i) != 0) {
			printf("%s%s", before, names[i]);
			before = "+";
		}
	if (flags == 0)
		printf(" flags=-");
}

static void answer_desc(struct question *question)
{
	unsigned char bytes[DESC_MAX_BYTES];
	size_t count = bytes_of(question, bytes);
	struct desc_limits limits = {
		.device_bytes = question_number(question, "device"),
		.max_io_bytes = (uint32_t)question_number(question, "max-io"),
		.block_bytes = (uint32_t)question_number(question, "block"),
		.read_only = (uint32_t)question_number(question, "read-only"),
	};
	struct desc_decoded decoded;

	if (question->wrong)
		return;
	decoded = desc_decode(bytes, count, limits);
	printf(" error=%" PRIu32, decoded.error);
	if (decoded.error != 0)
		return;
	printf(" op=%s offset=%" PRIu64 " length=%" PRIu64, OPS[decoded.request.op], decoded.request.offset_bytes,
	       decoded.request.length_bytes);
	print_flags(decoded.request.flags);
}

static void answer_result(struct question *question)
{
	struct refublk_request request = { .op = question_choice(question, "op", OPS, REFUBLK_WRITE_ZEROES + 1),
					   .length_bytes = question_number(question, "length") };
	struct refublk_outcome outcome = { .done_bytes = question_number(question, "done"),
					   .error = (uint32_t)question_number(question, "error") };

	if (!question->wrong)
		printf(" result=%" PRId32, result_of(&request, outcome).number);
}

/* ---- bytes --------------------------------------------------------------------------------- */

static void answer_io(struct question *question)
{
	uint32_t action = question_named(question, question_word(question, "action"), tag_action_name, TAG_ACTIONS);
	uint16_t qid = (uint16_t)question_number(question, "qid"), tag = (uint16_t)question_number(question, "tag");
	int32_t result = (int32_t)question_number(question, "result");
	uint64_t address = question_number(question, "address");
	struct command_io command;

	question->wrong = question->wrong || action == TAG_NOTHING || action == TAG_HANDLE || action == TAG_PLACE;
	if (question->wrong)
		return;
	command = command_of_action(action, qid, tag, result, address);
	printf(" op=%" PRIx32 " bytes=", command.op);
	print_bytes(&command.payload, sizeof(command.payload));
}

static void answer_control(struct question *question)
{
	uint32_t op = (uint32_t)question_number(question, "op"), device = (uint32_t)question_number(question, "device");
	uint64_t address = question_number(question, "address"), data = question_number(question, "data");
	uint16_t length = (uint16_t)question_number(question, "length");
	struct command_control command = command_control_of(op, device, address, length, data);

	if (question->wrong)
		return;
	printf(" bytes=");
	print_bytes(&command.payload, sizeof(command.payload));
}

static void answer_command(struct question *question)
{
	if (strcmp(question_word(question, "what"), "io") == 0)
		answer_io(question);
	else
		answer_control(question);
}

static void answer_place(struct question *question)
{
	uint16_t qid = (uint16_t)question_between(question, "qid", 0, UBLK_QID_BITS_MASK), tag;
	struct desc_area area;
	uint32_t byte, depth, stride;
	uint64_t page_bytes;

	if (strcmp(question_word(question, "what"), "copy") == 0) {
		tag = (uint16_t)question_number(question, "tag");
		byte = question_between(question, "byte", 0, UBLK_IO_BUF_BITS_MASK);
		if (!question->wrong)
			printf(" offset=%" PRIu64, command_copy_offset(qid, tag, byte));
		return;
	}
	depth = (uint32_t)question_number(question, "depth");
	stride = (uint32_t)question_number(question, "stride");
	page_bytes = question_page(question);
	if (question->wrong)
		return;
	area = desc_area(qid, depth, stride, page_bytes);
	printf(" offset=%" PRIu64 " length=%" PRIu64, area.offset_bytes, area.length_bytes);
}

static void answer_user(struct question *question)
{
	struct command_user user = { .kind = question_between(question, "kind", COMMAND_UBLK, COMMAND_KINDS - 1), .serial = (uint32_t)question_number(question, "serial"),
				     .tag = (uint16_t)question_number(question, "tag") };

	if (!question->wrong)
		printf(" number=%" PRIu64, command_user_encode(user));
}

static void answer_params(struct question *question)
{
	static const char *const names[] = { "read-only", "cache", "fua", "discard", "write-zeroes", "rotational",
					     "get-data", "wait", "reissue", "fail" };
	struct params_config config = {
		.size_bytes = question_number(question, "size"), .block_bytes = (uint32_t)question_number(question, "block"),
		.physical_block_bytes = (uint32_t)question_number(question, "physical"),
		.max_io_bytes = (uint32_t)question_number(question, "max-io"),
		.discard_granularity_bytes = (uint32_t)question_number(question, "granularity"),
		.queues = (uint32_t)question_number(question, "queues"), .depth_tags = (uint32_t)question_number(question, "depth"),
		.page_bytes = question_page(question), .memory_limit_bytes = question_number(question, "memory"),
		.flags = question_bits(question, "flags", names, 10), .id = -1,
	};
	struct ublk_params params;

	if (question->wrong)
		return;
	if (params_check(config) != PARAMS_ACCEPTED) {
		printf(" accepted=0");
		return;
	}
	params = params_of(config);
	printf(" accepted=1 types=%u attrs=%u logical=%u physical=%u max-sectors=%u dev-sectors=%" PRIu64 " buffer=%" PRIu64
	       " features=%" PRIu64, params.types, params.basic.attrs, params.basic.logical_bs_shift,
	       params.basic.physical_bs_shift, params.basic.max_sectors, (uint64_t)params.basic.dev_sectors,
	       params_buffer_bytes(config), (uint64_t)params_dev_info(config).flags);
}

/* ---- machines ------------------------------------------------------------------------------ */

static void answer_tag(struct question *question)
{
	uint32_t mode = question_choice(question, "mode", words_tag_modes, TAG_MODES);
	struct tag_state state = { .owner = (uint8_t)question_named(question, question_word(question, "owner"), tag_owner_name, TAG_OWNERS),
				   .memory = (uint8_t)question_choice(question, "memory", words_tag_memories, TAG_MEMORIES) };
	uint32_t event = question_named(question, question_word(question, "event"), tag_event_name, TAG_EVENTS);
	struct tag_step step;

	question->wrong = question->wrong || !tag_state_valid(mode, state);
	if (question->wrong)
		return;
	step = tag_step(mode, state, event);
	printf(" owner=%s memory=%s action=%s verdict=%s", tag_owner_name(step.state.owner), words_tag_memories[step.state.memory],
	       tag_action_name(step.action), words_tag_verdicts[step.verdict]);
}

static void answer_session(struct question *question)
{
	uint32_t mode = question_choice(question, "mode", words_tag_modes, TAG_MODES);
	uint32_t events[QUESTION_EVENTS_MAX];
	size_t count = question_events(question, tag_event_name, TAG_EVENTS, events);
	struct tag_state state = { .owner = TAG_UNBORN };

	for (size_t i = 0; i < count; i++) {
		struct tag_step step = tag_step(mode, state, events[i]);

		printf("%s%s", i == 0 ? " actions=" : ",", tag_action_name(step.action));
		state = step.state;
	}
}

static void answer_device(struct question *question)
{
	struct device_state state = {
		.want = (uint8_t)question_choice(question, "want", words_device_wants, DEVICE_WANTS),
		.phase = (uint8_t)question_choice(question, "phase", words_device_phases, DEVICE_PHASES),
		.recovery = (uint8_t)question_number(question, "recovery"), .failed = (uint8_t)question_number(question, "failed"),
		.queues = (uint8_t)question_number(question, "queues"), .tries = (uint8_t)question_number(question, "tries"),
		.pausing = (uint8_t)question_number(question, "pausing"),
	};
	uint32_t event = question_choice(question, "event", words_device_events, DEVICE_EVENTS);
	struct device_step step;

	question->wrong = question->wrong || !device_state_valid(state);
	if (question->wrong)
		return;
	step = device_step(state, event);
	printf(" phase=%s action=%s verdict=%s", words_device_phases[step.state.phase], device_action_name(step.action),
	       words_device_verdicts[step.verdict]);
}

static const char *runner_event_word(uint32_t event)
{
	return words_device_events[event];
}

static void answer_device_session(struct question *question)
{
	uint32_t events[QUESTION_EVENTS_MAX], verdicts[QUESTION_EVENTS_MAX];
	size_t count = question_events(question, runner_event_word, DEVICE_EVENTS, events);
	struct device_state state = { .phase = DEVICE_ABSENT };

	for (size_t i = 0; i < count; i++) {
		struct device_step step = device_step(state, events[i]);

		printf("%s%s", i == 0 ? " actions=" : ",", device_action_name(step.action));
		verdicts[i] = step.verdict;
		state = step.state;
	}
	for (size_t i = 0; i < count; i++)
		printf("%s%s", i == 0 ? " verdicts=" : ",", words_device_verdicts[verdicts[i]]);
}

/* ---- the protocol -------------------------------------------------------------------------- */

static const struct {
	const char *name;
	void (*answer)(struct question *question);
} KINDS[] = { { "desc", answer_desc },	   { "result", answer_result }, { "command", answer_command },
	      { "place", answer_place },   { "user", answer_user },	{ "params", answer_params },
	      { "tag", answer_tag },	   { "session", answer_session }, { "device", answer_device },
	      { "device-session", answer_device_session } };

static void answer(char *line)
{
	struct question question = { .count = 0 };
	char *rest = line, *id = strsep(&rest, " "), *kind = strsep(&rest, " ");
	bool known = false;

	printf("%s", id);
	if (rest != NULL)
		question_read(&question, rest);
	for (size_t i = 0; kind != NULL && i < sizeof(KINDS) / sizeof(KINDS[0]); i++)
		if (strcmp(kind, KINDS[i].name) == 0) {
			known = true;
			KINDS[i].answer(&question);
		}
	printf("%s\n", !known || question.wrong ? " error" : "");
}

int main(void)
{
	static char line[QUESTION_BYTES_MAX];

	while (fgets(line, sizeof(line), stdin) != NULL) {
		line[strcspn(line, "\n")] = '\0';
		if (line[0] != '\0')
			answer(line);
	}
	return 0;
}
