/* Cuts in a log that is made here, as dm-log-writes lays one out: honest ones keep what they must, others are caught. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cut.h"
#include "suite.h"

#define BLOCK 4096u
#define CUTS 200u

static const struct stamp_identity identity = {.run = 7, .seed = 1, .generation = 1, .device = 1};

/* Operations: 1 and 2 are writes to the first block, 3 a flush, 4 a write with FUA to it, 5 a write to the second. */
static struct operation operations[] = {
	{.number = 1, .kind = OPERATION_WRITE, .length_bytes = BLOCK, .direct = true},
	{.number = 2, .kind = OPERATION_WRITE, .length_bytes = BLOCK, .direct = true},
	{.number = 3, .kind = OPERATION_FLUSH, .direct = true},
	{.number = 4, .kind = OPERATION_WRITE, .length_bytes = BLOCK, .direct = true, .fua = true},
	{.number = 5, .kind = OPERATION_WRITE, .offset_bytes = BLOCK, .length_bytes = BLOCK, .direct = true},
};

/* One after the other. */
static uint32_t in_turn[] = {
	SCHEDULE_BEGIN(1), SCHEDULE_END(1), SCHEDULE_BEGIN(2), SCHEDULE_END(2), SCHEDULE_BEGIN(3),
	SCHEDULE_END(3),   SCHEDULE_BEGIN(4), SCHEDULE_END(4), SCHEDULE_BEGIN(5), SCHEDULE_END(5),
};

static struct schedule schedule = {
	.plan = {.size_bytes = 16 * BLOCK, .block_bytes = BLOCK, .max_bytes = BLOCK, .jobs = 1},
	.list = operations, .list_count = 5, .events = in_turn, .event_count = 10,
};

struct step {
	uint32_t operation;		/* 0 for a flush */
	uint64_t flags;
};

static void put(FILE *file, const uint64_t *words, size_t count)
{
	uint8_t sector[512] = {0};

	memcpy(sector, words, count * sizeof *words);
	ck_assert_uint_eq(fwrite(sector, sizeof sector, 1, file), 1);
}

static void write_log(FILE *file, const struct step *steps, uint64_t count)
{
	const uint64_t head[] = {0x6a736677736872, 1, count, 512};
	uint8_t data[BLOCK];

	put(file, head, 4);
	for (uint64_t at = 0; at < count; at++) {
		const struct operation *operation = &operations[steps[at].operation ? steps[at].operation - 1 : 0];
		uint64_t sectors = steps[at].operation ? BLOCK / 512 : 0;
		const uint64_t record[] = {operation_first_sector(operation), sectors, steps[at].flags, 0};

		put(file, record, 4);
		stamp_fill(&identity, operation, data);
		ck_assert_uint_eq(fwrite(data, 512, sectors, file), sectors);
	}
	/* The test's own log has to be as long as a real one. */
	for (unsigned at = 0; at < 16; at++)
		put(file, head, 0);
	fflush(file);
}

/* How many of the cuts after this entry lose what was durable. */
static unsigned wrong_cuts(const struct step *steps, uint64_t count, size_t entry, struct cut *last)
{
	char path[] = "/tmp/powercut-XXXXXX";
	FILE *file = fdopen(mkstemp(path), "w+");
	struct recording recording;
	struct promise promise;
	struct writelog log;
	unsigned wrong = 0;

	write_log(file, steps, count);
	ck_assert(writelog_open(&log, path));
	unlink(path);
	ck_assert_uint_eq(log.count, count);
	recording_open(&recording, &log, &identity);
	promise_open(&promise, &schedule);
	for (uint64_t seed = 0; seed < CUTS; seed++) {
		cut_make(last, &recording, &promise, entry, seed);
		wrong += last->wrong > 0;
	}
	promise_close(&promise);
	recording_close(&recording);
	writelog_close(&log);
	fclose(file);
	return wrong;
}

START_TEST(an_honest_log_keeps_everything)
{
	static const struct step steps[] = {{1, 0}, {2, 0}, {0, WRITELOG_FLUSH}, {4, WRITELOG_FUA}, {5, 0}};
	struct cut cut;

	for (size_t entry = 0; entry < 5; entry++)
		ck_assert_uint_eq(wrong_cuts(steps, 5, entry, &cut), 0);
	/* The second write was flushed, as the begin of the fourth operation shows; the fourth had FUA, as the fifth shows. */
	ck_assert_uint_eq(cut.promised, BLOCK / 512);
	wrong_cuts(steps, 5, 1, &cut);
	ck_assert_uint_eq(cut.promised, 0);
}
END_TEST

START_TEST(a_flush_that_was_answered_early_is_caught)
{
	static const struct step never[] = {{4, WRITELOG_FUA}, {1, 0}, {2, 0}, {5, 0}};
	static const struct step early[] = {{1, 0}, {2, 0}, {5, 0}, {0, WRITELOG_FLUSH}};
	struct cut cut;

	operations[3].fua = false;
	operations[3].offset_bytes = 8 * BLOCK;
	ck_assert_uint_gt(wrong_cuts(early, 4, 2, &cut), CUTS / 4);
	ck_assert_uint_lt(wrong_cuts(early, 4, 2, &cut), CUTS);
	ck_assert_uint_eq(wrong_cuts(early, 4, 3, &cut), 0);
	ck_assert_uint_eq(wrong_cuts(never, 4, 0, &cut), CUTS);
	ck_assert_uint_eq(cut.first_wrong, 0);
	ck_assert_uint_eq(cut.found, 0);
}
END_TEST

START_TEST(a_lost_fua_is_caught)
{
	static const struct step steps[] = {{1, 0}, {2, 0}, {0, WRITELOG_FLUSH}, {4, 0}, {5, 0}};
	struct cut cut;

	ck_assert_uint_eq(wrong_cuts(steps, 5, 3, &cut), 0);
	ck_assert_uint_gt(wrong_cuts(steps, 5, 4, &cut), CUTS / 4);
}
END_TEST

/* In the log a write from the cache stands after one with FUA that has overtaken it. */
START_TEST(what_fua_has_overtaken_does_not_come_back)
{
	static const struct step steps[] = {{4, WRITELOG_FUA}, {1, 0}, {2, 0}, {0, WRITELOG_FLUSH}, {5, 0}};
	struct cut cut;

	ck_assert_uint_eq(wrong_cuts(steps, 5, 4, &cut), 0);
}
END_TEST

START_TEST(what_is_no_log_is_refused)
{
	char path[] = "/tmp/powercut-XXXXXX";
	uint64_t head[] = {0x6a736677736872, 1, 3, 512}, record[] = {0, 1 << 20, 0, 0};
	FILE *file = fdopen(mkstemp(path), "w+");
	struct writelog log;

	for (unsigned bad = 0; bad < 4; bad++) {
		ck_assert_int_eq(ftruncate(fileno(file), 0), 0);
		rewind(file);
		head[0] = bad == 0 ? 1 : 0x6a736677736872;
		head[1] = bad == 1 ? 2 : 1;
		head[2] = bad == 2 ? 1 << 20 : 3;
		record[1] = bad == 3 ? 1 << 20 : 0;
		put(file, head, 4);
		for (unsigned at = 0; at < 16; at++)
			put(file, record, 4);
		fflush(file);
		ck_assert(!writelog_open(&log, path));
		writelog_close(&log);
	}
	unlink(path);
	fclose(file);
}
END_TEST

Suite *suite(void)
{
	Suite *suite = suite_create("cut");
	TCase *cases = tcase_create("cut");

	tcase_add_test(cases, an_honest_log_keeps_everything);
	tcase_add_test(cases, a_flush_that_was_answered_early_is_caught);
	tcase_add_test(cases, a_lost_fua_is_caught);
	tcase_add_test(cases, what_fua_has_overtaken_does_not_come_back);
	tcase_add_test(cases, what_is_no_log_is_refused);
	suite_add_tcase(suite, cases);
	return suite;
}
