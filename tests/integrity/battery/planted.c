/* planted: a RAM disk on a real kernel whose server has one of the battery's faults, for vm-battery. It is no part of any
 * other program: port_push and port_pop are taken out of its hands when it is linked (battery.mk). */
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "mem.h"
#include "plant.h"

enum { PLANTED_USAGE = 2, PLANTED_PERCENT = 10 };

static const struct sim_hooks *hooks; /* NULL: nothing is planted */
static struct plant plant;
static struct refublk *device;
static void *buffers[PLANT_TAGS]; /* where each tag was fetched to */

/* ---- between server and driver ------------------------------------------------------------- */

int __real_port_push(struct port *port, const struct port_work *work);
int __wrap_port_push(struct port *port, const struct port_work *work);
bool __real_port_pop(struct port *port, struct port_completion *completion);
bool __wrap_port_pop(struct port *port, struct port_completion *completion);

int __wrap_port_push(struct port *port, const struct port_work *work)
{
	struct port_work changed = *work;

	if (work->kind == PORT_COMMAND)
		buffers[work->command.payload.tag % PLANT_TAGS] = (void *)(uintptr_t)work->command.payload.addr;
	if (hooks && !hooks->push(&plant, NULL, 0, &changed))
		return 0;
	return __real_port_push(port, &changed);
}

bool __wrap_port_pop(struct port *port, struct port_completion *completion)
{
	while (__real_port_pop(port, completion))
		if (!hooks || hooks->pop(&plant, NULL, 0, completion))
			return true;
	return false;
}

/* What a fault may reach into is of the only queue here. */
unsigned char *sim_buffer(struct sim *sim, uint16_t qid, uint16_t tag)
{
	(void)sim;
	(void)qid;
	return buffers[tag % PLANT_TAGS];
}

uint32_t sim_depth(const struct sim *sim)
{
	(void)sim;
	return 0;
}

uint64_t sim_buffer_bytes(const struct sim *sim)
{
	(void)sim;
	return 0;
}

/* ---- the disk ------------------------------------------------------------------------------- */

static void planted_log(void *context, enum refublk_level level, const char *line)
{
	(void)context;
	if (level <= REFUBLK_WARNING)
		fprintf(stderr, "%s\n", line);
}

static void planted_stop(int signal_number)
{
	(void)signal_number;
	refublk_stop(device);
}

static int planted_serve(struct trial *trial)
{
	const struct refublk_backend *backend = &mem_backend;
	struct refublk_options options = refublk_defaults();
	void *context;
	struct mem *mem;

	options.size_bytes = trial->config.device_bytes;
	options.block_bytes = trial->config.block_bytes;
	options.max_io_bytes = trial->config.max_io_bytes;
	options.depth = trial->config.depth_tags;
	options.get_data = trial->config.mode == DRIVER_GET_DATA;
	options.log = planted_log;
	if (mem_open(&mem, options.size_bytes, options.size_bytes))
		return EXIT_FAILURE;
	context = mem;
	if (trial->config.hooks) {
		backend = trial->config.hooks->wrap(&plant, backend, mem);
		context = &plant;
		hooks = trial->config.hooks;
	}
	signal(SIGTERM, planted_stop);
	if (refublk_start(&device, &options, backend, context))
		return EXIT_FAILURE;
	puts(refublk_block_path(device));
	fflush(stdout);
	return refublk_wait(device) ? EXIT_FAILURE : EXIT_SUCCESS;
}

/* The trial's workload in blkshadow's words. */
static void planted_print(const struct trial *trial)
{
	const struct plan *plan = &trial->plan;

	printf("--seed %" PRIu64 " --operations %u --jobs %u --depth %u --block %" PRIu64 " --min %" PRIu64 " --max %" PRIu64
	       " --pattern %s --cache %s --writes %u --discards %u --zeroes %u --flushes %u --fua %u\n",
	       plan->seed, trial->operations, plan->jobs, trial->depth, plan->block_bytes, plan->min_bytes, plan->max_bytes,
	       plan_pattern_name(plan->pattern), plan_cache_name(plan->cache), plan->writes / PLANTED_PERCENT,
	       plan->discards / PLANTED_PERCENT, plan->zeroes / PLANTED_PERCENT, plan->flushes / PLANTED_PERCENT,
	       plan->fua / PLANTED_PERCENT);
}

int main(int count, char **words)
{
	const struct fault *fault = count >= 3 ? plant_find(words[2]) : NULL;
	struct trial trial;

	if (!fault) {
		fprintf(stderr, "usage: planted faulty FAULT | clean FAULT | workload FAULT SEED\n");
		return PLANTED_USAGE;
	}
	trial = plant_trial(fault, count == 4 ? strtoull(words[3], NULL, 0) : 0);
	if (trial.config.backend != SIM_MEM) {
		fprintf(stderr, "planted: %s needs the simulator's file\n", fault->name);
		return PLANTED_USAGE;
	}
	if (strcmp(words[1], "workload") == 0) {
		planted_print(&trial);
		return EXIT_SUCCESS;
	}
	if (strcmp(words[1], "faulty") == 0)
		plant_put(&plant, fault, &trial);
	return planted_serve(&trial);
}
