/* table: a file of tab-separated rows, for the tests that hold a table of spec/ against the C. */
#ifndef SUPPORT_TABLE_H
#define SUPPORT_TABLE_H

#include <check.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* libcheck writes down every assertion that it passes: too slow for each of a million. */
#define TABLE_NEED(condition, ...)                 \
	do {                                       \
		if (!(condition))                  \
			ck_abort_msg(__VA_ARGS__); \
	} while (0)

enum { TABLE_CELLS_MAX = 10, TABLE_ROWS_MAX = 2000, TABLE_FIELDS_MAX = 14 };

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

/* ---- a machine's state, as the tables say it ----------------------------------------------- */

/* One field and its words, in the order of its numbers. */
struct table_field {
	const char *name; /* NULL: after the last */
	const char *const *values;
	uint8_t count;
};

/* A field's words and their count. */
#define TABLE_WORDS(...) (const char *const[]){ __VA_ARGS__ }, sizeof((const char *const[]){ __VA_ARGS__ }) / sizeof(char *)

/* A state: the number of each field's value. */
struct table_cell {
	uint8_t value[TABLE_FIELDS_MAX];
};

/* The word is one of the comma-separated names or patterns. */
bool table_listed(const char *list, const char *word);

/* "-", or conditions with blanks between, all of which hold: field=list or field!=list. */
bool table_when_holds(const struct table_field *fields, const char *when, struct table_cell cell);

/* Fail the test when there is no such name. */
int table_field_number(const struct table_field *fields, const char *name, size_t length);
uint8_t table_value_number(const struct table_field *field, const char *word);

/* " field=value field=value …" for a failure's message; the text is valid until the next call. */
const char *table_cell_text(const struct table_field *fields, struct table_cell cell);

#endif
