/* The misuse matrix's reader: what it takes is written and read again as the same, what it refuses has a line and a
 * reason; every cell that is visited is of one row, and spec/driver has an answer to it. */
#include <stdlib.h>
#include <string.h>

#include "../spec/misuse/expect.h"
#include "../spec/misuse/matrix.h"
#include "fuzz.h"

enum { SIZE_MAX_BYTES = 8192, TEXT_MAX_BYTES = 4 * SIZE_MAX_BYTES };

static const char *const MACHINES[MATRIX_MACHINES] = { "tag", "device", "client", "life" };
static const char *const MODES[] = { "none", "plain", "get-data", "*" };
static struct fuzz_ear said;

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc;
	(void)argv;
	fuzz_listen(&said);
	return 0;
}

/* ---- written again ------------------------------------------------------------------------- */

static void write_state(FILE *out, const struct matrix_state *state)
{
	fprintf(out, "state-%s\t%s\t%s\t%s", MACHINES[state->machine], state->name, MODES[state->modes], state->steps ? "" : "-");
	for (int step = 0; step < state->steps; step++)
		fprintf(out, "%s%s", step ? " " : "", state->step[step]);
	fputc('\n', out);
}

static void write_row(FILE *out, const struct matrix_row *row)
{
	fprintf(out, "%s\t%s\t%s\t%s", MACHINES[row->machine], MODES[row->modes], row->states, row->commands);
	for (int kernel = 0; kernel < MATRIX_KERNELS; kernel++)
		fprintf(out, "\t%s", row->answer[kernel]);
	fputc('\n', out);
}

/* From malloc(). */
static char *written(const struct matrix *matrix)
{
	char *text = calloc(1, TEXT_MAX_BYTES);
	FILE *out = text ? fmemopen(text, TEXT_MAX_BYTES, "w") : NULL;

	FUZZ_NEED(out != NULL, "a stream in memory");
	for (int i = 0; i < matrix->states; i++)
		write_state(out, &matrix->state[i]);
	for (int i = 0; i < matrix->rows; i++)
		write_row(out, &matrix->row[i]);
	FUZZ_NEED(fclose(out) == 0 && strlen(text) < TEXT_MAX_BYTES - 1, "room for all of it");
	return text;
}

static void judge_again(const struct matrix *matrix)
{
	static struct matrix again;
	struct matrix_fault fault;
	char *first = written(matrix), *copy = strdup(first), *second;

	FUZZ_NEED(copy && matrix_parse(&again, copy, &fault), "what was read can be read again");
	second = written(&again);
	FUZZ_NEED(strcmp(first, second) == 0, "as the same");
	free(second);
	free(copy);
	free(first);
}

/* ---- cells --------------------------------------------------------------------------------- */

static bool names(const char *list, const char *word)
{
	char *copy = strdup(list), *rest = copy, *each;
	bool found = false;

	while (!found && (each = strsep(&rest, ",")) != NULL)
		found = strcmp(each, word) == 0;
	free(copy);
	return found;
}

static void judge_cell(void *context, struct matrix_cell cell)
{
	const struct matrix *matrix = context;
	char text[MATRIX_TEXT_MAX] = "";
	int rows = 0;

	for (int i = 0; i < matrix->rows; i++) {
		const struct matrix_row *row = &matrix->row[i];

		if (row->machine != cell.state->machine || (row->modes >> cell.mode & 1) == 0 || !names(row->states, cell.state->name) ||
		    !names(row->commands, cell.command))
			continue;
		FUZZ_NEED(row->line == cell.line && row->answer[cell.kernel] == cell.answer, "the answer is the row's");
		rows++;
	}
	FUZZ_NEED(rows == 1, "a cell has one row");
	FUZZ_NEED((cell.state->modes >> cell.mode & 1) != 0, "in a mode of its state");
	expect_answer(cell, text);
	FUZZ_NEED(text[0] != '\0' && memchr(text, '\0', sizeof(text)), "spec/driver has an answer");
}

static size_t visit(struct matrix *matrix)
{
	size_t faults = 0;

	for (uint32_t kernel = 0; kernel < MATRIX_KERNELS; kernel++)
		for (uint32_t machine = 0; machine < MATRIX_MACHINES; machine++)
			faults += (size_t)matrix_visit(matrix, machine, kernel, judge_cell, matrix);
	return faults + (size_t)matrix_unused(matrix);
}

static size_t lines_of(const char *text)
{
	size_t lines = 1;

	for (; *text; text++)
		lines += *text == '\n';
	return lines;
}

static void judge_visits(struct matrix *matrix)
{
	FILE *out = stdout;
	size_t faults;

	fuzz_forget(&said);
	stdout = said.stream;
	faults = visit(matrix);
	stdout = out;
	fuzz_hear(&said);
	FUZZ_NEED(said.lines == faults, "each fault has a line");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct matrix matrix;
	struct matrix_fault fault;
	size_t lines;
	char *text;

	if (size > SIZE_MAX_BYTES || memchr(data, '\0', size))
		return -1;
	text = strndup((const char *)data, size);
	FUZZ_NEED(text != NULL, "memory");
	lines = lines_of(text);
	if (matrix_parse(&matrix, text, &fault)) {
		judge_again(&matrix);
		judge_visits(&matrix);
	} else {
		FUZZ_NEED(fault.what && fault.line >= 1 && (size_t)fault.line <= lines, "what is wrong, and where");
	}
	free(text);
	return 0;
}
