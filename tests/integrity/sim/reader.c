#include "reader.h"

#include <stdlib.h>

enum { READER_PIECE_BYTES = 4096, READER_REACH_BYTES = 64 << 20 };

static void reader_push(struct port *port, unsigned lane, struct io *io)
{
	struct reader *reader = (struct reader *)port;
	uint32_t i = 0;

	(void)lane;
	while (reader->busy[i])
		i++;
	reader->busy[i] = true;
	reader->ios[i] = (struct sim_io){ .op = SIM_READ, .offset_bytes = io->offset_bytes,
					  .length_bytes = io->length_bytes, .data = io->data, .owner = io };
	sim_submit(reader->sim, &reader->ios[i]);
}

static unsigned reader_reap(struct port *port, unsigned lane, struct io **done, unsigned max, unsigned wait_ms)
{
	struct reader *reader = (struct reader *)port;
	unsigned count = 0;
	struct sim_io *sim_io;

	(void)lane;
	(void)wait_ms;
	while (count == 0) {
		while (count < max && (sim_io = sim_reap(reader->sim)) != NULL) {
			struct io *io = sim_io->owner;

			io->result = sim_io->error ? sim_io->error : (int64_t)sim_io->length_bytes;
			reader->busy[sim_io - reader->ios] = false;
			done[count++] = io;
		}
		if (count == 0 && (sim_breach(reader->sim)->rule || !sim_step(reader->sim)))
			return 0;
	}
	return count;
}

static int reader_settle(struct port *port, uint64_t offset_bytes, uint64_t length_bytes)
{
	(void)port;
	(void)offset_bytes;
	(void)length_bytes;
	return 0;
}

static uint64_t reader_next_data(struct port *port, uint64_t from_bytes)
{
	(void)port;
	/* Of a vast disk what lies high is read only where something was written. */
	return from_bytes < READER_REACH_BYTES ? from_bytes : UINT64_MAX;
}

struct port *reader_open(struct reader *reader, struct sim *sim)
{
	static const struct port_calls calls = { .push = reader_push, .reap = reader_reap, .settle = reader_settle,
						 .next_data = reader_next_data };

	*reader = (struct reader){ .port.calls = &calls, .sim = sim };
	return &reader->port;
}

void reader_all(struct reader *reader, uint64_t size_bytes,
		void (*take)(void *context, uint64_t offset_bytes, const unsigned char *data), void *context)
{
	unsigned char data[READER_PIECE_BYTES];
	uint64_t at, sector;

	for (at = 0; at < size_bytes; at += READER_PIECE_BYTES) {
		struct io io = { .kind = OPERATION_READ, .offset_bytes = at, .length_bytes = READER_PIECE_BYTES, .data = data };
		struct io *done;

		port_poison(data, READER_PIECE_BYTES);
		reader_push(&reader->port, 0, &io);
		if (reader_reap(&reader->port, 0, &done, 1, 0) != 1)
			return;
		for (sector = 0; sector < READER_PIECE_BYTES; sector += OPERATION_SECTOR_BYTES)
			take(context, at + sector, data + sector);
	}
}
