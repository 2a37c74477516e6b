#include "port_script.h"

#include <check.h>
#include <errno.h>
#include <poll.h>
#include <stdlib.h>

enum { PORT_SCRIPT_WORKS = 128, PORT_SCRIPT_COMPLETIONS = 256, PORT_SCRIPT_WAIT_MS = 1000 };

struct port {
	struct port_work works[PORT_SCRIPT_WORKS];
	struct port_completion completions[PORT_SCRIPT_COMPLETIONS];
	uint64_t wake_user_data;
	uint64_t lost;
	uint32_t room;
	uint32_t taken; /* since the last wait */
	uint32_t pushed;
	uint32_t looked_at;
	uint32_t submitted;
	uint32_t first;
	uint32_t last;
	uint32_t visible; /* completions before this one may be popped */
	uint32_t waits;
	uint32_t wakes;
	int wake_fd;
	int answer;
};

struct port *port_script_make(uint32_t room, int wake_fd)
{
	struct port *port = calloc(1, sizeof(*port));

	ck_assert_ptr_nonnull(port);
	port->room = room;
	port->wake_fd = wake_fd;
	return port;
}

void port_script_free(struct port *port)
{
	free(port);
}

bool port_script_pushed(struct port *port, struct port_work *work)
{
	if (port->looked_at == port->pushed)
		return false;
	*work = port->works[port->looked_at++ % PORT_SCRIPT_WORKS];
	return true;
}

uint32_t port_script_count(const struct port *port)
{
	return port->pushed;
}

uint32_t port_script_submitted(const struct port *port)
{
	return port->submitted;
}

uint32_t port_script_wakes(const struct port *port)
{
	return port->wakes;
}

uint32_t port_script_waits(const struct port *port)
{
	return port->waits;
}

void port_script_complete(struct port *port, uint64_t user_data, int32_t result)
{
	struct port_completion completion = { .user_data = user_data, .result = result };

	if (port->last - port->first >= PORT_SCRIPT_COMPLETIONS)
		ck_abort_msg("more completions than the script holds");
	port->completions[port->last++ % PORT_SCRIPT_COMPLETIONS] = completion;
}

void port_script_answer(struct port *port, int answer)
{
	port->answer = answer;
}

void port_script_set_room(struct port *port, uint32_t room)
{
	port->room = room;
}

void port_script_lose(struct port *port, uint64_t lost)
{
	port->lost = lost;
}

int port_push(struct port *port, const struct port_work *work)
{
	if (port->taken == port->room)
		return -ENOSPC;
	port->taken++;
	if (work->kind == PORT_WAKE) {
		port->wakes++;
		port->wake_user_data = work->user_data;
		ck_assert_uint_eq(port->wakes, 1);
	} else {
		if (port->pushed - port->looked_at >= PORT_SCRIPT_WORKS)
			ck_abort_msg("more work than the script holds");
		port->works[port->pushed++ % PORT_SCRIPT_WORKS] = *work;
	}
	return 0;
}

static void port_script_listen(struct port *port, uint32_t limit_ms)
{
	struct pollfd wake = { .fd = port->wake_fd, .events = POLLIN };
	int patience_ms = port->first == port->last && limit_ms > 0 ? PORT_SCRIPT_WAIT_MS : 0;

	if (port->wakes > 0 && poll(&wake, 1, patience_ms) == 1) {
		port->wakes--;
		port_script_complete(port, port->wake_user_data, POLLIN);
	}
}

int port_wait(struct port *port, uint32_t limit_ms)
{
	int answer = port->answer;

	port->waits++;
	if (answer != 0) {
		port->answer = 0;
		return answer;
	}
	port->taken = 0;
	port->submitted = port->pushed;
	port_script_listen(port, limit_ms);
	port->visible = port->last;
	return port->first == port->last ? -ETIME : 0;
}

bool port_pop(struct port *port, struct port_completion *completion)
{
	if (port->first == port->visible)
		return false;
	*completion = port->completions[port->first++ % PORT_SCRIPT_COMPLETIONS];
	return true;
}

uint64_t port_lost(const struct port *port)
{
	return port->lost;
}
