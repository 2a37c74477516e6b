/* table: a file of tab-separated rows, for the tests that hold a table of spec/ against the C. */
#ifndef SUPPORT_TABLE_H
#define SUPPORT_TABLE_H

#include <stddef.h>
#include <stdint.h>

enum { TABLE_CELLS_MAX = 10, TABLE_ROWS_MAX = 2000 };

struct table_row {
	int line; /* in the file, from 1 */
	int cells;
	char *cell[TABLE_CELLS_MAX];
};

struct table {
	char *text;
	size_t rows;
	struct table_row row[TABLE_ROWS_MAX];
};

/* Reads a file below the repository's top; lines that are empty or begin with # are left out. Fails the test
 * when it cannot be read. The caller gives it back to table_free(). */
struct table *table_read(const char *path);
void table_free(struct table *table);

/* The number of the word among `count` names that name() gives for 0, 1, …; -1 if none. */
int table_number(const char *word, const char *(*name)(uint32_t number), uint32_t count);

#endif
