/* misuse: holds spec/misuse.tsv against spec/driver, and both against a running kernel.
 *
 *   misuse check FILE                      no kernel: every cell is what spec/driver answers
 *   misuse run FILE [MACHINE [STATE]]      as root, on the kernel that runs: every cell is what it answers
 *   misuse seeded [ROUNDS]                 as root: ADD_DEV and SET_PARAMS with any values; SEED=… repeats a run
 *
 * Exit status 0 when all agree, 1 when not, 2 when it could not be tried. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "devices.h"
#include "expect.h"
#include "lives.h"
#include "rig.h"
#include "seeded.h"
#include "tags.h"

enum { ROUNDS = 200 };

/* ---- the matrix ---------------------------------------------------------------------------- */

static void die(const char *path, int line, const char *what)
{
	fprintf(stderr, "misuse: %s:%d: %s\n", path, line, what);
	exit(2);
}

static char *read_all(const char *path)
{
	FILE *file = fopen(path, "r");
	char *text = NULL;
	size_t room = 1 << 18, length;

	if (!file) {
		fprintf(stderr, "misuse: %s: %s\n", path, strerror(errno));
		exit(2);
	}
	text = malloc(room);
	length = text ? fread(text, 1, room - 1, file) : 0;
	fclose(file);
	if (length == 0 || length == room - 1)
		die(path, 0, "empty, or too long");
	text[length] = '\0';
	if (strlen(text) != length)
		die(path, 0, "a zero byte");
	return text;
}

/* The only one: ends the program with a line on stderr when the file cannot be read or is no matrix. */
static struct matrix *read_matrix(const char *path)
{
	static struct matrix matrix;
	struct matrix_fault fault;

	if (!matrix_parse(&matrix, read_all(path), &fault))
		die(path, fault.line, fault.what);
	return &matrix;
}

/* ---- against spec/driver ------------------------------------------------------------------- */

struct check {
	int cells;
	int faults;
};

static void check_cell(void *context, struct matrix_cell cell)
{
	struct check *check = context;
	char text[MATRIX_TEXT_MAX];

	check->cells++;
	expect_answer(cell, text);
	if (strcmp(cell.answer, "-") == 0 || strcmp(text, cell.answer) == 0)
		return;
	check->faults++;
	printf("misuse: line %d: %s %s %s %s: written %s, spec/driver says %s\n", cell.line, driver_kernel_name(cell.kernel),
	       driver_mode_name(cell.mode), cell.state->name, cell.command, cell.answer, text);
}

static int check_all(const char *path)
{
	struct matrix *matrix = read_matrix(path);
	struct check check = { 0 };
	int faults = 0;

	for (uint32_t kernel = 0; kernel < DRIVER_KERNELS; kernel++)
		for (uint32_t machine = 0; machine < MATRIX_MACHINES; machine++)
			faults += matrix_visit(matrix, machine, kernel, check_cell, &check);
	faults += matrix_unused(matrix) + check.faults;
	printf("misuse: %d states, %d cells, %d faults\n", matrix->states, check.cells, faults);
	return faults != 0;
}

/* ---- on a kernel --------------------------------------------------------------------------- */

struct run {
	const char *state; /* NULL: all */
	int cells;
	int faults;
	bool show;
};

static long milliseconds_since(struct timespec begin)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (now.tv_sec - begin.tv_sec) * 1000 + (now.tv_nsec - begin.tv_nsec) / 1000000;
}

static void run_cell(void *context, struct matrix_cell cell)
{
	static void (*const tries[MATRIX_MACHINES])(struct matrix_cell cell, char *text) = { tags_try, devices_try,
											     clients_try, lives_try };
	struct run *run = context;
	char said[MATRIX_TEXT_MAX], found[MATRIX_TEXT_MAX];
	struct timespec begin;

	if (strcmp(cell.answer, "-") == 0 || strcmp(cell.answer, "undefined") == 0 ||
	    (run->state && strcmp(run->state, cell.state->name) != 0))
		return;
	run->cells++;
	expect_answer(cell, said);
	clock_gettime(CLOCK_MONOTONIC, &begin);
	tries[cell.state->machine](cell, found);
	if (strcmp(cell.answer, found) == 0 && strcmp(said, found) == 0 && !run->show)
		return;
	if (strcmp(cell.answer, found) != 0 || strcmp(said, found) != 0)
		run->faults++;
	printf("misuse: line %d: %s %s %s: written %s, spec/driver %s, the kernel %s (%ld ms)\n", cell.line,
	       driver_mode_name(cell.mode), cell.state->name, cell.command, cell.answer, said, found,
	       milliseconds_since(begin));
	fflush(stdout);
}

static int run_machine(struct matrix *matrix, uint32_t machine, const char *state)
{
	static const char *const names[MATRIX_MACHINES] = { "tag", "device", "client", "life" };
	struct run run = { .state = state, .show = getenv("MISUSE_SHOW") != NULL };
	struct timespec begin;

	clock_gettime(CLOCK_MONOTONIC, &begin);
	(void)matrix_visit(matrix, machine, rig_kernel, run_cell, &run);
	tags_end();
	devices_end();
	printf("misuse: %s: %d cells on %s, %d disagree, %ld ms\n", names[machine], run.cells, driver_kernel_name(rig_kernel),
	       run.faults, milliseconds_since(begin));
	fflush(stdout);
	return run.faults != 0;
}

static int run_all(const char *path, const char *machine, const char *state)
{
	struct matrix *matrix = read_matrix(path);
	int rc = 0;

	rig_begin();
	if (!machine || strcmp(machine, "tag") == 0)
		rc |= run_machine(matrix, MATRIX_TAG, state);
	if (!machine || strcmp(machine, "client") == 0)
		rc |= run_machine(matrix, MATRIX_CLIENT, state);
	if (!machine || strcmp(machine, "life") == 0)
		rc |= run_machine(matrix, MATRIX_LIFE, state);
	if (!machine || strcmp(machine, "device") == 0)
		rc |= run_machine(matrix, MATRIX_DEVICE, state);
	rig_end();
	return rc;
}

static int run_seeded(int rounds)
{
	struct timespec begin;
	int faults;

	clock_gettime(CLOCK_MONOTONIC, &begin);
	rig_begin();
	faults = seeded_run(rounds);
	rig_end();
	printf("misuse: seeded: %d rounds on %s, %d disagree, %ld ms\n", rounds, driver_kernel_name(rig_kernel), faults,
	       milliseconds_since(begin));
	return faults != 0;
}

int main(int argc, char **argv)
{
	if (argc >= 3 && argc <= 5 && strcmp(argv[1], "run") == 0)
		return run_all(argv[2], argv[3], argc > 4 ? argv[4] : NULL);
	if (argc <= 3 && argc >= 2 && strcmp(argv[1], "seeded") == 0)
		return run_seeded(argc == 3 ? atoi(argv[2]) : ROUNDS);
	if (argc == 3 && strcmp(argv[1], "check") == 0)
		return check_all(argv[2]);
	fprintf(stderr, "usage: misuse check FILE | run FILE [MACHINE [STATE]] | seeded [ROUNDS]\n");
	return 2;
}
