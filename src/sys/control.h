/* control: commands to /dev/ublk-control over a ring of 128-byte SQEs, at most one in flight, and the pipe of
 * reports, in one wait. Used by the device runner and, synchronously, by the command line. */
#ifndef REFUBLK_CONTROL_H
#define REFUBLK_CONTROL_H

#include "command.h"
#include "log.h"
#include "report.h"

struct control;

/* Opens /dev/ublk-control and a ring. 0 or -errno: -ENOENT no such node (module not loaded, not configured),
 * -EACCES or -EPERM, -ENOSYS io_uring is not there or disabled; the reason and the remedy are logged. */
int control_open(struct control **control, struct log log) __attribute__((warn_unused_result));
void control_close(struct control *control);

/* Sends one command; -EBUSY when one is in flight. The memory at payload.addr is the kernel's until the answer. */
int control_send(struct control *control, const struct command_control *command) __attribute__((warn_unused_result));

/* Cancels the command in flight; its answer still comes (-EINTR, or what it was worth). */
void control_cancel(struct control *control);

enum control_event { CONTROL_TIMEOUT, CONTROL_ANSWER, CONTROL_REPORT };
struct control_news {
	uint32_t event; /* enum control_event */
	int32_t answer; /* CONTROL_ANSWER: 0 or -errno */
	struct report report;
};

/* Waits for the answer in flight, a report from the pipe (report_fd -1: none), or the limit; EINTR is retried. */
struct control_news control_wait(struct control *control, int report_fd, uint32_t limit_ms);

/* Sends and waits, EINTR and the limit included: 0, -errno, or -ETIMEDOUT (the command stays in flight). */
int control_call(struct control *control, const struct command_control *command, uint32_t limit_ms)
	__attribute__((warn_unused_result));

#endif
