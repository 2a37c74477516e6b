#include <check.h>
#include <string.h>

#include "backend.h"
#include "null.h"
#include "suite.h"

START_TEST(test_every_op_is_done_at_once)
{
	unsigned char memory[512];
	struct refublk_request request = { .length_bytes = sizeof(memory), .op = (uint32_t)_i, .memory = memory };
	bool moves_data = _i == REFUBLK_READ || _i == REFUBLK_WRITE;
	struct refublk_step step = backend_begin(&null_backend, NULL, &request);

	ck_assert_uint_eq(step.kind, REFUBLK_STEP_DONE);
	ck_assert_uint_eq(step.outcome.error, 0);
	ck_assert_uint_eq(step.outcome.done_bytes, moves_data ? sizeof(memory) : 0);
}
END_TEST

START_TEST(test_memory_is_left_as_it_is)
{
	unsigned char memory[4096];
	unsigned char before[4096];
	struct refublk_request request = { .length_bytes = sizeof(memory), .op = REFUBLK_READ, .memory = memory };

	memset(before, 0xa5, sizeof(before));
	memcpy(memory, before, sizeof(memory));
	(void)backend_begin(&null_backend, NULL, &request);
	ck_assert_mem_eq(memory, before, sizeof(memory));
}
END_TEST

START_TEST(test_unknown_op_fails)
{
	struct refublk_request request = { .op = REFUBLK_WRITE_ZEROES + 1 };
	struct refublk_step step = backend_begin(&null_backend, NULL, &request);

	ck_assert_uint_eq(step.kind, REFUBLK_STEP_DONE);
	ck_assert_uint_eq(step.outcome.error, EOPNOTSUPP);
}
END_TEST

Suite *suite(void)
{
	Suite *null = suite_create("null");
	TCase *ops = tcase_create("ops");

	tcase_add_loop_test(ops, test_every_op_is_done_at_once, REFUBLK_READ, REFUBLK_WRITE_ZEROES + 1);
	tcase_add_test(ops, test_memory_is_left_as_it_is);
	tcase_add_test(ops, test_unknown_op_fails);
	suite_add_tcase(null, ops);
	return null;
}
