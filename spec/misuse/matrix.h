/* matrix: spec/misuse.tsv in memory, and its cells one by one. */
#ifndef MISUSE_MATRIX_H
#define MISUSE_MATRIX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { MATRIX_STEPS_MAX = 16, MATRIX_STATES_MAX = 80, MATRIX_ROWS_MAX = 400, MATRIX_KERNELS = 3, MATRIX_TEXT_MAX = 96 };

enum matrix_machine { MATRIX_TAG, MATRIX_DEVICE, MATRIX_CLIENT, MATRIX_LIFE, MATRIX_MACHINES };

struct matrix_state {
	uint32_t machine;
	uint32_t modes; /* bits of enum driver_mode */
	char *name;
	char *step[MATRIX_STEPS_MAX];
	int steps;
};

struct matrix_row {
	uint32_t machine;
	uint32_t modes;
	int line;
	char *states;
	char *commands;
	char *answer[MATRIX_KERNELS]; /* "=" is replaced by what it stands for */
	unsigned int used;
};

/* Why a text is no matrix. */
struct matrix_fault {
	const char *what;
	int line; /* from 1 on */
};

struct matrix {
	struct matrix_state state[MATRIX_STATES_MAX];
	struct matrix_row row[MATRIX_ROWS_MAX];
	int states;
	int rows;
};

/* What is written for one state and command on one kernel. */
struct matrix_cell {
	const struct matrix_state *state;
	const char *command;
	const char *answer; /* "-": not on this kernel; "undefined": the kernel breaks, so it is not tried */
	uint32_t kernel;
	uint32_t mode;
	int line;
};

/* The matrix's strings are pieces of text, which is written to. False: it is none, and *fault says why. */
bool matrix_parse(struct matrix *matrix, char *text, struct matrix_fault *fault);

/* Calls visit for each cell of a machine on a kernel, in the order of the states. Returns the number of faults: cells
 * that are missing or written twice; said on stdout. */
int matrix_visit(struct matrix *matrix, uint32_t machine, uint32_t kernel,
		 void (*visit)(void *context, struct matrix_cell cell), void *context);

/* Rows that gave no cell in any visit; said on stdout. */
int matrix_unused(const struct matrix *matrix);

/* The text before the '/' of "fetch/own" is the word; the address is what follows, or "". */
bool matrix_is(const char *token, const char *word);
const char *matrix_address(const char *token);

/* "EINVAL" for 22, a number in digits for one that ublk never says. The text is valid for the program's life. */
const char *matrix_errno(int error);

#endif
