#include "record.h"

#include <string.h>

#include "check.h"

enum { RECORD_VERSION = 2, RECORD_QUEUES_MAX = 4096, RECORD_DEPTH_MAX = 4096 };

/* What is left of the line; failed once, it stays so. */
struct record_text {
	const char *at;
	const char *end;
	bool failed;
};

struct record_word {
	const char *text;
	size_t length_bytes;
};

static const char *const record_names[RECORD_KINDS] = {
	[RECORD_HEADER] = "refublk-trace",
	[RECORD_COMMAND] = "command",
	[RECORD_IO] = "io",
	[RECORD_WAKE] = "wake",
	[RECORD_COMPLETION] = "completion",
	[RECORD_DESCRIPTOR] = "descriptor",
	[RECORD_SIZE] = "size",
	[RECORD_CALL] = "call",
	[RECORD_RESUME] = "resume",
	[RECORD_STEP] = "step",
	[RECORD_LOAN] = "loan",
	[RECORD_LETTER] = "letter",
	[RECORD_LOST] = "lost",
	[RECORD_END] = "end",
};

static const char *const record_io_ops[] = {
	[REFUBLK_IO_READ] = "read",
	[REFUBLK_IO_WRITE] = "write",
	[REFUBLK_IO_FDATASYNC] = "fdatasync",
	[REFUBLK_IO_FALLOCATE] = "fallocate",
};

static const char *const record_functions[] = {
	[REFUBLK_READ] = "read",
	[REFUBLK_WRITE] = "write",
	[REFUBLK_FLUSH] = "flush",
	[REFUBLK_DISCARD] = "discard",
	[REFUBLK_WRITE_ZEROES] = "write_zeroes",
};

static const char *const record_steps[] = {
	[REFUBLK_STEP_DONE] = "done",
	[REFUBLK_STEP_IO] = "io",
	[REFUBLK_STEP_LATER] = "later",
	[RECORD_STEP_UNKNOWN] = "unknown",
};

static const char *const record_ends[] = {
	[RECORD_END_OVER] = "over",
	[RECORD_END_LEFT] = "left",
	[RECORD_END_BROKEN] = "broken",
};

#define RECORD_COUNT(names) (sizeof(names) / sizeof((names)[0]))

/* ---- words --------------------------------------------------------------------------------- */

/* Up to the next blank, which goes too, or the line's end. An empty word fails. */
static struct record_word record_word(struct record_text *text)
{
	struct record_word word = { .text = text->at };
	const char *blank = memchr(text->at, ' ', (size_t)(text->end - text->at));
	const char *end = blank ? blank : text->end;

	word.length_bytes = (size_t)(end - text->at);
	/* A blank at the end of the line leaves an empty word behind it. */
	if (word.length_bytes == 0 || (blank && blank + 1 == text->end))
		text->failed = true;
	text->at = blank ? blank + 1 : end;
	return word;
}

static uint64_t record_digits(struct record_text *text, struct record_word word, uint64_t most)
{
	uint64_t value = 0;

	if (word.length_bytes == 0 || (word.length_bytes > 1 && word.text[0] == '0'))
		text->failed = true;
	for (size_t i = 0; i < word.length_bytes && !text->failed; i++) {
		uint64_t digit = (uint64_t)(unsigned char)word.text[i] - '0';

		if (digit > 9 || digit > most || value > (most - digit) / 10)
			text->failed = true;
		else
			value = value * 10 + digit;
	}
	return text->failed ? 0 : value;
}

static uint64_t record_number(struct record_text *text, uint64_t most)
{
	return record_digits(text, record_word(text), most);
}

static int64_t record_signed(struct record_text *text)
{
	struct record_word word = record_word(text);
	bool negative = word.length_bytes > 0 && word.text[0] == '-';
	uint64_t value;

	if (negative) {
		word.text++;
		word.length_bytes--;
	}
	value = record_digits(text, word, INT64_MAX);
	if (negative && value == 0)
		text->failed = true;
	return negative ? -(int64_t)value : (int64_t)value;
}

static uint32_t record_hex_digit(struct record_text *text, char digit)
{
	if (digit >= '0' && digit <= '9')
		return (uint32_t)(digit - '0');
	if (digit >= 'a' && digit <= 'f')
		return (uint32_t)(digit - 'a' + 10);
	text->failed = true;
	return 0;
}

/* digits: as many, or as few as possible when 0. */
static uint64_t record_hex(struct record_text *text, size_t digits, size_t most_digits)
{
	struct record_word word = record_word(text);
	uint64_t value = 0;

	if (digits != 0 ? word.length_bytes != digits :
			  word.length_bytes > most_digits || (word.length_bytes > 1 && word.text[0] == '0'))
		text->failed = true;
	for (size_t i = 0; i < word.length_bytes && !text->failed; i++)
		value = value << 4 | record_hex_digit(text, word.text[i]);
	return value;
}

static void record_bytes(struct record_text *text, struct record *record)
{
	struct record_word word = record_word(text);

	if (word.length_bytes % 2 != 0 || word.length_bytes > 2 * sizeof(record->bytes))
		text->failed = true;
	for (size_t i = 0; i < word.length_bytes / 2 && !text->failed; i++)
		record->bytes[i] = (unsigned char)(record_hex_digit(text, word.text[2 * i]) << 4 |
						   record_hex_digit(text, word.text[2 * i + 1]));
	record->bytes_count = (uint32_t)(word.length_bytes / 2);
}

/* The place of the word among the names, or their count. */
static uint32_t record_one_of(struct record_text *text, const char *const *names, size_t count)
{
	struct record_word word = record_word(text);

	for (size_t i = 0; i < count; i++) {
		if (strlen(names[i]) == word.length_bytes && memcmp(names[i], word.text, word.length_bytes) == 0)
			return (uint32_t)i;
	}
	text->failed = true;
	return (uint32_t)count;
}

/* NAME=, right before its value. */
static void record_key(struct record_text *text, const char *key)
{
	size_t length_bytes = strlen(key);

	if ((size_t)(text->end - text->at) < length_bytes || memcmp(text->at, key, length_bytes) != 0)
		text->failed = true;
	else
		text->at += length_bytes;
}

static uint32_t record_keyed(struct record_text *text, const char *key, uint32_t most)
{
	record_key(text, key);
	return (uint32_t)record_number(text, most);
}

/* ---- records ------------------------------------------------------------------------------- */

static bool record_power_of_two(uint32_t value)
{
	return value != 0 && (value & (value - 1)) == 0;
}

static void record_parse_header(struct record_text *text, struct record_header *header)
{
	struct record_word kernel;

	if (record_number(text, UINT32_MAX) != RECORD_VERSION)
		text->failed = true;
	record_key(text, "kernel=");
	kernel = record_word(text);
	if (kernel.length_bytes >= sizeof(header->kernel))
		text->failed = true;
	else
		memcpy(header->kernel, kernel.text, kernel.length_bytes);
	header->queues = record_keyed(text, "queues=", RECORD_QUEUES_MAX);
	header->depth_tags = record_keyed(text, "depth=", RECORD_DEPTH_MAX);
	header->stride_bytes = record_keyed(text, "stride=", RECORD_BYTES_MAX);
	record_key(text, "device=");
	header->limits.device_bytes = record_number(text, UINT64_MAX);
	header->limits.max_io_bytes = record_keyed(text, "max_io=", UINT32_MAX);
	header->limits.block_bytes = record_keyed(text, "block=", 4096);
	header->limits.read_only = record_keyed(text, "read_only=", 1);
	header->get_data = record_keyed(text, "get_data=", 1);
	if (header->queues == 0 || header->depth_tags == 0 || header->stride_bytes % 8 != 0 || header->stride_bytes < 24 ||
	    !record_power_of_two(header->limits.block_bytes) || header->limits.block_bytes < 512)
		text->failed = true;
}

static void record_parse_io(struct record_text *text, struct record *record)
{
	record->user = record_hex(text, 16, 16);
	record->op = record_one_of(text, record_io_ops, RECORD_COUNT(record_io_ops));
	(void)record_signed(text);
	record->offset_bytes = record_number(text, UINT64_MAX);
	record->length_bytes = record_number(text, UINT64_MAX);
	record->flags = (uint32_t)record_hex(text, 0, 8);
	record->memory = record_hex(text, 0, 16);
}

static void record_parse_call(struct record_text *text, struct record *record)
{
	record->op = record_one_of(text, record_functions, RECORD_COUNT(record_functions));
	record->offset_bytes = record_number(text, UINT64_MAX);
	record->length_bytes = record_number(text, UINT64_MAX);
	record->flags = (uint32_t)record_hex(text, 0, 8);
	record->memory = record_hex(text, 0, 16);
	record->user = record_hex(text, 16, 16);
}

static void record_parse_outcome(struct record_text *text, struct record *record)
{
	record->length_bytes = record_number(text, UINT64_MAX);
	record->error = (uint32_t)record_number(text, UINT32_MAX);
}

static bool record_has_tag(uint32_t kind)
{
	return kind == RECORD_DESCRIPTOR || kind == RECORD_CALL || kind == RECORD_RESUME || kind == RECORD_STEP ||
	       kind == RECORD_LOAN;
}

static void record_parse_fields(struct record_text *text, struct record *record)
{
	if (record_has_tag(record->kind))
		record->tag = (uint32_t)record_number(text, UINT16_MAX);
	switch ((enum record_kind)record->kind) {
	case RECORD_HEADER:
		record_parse_header(text, &record->header);
		break;
	case RECORD_COMMAND:
		record->user = record_hex(text, 16, 16);
		record->op = (uint32_t)record_hex(text, 8, 8);
		record_bytes(text, record);
		break;
	case RECORD_IO:
		record_parse_io(text, record);
		break;
	case RECORD_WAKE:
		record->user = record_hex(text, 16, 16);
		break;
	case RECORD_COMPLETION:
		record->user = record_hex(text, 16, 16);
		record->result = record_signed(text);
		break;
	case RECORD_DESCRIPTOR:
		record_bytes(text, record);
		break;
	case RECORD_SIZE:
	case RECORD_LOST:
		record->length_bytes = record_number(text, UINT64_MAX);
		break;
	case RECORD_CALL:
		record_parse_call(text, record);
		break;
	case RECORD_RESUME:
		record->result = record_signed(text);
		break;
	case RECORD_STEP:
		record->op = record_one_of(text, record_steps, RECORD_COUNT(record_steps));
		if (!text->failed && record->op == REFUBLK_STEP_DONE)
			record_parse_outcome(text, record);
		break;
	case RECORD_LOAN:
		record->memory = record_hex(text, 0, 16);
		break;
	case RECORD_LETTER:
		record->user = record_hex(text, 16, 16);
		record_parse_outcome(text, record);
		break;
	case RECORD_END:
		record->op = record_one_of(text, record_ends, RECORD_COUNT(record_ends));
		record->result = record_signed(text);
		if (record->op == RECORD_END_BROKEN ? record->result >= 0 : record->result != 0)
			text->failed = true;
		break;
	case RECORD_KINDS:
		break;
	}
}

bool record_parse(const char *line, size_t length_bytes, struct record *record)
{
	struct record_text text = { .at = line, .end = line + length_bytes };

	memset(record, 0, sizeof(*record));
	record->sequence = record_number(&text, UINT64_MAX);
	record->qid = (uint32_t)record_number(&text, RECORD_QUEUES_MAX - 1);
	record->thread = (uint32_t)record_number(&text, INT32_MAX);
	record->kind = record_one_of(&text, record_names, RECORD_COUNT(record_names));
	record_parse_fields(&text, record);
	return !text.failed && text.at == text.end;
}

const char *record_name(uint32_t kind)
{
	CHECK(kind < RECORD_KINDS);
	return record_names[kind];
}
