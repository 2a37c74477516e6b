/* Carries out the schedule: one thread and one lane of the port for each job. */
#ifndef ENGINE_H
#define ENGINE_H

#include "run.h"

/*
 * Returns when every operation has ended: at the end of the schedule, after the first finding or failure, or when
 * run->stopping is set. When the device stalls it returns false at once, with operations still in flight: the caller
 * can do no more than say so and end the program.
 */
bool engine_run(struct run *run);

/* Fills `text` with the operations in flight, oldest first, as far as it holds them. */
void engine_describe_flights(struct run *run, char *text, size_t text_bytes);

#endif
