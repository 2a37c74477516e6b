/* The seam's other implementation: src/sys/port.h over the simulated kernel. */
#include <errno.h>
#include <poll.h>
#include <stdlib.h>

#include "inside.h"

/* How often a wait goes on although a completion is at hand, of 1000 times. */
enum { PORT_GOES_ON = 900 };

void port_open(struct port *port, struct sim *sim, uint16_t qid)
{
	uint32_t depth = sim->config.depth_tags;

	port->sim = sim;
	port->qid = qid;
	port->room = 4 * depth + 8;
	port->tags = sim_memory(depth, sizeof(*port->tags));
	port->descriptors = sim_memory(depth, sizeof(struct ublksrv_io_desc));
	port->idle = sim_memory(depth, sizeof(*port->idle));
	port->started = sim_memory(depth, sizeof(*port->started));
	port->pushed = sim_memory(2 * depth + 1, sizeof(*port->pushed));
	port->flights = sim_memory(depth, sizeof(*port->flights));
	port->letters = sim_memory(depth, sizeof(*port->letters));
	port->completions = sim_memory(port->room, sizeof(*port->completions));
}

void port_close(struct port *port)
{
	free(port->tags);
	free(port->descriptors);
	free(port->idle);
	free(port->started);
	free(port->pushed);
	free(port->flights);
	free(port->letters);
	free(port->completions);
}

bool port_has_news(const struct port *port)
{
	return port->pushed_count > 0 || port->first != port->last || (port->wake_armed && port->wake_due) ||
	       kernel_can_step(port);
}

int port_push(struct port *port, const struct port_work *work)
{
	if (work->kind == PORT_WAKE) {
		if (port->wake_armed)
			rule_broken(port->sim, "R27", "a second wake-up is under way");
		port->wake_armed = true;
		port->wake_user_data = work->user_data;
		return 0;
	}
	if (port->pushed_count == 2 * port->sim->config.depth_tags + 1)
		return -ENOSPC;
	port->pushed[port->pushed_count++] = *work;
	return 0;
}

static void port_wake(struct port *port)
{
	if (!port->wake_armed || !port->wake_due)
		return;
	port->wake_armed = false;
	port->wake_due = false;
	kernel_complete(port, port->wake_user_data, POLLIN);
}

int port_wait(struct port *port, uint32_t limit_ms)
{
	struct sim *sim = port->sim;

	if (choice_chance(sim->choice, sim->config.interrupts)) {
		sim->counts.interrupts++;
		return -EINTR;
	}
	kernel_submit(port);
	if (limit_ms == 0 || sim->frozen)
		return -ETIME;
	while (port->first == port->last || choice_chance(sim->choice, PORT_GOES_ON)) {
		port_wake(port);
		if (!kernel_step(port))
			break;
	}
	port_wake(port);
	port->visible = port->last;
	/* Completions come one by one: the server may look while some are still to come. */
	if (choice_chance(sim->choice, sim->config.trickles))
		port->visible = port->first + choice_below(sim->choice, port->last - port->first + 1);
	return port->first == port->visible ? -ETIME : 0;
}

bool port_pop(struct port *port, struct port_completion *completion)
{
	const struct sim_hooks *hooks = port->sim->config.hooks;

	while (port->first != port->visible) {
		*completion = port->completions[port->first++ % port->room];
		if (!hooks || !hooks->pop || hooks->pop(port->sim->config.hooks_context, port->sim, port->qid, completion))
			return true;
	}
	return false;
}

uint64_t port_lost(const struct port *port)
{
	(void)port;
	return 0;
}
