/* doctor: what is missing to serve on this machine. */
#ifndef REFUBLK_DOCTOR_H
#define REFUBLK_DOCTOR_H

#include "options.h"

/* One line per thing looked at: "ok", "note" (worse without, but it serves) or "missing", with the remedy. SAY_OK when
 * nothing is missing, else SAY_FAILED. spec/troubleshooting.md has each of the lines. */
int doctor_run(const struct options *options);

#endif
