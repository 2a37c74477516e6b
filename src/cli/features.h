/* features: what the kernel's driver can do. */
#ifndef REFUBLK_FEATURES_H
#define REFUBLK_FEATURES_H

#include "options.h"

/* Prints each feature bit by name, with what refublk does with it. Returns an exit status. */
int features_run(const struct options *options);

/* The name of a bit, 0 to 63; NULL: a newer kernel's. */
const char *features_name(uint32_t bit);

#endif
