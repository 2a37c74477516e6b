#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "map.h"

#define COLUMNS 128u
#define ROWS 64u
#define SQUARE 8u
#define MARGIN 12u
#define LEGEND 28u

static const char *const colours[VERDICT_KINDS] = {
	[VERDICT_LOST] = "#c0392b",	   [VERDICT_TORN] = "#e67e22",	      [VERDICT_STALE] = "#b7950b",
	[VERDICT_MISDIRECTED] = "#8e44ad", [VERDICT_DUPLICATED] = "#d35ea5",  [VERDICT_ZEROED] = "#111111",
	[VERDICT_FLIPPED] = "#2471a3",	   [VERDICT_CHANGED] = "#117a65",     [VERDICT_FOREIGN] = "#6e2c00",
};

struct square {
	uint64_t counts[VERDICT_KINDS];
	uint64_t first_sector;
};

/* How many sectors a square stands for: the whole device fits, and a square is at least one sector. */
static uint64_t square_sectors(const struct run *run)
{
	uint64_t sectors = run->schedule->plan.size_bytes / OPERATION_SECTOR_BYTES;

	return (sectors + COLUMNS * ROWS - 1) / (COLUMNS * ROWS);
}

static bool in_use(const struct run *run, uint64_t first_sector, uint64_t sectors)
{
	uint64_t first = first_sector / OPERATION_PAGE_SECTORS;
	uint64_t end = (first_sector + sectors + OPERATION_PAGE_SECTORS - 1) / OPERATION_PAGE_SECTORS;

	return shadow_pages_in_use(run->shadow, first, end);
}

static void draw(FILE *file, unsigned at, unsigned squares, const char *colour)
{
	fprintf(file, "<rect x=\"%u\" y=\"%u\" width=\"%u\" height=\"%u\" fill=\"%s\"", MARGIN + at % COLUMNS * SQUARE,
		MARGIN + at / COLUMNS * SQUARE, squares * SQUARE - 1, SQUARE - 1, colour);
}

static void draw_square(FILE *file, const struct square *square, unsigned at)
{
	unsigned most = 0;

	for (unsigned kind = 0; kind < VERDICT_KINDS; kind++)
		if (square->counts[kind] > square->counts[most])
			most = kind;
	if (!square->counts[most])
		return;
	draw(file, at, 1, colours[most]);
	fprintf(file, "><title>byte %llu: %llu sectors %s</title></rect>\n",
		(unsigned long long)square->first_sector * OPERATION_SECTOR_BYTES,
		(unsigned long long)square->counts[most], verdict_name((enum verdict_kind)most));
}

/* What was in use, a bar for each stretch of a row. */
static void draw_use(FILE *file, const struct run *run, uint64_t sectors)
{
	uint64_t end = run->schedule->plan.size_bytes / OPERATION_SECTOR_BYTES;

	for (unsigned row = 0; row < ROWS; row++) {
		unsigned begin = 0;

		for (unsigned column = 0; column <= COLUMNS; column++) {
			uint64_t first = (row * COLUMNS + column) * sectors;

			if (column < COLUMNS && first < end && in_use(run, first, sectors))
				continue;
			if (column > begin) {
				draw(file, row * COLUMNS + begin, column - begin, "#a9d5b5");
				fputs("/>\n", file);
			}
			begin = column + 1;
		}
	}
}

static void draw_legend(FILE *file, const struct verdicts *verdicts, uint64_t sectors)
{
	unsigned x = MARGIN, y = MARGIN + ROWS * SQUARE + LEGEND / 2;

	for (unsigned kind = 0; kind < VERDICT_KINDS; kind++) {
		if (!verdicts->counts[kind])
			continue;
		fprintf(file, "<rect x=\"%u\" y=\"%u\" width=\"10\" height=\"10\" fill=\"%s\"/>\n", x, y, colours[kind]);
		fprintf(file, "<text x=\"%u\" y=\"%u\">%s: %llu</text>\n", x + 14, y + 9,
			verdict_name((enum verdict_kind)kind), (unsigned long long)verdicts->counts[kind]);
		x += 190;
	}
	fprintf(file, "<text x=\"%u\" y=\"%u\">A square is %llu bytes; green is right.</text>\n", x, y + 9,
		(unsigned long long)sectors * OPERATION_SECTOR_BYTES);
}

int map_write(const struct run *run, const struct verdicts *verdicts, FILE *file)
{
	uint64_t sectors = square_sectors(run);
	struct square *squares = calloc(COLUMNS * ROWS, sizeof *squares);

	if (!squares)
		return -ENOMEM;
	for (size_t at = 0; at < run->findings.count; at++) {
		struct square *square = &squares[run->findings.list[at].sector / sectors];

		if (!square->counts[verdicts->list[at].kind]++)
			square->first_sector = run->findings.list[at].sector;
	}
	fprintf(file,
		"<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%u\" height=\"%u\" font-family=\"sans-serif\" "
		"font-size=\"11\">\n<rect width=\"100%%\" height=\"100%%\" fill=\"#ffffff\"/>\n",
		COLUMNS * SQUARE + 2 * MARGIN, ROWS * SQUARE + 2 * MARGIN + LEGEND);
	fprintf(file, "<rect x=\"%u\" y=\"%u\" width=\"%u\" height=\"%u\" fill=\"#eeeeee\"/>\n", MARGIN, MARGIN,
		COLUMNS * SQUARE, ROWS * SQUARE);
	draw_use(file, run, sectors);
	for (unsigned at = 0; at < COLUMNS * ROWS; at++)
		draw_square(file, &squares[at], at);
	draw_legend(file, verdicts, sectors);
	fputs("</svg>\n", file);
	free(squares);
	return ferror(file) ? -EIO : 0;
}
