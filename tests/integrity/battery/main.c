/* battery: every planted fault of a table, on the simulated driver: the clean run of the same seed first, then the
 * verdict, which must be the table's, then the fewest operations that show it. */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "../sim/fewer.h"
#include "plant.h"

enum {
	BATTERY_SECONDS = 60, /* until a fault must have been caught */
	BATTERY_FEW = 5,      /* operations that should be left */
	BATTERY_SEEDS = 1000,
	BATTERY_HARMLESS_SEEDS = 20, /* that a fault without harm is given */
	BATTERY_LINE_BYTES = 512,
	BATTERY_FAILED = 1,
	BATTERY_USAGE = 2,
};

struct row {
	char line[BATTERY_LINE_BYTES];
	const char *name;
	const char *verdict;
};

struct totals {
	uint32_t faults, right, few, harmless;
};

static double battery_clock(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static void battery_run(const struct trial *trial, uint64_t seed, struct trial_result *result)
{
	struct choice choice = choice_of_seed(seed);

	trial_run(trial, &choice, result);
}

struct catch {
	struct trial_result result;
	struct fewer fewer;
	uint64_t seed;
	double seconds; /* until it was caught */
	bool unclean;   /* the run without the fault failed */
};

/* Seed after seed, each clean first, until the fault shows. */
static void battery_catch(const struct fault *fault, bool harmless, struct plant *plant, struct catch *caught)
{
	uint64_t seeds = harmless ? BATTERY_HARMLESS_SEEDS : BATTERY_SEEDS;
	double begin = battery_clock();

	*caught = (struct catch){ .seed = 0 };
	while (caught->seed < seeds && battery_clock() - begin < BATTERY_SECONDS) {
		struct trial trial = plant_trial(fault, ++caught->seed);

		battery_run(&trial, caught->seed, &caught->result);
		caught->unclean = caught->result.verdict != NULL;
		if (caught->unclean)
			return;
		plant_put(plant, fault, &trial);
		battery_run(&trial, caught->seed, &caught->result);
		caught->seconds = battery_clock() - begin;
		if (caught->result.verdict) {
			fewer_find(&caught->fewer, &trial, caught->seed, &caught->result, BATTERY_SECONDS);
			return;
		}
	}
}

static void battery_row(const struct row *row, const struct fault *fault, bool listed, struct totals *totals)
{
	static struct plant plant;
	struct catch caught;
	const char *verdict;
	bool right;

	battery_catch(fault, strcmp(row->verdict, "passed") == 0, &plant, &caught);
	verdict = caught.fewer.numbers ? caught.fewer.result.verdict : "passed";
	right = !caught.unclean && strcmp(verdict, row->verdict) == 0;
	totals->faults++;
	totals->right += right;
	totals->harmless += right && !caught.result.verdict;
	totals->few += right && caught.result.verdict && caught.fewer.count <= BATTERY_FEW;
	printf("%-22s %-22s %5u %7.1f  %s%s\n", row->name, verdict, caught.fewer.count, caught.seconds,
	       caught.unclean ? "THE CLEAN RUN FAILS: " : right ? "" : "WRONG, expected: ", right ? "" : row->verdict);
	if (!right)
		printf("    seed %llu: first %s, then %s\n", (unsigned long long)caught.seed, caught.result.text,
		       caught.fewer.result.text);
	if (listed && caught.fewer.numbers) {
		struct trial trial = plant_trial(fault, caught.seed);

		printf("    seed %llu: %s\n", (unsigned long long)caught.seed, caught.fewer.result.text);
		fewer_print(&caught.fewer, &trial);
	}
	fflush(stdout);
	free(caught.fewer.numbers);
}

/* Of a row, what comes first: fault and verdict. False: no row. */
static bool battery_parse(FILE *file, struct row *row)
{
	char *save;

	do {
		if (!fgets(row->line, sizeof(row->line), file))
			return false;
	} while (row->line[0] == '#');
	row->name = strtok_r(row->line, "\t", &save);
	row->verdict = strtok_r(NULL, "\t", &save);
	return row->name && row->verdict;
}

static uint32_t battery_count(const struct fault *faults)
{
	uint32_t count = 0;

	while (faults[count].name)
		count++;
	return count;
}

static int battery_table(FILE *file, const char *only)
{
	struct totals totals = { 0 };
	uint32_t rows = 0, planted = battery_count(data_faults) + battery_count(command_faults);
	struct row row;

	printf("%-22s %-22s %5s %7s\n", "fault", "verdict", "left", "seconds");
	while (battery_parse(file, &row)) {
		const struct fault *fault = plant_find(row.name);

		rows++;
		if (!fault) {
			printf("%-22s is in the table and nowhere else\n", row.name);
			return BATTERY_FAILED;
		}
		if (!only || strcmp(only, row.name) == 0)
			battery_row(&row, fault, only != NULL, &totals);
	}
	printf("battery: %u faults, %u with the right verdict, %u of them shrunk to %u operations or fewer, %u do no harm\n",
	       totals.faults, totals.right, totals.few, BATTERY_FEW, totals.harmless);
	if (rows != planted)
		printf("battery: the table has %u rows for %u faults\n", rows, planted);
	return totals.right == totals.faults && totals.faults > 0 && rows == planted ? 0 : BATTERY_FAILED;
}

int main(int count, char **words)
{
	FILE *file = count >= 2 && count <= 3 ? fopen(words[1], "r") : NULL;
	int result;

	if (!file) {
		fprintf(stderr, "usage: battery TABLE [FAULT]\n");
		return BATTERY_USAGE;
	}
	result = battery_table(file, count == 3 ? words[2] : NULL);
	fclose(file);
	return result;
}
