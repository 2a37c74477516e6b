/* run_rig: one life of a device over plane_script, from options to the end, with what holds at every end. */
#ifndef RUN_RIG_H
#define RUN_RIG_H

#include "plane_script.h"

enum { RUN_RIG_LINE_BYTES = 501 };

/* Of the life that was lived last: its last line of an error, and how many there were. */
extern char run_rig_error[RUN_RIG_LINE_BYTES];
extern unsigned int run_rig_errors;
extern unsigned int run_rig_warnings;

struct run_rig_lived {
	int start; /* what refublk_start() or refublk_recover() returned */
	int wait;  /* what refublk_wait() returned; 1: it was not called */
	bool left; /* what refublk_left() said then */
};

/* A device of 1 MiB with so many queues. */
struct run_rig_lived run_rig_start(struct plane script, uint32_t queues);

/* The same, made for recovery. */
struct run_rig_lived run_rig_start_recoverable(struct plane script, uint32_t queues);

/* The script's orphan, with a backend of so many bytes. */
struct run_rig_lived run_rig_recover(struct plane script, uint64_t backend_bytes);

#endif
