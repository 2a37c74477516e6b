/* upgrade: a live disk gets a new server process, of the program that is called, without an error to its clients. */
#ifndef REFUBLK_UPGRADE_H
#define REFUBLK_UPGRADE_H

#include "options.h"

/* The device is options->target. Prints its path and how long its requests waited. When it fails once the old server has
 * been asked, the device waits for a server, and that is said. Returns an exit status. */
int upgrade_run(struct options *options);

#endif
