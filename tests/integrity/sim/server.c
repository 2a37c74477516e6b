/* The server's process: its backend, its buffers, and for each queue a serve, the real one. */
#include <err.h>
#include <stdlib.h>
#include <string.h>

#include "file_inside.h"
#include "inside.h"
#include "mem.h"

enum { SERVER_PAGE_BYTES = 4096, SERVER_SECTOR_BYTES = 512, SERVER_ZEROES_BYTES = 1 << 16, SERVER_FD = 1000, SERVER_LIMIT_MS = 1000 };

static void server_open_file(struct sim *sim)
{
	const uint64_t device_bytes = sim->config.device_bytes;
	uint64_t zeroes_bytes = device_bytes < SERVER_ZEROES_BYTES ? device_bytes : SERVER_ZEROES_BYTES;
	struct file *file = sim_memory(1, sizeof(*file));

	file->config = (struct file_config){ .zeroes = sim_memory(1, zeroes_bytes), .zeroes_bytes = zeroes_bytes,
					     .align_bytes = 512, .fd = SERVER_FD };
	file->size_bytes = sim->config.device_bytes;
	file->discard = true;
	sim->file = file;
	sim->disk = disk_open(sim->config.device_bytes, sim->config.cuts);
	sim->bare = file_backend(file);
	sim->bare_context = file;
}

void sim_fill(uint64_t sector, unsigned char *data)
{
	memset(data, (int)(0x21 + sector % 64), SERVER_SECTOR_BYTES);
	memcpy(data, &sector, sizeof(sector));
}

static void server_fill(struct sim *sim)
{
	unsigned char data[SERVER_SECTOR_BYTES];
	uint64_t sector;

	for (sector = 0; sector < sim->config.device_bytes / SERVER_SECTOR_BYTES; sector++) {
		struct refublk_request request = { .op = REFUBLK_WRITE, .offset_bytes = sector * SERVER_SECTOR_BYTES,
						   .length_bytes = SERVER_SECTOR_BYTES, .memory = data };

		sim_fill(sector, data);
		if (sim->disk)
			disk_put(sim->disk, request.offset_bytes, data, SERVER_SECTOR_BYTES);
		else
			(void)sim->bare->write(sim->bare_context, &request);
	}
}

void server_open_backend(struct sim *sim)
{
	const struct sim_hooks *hooks = sim->config.hooks;

	if (sim->config.backend == SIM_FILE) {
		server_open_file(sim);
	} else {
		if (mem_open(&sim->mem, sim->config.device_bytes, sim->config.device_bytes) != 0)
			errx(3, "no memory for the disk");
		sim->bare = &mem_backend;
		sim->bare_context = sim->mem;
	}
	if (sim->config.filled)
		server_fill(sim);
	if (sim->config.backend == SIM_LATER) {
		sim->inner = sim->bare;
		sim->inner_context = sim->bare_context;
		sim->bare = &letter_backend;
		sim->bare_context = sim;
	}
	sim->backend = sim->bare;
	sim->backend_context = sim->bare_context;
	if (hooks && hooks->wrap) {
		sim->backend = hooks->wrap(sim->config.hooks_context, sim->bare, sim->bare_context);
		sim->backend_context = sim->config.hooks_context;
	}
}

void server_close_backend(struct sim *sim)
{
	mem_close(sim->mem);
	disk_close(sim->disk);
	if (sim->file)
		free(sim->file->config.zeroes);
	free(sim->file);
}

/* ---- threads ------------------------------------------------------------------------------- */

static void server_start_thread(struct port *port)
{
	struct sim *sim = port->sim;
	const struct sim_config *config = &sim->config;
	struct serve_setup setup = {
		.backend = sim->backend,
		.backend_context = sim->backend_context,
		.descriptors = port->descriptors,
		.limits = { .device_bytes = config->device_bytes, .max_io_bytes = config->max_io_bytes,
			    .block_bytes = config->block_bytes },
		.port = port,
		.leave = &sim->leave,
		.parting = &sim->parting,
		.mode = config->mode == DRIVER_GET_DATA ? TAG_GET_DATA : TAG_PLAIN,
		.depth_tags = config->depth_tags,
		.stride_bytes = sizeof(struct ublksrv_io_desc),
		.qid = port->qid,
	};

	port->buffers = (struct buffers){ .each_bytes = config->max_io_bytes,
					  .all_bytes = (uint64_t)config->max_io_bytes * config->depth_tags };
	port->buffers.base = aligned_alloc(SERVER_PAGE_BYTES, port->buffers.all_bytes);
	if (!port->buffers.base || later_make(&port->later, config->depth_tags) != 0)
		errx(3, "no memory for a queue");
	setup.buffers = port->buffers;
	setup.later = port->later;
	if (serve_make(&port->serve, &setup) != 0)
		errx(3, "no memory for a queue");
	port->over = false;
	serve_begin(port->serve);
}

void server_start(struct sim *sim)
{
	uint32_t q;

	atomic_store(&sim->leave, false);
	atomic_store(&sim->parting, SERVE_STAYS);
	for (q = 0; q < sim->config.queues; q++)
		server_start_thread(&sim->ports[q]);
}

void server_end(struct port *port)
{
	uint32_t i;

	if (!port->serve)
		return;
	for (i = 0; i < port->sim->config.depth_tags; i++)
		(void)poison_take(port, (uint16_t)i);
	serve_free(port->serve);
	later_free(port->later);
	free(port->buffers.base);
	port->serve = NULL;
	port->pushed_count = 0;
	port->wake_armed = false;
	port->wake_due = false;
	port->first = port->visible = port->last;
}

static void server_wake(struct sim *sim)
{
	uint32_t q;

	for (q = 0; q < sim->config.queues; q++)
		sim->ports[q].wake_due = true;
}

void server_leave(struct sim *sim)
{
	atomic_store(&sim->leave, true);
	server_wake(sim);
}

void server_part(struct sim *sim, uint32_t parting)
{
	atomic_store(&sim->parting, parting);
	server_wake(sim);
}

/* It was told to leave, or every command has been taken back and it has seen so. */
static bool server_may_be_over(const struct port *port)
{
	uint32_t i, held = 0;

	if (atomic_load(&port->sim->leave))
		return true;
	for (i = 0; i < port->sim->config.depth_tags; i++)
		held += port->tags[i].state.phase != DRIVER_CANCELLED;
	return held == 0 && port->first == port->last;
}

void server_turn(struct port *port)
{
	struct sim *sim = port->sim;
	struct serve_turn turn = serve_turn(port->serve, SERVER_LIMIT_MS);

	switch ((enum serve_news)turn.news) {
	case SERVE_ON:
	case SERVE_INTERRUPTED:
		return;
	case SERVE_OVER:
		if (!server_may_be_over(port))
			rule_broken(sim, "R21", "queue %u says that it is over while it is wanted", port->qid);
		break;
	case SERVE_BROKEN:
		rule_broken(sim, "R16", "queue %u gives up: %s", port->qid, strerror(-turn.error));
		break;
	}
	/* Its ring has ended: nobody moves on what it had. */
	port->over = true;
}
