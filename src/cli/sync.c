#include "sync.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

struct sync_work {
	int block_fd;
	int word_fd;
};

static void *sync_run(void *context)
{
	struct sync_work *work = context;
	char word = SYNC_DONE;

	/* BLKFLSBUF reaches a mounted file system, fsync the disk's own cache. */
	if (ioctl(work->block_fd, BLKFLSBUF, 0) < 0 || fsync(work->block_fd) < 0)
		word = SYNC_FAILED;
	close(work->block_fd);
	(void)!write(work->word_fd, &word, 1);
	close(work->word_fd);
	free(work);
	return NULL;
}

/* No signal is this thread's: it would be handled where nothing can be done about it. */
static int sync_make_thread(struct sync_work *work)
{
	sigset_t all, before;
	pthread_t thread;
	int error;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	error = pthread_create(&thread, NULL, sync_run, work);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (!error)
		pthread_detach(thread);
	return -error;
}

int sync_begin(const char *block_path)
{
	struct sync_work *work = malloc(sizeof(*work));
	int ends[2], error = 0;

	if (!work)
		return -ENOMEM;
	work->block_fd = open(block_path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	if (work->block_fd < 0)
		error = -errno;
	else if (pipe2(ends, O_CLOEXEC) < 0) {
		error = -errno;
		close(work->block_fd);
	}
	if (error) {
		free(work);
		return error;
	}
	work->word_fd = ends[1];
	error = sync_make_thread(work);
	if (!error)
		return ends[0];
	close(work->block_fd);
	close(ends[0]);
	close(ends[1]);
	free(work);
	return error;
}
