/* A CHECK that does not hold ends the search with an error. */
#include "check.h"

void uerror(char *text);

void check_that(bool holds, const char *text)
{
	if (!holds)
		uerror((char *)text);
}
