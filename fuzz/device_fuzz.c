/* The control plane under any events: each step is that of spec/device.tsv, whose rows are tried in their order, and an
 * observer who sees the actions alone finds the commands in order. */
#include "device.h"
#include "fuzz.h"
#include "rows.h"
#include "words.h"

#include <stdlib.h>
#include <string.h>

FUZZ_EMBED(device_tsv, "spec/device.tsv");

enum { EVENTS_MAX = 600, CONDITIONS_MAX = 4, CHANGES_MAX = 4, VALUES = 256 };

static const char *const ACTIONS[DEVICE_ACTIONS] = {
	[DEVICE_NOTHING] = "nothing",		      [DEVICE_SEND_ADD] = "send-add",
	[DEVICE_SEND_SET_PARAMS] = "send-set-params", [DEVICE_SEND_RECOVER] = "send-recover",
	[DEVICE_OPEN_QUEUES] = "open-queues",	      [DEVICE_SEND_START] = "send-start",
	[DEVICE_SEND_END_RECOVERY] = "send-end-recovery", [DEVICE_SEND_CANCEL] = "send-cancel",
	[DEVICE_FORSAKE] = "forsake",
	[DEVICE_SAY_LIVE] = "say-live",		      [DEVICE_SEND_QUIESCE] = "send-quiesce",
	[DEVICE_LEAVE_QUEUES] = "leave-queues",	      [DEVICE_DRAIN_QUEUES] = "drain-queues",
	[DEVICE_JOIN_QUEUES] = "join-queues",	      [DEVICE_SEND_STOP] = "send-stop",
	[DEVICE_SEND_DEL] = "send-del",		      [DEVICE_PAUSE] = "pause",
	[DEVICE_SAY_LATE] = "say-late",		      [DEVICE_SAY_OVER] = "say-over",
};

/* A state as the table sees it. */
enum field { WANT, RECOVERY, FAILED, QUEUES, PAUSING, TRIES, PHASE, FIELDS };
static const char *const FIELD_NAMES[FIELDS] = { "want", "recovery", "failed", "queues", "pausing", "tries", "phase" };

struct fields {
	uint8_t value[FIELDS];
};

struct condition {
	uint8_t field;
	bool holds[VALUES];
};

struct change {
	uint8_t field, value;
};

/* A row, so that a cell is found without reading words. */
struct row {
	uint32_t phases, events, conditions, changes;
	bool tries; /* one more, and a pause */
	struct condition condition[CONDITIONS_MAX];
	struct change change[CHANGES_MAX];
	uint8_t action, verdict;
};

static struct row table[ROWS_MAX];
static size_t table_rows;

static uint8_t value_of(uint8_t field, const char *word)
{
	if (field == WANT)
		return (uint8_t)rows_number(word, words_device_wants, DEVICE_WANTS);
	if (field == PHASE)
		return (uint8_t)rows_number(word, words_device_phases, DEVICE_PHASES);
	return (uint8_t)atoi(word);
}

static struct condition condition_of(char *text)
{
	char *list = strchr(text, '='), *word;
	bool negated = list && list > text && list[-1] == '!';
	struct condition condition = { 0 };

	FUZZ_NEED(list != NULL, "a condition has a value");
	list[negated ? -1 : 0] = '\0';
	list++;
	condition.field = (uint8_t)rows_number(text, FIELD_NAMES, FIELDS);
	for (size_t i = 0; i < VALUES; i++)
		condition.holds[i] = negated;
	while ((word = strsep(&list, ",")) != NULL)
		condition.holds[value_of(condition.field, word)] = !negated;
	return condition;
}

static void read_conditions(struct row *row, const char *text)
{
	char copy[256], *rest = copy, *word;

	snprintf(copy, sizeof(copy), "%s", text);
	while (strcmp(text, "-") != 0 && (word = strsep(&rest, " ")) != NULL) {
		FUZZ_NEED(row->conditions < CONDITIONS_MAX, "room for a condition");
		row->condition[row->conditions++] = condition_of(word);
	}
}

static void add_change(struct row *row, uint8_t field, uint8_t value)
{
	FUZZ_NEED(row->changes < CHANGES_MAX, "room for a change");
	row->change[row->changes++] = (struct change){ field, value };
}

static void read_changes(struct row *row, const char *text)
{
	char copy[256], *rest = copy, *word;

	snprintf(copy, sizeof(copy), "%s", text);
	while ((word = strsep(&rest, " ")) != NULL) {
		char *equals = strchr(word, '=');

		if (strncmp(word, "enter:", 6) == 0) {
			add_change(row, PHASE, value_of(PHASE, word + 6));
		} else if (strcmp(word, "try") == 0) {
			row->tries = true;
		} else if (equals) {
			*equals = '\0';
			add_change(row, (uint8_t)rows_number(word, FIELD_NAMES, FIELDS), 0);
			row->change[row->changes - 1].value = value_of(row->change[row->changes - 1].field, equals + 1);
		}
	}
}

static uint32_t mask_of(const char *list, const char *const *names, uint32_t count)
{
	uint32_t mask = 0;

	for (uint32_t i = 0; i < count; i++)
		FUZZ_NEED(names[i] != NULL, "every number has its word");
	for (uint32_t i = 0; i < count; i++)
		mask |= rows_listed(list, names[i]) ? 1u << i : 0;
	return mask;
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	static struct rows rows;

	(void)argc;
	(void)argv;
	rows_read(&rows, device_tsv);
	for (size_t i = 0; i < rows.count; i++) {
		const char *const *cell = rows.cell[i];
		struct row *row = &table[table_rows++];

		row->phases = mask_of(cell[0], words_device_phases, DEVICE_PHASES);
		row->events = mask_of(cell[2], words_device_events, DEVICE_EVENTS);
		read_conditions(row, cell[1]);
		read_changes(row, cell[3]);
		row->action = (uint8_t)rows_number(cell[4], ACTIONS, DEVICE_ACTIONS);
		row->verdict = (uint8_t)rows_number(cell[5], words_device_verdicts, DEVICE_VERDICTS);
	}
	return 0;
}

static struct fields fields_of(struct device_state state)
{
	return (struct fields){ { [WANT] = state.want, [RECOVERY] = state.recovery, [FAILED] = state.failed,
				  [QUEUES] = state.queues, [PAUSING] = state.pausing, [TRIES] = state.tries,
				  [PHASE] = state.phase } };
}

static bool fits(const struct row *row, struct fields fields, uint32_t event)
{
	bool fits = (row->phases >> fields.value[PHASE] & 1) != 0 && (row->events >> event & 1) != 0;

	for (uint32_t i = 0; i < row->conditions && fits; i++)
		fits = row->condition[i].holds[fields.value[row->condition[i].field]];
	return fits;
}

static struct fields changed(const struct row *row, struct fields fields)
{
	if (row->tries) {
		fields.value[TRIES]++;
		fields.value[PAUSING] = 1;
	}
	for (uint32_t i = 0; i < row->changes; i++) {
		/* A phase that is entered begins anew. */
		if (row->change[i].field == PHASE)
			fields.value[TRIES] = fields.value[PAUSING] = 0;
		fields.value[row->change[i].field] = row->change[i].value;
	}
	return fields;
}

static void judge(struct device_state state, uint32_t event, struct device_step step)
{
	struct fields next, got = fields_of(step.state);
	size_t i = 0;

	while (i < table_rows && !fits(&table[i], fields_of(state), event))
		i++;
	FUZZ_NEED(i < table_rows, "the table has a row for every cell");
	next = changed(&table[i], fields_of(state));
	FUZZ_NEED(memcmp(&next, &got, sizeof(next)) == 0, "the next state");
	FUZZ_NEED(step.action == table[i].action, "the action");
	FUZZ_NEED(step.verdict == table[i].verdict, "the verdict");
	FUZZ_NEED(device_state_valid(step.state), "leads to what can be");
}

/* What somebody sees who knows nothing but what was done. */
struct observer {
	bool flies, added, stopped, open;
};

static void observe(struct observer *observer, uint32_t event, const struct device_step *step)
{
	uint32_t action = step->action;
	bool sends = action == DEVICE_SEND_ADD || action == DEVICE_SEND_SET_PARAMS || action == DEVICE_SEND_RECOVER ||
		     action == DEVICE_SEND_START || action == DEVICE_SEND_END_RECOVERY || action == DEVICE_SEND_STOP ||
		     action == DEVICE_SEND_DEL || action == DEVICE_SEND_QUIESCE;

	if (event >= DEVICE_ANSWER_OK && event <= DEVICE_ANSWER_OTHER && step->verdict != DEVICE_UNEXPECTED)
		observer->flies = false;
	if (event == DEVICE_QUEUES_ENDED && step->verdict != DEVICE_UNEXPECTED)
		observer->open = false;
	FUZZ_NEED(!sends || !observer->flies, "one command at a time");
	FUZZ_NEED((action != DEVICE_SEND_CANCEL && action != DEVICE_FORSAKE) || observer->flies, "a cancel has its command");
	FUZZ_NEED(action != DEVICE_SEND_DEL || (observer->stopped && !observer->open), "STOP, then close, then DEL");
	observer->flies = observer->flies || sends;
	observer->stopped = observer->stopped || action == DEVICE_SEND_STOP;
	observer->open = observer->open || action == DEVICE_OPEN_QUEUES;
	FUZZ_NEED(action != DEVICE_SAY_OVER || !observer->open, "over: nothing is open");
}

/* An event: its number, or the class of an answer that is read. */
static uint32_t choose_event(struct fuzz *fuzz)
{
	static const int16_t RESULTS[] = { 0, -4, -16, -11, -19, -5 };
	uint32_t event = fuzz_below(fuzz, DEVICE_EVENTS + 1);
	uint8_t choice;
	int32_t result;

	if (event < DEVICE_EVENTS)
		return event;
	choice = fuzz_u8(fuzz);
	result = choice < 6 ? RESULTS[choice] : (int32_t)fuzz_u32(fuzz);
	event = device_event_of_result(result);
	if (choice < 6)
		FUZZ_NEED(event == DEVICE_ANSWER_OK + (uint32_t)choice, "the class of an answer");
	return event;
}

static void judge_words(void)
{
	static bool judged;

	for (uint32_t phase = 0; phase < DEVICE_PHASES && !judged; phase++)
		FUZZ_NEED(device_phase_name(phase)[0] && device_late_text(phase)[0] &&
			  (device_limit_ms(phase) == 0) == (phase == DEVICE_ABSENT || phase == DEVICE_LIVE || phase == DEVICE_OVER),
			  "a phase has words, and a limit where it waits");
	for (uint32_t action = 0; action < DEVICE_ACTIONS && !judged; action++)
		FUZZ_NEED(strcmp(device_action_name(action), ACTIONS[action]) == 0, "an action's name");
	judged = true;
}

/* Any state that can be, not only what a short history reaches: 250 tries are a long one. */
static void judge_any_state(struct fuzz *fuzz, bool raw)
{
	struct device_state state;

	/* One after the other: in an initialiser the order is the compiler's. */
	state.phase = fuzz_u8(fuzz);
	state.want = fuzz_u8(fuzz);
	state.recovery = fuzz_u8(fuzz);
	state.failed = fuzz_u8(fuzz);
	state.queues = fuzz_u8(fuzz);
	state.tries = fuzz_u8(fuzz);
	state.pausing = fuzz_u8(fuzz);
	if (!raw) {
		state.phase %= DEVICE_PHASES;
		state.want &= 1;
		state.recovery &= 1;
		state.failed &= 1;
		state.queues &= 1;
		state.pausing &= 1;
		/* It is the last tries that matter. */
		if (state.tries > DEVICE_TRIES_MAX / 2)
			state.tries = DEVICE_TRIES_MAX - state.tries % 4;
	}
	for (uint32_t event = 0; device_state_valid(state) && event < DEVICE_EVENTS; event++)
		judge(state, event, device_step(state, event));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz fuzz = { data, size };
	struct device_state state = { 0 };
	struct observer observer = { 0 };

	uint8_t shape = fuzz_u8(&fuzz);

	judge_words();
	if (shape & 1) {
		judge_any_state(&fuzz, shape & 2);
		return 0;
	}
	for (int i = 0; i < EVENTS_MAX && fuzz.left_bytes > 0; i++) {
		uint32_t event = choose_event(&fuzz);
		struct device_step step = device_step(state, event);

		judge(state, event, step);
		observe(&observer, event, &step);
		state = step.state;
	}
	return 0;
}
