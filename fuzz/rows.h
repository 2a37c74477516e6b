/* rows: a table of spec/, compiled in, for the targets that hold a machine against it. */
#ifndef ROWS_H
#define ROWS_H

#include <stdbool.h>
#include <stddef.h>

enum { ROWS_MAX = 400, ROWS_CELLS = 8 };

struct rows {
	size_t count;
	const char *cell[ROWS_MAX][ROWS_CELLS]; /* "" where a row is shorter */
};

/* Splits the text at tabs and newlines; comments and empty lines are left out. The cells lie in a copy
 * that is never freed. */
void rows_read(struct rows *rows, const char *text);

/* The word is one of the comma-separated names, or fits one of the patterns. */
bool rows_listed(const char *list, const char *word);

/* The word's number among the names; it must be there. */
unsigned rows_number(const char *word, const char *const *names, unsigned count);

#endif
