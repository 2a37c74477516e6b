/* Real traces pass. What one change can make of each of their lines does not, and the finding names the line. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "audit.h"
#include "suite.h"
#include "support/seed.h"

enum { LINES_MAX = 512, TRACES = 4 };

static const char *const trace_names[TRACES] = { "mem-plain-7.3", "mem-get-data-6.12", "mem-get-data-7.3", "file-plain-6.12" };

struct trace_line {
	char rest[RECORD_LINE_BYTES]; /* behind the sequence number */
	uint64_t sequence;
	uint32_t qid;
};

static struct trace_line lines[LINES_MAX + 1];
static size_t count;

static void read_trace(int number)
{
	char path[128], line[RECORD_LINE_BYTES];
	FILE *file;

	snprintf(path, sizeof(path), "tests/unit/traces/%s.trace", trace_names[number]);
	file = fopen(path, "r");
	ck_assert_msg(file != NULL, "%s: run from the top folder", path);
	for (count = 0; fgets(line, sizeof(line), file); count++) {
		struct trace_line *read = &lines[count];
		int end = 0;

		ck_assert_uint_lt(count, LINES_MAX);
		ck_assert_int_eq(sscanf(line, "%" SCNu64 " %n%" SCNu32, &read->sequence, &end, &read->qid), 2);
		strcpy(read->rest, line + end);
	}
	fclose(file);
}

/* The trace as it stands, each queue numbered anew: no gap tells of what was done to it. */
static struct audit_report audit_lines(void)
{
	uint64_t sequences[8] = { 0 };
	struct audit_report report;
	struct audit *audit;

	ck_assert_int_eq(audit_make(&audit, false), 0);
	for (size_t i = 0; i < count; i++) {
		char number[32];
		int length = snprintf(number, sizeof(number), "%" PRIu64 " ", sequences[lines[i].qid]++);

		audit_feed(audit, number, (size_t)length);
		if (!audit_feed(audit, lines[i].rest, strlen(lines[i].rest)))
			break;
	}
	report = *audit_finish(audit);
	audit_free(audit);
	return report;
}

static bool line_is(size_t at, const char *word)
{
	char kind[32];

	return sscanf(lines[at].rest, "%*u %*u %31s", kind) == 1 && strcmp(kind, word) == 0;
}

static bool line_is_abort(size_t at)
{
	return line_is(at, "completion") && strstr(lines[at].rest, " -19\n");
}

/* The first line from `at` on that is of the queue, numbered from 1. */
static uint64_t next_of(uint32_t qid, size_t at)
{
	while (at < count && lines[at].qid != qid)
		at++;
	return at + 1;
}

START_TEST(test_real_traces_are_lawful)
{
	struct audit_report report;

	read_trace(_i);
	report = audit_lines();
	ck_assert_msg(report.verdict == AUDIT_LAWFUL, "line %" PRIu64 ": expected %s", report.finding.line,
		      report.finding.expected);
	ck_assert_uint_eq(report.lines, count);
	ck_assert_uint_ge(report.answered, 30);
	ck_assert(report.kernel_known);
}
END_TEST

/* What the driver takes back is missed when the queue ends, another completion as soon as a line follows from it. */
START_TEST(test_no_line_may_be_missing)
{
	struct trace_line gone;

	read_trace(_i);
	for (size_t i = 0; i < count; i++) {
		uint64_t next;
		struct audit_report report;
		bool abort = line_is_abort(i);

		gone = lines[i];
		memmove(&lines[i], &lines[i + 1], (--count - i) * sizeof(gone));
		next = next_of(gone.qid, i);
		report = audit_lines();
		ck_assert_msg(report.verdict != AUDIT_LAWFUL, "line %zu can go: %s", i + 1, gone.rest);
		if (!abort && next <= count)
			ck_assert_msg(report.finding.line == next, "line %zu goes, line %" PRIu64 " is named: %s", i + 1,
				      report.finding.line, gone.rest);
		memmove(&lines[i + 1], &lines[i], (count++ - i) * sizeof(gone));
		lines[i] = gone;
	}
}
END_TEST

START_TEST(test_no_line_may_come_twice)
{
	read_trace(_i);
	for (size_t i = 0; i < count; i++) {
		struct audit_report report;

		memmove(&lines[i + 1], &lines[i], (count++ - i) * sizeof(lines[i]));
		report = audit_lines();
		ck_assert_msg(report.verdict != AUDIT_LAWFUL, "line %zu can come twice: %s", i + 1, lines[i].rest);
		ck_assert_msg(report.finding.line == i + 2, "line %zu comes twice, line %" PRIu64 " is named: %s", i + 1,
			      report.finding.line, lines[i].rest);
		memmove(&lines[i], &lines[i + 1], (--count - i) * sizeof(lines[i]));
	}
}
END_TEST

static void swap_lines(size_t one, size_t other)
{
	struct trace_line kept = lines[one];

	lines[one] = lines[other];
	lines[other] = kept;
}

/* Tags are taken back in any order. */
START_TEST(test_no_neighbours_may_change_places)
{
	read_trace(_i);
	for (size_t i = 0; i + 1 < count; i++) {
		struct audit_report report;

		if (lines[i].qid != lines[i + 1].qid || (line_is_abort(i) && line_is_abort(i + 1)))
			continue;
		swap_lines(i, i + 1);
		report = audit_lines();
		swap_lines(i, i + 1);
		ck_assert_msg(report.verdict != AUDIT_LAWFUL, "lines %zu and %zu can change places: %s%s", i + 1, i + 2,
			      lines[i].rest, lines[i + 1].rest);
		ck_assert_msg(report.finding.line >= i + 1, "line %" PRIu64 " is named before line %zu", report.finding.line,
			      i + 1);
	}
}
END_TEST

/* Is the line a descriptor behind a completion with 1? Its address means nothing yet. */
static bool line_has_no_address(size_t at)
{
	const char *before = at > 0 ? strrchr(lines[at - 1].rest, ' ') : "";

	return line_is(at, "descriptor") && line_is(at - 1, "completion") && strcmp(before, " 1\n") == 0;
}

/* Digits that nobody can judge: what the backend wants of its file, the bytes of what moves none, bits of a descriptor
 * that have no meaning. */
static bool digit_is_free(size_t at, size_t place)
{
	const char *rest = lines[at].rest;
	size_t bytes = (size_t)(strrchr(rest, ' ') + 1 - rest);

	if (line_is(at, "io"))
		return place > (size_t)(strstr(rest, " 0002") - rest) + 16;
	if (line_is(at, "step"))
		return strstr(rest, " done 0 ") && place < bytes - 1 && place > bytes - 4;
	return line_is(at, "refublk-trace") || (place >= bytes && line_has_no_address(at));
}

/* The last digit of every word of every line, replaced by another. */
START_TEST(test_no_digit_may_be_another)
{
	read_trace(_i);
	for (size_t i = 0; i < count; i++) {
		char *rest = lines[i].rest;

		for (size_t place = 0; rest[place] != '\n'; place++) {
			struct audit_report report;
			char was = rest[place];

			if (was < '0' || was > '9' || (rest[place + 1] != ' ' && rest[place + 1] != '\n') ||
			    digit_is_free(i, place) || place < 2)
				continue;
			rest[place] = was == '9' ? '1' : (char)(was + 1);
			report = audit_lines();
			ck_assert_msg(report.verdict != AUDIT_LAWFUL, "line %zu, place %zu can be another digit: %s", i + 1,
				      place, rest);
			ck_assert_msg(report.finding.line >= i + 1, "line %" PRIu64 " is named before line %zu",
				      report.finding.line, i + 1);
			rest[place] = was;
		}
	}
}
END_TEST

/* Bytes of any kind, of which many are pieces of a trace: an answer, and no more. */
START_TEST(test_any_bytes_have_an_answer)
{
	struct seed seed = seed_start("audit");

	read_trace(0);
	for (int round = 0; round < 50; round++) {
		struct audit *audit;

		ck_assert_int_eq(audit_make(&audit, round % 2 == 0), 0);
		audit_feed(audit, "0 ", 2);
		audit_feed(audit, lines[0].rest, strlen(lines[0].rest));
		for (int i = 1; i < 1000; i++) {
			const char *rest = lines[seed_below(&seed, count)].rest;
			size_t from = seed_below(&seed, 8) ? 0 : seed_below(&seed, strlen(rest));
			size_t length = seed_below(&seed, 8) ? strlen(rest) - from : seed_below(&seed, strlen(rest) - from);
			char number[32];

			snprintf(number, sizeof(number), "%d ", i);
			audit_feed(audit, number, strlen(number));
			audit_feed(audit, rest + from, length);
		}
		ck_assert_uint_le(audit_finish(audit)->verdict, AUDIT_DAMAGED);
		audit_free(audit);
	}
}
END_TEST

Suite *suite(void)
{
	Suite *audit = suite_create("audit");
	TCase *traces = tcase_create("traces");

	tcase_add_loop_test(traces, test_real_traces_are_lawful, 0, TRACES);
	tcase_add_loop_test(traces, test_no_line_may_be_missing, 0, TRACES);
	tcase_add_loop_test(traces, test_no_line_may_come_twice, 0, TRACES);
	tcase_add_loop_test(traces, test_no_neighbours_may_change_places, 0, TRACES);
	tcase_add_loop_test(traces, test_no_digit_may_be_another, 0, TRACES);
	tcase_add_test(traces, test_any_bytes_have_an_answer);
	suite_add_tcase(audit, traces);
	return audit;
}
