/* stop: ends devices, politely: what uses them is named first, then everything is written back, then the server is
 * asked to end; what has no server any more is stopped and deleted here. */
#ifndef REFUBLK_STOP_H
#define REFUBLK_STOP_H

#include "options.h"

/* `stop` and `del`; they differ in that `del` is content when only a state file is left. Returns an exit status, of
 * several devices that of the first that failed. */
int stop_run(const struct options *options);

#endif
