#include "fill.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/aio_abi.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "clock.h"
#include "node.h"
#include "say.h"
#include "text.h"

enum { FILL_TIMEOUT_MS = 200, FILL_AGAIN_MS = 3 * 1000, FILL_END_MS = 10 * 1000, FILL_PAUSE_MS = 20 };

enum { FILL_LIST_BYTES = 4096, FILL_ALIGNMENT = 4096 };

/* ---- the kernel's timer for requests -------------------------------------------------------- */

static void fill_timeout_path(const struct fill *fill, char path[TEXT_PATH_BYTES])
{
	snprintf(path, TEXT_PATH_BYTES, "/sys/block/ublkb%d/queue/io_timeout", fill->state->id);
}

static int fill_write_timeout(const struct fill *fill, unsigned int timeout_ms)
{
	char path[TEXT_PATH_BYTES];
	int fd, error = 0;

	fill_timeout_path(fill, path);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	if (dprintf(fd, "%u", timeout_ms) < 0)
		error = -errno;
	close(fd);
	return error;
}

/* The kernel waits for the disk's requests meanwhile, without a server until the next one: that is a child's to wait for. */
static int fill_set_timeout(const struct fill *fill, unsigned int timeout_ms)
{
	const uint64_t begin_ms = clock_ms();
	const pid_t child = fork();
	int status = 0;

	if (child == 0)
		_exit(-fill_write_timeout(fill, timeout_ms));
	while (child > 0 && waitpid(child, &status, WNOHANG) == 0) {
		if (clock_ms() - begin_ms >= FILL_END_MS)
			return -ETIMEDOUT;
		poll(NULL, 0, FILL_PAUSE_MS);
	}
	return child < 0 ? -EAGAIN : WIFEXITED(status) ? -WEXITSTATUS(status) : -EINTR;
}

int fill_prepare(struct fill *fill, const struct state *state)
{
	char path[TEXT_PATH_BYTES], text[32];
	int error = -ENOMEM;

	*fill = (struct fill){ .state = state, .children = calloc(state->queues, sizeof(*fill->children)) };
	fill_timeout_path(fill, path);
	if (text_read(path, text, sizeof(text)))
		fill->timeout_ms = (unsigned int)strtoul(text, NULL, 10);
	if (fill->children)
		error = fill->timeout_ms ? fill_set_timeout(fill, FILL_TIMEOUT_MS) : -ENODATA;
	if (!error)
		return SAY_OK;
	say_error("device %d cannot be handed over: cannot set %s: %s", state->id, path, strerror(-error));
	free(fill->children);
	return SAY_FAILED;
}

/* ---- one queue's process -------------------------------------------------------------------- */

/* The block layer takes a request to the queue of the CPU that it comes from. */
static bool fill_pin(const struct state *state, unsigned int qid)
{
	char path[TEXT_PATH_BYTES], list[FILL_LIST_BYTES], *rest = list;

	snprintf(path, sizeof(path), "/sys/block/ublkb%d/mq/%u/cpu_list", state->id, qid);
	if (!text_read(path, list, sizeof(list)))
		return false;
	for (char *word = strtok_r(rest, ", ", &rest); word; word = strtok_r(NULL, ", ", &rest)) {
		const unsigned long cpu = strtoul(word, NULL, 10);
		cpu_set_t one;

		CPU_ZERO(&one);
		if (cpu < CPU_SETSIZE)
			CPU_SET(cpu, &one);
		if (sched_setaffinity(0, sizeof(one), &one) == 0)
			return true;
	}
	return false;
}

/* Sleeps in the kernel while there is no tag for the next. */
static int fill_send(aio_context_t context, struct iocb **reads, long count)
{
	for (long sent = 0; sent < count;) {
		const long more = syscall(SYS_io_submit, context, count - sent, reads + sent);

		if (more <= 0)
			return more < 0 ? -errno : -EIO;
		sent += more;
	}
	return 0;
}

/* What the server answers before it keeps requests is sent again; it keeps them soon. */
static int fill_keep(aio_context_t context, struct io_event *events, long count)
{
	const uint64_t begin_ms = clock_ms();
	int error = 0;

	while (!error && count > 0) {
		const long came = syscall(SYS_io_getevents, context, 1, count, events, NULL);

		if (came < 0 && errno != EINTR)
			return -errno;
		for (long i = 0; i < came && !error; i++) {
			struct iocb *read = (struct iocb *)(uintptr_t)events[i].obj;

			if (clock_ms() - begin_ms < FILL_AGAIN_MS)
				error = fill_send(context, &read, 1);
			else
				count--;
		}
	}
	return error;
}

static int fill_read(const struct state *state, int fd)
{
	const uint32_t count = state->depth_tags;
	struct io_event *events = calloc(count, sizeof(*events));
	struct iocb *reads = calloc(count, sizeof(*reads)), **list = calloc(count, sizeof(struct iocb *));
	void *memory = aligned_alloc(FILL_ALIGNMENT, FILL_ALIGNMENT);
	aio_context_t context = 0;
	int error;

	if (!events || !reads || !list || !memory)
		return -ENOMEM;
	for (uint32_t i = 0; i < count; i++) {
		reads[i] = (struct iocb){ .aio_lio_opcode = IOCB_CMD_PREAD, .aio_fildes = (uint32_t)fd,
					  .aio_buf = (uintptr_t)memory, .aio_nbytes = state->block_bytes };
		list[i] = &reads[i];
	}
	if (syscall(SYS_io_setup, count, &context) < 0)
		return -errno;
	error = fill_send(context, list, count);
	return error ? error : fill_keep(context, events, count);
}

/* Its memory goes with it. The command may have died meanwhile: what it has set is taken back here as well. */
static void fill_queue(const struct fill *fill, unsigned int qid)
{
	const struct state *state = fill->state;
	char path[NODE_PATH_BYTES];
	int fd, error = 0;

	node_block_path(path, state->id);
	fd = open(path, O_RDONLY | O_DIRECT | O_CLOEXEC);
	if (fd < 0)
		error = -errno;
	else if (!fill_pin(state, qid))
		error = -EINVAL;
	else
		error = fill_read(state, fd);
	if (!error)
		(void)!fill_write_timeout(fill, fill->timeout_ms);
	else
		say_error("cannot fill queue %u of %s: %s", qid, path, strerror(-error));
	_exit(error ? SAY_FAILED : SAY_OK);
}

/* ---- all ------------------------------------------------------------------------------------ */

int fill_begin(struct fill *fill)
{
	for (unsigned int qid = 0; qid < fill->state->queues; qid++) {
		fill->children[qid] = (int)fork();
		if (fill->children[qid] == 0)
			fill_queue(fill, qid);
		if (fill->children[qid] < 0) {
			say_error("cannot make a process that fills queue %u: %s", qid, strerror(errno));
			fill->children[qid] = 0;
			return SAY_FAILED;
		}
	}
	return SAY_OK;
}

bool fill_over(struct fill *fill)
{
	bool over = true;

	for (unsigned int qid = 0; qid < fill->state->queues; qid++) {
		if (fill->children[qid] && waitpid(fill->children[qid], NULL, WNOHANG) != 0)
			fill->children[qid] = 0;
		over = over && !fill->children[qid];
	}
	return over;
}

void fill_end(struct fill *fill)
{
	const uint64_t begin_ms = clock_ms();

	for (unsigned int qid = 0; qid < fill->state->queues; qid++) {
		if (fill->children[qid])
			kill(fill->children[qid], SIGKILL);
	}
	while (!fill_over(fill) && clock_ms() - begin_ms < FILL_END_MS)
		poll(NULL, 0, FILL_PAUSE_MS);
	/* The disk may be gone, and with it what was set. */
	(void)!fill_set_timeout(fill, fill->timeout_ms);
	free(fill->children);
	fill->children = NULL;
}
