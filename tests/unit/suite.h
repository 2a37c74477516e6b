/* suite: what each tests/unit/NAME_test.c defines and main.c runs. */
#ifndef REFUBLK_TEST_SUITE_H
#define REFUBLK_TEST_SUITE_H

#include <check.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

Suite *suite(void);

/* Each test has a process of its own; not so with CK_FORK=no (valgrind). */
static inline bool suite_forks(void)
{
	const char *fork = getenv("CK_FORK");

	return fork == NULL || strcmp(fork, "no") != 0;
}

/* A test that changes its process for good, for loop numbers from `begin` to `end` - 1. It is left out where it would
 * change the others' process. */
static inline void suite_add_lone_loop(TCase *tcase, const TTest *test, int begin, int end)
{
	if (suite_forks())
		tcase_add_loop_test(tcase, test, begin, end);
}

static inline void suite_add_lone_test(TCase *tcase, const TTest *test)
{
	suite_add_lone_loop(tcase, test, 0, 1);
}

/* A test that CHECK must end: left out likewise. */
static inline void suite_add_death_loop(TCase *tcase, const TTest *test, int begin, int end)
{
	if (suite_forks())
		tcase_add_loop_test_raise_signal(tcase, test, SIGABRT, begin, end);
}

static inline void suite_add_death_test(TCase *tcase, const TTest *test)
{
	suite_add_death_loop(tcase, test, 0, 1);
}

#endif
