#include "table.h"

#include <fnmatch.h>
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

int table_field_number(const struct table_field *fields, const char *name, size_t length)
{
	for (int i = 0; fields[i].name != NULL; i++)
		if (strlen(fields[i].name) == length && strncmp(fields[i].name, name, length) == 0)
			return i;
	ck_abort_msg("no field %.*s", (int)length, name);
	return -1;
}

uint8_t table_value_number(const struct table_field *field, const char *word)
{
	for (uint8_t i = 0; i < field->count; i++)
		if (strcmp(field->values[i], word) == 0)
			return i;
	ck_abort_msg("%s: no value %s", field->name, word);
	return 0;
}

bool table_listed(const char *list, const char *word)
{
	char copy[512], *rest = copy, *pattern;

	TABLE_NEED(strlen(list) < sizeof(copy), "too long: %s", list);
	strcpy(copy, list);
	while ((pattern = strsep(&rest, ",")) != NULL)
		if (fnmatch(pattern, word, 0) == 0)
			return true;
	return false;
}

static bool condition_holds(const struct table_field *fields, const char *condition, struct table_cell cell)
{
	const char *equals = strchr(condition, '=');
	bool negated;
	int field;

	TABLE_NEED(equals != NULL, "no condition: %s", condition);
	negated = equals > condition && equals[-1] == '!';
	field = table_field_number(fields, condition, (size_t)(equals - condition) - negated);
	return table_listed(equals + 1, fields[field].values[cell.value[field]]) != negated;
}

bool table_when_holds(const struct table_field *fields, const char *when, struct table_cell cell)
{
	char copy[256], *rest = copy, *condition;

	if (strcmp(when, "-") == 0)
		return true;
	TABLE_NEED(strlen(when) < sizeof(copy), "too long: %s", when);
	strcpy(copy, when);
	while ((condition = strsep(&rest, " ")) != NULL)
		if (!condition_holds(fields, condition, cell))
			return false;
	return true;
}

const char *table_cell_text(const struct table_field *fields, struct table_cell cell)
{
	static char text[256];

	text[0] = '\0';
	for (int i = 0; fields[i].name != NULL; i++)
		snprintf(text + strlen(text), sizeof(text) - strlen(text), " %s=%s", fields[i].name,
			 fields[i].values[cell.value[i]]);
	return text;
}
