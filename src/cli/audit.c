#include "audit.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "driver.h"

enum { AUDIT_QUEUES = 4096 };

struct audit_queue {
	struct judge *judge; /* NULL: none, or blind */
	uint64_t sequence;   /* of the next line */
	uint64_t lost;       /* lines, as last said */
	uint32_t depth_tags;
	bool begun;
	bool blind;          /* lines are lost: what follows cannot be judged */
	bool ended;
};

struct audit {
	struct audit_report report;
	uint64_t torn_line; /* the first line that is none, and of which no `lost` has told: 0: none */
	uint32_t expected_queues;
	bool unfinished;
	bool over;          /* the verdict stands */
	bool long_line;
	size_t length_bytes;
	char line[RECORD_LINE_BYTES];
	struct audit_queue queues[AUDIT_QUEUES];
};

int audit_make(struct audit **audit, bool unfinished)
{
	struct audit *made = calloc(1, sizeof(*made));

	if (!made)
		return -ENOMEM;
	made->unfinished = unfinished;
	made->report.finding.tag = JUDGE_NO_TAG;
	*audit = made;
	return 0;
}

void audit_free(struct audit *audit)
{
	if (!audit)
		return;
	for (uint32_t qid = 0; qid < AUDIT_QUEUES; qid++)
		judge_free(audit->queues[qid].judge);
	free(audit);
}

/* ---- verdicts ------------------------------------------------------------------------------ */

static void audit_keep_line(struct audit *audit)
{
	size_t length_bytes = audit->length_bytes < JUDGE_TEXT_BYTES - 1 ? audit->length_bytes : JUDGE_TEXT_BYTES - 1;

	memcpy(audit->report.found, audit->line, length_bytes);
	audit->report.found[length_bytes] = '\0';
}

/* False, for the caller to return. */
__attribute__((format(printf, 3, 4))) static bool audit_damaged(struct audit *audit, uint64_t line, const char *format, ...)
{
	va_list arguments;

	audit->report.verdict = AUDIT_DAMAGED;
	audit->report.finding.line = line;
	va_start(arguments, format);
	vsnprintf(audit->report.finding.expected, JUDGE_TEXT_BYTES, format, arguments);
	va_end(arguments);
	audit->over = true;
	return false;
}

static bool audit_fails(struct audit *audit, uint32_t verdict)
{
	audit->report.verdict = verdict;
	audit->over = true;
	return false;
}

/* ---- lives --------------------------------------------------------------------------------- */

/* A kernel without a column of its own is held against the newest. */
static void audit_set_kernel(struct audit_report *report, const char *name)
{
	memcpy(report->kernel_name, name, sizeof(report->kernel_name));
	report->kernel = DRIVER_KERNELS - 1;
	report->kernel_known = false;
	for (uint32_t kernel = 0; kernel < DRIVER_KERNELS; kernel++) {
		size_t length_bytes = strlen(driver_kernel_name(kernel));

		if (strncmp(name, driver_kernel_name(kernel), length_bytes) == 0 &&
		    (name[length_bytes] < '0' || name[length_bytes] > '9')) {
			report->kernel = kernel;
			report->kernel_known = true;
		}
	}
}

static void audit_close(struct audit *audit, struct audit_queue *queue)
{
	if (queue->judge)
		audit->report.answered += judge_count(queue->judge).answered;
	judge_free(queue->judge);
	queue->judge = NULL;
}

static bool audit_begin(struct audit *audit, struct audit_queue *queue, const struct record *record)
{
	uint64_t line = audit->report.lines;

	if (queue->begun && !queue->ended && !audit->unfinished)
		return audit_damaged(audit, line, "queue %" PRIu32 " begins anew and has not ended: its server was killed, "
				     "or lines are missing", record->qid);
	audit_close(audit, queue);
	audit_set_kernel(&audit->report, record->header.kernel);
	audit->expected_queues = record->header.queues;
	audit->report.lives += record->qid == 0;
	*queue = (struct audit_queue){ .sequence = 1, .depth_tags = record->header.depth_tags, .begun = true };
	return judge_make(&queue->judge, record, audit->report.kernel) == 0 || audit_fails(audit, AUDIT_NO_MEMORY);
}

/* ---- lines --------------------------------------------------------------------------------- */

/* Lines may be missing where the server says that it lost them, and how many. */
static bool audit_gap(struct audit *audit, struct audit_queue *queue, const struct record *record)
{
	uint64_t gap = record->sequence - queue->sequence;

	if (record->sequence < queue->sequence || record->kind != RECORD_LOST ||
	    record->length_bytes < queue->lost || record->length_bytes - queue->lost != gap) {
		if (audit->torn_line != 0)
			return audit_damaged(audit, audit->torn_line, "it is no line of a trace");
		return audit_damaged(audit, audit->report.lines, "queue %" PRIu32 " has line %" PRIu64 " of its own where line "
				     "%" PRIu64 " is due", record->qid, record->sequence, queue->sequence);
	}
	if (audit->report.blind_line == 0) {
		audit->report.blind_line = audit->report.lines;
		audit->report.blind_qid = record->qid;
	}
	audit->report.lost += gap;
	audit->torn_line = 0;
	audit_close(audit, queue);
	queue->lost = record->length_bytes;
	queue->begun = true;
	queue->blind = true;
	return true;
}

static bool audit_judge(struct audit *audit, struct audit_queue *queue, const struct record *record)
{
	struct audit_report *report = &audit->report;

	if (queue->blind) {
		queue->ended = queue->ended || record->kind == RECORD_END;
		return true;
	}
	if (!judge_record(queue->judge, record, report->lines, &report->finding))
		return audit_fails(audit, AUDIT_BREACH);
	queue->ended = judge_ended(queue->judge);
	return true;
}

static bool audit_record(struct audit *audit, const struct record *record)
{
	struct audit_queue *queue = &audit->queues[record->qid];

	audit->report.qid = record->qid;
	if (record->kind == RECORD_HEADER && record->sequence == 0)
		return audit_begin(audit, queue, record);
	if ((record->sequence != queue->sequence || !queue->begun) && !audit_gap(audit, queue, record))
		return false;
	queue->sequence = record->sequence + 1;
	return audit_judge(audit, queue, record);
}

static bool audit_line(struct audit *audit)
{
	struct record record;
	bool parsed = !audit->long_line && record_parse(audit->line, audit->length_bytes, &record);
	uint64_t line = ++audit->report.lines;

	audit_keep_line(audit);
	if (line == 1 && (!parsed || record.kind != RECORD_HEADER))
		return audit_damaged(audit, line, "this is no trace of refublk, or one of another version");
	if (parsed)
		return audit_record(audit, &record);
	/* A full disk tears a line; the server then says so. Two of them, before it can, are too much to tell apart. */
	if (audit->torn_line == 0)
		audit->torn_line = line;
	return true;
}

bool audit_feed(struct audit *audit, const char *bytes, size_t length_bytes)
{
	for (size_t i = 0; i < length_bytes && !audit->over; i++) {
		if (bytes[i] == '\n') {
			(void)audit_line(audit);
			audit->length_bytes = 0;
			audit->long_line = false;
		} else if (audit->length_bytes < sizeof(audit->line)) {
			audit->line[audit->length_bytes++] = bytes[i];
		} else {
			audit->long_line = true;
		}
		/* What is no trace may have no end either. */
		if (audit->long_line && audit->report.lines == 0)
			return audit_damaged(audit, 1, "this is no trace of refublk, or one of another version");
	}
	return !audit->over;
}

/* ---- the end ------------------------------------------------------------------------------- */

static void audit_judge_end(struct audit *audit)
{
	struct audit_report *report = &audit->report;

	if (report->lines == 0)
		(void)audit_damaged(audit, 1, "this is no trace of refublk: it is empty");
	else if (audit->torn_line != 0 && !(audit->unfinished && audit->torn_line == report->lines))
		(void)audit_damaged(audit, audit->torn_line, "it is no line of a trace");
	else if (audit->length_bytes != 0 && !audit->unfinished)
		(void)audit_damaged(audit, report->lines + 1, "the file ends within this line");
	for (uint32_t qid = 0; qid < AUDIT_QUEUES && !audit->over && !audit->unfinished; qid++) {
		const struct audit_queue *queue = &audit->queues[qid];

		report->qid = qid;
		if (queue->begun && !queue->ended)
			(void)audit_damaged(audit, report->lines, "queue %" PRIu32 " has no end: its server was killed, still "
					    "runs, or lines are missing", qid);
		else if (!queue->begun && qid < audit->expected_queues && report->answered > 0)
			(void)audit_damaged(audit, report->lines, "queue %" PRIu32 " is missing", qid);
	}
}

const struct audit_report *audit_finish(struct audit *audit)
{
	struct audit_report *report = &audit->report;

	for (uint32_t qid = 0; qid < AUDIT_QUEUES; qid++) {
		struct audit_queue *queue = &audit->queues[qid];

		report->queues += queue->begun;
		report->tags += queue->depth_tags;
		if (queue->begun && !queue->ended) {
			report->unended++;
			report->open += queue->judge ? judge_count(queue->judge).open : 0;
		}
		audit_close(audit, queue);
	}
	if (!audit->over)
		audit_judge_end(audit);
	audit->over = true;
	return report;
}
