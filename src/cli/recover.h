/* recover: serves a device again whose server is gone. */
#ifndef REFUBLK_RECOVER_H
#define REFUBLK_RECOVER_H

#include "options.h"

/* One device, or with --all every one that can be: an orphan of ours with a good state file. What the command line does not
 * say comes from the state file, and what the device is from the kernel. Returns an exit status. */
int recover_run(struct options *options);

#endif
