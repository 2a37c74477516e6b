#include "listen.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

/* How long a client may keep the others waiting, and how many may wait. */
enum { LISTEN_LIMIT_MS = 2000, LISTEN_BACKLOG = 8, LISTEN_PAUSE_MS = 100 };

struct listener {
	listen_answer *answer;
	void *context;
	pthread_t thread;
	int folder_fd; /* the caller's */
	int socket_fd;
	int end_fd;    /* an eventfd: the thread shall end */
	int32_t id;
};

/* ---- one client ---------------------------------------------------------------------------- */

static bool listen_trusts(int fd)
{
	struct ucred peer = { .uid = (uid_t)-1 };
	socklen_t length = sizeof(peer);

	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &length) < 0)
		return false;
	return peer.uid == 0 || peer.uid == geteuid();
}

static void listen_serve(const struct listener *listener, int fd)
{
	unsigned char bytes[sizeof(struct talk_question) + 1];
	struct pollfd poller = { .fd = fd, .events = POLLIN };
	struct talk_question question;
	struct talk_answer answer;
	ssize_t count;
	int error;

	if (!listen_trusts(fd) || poll(&poller, 1, LISTEN_LIMIT_MS) <= 0)
		return;
	count = recv(fd, bytes, sizeof(bytes), MSG_DONTWAIT);
	if (count <= 0)
		return;
	error = talk_read_question(bytes, (size_t)count, &question);
	answer = error ? talk_reply(question, error, "") : listener->answer(listener->context, question);
	/* The socket's buffer holds it; who has gone does not want it. */
	(void)!send(fd, &answer, sizeof(answer), MSG_DONTWAIT | MSG_NOSIGNAL);
}

static void *listen_run(void *argument)
{
	const struct listener *listener = argument;
	struct pollfd pollers[2] = { { .fd = listener->end_fd, .events = POLLIN },
				     { .fd = listener->socket_fd, .events = POLLIN } };

	for (;;) {
		int fd;

		if (poll(pollers, 2, -1) < 0)
			continue;
		if (pollers[0].revents)
			return NULL;
		fd = accept4(listener->socket_fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
		if (fd >= 0) {
			listen_serve(listener, fd);
			close(fd);
		} else if (errno != EAGAIN && errno != EINTR && errno != ECONNABORTED) {
			/* No descriptor or no memory: the client stays in the queue and is looked after later. */
			(void)poll(pollers, 1, LISTEN_PAUSE_MS);
		}
	}
}

/* ---- begin and end ------------------------------------------------------------------------- */

int listen_remove(int folder_fd, int32_t id)
{
	char name[32];

	snprintf(name, sizeof(name), "%d.sock", id);
	return unlinkat(folder_fd, name, 0) < 0 && errno != ENOENT ? -errno : 0;
}

/* By way of the descriptor: in the daemon's namespace the folder has no name. */
static int listen_bind(struct listener *listener)
{
	struct sockaddr_un address;
	char folder[32];
	int error = listen_remove(listener->folder_fd, listener->id);

	snprintf(folder, sizeof(folder), "/proc/self/fd/%d", listener->folder_fd);
	if (error || !talk_address(folder, listener->id, &address))
		return error ? error : -ENAMETOOLONG;
	if (fchmod(listener->socket_fd, 0600) < 0 ||
	    bind(listener->socket_fd, (struct sockaddr *)&address, sizeof(address)) < 0)
		return -errno;
	return listen(listener->socket_fd, LISTEN_BACKLOG) < 0 ? -errno : 0;
}

/* Signals are for other threads. */
static int listen_spawn(struct listener *listener)
{
	sigset_t all, before;
	int error;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	error = pthread_create(&listener->thread, NULL, listen_run, listener);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return -error;
}

static void listen_free(struct listener *listener)
{
	if (listener->socket_fd >= 0)
		close(listener->socket_fd);
	if (listener->end_fd >= 0)
		close(listener->end_fd);
	free(listener);
}

int listen_begin(struct listener **listener, int folder_fd, int32_t id, listen_answer *answer, void *context)
{
	struct listener *made = malloc(sizeof(*made));
	int error = 0;

	*listener = NULL;
	if (!made)
		return -ENOMEM;
	*made = (struct listener){ .answer = answer, .context = context, .folder_fd = folder_fd, .id = id };
	made->socket_fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	made->end_fd = eventfd(0, EFD_CLOEXEC);
	if (made->socket_fd < 0 || made->end_fd < 0)
		error = -errno;
	if (!error)
		error = listen_bind(made);
	if (!error)
		error = listen_spawn(made);
	if (error) {
		listen_free(made);
		return error;
	}
	*listener = made;
	return 0;
}

void listen_end(struct listener *listener)
{
	if (!listener)
		return;
	(void)!eventfd_write(listener->end_fd, 1);
	pthread_join(listener->thread, NULL);
	(void)!listen_remove(listener->folder_fd, listener->id);
	listen_free(listener);
}
