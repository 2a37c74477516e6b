#include "tag.h"

#include <stdio.h>

#include "support/seed.h"
#include "suite.h"

/* ---- the rules, from the protocol ----------------------------------------------------------- */

/* The first rule that fits decides. Sets are words with commas, a family of events goes by its first part, * is any,
 * - keeps what was. */
static const char rules[] =
	/* modes    owners                    event                 next            memory action        verdict */
	/* 1: one FETCH per tag */
	"*          unborn                    begin                 fetching        own    fetch         lawful\n"
	/* 2: a request arrives; with NEED_GET_DATA a WRITE first asks for its place */
	"*          fetching,driver           completed-ok          server          own    handle        lawful\n"
	"get-data   copying                   completed-ok          server          -      handle        lawful\n"
	"get-data   fetching,driver,copying   completed-get-data    server-get-data own    place         lawful\n"
	"get-data   server-get-data           backend-lent          copying         lent   ask-data      lawful\n"
	"get-data   server-get-data           backend-kept          copying         own    ask-data      lawful\n"
	/* 3: every owned tag is committed, lent memory only where no WRITE comes unasked */
	"*          server                    backend-done          driver          own    commit        lawful\n"
	"*          server                    backend-failed        driver          own    commit        lawful\n"
	"get-data   server                    backend-lent          driver          lent   commit        lawful\n"
	"plain      server                    backend-lent          driver          own    commit-failed refused-lend\n"
	/* 4: aborted for good; a refused command changes nothing, and a tag never fetched stays out */
	"*          fetching,driver,copying   completed-abort       retired         own    nothing       lawful\n"
	"*          fetching                  completed-refused     retired         own    nothing       command-lost\n"
	"*          driver                    completed-refused     server          -      nothing       command-lost\n"
	"*          copying                   completed-refused     server-get-data own    nothing       command-lost\n"
	"*          fetching                  not-submitted         unborn          own    nothing       command-lost\n"
	"*          driver                    not-submitted         server          -      nothing       command-lost\n"
	"*          copying                   not-submitted         server-get-data own    nothing       command-lost\n"
	/* what the driver never sends to a tag that it holds ends the tag */
	"*          fetching,driver,copying   completed-strange     retired         own    nothing       driver-breach\n"
	"plain      fetching,driver           completed-get-data    retired         own    nothing       driver-breach\n"
	/* everything else cannot be, and changes nothing */
	"*          *                         completed             -               -      nothing       driver-breach\n"
	"*          *                         backend               -               -      nothing       backend-breach\n"
	"*          *                         *                     -               -      nothing       server-breach\n";

static const char *const modes[TAG_MODES] = { "plain", "get-data" };
static const char *const memories[TAG_MEMORIES] = { "own", "lent" };
static const char *const owners[TAG_OWNERS] = { "unborn", "fetching", "driver", "server", "server-get-data", "copying",
						"retired" };
static const char *const events[TAG_EVENTS] = {
	"begin", "completed-ok", "completed-get-data", "completed-abort", "completed-refused", "completed-strange",
	"backend-done", "backend-failed", "backend-lent", "backend-kept", "not-submitted",
};
static const char *const actions[TAG_ACTIONS] = { "nothing", "fetch", "handle", "place", "ask-data", "commit",
						  "commit-failed" };
static const char *const verdicts[TAG_VERDICTS] = { "lawful", "refused-lend", "command-lost", "driver-breach",
						    "backend-breach", "server-breach" };

/* `set` holds the word itself, or the family that its first part names (completed, backend). */
static bool holds(const char *set, const char *word, bool families)
{
	char copy[64], family[32];

	if (strcmp(set, "*") == 0)
		return true;
	snprintf(copy, sizeof(copy), "%s", set);
	snprintf(family, sizeof(family), "%.*s", (int)strcspn(word, "-"), word);
	for (char *each = strtok(copy, ","); each != NULL; each = strtok(NULL, ",")) {
		if (strcmp(each, word) == 0 || (families && strcmp(each, family) == 0))
			return true;
	}
	return false;
}

static void expect(char *line, size_t line_bytes, uint32_t mode, struct tag_state state, uint32_t event)
{
	char modes_of[32], owners_of[64], event_of[32], next[32], memory[16], action[16], verdict[16];
	int used = 0;

	for (const char *rule = rules; *rule != '\0'; rule += used) {
		ck_assert_int_eq(sscanf(rule, "%31s %63s %31s %31s %15s %15s %15s %n", modes_of, owners_of, event_of, next,
					memory, action, verdict, &used), 7);
		if (holds(modes_of, modes[mode], false) && holds(owners_of, owners[state.owner], false) &&
		    holds(event_of, events[event], true)) {
			snprintf(line, line_bytes, "%s %s %s %s", strcmp(next, "-") == 0 ? owners[state.owner] : next,
				 strcmp(memory, "-") == 0 ? memories[state.memory] : memory, action, verdict);
			return;
		}
	}
	ck_abort_msg("no rule for %s %s %s", modes[mode], owners[state.owner], events[event]);
}

/* ---- every cell ----------------------------------------------------------------------------- */

static void check_cell(uint32_t mode, struct tag_state state, uint32_t event)
{
	struct tag_step step = tag_step(mode, state, event);
	char expected[128], actual[128];

	expect(expected, sizeof(expected), mode, state, event);
	snprintf(actual, sizeof(actual), "%s %s %s %s", owners[step.state.owner], memories[step.state.memory],
		 actions[step.action], verdicts[step.verdict]);
	ck_assert_msg(strcmp(actual, expected) == 0, "%s, %s/%s, %s: %s, but the rules say %s", modes[mode],
		      owners[state.owner], memories[state.memory], events[event], actual, expected);
}

/* What must hold whatever the rules say. */
static void check_properties(uint32_t mode, struct tag_state state, uint32_t event)
{
	struct tag_step step = tag_step(mode, state, event);
	bool commits = step.action == TAG_COMMIT || step.action == TAG_COMMIT_FAILED;
	bool breach = step.verdict == TAG_BACKEND_BREACH || step.verdict == TAG_SERVER_BREACH;
	bool same = step.state.owner == state.owner && step.state.memory == state.memory;

	ck_assert(tag_state_valid(mode, step.state));
	ck_assert(!breach || (same && step.action == TAG_NOTHING));
	ck_assert(state.owner != TAG_RETIRED || (same && step.action == TAG_NOTHING && step.verdict != TAG_LAWFUL));
	ck_assert(!commits || (state.owner == TAG_SERVER && step.state.owner == TAG_DRIVER));
	ck_assert(step.action != TAG_FETCH || state.owner == TAG_UNBORN);
	ck_assert(step.action != TAG_ASK_DATA || state.owner == TAG_SERVER_GET_DATA);
	ck_assert(step.action != TAG_HANDLE || (state.owner != TAG_SERVER && step.state.owner == TAG_SERVER));
	ck_assert(step.action != TAG_PLACE || step.state.owner == TAG_SERVER_GET_DATA);
	ck_assert(mode == TAG_GET_DATA || (step.action != TAG_PLACE && step.action != TAG_ASK_DATA));
	ck_assert(step.verdict == TAG_LAWFUL || step.action == TAG_NOTHING || step.verdict == TAG_REFUSED_LEND);
	/* Only an answer of the backend takes a tag out of the server's hands. */
	ck_assert(state.owner != TAG_SERVER || same || commits);
}

START_TEST(test_every_mode_state_and_event)
{
	uint32_t mode = (uint32_t)_i;
	uint32_t cells = 0;

	for (uint8_t owner = 0; owner < TAG_OWNERS; owner++) {
		for (uint8_t memory = 0; memory < TAG_MEMORIES; memory++) {
			struct tag_state state = { owner, memory };

			if (!tag_state_valid(mode, state))
				continue;
			for (uint32_t event = 0; event < TAG_EVENTS; event++, cells++) {
				check_cell(mode, state, event);
				check_properties(mode, state, event);
			}
		}
	}
	ck_assert_uint_eq(cells, mode == TAG_PLAIN ? 5 * TAG_EVENTS : 10 * TAG_EVENTS);
}
END_TEST

/* Valid is what can be reached from the state that zero is, and nothing else. */
START_TEST(test_valid_means_reachable)
{
	uint32_t mode = (uint32_t)_i;
	bool reached[TAG_OWNERS][TAG_MEMORIES] = { { true } };

	for (uint32_t round = 0; round < TAG_OWNERS * TAG_MEMORIES; round++) {
		for (uint32_t cell = 0; cell < TAG_OWNERS * TAG_MEMORIES * TAG_EVENTS; cell++) {
			struct tag_state state = {
				.owner = (uint8_t)(cell / TAG_EVENTS / TAG_MEMORIES),
				.memory = (uint8_t)(cell / TAG_EVENTS % TAG_MEMORIES),
			};
			struct tag_state next;

			if (!reached[state.owner][state.memory])
				continue;
			next = tag_step(mode, state, cell % TAG_EVENTS).state;
			reached[next.owner][next.memory] = true;
		}
	}
	for (uint8_t owner = 0; owner < 16; owner++) {
		for (uint8_t memory = 0; memory < 4; memory++) {
			bool expected = owner < TAG_OWNERS && memory < TAG_MEMORIES && reached[owner][memory];

			ck_assert_int_eq(tag_state_valid(mode, (struct tag_state){ owner, memory }), expected);
		}
	}
}
END_TEST

/* ---- walks ---------------------------------------------------------------------------------- */

/* Any events in any order, lawful or not: every request that was opened is committed exactly once before the next
 * one opens, except that a refused COMMIT does not count. */
START_TEST(test_walks_commit_every_request_once)
{
	uint32_t mode = (uint32_t)_i;
	struct seed seed = seed_start("tag");
	int64_t opened = 0, committed = 0;

	for (uint32_t walk = 0; walk < 2000; walk++) {
		struct tag_state state = { 0 };
		int64_t open = 0; /* requests */

		for (uint32_t i = 0; i < 200; i++) {
			struct tag_step step = tag_step(mode, state, (uint32_t)seed_below(&seed, TAG_EVENTS));
			bool commits = step.action == TAG_COMMIT || step.action == TAG_COMMIT_FAILED;
			bool refused = state.owner == TAG_DRIVER && step.state.owner == TAG_SERVER &&
				       step.verdict == TAG_COMMAND_LOST;

			open += (step.action == TAG_HANDLE) + refused;
			open -= commits;
			opened += step.action == TAG_HANDLE;
			committed += commits;
			committed -= refused;
			state = step.state;
			if (open != (state.owner == TAG_SERVER))
				ck_abort_msg("%d requests are open while %s", (int)open, owners[state.owner]);
		}
		opened -= open;
	}
	ck_assert_int_eq(opened, committed);
	ck_assert_int_gt(opened, 100);
}
END_TEST

/* ---- results, names, misuse ----------------------------------------------------------------- */

START_TEST(test_every_result_is_an_event)
{
	for (int32_t result = -5000; result <= 5000; result++) {
		const char *expected = result == 0     ? "completed-ok" :
				       result == 1     ? "completed-get-data" :
				       result == -19   ? "completed-abort" :
				       result < 0      ? "completed-refused" :
							 "completed-strange";

		if (strcmp(events[tag_event_of_result(result)], expected) != 0)
			ck_abort_msg("%d is %s", result, events[tag_event_of_result(result)]);
	}
	ck_assert_uint_eq(tag_event_of_result(INT32_MIN), TAG_COMPLETED_REFUSED);
	ck_assert_uint_eq(tag_event_of_result(INT32_MAX), TAG_COMPLETED_STRANGE);
}
END_TEST

START_TEST(test_names)
{
	for (uint32_t i = 0; i < TAG_OWNERS; i++)
		ck_assert_str_eq(tag_owner_name(i), owners[i]);
	for (uint32_t i = 0; i < TAG_EVENTS; i++)
		ck_assert_str_eq(tag_event_name(i), events[i]);
	for (uint32_t i = 0; i < TAG_ACTIONS; i++)
		ck_assert_str_eq(tag_action_name(i), actions[i]);
	for (uint32_t i = 0; i < TAG_VERDICTS; i++) {
		for (uint32_t j = 0; j < i; j++)
			ck_assert_str_ne(tag_verdict_text(i), tag_verdict_text(j));
	}
}
END_TEST

START_TEST(test_what_is_no_enumerator_ends_us)
{
	switch (_i) {
	case 0:
		tag_step(TAG_MODES, (struct tag_state){ 0 }, TAG_BEGIN);
		break;
	case 1:
		tag_step(TAG_PLAIN, (struct tag_state){ 0 }, TAG_EVENTS);
		break;
	case 2:
		tag_step(TAG_PLAIN, (struct tag_state){ .owner = TAG_OWNERS }, TAG_BEGIN);
		break;
	case 3:
		tag_step(TAG_PLAIN, (struct tag_state){ .owner = TAG_DRIVER, .memory = TAG_LENT }, TAG_COMPLETED_OK);
		break;
	case 4:
		tag_step(TAG_PLAIN, (struct tag_state){ .owner = TAG_COPYING }, TAG_COMPLETED_OK);
		break;
	case 5:
		tag_owner_name(TAG_OWNERS);
		break;
	case 6:
		tag_event_name(TAG_EVENTS);
		break;
	case 7:
		tag_action_name(TAG_ACTIONS);
		break;
	case 8:
		tag_verdict_text(TAG_VERDICTS);
		break;
	}
}
END_TEST

Suite *suite(void)
{
	Suite *tag = suite_create("tag");
	TCase *all = tcase_create("all");

	tcase_set_timeout(all, 60);
	tcase_add_loop_test(all, test_every_mode_state_and_event, 0, TAG_MODES);
	tcase_add_loop_test(all, test_valid_means_reachable, 0, TAG_MODES);
	tcase_add_loop_test(all, test_walks_commit_every_request_once, 0, TAG_MODES);
	tcase_add_test(all, test_every_result_is_an_event);
	tcase_add_test(all, test_names);
	suite_add_death_loop(all, test_what_is_no_enumerator_ends_us, 0, 9);
	suite_add_tcase(tag, all);
	return tag;
}
