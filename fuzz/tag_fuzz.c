/* Some tags under any events: each step is the table's (spec/tag.tsv), and the tally is the count. */
#include "fuzz.h"
#include "rows.h"
#include "tally.h"
#include "tag.h"
#include "words.h"

FUZZ_EMBED(tag_tsv, "spec/tag.tsv");

enum { TAGS = 6, EVENTS_MAX = 200 };

static const char *const OWNERS[TAG_OWNERS] = { "unborn", "fetching", "driver", "server", "server-get-data", "copying",
						"retired" };
static const char *const EVENTS[TAG_EVENTS] = { "begin", "completed-ok", "completed-get-data", "completed-abort",
						"completed-refused", "completed-strange", "backend-done", "backend-failed",
						"backend-lent", "backend-kept", "not-submitted" };
static const char *const ACTIONS[TAG_ACTIONS] = { "nothing", "fetch", "handle", "place", "ask-data", "commit", "commit-failed" };

/* What the table says; owner TAG_OWNERS where it has no row. */
static struct tag_step table[TAG_MODES][TAG_OWNERS][TAG_MEMORIES][TAG_EVENTS];

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	static struct rows rows;

	(void)argc;
	(void)argv;
	for (uint32_t cell = 0; cell < sizeof(table) / sizeof(table[0][0][0][0]); cell++)
		(&table[0][0][0][0])[cell].state.owner = TAG_OWNERS;
	rows_read(&rows, tag_tsv);
	for (size_t i = 0; i < rows.count; i++) {
		const char *const *cell = rows.cell[i];
		struct tag_step step = {
			.state = { .owner = (uint8_t)rows_number(cell[4], OWNERS, TAG_OWNERS),
				   .memory = (uint8_t)rows_number(cell[5], words_tag_memories, TAG_MEMORIES) },
			.action = (uint8_t)rows_number(cell[6], ACTIONS, TAG_ACTIONS),
			.verdict = (uint8_t)rows_number(cell[7], words_tag_verdicts, TAG_VERDICTS),
		};

		table[rows_number(cell[0], words_tag_modes, TAG_MODES)][rows_number(cell[1], OWNERS, TAG_OWNERS)]
		     [rows_number(cell[2], words_tag_memories, TAG_MEMORIES)][rows_number(cell[3], EVENTS, TAG_EVENTS)] = step;
	}
	return 0;
}

/* A completion's result as the events of the table call it. */
static uint32_t event_of(int32_t result)
{
	static const uint8_t POSITIVE[] = { TAG_COMPLETED_OK, TAG_COMPLETED_GET_DATA, TAG_COMPLETED_STRANGE };

	if (result >= 0)
		return POSITIVE[result < 2 ? result : 2];
	return result == -19 ? TAG_COMPLETED_ABORT : TAG_COMPLETED_REFUSED;
}

static void judge_words(struct tag_step step, uint32_t event)
{
	FUZZ_NEED(tag_owner_name(step.state.owner)[0] == OWNERS[step.state.owner][0], "an owner's name");
	FUZZ_NEED(tag_event_name(event)[0] == EVENTS[event][0], "an event's name");
	FUZZ_NEED(tag_action_name(step.action)[0] == ACTIONS[step.action][0], "an action's name");
	FUZZ_NEED(tag_verdict_text(step.verdict)[0] != '\0', "a verdict's text");
}

static void judge_state(uint32_t mode, struct tag_state state)
{
	bool listed = state.owner < TAG_OWNERS && state.memory < TAG_MEMORIES &&
		      table[mode][state.owner][state.memory][0].state.owner < TAG_OWNERS;

	FUZZ_NEED(tag_state_valid(mode, state) == listed, "valid: what has a row");
}

static void judge_tally(struct tally tally, const uint32_t count[TAG_OWNERS], uint32_t depth_tags)
{
	uint32_t open = count[TAG_SERVER] + count[TAG_SERVER_GET_DATA];

	for (uint32_t owner = 0; owner < TAG_OWNERS; owner++)
		FUZZ_NEED(tally.tags[owner] == count[owner], "the tally is the count");
	FUZZ_NEED(tally_open(tally) == open && tally_drained(tally) == (open == 0), "drained: none is the server's");
	FUZZ_NEED(tally_over(tally) == (count[TAG_RETIRED] == depth_tags), "over: all are retired");
}

static uint32_t choose_event(struct fuzz *fuzz, uint8_t choice)
{
	uint32_t event = choice % (TAG_EVENTS + 1);
	int32_t result;

	if (event < TAG_EVENTS)
		return event;
	result = (int32_t)fuzz_u32(fuzz);
	event = tag_event_of_result(result);
	FUZZ_NEED(event == event_of(result), "the event that a result is");
	return event;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz fuzz = { data, size };
	uint8_t shape = fuzz_u8(&fuzz);
	uint32_t mode = shape & 1, depth_tags = 1 + (shape >> 1) % TAGS, count[TAG_OWNERS] = { depth_tags };
	struct tag_state tags[TAGS] = { { 0, 0 } }, any = { .owner = fuzz_u8(&fuzz), .memory = fuzz_u8(&fuzz) };
	struct tally tally = tally_of(depth_tags);

	judge_state(mode, any);
	judge_tally(tally, count, depth_tags);
	for (int i = 0; i < EVENTS_MAX && fuzz.left_bytes > 0; i++) {
		uint8_t choice = fuzz_u8(&fuzz);
		struct tag_state *state = &tags[choice / 16 % depth_tags];
		uint32_t event = choose_event(&fuzz, choice & 15);
		struct tag_step step = tag_step(mode, *state, event), *row = &table[mode][state->owner][state->memory][event];

		FUZZ_NEED(step.state.owner == row->state.owner && step.state.memory == row->state.memory, "the next state");
		FUZZ_NEED(step.action == row->action && step.verdict == row->verdict, "action and verdict");
		judge_words(step, event);
		tally = tally_move(tally, state->owner, step.state.owner);
		count[state->owner]--;
		count[step.state.owner]++;
		judge_tally(tally, count, depth_tags);
		*state = step.state;
	}
	return 0;
}
