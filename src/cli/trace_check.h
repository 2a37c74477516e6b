/* trace_check: `refublk trace check FILE`. */
#ifndef REFUBLK_TRACE_CHECK_H
#define REFUBLK_TRACE_CHECK_H

#include "options.h"

/* Returns an exit status: SAY_FAILED for a trace that breaks the protocol, SAY_USAGE for a file that is none. */
int trace_check_run(const struct options *options);

#endif
