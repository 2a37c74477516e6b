#include "server.h"

#include <errno.h>
#include <fcntl.h>
#include <liburing.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

enum { RING_ENTRIES = 32, PENDING_MAX = 16, STRANGER_WAIT_MS = 2000, OPEN_TRIES = 100, OPEN_PAUSE_US = 20000 };

enum order_kind { ORDER_PUSH, ORDER_TAKE };

struct order {
	uint32_t kind;
	int32_t wait_ms;
	struct server_command command;
};

struct server_memory *server_memory;

/* The caller's side. */
static pid_t process;
static int wire = -1;

/* The server's side. */
static struct io_uring ring;
static int device_fd;
static const struct ublksrv_io_desc *descriptors;
static uint32_t depth_tags, serial;
static struct server_completion pending[PENDING_MAX];
static uint32_t pending_serial[PENDING_MAX];
static int pendings;

/* ---- in the server ------------------------------------------------------------------------- */

static bool put(struct io_uring *to, struct server_command command, uint64_t user)
{
	struct io_uring_sqe *sqe = io_uring_get_sqe(to);
	struct ublksrv_io_cmd payload = {
		.q_id = command.qid, .tag = command.tag, .result = command.result, .addr = command.address
	};

	if (!sqe)
		return false;
	memset(sqe, 0, sizeof(*sqe));
	sqe->opcode = IORING_OP_URING_CMD;
	sqe->fd = device_fd;
	sqe->flags = (uint8_t)command.sqe_flags;
	sqe->cmd_op = command.op;
	sqe->user_data = user;
	memcpy(sqe->cmd, &payload, sizeof(payload));
	return io_uring_submit(to) >= 0;
}

/* Keeps what has completed, with the descriptor as it is now. */
static void collect(void)
{
	while (io_uring_cq_ready(&ring) > 0 && pendings < PENDING_MAX) {
		struct io_uring_cqe *cqe;
		uint16_t tag;

		if (io_uring_peek_cqe(&ring, &cqe))
			return;
		tag = (uint16_t)(cqe->user_data & 0xffff);
		pending[pendings] = (struct server_completion){ .result = cqe->res, .tag = tag };
		if (tag < depth_tags && descriptors)
			pending[pendings].desc = *(const volatile struct ublksrv_io_desc *)&descriptors[tag];
		pending_serial[pendings++] = (uint32_t)(cqe->user_data >> 16);
		io_uring_cqe_seen(&ring, cqe);
	}
}

static struct server_completion drop(int at)
{
	struct server_completion completion = pending[at];

	pendings--;
	memmove(&pending[at], &pending[at + 1], (size_t)(pendings - at) * sizeof(pending[0]));
	memmove(&pending_serial[at], &pending_serial[at + 1], (size_t)(pendings - at) * sizeof(pending_serial[0]));
	return completion;
}

static struct server_completion push(struct server_command command)
{
	serial++;
	if (!put(&ring, command, (uint64_t)serial << 16 | command.tag))
		return (struct server_completion){ .result = -ECOMM };
	collect();
	for (int i = 0; i < pendings; i++)
		if (pending_serial[i] == serial)
			return drop(i);
	return (struct server_completion){ .result = SERVER_NOTHING };
}

static struct server_completion take(int wait_ms)
{
	struct __kernel_timespec limit = { .tv_sec = wait_ms / 1000, .tv_nsec = wait_ms % 1000 * 1000000LL };
	struct io_uring_cqe *cqe;

	if (pendings == 0) {
		(void)io_uring_wait_cqe_timeout(&ring, &cqe, &limit);
		collect();
	}
	return pendings > 0 ? drop(0) : (struct server_completion){ .result = SERVER_NOTHING };
}

static void *stranger(void *context)
{
	struct server_command *command = context;
	struct __kernel_timespec limit = { .tv_sec = STRANGER_WAIT_MS / 1000 };
	struct io_uring own;
	struct io_uring_cqe *cqe;

	command->result = -ECOMM;
	if (io_uring_queue_init(RING_ENTRIES, &own, 0))
		return NULL;
	if (put(&own, *command, 0))
		command->result = io_uring_wait_cqe_timeout(&own, &cqe, &limit) ? SERVER_NOTHING : cqe->res;
	io_uring_queue_exit(&own);
	return NULL;
}

static struct server_completion by_stranger(struct server_command command)
{
	pthread_t thread;

	if (pthread_create(&thread, NULL, stranger, &command) || pthread_join(thread, NULL))
		command.result = -ECOMM;
	return (struct server_completion){ .result = command.result };
}

static int open_all(uint32_t dev_id)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	char path[64];
	void *area;

	snprintf(path, sizeof(path), "/dev/ublkc%u", dev_id);
	/* The node may still be on its way. */
	for (int i = 0; i < OPEN_TRIES && (device_fd = open(path, O_RDWR | O_CLOEXEC)) < 0 && errno == ENOENT; i++)
		usleep(OPEN_PAUSE_US);
	if (device_fd < 0)
		return -errno;
	/* 6.12 remembers who mapped it first, until START_USER_RECOVERY: then nobody can be told what is asked for. */
	area = mmap(NULL, page, PROT_READ, MAP_SHARED | MAP_POPULATE, device_fd, 0);
	if (area == MAP_FAILED && errno != EINVAL)
		return -errno;
	descriptors = area == MAP_FAILED ? NULL : area;
	if (mprotect(server_memory->torn + page, sizeof(server_memory->torn) - page, PROT_NONE) ||
	    mprotect(server_memory->dark, sizeof(server_memory->dark), PROT_NONE))
		return -errno;
	return io_uring_queue_init(RING_ENTRIES, &ring, IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN);
}

/* The process: orders come and completions go through the socket; its end is the end of the server. */
static void serve(int socket_fd, uint32_t dev_id, uint32_t depth)
{
	struct server_completion reply = { 0 };
	struct order order;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	depth_tags = depth;
	reply.result = open_all(dev_id);
	while (write(socket_fd, &reply, sizeof(reply)) == sizeof(reply) && reply.result != -ECOMM &&
	       read(socket_fd, &order, sizeof(order)) == sizeof(order)) {
		if (order.kind == ORDER_TAKE)
			reply = take(order.wait_ms);
		else
			reply = order.command.stranger ? by_stranger(order.command) : push(order.command);
	}
	_exit(0);
}

/* ---- at the caller ------------------------------------------------------------------------- */

void server_init(void)
{
	server_memory = mmap(NULL, sizeof(*server_memory), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS | MAP_POPULATE,
			     -1, 0);
	if (server_memory == MAP_FAILED) {
		perror("misuse: memory");
		exit(2);
	}
}

/* -ECOMM: the server is gone, or does not answer. */
static struct server_completion hear(int wait_ms)
{
	struct server_completion reply = { .result = -ECOMM };
	struct pollfd ready = { .fd = wire, .events = POLLIN };

	if (poll(&ready, 1, wait_ms + SERVER_PATIENCE_MS) != 1 || read(wire, &reply, sizeof(reply)) != sizeof(reply))
		return (struct server_completion){ .result = -ECOMM };
	return reply;
}

static struct server_completion tell(struct order order)
{
	if (wire < 0 || write(wire, &order, sizeof(order)) != sizeof(order))
		return (struct server_completion){ .result = -ECOMM };
	return hear(order.wait_ms);
}

int server_start(uint32_t dev_id, uint32_t depth)
{
	int ends[2], result, old_wire = wire;
	pid_t old_process = process;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends))
		return -errno;
	fflush(NULL);
	process = fork();
	if (process == 0) {
		close(ends[0]);
		serve(ends[1], dev_id, depth);
	}
	close(ends[1]);
	wire = ends[0];
	result = process < 0 ? -EAGAIN : hear(0).result;
	if (result == 0)
		return 0;
	server_kill();
	process = old_process;
	wire = old_wire;
	return result;
}

bool server_runs(void)
{
	return process > 0;
}

pid_t server_pid(void)
{
	return process;
}

void server_kill(void)
{
	if (wire >= 0)
		close(wire);
	wire = -1;
	if (process <= 0)
		return;
	kill(process, SIGKILL);
	for (int i = 0; i < SERVER_PATIENCE_MS / 10 && waitpid(process, NULL, WNOHANG) == 0; i++)
		usleep(10000);
	process = 0;
}

int32_t server_push(struct server_command command)
{
	return tell((struct order){ .kind = ORDER_PUSH, .command = command }).result;
}

struct server_completion server_take(int wait_ms)
{
	return tell((struct order){ .kind = ORDER_TAKE, .wait_ms = wait_ms });
}
