#include "result.h"

#include <errno.h>

#include "suite.h"

enum { OPS = 8, ERRORS = 4096 };

/* What the driver lets through to the clients of a block device; every other becomes EIO there. */
static const uint32_t survivors[] = {
	EOPNOTSUPP, ETIMEDOUT, ENOSPC, ENOLINK, EREMOTEIO, EBADE, ENODATA, EILSEQ, ENOMEM,
	EBUSY, EAGAIN, ENODEV, ETOOMANYREFS, EOVERFLOW, ETIME, EINVAL, EIO,
};

static uint32_t expected_errno(uint32_t error)
{
	for (size_t i = 0; i < sizeof(survivors) / sizeof(survivors[0]); i++) {
		if (survivors[i] == error)
			return error;
	}
	return error == EDQUOT || error == EFBIG ? ENOSPC : EIO;
}

START_TEST(test_every_errno_survives_or_is_replaced)
{
	for (uint32_t error = 0; error < ERRORS; error++)
		ck_assert_uint_eq(result_surviving_errno(error), expected_errno(error));
	ck_assert_uint_eq(result_surviving_errno(UINT32_MAX), EIO);
	ck_assert_uint_eq(result_surviving_errno(0x80000000u), EIO);
	ck_assert_uint_eq(result_surviving_errno((uint32_t)-ENOSPC), EIO);
	ck_assert_uint_eq(result_surviving_errno(256 + ENOSPC), EIO);
}
END_TEST

/* The sign cannot leak: whatever the op and however much is said to be done, an error is negative. */
START_TEST(test_every_error_of_every_op_is_negative)
{
	const uint64_t done[] = { 0, 1, 4096, INT32_MAX, UINT32_MAX, UINT64_MAX };

	for (uint32_t error = 1; error < ERRORS; error++) {
		for (size_t i = 0; i < sizeof(done) / sizeof(done[0]); i++) {
			struct refublk_request request = { .op = (uint32_t)_i, .length_bytes = 4096 };
			struct refublk_outcome outcome = { .done_bytes = done[i], .error = error };
			struct result result = result_of(&request, outcome);
			uint32_t expected = expected_errno(error);

			if (result.number != -(int)expected || result.replaced != (expected == error ? 0 : error))
				ck_abort_msg("errno %u became %d, not -%u", error, result.number, expected);
		}
	}
}
END_TEST

START_TEST(test_data_is_done_to_the_byte_or_failed)
{
	const uint64_t length_bytes = 4096;
	const uint32_t ops[] = { REFUBLK_READ, REFUBLK_WRITE };
	struct refublk_request request = { .op = ops[_i], .length_bytes = length_bytes };

	for (uint64_t done_bytes = 0; done_bytes <= 2 * length_bytes; done_bytes++) {
		struct refublk_outcome outcome = { .done_bytes = done_bytes };
		struct result result = result_of(&request, outcome);

		if (result.number != (done_bytes == length_bytes ? 4096 : -EIO) || result.replaced != 0)
			ck_abort_msg("%llu bytes became %d", (unsigned long long)done_bytes, result.number);
	}
}
END_TEST

START_TEST(test_the_longest_data_fits)
{
	const uint64_t length_bytes = 32 << 20;
	struct refublk_request request = { .op = REFUBLK_READ, .length_bytes = length_bytes };
	struct refublk_outcome outcome = { .done_bytes = length_bytes };

	ck_assert_int_eq(result_of(&request, outcome).number, 32 << 20);
}
END_TEST

START_TEST(test_a_length_beyond_the_field_is_no_success)
{
	const uint64_t lengths[] = { INT32_MAX, UINT64_C(1) << 31, UINT64_C(1) << 32, UINT64_MAX };
	struct refublk_request request = { .op = REFUBLK_WRITE, .length_bytes = lengths[_i] };
	struct refublk_outcome outcome = { .done_bytes = lengths[_i] };

	ck_assert_int_eq(result_of(&request, outcome).number, _i == 0 ? INT32_MAX : -EIO);
}
END_TEST

START_TEST(test_what_moves_no_data_is_zero)
{
	const uint32_t ops[] = { REFUBLK_FLUSH, REFUBLK_DISCARD, REFUBLK_WRITE_ZEROES };
	const uint64_t done[] = { 0, 1, UINT32_MAX, UINT64_MAX };

	for (size_t i = 0; i < sizeof(done) / sizeof(done[0]); i++) {
		struct refublk_request request = { .op = ops[_i], .length_bytes = UINT64_C(1) << 40 };
		struct refublk_outcome outcome = { .done_bytes = done[i] };
		struct result result = result_of(&request, outcome);

		ck_assert_int_eq(result.number, 0);
		ck_assert_uint_eq(result.replaced, 0);
	}
}
END_TEST

START_TEST(test_an_unknown_op_never_succeeds)
{
	struct refublk_request request = { .op = REFUBLK_WRITE_ZEROES + 1 };
	struct refublk_outcome outcome = { .done_bytes = 0 };

	ck_assert_int_eq(result_of(&request, outcome).number, -EIO);
	request.op = UINT32_MAX;
	ck_assert_int_eq(result_of(&request, outcome).number, -EIO);
}
END_TEST

Suite *suite(void)
{
	Suite *result = suite_create("result");
	TCase *all = tcase_create("all");

	tcase_add_test(all, test_every_errno_survives_or_is_replaced);
	tcase_add_loop_test(all, test_every_error_of_every_op_is_negative, 0, OPS);
	tcase_add_loop_test(all, test_data_is_done_to_the_byte_or_failed, 0, 2);
	tcase_add_test(all, test_the_longest_data_fits);
	tcase_add_loop_test(all, test_a_length_beyond_the_field_is_no_success, 0, 4);
	tcase_add_loop_test(all, test_what_moves_no_data_is_zero, 0, 3);
	tcase_add_test(all, test_an_unknown_op_never_succeeds);
	suite_add_tcase(result, all);
	return result;
}
