/* A device that fails or stalls is said to do so; and what was recorded is replayed as it was. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "attempt.h"
#include "engine.h"
#include "suite.h"
#include "support/rig.h"

#define STALL_EXIT 42

static struct attempt attempt;

static void run(struct rig *rig, enum fault fault)
{
	struct faulty *faulty = faulty_new(ring_port(rig->ring), rig->fd, fault, rig->target.size_bytes);

	attempt_make(&attempt, &rig->schedule, faulty_port(faulty), &rig->identity, &rig->limits, NULL);
	if (fault != FAULT_NONE)
		ck_assert_uint_gt(faulty_strikes(faulty), 0);
	if (attempt.result != ATTEMPT_STALLED)
		faulty_free(faulty);
}

/* The failed writes may have taken place, in part: that alone is no corruption. */
START_TEST(an_error_is_a_failure_of_the_device)
{
	struct rig rig;

	rig_open(&rig, FAULT_ERROR);
	/* Nothing that overlaps shall hide what a failed write has left. */
	rig.schedule.plan.pattern = PLAN_SCATTERED;
	run(&rig, FAULT_ERROR);
	ck_assert_int_eq(attempt.result, ATTEMPT_FAILED);
	ck_assert_msg(strstr(attempt.run.trouble, "failed: Input/output error"), "%s", attempt.run.trouble);
	attempt_close(&attempt);
	rig_close(&rig);
}
END_TEST

START_TEST(a_short_read_is_a_failure_of_the_device)
{
	struct rig rig;

	rig_open(&rig, FAULT_SHORT);
	run(&rig, FAULT_SHORT);
	ck_assert_int_eq(attempt.result, ATTEMPT_FAILED);
	ck_assert_msg(strstr(attempt.run.trouble, "ended after"), "%s", attempt.run.trouble);
	attempt_close(&attempt);
	rig_close(&rig);
}
END_TEST

START_TEST(a_stall_is_noticed)
{
	static char flights[4096];
	struct rig rig;

	rig_open(&rig, FAULT_STUCK);
	rig.limits.stall_seconds = 1;
	run(&rig, FAULT_STUCK);
	ck_assert_int_eq(attempt.result, ATTEMPT_STALLED);
	ck_assert_str_eq(atomic_load(&attempt.run.progress.phase), "running");
	engine_describe_flights(&attempt.run, flights, sizeof flights);
	ck_assert_ptr_nonnull(strstr(flights, "a write of"));
	/* The threads are still in there, and so is their memory: nothing is left but to go. */
	_exit(STALL_EXIT);
}
END_TEST

START_TEST(a_run_that_compares_nothing_does_not_pass)
{
	struct rig rig;

	rig_open(&rig, FAULT_NONE);
	rig.schedule.plan.writes = rig.schedule.plan.discards = rig.schedule.plan.zeroes = 0;
	rig.schedule.plan.flushes = 1000;
	rig.limits.record_all = false;
	run(&rig, FAULT_NONE);
	ck_assert_int_eq(attempt.result, ATTEMPT_FAILED);
	ck_assert_ptr_nonnull(strstr(attempt.run.trouble, "nothing was compared"));
	attempt_close(&attempt);
	rig_close(&rig);
}
END_TEST

/* Of two operations of which one had ended before the other began, the same is true in the replay. */
static void check_order(const struct journal *replayed, const struct schedule *recorded)
{
	uint32_t limit = recorded->list[recorded->list_count - 1].number, *begin_at = calloc(limit + 1, sizeof *begin_at);
	uint32_t *end_at = calloc(limit + 1, sizeof *end_at), last_end = 0;

	ck_assert_uint_eq(replayed->event_count, recorded->event_count);
	for (uint32_t at = 0; at < replayed->event_count; at++) {
		uint32_t event = replayed->events[at];

		*(SCHEDULE_IS_END(event) ? &end_at[SCHEDULE_NUMBER(event)] : &begin_at[SCHEDULE_NUMBER(event)]) = at + 1;
	}
	for (uint32_t at = 0; at < recorded->event_count; at++) {
		uint32_t event = recorded->events[at], number = SCHEDULE_NUMBER(event);

		if (!SCHEDULE_IS_END(event))
			ck_assert_uint_gt(begin_at[number], last_end);
		else if (end_at[number] > last_end)
			last_end = end_at[number];
	}
	free(begin_at);
	free(end_at);
}

static void check_same_plan(const struct plan *one, const struct plan *other)
{
	for (uint32_t number = 1; number <= 500; number++) {
		struct operation first = plan_operation(one, number), second = plan_operation(other, number);
		char texts[2][160];

		ck_assert_str_eq(operation_print(&first, texts[0], sizeof texts[0]),
				 operation_print(&second, texts[1], sizeof texts[1]));
	}
}

START_TEST(a_recorded_run_is_replayed_in_its_order)
{
	struct schedule recorded, read;
	FILE *file = tmpfile();
	struct rig rig;

	rig_open(&rig, FAULT_NONE);
	run(&rig, FAULT_NONE);
	ck_assert_int_eq(attempt.result, ATTEMPT_PASSED);
	recorded = schedule_record(&rig.schedule, attempt.run.journal.events, attempt.run.journal.event_count);
	ck_assert_int_eq(schedule_write(&recorded, file, "DEVICE"), 0);
	attempt_close(&attempt);
	rewind(file);
	ck_assert(schedule_read(&read, file, "the test's"));
	fclose(file);
	ck_assert_uint_eq(read.event_count, recorded.event_count);
	ck_assert_uint_eq(read.list_count, recorded.list_count);
	ck_assert_mem_eq(read.events, recorded.events, read.event_count * sizeof *read.events);
	ck_assert_mem_eq(read.list, recorded.list, read.list_count * sizeof *read.list);
	check_same_plan(&read.plan, &recorded.plan);
	rig.schedule = read;
	rig.identity.generation++;
	run(&rig, FAULT_NONE);
	ck_assert_int_eq(attempt.result, ATTEMPT_PASSED);
	check_order(&attempt.run.journal, &recorded);
	attempt_close(&attempt);
	schedule_free(&recorded);
	schedule_free(&read);
	rig_close(&rig);
}
END_TEST

static bool readable(const char *text)
{
	struct schedule schedule;
	FILE *file = tmpfile();
	bool good;

	fputs(text, file);
	rewind(file);
	good = schedule_read(&schedule, file, "the test's");
	fclose(file);
	schedule_free(&schedule);
	return good;
}

#define HEAD "blkshadow schedule 1\n"
#define PLAN                                                                                                                \
	"plan seed=1 size=65536 block=512 min=512 max=4096 jobs=1 pattern=0 cache=0 writes=1 discards=0 zeroes=0 flushes=0 " \
	"fua=0 zeroes_direct=0\n"
#define LIMIT "limit discard=0 atomic=0 repeats=1\n"
#define BEGIN "begin 3 write 4096 4096 direct fua job=0\n"

START_TEST(a_file_that_does_not_fit_itself_is_refused)
{
	static const char *const bad[] = {
		"", "blkshadow schedule 3\n" PLAN LIMIT BEGIN, HEAD PLAN LIMIT, HEAD PLAN BEGIN, HEAD LIMIT BEGIN,
		HEAD PLAN LIMIT "end 3\n", HEAD PLAN LIMIT BEGIN BEGIN, HEAD PLAN LIMIT BEGIN "end 3\nend 3\n",
		HEAD PLAN LIMIT BEGIN "end 4\n", HEAD PLAN LIMIT "begin 3 write 4096 8192 direct fua job=0\n",
		HEAD PLAN LIMIT "begin 3 write 65536 512 direct fua job=0\n",
		HEAD PLAN LIMIT "begin 3 write 100 512 direct fua job=0\n",
		HEAD PLAN LIMIT "begin 3 write 4096 0 direct fua job=0\n",
		HEAD PLAN LIMIT "begin 3 write 4096 4096 direct fua job=1\n",
		HEAD PLAN LIMIT "begin 0 write 4096 4096 direct fua job=0\n",
		HEAD PLAN "limit discard=3 atomic=0 repeats=1\n" BEGIN, HEAD PLAN "limit discard=0 atomic=0 repeats=0\n" BEGIN,
		HEAD PLAN LIMIT BEGIN "whatever\n",
		HEAD PLAN LIMIT "begin 3 stress 0 job=0\n",
		HEAD PLAN LIMIT "stress 0 a beside\nbegin 3 stress 1 job=0\n",
		HEAD PLAN LIMIT "stress 1 a beside\n" BEGIN,
		HEAD PLAN LIMIT "stress 0 a beside\nstress 1 a pause\n" BEGIN,
		HEAD PLAN LIMIT "stress 0 a=b beside\n" BEGIN,
		HEAD PLAN LIMIT "stress 0 a above\n" BEGIN,
	};

	ck_assert(readable(HEAD PLAN LIMIT BEGIN "end 3\n"));
	ck_assert(readable(HEAD "# a word\n" PLAN LIMIT BEGIN));
	ck_assert(readable("blkshadow schedule 2\n" PLAN LIMIT "stress 0 a beside\nstress 1 b pause\nbegin 3 stress 1 job=0\n"));
	for (unsigned at = 0; at < sizeof bad / sizeof bad[0]; at++)
		ck_assert_msg(!readable(bad[at]), "%s", bad[at]);
}
END_TEST

Suite *suite(void)
{
	Suite *suite = suite_create("device");
	TCase *cases = tcase_create("device");
	const char *fork_mode = getenv("CK_FORK");

	tcase_set_timeout(cases, 60);
	tcase_add_test(cases, an_error_is_a_failure_of_the_device);
	tcase_add_test(cases, a_short_read_is_a_failure_of_the_device);
	tcase_add_test(cases, a_run_that_compares_nothing_does_not_pass);
	tcase_add_test(cases, a_recorded_run_is_replayed_in_its_order);
	tcase_add_test(cases, a_file_that_does_not_fit_itself_is_refused);
	/* It leaves threads behind, so it needs a process of its own. */
	if (!fork_mode || strcmp(fork_mode, "no") != 0)
		tcase_add_exit_test(cases, a_stall_is_noticed, STALL_EXIT);
	suite_add_tcase(suite, cases);
	return suite;
}
