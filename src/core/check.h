/* CHECK: our own bugs, always on, in every build.
 *
 * A call and not a branch, so that the core's coverage counts decisions only. The core leaves
 * check_that undefined: the server aborts with the text, a proof turns it into an assertion. */
#ifndef REFUBLK_CHECK_H
#define REFUBLK_CHECK_H

#include <stdbool.h>

/* Returns when `holds`; otherwise never returns. `text` lives for ever: it names the condition and its place. */
void check_that(bool holds, const char *text);

#define CHECK_TEXT_(line) #line
#define CHECK_TEXT(line) CHECK_TEXT_(line)
#define CHECK(condition) check_that((condition), #condition " (" __FILE__ ":" CHECK_TEXT(__LINE__) ")")

#endif
