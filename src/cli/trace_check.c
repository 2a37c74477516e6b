#include "trace_check.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "audit.h"
#include "driver.h"
#include "say.h"

enum { TRACE_CHECK_CHUNK_BYTES = 1 << 16 };

/* 0 or -errno. */
static int trace_check_read(const char *path, struct audit *audit)
{
	char chunk[TRACE_CHECK_CHUNK_BYTES];
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t count = fd < 0 ? -1 : 1;
	int error = 0;

	while (count > 0) {
		count = read(fd, chunk, sizeof(chunk));
		if (count < 0 && errno == EINTR)
			count = 1;
		else if (count > 0 && !audit_feed(audit, chunk, (size_t)count))
			break;
	}
	if (count < 0)
		error = -errno;
	if (fd >= 0)
		close(fd);
	return error;
}

static int trace_check_breach(const char *path, const struct audit_report *report)
{
	const struct judge_finding *finding = &report->finding;
	char column[RECORD_KERNEL_BYTES + 64] = "", tag[16] = "";

	if (!report->kernel_known)
		snprintf(column, sizeof(column), "; kernel %s has no column in spec/driver: judged as %s", report->kernel_name,
			 driver_kernel_name(report->kernel));
	if (finding->tag != JUDGE_NO_TAG)
		snprintf(tag, sizeof(tag), " tag %" PRIu32, finding->tag);
	say_error("%s: line %" PRIu64 ": queue %" PRIu32 "%s: expected %s (R%" PRIu32 "), noticed at \"%.120s\"%s", path,
		  finding->line, report->qid, tag, finding->expected, finding->rule, report->found, column);
	return SAY_FAILED;
}

static int trace_check_lawful(const char *path, const struct audit_report *report)
{
	printf("%s: lawful for Linux %s: %" PRIu64 " lines, %" PRIu32 " queues, %" PRIu32 " tags, %" PRIu64 " requests answered",
	       path, driver_kernel_name(report->kernel), report->lines, report->queues, report->tags, report->answered);
	if (report->lives > 1)
		printf(", %" PRIu32 " servers", report->lives);
	if (!report->kernel_known)
		printf(" (%s has no column in spec/driver)", report->kernel_name);
	printf("\n");
	if (report->unended > 0)
		printf("%s: %" PRIu32 " queues have no end; open there: %" PRIu32 " requests\n", path, report->unended,
		       report->open);
	if (report->lost > 0)
		printf("%s: %" PRIu64 " lines are lost: queue %" PRIu32 " is judged up to line %" PRIu64 " only\n", path,
		       report->lost, report->blind_qid, report->blind_line);
	return say_finish();
}

static int trace_check_say(const char *path, const struct audit_report *report)
{
	switch ((enum audit_verdict)report->verdict) {
	case AUDIT_LAWFUL:
		return trace_check_lawful(path, report);
	case AUDIT_BREACH:
		return trace_check_breach(path, report);
	case AUDIT_DAMAGED:
		return say_usage("%s: line %" PRIu64 ": %s", path, report->finding.line, report->finding.expected);
	case AUDIT_NO_MEMORY:
		break;
	}
	say_error("%s: no memory to check it", path);
	return SAY_FAILED;
}

int trace_check_run(const struct options *options)
{
	struct audit *audit;
	int status, error;

	if (audit_make(&audit, options->unfinished) != 0) {
		say_error("%s: no memory to check it", options->file);
		return SAY_FAILED;
	}
	error = trace_check_read(options->file, audit);
	if (error != 0)
		status = say_usage("cannot read the trace %s: %s", options->file, strerror(-error));
	else
		status = trace_check_say(options->file, audit_finish(audit));
	audit_free(audit);
	return status;
}
