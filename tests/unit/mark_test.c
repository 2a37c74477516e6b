#include "mark.h"

#include "suite.h"

START_TEST(test_marks)
{
	static const uint32_t pids[] = { 1, 2, 4194304, 0x7fffffff, 0xffffffff };

	for (size_t i = 0; i < sizeof(pids) / sizeof(pids[0]); i++) {
		ck_assert(mark_is_ours(mark_of(pids[i])));
		ck_assert_uint_eq(mark_pid(mark_of(pids[i])), pids[i]);
	}
	/* Small numbers are what other servers store. */
	for (uint64_t other = 0; other < 4096; other++)
		ck_assert(!mark_is_ours(other) && !mark_is_ours(other << 32));
}
END_TEST

Suite *suite(void)
{
	Suite *suite = suite_create("mark");
	TCase *all = tcase_create("all");

	tcase_add_test(all, test_marks);
	suite_add_tcase(suite, all);
	return suite;
}
