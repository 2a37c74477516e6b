#include <err.h>
#include <pthread.h>
#include <stdlib.h>

#include "chaos.h"
#include "mix.h"

#define FLIGHTS_MAX 256u
#define STEP_BYTES 300u
#define STEPS 64u

struct flight {
	struct io *io;
	unsigned lane;
	uint64_t reached_bytes;
	bool backwards;			/* from its last byte to its first */
	bool over;
};

struct chaos {
	struct port port;
	pthread_mutex_t lock;
	struct flight flights[FLIGHTS_MAX];
	unsigned count;
	uint64_t size_bytes, seed, turns;
	uint8_t *memory;
};

static void chaos_push(struct port *port, unsigned lane, struct io *io)
{
	struct chaos *chaos = (struct chaos *)port;

	pthread_mutex_lock(&chaos->lock);
	if (chaos->count == FLIGHTS_MAX)
		errx(1, "more than %u operations in flight", FLIGHTS_MAX);
	chaos->flights[chaos->count++] = (struct flight){
		.io = io, .lane = lane, .backwards = mix_pair(chaos->seed, chaos->turns++) & 1};
	pthread_mutex_unlock(&chaos->lock);
}

static void advance(struct chaos *chaos, struct flight *flight, uint64_t random)
{
	const struct io *io = flight->io;
	uint64_t left = io->length_bytes - flight->reached_bytes, bytes = 1 + random % STEP_BYTES, at;

	bytes = bytes < left ? bytes : left;
	/* Large requests would take for ever. */
	if (io->length_bytes > 64 << 10)
		bytes = left;
	at = flight->backwards ? left - bytes : flight->reached_bytes;
	if (io->kind == OPERATION_READ)
		memcpy((uint8_t *)io->data + at, chaos->memory + io->offset_bytes + at, bytes);
	else if (io->kind == OPERATION_WRITE)
		memcpy(chaos->memory + io->offset_bytes + at, (const uint8_t *)io->data + at, bytes);
	else if (bytes)
		memset(chaos->memory + io->offset_bytes + at, 0, bytes);
	flight->reached_bytes += bytes;
	flight->over = flight->reached_bytes == io->length_bytes;
}

static unsigned chaos_reap(struct port *port, unsigned lane, struct io **done, unsigned max, unsigned wait_ms)
{
	struct chaos *chaos = (struct chaos *)port;
	unsigned count = 0;

	(void)wait_ms;
	pthread_mutex_lock(&chaos->lock);
	for (unsigned step = 0; step < STEPS && chaos->count; step++) {
		uint64_t random = mix_pair(chaos->seed, chaos->turns++);
		struct flight *flight = &chaos->flights[random % chaos->count];

		if (!flight->over)
			advance(chaos, flight, random >> 16);
	}
	for (unsigned at = 0; at < chaos->count && count < max;) {
		struct flight *flight = &chaos->flights[at];

		if (!flight->over || flight->lane != lane) {
			at++;
			continue;
		}
		flight->io->result = flight->io->kind == OPERATION_READ || flight->io->kind == OPERATION_WRITE
					     ? (int64_t)flight->io->length_bytes
					     : 0;
		done[count++] = flight->io;
		*flight = chaos->flights[--chaos->count];
	}
	pthread_mutex_unlock(&chaos->lock);
	return count;
}

static int chaos_settle(struct port *port, uint64_t offset_bytes, uint64_t length_bytes)
{
	(void)port;
	(void)offset_bytes;
	(void)length_bytes;
	return 0;
}

static uint64_t chaos_next_data(struct port *port, uint64_t from_bytes)
{
	(void)port;
	return from_bytes;
}

static const struct port_calls chaos_calls = {
	.push = chaos_push,
	.reap = chaos_reap,
	.settle = chaos_settle,
	.next_data = chaos_next_data,
};

struct chaos *chaos_new(uint64_t size_bytes, uint64_t seed)
{
	struct chaos *chaos = calloc(1, sizeof *chaos);

	if (!chaos)
		err(1, "no memory");
	chaos->port.calls = &chaos_calls;
	chaos->size_bytes = size_bytes;
	chaos->seed = seed;
	chaos->memory = malloc(size_bytes);
	if (!chaos->memory)
		err(1, "no memory");
	for (uint64_t at = 0; at < size_bytes; at++)
		chaos->memory[at] = (uint8_t)mix_64(at / 3);
	pthread_mutex_init(&chaos->lock, NULL);
	return chaos;
}

struct port *chaos_port(struct chaos *chaos)
{
	return &chaos->port;
}

void chaos_free(struct chaos *chaos)
{
	free(chaos->memory);
	free(chaos);
}
