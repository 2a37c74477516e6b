/* What comes through the socket of a serving process, either way: bytes of anybody's. */
#include <errno.h>
#include <string.h>

#include "fuzz.h"
#include "talk.h"

static void judge_question(const uint8_t *bytes, size_t size)
{
	struct fuzz words = { bytes, size };
	struct talk_question question, again;
	int error = talk_read_question(bytes, size, &question);
	bool magic = fuzz_u32(&words) == 0x6b6c6275 && size == 16;
	bool known = fuzz_u16(&words) == TALK_VERSION && fuzz_u16(&words) < TALK_KINDS;

	FUZZ_NEED(error == (!magic ? -EPROTO : known ? 0 : -EPROTONOSUPPORT), "a question, one of another version, or none");
	if (error)
		return;
	again = talk_ask(question.kind, question.value);
	FUZZ_NEED(memcmp(&again, bytes, sizeof(again)) == 0, "what is read is what would be asked");
}

static void judge_answer(const uint8_t *bytes, size_t size, uint32_t kind)
{
	struct talk_answer answer;
	int error = talk_read_answer(bytes, size, kind, &answer);
	size_t length;

	FUZZ_NEED(error == 0 || error == -EPROTO, "an answer, or none");
	FUZZ_NEED(error != 0 || size == sizeof(answer), "an answer has its length");
	if (error)
		return;
	FUZZ_NEED(memchr(answer.text, '\0', sizeof(answer.text)) != NULL, "its text ends");
	length = strlen(answer.text);
	for (size_t i = 0; i < length; i++)
		FUZZ_NEED((unsigned char)answer.text[i] >= ' ' && answer.text[i] != 0x7f, "and is printable");
	FUZZ_NEED(answer.magic == TALK_MAGIC && answer.error <= 0 && answer.error >= -4095, "0 or -errno");
	FUZZ_NEED(answer.kind == kind || answer.error == -EPROTO, "it answers what was asked");
	FUZZ_NEED(answer.error != 0 || answer.version == TALK_VERSION, "a success is of our version");
}

static void judge_reply(struct fuzz *fuzz)
{
	uint32_t kind = fuzz_u8(fuzz);
	struct talk_question question = talk_ask(kind, fuzz_u64(fuzz));
	int error = -(int)(fuzz_u16(fuzz) % 4096u);
	char text[400] = { 0 };
	struct talk_answer answer, read;

	for (size_t i = 0; i + 1 < sizeof(text); i++)
		text[i] = (char)fuzz_u8(fuzz);
	answer = talk_reply(question, error, text);
	FUZZ_NEED(talk_read_answer(&answer, sizeof(answer), question.kind, &read) == 0, "what we answer is an answer");
	FUZZ_NEED(read.error == error && strlen(read.text) == strnlen(text, TALK_TEXT_BYTES - 1), "and the same");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz fuzz = { data, size };
	uint8_t what = fuzz_u8(&fuzz);
	struct sockaddr_un address;

	if ((what & 3) == 0) {
		judge_question(fuzz.at, fuzz.left_bytes);
	} else if ((what & 3) == 1) {
		judge_answer(fuzz.at, fuzz.left_bytes, what >> 2);
	} else if ((what & 3) == 2) {
		judge_reply(&fuzz);
	} else {
		FUZZ_NEED(talk_address("/run/refublk", (int32_t)fuzz_u32(&fuzz), &address), "an id has an address");
		FUZZ_NEED(memchr(address.sun_path, '\0', sizeof(address.sun_path)), "that ends");
	}
	return 0;
}
