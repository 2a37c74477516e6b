/* suite: what each tests/unit/NAME_test.c defines and main.c runs. */
#ifndef REFUBLK_TEST_SUITE_H
#define REFUBLK_TEST_SUITE_H

#include <check.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

Suite *suite(void);

/* A test that CHECK must end, for loop numbers from `begin` to `end` - 1. Such a test needs a process of its own:
 * with CK_FORK=no (valgrind) it is left out. */
static inline void suite_add_death_loop(TCase *tcase, const TTest *test, int begin, int end)
{
	const char *fork = getenv("CK_FORK");

	if (fork == NULL || strcmp(fork, "no") != 0)
		tcase_add_loop_test_raise_signal(tcase, test, SIGABRT, begin, end);
}

static inline void suite_add_death_test(TCase *tcase, const TTest *test)
{
	suite_add_death_loop(tcase, test, 0, 1);
}

#endif
