/* The parts that everything else in the simulation leans on. */
#include <fcntl.h>
#include <linux/fs.h>

#include "../../unit/suite.h"
#include "../../unit/support/seed.h"
#include "disk.h"
#include "durable.h"
#include "enumerate.h"

enum { SECTOR = 512, DISK_BYTES = 8 * SECTOR, STRINGS = 300, STRING_BYTES = 400 };

/* ---- choices ------------------------------------------------------------------------------- */

START_TEST(test_a_path_takes_every_branch_once)
{
	struct choice_path path = { .length = 0 };
	bool seen[4][3] = { { false } };
	uint32_t runs = 0;

	do {
		struct choice choice = choice_of_path(&path);
		uint32_t first = choice_below(&choice, 4);
		uint32_t second = first == 2 ? choice_below(&choice, 3) : 0;

		ck_assert(!seen[first][second]);
		seen[first][second] = true;
		runs++;
	} while (choice_path_next(&path));
	ck_assert_uint_eq(runs, 3 + 3);
}
END_TEST

START_TEST(test_bytes_decide_until_they_run_dry)
{
	static const uint8_t bytes[] = { 7, 1, 44 };
	struct choice choice = choice_of_bytes(bytes, sizeof(bytes));

	ck_assert_uint_eq(choice_below(&choice, 5), 7 % 5);
	ck_assert_uint_eq(choice_below(&choice, 1), 0);
	ck_assert_uint_eq(choice_below(&choice, 1000), 1 << 8 | 44);
	ck_assert_uint_eq(choice_below(&choice, 200), 0);
	ck_assert(!choice_chance(&choice, 999));
}
END_TEST

/* ---- the disk ------------------------------------------------------------------------------ */

static void put(struct disk *disk, uint64_t sector, unsigned char byte, uint32_t flags)
{
	unsigned char data[SECTOR];
	struct refublk_io io = { .op = REFUBLK_IO_WRITE, .offset_bytes = sector * SECTOR, .length_bytes = SECTOR,
				 .memory = data, .flags = flags };

	memset(data, byte, sizeof(data));
	ck_assert_int_eq(disk_carry_out(disk, &io, SECTOR), SECTOR);
}

static unsigned char get(struct disk *disk, uint64_t sector)
{
	unsigned char data[SECTOR];
	struct refublk_io io = { .op = REFUBLK_IO_READ, .offset_bytes = sector * SECTOR, .length_bytes = SECTOR,
				 .memory = data };

	ck_assert_int_eq(disk_carry_out(disk, &io, SECTOR), SECTOR);
	return data[0];
}

/* Bytes that have run dry decide that every write which may go does. */
START_TEST(test_a_cut_takes_what_was_not_flushed)
{
	struct disk *disk = disk_open(DISK_BYTES, true);
	struct choice choice = choice_of_bytes(NULL, 0);
	uint64_t mark;

	put(disk, 0, 'a', 0);
	mark = disk_mark(disk);
	put(disk, 1, 'b', 0);
	disk_flushed(disk, mark);
	put(disk, 2, 'c', RWF_DSYNC);
	put(disk, 0, 'd', 0);
	ck_assert_int_eq(get(disk, 0), 'd');
	ck_assert_uint_eq(disk_unflushed(disk), 3);
	disk_cut(disk, &choice);
	ck_assert_int_eq(get(disk, 0), 'a');
	ck_assert_int_eq(get(disk, 1), 0);
	ck_assert_int_eq(get(disk, 2), 'c');
	disk_close(disk);
}
END_TEST

/* ---- what has to survive ------------------------------------------------------------------- */

static struct operation change(uint32_t number, enum operation_kind kind, bool fua)
{
	return (struct operation){ .number = number, .kind = kind, .fua = fua,
				   .length_bytes = kind == OPERATION_FLUSH ? 0 : SECTOR };
}

static void happens(struct durable *durable, struct operation operation)
{
	durable_begin(durable, &operation);
	durable_end(durable, &operation, true);
}

static bool may_be(struct durable *durable, uint32_t reference)
{
	struct expectation expected;
	uint32_t i;

	durable_expect(durable, 0, &expected);
	for (i = 0; i < expected.count; i++) {
		if (expected.candidates[i] == reference)
			return true;
	}
	return false;
}

START_TEST(test_what_was_flushed_has_to_survive)
{
	struct durable *durable = durable_open(DISK_BYTES);
	struct operation flush = change(2, OPERATION_FLUSH, false), last = change(3, OPERATION_WRITE, false);

	happens(durable, change(1, OPERATION_WRITE, false));
	ck_assert(may_be(durable, 0) && may_be(durable, 1));
	/* The third begins before the flush ends: it is none that the flush answers for. */
	durable_begin(durable, &flush);
	happens(durable, last);
	durable_end(durable, &flush, true);
	ck_assert(!may_be(durable, 0) && may_be(durable, 1) && may_be(durable, 3));
	happens(durable, change(4, OPERATION_WRITE, true));
	ck_assert(!may_be(durable, 1) && !may_be(durable, 3) && may_be(durable, 4));
	durable_close(durable);
}
END_TEST

/* ---- trials -------------------------------------------------------------------------------- */

START_TEST(test_a_seed_says_the_same_twice)
{
	uint64_t seed;

	for (seed = 1; seed <= 12; seed++) {
		struct trial trial = trial_of_seed(seed);
		struct trial_result results[2];
		int i;

		trial.operations = trial.operations < 2000 ? trial.operations : 2000;
		for (i = 0; i < 2; i++) {
			struct choice choice = choice_of_seed(seed);

			trial_run(&trial, &choice, &results[i]);
			ck_assert_msg(!results[i].verdict, "seed %d: %s", (int)seed, results[i].text);
		}
		ck_assert_uint_eq(results[0].compared_bytes, results[1].compared_bytes);
		ck_assert_mem_eq(&results[0].counts, &results[1].counts, sizeof(results[0].counts));
	}
}
END_TEST

/* Operations, faults and schedule out of any bytes: what a fuzzer does. */
START_TEST(test_any_bytes_are_a_trial)
{
	struct seed seed = seed_start("any bytes");
	uint8_t bytes[STRING_BYTES];
	int i, at;

	for (i = 0; i < STRINGS; i++) {
		struct trial trial = trial_of_seed(seed_next(&seed));
		struct trial_result result;
		struct choice choice;

		for (at = 0; at < STRING_BYTES; at++)
			bytes[at] = (uint8_t)seed_next(&seed);
		trial.chosen = OPERATION_KINDS;
		trial.operations = 40;
		choice = choice_of_bytes(bytes, sizeof(bytes));
		trial_run(&trial, &choice, &result);
		ck_assert_msg(!result.verdict, "string %d: %s: %s", i, result.verdict, result.text);
	}
}
END_TEST

Suite *suite(void)
{
	Suite *sim = suite_create("sim");
	TCase *parts = tcase_create("parts"), *trials = tcase_create("trials");

	tcase_add_test(parts, test_a_path_takes_every_branch_once);
	tcase_add_test(parts, test_bytes_decide_until_they_run_dry);
	tcase_add_test(parts, test_a_cut_takes_what_was_not_flushed);
	tcase_add_test(parts, test_what_was_flushed_has_to_survive);
	tcase_add_test(trials, test_a_seed_says_the_same_twice);
	tcase_add_test(trials, test_any_bytes_are_a_trial);
	suite_add_tcase(sim, parts);
	suite_add_tcase(sim, trials);
	return sim;
}
