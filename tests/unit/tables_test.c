/* spec/tag.tsv and spec/device.tsv and the core say the same, cell by cell, both ways. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "device.h"
#include "params.h"
#include "suite.h"
#include "support/table.h"
#include "tag.h"
#include "words.h"

/* ---- tag.tsv: a row for every cell --------------------------------------------------------- */

enum { TAG_COLUMNS = 8 };

static const char *mode_name(uint32_t mode)
{
	return words_tag_modes[mode];
}

static const char *memory_name(uint32_t memory)
{
	return words_tag_memories[memory];
}

static const char *verdict_name(uint32_t verdict)
{
	return words_tag_verdicts[verdict];
}

static uint8_t word(const struct table_row *row, int column, const char *(*name)(uint32_t number), uint32_t count)
{
	int number = table_number(row->cell[column], name, count);

	TABLE_NEED(number >= 0, "tag.tsv:%d: no word %s", row->line, row->cell[column]);
	return (uint8_t)number;
}

/* A row says what the C does, and leads to a state that can be. */
static void row_is_c(const struct table_row *row, uint8_t seen[TAG_MODES][TAG_OWNERS][TAG_MEMORIES][TAG_EVENTS])
{
	uint8_t mode = word(row, 0, mode_name, TAG_MODES);
	struct tag_state state = { .owner = word(row, 1, tag_owner_name, TAG_OWNERS),
				   .memory = word(row, 2, memory_name, TAG_MEMORIES) };
	uint8_t event = word(row, 3, tag_event_name, TAG_EVENTS);
	struct tag_step step;

	ck_assert_msg(tag_state_valid(mode, state), "tag.tsv:%d cannot be", row->line);
	ck_assert_msg(seen[mode][state.owner][state.memory][event]++ == 0, "tag.tsv:%d: a second row", row->line);
	step = tag_step(mode, state, event);
	ck_assert_msg(step.state.owner == word(row, 4, tag_owner_name, TAG_OWNERS), "tag.tsv:%d: owner, in C %s",
		      row->line, tag_owner_name(step.state.owner));
	ck_assert_msg(step.state.memory == word(row, 5, memory_name, TAG_MEMORIES), "tag.tsv:%d: memory, in C %s",
		      row->line, memory_name(step.state.memory));
	ck_assert_msg(step.action == word(row, 6, tag_action_name, TAG_ACTIONS), "tag.tsv:%d: action, in C %s",
		      row->line, tag_action_name(step.action));
	ck_assert_msg(step.verdict == word(row, 7, verdict_name, TAG_VERDICTS), "tag.tsv:%d: verdict, in C %s",
		      row->line, verdict_name(step.verdict));
	ck_assert_msg(tag_state_valid(mode, step.state), "tag.tsv:%d leads to what cannot be", row->line);
}

START_TEST(test_every_cell_of_a_tag)
{
	static uint8_t seen[TAG_MODES][TAG_OWNERS][TAG_MEMORIES][TAG_EVENTS];
	struct table *table = table_read("spec/tag.tsv");

	for (size_t i = 0; i < table->rows; i++) {
		ck_assert_int_eq(table->row[i].cells, TAG_COLUMNS);
		row_is_c(&table->row[i], seen);
	}
	for (uint32_t mode = 0; mode < TAG_MODES; mode++)
		for (uint8_t owner = 0; owner < TAG_OWNERS; owner++)
			for (uint8_t memory = 0; memory < TAG_MEMORIES; memory++)
				for (uint32_t event = 0; event < TAG_EVENTS; event++)
					ck_assert_msg(seen[mode][owner][memory][event] ==
							      tag_state_valid(mode, (struct tag_state){ owner, memory }),
						      "tag.tsv has no row for %s %s %s %s", mode_name(mode),
						      tag_owner_name(owner), memory_name(memory), tag_event_name(event));
	table_free(table);
}
END_TEST

/* ---- device.tsv: the first row that fits --------------------------------------------------- */

enum {
	FIELD_PHASE, FIELD_WANT, FIELD_RECOVERY, FIELD_FAILED, FIELD_QUEUES, FIELD_PAUSING, FIELD_TRIES,
	COLUMN_PHASE = 0, COLUMN_WHEN, COLUMN_EVENTS, COLUMN_CHANGES, COLUMN_ACTION, COLUMN_VERDICT, DEVICE_COLUMNS,
};

/* Of the tries only those at the edges differ. */
static const uint8_t TRIES[] = { 0, 1, 2, DEVICE_TRIES_MAX - 1, DEVICE_TRIES_MAX };

static const struct table_field FIELDS[] = {
	[FIELD_PHASE] = { "phase", words_device_phases, DEVICE_PHASES },
	[FIELD_WANT] = { "want", words_device_wants, DEVICE_WANTS },
	[FIELD_RECOVERY] = { "recovery", TABLE_WORDS("0", "1") },
	[FIELD_FAILED] = { "failed", TABLE_WORDS("0", "1") },
	[FIELD_QUEUES] = { "queues", TABLE_WORDS("0", "1") },
	[FIELD_PAUSING] = { "pausing", TABLE_WORDS("0", "1") },
	[FIELD_TRIES] = { "tries", TABLE_WORDS("0", "1", "2", "249", "250") },
	{ NULL, NULL, 0 },
};

static uint8_t tries_number(uint8_t tries)
{
	for (uint8_t i = 0; i < sizeof(TRIES); i++)
		if (TRIES[i] == tries)
			return i;
	ck_abort_msg("tries %d", tries);
	return 0;
}

static struct table_cell cell_of(struct device_state state)
{
	return (struct table_cell){ { state.phase, state.want, state.recovery, state.failed, state.queues, state.pausing,
				      tries_number(state.tries) } };
}

static struct table_cell changed(struct table_cell cell, const char *changes, int line)
{
	char copy[256], *rest = copy, *change;

	TABLE_NEED(strlen(changes) < sizeof(copy), "device.tsv:%d: too long", line);
	strcpy(copy, changes);
	while ((change = strsep(&rest, " ")) != NULL) {
		char *equals = strchr(change, '=');

		if (strncmp(change, "enter:", 6) == 0) {
			cell.value[FIELD_PHASE] = table_value_number(&FIELDS[FIELD_PHASE], change + 6);
			cell.value[FIELD_TRIES] = cell.value[FIELD_PAUSING] = 0;
		} else if (strcmp(change, "try") == 0) {
			cell.value[FIELD_TRIES]++;
			cell.value[FIELD_PAUSING] = 1;
		} else if (equals != NULL) {
			int field = table_field_number(FIELDS, change, (size_t)(equals - change));

			cell.value[field] = table_value_number(&FIELDS[field], equals + 1);
		} else {
			TABLE_NEED(strcmp(change, "stays") == 0, "device.tsv:%d: no change %s", line, change);
		}
	}
	return cell;
}

static const struct table_row *row_of(const struct table *table, struct table_cell cell, uint32_t event, uint8_t *used)
{
	const char *phase = FIELDS[FIELD_PHASE].values[cell.value[FIELD_PHASE]];

	for (size_t i = 0; i < table->rows; i++) {
		const struct table_row *row = &table->row[i];

		TABLE_NEED(row->cells == DEVICE_COLUMNS, "device.tsv:%d has %d cells", row->line, row->cells);
		if (table_listed(row->cell[COLUMN_PHASE], phase) && table_listed(row->cell[COLUMN_EVENTS], words_device_events[event]) &&
		    table_when_holds(FIELDS, row->cell[COLUMN_WHEN], cell)) {
			used[i] = 1;
			return row;
		}
	}
	ck_abort_msg("device.tsv has no row for%s %s", table_cell_text(FIELDS, cell), words_device_events[event]);
	return NULL;
}

static void cell_is_c(const struct table *table, struct device_state state, uint32_t event, uint8_t *used)
{
	struct table_cell cell = cell_of(state);
	const struct table_row *row = row_of(table, cell, event, used);
	struct table_cell next = changed(cell, row->cell[COLUMN_CHANGES], row->line);
	struct device_step step = device_step(state, event);
	struct table_cell c_next = cell_of(step.state);

	for (int i = 0; FIELDS[i].name != NULL; i++)
		TABLE_NEED(next.value[i] == c_next.value[i], "device.tsv:%d%s %s: %s, in C %s", row->line,
			   table_cell_text(FIELDS, cell), words_device_events[event], FIELDS[i].name, FIELDS[i].values[c_next.value[i]]);
	TABLE_NEED(strcmp(row->cell[COLUMN_ACTION], device_action_name(step.action)) == 0,
		   "device.tsv:%d%s %s: action, in C %s", row->line, table_cell_text(FIELDS, cell), words_device_events[event],
		   device_action_name(step.action));
	TABLE_NEED(strcmp(row->cell[COLUMN_VERDICT], words_device_verdicts[step.verdict]) == 0,
		   "device.tsv:%d%s %s: verdict, in C %s", row->line, table_cell_text(FIELDS, cell), words_device_events[event],
		   words_device_verdicts[step.verdict]);
	TABLE_NEED(device_state_valid(step.state), "device.tsv:%d leads to what cannot be", row->line);
}

static struct device_state state_number(uint32_t number)
{
	return (struct device_state){
		.want = (uint8_t)(number & 1),		  .recovery = (uint8_t)(number >> 1 & 1),
		.failed = (uint8_t)(number >> 2 & 1),	  .queues = (uint8_t)(number >> 3 & 1),
		.pausing = (uint8_t)(number >> 4 & 1),	  .phase = (uint8_t)((number >> 5) % DEVICE_PHASES),
		.tries = TRIES[(number >> 5) / DEVICE_PHASES],
	};
}

START_TEST(test_every_cell_of_a_device)
{
	static uint8_t used[TABLE_ROWS_MAX];
	struct table *table = table_read("spec/device.tsv");
	uint32_t states = 0;

	for (uint32_t number = 0; number < 32 * DEVICE_PHASES * sizeof(TRIES); number++) {
		struct device_state state = state_number(number);

		/* 2 stands for what follows 1. */
		if (state.tries == 2 || !device_state_valid(state))
			continue;
		states++;
		for (uint32_t event = 0; event < DEVICE_EVENTS; event++)
			cell_is_c(table, state, event, used);
	}
	ck_assert_uint_gt(states, DEVICE_PHASES);
	for (size_t i = 0; i < table->rows; i++)
		ck_assert_msg(used[i], "device.tsv:%d fits no cell", table->row[i].line);
	table_free(table);
}
END_TEST

/* ---- what is left out ---------------------------------------------------------------------- */

START_TEST(test_only_known_features_are_asked_for)
{
	const uint64_t known = UBLK_F_NEED_GET_DATA | UBLK_F_CMD_IOCTL_ENCODE | UBLK_F_USER_RECOVERY |
			       UBLK_F_USER_RECOVERY_REISSUE | UBLK_F_USER_RECOVERY_FAIL_IO;

	for (uint32_t flags = 0; flags < PARAMS_FLAGS; flags++) {
		struct params_config config = { .flags = flags, .page_bytes = 4096, .max_io_bytes = 4096,
						.block_bytes = 512, .discard_granularity_bytes = 512 };

		ck_assert_uint_eq(params_dev_info(config).flags & ~known, 0);
		ck_assert_uint_eq(params_of(config).types &
				  ~(uint32_t)(UBLK_PARAM_TYPE_BASIC | UBLK_PARAM_TYPE_DISCARD), 0);
	}
}
END_TEST

Suite *suite(void)
{
	Suite *all = suite_create("tables");
	TCase *omissions = tcase_create("omissions");
	TCase *tables = tcase_create("tables");

	tcase_set_timeout(tables, 60);
	tcase_add_test(tables, test_every_cell_of_a_tag);
	tcase_add_test(tables, test_every_cell_of_a_device);
	suite_add_tcase(all, tables);
	tcase_add_test(omissions, test_only_known_features_are_asked_for);
	suite_add_tcase(all, omissions);
	return all;
}
