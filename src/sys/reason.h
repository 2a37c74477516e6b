/* reason: what was tried, on what, and the errno → a line that says why and what to do. The one home of these
 * texts: the library's log and the command line's doctor print the same. */
#ifndef REFUBLK_REASON_H
#define REFUBLK_REASON_H

#include "log.h"

enum reason_attempt {
	REASON_OPEN_CONTROL, /* /dev/ublk-control */
	REASON_MAKE_RING,    /* io_uring_setup */
	REASON_SUBMIT,       /* io_uring_enter */
	REASON_GET_FEATURES,
	REASON_ADD,
	REASON_SET_PARAMS,
	REASON_GET_PARAMS,
	REASON_GET_AFFINITY,
	REASON_GET_INFO,
	REASON_OPEN_CHARDEV, /* /dev/ublkcN */
	REASON_RUN_QUEUE,    /* a queue's thread, from its start to its end */
	REASON_START,
	REASON_STOP,
	REASON_DELETE,
	REASON_RESIZE,
	REASON_RECOVER,
	REASON_END_RECOVERY,
	REASON_FIND_BLOCK,   /* /dev/ublkbN */
	REASON_OPEN_TRACE,
	REASON_PREPARE,      /* memory and the pipe of reports */
	REASON_ATTEMPTS
};

struct reason {
	const char *attempt; /* "open the ublk driver's control node" */
	const char *why;     /* never empty; the system's own text where nothing better is known */
	const char *remedy;  /* NULL: none is known */
};

/* error: -errno. Total: any attempt and any number has an answer. Strings live for ever. */
struct reason reason_of(uint32_t attempt, int error);

/* One line: "cannot <attempt> <subject>: <why> (<errno's name>); <remedy>". subject: what it was tried on, such
 * as a path; "" for none. */
void reason_say(struct log log, enum refublk_level level, uint32_t attempt, const char *subject, int error);

/* Why rings are refused with EPERM: 0, 1 or 2, the value of the sysctl kernel.io_uring_disabled; -1 when this kernel has
 * no such sysctl. 0 and -1 leave a seccomp filter as the cause. */
int reason_ring_sysctl(void);

#endif
