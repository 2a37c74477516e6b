#include "table.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static char *read_text(const char *path)
{
	FILE *file = fopen(path, "r");
	char *text = NULL;
	size_t size = 0;
	ssize_t length;

	ck_assert_msg(file != NULL, "cannot read %s: run the tests from the repository's top", path);
	length = getdelim(&text, &size, '\0', file);
	fclose(file);
	ck_assert_msg(length > 0, "%s is empty", path);
	return text;
}

static void split(struct table_row *row, char *line)
{
	char *cell;

	while ((cell = strsep(&line, "\t")) != NULL) {
		ck_assert_msg(row->cells < TABLE_CELLS_MAX, "line %d: too many cells", row->line);
		row->cell[row->cells++] = cell;
	}
}

struct table *table_read(const char *path)
{
	struct table *table = calloc(1, sizeof(*table));
	char *rest, *line;
	int number = 0;

	ck_assert_ptr_nonnull(table);
	table->text = rest = read_text(path);
	while ((line = strsep(&rest, "\n")) != NULL) {
		number++;
		if (line[0] == '\0' || line[0] == '#')
			continue;
		ck_assert_uint_lt(table->rows, TABLE_ROWS_MAX);
		table->row[table->rows].line = number;
		split(&table->row[table->rows++], line);
	}
	return table;
}

void table_free(struct table *table)
{
	free(table->text);
	free(table);
}

int table_number(const char *word, const char *(*name)(uint32_t number), uint32_t count)
{
	for (uint32_t number = 0; number < count; number++)
		if (strcmp(word, name(number)) == 0)
			return (int)number;
	return -1;
}
