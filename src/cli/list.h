/* list: shows what is there. */
#ifndef REFUBLK_LIST_H
#define REFUBLK_LIST_H

#include "options.h"

/* All devices of the machine, one a line, and state files whose device is gone. Returns an exit status. */
int list_run(const struct options *options);

/* One device, with who uses it. SAY_NO_DEVICE when there is none. */
int list_run_one(const struct options *options);

#endif
