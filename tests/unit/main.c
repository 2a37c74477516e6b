#include "suite.h"

/* CK_FORK=no in the environment runs all tests in this process; CK_VERBOSITY says how much is printed. */
int main(void)
{
	SRunner *runner = srunner_create(suite());
	int failed;

	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
