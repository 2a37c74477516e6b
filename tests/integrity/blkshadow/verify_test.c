/* A device that fails for a while, or dies: what it has answered for has to be there, what it has not may be old or new. */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "attempt.h"
#include "suite.h"
#include "support/rig.h"

static struct attempt attempt;

/* Direct, without overlaps to hide behind, on zeroes. */
static void open_rig(struct rig *rig)
{
	rig_open(rig, FAULT_ERROR);
	ck_assert_int_eq(ftruncate(rig->fd, 0), 0);
	ck_assert_int_eq(ftruncate(rig->fd, (off_t)rig->target.size_bytes), 0);
	rig->schedule.plan.cache = rig->target.direct ? PLAN_DIRECT : PLAN_BUFFERED;
	rig->schedule.plan.pattern = PLAN_SCATTERED;
	rig->schedule.plan.max_bytes = 64 << 10;
	rig->limits.allow_errors = true;
}

static void run(struct rig *rig, enum fault fault)
{
	struct faulty *faulty = faulty_new(ring_port(rig->ring), rig->fd, fault, rig->target.size_bytes);

	attempt_make(&attempt, &rig->schedule, faulty_port(faulty), &rig->identity, &rig->limits, NULL);
	if (fault != FAULT_NONE)
		ck_assert_uint_gt(faulty_strikes(faulty), 0);
	faulty_free(faulty);
}

/* The run as a file has it. */
static struct schedule saved_run(void)
{
	const struct run *ended = &attempt.run;
	struct schedule saved = schedule_record(ended->schedule, ended->journal.events, ended->journal.event_count), read;
	FILE *file = tmpfile();

	saved.identity = ended->identity;
	saved.was_zero = ended->was_zero;
	ck_assert_int_eq(schedule_write(&saved, file, "DEVICE"), 0);
	rewind(file);
	ck_assert(schedule_read(&read, file, "the test's"));
	ck_assert(read.was_zero);
	ck_assert_mem_eq(&read.identity, &saved.identity, sizeof read.identity);
	fclose(file);
	schedule_free(&saved);
	return read;
}

static enum attempt_result verify(const struct rig *rig, const struct schedule *saved)
{
	enum attempt_result result;

	attempt_verify(&attempt, saved, ring_port(rig->ring), &rig->limits, NULL);
	result = attempt.result;
	attempt_close(&attempt);
	return result;
}

/* Any sector of the last write that has ended: nothing came after it. */
static uint64_t sector_of_the_last_write(const struct schedule *saved)
{
	for (uint32_t at = saved->event_count; at-- > 0;) {
		struct operation operation = schedule_operation(saved, SCHEDULE_NUMBER(saved->events[at]));

		if (SCHEDULE_IS_END(saved->events[at]) && operation.kind == OPERATION_WRITE)
			return operation_end_sector(&operation) - 1;
	}
	ck_abort_msg("no write has ended");
	return 0;
}

START_TEST(errors_that_are_allowed_end_nothing)
{
	struct schedule saved;
	struct rig rig;

	open_rig(&rig);
	run(&rig, FAULT_ERROR);
	ck_assert_msg(attempt.result == ATTEMPT_PASSED, "%s%s", attempt.run.trouble, attempt.verdicts.pattern);
	ck_assert_uint_gt(attempt.run.counters.failed, 0);
	ck_assert_uint_eq(attempt.run.counters.operations[OPERATION_WRITE] + attempt.run.counters.operations[OPERATION_READ] +
			  attempt.run.counters.operations[OPERATION_FLUSH], rig.schedule.count);
	saved = saved_run();
	attempt_close(&attempt);
	ck_assert_int_eq(verify(&rig, &saved), ATTEMPT_PASSED);
	schedule_free(&saved);
	rig_close(&rig);
}
END_TEST

START_TEST(a_lost_write_among_errors_is_caught)
{
	struct rig rig;

	open_rig(&rig);
	run(&rig, FAULT_LOST_WRITE);
	ck_assert_int_eq(attempt.result, ATTEMPT_CORRUPT);
	ck_assert_int_eq(attempt.verdicts.main, VERDICT_LOST);
	attempt_close(&attempt);
	rig_close(&rig);
}
END_TEST

START_TEST(what_a_run_has_left_is_verified)
{
	static const uint8_t zeroes[OPERATION_SECTOR_BYTES];
	struct schedule saved;
	struct rig rig;
	off_t last;

	open_rig(&rig);
	run(&rig, FAULT_NONE);
	ck_assert_int_eq(attempt.result, ATTEMPT_PASSED);
	saved = saved_run();
	attempt_close(&attempt);
	ck_assert_int_eq(verify(&rig, &saved), ATTEMPT_PASSED);
	last = (off_t)(sector_of_the_last_write(&saved) * OPERATION_SECTOR_BYTES);
	ck_assert_int_eq(pwrite(rig.fd, zeroes, sizeof zeroes, last), sizeof zeroes);
	ck_assert_int_eq(verify(&rig, &saved), ATTEMPT_CORRUPT);
	schedule_free(&saved);
	rig_close(&rig);
}
END_TEST

/* The same zeroes are legal while the write has not ended, and something that was never written is not. */
START_TEST(what_was_in_flight_may_be_old_or_new)
{
	uint8_t other[OPERATION_SECTOR_BYTES] = {1};
	struct schedule saved;
	uint32_t number = 0;
	struct rig rig;
	off_t sector;

	open_rig(&rig);
	rig.schedule.count = 1;
	rig.schedule.plan.writes = 1000;
	rig.schedule.plan.flushes = 0;
	run(&rig, FAULT_NONE);
	saved = saved_run();
	attempt_close(&attempt);
	number = saved.list[0].number;
	sector = (off_t)saved.list[0].offset_bytes;
	ck_assert_uint_eq(saved.events[1], SCHEDULE_END(number));
	saved.event_count = 1;
	ck_assert_int_eq(verify(&rig, &saved), ATTEMPT_PASSED);
	ck_assert_int_eq(fallocate(rig.fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, sector, OPERATION_SECTOR_BYTES), 0);
	ck_assert_int_eq(verify(&rig, &saved), ATTEMPT_PASSED);
	ck_assert_int_eq(pwrite(rig.fd, other, sizeof other, sector), sizeof other);
	ck_assert_int_eq(verify(&rig, &saved), ATTEMPT_CORRUPT);
	schedule_free(&saved);
	rig_close(&rig);
}
END_TEST

Suite *suite(void)
{
	Suite *suite = suite_create("verify");
	TCase *cases = tcase_create("verify");

	tcase_set_timeout(cases, 60);
	tcase_add_test(cases, errors_that_are_allowed_end_nothing);
	tcase_add_test(cases, a_lost_write_among_errors_is_caught);
	tcase_add_test(cases, what_a_run_has_left_is_verified);
	tcase_add_test(cases, what_was_in_flight_may_be_old_or_new);
	suite_add_tcase(suite, cases);
	return suite;
}
