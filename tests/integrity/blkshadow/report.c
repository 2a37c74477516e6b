#include <errno.h>
#include <jansson.h>
#include <string.h>

#include "cell.h"
#include "report.h"

#define FINDINGS_SHOWN 8u
#define FINDINGS_IN_JSON 1000u

static const char *const result_names[] = {
	[ATTEMPT_PASSED] = "passed",
	[ATTEMPT_CORRUPT] = "corrupt",
	[ATTEMPT_FAILED] = "failed",
	[ATTEMPT_STALLED] = "stalled",
};

const char *report_result_name(enum attempt_result result)
{
	return result_names[result];
}

static double mib(uint64_t bytes)
{
	return (double)bytes / 1048576.0;
}

static uint64_t operations(const struct run *run)
{
	uint64_t sum = 0;

	for (unsigned kind = 0; kind < OPERATION_KINDS; kind++)
		sum += atomic_load(&run->counters.operations[kind]);
	return sum;
}

/* Neighbours that tell the same story. */
static bool continues(const struct run *run, const struct verdicts *verdicts, size_t at)
{
	const struct finding *one = &run->findings.list[at], *next = one + 1;

	return at + 1 < run->findings.count && next->sector == one->sector + 1 && next->expected == one->expected &&
	       next->reader == one->reader && verdicts->list[at + 1].kind == verdicts->list[at].kind &&
	       verdicts->list[at + 1].sight == verdicts->list[at].sight &&
	       verdicts->list[at + 1].found_operation == verdicts->list[at].found_operation;
}

/* A stretch of findings, from `at`; returns the last of them. */
static size_t text_stretch(const struct report *report, size_t at, FILE *file)
{
	const struct run *run = &report->attempt->run;
	const struct finding *finding = &run->findings.list[at];
	const struct verdict *verdict = &report->attempt->verdicts.list[at];
	size_t last = at;
	const char *blame;
	char text[512];

	while (continues(run, &report->attempt->verdicts, last))
		last++;
	fprintf(file, "  %s: sector %llu (byte %llu)", verdict_name(verdict->kind), (unsigned long long)finding->sector,
		(unsigned long long)finding->sector * OPERATION_SECTOR_BYTES);
	if (last > at)
		fprintf(file, " and the %zu after it", last - at);
	fprintf(file, " holds %s;\n", verdict_describe_sight(run, verdict, text, sizeof text));
	fprintf(file, "    it should hold %s%s,\n", finding->contenders > 1 ? "a mix that includes " : "",
		verdict_describe_origin(run, finding->expected, text, sizeof text));
	fprintf(file, "    before which there was %s;\n", verdict_describe_origin(run, finding->before, text, sizeof text));
	if (finding->reader)
		fprintf(file, "    seen by %s\n", verdict_describe_origin(run, finding->reader, text, sizeof text));
	else
		fprintf(file, "    seen by the final sweep at %.6f s\n", (double)finding->when_ns / 1e9);
	blame = blame_of(report->blames, finding->sector);
	if (blame)
		fprintf(file, "    in the server's trace: %s\n", blame);
	return last;
}

/* As a word of a shell. */
static void text_quoted(const char *option, const char *name, const char *command, FILE *file)
{
	fprintf(file, " --%s '%s=", option, name);
	for (; *command; command++)
		fputs(*command == '\'' ? "'\\''" : (char[]){*command, '\0'}, file);
	fputc('\'', file);
}

static void text_replay(const struct report *report, FILE *file)
{
	const struct run *run = &report->attempt->run;

	fprintf(file, "  replay it: blkshadow --replay %s", report->replay_path);
	for (uint32_t at = 0; at < run->schedule->plan.stresses; at++)
		text_quoted(run->schedule->pauses[at] ? "pause" : "stress", run->schedule->stresses[at],
			    run->limits.stresses[at], file);
	fprintf(file, " %s\n", report->target->path);
}

static void text_corruption(const struct report *report, FILE *file)
{
	const struct run *run = &report->attempt->run;
	const struct verdicts *verdicts = &report->attempt->verdicts;

	if (report->shrink)
		fprintf(file, "CORRUPTION: %s: %s\n  (by %u of %u operations, %u of them shortened, which fail %u times of %u; in the run itself: %s: %s)\n",
			verdict_name(report->shrink->verdict), report->shrink->pattern, report->shrink->to,
			report->shrink->from, report->shrink->shortened, report->shrink->failures, report->shrink->tries,
			verdict_name(verdicts->main), verdicts->pattern);
	else
		fprintf(file, "CORRUPTION: %s: %s\n", verdict_name(verdicts->main), verdicts->pattern);
	for (unsigned kind = 0; kind < VERDICT_KINDS; kind++)
		if (verdicts->counts[kind])
			fprintf(file, "  %llu sectors %s\n", (unsigned long long)verdicts->counts[kind],
				verdict_name((enum verdict_kind)kind));
	if (run->findings.total > run->findings.count)
		fprintf(file, "  %llu more sectors were not looked into\n",
			(unsigned long long)(run->findings.total - run->findings.count));
	for (size_t at = 0, shown = 0; at < run->findings.count && shown < FINDINGS_SHOWN; at++)
		if (verdicts->list[at].kind == verdicts->main) {
			at = text_stretch(report, at, file);
			shown++;
		}
	if (report->map_path)
		fprintf(file, "  map of the failing sectors: %s\n", report->map_path);
	if (report->replay_path && !report->shrink)
		fprintf(file, "  it did not fail again on this device: the file holds the whole run\n");
	if (report->replay_path)
		text_replay(report, file);
}

/* Calls `each` for every stress that has begun. */
static void each_stress(const struct run *run, void (*each)(const struct run *run, const struct operation *stress, void *context),
			void *context)
{
	for (uint32_t at = 0; run->schedule->plan.stresses && at < run->journal.event_count; at++) {
		uint32_t event = run->journal.events[at];
		struct operation operation = schedule_operation(run->schedule, SCHEDULE_NUMBER(event));

		if (!SCHEDULE_IS_END(event) && operation.kind == OPERATION_STRESS)
			each(run, &operation, context);
	}
}

static void text_stress(const struct run *run, const struct operation *stress, void *file)
{
	const struct journal_times *times = &run->journal.times[stress->number];

	fprintf(file, "  operation %u: the stress %s, %.3f s to %.3f s\n", stress->number, run->schedule->stresses[stress->stress],
		(double)times->begin_ns / 1e9, (double)times->end_ns / 1e9);
}

static void json_stress(const struct run *run, const struct operation *stress, void *list)
{
	const struct journal_times *times = &run->journal.times[stress->number];

	json_array_append_new(list, json_pack("{s:s, s:i, s:I, s:I}", "name", run->schedule->stresses[stress->stress],
					      "operation", (int)stress->number, "begin_ns", (json_int_t)times->begin_ns,
					      "end_ns", (json_int_t)times->end_ns));
}

void report_text(const struct report *report, FILE *file)
{
	const struct run *run = &report->attempt->run;
	const struct run_counters *counters = &run->counters;
	uint64_t in_use = shadow_sectors_in_use(run->shadow);

	fprintf(file, "%s: %llu operations in %.1f s, seed %llu: %.1f MiB written, %.1f MiB read\n", report->target->path,
		(unsigned long long)operations(run), report->seconds, (unsigned long long)run->schedule->plan.seed,
		mib(atomic_load(&counters->written_bytes)), mib(atomic_load(&counters->read_bytes)));
	fprintf(file, "  %.1f MiB compared (%.1f of them in the final sweep), %.1f MiB read that could be anything\n",
		mib(atomic_load(&counters->compared_bytes)), mib(atomic_load(&counters->swept_bytes)),
		mib(atomic_load(&counters->open_bytes)));
	if (atomic_load(&counters->failed))
		fprintf(file, "  %llu operations failed\n", (unsigned long long)atomic_load(&counters->failed));
	fprintf(file, "  %llu page switches, %llu operations that the device does not have, %.1f bytes of memory per sector in use\n",
		(unsigned long long)atomic_load(&counters->switches), (unsigned long long)atomic_load(&counters->refused),
		in_use ? (double)shadow_memory_bytes(run->shadow) / (double)in_use : 0.0);
	each_stress(run, text_stress, file);
	if (run->seal.taken)
		fprintf(file, "  seal: MD5 %s of the device, %s of the shadow: %s\n", run->seal.device, run->seal.shadow,
			strcmp(run->seal.device, run->seal.shadow) == 0 ? "equal" : "DIFFERENT");
	if (report->attempt->result == ATTEMPT_CORRUPT)
		text_corruption(report, file);
	if (run->trouble[0])
		fprintf(file, "THE DEVICE FAILED while %s: %s\n", run->trouble_phase, run->trouble);
	if (report->attempt->result == ATTEMPT_PASSED)
		fprintf(file, "PASSED: every sector that was read is legal\n");
}

static json_t *json_finding(const struct report *report, size_t at)
{
	const struct run *run = &report->attempt->run;
	const struct finding *finding = &run->findings.list[at];
	const struct verdict *verdict = &report->attempt->verdicts.list[at];
	char found[512], expected[512];

	return json_pack("{s:s, s:I, s:s, s:s, s:i, s:i, s:i, s:I, s:b, s:s?}", "verdict", verdict_name(verdict->kind), "sector",
			 (json_int_t)finding->sector, "found",
			 verdict_describe_sight(run, verdict, found, sizeof found), "expected",
			 verdict_describe_origin(run, finding->expected, expected, sizeof expected), "found_operation",
			 (int)verdict->found_operation, "expected_operation", (int)cell_number(finding->expected), "reader",
			 (int)finding->reader, "when_ns", (json_int_t)finding->when_ns, "second_look_right",
			 finding->fate == FINDING_GONE, "blame", blame_of(report->blames, finding->sector));
}

static json_t *json_corruption(const struct report *report)
{
	const struct verdicts *verdicts = &report->attempt->verdicts;
	const struct run *run = &report->attempt->run;
	json_t *counts = json_object(), *list = json_array(), *root;

	for (unsigned kind = 0; kind < VERDICT_KINDS; kind++)
		if (verdicts->counts[kind])
			json_object_set_new(counts, verdict_name((enum verdict_kind)kind),
					    json_integer((json_int_t)verdicts->counts[kind]));
	for (size_t at = 0; at < run->findings.count && at < FINDINGS_IN_JSON; at++)
		json_array_append_new(list, json_finding(report, at));
	root = json_pack("{s:s, s:s, s:I, s:o, s:o, s:s?, s:s?}", "verdict", verdict_name(verdicts->main), "pattern",
			 verdicts->pattern, "sectors", (json_int_t)run->findings.total, "counts", counts, "findings", list,
			 "map", report->map_path, "replay", report->replay_path);
	if (report->shrink)
		json_object_set_new(root, "shrunk",
				    json_pack("{s:s, s:s, s:i, s:i, s:i, s:i, s:i}", "verdict",
					      verdict_name(report->shrink->verdict), "pattern", report->shrink->pattern,
					      "from", (int)report->shrink->from, "to", (int)report->shrink->to, "shortened",
					      (int)report->shrink->shortened, "failures",
					      (int)report->shrink->failures, "tries", (int)report->shrink->tries));
	return root;
}

int report_json(const struct report *report, FILE *file)
{
	const struct run *run = &report->attempt->run;
	const struct run_counters *counters = &run->counters;
	json_t *root = json_pack(
		"{s:i, s:s, s:s, s:b, s:I, s:I, s:f, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I}", "version", 1, "result",
		report_result_name(report->attempt->result), "device", report->target->path, "block_device",
		report->target->block_device, "size_bytes", (json_int_t)run->schedule->plan.size_bytes, "seed",
		(json_int_t)run->schedule->plan.seed, "seconds", report->seconds, "operations",
		(json_int_t)operations(run), "written_bytes", (json_int_t)atomic_load(&counters->written_bytes), "read_bytes",
		(json_int_t)atomic_load(&counters->read_bytes), "compared_bytes",
		(json_int_t)atomic_load(&counters->compared_bytes), "switches",
		(json_int_t)atomic_load(&counters->switches), "refused", (json_int_t)atomic_load(&counters->refused), "failed",
		(json_int_t)atomic_load(&counters->failed), "memory_bytes", (json_int_t)shadow_memory_bytes(run->shadow));
	int error;

	if (!root)
		return -ENOMEM;
	if (run->seal.taken)
		json_object_set_new(root, "seal", json_pack("{s:s, s:s}", "device", run->seal.device, "shadow", run->seal.shadow));
	if (run->schedule->plan.stresses) {
		json_t *stresses = json_array();

		each_stress(run, json_stress, stresses);
		json_object_set_new(root, "stresses", stresses);
	}
	if (run->trouble[0])
		json_object_update_new(root, json_pack("{s:s, s:s}", "trouble", run->trouble, "phase", run->trouble_phase));
	if (report->attempt->result == ATTEMPT_CORRUPT)
		json_object_set_new(root, "corruption", json_corruption(report));
	error = json_dumpf(root, file, JSON_INDENT(2) | JSON_PRESERVE_ORDER) < 0 ? -EIO : 0;
	fputc('\n', file);
	json_decref(root);
	return error;
}
