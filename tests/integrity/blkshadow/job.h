/* One job: it begins operations, up to the depth, and judges what they return, on a thread and a lane of its own. */
#ifndef JOB_H
#define JOB_H

#include "choose.h"

struct job;

/* Ends the program without memory. */
struct job *job_open(struct run *run, unsigned number);
void job_close(struct job *job);

/* The thread's function; `context` is the job. Ends when there is nothing more to begin and nothing in flight. */
void *job_run(void *context);

bool job_is_over(const struct job *job);

#endif
