/* control: commands to /dev/ublk-control over a ring of 128-byte SQEs, at most one in flight, and the pipe of
 * reports, in one wait. Used by the device runner and, synchronously, by the command line. */
#ifndef REFUBLK_CONTROL_H
#define REFUBLK_CONTROL_H

#include "command.h"
#include "log.h"
#include "report.h"

/* The path of the driver's control node, for texts. */
#define CONTROL_PATH "/dev/ublk-control"

/* Belongs to the thread that opened it: any other use is a CHECK. */
struct control;

/* Opens CONTROL_PATH and a ring. 0 or -errno: -ENOENT no such node (module not loaded, not configured),
 * -EACCES or -EPERM (io_uring disabled too), -ENOSYS io_uring is not there; the reason and the remedy are logged. */
int control_open(struct control **control, struct log log) __attribute__((warn_unused_result));

/* NULL is allowed. With a command in flight the kernel goes on with it; the memory at payload.addr must then stay. */
void control_close(struct control *control);

/* Sends one command: 0, -EBUSY when one is in flight, or what io_uring_enter said (logged), and -EIO ever after.
 * The memory at payload.addr is the kernel's until the answer. */
int control_send(struct control *control, const struct command_control *command) __attribute__((warn_unused_result));

/* Cancels the command in flight; its answer still comes (-EINTR, or what it was worth). */
void control_cancel(struct control *control);

enum control_event { CONTROL_TIMEOUT, CONTROL_ANSWER, CONTROL_REPORT };
struct control_news {
	uint32_t event; /* enum control_event */
	int32_t answer; /* CONTROL_ANSWER: 0 or -errno */
	struct report report;
};

/* Waits for the answer in flight, a report from the pipe (report_fd -1: none; non-blocking), or the limit
 * (CONTROL_FOREVER: none); EINTR is retried. An answer comes before a report. */
#define CONTROL_FOREVER UINT32_MAX
struct control_news control_wait(struct control *control, int report_fd, uint32_t limit_ms);

/* Sends and waits: 0, -errno, or -ETIMEDOUT after the limit (the command stays in flight). An answer of -EINTR is
 * handed on: what it means is the command's. */
int control_call(struct control *control, const struct command_control *command, uint32_t limit_ms)
	__attribute__((warn_unused_result));

#endif
