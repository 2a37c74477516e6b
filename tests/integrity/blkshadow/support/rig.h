/* What a test of a whole attempt needs: a file in memory, a port to it, and a plan that fits the fault. */
#ifndef RIG_H
#define RIG_H

#include "faulty.h"
#include "ring.h"
#include "run.h"

#define RIG_JOBS 2u
#define RIG_DEPTH 8u

struct rig {
	int fd;
	struct ring *ring;
	struct ring_target target;
	struct schedule schedule;
	struct run_limits limits;
	struct stamp_identity identity;
};

/* The file holds something everywhere, so that zeroes are never what was there before. Ends the test on failure. */
void rig_open(struct rig *rig, enum fault fault);
void rig_close(struct rig *rig);

#endif
