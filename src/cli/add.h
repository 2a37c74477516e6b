/* add: makes a device and serves it. */
#ifndef REFUBLK_ADD_H
#define REFUBLK_ADD_H

#include "options.h"

/* Returns an exit status: in the foreground when the device is gone, else when it is live or the start has failed. */
int add_run(struct options *options);

/* The same once everything was checked: in the foreground or by a daemon. For recover, too. */
int add_serve(struct options *options);

#endif
