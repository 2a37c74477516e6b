#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "blame.h"
#include "cell.h"
#include "trace.h"

/* The operation that should have put the right content there, or the read that did not return it; 0 for none. */
static uint32_t suspect_of(const struct finding *finding)
{
	if (finding->fate == FINDING_GONE && finding->reader)
		return finding->reader;
	return cell_is_set(finding->expected) ? 0 : cell_number(finding->expected);
}

static bool touches(const struct operation *operation, uint64_t sector)
{
	return operation_first_sector(operation) <= sector && sector < operation_end_sector(operation);
}

/* How many operations of its kind came to the sector after it. */
static void count_later(const struct run *run, struct trace_wanted *wanted)
{
	const struct operation *operation = &wanted->operation;
	bool begun = false;

	for (uint32_t at = 0; at < run->journal.event_count; at++) {
		uint32_t event = run->journal.events[at];
		struct operation other;

		if (!begun || SCHEDULE_IS_END(event)) {
			begun = begun || event == SCHEDULE_BEGIN(operation->number);
			continue;
		}
		other = schedule_operation(run->schedule, SCHEDULE_NUMBER(event));
		if (other.kind != operation->kind || !touches(&other, wanted->sector))
			continue;
		wanted->later_touching++;
		wanted->later_same += other.offset_bytes == operation->offset_bytes &&
				      other.length_bytes == operation->length_bytes;
	}
}

static void look_up(const struct run *run, const struct finding *finding, FILE *file, struct blame *blame)
{
	uint32_t suspect = suspect_of(finding);
	struct trace_wanted wanted = {.sector = finding->sector};
	struct trace_request request;

	blame->sector = finding->sector;
	if (!suspect) {
		snprintf(blame->text, sizeof blame->text, "no single operation to look for");
		return;
	}
	wanted.operation = schedule_operation(run->schedule, suspect);
	count_later(run, &wanted);
	rewind(file);
	switch (trace_find(file, &wanted, &request)) {
	case TRACE_FOUND:
		trace_describe(&request, blame->text, sizeof blame->text);
		break;
	case TRACE_NOTHING:
		snprintf(blame->text, sizeof blame->text, "no request for operation %u: it never reached the server", suspect);
		break;
	case TRACE_UNREADABLE:
		snprintf(blame->text, sizeof blame->text, "the file is no trace that can be read here: %s",
			 errno ? strerror(errno) : "no heading of version 2");
		break;
	}
}

void blame_all(struct blames *blames, const struct run *run, const struct verdicts *verdicts, const char *trace_path)
{
	FILE *file = fopen(trace_path, "re");
	uint32_t last = 0;

	if (!file) {
		blames->list[0].sector = run->findings.list[0].sector;
		snprintf(blames->list[0].text, sizeof blames->list[0].text, "%s: %s", trace_path, strerror(errno));
		blames->count = 1;
		return;
	}
	for (size_t at = 0; at < run->findings.count && blames->count < BLAMES_MAX; at++) {
		const struct finding *finding = &run->findings.list[at];

		if (verdicts->list[at].kind != verdicts->main || (blames->count && suspect_of(finding) == last))
			continue;
		last = suspect_of(finding);
		look_up(run, finding, file, &blames->list[blames->count++]);
	}
	fclose(file);
}

const char *blame_of(const struct blames *blames, uint64_t sector)
{
	for (unsigned at = 0; at < blames->count; at++)
		if (blames->list[at].sector == sector)
			return blames->list[at].text;
	return NULL;
}
