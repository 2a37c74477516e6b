#include "port_quiet.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "port_uring.h"

enum { PORT_QUIET_TAGS = 64, PORT_QUIET_POLL_MS = 5, PORT_QUIET_NONE = INT32_MIN };

struct port {
	struct port_completion ready[PORT_QUIET_TAGS + 1];
	uint32_t count;
	uint64_t wake;
	int wake_fd;
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static uint64_t commands[PORT_QUIET_TAGS]; /* user_data by tag; 0: none */
static int32_t end_result = PORT_QUIET_NONE;
static uint32_t ports;
static int open_answer;
static uint64_t requested; /* a bit for each tag */

void port_quiet_open_answer(int answer)
{
	open_answer = answer;
}

void port_quiet_end_all(int32_t result)
{
	pthread_mutex_lock(&lock);
	end_result = result != 0 ? result : PORT_QUIET_NONE;
	pthread_mutex_unlock(&lock);
}

void port_quiet_request(uint16_t tag)
{
	pthread_mutex_lock(&lock);
	requested |= UINT64_C(1) << tag;
	pthread_mutex_unlock(&lock);
}

uint32_t port_quiet_open(void)
{
	uint32_t now;

	pthread_mutex_lock(&lock);
	now = ports;
	pthread_mutex_unlock(&lock);
	return now;
}

uint32_t port_quiet_commands(void)
{
	uint32_t now = 0;

	pthread_mutex_lock(&lock);
	for (int tag = 0; tag < PORT_QUIET_TAGS; tag++)
		now += commands[tag] != 0;
	pthread_mutex_unlock(&lock);
	return now;
}

uint64_t port_uring_entries(uint64_t depth_tags)
{
	return 2 * depth_tags + 1;
}

int port_uring_open(struct port **port, int char_fd, int wake_fd, uint32_t depth_tags)
{
	(void)char_fd;
	if (open_answer != 0)
		return open_answer;
	if (depth_tags > PORT_QUIET_TAGS)
		return -EINVAL;
	*port = calloc(1, sizeof(**port));
	(*port)->wake_fd = wake_fd;
	pthread_mutex_lock(&lock);
	memset(commands, 0, sizeof(commands));
	ports++;
	pthread_mutex_unlock(&lock);
	return 0;
}

void port_uring_close(struct port *port)
{
	if (!port)
		return;
	pthread_mutex_lock(&lock);
	ports--;
	pthread_mutex_unlock(&lock);
	free(port);
}

int port_push(struct port *port, const struct port_work *work)
{
	if (work->kind == PORT_WAKE) {
		port->wake = work->user_data;
	} else {
		pthread_mutex_lock(&lock);
		commands[work->command.payload.tag] = work->user_data;
		pthread_mutex_unlock(&lock);
	}
	return 0;
}

static void port_quiet_end(struct port *port, uint64_t *user_data, int32_t result)
{
	if (*user_data == 0)
		return;
	port->ready[port->count++] = (struct port_completion){ .user_data = *user_data, .result = result };
	*user_data = 0;
}

static void port_quiet_play(struct port *port)
{
	pthread_mutex_lock(&lock);
	for (int tag = 0; tag < PORT_QUIET_TAGS; tag++) {
		if ((requested & UINT64_C(1) << tag) != 0 && commands[tag] != 0) {
			requested &= ~(UINT64_C(1) << tag);
			port_quiet_end(port, &commands[tag], 0);
		}
	}
	for (int tag = 0; tag < PORT_QUIET_TAGS && end_result != PORT_QUIET_NONE; tag++)
		port_quiet_end(port, &commands[tag], end_result);
	pthread_mutex_unlock(&lock);
}

static void port_quiet_listen(struct port *port, int patience_ms)
{
	struct pollfd wake = { .fd = port->wake_fd, .events = POLLIN };

	if (port->wake != 0 && poll(&wake, 1, patience_ms) == 1)
		port_quiet_end(port, &port->wake, POLLIN);
}

int port_wait(struct port *port, uint32_t limit_ms)
{
	uint32_t waited_ms;

	port_quiet_play(port);
	port_quiet_listen(port, 0);
	for (waited_ms = 0; port->count == 0 && waited_ms < limit_ms; waited_ms += PORT_QUIET_POLL_MS) {
		port_quiet_listen(port, PORT_QUIET_POLL_MS);
		port_quiet_play(port);
	}
	return port->count > 0 ? 0 : -ETIME;
}

bool port_pop(struct port *port, struct port_completion *completion)
{
	if (port->count == 0)
		return false;
	*completion = port->ready[0];
	memmove(port->ready, port->ready + 1, --port->count * sizeof(port->ready[0]));
	return true;
}

uint64_t port_lost(const struct port *port)
{
	(void)port;
	return 0;
}
