#include "matrix.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "driver.h"

#define STATE_MARK "state-"

enum { COLUMNS = 7, STATE_COLUMNS = 4 };

/* What is asked in every state, in this order: what ends a state comes last. */
static const char *const tag_commands[] = {
	"fetch/own", "fetch/none", "commit-done/none", "ask-data/own", "unknown", "foreign", "legacy/own", "bad-queue", "bad-tag",
	"stranger", "stranger-fetch/own", "commit-odd/own", "commit-async/own", "commit-failed/own", "commit-done/own", NULL,
};
static const char *const device_commands[] = {
	"get-info", "get-info-path", "get-info-no-path", "get-params", "get-affinity", "get-affinity-bad", "get-features",
	"unknown", "foreign", "add", "start-no-pid", "start-wrong-pid", "set-params", "set-params-bad", "start-recovery",
	"end-recovery", "start", "try-stop", "quiesce", "update-size", "open", "del", "stop", NULL,
};
static const char *const no_commands[] = { NULL };

/* What is asked where a row asks for it. */
static const char *const tag_extras[] = {
	"commit-short/own", "commit-zero/own", "commit-unreadable/own", "commit-above/own", "commit-done/lent", NULL,
};
static const char *const device_extras[] = {
	"add-bad", "add-recovery", "add-reissue", "add-fail-io", "end-wrong-pid", "interrupt-start", NULL,
};
static const char *const client_extras[] = {
	"0", "1", "512", "4096", "8192", "12288", "EPERM", "ENOENT", "EINTR", "EIO", "ENXIO", "EBADF", "EAGAIN", "ENOMEM",
	"EACCES", "EFAULT", "EBUSY", "ENODEV", "EINVAL", "EFBIG", "ENOSPC", "EROFS", "EDQUOT", "EOPNOTSUPP", "ETIMEDOUT",
	"ENOLINK", "EREMOTEIO", "EBADE", "ENODATA", "EILSEQ", "ETOOMANYREFS", "EOVERFLOW", "ETIME", "4095", NULL,
};

static const char *const life_extras[] = { "none", "wait", "reissue", "fail-io", NULL };

static const char *const *const always[MATRIX_MACHINES] = { tag_commands, device_commands, no_commands, no_commands };
static const char *const *const sometimes[MATRIX_MACHINES] = { tag_extras, device_extras, client_extras, life_extras };

/* ---- reading ------------------------------------------------------------------------------- */

/* Plain is bit 0, get-data bit 1. */
static uint32_t modes_of(const char *word)
{
	if (strcmp(word, "*") == 0)
		return 3;
	if (strcmp(word, "plain") == 0)
		return 1 << DRIVER_PLAIN;
	if (strcmp(word, "get-data") == 0)
		return 1 << DRIVER_GET_DATA;
	return strcmp(word, "-") == 0 ? 1 : 0;
}

static uint32_t machine_of(const char *word)
{
	static const char *const names[MATRIX_MACHINES] = { "tag", "device", "client", "life" };
	uint32_t machine = 0;

	while (machine < MATRIX_MACHINES && strcmp(word, names[machine]) != 0)
		machine++;
	return machine;
}

/* NULL, or what is wrong. */
static const char *read_state(struct matrix *matrix, char **cell)
{
	struct matrix_state *state = &matrix->state[matrix->states];
	char *steps = cell[3], *step;

	if (matrix->states == MATRIX_STATES_MAX)
		return "too many states";
	matrix->states++;
	state->machine = machine_of(cell[0] + strlen(STATE_MARK));
	state->name = cell[1];
	state->modes = modes_of(cell[2]);
	/* Rows list names with commas between them. */
	if (state->machine == MATRIX_MACHINES || state->modes == 0 || strchr(state->name, ','))
		return "not a state";
	while (strcmp(cell[3], "-") != 0 && (step = strsep(&steps, " ")) != NULL) {
		if (state->steps == MATRIX_STEPS_MAX || step[0] == '\0')
			return "too many steps, or an empty one";
		state->step[state->steps++] = step;
	}
	return NULL;
}

static const char *read_row(struct matrix *matrix, int line, char **cell)
{
	struct matrix_row *row = &matrix->row[matrix->rows];

	if (matrix->rows == MATRIX_ROWS_MAX)
		return "too many rows";
	matrix->rows++;
	row->machine = machine_of(cell[0]);
	row->modes = modes_of(cell[1]);
	row->line = line;
	row->states = cell[2];
	row->commands = cell[3];
	if (row->machine == MATRIX_MACHINES || row->modes == 0)
		return "not a row";
	for (int kernel = 0; kernel < MATRIX_KERNELS; kernel++) {
		char *answer = cell[4 + kernel];

		if (strcmp(answer, "=") == 0 && kernel == 0)
			return "nothing before =";
		row->answer[kernel] = strcmp(answer, "=") == 0 ? row->answer[kernel - 1] : answer;
	}
	return NULL;
}

static const char *read_line(struct matrix *matrix, int number, char *line)
{
	char *cell[COLUMNS];
	int cells = 0;

	if (line[0] == '#' || line[0] == '\0')
		return NULL;
	while (cells < COLUMNS && (cell[cells] = strsep(&line, "\t")) != NULL)
		if (cell[cells++][0] == '\0')
			return "an empty column";
	if (cells == STATE_COLUMNS && strncmp(cell[0], STATE_MARK, strlen(STATE_MARK)) == 0)
		return read_state(matrix, cell);
	return cells == COLUMNS && line == NULL ? read_row(matrix, number, cell) : "neither a state nor a row";
}

bool matrix_parse(struct matrix *matrix, char *text, struct matrix_fault *fault)
{
	char *line;

	memset(matrix, 0, sizeof(*matrix));
	*fault = (struct matrix_fault){ 0 };
	while (!fault->what && (line = strsep(&text, "\n")) != NULL)
		fault->what = read_line(matrix, ++fault->line, line);
	return fault->what == NULL;
}

/* ---- cells --------------------------------------------------------------------------------- */

/* Is the word one of the comma-separated list? */
static bool listed(const char *list, const char *word)
{
	size_t length = strlen(word);

	while (list != NULL) {
		if (strncmp(list, word, length) == 0 && (list[length] == ',' || list[length] == '\0'))
			return true;
		list = strchr(list, ',');
		list = list ? list + 1 : NULL;
	}
	return false;
}

/* The rows of the cell: exactly one is right. */
static int find_rows(struct matrix *matrix, const struct matrix_cell *cell, struct matrix_row **found)
{
	int count = 0;

	for (int i = 0; i < matrix->rows; i++) {
		struct matrix_row *row = &matrix->row[i];

		if (row->machine == cell->state->machine && (row->modes & 1u << cell->mode) &&
		    listed(row->states, cell->state->name) && listed(row->commands, cell->command)) {
			*found = row;
			count++;
		}
	}
	return count;
}

static int visit_cell(struct matrix *matrix, struct matrix_cell cell, bool wanted,
		      void (*visit)(void *context, struct matrix_cell cell), void *context)
{
	struct matrix_row *row = NULL;
	int count = find_rows(matrix, &cell, &row);

	if (count == 1) {
		row->used++;
		cell.answer = row->answer[cell.kernel];
		cell.line = row->line;
		visit(context, cell);
	} else if (count > 1 || wanted) {
		printf("misuse: %s %s: %d rows, not one\n", cell.state->name, cell.command, count);
		return 1;
	}
	return 0;
}

int matrix_visit(struct matrix *matrix, uint32_t machine, uint32_t kernel,
		 void (*visit)(void *context, struct matrix_cell cell), void *context)
{
	int faults = 0;

	for (uint32_t mode = 0; mode < DRIVER_MODES; mode++)
		for (int i = 0; i < matrix->states; i++) {
			struct matrix_cell cell = { .state = &matrix->state[i], .kernel = kernel, .mode = mode };

			if (cell.state->machine != machine || !(cell.state->modes & 1u << mode))
				continue;
			for (const char *const *name = sometimes[machine]; *name; name++) {
				cell.command = *name;
				faults += visit_cell(matrix, cell, false, visit, context);
			}
			for (const char *const *name = always[machine]; *name; name++) {
				cell.command = *name;
				faults += visit_cell(matrix, cell, true, visit, context);
			}
		}
	return faults;
}

int matrix_unused(const struct matrix *matrix)
{
	int faults = 0;

	for (int i = 0; i < matrix->rows; i++)
		if (matrix->row[i].used == 0) {
			printf("misuse: line %d fits no state and command\n", matrix->row[i].line);
			faults++;
		}
	return faults;
}

/* ---- words --------------------------------------------------------------------------------- */

bool matrix_is(const char *token, const char *word)
{
	size_t length = strlen(word);

	return strncmp(token, word, length) == 0 && (token[length] == '/' || token[length] == '\0');
}

const char *matrix_address(const char *token)
{
	const char *slash = strchr(token, '/');

	return slash ? slash + 1 : "";
}

const char *matrix_errno(int error)
{
	static char digits[16];
	const char *name = strerrorname_np(error);

	if (name)
		return name;
	snprintf(digits, sizeof(digits), "%d", error);
	return digits;
}
