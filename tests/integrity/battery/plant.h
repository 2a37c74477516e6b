/* plant: a fault that is put into the simulated server (../sim/sim.h), or into one on a real kernel (planted.c): a backend
 * around its backend, or a hand between it and the driver. */
#ifndef BATTERY_PLANT_H
#define BATTERY_PLANT_H

#include "../sim/trial.h"
#include "port.h"

struct plant;

/* What is NULL goes on as if nothing were planted. */
struct fault {
	const char *name;
	void (*fit)(struct trial *trial); /* what the trial must have, so that the fault is met */
	/* Another request than the one that came, for begin and resume alike: a function of the request. */
	struct refublk_request (*alter)(struct plant *plant, struct refublk_request request);
	/* Instead of the backend's first step. */
	struct refublk_step (*begin)(struct plant *plant, const struct refublk_request *request);
	/* Before the backend hears of an operation's result. */
	int64_t (*result)(struct plant *plant, const struct refublk_request *request, int64_t io_result);
	bool (*push)(struct plant *plant, struct sim *sim, uint16_t qid, struct port_work *work);
	bool (*pop)(struct plant *plant, struct sim *sim, uint16_t qid, struct port_completion *completion);
	void (*idle)(struct plant *plant, struct sim *sim, uint32_t idle_ms);
	void (*recovered)(struct plant *plant, struct sim *sim);
};

enum { PLANT_KEPT_BYTES = 1 << 16, PLANT_TAGS = 64 };

struct plant {
	const struct fault *fault;
	struct refublk_backend backend;
	const struct refublk_backend *inner;
	void *inner_context;
	uint64_t device_bytes;
	struct refublk_request requests[PLANT_TAGS]; /* the last of each tag of queue 0 */
	unsigned char kept[PLANT_KEPT_BYTES];        /* the faults' own: data, */
	uint64_t kept_offset_bytes;                  /* where it belongs, */
	uint64_t kept_bytes;                         /* and how much there is */
	uint32_t count;                              /* requests */
	bool armed;
	bool drivers[PLANT_TAGS];                    /* tags of queue 0 whose command the driver holds */
};

extern const struct fault data_faults[];    /* what backends do to data; ended by one without a name */
extern const struct fault command_faults[]; /* what servers send */

/* NULL: there is none of this name. */
const struct fault *plant_find(const char *name);

/* What every fault meets, unless it asks for something else; nothing is planted yet. */
struct trial plant_trial(const struct fault *fault, uint64_t seed);

/* For one trial: its configuration is changed to have the plant in it. The plant outlives the trial. */
void plant_put(struct plant *plant, const struct fault *fault, struct trial *trial);

/* True for one in so many places: like a bad sector, whenever the place is met. */
bool plant_hits(const struct refublk_request *request, uint32_t one_in);

/* The backend's own step for a part of a request, or for another one. */
struct refublk_step plant_inner(struct plant *plant, const struct refublk_request *request);
void plant_do(struct plant *plant, uint32_t op, uint64_t offset_bytes, uint64_t length_bytes, void *memory);

#endif
