/* Before the run: what the device holds is read and noted, so that nothing is assumed of it. */
#ifndef RECORD_H
#define RECORD_H

#include "run.h"

/* False when the device failed or stalled. */
bool record_device(struct run *run);

#endif
