/*
 * powercut: cuts the power of a recorded disk in many places.
 *
 *	powercut [--cuts N] [--seed N] RUN LOG
 *
 * RUN is what `blkshadow --save` has written of a run with reads, writes, FUA writes and flushes; LOG is what
 * dm-log-writes has recorded meanwhile below the disk, or below what carries its file. The run's sectors are known by
 * their stamps, wherever a file system has put them.
 */
#include <err.h>
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cut.h"
#include "mix.h"

enum { EXIT_PASSED = 0, EXIT_CORRUPT = 1, EXIT_USAGE = 2, EXIT_NOTHING = 3 };

struct sums {
	uint64_t cuts, wrong_cuts, promised, dropped, torn;
};

static uint64_t number(const char *text)
{
	char *end;
	unsigned long long value;

	errno = 0;
	value = strtoull(text, &end, 0);
	if (errno || end == text || *end)
		errx(EXIT_USAGE, "not a number: %s", text);
	return value;
}

static void load(struct schedule *schedule, const char *path)
{
	FILE *file = fopen(path, "re");
	bool changes = false;

	if (!file)
		err(EXIT_USAGE, "%s", path);
	if (!schedule_read(schedule, file, path))
		exit(EXIT_USAGE);
	fclose(file);
	if (!schedule->identity.run)
		errx(EXIT_USAGE, "%s: not written by blkshadow --save", path);
	for (uint32_t at = 0; at < schedule->list_count; at++)
		changes |= schedule->list[at].kind == OPERATION_DISCARD || schedule->list[at].kind == OPERATION_ZEROES;
	if (changes)
		errx(EXIT_USAGE, "%s: zeroes have no stamp: only a run with --discards 0 --zeroes 0 can be cut", path);
}

static void describe_wrong(const struct cut *cut, const struct promise *promise, uint64_t seed)
{
	char found[160] = "what was there before the run", write[128], wanted[128];
	uint32_t maker = promise->maker[cut->first_wrong];
	struct operation operation = schedule_operation(promise->schedule, maker);

	operation_describe(&operation, wanted, sizeof wanted);
	if (cut->found) {
		operation = schedule_operation(promise->schedule, cut->found);
		snprintf(found, sizeof found, "operation %u, a %s", cut->found, operation_describe(&operation, write, sizeof write));
	}
	printf("LOST BY A POWER CUT after entry %zu of the log, seed %" PRIu64 ": %" PRIu64 " of %" PRIu64
	       " sectors that had to be there\n"
	       "  sector %" PRIu64 " should hold operation %u, a %s, which was durable, or a later one;\n"
	       "  it holds %s\n", cut->entry, seed, cut->wrong, cut->promised, cut->first_wrong, maker,
	       wanted, found);
}

static void cut_once(const struct recording *recording, struct promise *promise, size_t entry, uint64_t seed,
		     struct sums *sums)
{
	struct cut cut;

	cut_make(&cut, recording, promise, entry, seed);
	sums->cuts++;
	sums->promised += cut.promised;
	sums->dropped += cut.dropped;
	sums->torn += cut.torn;
	if (cut.wrong && !sums->wrong_cuts++)
		describe_wrong(&cut, promise, seed);
}

static int conclude(const struct sums *sums, const struct recording *recording, uint64_t seed)
{
	printf("%" PRIu64 " cuts, seed %" PRIu64 ", in a log of %zu entries with %" PRIu64 " sectors of the run: %" PRIu64
	       " sectors had to survive, %" PRIu64 " writes were dropped and %" PRIu64 " cut in two\n",
	       sums->cuts, seed, recording->log->count, recording->stamped, sums->promised, sums->dropped, sums->torn);
	if (sums->wrong_cuts) {
		printf("FAILED: %" PRIu64 " cuts have lost what was durable\n", sums->wrong_cuts);
		return EXIT_CORRUPT;
	}
	if (!sums->promised || !(sums->dropped + sums->torn)) {
		printf("this shows nothing: %s\n", sums->promised ? "nothing could be lost" : "nothing had to survive");
		return EXIT_NOTHING;
	}
	printf("PASSED: what was durable is there after every cut\n");
	return EXIT_PASSED;
}

int main(int count, char **arguments)
{
	static const struct option names[] = {
		{"cuts", required_argument, NULL, 'c'}, {"seed", required_argument, NULL, 's'}, {NULL, 0, NULL, 0},
	};
	uint64_t cuts = 50, seed = 1;
	struct recording recording;
	struct schedule schedule;
	struct promise promise;
	struct writelog log;
	struct sums sums = {0};
	int option, result;

	while ((option = getopt_long(count, arguments, "", names, NULL)) != -1) {
		if (option == '?')
			return EXIT_USAGE;
		*(option == 'c' ? &cuts : &seed) = number(optarg);
	}
	if (optind + 2 != count || !cuts)
		errx(EXIT_USAGE, "usage: powercut [--cuts N] [--seed N] RUN LOG");
	load(&schedule, arguments[optind]);
	if (!writelog_open(&log, arguments[optind + 1]) || !log.count)
		errx(EXIT_USAGE, "%s holds nothing that can be cut", arguments[optind + 1]);
	recording_open(&recording, &log, &schedule.identity);
	promise_open(&promise, &schedule);
	for (uint64_t at = 0; at < cuts; at++)
		cut_once(&recording, &promise, mix_below(mix_pair(seed, at), log.count), seed + at, &sums);
	result = conclude(&sums, &recording, seed);
	promise_close(&promise);
	recording_close(&recording);
	writelog_close(&log);
	schedule_free(&schedule);
	return result;
}
