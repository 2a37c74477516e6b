/* resize: another size for a disk that is served, without an end. */
#ifndef REFUBLK_RESIZE_H
#define REFUBLK_RESIZE_H

#include "options.h"

/* The disk named by options->target gets options->device.size_bytes. A smaller size is refused while the disk is mounted or
 * held, but with force. Returns an exit status. */
int resize_run(const struct options *options);

#endif
