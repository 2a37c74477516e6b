#include "client.h"

#include <err.h>
#include <errno.h>
#include <stdlib.h>

#include "../blkshadow/sweep.h"
#include "durable.h"
#include "reader.h"

struct client_slot {
	struct sim_io io;
	struct operation operation;
	struct client *client;
};

enum { CLIENT_PAGE_BYTES = 4096, CLIENT_SCAN_BYTES = 64 << 10, CLIENT_STALL_SECONDS = 1 };

static void *client_memory(size_t count, size_t bytes)
{
	void *memory = calloc(count, bytes);

	if (!memory)
		err(3, "no memory for the client");
	return memory;
}

static void client_record(struct client *client, uint64_t size_bytes)
{
	unsigned char data[OPERATION_SECTOR_BYTES];
	uint64_t sector;

	for (sector = 0; sector < size_bytes / OPERATION_SECTOR_BYTES; sector++) {
		sim_fill(sector, data);
		shadow_record(client->run.shadow, sector, stamp_hash(data));
	}
	client->filled = true;
}

void client_open(struct client *client, struct sim *sim, const struct schedule *schedule, uint32_t depth,
		 uint64_t most_bytes, bool cuts, bool filled)
{
	const uint64_t size_bytes = schedule->plan.size_bytes;
	const struct stamp_identity identity = { .run = 1, .seed = schedule->plan.seed, .generation = 1, .device = 1 };
	const struct run_limits limits = { .depth = 2, .stall_seconds = CLIENT_STALL_SECONDS,
					   .direct = true, .record_all = true,
					   .scan_bytes = size_bytes < CLIENT_SCAN_BYTES ? size_bytes : CLIENT_SCAN_BYTES };
	uint64_t each_bytes = (most_bytes + CLIENT_PAGE_BYTES - 1) / CLIENT_PAGE_BYTES * CLIENT_PAGE_BYTES;
	uint32_t i;

	*client = (struct client){ .sim = sim, .depth = depth, .vacant_count = depth };
	client->slots = client_memory(depth, sizeof(*client->slots));
	client->vacant = client_memory(depth, sizeof(struct client_slot *));
	client->data = aligned_alloc(CLIENT_PAGE_BYTES, depth * each_bytes);
	if (!client->data)
		err(3, "no memory for the client");
	for (i = 0; i < depth; i++) {
		client->slots[i] = (struct client_slot){ .client = client };
		client->slots[i].io.data = client->data + i * each_bytes;
		client->slots[i].io.owner = &client->slots[i];
		client->vacant[i] = &client->slots[i];
	}
	run_open(&client->run, schedule, NULL, &identity, &limits);
	/* The disk is new: all of it is known. */
	for (i = 0; i <= size_bytes / RUN_CHUNK_BYTES; i++)
		client->run.recorded[i / 8] |= (uint8_t)(1u << i % 8);
	if (filled)
		client_record(client, size_bytes);
	client->compare = (struct compare){ .identity = &client->run.identity, .schedule = schedule };
	if (cuts)
		client->durable = durable_open(size_bytes);
}

void client_close(struct client *client)
{
	run_close(&client->run);
	durable_close(client->durable);
	free(client->slots);
	free(client->vacant);
	free(client->data);
}

/* ---- operations ---------------------------------------------------------------------------- */

void client_begin(struct client *client, const struct operation *operation)
{
	static const uint32_t ops[OPERATION_KINDS] = {
		[OPERATION_READ] = SIM_READ, [OPERATION_WRITE] = SIM_WRITE, [OPERATION_FLUSH] = SIM_FLUSH,
		[OPERATION_DISCARD] = SIM_DISCARD, [OPERATION_ZEROES] = SIM_ZEROES,
	};
	struct client_slot *slot = client->vacant[--client->vacant_count];

	slot->operation = *operation;
	shadow_begin(client->run.shadow, operation);
	journal_begin(&client->run.journal, operation->number);
	if (client->durable)
		durable_begin(client->durable, operation);
	if (operation->kind == OPERATION_WRITE)
		stamp_fill(&client->run.identity, operation, slot->io.data);
	else if (operation->kind == OPERATION_READ)
		port_poison(slot->io.data, operation->length_bytes);
	slot->io.op = ops[operation->kind];
	slot->io.fua = operation->fua;
	slot->io.offset_bytes = operation->offset_bytes;
	slot->io.length_bytes = operation->length_bytes;
	sim_submit(client->sim, &slot->io);
}

static struct sighting client_look(void *context, uint64_t sector, const struct expectation *expected)
{
	struct client_slot *slot = context;
	struct client *client = slot->client;
	uint64_t first = operation_first_sector(&slot->operation);
	const unsigned char *data = (const unsigned char *)slot->io.data + (sector - first) * OPERATION_SECTOR_BYTES;
	struct sighting seen;

	switch (compare_sector(&client->compare, sector, expected, data, &seen)) {
	case COMPARE_RIGHT:
		client->compared_bytes += OPERATION_SECTOR_BYTES;
		break;
	case COMPARE_OPEN:
		break;
	case COMPARE_WRONG:
		findings_add(&client->run.findings, sector, expected, data, slot->operation.number,
			     journal_now_ns(&client->run.journal));
		break;
	}
	/* With one candidate there is nothing to learn, and no hash was taken. */
	return expected->count == 1 && !expected->pinned ? (struct sighting){ .known = false } : seen;
}

static enum shadow_outcome client_outcome(const struct sim_io *io)
{
	if (io->error == -EOPNOTSUPP)
		return SHADOW_NOTHING;
	return io->error != 0 || io->lost_by_kernel ? SHADOW_FAILED : SHADOW_DONE;
}

bool client_reap(struct client *client)
{
	struct sim_io *io;

	while ((io = sim_reap(client->sim)) != NULL) {
		struct client_slot *slot = io->owner;
		enum shadow_outcome outcome = client_outcome(io);

		journal_end(&client->run.journal, slot->operation.number);
		if (client->durable)
			durable_end(client->durable, &slot->operation, outcome == SHADOW_DONE);
		shadow_end(client->run.shadow, slot->operation.number, outcome, client_look, slot);
		client->vacant[client->vacant_count++] = slot;
		client->ended++;
	}
	return client->run.findings.count == 0 && !sim_breach(client->sim)->rule;
}

/* ---- at the end ---------------------------------------------------------------------------- */

void client_sweep(struct client *client)
{
	struct reader reader;

	sim_calm(client->sim);
	client->run.port = reader_open(&reader, client->sim);
	(void)sweep_device(&client->run);
	client->compared_bytes += atomic_load(&client->run.counters.swept_bytes);
}

static uint64_t client_first_hash(const struct client *client, uint64_t sector)
{
	unsigned char data[OPERATION_SECTOR_BYTES];

	if (!client->filled)
		return stamp_zero_hash();
	sim_fill(sector, data);
	return stamp_hash(data);
}

static void client_take(void *context, uint64_t offset_bytes, const unsigned char *data)
{
	struct client *client = context;
	uint64_t sector = offset_bytes / OPERATION_SECTOR_BYTES;
	struct expectation expected;
	struct sighting seen;

	durable_expect(client->durable, sector, &expected);
	expected.hash = client_first_hash(client, sector);
	if (compare_sector(&client->compare, sector, &expected, data, &seen) == COMPARE_WRONG)
		findings_add(&client->run.findings, sector, &expected, data, 0, 0);
	else
		client->compared_bytes += OPERATION_SECTOR_BYTES;
}

void client_sweep_after_cut(struct client *client)
{
	struct reader reader;

	sim_calm(client->sim);
	(void)reader_open(&reader, client->sim);
	reader_all(&reader, client->run.schedule->plan.size_bytes, client_take, client);
}
