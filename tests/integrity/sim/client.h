/* client: who uses the simulated disk, with blkshadow's operations, shadow, stamps and verdicts. */
#ifndef SIM_CLIENT_H
#define SIM_CLIENT_H

#include "../blkshadow/compare.h"
#include "../blkshadow/run.h"
#include "../blkshadow/verdict.h"
#include "sim.h"

struct client_slot;

struct client {
	struct sim *sim;
	struct run run;            /* blkshadow's, without its engine */
	struct compare compare;
	struct client_slot *slots;
	struct client_slot **vacant;
	unsigned char *data;
	struct durable *durable;   /* NULL: the power is not cut */
	uint64_t compared_bytes;
	uint64_t ended;
	uint32_t vacant_count;
	bool filled;               /* sim_fill() says what was there at first */
	uint32_t depth;            /* operations in flight at most */
};

/* schedule: the caller's, outlives the client. most_bytes: of one operation. Ends the program without memory. */
void client_open(struct client *client, struct sim *sim, const struct schedule *schedule, uint32_t depth,
		 uint64_t most_bytes, bool cuts, bool filled);
void client_close(struct client *client);

static inline bool client_has_room(const struct client *client)
{
	return client->vacant_count > 0;
}

static inline uint32_t client_in_flight(const struct client *client)
{
	return client->depth - client->vacant_count;
}

/* Begins it; there is room. */
void client_begin(struct client *client, const struct operation *operation);

/* Judges what has ended. False: something was wrong. */
bool client_reap(struct client *client);

/* Everything once more, at the end: nothing is in flight. After a power cut, against what had to survive. */
void client_sweep(struct client *client);
void client_sweep_after_cut(struct client *client);

#endif
