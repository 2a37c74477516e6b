#include <err.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

#include "attempt.h"
#include "blame.h"
#include "engine.h"
#include "map.h"
#include "options.h"
#include "progress.h"
#include "report.h"
#include "shrink.h"

enum { EXIT_PASSED = 0, EXIT_CORRUPT = 1, EXIT_USAGE = 2, EXIT_DEVICE = 3 };

#define PATH_BYTES 4096

static double seconds_now(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

/* Every execution writes other content, so that what an earlier one left is never taken for right. */
static struct stamp_identity new_identity(const struct schedule *schedule, const struct ring_target *target)
{
	struct stamp_identity identity = {.seed = schedule->plan.seed, .device = target->identity, .generation = 1};

	if (getrandom(&identity.run, sizeof identity.run, 0) != (ssize_t)sizeof identity.run)
		err(EXIT_DEVICE, "no random number");
	return identity;
}

/* The threads sit in the kernel with the device's requests: the program can only say so and go. */
static void give_up(struct attempt *attempt, const struct options *options)
{
	static char flights[65536];

	progress_stop();
	stress_kill(&attempt->run.stress);
	engine_describe_flights(&attempt->run, flights, sizeof flights);
	fprintf(stderr, "THE DEVICE STALLED: no answer for %u seconds while %s\n%s", options->limits.stall_seconds,
		atomic_load(&attempt->run.progress.phase), flights);
	if (options->json)
		printf("{\n  \"version\": 1,\n  \"result\": \"stalled\",\n  \"phase\": \"%s\"\n}\n",
		       atomic_load(&attempt->run.progress.phase));
	fflush(NULL);
	_exit(EXIT_DEVICE);
}

static FILE *create(const char *path)
{
	FILE *file = fopen(path, "we");

	if (!file)
		warn("%s", path);
	return file;
}

static bool save_schedule(const struct schedule *schedule, const char *path, const char *device)
{
	FILE *file = create(path);
	int error;

	if (!file)
		return false;
	error = schedule_write(schedule, file, device);
	if (fclose(file) != 0)
		error = -errno;
	if (error < 0)
		warnx("%s: %s", path, strerror(-error));
	return error == 0;
}

/* What happened, in the order in which it happened. */
static void save_whole(const struct attempt *attempt, const char *path, const char *device)
{
	const struct journal *journal = &attempt->run.journal;
	uint32_t *events = malloc(((size_t)journal->event_count + 1) * sizeof *events), count = 0;
	struct schedule whole;

	if (!events)
		err(EXIT_DEVICE, "no memory for what happened");
	for (uint32_t at = 0; at < journal->event_count; at++)
		if (journal_has(journal, SCHEDULE_NUMBER(journal->events[at])))
			events[count++] = journal->events[at];
	whole = schedule_record(attempt->run.schedule, events, count);
	whole.identity = attempt->run.identity;
	whole.was_zero = attempt->run.was_zero;
	save_schedule(&whole, path, device);
	schedule_free(&whole);
	free(events);
}

static bool save_map(const struct attempt *attempt, const char *path)
{
	FILE *file = create(path);
	int error;

	if (!file)
		return false;
	error = map_write(&attempt->run, &attempt->verdicts, file);
	if (fclose(file) != 0)
		error = -errno;
	if (error < 0)
		warnx("%s: %s", path, strerror(-error));
	return error == 0;
}

static void shrink_failure(struct report *report, const struct options *options, struct port *port,
			   struct stamp_identity *identity, const struct run_limits *limits, const char *path)
{
	static struct shrink shrink;

	if (!options->quiet)
		fprintf(stderr, "corruption found; looking for the fewest operations that show it, for up to %u s\n",
			options->shrink_seconds);
	if (shrink_attempt(&shrink, report->attempt, port, identity, limits, options->shrink_seconds))
		report->shrink = &shrink;
	if (save_schedule(&shrink.schedule, path, report->target->path))
		report->replay_path = path;
	schedule_free(&shrink.schedule);
}

static int finish(struct attempt *attempt, struct report *report, const struct options *options, struct port *port,
		  struct stamp_identity *identity)
{
	static char map_path[PATH_BYTES], replay_path[PATH_BYTES];
	char prefix[64];
	int error = 0;

	snprintf(prefix, sizeof prefix, "blkshadow-%llu", (unsigned long long)attempt->run.schedule->plan.seed);
	if (attempt->result == ATTEMPT_CORRUPT) {
		snprintf(map_path, sizeof map_path, "%s.svg", options->output ? options->output : prefix);
		snprintf(replay_path, sizeof replay_path, "%s.replay", options->output ? options->output : prefix);
		if (options->trace_path)
			blame_all(report->blames, &attempt->run, &attempt->verdicts, options->trace_path);
		if (save_map(attempt, map_path))
			report->map_path = map_path;
		if (options->shrink_seconds && !options->replay_path && !options->verify_path && !atomic_load(&attempt->run.stalled))
			shrink_failure(report, options, port, identity, &attempt->run.limits, replay_path);
	}
	if (options->save_path)
		save_whole(attempt, options->save_path, report->target->path);
	if (options->json)
		error = report_json(report, stdout);
	report_text(report, options->json ? stderr : stdout);
	if (error < 0 || fflush(stdout) != 0)
		warnx("the report could not be written");
	switch (attempt->result) {
	case ATTEMPT_PASSED:
		return EXIT_PASSED;
	case ATTEMPT_CORRUPT:
		return EXIT_CORRUPT;
	case ATTEMPT_FAILED:
	case ATTEMPT_STALLED:
		break;
	}
	return EXIT_DEVICE;
}

static bool load(const char *path, const struct ring_target *target, struct schedule *schedule)
{
	FILE *file = fopen(path, "re");
	bool good;

	if (!file) {
		warn("%s", path);
		return false;
	}
	good = schedule_read(schedule, file, path);
	fclose(file);
	if (good && (schedule->plan.size_bytes > target->size_bytes || schedule->plan.block_bytes < target->block_bytes)) {
		warnx("%s was recorded on a device of %llu bytes in blocks of %llu: %s does not have that",
		      path, (unsigned long long)schedule->plan.size_bytes,
		      (unsigned long long)schedule->plan.block_bytes, target->path);
		return false;
	}
	return good;
}

static bool load_saved(const char *path, const struct ring_target *target, struct schedule *schedule)
{
	if (!load(path, target, schedule))
		return false;
	if (schedule->identity.run && schedule->was_zero)
		return true;
	warnx("%s: %s", path, schedule->identity.run ? "its run began on something else than zeroes, which nobody knows now"
						     : "not written by --save");
	return false;
}

static bool prepare(struct options *options, const struct ring_target *target, struct schedule *schedule)
{
	if (options->verify_path)
		return load_saved(options->verify_path, target, schedule);
	if (options->replay_path)
		return load(options->replay_path, target, schedule) && options_stresses(options, schedule);
	return options_plan(options, target, schedule) && options_stresses(options, schedule);
}

int main(int count, char **arguments)
{
	static struct attempt attempt;
	static struct blames blames;
	struct options options;
	struct ring_target target;
	struct schedule schedule;
	struct stamp_identity identity;
	struct ring *ring;
	double start = seconds_now();
	struct report report = {.attempt = &attempt, .target = &target, .blames = &blames};
	void (*watch)(struct run *run);
	int result, error;

	options_parse(&options, count, arguments);
	watch = options.quiet ? NULL : progress_start;
	ring = ring_open(options.device, &target);
	if (!ring)
		return EXIT_USAGE;
	if (!prepare(&options, &target, &schedule))
		return EXIT_USAGE;
	options.limits.direct = target.direct;
	error = ring_lanes(ring, schedule.plan.jobs, options.limits.depth);
	if (error < 0)
		errx(EXIT_DEVICE, "io_uring: %s", strerror(-error));
	identity = new_identity(&schedule, &target);
	for (uint32_t left = schedule.repeats;; left--) {
		if (options.verify_path)
			attempt_verify(&attempt, &schedule, ring_port(ring), &options.limits, watch);
		else
			attempt_make(&attempt, &schedule, ring_port(ring), &identity, &options.limits, watch);
		progress_stop();
		if (attempt.result == ATTEMPT_STALLED)
			give_up(&attempt, &options);
		if (attempt.result != ATTEMPT_PASSED || left <= 1)
			break;
		attempt_close(&attempt);
		identity.generation++;
	}
	report.seconds = seconds_now() - start;
	result = finish(&attempt, &report, &options, ring_port(ring), &identity);
	fflush(NULL);
	if (atomic_load(&attempt.run.stalled))
		_exit(result);
	attempt_close(&attempt);
	schedule_free(&schedule);
	ring_close(ring);
	free(target.path);
	return result;
}
