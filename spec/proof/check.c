/* A CHECK is an assertion in every proof. */
#include "check.h"

void check_that(bool holds, const char *text)
{
	(void)text;
	__CPROVER_assert(holds, "CHECK");
	__CPROVER_assume(holds);
}
