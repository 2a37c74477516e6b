/* The simulation as its user has it: made and ended, its time, one step of it. */
#include <err.h>
#include <stdio.h>
#include <stdlib.h>

#include "inside.h"

void *sim_memory(size_t count, size_t bytes)
{
	void *memory = calloc(count, bytes);

	if (!memory)
		err(3, "no memory for the simulation");
	return memory;
}

void sim_bug(const char *what)
{
	fprintf(stderr, "the simulation itself is wrong: %s\n", what);
	abort();
}

/* ---- time ------------------------------------------------------------------------------------ */

uint64_t sim_clock_ms(const struct sim *sim)
{
	return sim->clock_us / 1000;
}

void sim_gap(struct sim *sim, uint32_t gap_ms)
{
	const struct sim_hooks *hooks = sim->config.hooks;
	uint32_t q;

	sim->counts.gaps++;
	sim->clock_us += (uint64_t)gap_ms * 1000;
	sim->frozen = true;
	if (hooks && hooks->idle)
		hooks->idle(sim->config.hooks_context, sim, gap_ms);
	for (q = 0; q < sim->config.queues; q++) {
		if (sim->ports[q].serve && !sim->ports[q].over)
			server_turn(&sim->ports[q]);
	}
	sim->frozen = false;
}

bool sim_step(struct sim *sim)
{
	uint32_t first = choice_below(sim->choice, sim->config.queues), i;

	for (i = 0; i < sim->config.queues; i++) {
		struct port *port = &sim->ports[(first + i) % sim->config.queues];

		if (!port->serve || port->over || !port_has_news(port))
			continue;
		sim->clock_us += 10;
		server_turn(port);
		return true;
	}
	if (sim->open_ios > 0 && sim->flowing && atomic_load(&sim->parting) == SERVE_STAYS)
		rule_broken(sim, "R18", "%u requests are never answered", sim->open_ios);
	return false;
}

/* ---- the whole --------------------------------------------------------------------------- */

struct sim *sim_open(const struct sim_config *config, struct choice *choice)
{
	struct sim *sim = sim_memory(1, sizeof(*sim));
	uint32_t q;

	sim->config = *config;
	sim->choice = choice;
	sim->ports = sim_memory(config->queues, sizeof(*sim->ports));
	for (q = 0; q < config->queues; q++)
		port_open(&sim->ports[q], sim, (uint16_t)q);
	server_open_backend(sim);
	life_add(sim);
	return sim;
}

void sim_close(struct sim *sim)
{
	uint32_t q;

	life_end_threads(sim);
	for (q = 0; q < sim->config.queues; q++)
		port_close(&sim->ports[q]);
	server_close_backend(sim);
	free(sim->pending);
	free(sim->ports);
	free(sim);
}

void sim_calm(struct sim *sim)
{
	sim->choice->settled = true;
	sim->config.part_copies = 0;
	sim->config.failed_ios = 0;
}

const struct sim_breach *sim_breach(const struct sim *sim)
{
	return &sim->breach;
}

const struct sim_counts *sim_counts(const struct sim *sim)
{
	return &sim->counts;
}

unsigned char *sim_buffer(struct sim *sim, uint16_t qid, uint16_t tag)
{
	return buffers_of(sim->ports[qid].buffers, tag);
}

uint64_t sim_buffer_bytes(const struct sim *sim)
{
	return sim->config.max_io_bytes;
}

uint32_t sim_depth(const struct sim *sim)
{
	return sim->config.depth_tags;
}
