#include "node.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

void node_char_path(char path[NODE_PATH_BYTES], int id)
{
	snprintf(path, NODE_PATH_BYTES, "/dev/ublkc%d", id);
}

void node_block_path(char path[NODE_PATH_BYTES], int id)
{
	snprintf(path, NODE_PATH_BYTES, "/dev/ublkb%d", id);
}

int node_open_char(const char *path)
{
	struct stat status;
	int fd;

	/* Never O_NONBLOCK: io_uring would then answer EAGAIN where it otherwise waits in a worker. */
	do
		fd = open(path, O_RDWR | O_CLOEXEC);
	while (fd < 0 && errno == EINTR);
	if (fd < 0)
		return -errno;
	if (fstat(fd, &status) || !S_ISCHR(status.st_mode)) {
		close(fd);
		return -ENOTTY;
	}
	return fd;
}

int node_find_block(const char *path)
{
	struct stat status;

	if (stat(path, &status))
		return -errno;
	return S_ISBLK(status.st_mode) ? 0 : -ENOTBLK;
}
