#include <err.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

#include "attempt.h"
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
	struct schedule whole = schedule_record(attempt->run.schedule, journal->events, journal->event_count);

	save_schedule(&whole, path, device);
	schedule_free(&whole);
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
		if (save_map(attempt, map_path))
			report->map_path = map_path;
		if (options->shrink_seconds && !options->replay_path && !atomic_load(&attempt->run.stalled))
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

static bool load(const struct options *options, const struct ring_target *target, struct schedule *schedule)
{
	FILE *file = fopen(options->replay_path, "re");
	bool good;

	if (!file) {
		warn("%s", options->replay_path);
		return false;
	}
	good = schedule_read(schedule, file, options->replay_path);
	fclose(file);
	if (good && (schedule->plan.size_bytes > target->size_bytes || schedule->plan.block_bytes < target->block_bytes)) {
		warnx("%s was recorded on a device of %llu bytes in blocks of %llu: %s does not have that",
		      options->replay_path, (unsigned long long)schedule->plan.size_bytes,
		      (unsigned long long)schedule->plan.block_bytes, target->path);
		return false;
	}
	return good;
}

int main(int count, char **arguments)
{
	static struct attempt attempt;
	struct options options;
	struct ring_target target;
	struct schedule schedule;
	struct stamp_identity identity;
	struct ring *ring;
	double start = seconds_now();
	struct report report = {.attempt = &attempt, .target = &target};
	int result, error;

	options_parse(&options, count, arguments);
	ring = ring_open(options.device, &target);
	if (!ring)
		return EXIT_USAGE;
	if (!(options.replay_path ? load(&options, &target, &schedule) : options_plan(&options, &target, &schedule)))
		return EXIT_USAGE;
	options.limits.direct = target.direct;
	error = ring_lanes(ring, schedule.plan.jobs, options.limits.depth);
	if (error < 0)
		errx(EXIT_DEVICE, "io_uring: %s", strerror(-error));
	identity = new_identity(&schedule, &target);
	for (uint32_t left = schedule.repeats;; left--) {
		attempt_make(&attempt, &schedule, ring_port(ring), &identity, &options.limits,
			     options.quiet ? NULL : progress_start);
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
