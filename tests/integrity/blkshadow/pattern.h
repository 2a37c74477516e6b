/* What the failing sectors have in common, in one line that a person understands. */
#ifndef PATTERN_H
#define PATTERN_H

#include "verdict.h"

/* Fills verdicts->pattern from those findings that have the main verdict. */
void pattern_find(struct run *run, struct verdicts *verdicts);

#endif
