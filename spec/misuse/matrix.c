#include "matrix.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "driver.h"

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
	return text;
}

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

static void read_state(struct matrix *matrix, const char *path, int line, char **cell)
{
	struct matrix_state *state = &matrix->state[matrix->states++];
	char *steps = cell[3], *step;

	state->machine = machine_of(cell[0] + strlen("state-"));
	state->name = cell[1];
	state->modes = modes_of(cell[2]);
	if (matrix->states == MATRIX_STATES_MAX || state->machine == MATRIX_MACHINES || state->modes == 0)
		die(path, line, "not a state, or too many");
	while (strcmp(cell[3], "-") != 0 && (step = strsep(&steps, " ")) != NULL) {
		if (state->steps == MATRIX_STEPS_MAX)
			die(path, line, "too many steps");
		state->step[state->steps++] = step;
	}
}

static void read_row(struct matrix *matrix, const char *path, int line, char **cell)
{
	struct matrix_row *row = &matrix->row[matrix->rows++];

	row->machine = machine_of(cell[0]);
	row->modes = modes_of(cell[1]);
	row->line = line;
	row->states = cell[2];
	row->commands = cell[3];
	if (matrix->rows == MATRIX_ROWS_MAX || row->machine == MATRIX_MACHINES || row->modes == 0)
		die(path, line, "not a row, or too many");
	for (int kernel = 0; kernel < MATRIX_KERNELS; kernel++) {
		char *answer = cell[4 + kernel];

		if (strcmp(answer, "=") == 0 && kernel == 0)
			die(path, line, "nothing before =");
		row->answer[kernel] = strcmp(answer, "=") == 0 ? row->answer[kernel - 1] : answer;
	}
}

struct matrix *matrix_read(const char *path)
{
	struct matrix *matrix = calloc(1, sizeof(*matrix));
	char *rest, *line, *cell[COLUMNS];
	int number = 0;

	if (!matrix)
		die(path, 0, "no memory");
	rest = matrix->text = read_all(path);
	while ((line = strsep(&rest, "\n")) != NULL) {
		int cells = 0;

		number++;
		if (line[0] == '#' || line[0] == '\0')
			continue;
		while (cells < COLUMNS && (cell[cells] = strsep(&line, "\t")) != NULL)
			cells++;
		if (cells == STATE_COLUMNS && strncmp(cell[0], "state-", 6) == 0)
			read_state(matrix, path, number, cell);
		else if (cells == COLUMNS && line == NULL)
			read_row(matrix, path, number, cell);
		else
			die(path, number, "neither a state nor a row");
	}
	return matrix;
}

void matrix_free(struct matrix *matrix)
{
	free(matrix->text);
	free(matrix);
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
