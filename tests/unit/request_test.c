#include "request.h"

#include <errno.h>

#include "suite.h"

static const struct {
	uint32_t op;
	bool moves_data;
	const char *name;
} ops[] = {
	{ REFUBLK_READ, true, "read" },
	{ REFUBLK_WRITE, true, "write" },
	{ REFUBLK_FLUSH, false, "flush" },
	{ REFUBLK_DISCARD, false, "discard" },
	{ REFUBLK_WRITE_ZEROES, false, "write zeroes" },
	{ REFUBLK_WRITE_ZEROES + 1, false, "unknown" },
	{ 255, false, "unknown" },
	{ UINT32_MAX, false, "unknown" },
};

enum { OPS = sizeof(ops) / sizeof(ops[0]) };

START_TEST(test_an_op_has_a_name_and_moves_data_or_not)
{
	ck_assert_str_eq(request_op_name(ops[_i].op), ops[_i].name);
	ck_assert_int_eq(request_moves_data(ops[_i].op), ops[_i].moves_data);
}
END_TEST

START_TEST(test_done_is_all_of_it)
{
	struct refublk_request request = { .op = ops[_i].op, .length_bytes = 4096 };
	struct refublk_outcome outcome = request_done(&request);

	ck_assert_uint_eq(outcome.error, 0);
	ck_assert_uint_eq(outcome.done_bytes, ops[_i].moves_data ? 4096 : 0);
	ck_assert_uint_eq(outcome.reserved, 0);
}
END_TEST

START_TEST(test_a_failure_has_a_reason)
{
	ck_assert_uint_eq(request_failed(ENOSPC).error, ENOSPC);
	ck_assert_uint_eq(request_failed(ENOSPC).done_bytes, 0);
	ck_assert_uint_eq(request_failed(0).error, EIO);
	ck_assert_uint_eq(request_failed(UINT32_MAX).error, UINT32_MAX);
}
END_TEST

Suite *suite(void)
{
	Suite *request = suite_create("request");
	TCase *all = tcase_create("all");

	tcase_add_loop_test(all, test_an_op_has_a_name_and_moves_data_or_not, 0, OPS);
	tcase_add_loop_test(all, test_done_is_all_of_it, 0, OPS);
	tcase_add_test(all, test_a_failure_has_a_reason);
	suite_add_tcase(request, all);
	return request;
}
