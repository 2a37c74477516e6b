#include "plant.h"

#include <string.h>

#include "backend.h"
#include "later.h"

/* ---- the backend --------------------------------------------------------------------------- */

static struct refublk_request plant_request(struct plant *plant, const struct refublk_request *request)
{
	return plant->fault->alter ? plant->fault->alter(plant, *request) : *request;
}

struct refublk_step plant_inner(struct plant *plant, const struct refublk_request *request)
{
	return backend_begin(plant->inner, plant->inner_context, request);
}

void plant_do(struct plant *plant, uint32_t op, uint64_t offset_bytes, uint64_t length_bytes, void *memory)
{
	struct refublk_request request = { .op = op, .offset_bytes = offset_bytes, .length_bytes = length_bytes,
					   .memory = memory };

	if (length_bytes > 0 && offset_bytes + length_bytes <= plant->device_bytes)
		(void)plant_inner(plant, &request);
}

static struct refublk_step plant_begin(void *backend, const struct refublk_request *request)
{
	struct plant *plant = backend;
	struct refublk_request altered = plant_request(plant, request);

	if (later_token_qid(request->token) == 0)
		plant->requests[later_token_tag(request->token) % PLANT_TAGS] = *request;
	plant->count++;
	return plant->fault->begin ? plant->fault->begin(plant, &altered) : plant_inner(plant, &altered);
}

static struct refublk_step plant_resume(void *backend, const struct refublk_request *request,
					struct refublk_cursor cursor, int64_t io_result)
{
	struct plant *plant = backend;
	struct refublk_request altered = plant_request(plant, request);

	if (plant->fault->result)
		io_result = plant->fault->result(plant, request, io_result);
	return plant->inner->resume(plant->inner_context, &altered, cursor, io_result);
}

static void *plant_lend(void *backend, const struct refublk_request *request)
{
	struct plant *plant = backend;

	return plant->inner->lend(plant->inner_context, request);
}

static const struct refublk_backend *plant_wrap(void *context, const struct refublk_backend *inner, void *inner_context)
{
	struct plant *plant = context;
	bool lends = inner->lend && !plant->fault->begin && !plant->fault->alter;

	/* Every trial begins with a plant that has seen nothing. */
	*plant = (struct plant){ .fault = plant->fault, .device_bytes = plant->device_bytes, .inner = inner,
				 .inner_context = inner_context };
	plant->backend = (struct refublk_backend){
		.name = "plant",
		.read = plant_begin,
		.write = plant_begin,
		.flush = inner->flush ? plant_begin : NULL,
		.discard = inner->discard ? plant_begin : NULL,
		.write_zeroes = inner->write_zeroes ? plant_begin : NULL,
		.resume = inner->resume ? plant_resume : NULL,
		.lend = lends ? plant_lend : NULL,
		.honours_fua = inner->honours_fua,
	};
	return &plant->backend;
}

/* ---- between server and driver ------------------------------------------------------------- */

static bool plant_push(void *context, struct sim *sim, uint16_t qid, struct port_work *work)
{
	struct plant *plant = context;

	return !plant->fault->push || plant->fault->push(plant, sim, qid, work);
}

static bool plant_pop(void *context, struct sim *sim, uint16_t qid, struct port_completion *completion)
{
	struct plant *plant = context;

	return !plant->fault->pop || plant->fault->pop(plant, sim, qid, completion);
}

static void plant_idle(void *context, struct sim *sim, uint32_t idle_ms)
{
	struct plant *plant = context;

	if (plant->fault->idle)
		plant->fault->idle(plant, sim, idle_ms);
}

static void plant_recovered(void *context, struct sim *sim)
{
	struct plant *plant = context;

	if (plant->fault->recovered)
		plant->fault->recovered(plant, sim);
}

void plant_put(struct plant *plant, const struct fault *fault, struct trial *trial)
{
	static const struct sim_hooks hooks = { plant_wrap, plant_push, plant_pop, plant_idle, plant_recovered };

	*plant = (struct plant){ .fault = fault, .device_bytes = trial->config.device_bytes };
	trial->config.hooks = &hooks;
	trial->config.hooks_context = plant;
}

static const struct fault *plant_find_in(const struct fault *faults, const char *name)
{
	while (faults->name && strcmp(faults->name, name) != 0)
		faults++;
	return faults->name ? faults : NULL;
}

const struct fault *plant_find(const char *name)
{
	const struct fault *fault = plant_find_in(data_faults, name);

	return fault ? fault : plant_find_in(command_faults, name);
}

struct trial plant_trial(const struct fault *fault, uint64_t seed)
{
	struct trial trial = {
		.config = { .device_bytes = 2 << 20, .kernel = DRIVER_7_3, .queues = 1, .depth_tags = 8,
			    .block_bytes = 512, .max_io_bytes = 64 << 10, .interrupts = 5, .filled = true },
		.plan = { .size_bytes = 2 << 20, .block_bytes = 512, .min_bytes = 512, .max_bytes = 32 << 10, .jobs = 1,
			  .writes = 500, .discards = 10, .zeroes = 10, .flushes = 10 },
		.stress = { .gaps = 2 },
		.operations = 2000,
		.depth = 12,
	};

	if (fault->fit)
		fault->fit(&trial);
	trial.plan.seed = seed;
	return trial;
}

bool plant_hits(const struct refublk_request *request, uint32_t one_in)
{
	uint64_t word = (request->offset_bytes ^ request->length_bytes << 40) * 0x9e3779b97f4a7c15u;

	word = (word ^ word >> 29) * 0xbf58476d1ce4e5b9u;

	return (word >> 32) % one_in == 0;
}
