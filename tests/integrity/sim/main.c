/* sim: trials over many seeds, until so many operations were completed and checked. */
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#if defined(__SANITIZE_ADDRESS__)
#include <sanitizer/common_interface_defs.h>
#endif

#include "enumerate.h"
#include "fewer.h"

enum { MAIN_TEXT_BYTES = 300, MAIN_PASSED = 0, MAIN_FAILED = 1, MAIN_USAGE = 2, MAIN_LISTED = 20, MAIN_SHRINK_SECONDS = 20 };

static double main_clock(clockid_t clock)
{
	struct timespec now;

	clock_gettime(clock, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static double main_seconds(void)
{
	return main_clock(CLOCK_MONOTONIC);
}

/* Of this process on its core, whatever else the machine does. */
static double main_cpu_seconds(void)
{
	return main_clock(CLOCK_PROCESS_CPUTIME_ID);
}

struct main_total {
	uint64_t operations, requests, compared_bytes, trials;
	uint64_t gaps, kills, recoveries, cuts, part_copies, requeues, splits, letters, lends;
};

static void main_add(struct main_total *total, const struct trial_result *result)
{
	const struct sim_counts *counts = &result->counts;

	total->operations += result->operations;
	total->requests += counts->requests;
	total->compared_bytes += result->compared_bytes;
	total->trials++;
	total->gaps += counts->gaps;
	total->kills += counts->kills + counts->thread_kills;
	total->recoveries += counts->quiesces + counts->restarts;
	total->cuts += counts->cuts;
	total->part_copies += counts->part_copies;
	total->requeues += counts->requeues;
	total->splits += counts->splits;
	total->letters += counts->letters;
	total->lends += counts->lends;
}

static int main_fail(uint64_t seed, const struct trial *trial, const struct trial_result *result)
{
	char text[MAIN_TEXT_BYTES];
	struct fewer fewer;

	printf("sim: FAILED: %s: %s\n", result->verdict, result->text);
	printf("  %s\n", trial_describe(trial, text, sizeof(text)));
	printf("  after operation %u; replay it: make sim SEED=%llu OPS=1\n", result->last, (unsigned long long)seed);
	fflush(stdout);
	fewer_find(&fewer, trial, seed, result, MAIN_SHRINK_SECONDS);
	printf("  %u of them fail alike, with choices of seed %llu: %s: %s\n", fewer.count,
	       (unsigned long long)fewer.seed, fewer.result.verdict, fewer.result.text);
	if (fewer.count <= MAIN_LISTED)
		fewer_print(&fewer, trial);
	free(fewer.numbers);
	return MAIN_FAILED;
}

/* A run that dies says of which seed. */
static uint64_t main_seed;

static void main_die(void)
{
	char text[] = "sim: DIED; replay it: make sim OPS=1 SEED=00000000000000000000\n";
	uint64_t rest = main_seed;
	char *at = text + sizeof(text) - 3;

	for (; rest > 0; rest /= 10)
		*at-- = (char)('0' + rest % 10);
	(void)!write(STDERR_FILENO, text, sizeof(text) - 1);
}

static void main_signal(int number)
{
	main_die();
	signal(number, SIG_DFL);
	raise(number);
}

static void main_watch(void)
{
	signal(SIGABRT, main_signal);
	signal(SIGFPE, main_signal);
#if defined(__SANITIZE_ADDRESS__)
	__sanitizer_set_death_callback(main_die);
#else
	signal(SIGSEGV, main_signal);
#endif
}

static int main_trials(uint64_t seed, uint64_t operations, double seconds, bool verbose)
{
	struct main_total total = { 0 };
	double begin = main_seconds(), spent = 0;
	uint64_t first = seed;

	while (total.operations < operations && (seconds == 0 || spent < seconds)) {
		struct trial trial = trial_of_seed(seed);
		struct choice choice = choice_of_seed(seed);
		struct trial_result result;
		char text[MAIN_TEXT_BYTES];

		main_seed = seed;
		if (verbose)
			printf("seed %llu: %s\n", (unsigned long long)seed, trial_describe(&trial, text, sizeof(text)));
		trial_run(&trial, &choice, &result);
		if (result.verdict)
			return main_fail(seed, &trial, &result);
		main_add(&total, &result);
		seed++;
		spent = main_seconds() - begin;
	}
	printf("sim: passed: %llu operations (%llu requests through serve, %llu MiB compared) in %llu trials, "
	       "SEED=%llu to %llu, %.1f s, %.0f operations/s; %llu idle gaps over 20 s, %llu kills, %llu restarts and "
	       "quiesces, %llu power cuts, %llu partial copies, %llu requeues, %llu splits, %llu lent, %llu later\n",
	       (unsigned long long)total.operations, (unsigned long long)total.requests,
	       (unsigned long long)total.compared_bytes >> 20, (unsigned long long)total.trials,
	       (unsigned long long)first, (unsigned long long)seed - 1, spent, (double)total.operations / spent,
	       (unsigned long long)total.gaps, (unsigned long long)total.kills, (unsigned long long)total.recoveries,
	       (unsigned long long)total.cuts, (unsigned long long)total.part_copies,
	       (unsigned long long)total.requeues, (unsigned long long)total.splits, (unsigned long long)total.lends,
	       (unsigned long long)total.letters);
	return total.compared_bytes > 0 ? MAIN_PASSED : MAIN_FAILED;
}

/* How fast: plain trials of one length, without stress. */
static int main_speed(void)
{
	static const uint32_t lengths[] = { 512, 4096 };
	uint32_t i;

	for (i = 0; i < 2; i++) {
		struct trial trial = {
			.config = { .device_bytes = 1 << 20, .kernel = DRIVER_7_3, .queues = 1, .depth_tags = 16,
				    .block_bytes = 512, .max_io_bytes = 4096 },
			.plan = { .seed = 1, .size_bytes = 1 << 20, .block_bytes = lengths[i], .min_bytes = lengths[i],
				  .max_bytes = lengths[i], .jobs = 1, .pattern = PLAN_SCATTERED, .writes = 500 },
			.operations = 2000000, .depth = 16,
		};
		struct choice choice = choice_of_seed(1);
		struct trial_result result;
		double begin = main_cpu_seconds(), spent;

		trial_run(&trial, &choice, &result);
		spent = main_cpu_seconds() - begin;
		if (result.verdict)
			return main_fail(1, &trial, &result);
		printf("sim: %u bytes: %.0f operations a second of CPU time, one core\n", lengths[i], (double)result.operations / spent);
	}
	return MAIN_PASSED;
}

static int main_usage(void)
{
	fprintf(stderr, "usage: sim [--seed N] [--operations N] [--seconds N] [--verbose] [--speed] [--enumerate]\n");
	return MAIN_USAGE;
}

int main(int count, char **words)
{
	static const struct option options[] = {
		{ "seed", required_argument, NULL, 's' },   { "operations", required_argument, NULL, 'o' },
		{ "seconds", required_argument, NULL, 't' }, { "verbose", no_argument, NULL, 'v' },
		{ "speed", no_argument, NULL, 'p' },	    { "enumerate", no_argument, NULL, 'e' },
		{ NULL, 0, NULL, 0 },
	};
	uint64_t seed = 1, operations = 1000000;
	double seconds = 0;
	bool verbose = false;
	int option;

	main_watch();
	while ((option = getopt_long(count, words, "", options, NULL)) != -1) {
		if (option == 's')
			seed = strtoull(optarg, NULL, 0);
		else if (option == 'o')
			operations = strtoull(optarg, NULL, 0);
		else if (option == 't')
			seconds = strtod(optarg, NULL);
		else if (option == 'v')
			verbose = true;
		else if (option == 'p')
			return main_speed();
		else if (option == 'e')
			return enumerate_small() ? MAIN_PASSED : MAIN_FAILED;
		else
			return main_usage();
	}
	return optind < count ? main_usage() : main_trials(seed, operations, seconds, verbose);
}
