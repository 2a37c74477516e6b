#include "client.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/falloc.h>
#include <linux/fs.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

struct board {
	unsigned char bytes[CLIENT_BYTES]; /* first: aligned for direct I/O */
	volatile int done;
	int result;
};

static struct board *board;
static pid_t process;

void client_init(void)
{
	board = mmap(NULL, sizeof(*board), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (board == MAP_FAILED) {
		perror("misuse: memory");
		exit(2);
	}
}

unsigned char client_written(uint64_t position)
{
	return (unsigned char)(position * 131 + (position >> 9) * 17 + 7);
}

const unsigned char *client_read_bytes(void)
{
	return board->bytes;
}

/* ---- the process --------------------------------------------------------------------------- */

static int moved(ssize_t count)
{
	return count == CLIENT_BYTES ? 0 : count < 0 ? -errno : -EMSGSIZE;
}

static int operate(int fd, enum client_op op)
{
	uint64_t range[2] = { CLIENT_OFFSET_BYTES, CLIENT_BYTES };

	switch (op) {
	case CLIENT_READ:
		return moved(pread(fd, board->bytes, CLIENT_BYTES, CLIENT_OFFSET_BYTES));
	case CLIENT_WRITE:
	case CLIENT_DIRTY:
		return moved(pwrite(fd, board->bytes, CLIENT_BYTES, CLIENT_OFFSET_BYTES));
	case CLIENT_FLUSH:
		return fsync(fd) ? -errno : 0;
	case CLIENT_DISCARD:
		return ioctl(fd, BLKDISCARD, range) ? -errno : 0;
	case CLIENT_ZEROES:
		return fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, CLIENT_OFFSET_BYTES, CLIENT_BYTES) ? -errno
														    : 0;
	case CLIENT_HOLD:
		return 0;
	}
	return -EINVAL;
}

static void be_client(uint32_t dev_id, enum client_op op)
{
	bool direct = op == CLIENT_READ || op == CLIENT_WRITE;
	char path[64];
	int fd = -1;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	snprintf(path, sizeof(path), "/dev/ublkb%u", dev_id);
	/* The node may still be on its way. */
	for (int i = 0; i < 100 && (fd = open(path, O_RDWR | O_CLOEXEC | (direct ? O_DIRECT : 0))) < 0 && errno == ENOENT; i++)
		usleep(20000);
	board->result = fd < 0 ? -errno : operate(fd, op);
	board->done = 1;
	while (op == CLIENT_HOLD || op == CLIENT_DIRTY)
		pause();
	_exit(0);
}

/* ---- its caller ---------------------------------------------------------------------------- */

void client_start(uint32_t dev_id, enum client_op op)
{
	client_end();
	board->done = 0;
	for (uint64_t i = 0; i < CLIENT_BYTES; i++)
		board->bytes[i] = op == CLIENT_READ ? 0xdb : client_written(CLIENT_OFFSET_BYTES + i);
	fflush(NULL);
	process = fork();
	if (process == 0)
		be_client(dev_id, op);
}

bool client_done(int wait_ms, int *result)
{
	for (int i = 0; !board->done && i < wait_ms; i++)
		usleep(1000);
	if (!board->done)
		return false;
	*result = board->result;
	return true;
}

/* One that sleeps in a request ends when the request does: later, by itself. */
void client_end(void)
{
	if (process <= 0)
		return;
	kill(process, SIGKILL);
	for (int i = 0; i < 1000 && waitpid(process, NULL, WNOHANG) == 0; i++)
		usleep(1000);
	process = 0;
}

int client_in_flight(uint32_t dev_id)
{
	char path[64], text[64] = "";
	int reads = 0, writes = 0, fd;

	snprintf(path, sizeof(path), "/sys/block/ublkb%u/inflight", dev_id);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -1;
	if (read(fd, text, sizeof(text) - 1) <= 0 || sscanf(text, "%d %d", &reads, &writes) != 2)
		reads = -1;
	close(fd);
	return reads < 0 ? -1 : reads + writes;
}
