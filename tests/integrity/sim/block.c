/* The block layer: ios become requests that fit the device, requests wait for a tag, and come back. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "inside.h"

enum { BLOCK_REACH = 4, BLOCK_ROOM_FIRST = 64 };

static void block_grow(struct sim *sim)
{
	uint32_t room = sim->pending_room ? sim->pending_room * 2 : BLOCK_ROOM_FIRST, i;
	struct sim_request *pending = sim_memory(room, sizeof(*pending));

	for (i = 0; i < sim->pending_count; i++)
		pending[i] = sim->pending[(sim->pending_first + i) & (sim->pending_room - 1)];
	free(sim->pending);
	sim->pending = pending;
	sim->pending_first = 0;
	sim->pending_room = room;
}

void block_requeue(struct sim *sim, struct sim_request request)
{
	if (sim->pending_count == sim->pending_room)
		block_grow(sim);
	sim->pending[(sim->pending_first + sim->pending_count++) & (sim->pending_room - 1)] = request;
}

struct sim_request block_next(struct sim *sim)
{
	uint32_t reach = sim->pending_count < BLOCK_REACH ? sim->pending_count : BLOCK_REACH;
	uint32_t skipped = choice_below(sim->choice, reach);
	struct sim_request *first = &sim->pending[sim->pending_first & (sim->pending_room - 1)];
	struct sim_request *taken = &sim->pending[(sim->pending_first + skipped) & (sim->pending_room - 1)];
	struct sim_request request = *taken;

	*taken = *first;
	sim->pending_first++;
	sim->pending_count--;
	sim->counts.reordered += skipped > 0;
	return request;
}

/* ---- from an io to its pieces -------------------------------------------------------------- */

static void block_make(struct sim *sim, struct sim_io *io, uint64_t from_bytes, uint64_t length_bytes)
{
	bool moves = io->op == SIM_READ || io->op == SIM_WRITE;

	block_requeue(sim, (struct sim_request){ .io = io,
						 .data = moves && length_bytes ? (unsigned char *)io->data + from_bytes : NULL,
						 .offset_bytes = io->offset_bytes + from_bytes,
						 .length_bytes = length_bytes,
						 .number = ++sim->requests_made });
}

static uint64_t block_piece_bytes(struct sim *sim, const struct sim_io *io, uint64_t left_bytes)
{
	const struct sim_config *config = &sim->config;
	uint64_t bytes = left_bytes;

	if ((io->op == SIM_READ || io->op == SIM_WRITE) && bytes > config->max_io_bytes)
		bytes = config->max_io_bytes;
	if (bytes > config->block_bytes && choice_chance(sim->choice, config->splits)) {
		bytes = (1 + choice_below(sim->choice, (uint32_t)(bytes / config->block_bytes) - 1)) * config->block_bytes;
		sim->counts.splits++;
	}
	return bytes;
}

static void block_finish(struct sim *sim, struct sim_io *io)
{
	if (io->error != 0 && !io->excused)
		rule_broken(sim, "R18", "a request fails with %d, and nothing had happened to it", io->error);
	io->next = NULL;
	if (sim->done_last)
		sim->done_last->next = io;
	else
		sim->done_first = io;
	sim->done_last = io;
	sim->open_ios--;
}

static void block_flush(struct sim *sim, struct sim_io *io)
{
	io->left_bytes = 1;
	block_make(sim, io, 0, 0);
}

/* What the backend does not have, the block layer refuses, or does not need to ask for. */
static bool block_offered(struct sim *sim, struct sim_io *io)
{
	const struct refublk_backend *backend = sim->backend;

	io->error = 0;
	io->excused = false;
	if (io->op == SIM_FLUSH)
		return backend->flush;
	if ((io->op == SIM_DISCARD && !backend->discard) || (io->op == SIM_ZEROES && !backend->write_zeroes))
		io->error = -EOPNOTSUPP;
	io->excused = io->error != 0;
	return io->error == 0;
}

void sim_submit(struct sim *sim, struct sim_io *io)
{
	uint64_t at, bytes;

	io->lost_by_kernel = false;
	io->flushing = false;
	sim->open_ios++;
	if (!block_offered(sim, io)) {
		block_finish(sim, io);
		return;
	}
	if (io->op == SIM_FLUSH) {
		block_flush(sim, io);
		return;
	}
	io->left_bytes = io->length_bytes;
	for (at = 0; at < io->length_bytes; at += bytes) {
		bytes = block_piece_bytes(sim, io, io->length_bytes - at);
		block_make(sim, io, at, bytes);
	}
}

struct sim_io *sim_reap(struct sim *sim)
{
	struct sim_io *io = sim->done_first;

	if (!io)
		return NULL;
	sim->done_first = io->next;
	if (!sim->done_first)
		sim->done_last = NULL;
	return io;
}

/* ---- and back ------------------------------------------------------------------------------ */

/* FUA that the backend does not honour itself is a flush after the data. */
static bool block_owes_flush(const struct sim *sim, const struct sim_io *io)
{
	return io->fua && io->error == 0 && !io->flushing && sim->backend->flush && !sim->backend->honours_fua;
}

void block_end(struct sim *sim, struct sim_request *request, uint64_t done_bytes, int32_t error)
{
	struct sim_io *io = request->io;
	uint64_t done = request->length_bytes == 0 ? 1 : done_bytes;

	if (error != 0 && io->error == 0)
		io->error = error;
	io->left_bytes -= done;
	if (request->length_bytes != 0 && done_bytes < request->length_bytes) {
		request->offset_bytes += done_bytes;
		if (request->data)
			request->data += done_bytes;
		request->length_bytes -= done_bytes;
		sim->counts.requeues++;
		block_requeue(sim, *request);
		return;
	}
	if (io->left_bytes > 0)
		return;
	if (block_owes_flush(sim, io)) {
		io->flushing = true;
		block_flush(sim, io);
		return;
	}
	block_finish(sim, io);
}

void block_fail_all(struct sim *sim, int32_t error)
{
	uint32_t count = sim->pending_count;

	while (count-- > 0) {
		struct sim_request request = sim->pending[sim->pending_first++ & (sim->pending_room - 1)];

		sim->pending_count--;
		request.io->excused = true;
		block_end(sim, &request, request.length_bytes, error);
	}
}
