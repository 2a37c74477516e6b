#include "control.h"

#include <errno.h>
#include <fcntl.h>
#include <liburing.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "check.h"
#include "clock.h"
#include "reason.h"

/* A command and its cancel, with room to spare. */
enum { CONTROL_RING_ENTRIES = 4, CONTROL_SQE_BYTES = 128 };

/* The kernel refuses a submission with EAGAIN while it has no memory for it. */
enum { CONTROL_SUBMIT_TRIES = 200, CONTROL_SUBMIT_PAUSE_MS = 10 };

/* The tag field of user_data tells a command from its cancel. */
enum { CONTROL_TAG_COMMAND, CONTROL_TAG_CANCEL };

_Static_assert(offsetof(struct io_uring_sqe, cmd) == 48, "the payload begins at byte 48 of the SQE");

struct control {
	struct io_uring ring;
	struct log log;
	uint64_t in_flight; /* user_data of the command that has no answer yet; 0: none */
	uint32_t serial;    /* of the last command */
	int fd;
	pid_t thread;
	bool broken; /* a submission that the kernel did not take stays in the ring: nothing may be sent after it */
};

static uint64_t control_user(uint16_t tag, uint32_t serial)
{
	return command_user_encode((struct command_user){ .kind = COMMAND_CONTROL, .serial = serial, .tag = tag });
}

static int control_make_ring(struct control *control)
{
	int error;

	/* liburing says -EINTR where setup was interrupted before anything was made. */
	do
		error = io_uring_queue_init(CONTROL_RING_ENTRIES, &control->ring, IORING_SETUP_SQE128);
	while (error == -EINTR);
	if (error)
		reason_say(control->log, REFUBLK_ERROR, REASON_MAKE_RING, "", error);
	return error;
}

static int control_open_node(struct control *control)
{
	do
		control->fd = open(CONTROL_PATH, O_RDWR | O_CLOEXEC);
	while (control->fd < 0 && errno == EINTR);
	if (control->fd < 0) {
		int error = -errno;

		reason_say(control->log, REFUBLK_ERROR, REASON_OPEN_CONTROL, CONTROL_PATH, error);
		return error;
	}
	return 0;
}

int control_open(struct control **control, struct log log)
{
	struct control *made = calloc(1, sizeof(*made));
	int error;

	if (!made)
		return -ENOMEM;
	made->log = log;
	made->thread = gettid();
	error = control_open_node(made);
	if (error) {
		free(made);
		return error;
	}
	error = control_make_ring(made);
	if (error) {
		close(made->fd);
		free(made);
		return error;
	}
	*control = made;
	return 0;
}

void control_close(struct control *control)
{
	if (!control)
		return;
	CHECK(control->thread == gettid());
	io_uring_queue_exit(&control->ring);
	close(control->fd);
	free(control);
}

/* A whole submission, cleared: the preparing functions of liburing leave the second half of it alone. */
static struct io_uring_sqe *control_sqe(struct control *control)
{
	struct io_uring_sqe *sqe = io_uring_get_sqe(&control->ring);

	CHECK(sqe);
	memset(sqe, 0, CONTROL_SQE_BYTES);
	return sqe;
}

static int control_submit(struct control *control)
{
	int count = io_uring_submit(&control->ring);

	for (unsigned int i = 0; i < CONTROL_SUBMIT_TRIES && (count == -EINTR || count == -EAGAIN); i++) {
		if (count == -EAGAIN)
			poll(NULL, 0, CONTROL_SUBMIT_PAUSE_MS);
		count = io_uring_submit(&control->ring);
	}
	if (count >= 0)
		return 0;
	control->broken = true;
	reason_say(control->log, REFUBLK_ERROR, REASON_SUBMIT, "", count);
	return count;
}

int control_send(struct control *control, const struct command_control *command)
{
	struct io_uring_sqe *sqe;
	uint64_t user;
	int error;

	CHECK(control->thread == gettid());
	if (control->in_flight)
		return -EBUSY;
	if (control->broken)
		return -EIO;
	user = control_user(CONTROL_TAG_COMMAND, ++control->serial);
	sqe = control_sqe(control);
	sqe->opcode = IORING_OP_URING_CMD;
	sqe->fd = control->fd;
	sqe->cmd_op = command->op;
	sqe->user_data = user;
	memcpy(sqe->cmd, &command->payload, sizeof(command->payload));
	error = control_submit(control);
	if (!error)
		control->in_flight = user;
	return error;
}

void control_cancel(struct control *control)
{
	struct io_uring_sqe *sqe;

	CHECK(control->thread == gettid());
	if (!control->in_flight || control->broken)
		return;
	sqe = control_sqe(control);
	sqe->opcode = IORING_OP_ASYNC_CANCEL;
	sqe->fd = -1;
	sqe->addr = control->in_flight;
	sqe->user_data = control_user(CONTROL_TAG_CANCEL, control->serial);
	/* A failure was said; the answer in flight is waited for all the same. */
	(void)control_submit(control);
}

/* A command that no worker could be made for, because signals kept coming, is answered ECANCELED: it was not begun,
 * and that is EINTR to everybody else. */
static int32_t control_answer(int32_t result)
{
	return result == -ECANCELED ? -EINTR : result;
}

/* Takes completions until the answer in flight is among them. A cancel's own completion says nothing that the
 * cancelled command's answer does not. */
static bool control_take_answer(struct control *control, struct control_news *news)
{
	struct io_uring_cqe *cqe;

	while (io_uring_peek_cqe(&control->ring, &cqe) == 0) {
		bool answer = control->in_flight && cqe->user_data == control->in_flight;

		if (answer)
			*news = (struct control_news){ .event = CONTROL_ANSWER, .answer = control_answer(cqe->res) };
		io_uring_cqe_seen(&control->ring, cqe);
		if (answer) {
			control->in_flight = 0;
			return true;
		}
	}
	return false;
}

static bool control_take_report(int report_fd, struct control_news *news)
{
	struct report report;
	ssize_t count;

	if (report_fd < 0)
		return false;
	do
		count = read(report_fd, &report, sizeof(report));
	while (count < 0 && errno == EINTR);
	if (count < 0) {
		CHECK(errno == EAGAIN);
		return false;
	}
	CHECK(count == sizeof(report));
	*news = (struct control_news){ .event = CONTROL_REPORT, .report = report };
	return true;
}

/* Sleeps until something may be at hand; left_ms -1: without limit. EINTR is a reason to look again like any other. */
static void control_sleep(struct control *control, int report_fd, int left_ms)
{
	struct pollfd files[] = {
		{ .fd = control->ring.ring_fd, .events = POLLIN },
		{ .fd = report_fd, .events = POLLIN },
	};

	/* A negative fd is ignored. */
	if (poll(files, 2, left_ms) < 0)
		CHECK(errno == EINTR || errno == ENOMEM);
}

struct control_news control_wait(struct control *control, int report_fd, uint32_t limit_ms)
{
	const uint64_t begin_ms = clock_ms();
	struct control_news news = { .event = CONTROL_TIMEOUT };

	CHECK(control->thread == gettid());
	for (;;) {
		const uint64_t spent_ms = clock_ms() - begin_ms;
		int left_ms = -1;

		if (control_take_answer(control, &news) || control_take_report(report_fd, &news))
			return news;
		if (limit_ms != CONTROL_FOREVER) {
			if (spent_ms >= limit_ms)
				return news;
			left_ms = limit_ms - spent_ms < INT32_MAX ? (int)(limit_ms - spent_ms) : INT32_MAX;
		}
		control_sleep(control, report_fd, left_ms);
	}
}

int control_call(struct control *control, const struct command_control *command, uint32_t limit_ms)
{
	struct control_news news;
	int error = control_send(control, command);

	if (error)
		return error;
	news = control_wait(control, -1, limit_ms);
	return news.event == CONTROL_ANSWER ? news.answer : -ETIMEDOUT;
}
