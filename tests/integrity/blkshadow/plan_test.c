/* The plan: every operation fits the device, and everything that was asked for occurs. */
#include "plan.h"
#include "suite.h"

static const struct plan base = {
	.seed = 3, .size_bytes = 64u << 20, .block_bytes = 512, .min_bytes = 512, .max_bytes = 1u << 20, .jobs = 2,
	.cache = PLAN_BOTH, .writes = 400, .discards = 50, .zeroes = 50, .flushes = 20, .fua = 100,
};

START_TEST(every_operation_fits)
{
	static const uint64_t sizes[] = {4096, 8192, 12288, 1u << 20, (1u << 20) + 4096, 1ull << 40};
	static const uint64_t block_sizes[] = {512, 1024, 4096};

	for (unsigned at = 0; at < sizeof sizes / sizeof sizes[0] * 3; at++) {
		struct plan plan = base;

		plan.size_bytes = sizes[at / 3];
		plan.block_bytes = block_sizes[at % 3];
		plan.min_bytes = plan.block_bytes;
		plan.max_bytes = plan.size_bytes < 1u << 21 ? plan.size_bytes : 1u << 21;
		plan.pattern = (enum plan_pattern)_i;
		for (uint32_t number = 1; number <= 1000; number++) {
			struct operation operation = plan_operation(&plan, number);

			ck_assert_uint_eq(operation.number, number);
			ck_assert_uint_lt(operation.job, plan.jobs);
			if (!operation_has_place(operation.kind))
				continue;
			ck_assert_uint_ge(operation.length_bytes, plan.block_bytes);
			ck_assert_uint_le(operation.length_bytes, plan.max_bytes);
			ck_assert_uint_eq(operation.offset_bytes % plan.block_bytes, 0);
			ck_assert_uint_eq(operation.length_bytes % plan.block_bytes, 0);
			ck_assert_uint_le(operation.offset_bytes + operation.length_bytes, plan.size_bytes);
		}
	}
}
END_TEST

START_TEST(everything_occurs)
{
	unsigned kinds[OPERATION_KINDS] = {0}, direct = 0, fua = 0, last = 0, least = 0, most = 0, odd = 0;
	const uint32_t count = 50000;

	for (uint32_t number = 1; number <= count; number++) {
		struct operation operation = plan_operation(&base, number);

		kinds[operation.kind]++;
		direct += operation.direct;
		fua += operation.fua;
		last += operation.offset_bytes + operation.length_bytes == base.size_bytes;
		least += operation.length_bytes == base.min_bytes;
		most += operation.length_bytes == base.max_bytes;
		odd += operation.offset_bytes % OPERATION_PAGE_BYTES != 0;
	}
	ck_assert_uint_gt(kinds[OPERATION_WRITE], count / 1000 * 380);
	ck_assert_uint_lt(kinds[OPERATION_WRITE], count / 1000 * 420);
	ck_assert_uint_gt(kinds[OPERATION_DISCARD], count / 1000 * 40);
	ck_assert_uint_gt(kinds[OPERATION_ZEROES], count / 1000 * 40);
	ck_assert_uint_gt(kinds[OPERATION_FLUSH], count / 1000 * 15);
	ck_assert_uint_gt(kinds[OPERATION_READ], count / 1000 * 400);
	ck_assert_uint_gt(direct, count / 3);
	ck_assert_uint_lt(direct, count / 3 * 2);
	ck_assert_uint_gt(fua, count / 1000 * 30);
	ck_assert_uint_gt(last, 1000);
	ck_assert_uint_gt(least, 1000);
	ck_assert_uint_gt(most, 100);
	ck_assert_uint_gt(odd, count / 3);
}
END_TEST

START_TEST(a_sequential_plan_covers_the_device_once)
{
	struct plan plan = base;

	plan.pattern = PLAN_SEQUENTIAL;
	plan.writes = 1000;
	plan.discards = plan.zeroes = plan.flushes = 0;
	for (uint32_t number = 1; number <= 64; number++) {
		struct operation operation = plan_operation(&plan, number);

		ck_assert_int_eq(operation.kind, OPERATION_WRITE);
		ck_assert_uint_eq(operation.offset_bytes, (number - 1) * plan.max_bytes);
		ck_assert_uint_eq(operation.length_bytes, plan.max_bytes);
	}
}
END_TEST

/* Each once, in its order, and each in its own part of the run, at a place that the seed chooses. */
START_TEST(every_stress_occurs_once)
{
	struct plan plan = base;
	uint32_t places[3] = {0};

	plan.stresses = 3;
	plan.stress_every = 100;
	for (plan.seed = 1; plan.seed <= 50; plan.seed++) {
		uint32_t seen = 0;

		for (uint32_t number = 1; number <= 1000; number++) {
			struct operation operation = plan_operation(&plan, number);

			if (operation.kind != OPERATION_STRESS)
				continue;
			ck_assert_uint_eq(operation.stress, seen);
			ck_assert_uint_eq((number - 1) / plan.stress_every, seen);
			ck_assert_uint_eq(operation.length_bytes, 0);
			places[seen % 3] |= 1u << (number - 1) % plan.stress_every / 4;
			seen++;
		}
		ck_assert_uint_eq(seen, plan.stresses);
	}
	for (unsigned at = 0; at < 3; at++)
		ck_assert_int_gt(__builtin_popcount(places[at]), 10);
}
END_TEST

Suite *suite(void)
{
	Suite *suite = suite_create("plan");
	TCase *cases = tcase_create("plan");

	tcase_add_loop_test(cases, every_operation_fits, 0, PLAN_PATTERNS);
	tcase_add_test(cases, everything_occurs);
	tcase_add_test(cases, a_sequential_plan_covers_the_device_once);
	tcase_add_test(cases, every_stress_occurs_once);
	suite_add_tcase(suite, cases);
	return suite;
}
