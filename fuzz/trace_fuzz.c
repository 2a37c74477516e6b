/* Any bytes as a trace. A line that is accepted is, printed again from what was read, the same line. The auditor answers
 * the same however the bytes are cut, and of what it calls lawful every beginning is lawful, too. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "audit.h"
#include "fuzz.h"

enum { TEXT_BYTES = 2 * RECORD_LINE_BYTES };

/* ---- lines: spec/trace.md, the other way round --------------------------------------------- */

static const char *const IOS[] = { "read", "write", "fdatasync", "fallocate" };
static const char *const CALLS[] = { "read", "write", "flush", "discard", "write_zeroes" };
static const char *const STEPS[] = { "done", "io", "later", "unknown" };
static const char *const ENDS[] = { "over", "left", "broken" };

static int print_bytes(char *text, const struct record *record)
{
	int length = 0;

	for (uint32_t i = 0; i < record->bytes_count; i++)
		length += sprintf(text + length, "%02x", record->bytes[i]);
	return length;
}

static void print_header(char *text, const struct record_header *header)
{
	const struct desc_limits *limits = &header->limits;

	FUZZ_NEED(limits->read_only <= 1 && header->get_data <= 1, "what is a yes or a no is 0 or 1");
	FUZZ_NEED(header->queues >= 1 && header->queues <= 4096 && header->depth_tags >= 1 && header->depth_tags <= 4096, "a device that can be");
	FUZZ_NEED(header->stride_bytes >= 24 && header->stride_bytes <= 256 && header->stride_bytes % 8 == 0, "a stride that can be");
	sprintf(text, "2 kernel=%s queues=%u depth=%u stride=%u device=%llu max_io=%u block=%u read_only=%u get_data=%u", header->kernel,
		header->queues, header->depth_tags, header->stride_bytes, (unsigned long long)limits->device_bytes,
		limits->max_io_bytes, limits->block_bytes, limits->read_only, header->get_data);
}

/* fd: of an IO, which the record leaves out. */
static void print_fields(char *text, const struct record *record, const char *fd)
{
	unsigned long long user = record->user, offset = record->offset_bytes, length = record->length_bytes, memory = record->memory;

	switch ((enum record_kind)record->kind) {
	case RECORD_HEADER:
		print_header(text, &record->header);
		break;
	case RECORD_COMMAND:
		(void)print_bytes(text + sprintf(text, "%016llx %08x ", user, record->op), record);
		break;
	case RECORD_IO:
		sprintf(text, "%016llx %s %s %llu %llu %x %llx", user, IOS[record->op], fd, offset, length, record->flags, memory);
		break;
	case RECORD_WAKE:
		sprintf(text, "%016llx", user);
		break;
	case RECORD_COMPLETION:
		sprintf(text, "%016llx %lld", user, (long long)record->result);
		break;
	case RECORD_DESCRIPTOR:
		(void)print_bytes(text + sprintf(text, "%u ", record->tag), record);
		break;
	case RECORD_SIZE:
	case RECORD_LOST:
		sprintf(text, "%llu", length);
		break;
	case RECORD_CALL:
		sprintf(text, "%u %s %llu %llu %x %llx %016llx", record->tag, CALLS[record->op], offset, length, record->flags, memory, user);
		break;
	case RECORD_RESUME:
		sprintf(text, "%u %lld", record->tag, (long long)record->result);
		break;
	case RECORD_STEP:
		text += sprintf(text, "%u %s", record->tag, STEPS[record->op]);
		if (record->op == 0)
			sprintf(text, " %llu %u", length, record->error);
		break;
	case RECORD_LOAN:
		sprintf(text, "%u %llx", record->tag, memory);
		break;
	case RECORD_LETTER:
		sprintf(text, "%016llx %llu %u", user, length, record->error);
		break;
	case RECORD_END:
		sprintf(text, "%s %lld", ENDS[record->op], (long long)record->result);
		break;
	case RECORD_KINDS:
		break;
	}
}

/* The seventh word of a line. */
static void fd_of(const char *line, size_t length, char fd[32])
{
	size_t at = 0;

	for (int blanks = 0; blanks < 6 && at < length; at++)
		blanks += line[at] == ' ';
	snprintf(fd, 32, "%.*s", (int)strcspn(line + at, " "), line + at);
}

static void judge_line(const char *line, size_t length)
{
	static char text[TEXT_BYTES], copy[RECORD_LINE_BYTES + 1];
	struct record record;
	char fd[32] = "";
	int used;

	if (length > RECORD_LINE_BYTES || !record_parse(line, length, &record))
		return;
	memcpy(copy, line, length);
	copy[length] = '\0';
	if (record.kind == RECORD_IO)
		fd_of(copy, length, fd);
	used = sprintf(text, "%llu %u %u %s ", (unsigned long long)record.sequence, record.qid, record.thread, record_name(record.kind));
	print_fields(text + used, &record, fd);
	/* A zero byte can only stand in the kernel's name. */
	FUZZ_NEED(record.kind == RECORD_HEADER || strlen(text) == length, "an accepted line has no other length");
	FUZZ_NEED(strcmp(text, copy) == 0 || memchr(line, '\0', length), "an accepted line is what is printed of it");
}

/* ---- the whole ----------------------------------------------------------------------------- */

static struct audit_report audit(const char *bytes, size_t length, size_t piece, bool unfinished)
{
	struct audit_report report;
	struct audit *audit;
	bool more = true;

	FUZZ_NEED(audit_make(&audit, unfinished) == 0, "memory for an auditor");
	for (size_t at = 0; at < length && more; at += piece)
		more = audit_feed(audit, bytes + at, length - at < piece ? length - at : piece);
	report = *audit_finish(audit);
	audit_free(audit);
	return report;
}

static void judge_report(const struct audit_report *report, const struct audit_report *other)
{
	FUZZ_NEED(report->verdict <= AUDIT_DAMAGED, "a verdict");
	FUZZ_NEED(memchr(report->finding.expected, '\0', JUDGE_TEXT_BYTES) && memchr(report->found, '\0', JUDGE_TEXT_BYTES), "words that end");
	FUZZ_NEED(report->verdict == AUDIT_LAWFUL || report->finding.expected[0] != '\0', "a finding says what was expected");
	FUZZ_NEED(report->verdict == other->verdict && report->lines == other->lines && report->answered == other->answered &&
		  report->finding.line == other->finding.line && report->finding.rule == other->finding.rule &&
		  report->queues == other->queues && report->open == other->open, "the same, however the bytes are cut");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *text = (const char *)data, *line = text;
	struct audit_report whole, pieces, begun;
	struct fuzz fuzz = { data, size };
	size_t piece = 1 + size % 7, cut = size > 0 ? fuzz_u16(&fuzz) * 7u % size : 0;

	while (line < text + size) {
		const char *end = memchr(line, '\n', (size_t)(text + size - line));
		size_t length = end ? (size_t)(end - line) : (size_t)(text + size - line);

		judge_line(line, length);
		line += length + 1;
	}
	whole = audit(text, size, size, true);
	pieces = audit(text, size, piece, true);
	judge_report(&whole, &pieces);
	if (whole.verdict != AUDIT_LAWFUL)
		return 0;
	begun = audit(text, cut, cut + 1, true);
	/* Without its first line it is no trace yet, and of a line that is torn a later one tells. */
	FUZZ_NEED(!memchr(text, '\n', cut) || begun.verdict == AUDIT_LAWFUL || (whole.lost > 0 && begun.verdict == AUDIT_DAMAGED),
		  "a lawful trace began lawfully");
	begun = audit(text, size, size, false);
	FUZZ_NEED(begun.verdict == AUDIT_LAWFUL || begun.verdict == AUDIT_DAMAGED, "without its end it is damaged at most");
	return 0;
}
