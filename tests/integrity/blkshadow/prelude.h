/*
 * Before an attempt to shrink: fresh content where its operations will go. Else what the last attempt left behind, such
 * as zeroes, would hide what this one leaves.
 */
#ifndef PRELUDE_H
#define PRELUDE_H

#include "run.h"

/* For a recorded schedule. Nothing is assumed of the outcome: the recorder reads what is there afterwards. */
bool prelude_write(struct run *run);

#endif
