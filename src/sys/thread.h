/* thread: what a queue's thread asks of the kernel for itself, and whether it got it. Each call is made on the
 * thread that it is about. */
#ifndef REFUBLK_THREAD_H
#define REFUBLK_THREAD_H

#include <sched.h>
#include <stdint.h>

#include "log.h"

/* "refublk/ID/QID", cut to the 15 characters that the kernel keeps. */
void thread_name(int32_t device_id, uint16_t qid);

/* Pins the thread to those of cpus that are online and allowed to it, and returns how many these are. None left:
 * the thread stays where it may be, this is said, and 0 comes back. */
uint32_t thread_pin(const cpu_set_t *cpus, uint16_t qid, struct log log);

/* Marks the thread as part of the write-back path, so that its own allocations never wait for write-back to its
 * own device. 0, or -errno (logged as a warning with its remedy): -EPERM without CAP_SYS_RESOURCE; -EIO when the
 * call succeeded and the thread's flags still do not say so. */
int thread_flush_io(struct log log);

/* The flags of a /proc/…/stat line (the 9th field, behind a name that may hold anything), or -EINVAL. */
int64_t thread_stat_flags(const char *stat);

#endif
