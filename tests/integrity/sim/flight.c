/* What backends ask the ring to do: in any order, late, in part, or not at all. */
#include <errno.h>

#include "inside.h"

/* FLIGHT_AGAIN: how often an interruption is followed by another, of 1000 times. */
enum { FLIGHT_SECTOR_BYTES = 512, FLIGHT_AGAIN = 950 };

void flight_begin(struct port *port, const struct port_work *work)
{
	rule_io(port, work);
	if (port->flight_count == port->sim->config.depth_tags || !port->sim->disk) {
		rule_broken(port->sim, "R12", "more operations are under way than there are tags");
		kernel_complete(port, work->user_data, -EINVAL);
		return;
	}
	port->flights[port->flight_count++] = (struct sim_flight){
		.io = work->io,
		.user_data = work->user_data,
		.mark = disk_mark(port->sim->disk),
		.tag = (uint16_t)work->user_data,
	};
}

static bool flight_moves(const struct sim_flight *flight)
{
	return flight->io.op == REFUBLK_IO_READ || flight->io.op == REFUBLK_IO_WRITE;
}

/* Some of the request's sectors, but not all of them. */
static uint64_t flight_part(struct sim *sim, const struct sim_flight *flight, uint32_t least_sectors)
{
	uint32_t sectors = (uint32_t)(flight->io.length_bytes / FLIGHT_SECTOR_BYTES);

	if (sectors <= least_sectors)
		return flight->io.length_bytes;
	return (uint64_t)(least_sectors + choice_below(sim->choice, sectors - least_sectors)) * FLIGHT_SECTOR_BYTES;
}

static int32_t flight_fails(struct port *port, const struct sim_flight *flight)
{
	struct sim *sim = port->sim;

	port->tags[flight->tag].request.io->excused = true;
	if (flight->io.op == REFUBLK_IO_WRITE)
		(void)disk_carry_out(sim->disk, &flight->io, flight_part(sim, flight, 0));
	return -EIO;
}

/* Perhaps so often that the server gives up: nobody's fault. */
static int32_t flight_interrupted(struct sim *sim, struct sim_tag *tag)
{
	tag->interruptions++;
	tag->request.io->excused = true;
	return choice_below(sim->choice, 2) ? -EINTR : -EAGAIN;
}

/* The file has become shorter. */
static int32_t flight_moved_nothing(struct sim_tag *tag)
{
	tag->moved_nothing = true;
	tag->request.io->excused = true;
	return 0;
}

static int32_t flight_result(struct port *port, const struct sim_flight *flight)
{
	struct sim *sim = port->sim;
	struct sim_tag *tag = &port->tags[flight->tag];
	uint64_t bytes = flight->io.length_bytes;
	int32_t result;

	if (choice_chance(sim->choice, sim->config.failed_ios))
		return flight_fails(port, flight);
	if (tag->interruptions > 0 && choice_chance(sim->choice, FLIGHT_AGAIN))
		return flight_interrupted(sim, tag);
	if (choice_chance(sim->choice, sim->config.short_ios)) {
		sim->counts.short_ios++;
		if (choice_below(sim->choice, 4) == 0)
			return flight_interrupted(sim, tag);
		if (flight_moves(flight) && choice_below(sim->choice, 16) == 1)
			return flight_moved_nothing(tag);
		bytes = flight_moves(flight) ? flight_part(sim, flight, 1) : bytes;
	}
	result = disk_carry_out(sim->disk, &flight->io, bytes);
	if (flight->io.op == REFUBLK_IO_FDATASYNC && sim->config.cuts)
		disk_flushed(sim->disk, flight->mark);
	return result;
}

void flight_end(struct port *port)
{
	uint32_t at = choice_below(port->sim->choice, port->flight_count);
	struct sim_flight flight = port->flights[at];

	port->flights[at] = port->flights[--port->flight_count];
	kernel_complete(port, flight.user_data, flight_result(port, &flight));
}

void flight_abandon(struct port *port)
{
	while (port->flight_count > 0) {
		struct sim_flight *flight = &port->flights[--port->flight_count];

		if (flight->io.op != REFUBLK_IO_FDATASYNC && choice_below(port->sim->choice, 2))
			(void)disk_carry_out(port->sim->disk, &flight->io,
					     flight_moves(flight) ? flight_part(port->sim, flight, 0) : 0);
	}
	port->letter_count = 0;
}
