/* Reads stretches of the device in order, several requests at a time: for recording what is there, and for the sweep. */
#ifndef SCAN_H
#define SCAN_H

#include "run.h"

/*
 * Calls `take` for each piece of [begin, end), which is one request, in ascending order, on this thread and lane 0, which
 * no job may be using. Stops when the device fails or stalls, with run->trouble or run->stalled set; returns whether all was read.
 */
bool scan_range(struct run *run, uint64_t begin_bytes, uint64_t end_bytes, uint64_t piece_bytes,
		void (*take)(void *context, uint64_t offset_bytes, uint64_t length_bytes, const uint8_t *data),
		void *context);

#endif
