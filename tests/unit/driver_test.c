/* spec/driver.tsv and spec/driver*.c say the same, cell by cell, both ways. */
#include "driver.h"

#include <check.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "suite.h"
#include "support/table.h"

enum { COLUMN_WHEN = 2, COLUMN_EVENTS = 3, COLUMN_KERNELS = 4, COLUMNS = 7, STATES_MAX = 20000 };

/* The last one is not of the state: it is the event's address. */
static const struct table_field TAG_FIELDS[] = {
	{ "phase", TABLE_WORDS("unfetched", "active", "arrived", "owned", "owned-get-data", "copying", "cancelled",
			       "orphaned") },
	{ "op", TABLE_WORDS("-", "read", "write", "other") },
	{ "address", TABLE_WORDS("none", "own", "lent") },
	{ "given", TABLE_WORDS("none", "own", "lent") },
	{ NULL, NULL, 0 },
};

static const struct table_field DEVICE_FIELDS[] = {
	{ "there", TABLE_WORDS("absent", "present", "deleted") },
	{ "condition", TABLE_WORDS("dead", "live", "quiesced", "fail-io") },
	{ "recovery", TABLE_WORDS("none", "wait", "reissue", "fail-io") },
	{ "params", TABLE_WORDS("0", "1") },
	{ "open", TABLE_WORDS("0", "1") },
	{ "ready", TABLE_WORDS("none", "some", "all") },
	{ "disk", TABLE_WORDS("none", "there", "left") },
	{ "cancelled", TABLE_WORDS("0", "1") },
	{ "stopping", TABLE_WORDS("0", "1") },
	{ "stranded", TABLE_WORDS("0", "1") },
	{ "start", TABLE_WORDS("0", "1") },
	{ "end", TABLE_WORDS("0", "1") },
	{ "stop", TABLE_WORDS("0", "1") },
	{ "del", TABLE_WORDS("0", "1") },
	{ NULL, NULL, 0 },
};

/* What a row says, or what the C does, in one shape. */
struct said {
	struct table_cell next;
	int verdict;
	int answer;
	int result;
	int request;
	int moves;
	int reply;
};

static struct table *table;
static uint8_t used[TABLE_ROWS_MAX][DRIVER_KERNELS];

/* The rows of one machine and event, in the file's order, by kernel: looked up once. */
struct rows_of_event {
	const char *event;
	size_t count;
	const struct table_row *row[TABLE_ROWS_MAX];
};
static struct rows_of_event rows_of_event[DRIVER_KERNELS];

/* ---- reading a row ------------------------------------------------------------------------- */

static int errno_number(const char *word)
{
	static const struct {
		const char *name;
		int number;
	} names[] = { { "EINTR", EINTR },	{ "EIO", EIO },	      { "EACCES", EACCES },
		      { "EBUSY", EBUSY },	{ "EEXIST", EEXIST }, { "ENODEV", ENODEV },
		      { "EINVAL", EINVAL },	{ "EOPNOTSUPP", EOPNOTSUPP } };

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (strcmp(word, names[i].name) == 0)
			return names[i].number;
	ck_abort_msg("no errno %s", word);
	return 0;
}

static int result_number(const char *word)
{
	return word[0] == '-' ? -errno_number(word + 1) : atoi(word);
}

static void read_answer(struct said *said, const char *word, const char *rest)
{
	int reply = table_number(word, driver_reply_name, DRIVER_REPLIES);

	if (strcmp(word, "refuses") == 0) {
		said->answer = DRIVER_REFUSES;
		said->result = -errno_number(rest);
	} else if (strcmp(word, "completes") == 0) {
		said->answer = DRIVER_COMPLETES;
		said->result = result_number(rest);
	} else if (strcmp(word, "request") == 0) {
		said->request = table_number(rest, driver_request_name, DRIVER_REQUESTS);
		TABLE_NEED(said->request >= 0, "no fate %s", rest);
	} else if (strcmp(word, "moves") == 0) {
		said->moves = table_number(rest, driver_moves_name, DRIVER_MOVES);
		TABLE_NEED(said->moves >= 0, "no direction %s", rest);
	} else {
		TABLE_NEED(reply > 0, "no answer %s", word);
		said->reply = reply;
		said->result = result_number(rest);
	}
}

static void read_word(const struct table_field *fields, struct said *said, struct table_cell cell, char *word)
{
	char *equals = strchr(word, '='), *colon = strchr(word, ':');

	if (equals != NULL) {
		int field = table_field_number(fields, word, (size_t)(equals - word));

		said->next.value[field] = strcmp(equals + 1, "given") == 0
						  ? cell.value[table_field_number(fields, "given", 5)]
						  : table_value_number(&fields[field], equals + 1);
	} else if (colon != NULL) {
		*colon = '\0';
		read_answer(said, word, colon + 1);
	} else if (word[0] == '+' || word[0] == '-') {
		said->next.value[table_field_number(fields, word + 1, strlen(word + 1))] = word[0] == '+';
	} else if (strcmp(word, "impossible") == 0) {
		said->verdict = DRIVER_IMPOSSIBLE;
	} else if (strcmp(word, "undefined") == 0) {
		said->verdict = DRIVER_UNDEFINED;
	} else if (strcmp(word, "gone") == 0) {
		memset(&said->next, 0, sizeof(said->next));
	} else if (strcmp(word, "stays") != 0) {
		said->reply = table_number(word, driver_reply_name, DRIVER_REPLIES);
		TABLE_NEED(said->reply > 0, "no word %s", word);
	}
}

static struct said read_said(const struct table_field *fields, struct table_cell cell, const char *text)
{
	struct said said = { .next = cell };
	char copy[256], *rest = copy, *word;

	TABLE_NEED(strlen(text) < sizeof(copy), "too long: %s", text);
	strcpy(copy, text);
	while ((word = strsep(&rest, " ")) != NULL)
		read_word(fields, &said, cell, word);
	return said;
}

/* The kernel's column; "=" stands for the one before. */
static const char *kernel_text(const struct table_row *row, uint32_t kernel)
{
	uint32_t column = COLUMN_KERNELS + kernel;

	while (strcmp(row->cell[column], "=") == 0)
		column--;
	TABLE_NEED(column >= COLUMN_KERNELS, "driver.tsv:%d begins with =", row->line);
	return row->cell[column];
}

static void find_rows(const char *machine, const char *event, uint32_t kernel)
{
	struct rows_of_event *rows = &rows_of_event[kernel];

	rows->event = event;
	rows->count = 0;
	for (size_t i = 0; i < table->rows; i++) {
		const struct table_row *row = &table->row[i];

		TABLE_NEED(row->cells == COLUMNS, "driver.tsv:%d has %d cells", row->line, row->cells);
		if (strcmp(row->cell[0], machine) == 0 && table_listed(row->cell[COLUMN_EVENTS], event) &&
		    strcmp(kernel_text(row, kernel), "next") != 0)
			rows->row[rows->count++] = row;
	}
}

/* The first row that fits. mode NULL: the machine has none. Cells of one event come one after the other. */
static const struct table_row *row_of(const char *machine, const char *mode, const struct table_field *fields,
				      struct table_cell cell, const char *event, uint32_t kernel)
{
	const struct rows_of_event *rows = &rows_of_event[kernel];

	if (rows->event != event)
		find_rows(machine, event, kernel);
	for (size_t i = 0; i < rows->count; i++) {
		const struct table_row *row = rows->row[i];

		if (mode != NULL && strcmp(row->cell[1], "*") != 0 && strcmp(row->cell[1], mode) != 0)
			continue;
		if (!table_when_holds(fields, row->cell[COLUMN_WHEN], cell))
			continue;
		used[row - table->row][kernel] = 1;
		return row;
	}
	return NULL;
}

static void compare(const struct table_row *row, const struct table_field *fields, struct said table_says, struct said c_says,
		    const char *kernel, const char *event, struct table_cell cell)
{
	const char *at = table_cell_text(fields, cell);

	for (int i = 0; fields[i].name != NULL; i++)
		TABLE_NEED(table_says.next.value[i] == c_says.next.value[i], "driver.tsv:%d %s %s%s: %s %s, in C %s",
			      row->line, kernel, event, at, fields[i].name,
			      fields[i].values[table_says.next.value[i]], fields[i].values[c_says.next.value[i]]);
	TABLE_NEED(table_says.verdict == c_says.verdict && table_says.answer == c_says.answer &&
			      table_says.result == c_says.result && table_says.request == c_says.request &&
			      table_says.moves == c_says.moves && table_says.reply == c_says.reply,
		      "driver.tsv:%d %s %s%s: table verdict %d answer %d result %d request %d moves %d reply %d, "
		      "in C %d %d %d %d %d %d",
		      row->line, kernel, event, at, table_says.verdict, table_says.answer, table_says.result,
		      table_says.request, table_says.moves, table_says.reply, c_says.verdict, c_says.answer, c_says.result,
		      c_says.request, c_says.moves, c_says.reply);
}

/* Every row is the first that fits some cell: a row that is none says nothing. */
static void all_used(const char *machine)
{
	for (size_t i = 0; i < table->rows; i++)
		if (strcmp(table->row[i].cell[0], machine) == 0)
			TABLE_NEED(used[i][0] + used[i][1] + used[i][2] > 0, "driver.tsv:%d fits no cell",
				      table->row[i].line);
}

static void setup(void)
{
	memset(used, 0, sizeof(used));
	memset(rows_of_event, 0, sizeof(rows_of_event));
	table = table_read("spec/driver.tsv");
}

static void teardown(void)
{
	table_free(table);
}

/* ---- tags ---------------------------------------------------------------------------------- */

static bool takes_address(uint32_t kind)
{
	return kind <= DRIVER_ASK_DATA || kind == DRIVER_STRANGER_FETCH;
}

static struct said tag_in_c(uint32_t kernel, uint32_t mode, struct driver_tag_state state, struct driver_tag_event event)
{
	struct driver_tag_step step = driver_tag_step(kernel, mode, state, event);

	TABLE_NEED(driver_tag_state_valid(kernel, mode, step.state), "%s %s leads to no valid state",
		      driver_kernel_name(kernel), driver_tag_kind_name(event.kind));
	return (struct said){
		.next.value = { step.state.phase, step.state.op, step.state.address, event.address },
		.verdict = step.verdict, .answer = step.answer, .result = step.result,
		.request = step.request, .moves = step.moves,
	};
}

static void compare_tag(uint32_t kernel, uint32_t mode, struct driver_tag_state state, struct driver_tag_event event)
{
	struct table_cell cell = { { state.phase, state.op, state.address, event.address } };
	const char *name = driver_tag_kind_name(event.kind);
	const struct table_row *row = row_of("tag", driver_mode_name(mode), TAG_FIELDS, cell, name,
					     kernel);

	TABLE_NEED(row != NULL, "no row for tag %s %s %s", driver_kernel_name(kernel),
		      driver_phase_name(state.phase), name);
	compare(row, TAG_FIELDS, read_said(TAG_FIELDS, cell, kernel_text(row, kernel)),
		tag_in_c(kernel, mode, state, event), driver_kernel_name(kernel), name, cell);
}

static struct driver_tag_state tag_state_number(uint32_t number)
{
	return (struct driver_tag_state){ .phase = (uint8_t)(number % DRIVER_PHASES),
					  .op = (uint8_t)(number / DRIVER_PHASES % DRIVER_OPS),
					  .address = (uint8_t)(number / DRIVER_PHASES / DRIVER_OPS) };
}

static int compare_event(uint32_t kernel, uint32_t mode, struct driver_tag_event event)
{
	int cells = 0;

	for (uint32_t number = 0; number < DRIVER_PHASES * DRIVER_OPS * DRIVER_ADDRESSES; number++) {
		struct driver_tag_state state = tag_state_number(number);

		if (!driver_tag_state_valid(kernel, mode, state))
			continue;
		compare_tag(kernel, mode, state, event);
		cells++;
	}
	return cells;
}

START_TEST(test_every_cell_of_a_tag)
{
	int cells = 0;

	for (uint8_t kind = 0; kind < DRIVER_TAG_KINDS; kind++)
		for (uint8_t address = 0; address < (takes_address(kind) ? DRIVER_ADDRESSES : 1); address++)
			for (uint32_t i = 0; i < DRIVER_KERNELS * DRIVER_MODES; i++)
				cells += compare_event(i % DRIVER_KERNELS, i / DRIVER_KERNELS,
						       (struct driver_tag_event){ kind, address });
	ck_assert_int_gt(cells, 1000);
	all_used("tag");
}
END_TEST

/* ---- devices ------------------------------------------------------------------------------- */

static struct table_cell device_cell(struct driver_device_state state)
{
	return (struct table_cell){ { state.there, state.condition, state.recovery, state.params, state.open, state.ready,
				state.disk, state.cancelled, state.stopping, state.stranded,
				(state.waiting & DRIVER_WAITING_START) != 0, (state.waiting & DRIVER_WAITING_END) != 0,
				(state.waiting & DRIVER_WAITING_STOP) != 0, (state.waiting & DRIVER_WAITING_DEL) != 0 } };
}

static void compare_device(uint32_t kernel, struct driver_device_state state, uint32_t event)
{
	struct driver_device_step step = driver_device_step(kernel, state, event);
	struct table_cell cell = device_cell(state);
	const char *name = driver_device_event_name(event);
	const struct table_row *row = row_of("device", NULL, DEVICE_FIELDS, cell, name, kernel);
	struct said c_says = { .next = device_cell(step.state), .verdict = step.verdict, .reply = step.reply,
			       .result = step.result };

	TABLE_NEED(row != NULL, "no row for device %s %s", driver_kernel_name(kernel), name);
	compare(row, DEVICE_FIELDS, read_said(DEVICE_FIELDS, cell, kernel_text(row, kernel)), c_says,
		driver_kernel_name(kernel), name, cell);
}

struct reached {
	size_t count;
	struct driver_device_state state[STATES_MAX];
};

static void reach(struct reached *reached, struct driver_device_state state)
{
	for (size_t i = 0; i < reached->count; i++)
		if (memcmp(&reached->state[i], &state, sizeof(state)) == 0)
			return;
	TABLE_NEED(reached->count < STATES_MAX, "more states than expected");
	reached->state[reached->count++] = state;
}

/* Every state that any order of events leads to, from no device. */
static void reach_all(struct reached *reached, uint32_t kernel)
{
	memset(reached, 0, sizeof(*reached));
	reached->count = 1;
	for (size_t i = 0; i < reached->count; i++)
		for (uint32_t event = 0; event < DRIVER_DEVICE_EVENTS; event++)
			reach(reached, driver_device_step(kernel, reached->state[i], event).state);
}

START_TEST(test_every_reachable_cell_of_a_device)
{
	struct reached *reached = calloc(1, sizeof(*reached));

	ck_assert_ptr_nonnull(reached);
	for (uint32_t kernel = 0; kernel < DRIVER_KERNELS; kernel++) {
		reach_all(reached, kernel);
		ck_assert_uint_gt(reached->count, 100);
		for (uint32_t event = 0; event < DRIVER_DEVICE_EVENTS; event++)
			for (size_t i = 0; i < reached->count; i++)
				compare_device(kernel, reached->state[i], event);
	}
	free(reached);
	all_used("device");
}
END_TEST

Suite *suite(void)
{
	Suite *all = suite_create("driver");
	TCase *tables = tcase_create("tables");

	tcase_set_timeout(tables, 120);
	tcase_add_checked_fixture(tables, setup, teardown);
	tcase_add_test(tables, test_every_cell_of_a_tag);
	tcase_add_test(tables, test_every_reachable_cell_of_a_device);
	suite_add_tcase(all, tables);
	return all;
}
