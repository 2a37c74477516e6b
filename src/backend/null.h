/* null: every request succeeds at once and nothing is kept. It measures the way of a request without a backend.
 *
 * What a READ returns is undefined: the tag's buffer goes back as it is. It holds zeroes or data of earlier
 * requests to the same device, never other memory of the process. Nobody should put a secret on it, or trust it
 * with data. FLUSH and FUA are offered, so that their way can be measured too. */
#ifndef REFUBLK_NULL_H
#define REFUBLK_NULL_H

#include "refublk.h"

/* The context is not looked at: NULL will do. */
extern const struct refublk_backend null_backend;

#endif
