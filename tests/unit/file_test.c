/* The file machine against a little world: every result that a system call could return, in every order up to a
 * depth. */
#include <check.h>
#include <errno.h>

#include "file.h"
#include "suite.h"
#include "support/file_world.h"
#include "support/seed.h"

/* The choice-th of all results that matter: negative ones of each kind, then every count up to more than asked. */
static const int64_t strange_results[] = {
	-EINTR, -EAGAIN, -EOPNOTSUPP, -EIO, -ENOSPC, -EINVAL, -1, -4095, -4096, INT64_MIN, INT32_MAX, INT64_MAX,
};
enum { STRANGE_RESULTS = sizeof(strange_results) / sizeof(strange_results[0]) };

static int64_t result_of_choice(uint32_t choice)
{
	return choice < STRANGE_RESULTS ? strange_results[choice] : choice - STRANGE_RESULTS;
}

static uint32_t choices_for(const struct refublk_io *io)
{
	return STRANGE_RESULTS + (uint32_t)io->length_bytes + 2;
}

enum { DEPTH = 5 };

/* One path through the tree of results: which choice was made at each depth, and out of how many. */
struct path {
	uint32_t choice[DEPTH];
	uint32_t choices[DEPTH];
	uint32_t length;
	bool ended;
};

static void path_walk(struct path *path, struct file_world *world)
{
	struct file_step step = file_begin(world->config, world->request);

	path->length = 0;
	while (step.step.kind == REFUBLK_STEP_IO && path->length < DEPTH) {
		uint32_t depth = path->length++;
		int64_t result = result_of_choice(path->choice[depth]);

		path->choices[depth] = choices_for(&step.step.io);
		file_world_check_asked(world, &step.step.io);
		file_world_act(world, &step.step.io, result);
		step = file_resume(world->config, world->request, step.step.cursor, result);
	}
	path->ended = step.step.kind == REFUBLK_STEP_DONE;
	if (path->ended)
		file_world_check_done(world, &step);
	else
		EXPECT(step.step.kind == REFUBLK_STEP_IO);
	EXPECT(step.reserved == 0);
}

/* The next path; false after the last. What lies behind the end of a walk starts again at 0. */
static bool path_next(struct path *path)
{
	while (path->length > 0) {
		uint32_t last = path->length - 1;

		if (++path->choice[last] < path->choices[last])
			return true;
		path->choice[last] = 0;
		path->length = last;
	}
	return false;
}

static const uint32_t flag_sets[] = { 0, REFUBLK_FUA, REFUBLK_NOUNMAP, REFUBLK_FUA | REFUBLK_NOUNMAP };

START_TEST(test_every_order_of_results)
{
	uint32_t op = (uint32_t)_i;
	uint64_t ended = 0;
	struct file_world world;

	for (size_t flags = 0; flags < 4; flags++) {
		for (uint64_t units = 1; units <= UNITS_MAX; units++) {
			for (uint64_t shape = 0; shape < 4; shape++) {
				struct path path = { .length = 0 };

				do {
					file_world_make(&world, op, flag_sets[flags], units * UNIT, shape & 1 ? UNIT : 1,
						   shape & 2 ? 2 * UNIT : UNIT);
					path_walk(&path, &world);
					ended += path.ended;
				} while (path_next(&path));
			}
		}
	}
	ck_assert_uint_gt(ended, 100);
}
END_TEST

/* Long ways: many short results and interruptions, none of which ends the request early or late. */
START_TEST(test_random_results_end_in_time)
{
	struct seed seed = seed_start("file_test");
	uint32_t longest = 0;

	for (int round = 0; round < 20000; round++) {
		struct file_world world;
		struct file_step step;

		file_world_make(&world, (uint32_t)seed_below(&seed, 5), flag_sets[seed_below(&seed, 4)],
			   UNIT * (1 + seed_below(&seed, UNITS_MAX)), seed_below(&seed, 2) ? 1 : UNIT,
			   UNIT * (1 + seed_below(&seed, 2)));
		step = file_begin(world.config, world.request);
		while (step.step.kind == REFUBLK_STEP_IO) {
			uint64_t asked = step.step.io.length_bytes;
			int64_t result = -EINTR;

			switch (seed_below(&seed, 4)) {
			case 0:
				result = -EAGAIN;
				break;
			case 1:
				result = step.step.io.op == REFUBLK_IO_FALLOCATE ? -EOPNOTSUPP : 0;
				if (asked > 0 && step.step.io.op != REFUBLK_IO_FALLOCATE)
					result = (int64_t)seed_below(&seed, asked) + 1;
				break;
			case 2:
				if (step.step.io.op == REFUBLK_IO_READ || step.step.io.op == REFUBLK_IO_WRITE)
					result = 1;
				break;
			}
			file_world_check_asked(&world, &step.step.io);
			file_world_act(&world, &step.step.io, result);
			step = file_resume(world.config, world.request, step.step.cursor, result);
			EXPECT(world.operations <= file_world_operations_max(&world));
		}
		file_world_check_done(&world, &step);
		longest = world.operations > longest ? world.operations : longest;
	}
	ck_assert_uint_gt(longest, FILE_RETRIES_MAX + 2);
}
END_TEST

/* The longest way of all has exactly the length that the header promises. */
START_TEST(test_the_bound_is_reached)
{
	struct file_world world;
	struct file_step step;
	uint32_t interruptions = 0;

	file_world_make(&world, REFUBLK_WRITE_ZEROES, REFUBLK_FUA, LENGTH_MAX, 1, UNIT);
	step = file_begin(world.config, world.request);
	while (step.step.kind == REFUBLK_STEP_IO) {
		int64_t result = step.step.io.op == REFUBLK_IO_FALLOCATE ? -EOPNOTSUPP : 1;

		if (step.step.io.op == REFUBLK_IO_FDATASYNC)
			result = interruptions++ % 2 ? -EINTR : -EAGAIN;
		file_world_act(&world, &step.step.io, result);
		step = file_resume(world.config, world.request, step.step.cursor, result);
	}
	ck_assert_uint_eq(interruptions, FILE_RETRIES_MAX + 1);
	ck_assert_uint_eq(step.step.outcome.error, EIO);
	ck_assert_uint_eq(world.operations, file_world_operations_max(&world));
}
END_TEST

/* Interruptions below the limit are not seen by anybody. */
START_TEST(test_interruptions_are_overcome)
{
	int64_t success = _i == REFUBLK_READ || _i == REFUBLK_WRITE ? LENGTH_MAX : 0;
	struct file_world world;
	struct file_step step;

	file_world_make(&world, (uint32_t)_i, 0, LENGTH_MAX, 1, UNIT);
	step = file_begin(world.config, world.request);
	for (int i = 0; i < FILE_RETRIES_MAX; i++) {
		ck_assert_uint_eq(step.step.kind, REFUBLK_STEP_IO);
		step = file_resume(world.config, world.request, step.step.cursor, i % 2 ? -EINTR : -EAGAIN);
	}
	ck_assert_uint_eq(step.step.kind, REFUBLK_STEP_IO);
	file_world_act(&world, &step.step.io, success);
	step = file_resume(world.config, world.request, step.step.cursor, success);
	ck_assert_uint_eq(step.step.kind, REFUBLK_STEP_DONE);
	ck_assert_uint_eq(step.step.outcome.error, 0);
	file_world_check_done(&world, &step);
}
END_TEST

/* The one thing that a person should hear of, and nothing else makes that noise. */
START_TEST(test_only_the_end_of_the_file_is_noted)
{
	static const struct {
		int64_t result;
		uint64_t align;
		uint32_t note;
	} cases[] = {
		{ 0, 1, FILE_ENDED },      { 0, UNIT, FILE_ENDED },  { UNIT - 1, UNIT, FILE_ENDED },
		{ -EIO, 1, FILE_QUIET },   { -EINTR, 1, FILE_QUIET }, { UNIT - 1, 1, FILE_QUIET },
		{ UNIT, UNIT, FILE_QUIET }, { 2 * UNIT + 1, 1, FILE_QUIET },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct file_world world;
		struct file_step step;

		file_world_make(&world, REFUBLK_READ, 0, 2 * UNIT, cases[i].align, UNIT);
		step = file_begin(world.config, world.request);
		ck_assert_uint_eq(step.note, FILE_QUIET);
		step = file_resume(world.config, world.request, step.step.cursor, cases[i].result);
		ck_assert_uint_eq(step.note, cases[i].note);
		if (cases[i].note == FILE_ENDED) {
			ck_assert_uint_eq(step.step.kind, REFUBLK_STEP_DONE);
			ck_assert_uint_eq(step.step.outcome.error, EIO);
		}
	}
}
END_TEST

START_TEST(test_lengths_beyond_32_bits)
{
	enum { PIECES = 3 };
	uint64_t piece = (uint64_t)1 << 40;
	struct file_world world;
	struct file_step step;

	file_world_make(&world, REFUBLK_WRITE_ZEROES, 0, PIECES * piece, 1, piece);
	step = file_begin(world.config, world.request);
	ck_assert_uint_eq(step.step.io.length_bytes, PIECES * piece);
	step = file_resume(world.config, world.request, step.step.cursor, -EOPNOTSUPP);
	for (uint64_t i = 0; i < PIECES; i++) {
		ck_assert_uint_eq(step.step.kind, REFUBLK_STEP_IO);
		ck_assert_uint_eq(step.step.io.offset_bytes, OFFSET + i * piece);
		ck_assert_uint_eq(step.step.io.length_bytes, piece);
		step = file_resume(world.config, world.request, step.step.cursor, (int64_t)piece);
	}
	ck_assert_uint_eq(step.step.kind, REFUBLK_STEP_DONE);
	ck_assert_uint_eq(step.step.outcome.error, 0);
}
END_TEST

START_TEST(test_unknown_op_fails)
{
	struct file_world world;
	struct file_step step;

	file_world_make(&world, REFUBLK_WRITE_ZEROES + 1, 0, UNIT, 1, UNIT);
	step = file_begin(world.config, world.request);
	ck_assert_uint_eq(step.step.kind, REFUBLK_STEP_DONE);
	ck_assert_uint_eq(step.step.outcome.error, EOPNOTSUPP);
}
END_TEST

/* Cursors that the machine never gave: somebody mixed up two requests. */
START_TEST(test_foreign_cursor_ends_the_program)
{
	static const struct refublk_cursor foreign[] = {
		{ .phase = 0 }, { .phase = 0xff }, { .done_bytes = LENGTH_MAX + 1, .phase = 1 },
	};
	struct file_world world;

	file_world_make(&world, REFUBLK_READ, 0, LENGTH_MAX, 1, UNIT);
	(void)file_resume(world.config, world.request, foreign[_i], 1);
}
END_TEST

Suite *suite(void)
{
	Suite *file = suite_create("file");
	TCase *orders = tcase_create("orders");
	TCase *rules = tcase_create("rules");

	tcase_add_loop_test(orders, test_every_order_of_results, REFUBLK_READ, REFUBLK_WRITE_ZEROES + 1);
	tcase_add_test(orders, test_random_results_end_in_time);
	tcase_set_timeout(orders, 60);
	suite_add_tcase(file, orders);
	tcase_add_test(rules, test_the_bound_is_reached);
	tcase_add_loop_test(rules, test_interruptions_are_overcome, REFUBLK_READ, REFUBLK_WRITE_ZEROES + 1);
	tcase_add_test(rules, test_only_the_end_of_the_file_is_noted);
	tcase_add_test(rules, test_lengths_beyond_32_bits);
	tcase_add_test(rules, test_unknown_op_fails);
	suite_add_death_loop(rules, test_foreign_cursor_ends_the_program, 0, 3);
	suite_add_tcase(file, rules);
	return file;
}
