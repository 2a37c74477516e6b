/* One line on a terminal: phase, bar, rates, and how long it may still take. */
#ifndef PROGRESS_H
#define PROGRESS_H

#include "run.h"

/* Shows the run on stderr from a thread of its own, when that is a terminal. */
void progress_start(struct run *run);

/* Ends the line. Without a start, nothing. */
void progress_stop(void);

#endif
