/* After the operations: everything that was recorded or written is read once more, sealed, and findings looked at again. */
#ifndef SWEEP_H
#define SWEEP_H

#include "run.h"

/*
 * Afterwards the findings are sorted by sector, one for each, with their fates. False when the device failed or
 * stalled.
 */
bool sweep_device(struct run *run);

#endif
