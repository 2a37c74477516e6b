#include "device.h"

#include <stdio.h>

#include "suite.h"

static const char *const events[DEVICE_EVENTS] = {
	[DEVICE_BEGIN] = "begin",
	[DEVICE_BEGIN_RECOVERY] = "begin-recovery",
	[DEVICE_ANSWER_OK] = "ok",
	[DEVICE_ANSWER_EINTR] = "eintr",
	[DEVICE_ANSWER_EBUSY] = "ebusy",
	[DEVICE_ANSWER_EAGAIN] = "eagain",
	[DEVICE_ANSWER_GONE] = "gone",
	[DEVICE_ANSWER_OTHER] = "other",
	[DEVICE_QUEUES_READY] = "ready",
	[DEVICE_QUEUE_FAILED] = "queue-failed",
	[DEVICE_QUEUES_ENDED] = "ended",
	[DEVICE_DEADLINE] = "deadline",
	[DEVICE_STOP_WANTED] = "stop",
	[DEVICE_SERVER_LOST] = "lost",
	[DEVICE_KEEP] = "keep",
	[DEVICE_HAND_OVER] = "hand-over",
};

/* ---- lives ---------------------------------------------------------------------------------- */

/* What happens > what is done about it; ! marks a failure that is to be reported. */
#define TO_START "begin>send-add ok>send-set-params ok>open-queues ready>send-start "
#define TO_LIVE TO_START "ok>say-live "
#define TO_END "begin-recovery>send-recover ok>open-queues ready>send-end-recovery "
#define RECOVERED TO_END "ok>say-live "

static const char *const lives[] = {
	/* a life without trouble; stopped by somebody who asks twice */
	TO_LIVE "stop>send-stop stop>nothing ok>join-queues ended>send-del ok>say-over stop>nothing",
	/* the tags come back before STOP answers */
	TO_LIVE "stop>send-stop ended>nothing ok>send-del ok>say-over",
	/* nothing was asked for but the end */
	"stop>say-over",
	/* ADD is refused: there is nothing to undo */
	"begin>send-add other>say-over!",
	"begin>send-add gone>say-over!",
	/* a stop while ADD is in flight waits for its answer, and undoes what it made */
	"begin>send-add stop>nothing other>say-over",
	"begin>send-add stop>nothing ebusy>say-over",
	"begin>send-add stop>nothing ok>send-stop ok>send-del ok>say-over",
	/* SET_PARAMS is refused */
	"begin>send-add ok>send-set-params other>send-stop! ok>send-del ok>say-over",
	"begin>send-add ok>send-set-params stop>nothing ok>send-stop ok>send-del ok>say-over",
	/* a queue fails, or a stop comes, before START: those that fetch must not be waited for */
	"begin>send-add ok>send-set-params ok>open-queues queue-failed>leave-queues! ended>send-stop ok>send-del ok>say-over",
	"begin>send-add ok>send-set-params ok>open-queues stop>leave-queues ready>nothing ended>send-stop ok>send-del "
	"ok>say-over",
	"begin>send-add ok>send-set-params ok>open-queues lost>leave-queues! ended>send-stop gone>send-del gone>say-over",
	/* START in flight: cancel, then STOP, then DEL; the queues serve until a failed one forbids it */
	TO_START "stop>send-cancel eintr>send-stop ok>join-queues ended>send-del ok>say-over",
	TO_START "stop>send-cancel ok>send-stop ok>join-queues ended>send-del ok>say-over",
	TO_START "queue-failed>send-cancel! eintr>leave-queues ended>send-stop ok>send-del ok>say-over",
	TO_START "queue-failed>send-cancel! ok>leave-queues ended>send-stop ok>send-del ok>say-over",
	TO_START "stop>send-cancel queue-failed>nothing other>leave-queues ended>send-stop ok>send-del ok>say-over",
	TO_START "stop>send-cancel ended>nothing eintr>send-stop ok>send-del ok>say-over",
	TO_START "lost>send-cancel! eintr>send-stop ok>join-queues ended>send-del ok>say-over",
	TO_START "ended>send-cancel! eintr>send-stop ok>send-del ok>say-over",
	/* START is refused: the tags come back with the STOP */
	TO_START "other>send-stop! ok>join-queues ended>send-del ok>say-over",
	/* what is busy is asked again after a pause; what was interrupted, at once */
	TO_START "eintr>send-start eintr>send-start ok>say-live",
	TO_START "ebusy>pause deadline>send-start eagain>pause deadline>send-start ok>say-live",
	TO_START "ebusy>pause stop>send-stop ok>join-queues ended>send-del ok>say-over",
	TO_START "ebusy>pause queue-failed>leave-queues! ended>send-stop ok>send-del ok>say-over",
	"begin>send-add ebusy>pause stop>say-over",
	/* a live device whose queue fails: no waiting for tags, nor for a STOP that would wait for them */
	TO_LIVE "queue-failed>leave-queues! queue-failed>nothing ended>send-stop ok>send-del ok>say-over",
	TO_LIVE "stop>send-stop queue-failed>leave-queues! ended>nothing ok>send-del ok>say-over",
	TO_LIVE "stop>send-stop ok>join-queues queue-failed>leave-queues! ended>send-del ok>say-over",
	/* handed over: whatever QUIESCE answers, the device stays, and is another server's */
	TO_LIVE "hand-over>send-quiesce ok>drain-queues ended>say-over",
	TO_LIVE "hand-over>send-quiesce other>drain-queues lost>nothing ended>say-over",
	TO_LIVE "hand-over>send-quiesce eintr>drain-queues stop>nothing ended>say-over",
	TO_LIVE "hand-over>send-quiesce lost>nothing ended>nothing ok>say-over",
	TO_LIVE "hand-over>send-quiesce queue-failed>leave-queues! ebusy>leave-queues ended>say-over",
	TO_LIVE "hand-over>send-quiesce queue-failed>leave-queues! ended>nothing ok>say-over",
	RECOVERED "hand-over>send-quiesce stop>nothing ok>drain-queues ended>say-over",
	/* made for recovery: once it is live a stop is a stop, anything else leaves it recoverable */
	TO_LIVE "keep>nothing stop>send-stop ok>join-queues ended>send-del ok>say-over",
	TO_LIVE "keep>nothing queue-failed>leave-queues! ended>say-over",
	TO_LIVE "keep>nothing lost>leave-queues ended>say-over",
	TO_LIVE "keep>nothing hand-over>send-quiesce ok>drain-queues ended>say-over",
	/* stopped or deleted by somebody else */
	TO_LIVE "lost>leave-queues ended>send-stop gone>send-del gone>say-over",
	TO_LIVE "ended>send-stop ok>send-del ok>say-over",
	/* STOP is refused: tags may never come back */
	TO_LIVE "stop>send-stop other>leave-queues ended>send-del ok>say-over",
	TO_LIVE "stop>send-stop gone>leave-queues ended>send-del gone>say-over",
	/* DEL: EINTR comes after the removal */
	TO_LIVE "stop>send-stop ok>join-queues ended>send-del eintr>send-del gone>say-over",
	TO_LIVE "stop>send-stop ok>join-queues ended>send-del ebusy>pause deadline>send-del ok>say-over",
	TO_LIVE "stop>send-stop ok>join-queues ended>send-del other>say-over!",
	/* no wait is given up */
	TO_START "deadline>say-late deadline>say-late ok>say-live",
	TO_LIVE "stop>send-stop deadline>say-late deadline>say-late ok>join-queues deadline>say-late ended>send-del "
	"deadline>say-late ok>say-over",
	/* recovery: the former server lets go late */
	"begin-recovery>send-recover ebusy>pause deadline>send-recover ebusy>pause deadline>send-recover ok>open-queues",
	/* a recovery that fails, or is broken off, leaves the device as it was */
	"begin-recovery>send-recover other>say-over!",
	"begin-recovery>send-recover stop>nothing ok>say-over",
	"begin-recovery>send-recover ebusy>pause stop>say-over",
	"begin-recovery>send-recover ok>open-queues queue-failed>leave-queues! ended>say-over",
	TO_END "other>leave-queues! ended>say-over",
	TO_END "stop>forsake eintr>leave-queues ended>say-over",
	TO_END "stop>forsake ok>leave-queues ended>say-over",
	TO_END "stop>forsake ended>nothing eintr>say-over",
	/* END waits behind somebody's STOP, and that for the failed queue's requests: they end with the queues */
	TO_END "queue-failed>forsake! queue-failed>nothing ended>nothing ok>say-over",
	TO_END "lost>forsake! ended>nothing eintr>say-over",
	TO_END "ended>send-cancel! eintr>say-over",
	/* recovered and live: a stop is a stop, anything else leaves it recoverable */
	RECOVERED "stop>send-stop ok>join-queues ended>send-del ok>say-over",
	RECOVERED "queue-failed>leave-queues! ended>say-over",
	RECOVERED "lost>leave-queues ended>say-over",
};

START_TEST(test_lives)
{
	struct device_state state = { 0 };
	char event[32], action[32], failed[2];
	int used = 0;

	for (const char *at = lives[_i]; *at != '\0'; at += used) {
		uint32_t number = 0;
		struct device_step step;

		failed[0] = '\0';
		if (sscanf(at, "%31[^>]>%31[^! ]%n%1[!]%n ", event, action, &used, failed, &used) < 2)
			ck_abort_msg("what is %s", at);
		used += (int)strspn(at + used, " ");
		while (number < DEVICE_EVENTS && strcmp(events[number], event) != 0)
			number++;
		step = device_step(state, number);
		ck_assert_msg(step.verdict == (failed[0] == '!' ? DEVICE_FAILED : DEVICE_LAWFUL),
			      "verdict %u at %s", step.verdict, at);
		ck_assert_msg(strcmp(device_action_name(step.action), action) == 0, "%s at %s",
			      device_action_name(step.action), at);
		state = step.state;
	}
}
END_TEST

/* A command that stays busy is sent DEVICE_TRIES_MAX times more, and then counts as refused. */
START_TEST(test_patience_ends)
{
	static const struct {
		const char *life;
		uint32_t action;
		uint32_t verdict;
	} ends[] = {
		{ "add", DEVICE_SAY_OVER, DEVICE_FAILED },
		{ "set", DEVICE_SEND_STOP, DEVICE_FAILED },
	};
	struct device_state state = { 0 };
	struct device_step step;

	state = device_step(state, DEVICE_BEGIN).state;
	if (strcmp(ends[_i].life, "set") == 0)
		state = device_step(state, DEVICE_ANSWER_OK).state;
	for (uint32_t i = 0; i < DEVICE_TRIES_MAX; i++) {
		step = device_step(state, i % 2 ? DEVICE_ANSWER_EBUSY : DEVICE_ANSWER_EAGAIN);
		ck_assert_uint_eq(step.action, DEVICE_PAUSE);
		step = device_step(step.state, DEVICE_DEADLINE);
		ck_assert_uint_ne(step.action, DEVICE_SAY_LATE);
		state = step.state;
	}
	step = device_step(state, DEVICE_ANSWER_EBUSY);
	ck_assert_uint_eq(step.action, ends[_i].action);
	ck_assert_uint_eq(step.verdict, ends[_i].verdict);
	ck_assert_uint_eq(step.state.want, DEVICE_DOWN);
}
END_TEST

/* ---- every state and event ------------------------------------------------------------------ */

/* Every value of every field, invalid ones included. Calls `visit` for each. */
static uint32_t for_every_state(void (*visit)(struct device_state state, bool valid))
{
	uint32_t valid_states = 0;

	for (uint32_t bits = 0; bits < 3 * 3 * 3 * 3 * 3 * 16; bits++) {
		for (uint32_t tries = 0; tries <= UINT8_MAX; tries++) {
			struct device_state state = {
				.want = (uint8_t)(bits % 3),
				.recovery = (uint8_t)(bits / 3 % 3),
				.failed = (uint8_t)(bits / 9 % 3),
				.queues = (uint8_t)(bits / 27 % 3),
				.pausing = (uint8_t)(bits / 81 % 3),
				.phase = (uint8_t)(bits / 243),
				.tries = (uint8_t)tries,
			};
			bool valid = device_state_valid(state);

			visit(state, valid);
			valid_states += valid;
		}
	}
	return valid_states;
}

static void check_total(struct device_state state, bool valid)
{
	for (uint32_t event = 0; valid && event < DEVICE_EVENTS; event++) {
		struct device_step step = device_step(state, event);
		bool same = memcmp(&step.state, &state, sizeof(state)) == 0;

		if (!device_state_valid(step.state) || step.action >= DEVICE_ACTIONS || step.verdict >= DEVICE_VERDICTS)
			ck_abort_msg("%s, %s: no valid step", device_phase_name(state.phase), events[event]);
		if (step.verdict == DEVICE_UNEXPECTED && (!same || step.action != DEVICE_NOTHING))
			ck_abort_msg("%s, %s: unexpected, but not without effect", device_phase_name(state.phase),
				     events[event]);
		if (step.verdict == DEVICE_FAILED && step.state.want != DEVICE_DOWN)
			ck_abort_msg("%s, %s: failed, and still up", device_phase_name(state.phase), events[event]);
		if (event == DEVICE_STOP_WANTED &&
		    (step.verdict != DEVICE_LAWFUL || step.state.want != DEVICE_DOWN))
			ck_abort_msg("%s: a stop is not heard", device_phase_name(state.phase));
	}
}

START_TEST(test_every_valid_state_and_event)
{
	ck_assert_uint_gt(for_every_state(check_total), 1000);
}
END_TEST

static void check_bounds(struct device_state state, bool valid)
{
	bool out = state.want > 1 || state.recovery > 1 || state.failed > 1 || state.queues > 1 || state.pausing > 1 ||
		   state.phase >= DEVICE_PHASES || state.tries > DEVICE_TRIES_MAX;

	if (valid && out)
		ck_abort_msg("a field out of its range is valid in %u", state.phase);
}

START_TEST(test_no_field_out_of_its_range_is_valid)
{
	for_every_state(check_bounds);
}
END_TEST

/* ---- results, names, misuse ----------------------------------------------------------------- */

START_TEST(test_every_result_is_an_event)
{
	for (int32_t result = -5000; result <= 5000; result++) {
		const char *expected = result == 0     ? "ok" :
				       result == -4    ? "eintr" :
				       result == -16   ? "ebusy" :
				       result == -11   ? "eagain" :
				       result == -19   ? "gone" :
							 "other";

		if (strcmp(events[device_event_of_result(result)], expected) != 0)
			ck_abort_msg("%d is %s", result, events[device_event_of_result(result)]);
	}
	ck_assert_uint_eq(device_event_of_result(INT32_MIN), DEVICE_ANSWER_OTHER);
	ck_assert_uint_eq(device_event_of_result(INT32_MAX), DEVICE_ANSWER_OTHER);
}
END_TEST

/* A phase either has no end to wait for, or a limit within which a person hears what it waits for. */
START_TEST(test_every_wait_has_a_limit)
{
	const bool rests = _i == DEVICE_ABSENT || _i == DEVICE_LIVE || _i == DEVICE_OVER;
	const uint32_t limit_ms = device_limit_ms((uint32_t)_i);

	ck_assert_int_eq(limit_ms == 0, rests);
	ck_assert_uint_le(limit_ms, 30000);
	ck_assert_uint_ge(strlen(device_late_text((uint32_t)_i)), rests ? 1 : 20);
}
END_TEST

START_TEST(test_names)
{
	for (uint32_t i = 0; i < DEVICE_PHASES; i++) {
		for (uint32_t j = 0; j < i; j++)
			ck_assert_str_ne(device_phase_name(i), device_phase_name(j));
	}
	for (uint32_t i = 0; i < DEVICE_ACTIONS; i++) {
		for (uint32_t j = 0; j < i; j++)
			ck_assert_str_ne(device_action_name(i), device_action_name(j));
	}
}
END_TEST

START_TEST(test_what_cannot_be_ends_us)
{
	struct device_state state = { 0 };

	switch (_i) {
	case 0: device_step(state, DEVICE_EVENTS); break;
	case 1: state.phase = DEVICE_PHASES; device_step(state, DEVICE_BEGIN); break;
	case 2: state.queues = 1; device_step(state, DEVICE_BEGIN); break;
	case 3: state.pausing = 1; device_step(state, DEVICE_BEGIN); break;
	case 4: device_phase_name(DEVICE_PHASES); break;
	case 5: device_action_name(DEVICE_ACTIONS); break;
	case 6: device_limit_ms(DEVICE_PHASES); break;
	case 7: device_late_text(DEVICE_PHASES); break;
	}
}
END_TEST

Suite *suite(void)
{
	Suite *device = suite_create("device");
	TCase *all = tcase_create("all");

	tcase_set_timeout(all, 60);
	tcase_add_loop_test(all, test_lives, 0, sizeof(lives) / sizeof(lives[0]));
	tcase_add_loop_test(all, test_patience_ends, 0, 2);
	tcase_add_test(all, test_every_valid_state_and_event);
	tcase_add_test(all, test_no_field_out_of_its_range_is_valid);
	tcase_add_test(all, test_every_result_is_an_event);
	tcase_add_loop_test(all, test_every_wait_has_a_limit, 0, DEVICE_PHASES);
	tcase_add_test(all, test_names);
	suite_add_death_loop(all, test_what_cannot_be_ends_us, 0, 8);
	suite_add_tcase(device, all);
	return device;
}
