#include "rows.h"

#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"

void rows_read(struct rows *rows, const char *text)
{
	char *rest = strdup(text), *line;

	FUZZ_NEED(rest != NULL, "memory for a table");
	rows->count = 0;
	while ((line = strsep(&rest, "\n")) != NULL) {
		char *cell;
		size_t cells = 0;

		if (line[0] == '\0' || line[0] == '#')
			continue;
		FUZZ_NEED(rows->count < ROWS_MAX, "room for the table");
		for (; cells < ROWS_CELLS && (cell = strsep(&line, "\t")) != NULL; cells++)
			rows->cell[rows->count][cells] = cell;
		for (; cells < ROWS_CELLS; cells++)
			rows->cell[rows->count][cells] = "";
		rows->count++;
	}
}

bool rows_listed(const char *list, const char *word)
{
	char copy[512], *rest = copy, *pattern;

	FUZZ_NEED(strlen(list) < sizeof(copy), "a short list");
	strcpy(copy, list);
	while ((pattern = strsep(&rest, ",")) != NULL)
		if (fnmatch(pattern, word, 0) == 0)
			return true;
	return false;
}

unsigned rows_number(const char *word, const char *const *names, unsigned count)
{
	for (unsigned i = 0; i < count; i++)
		if (names[i] && strcmp(names[i], word) == 0)
			return i;
	fuzz_found("the table's words are known", word);
}
