/* report: one message from a queue thread, a foreign thread or a signal handler to the control plane.
 * Messages travel through a pipe: shorter than PIPE_BUF, they are never torn. */
#ifndef REFUBLK_REPORT_H
#define REFUBLK_REPORT_H

#include <stdint.h>

enum report_kind {
	REPORT_STOP,   /* somebody wants the device down; qid 0 */
	REPORT_HAND_OVER, /* another server shall take over; qid 0 */
	REPORT_READY,  /* the queue has sent all its FETCHes and serves */
	REPORT_FULL,   /* every tag of the queue is a request that it keeps for the next server; error: the round, see queue_part() */
	REPORT_FAILED, /* the queue can't go on; error says why (-errno); its thread has ended */
	REPORT_OVER,   /* every tag of the queue is retired, or it was told to leave; its thread has ended */
	REPORT_KINDS
};

struct report {
	uint16_t kind; /* enum report_kind */
	uint16_t qid;
	int32_t error; /* 0 or -errno */
};

/* Async-signal-safe; keeps errno. The pipe holds more messages than can be under way, so it never blocks:
 * fd is non-blocking and a REPORT_STOP that finds it full is dropped, since one is already there. */
void report_send(int fd, struct report report);

#endif
