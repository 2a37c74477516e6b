#include <stddef.h>

#include "data.h"
#include "seen.h"

/* ---- the block layer ----------------------------------------------------------------------- */

bool data_live(void)
{
	for (uint32_t i = 0; i < TAGS; i++)
		if (world.tag[i].driver.phase == DRIVER_UNFETCHED)
			return false;
	return true;
}

bool data_may_ask(uint32_t request)
{
	return world.stop == DATA_SERVES && data_live() && world.request[request].state == DATA_NEW;
}

const char *data_ask(uint32_t request, uint32_t op)
{
	world.request[request] = (struct data_request_state){ .state = DATA_WAITS, .op = (uint8_t)op };
	return NULL;
}

/* On a tag that nobody serves a request is ended by the driver at once. */
bool data_may_arrive(uint32_t request, uint32_t number)
{
	struct driver_tag_state driver = world.tag[number].driver;
	bool over = driver.phase == DRIVER_ORPHANED ||
		    (driver.phase == DRIVER_CANCELLED && driver.op == DRIVER_NO_REQUEST);

	if (world.request[request].state != DATA_WAITS)
		return false;
	if (driver.phase == DRIVER_UNFETCHED)
		return world.kernel != DRIVER_6_12 && world.life == DATA_ALIVE;
	if (driver.phase == DRIVER_ACTIVE)
		return world.life < DATA_ABORTED && data_live();
	return over && world.life != DATA_ALIVE;
}

const char *data_arrive(uint32_t request, uint32_t tag)
{
	uint8_t kind = (uint8_t)(DRIVER_ARRIVE_READ + world.request[request].op - DRIVER_READ);

	world.request[request].state = DATA_AT_TAG;
	world.tag[tag].request = (uint8_t)(request + 1);
	return data_drive(tag, (struct driver_tag_event){ .kind = kind });
}

static bool all_queues(bool (*is)(struct tally tally))
{
	for (uint32_t i = 0; i < QUEUES; i++)
		if (!is(world.tally[i]))
			return false;
	return true;
}

bool data_may_stop(void)
{
#ifdef BROKEN_LEFT
	return false; /* or the stop would be the one that waits */
#endif
	return world.stop == DATA_SERVES && data_live();
}

const char *data_stop(void)
{
	world.stop = DATA_STOPPING;
	return NULL;
}

/* The removal of the disk waits for every request. */
bool data_may_remove(void)
{
	if (world.stop != DATA_STOPPING)
		return false;
	for (uint32_t i = 0; i < REQUESTS; i++)
		if (world.request[i].state != DATA_NEW)
			return false;
	return true;
}

const char *data_remove(void)
{
	world.stop = DATA_CANCELS;
	return world.life != DATA_ALIVE || all_queues(tally_drained) ? NULL : "drained: not said though no request is open";
}

/* ---- the end ------------------------------------------------------------------------------- */

const char *data_rest(void)
{
#ifdef LIVENESS
	return NULL;
#endif
	if (world.life == DATA_RELEASED && world.recovery == DRIVER_NO_RECOVERY)
		return NULL;
	if (world.stop != DATA_CANCELS)
		return "no-deadlock: nothing can happen, and nobody has stopped";
	if (world.life == DATA_ALIVE && !all_queues(tally_over))
		return "no-tag-forgotten: the stop is over, and a tag is not";
	seen_witness("stopped");
	return NULL;
}

bool data_open(uint32_t request)
{
	return world.request[request].state != DATA_NEW;
}

bool data_ends(void)
{
	return world.stop != DATA_SERVES;
}

bool data_over(void)
{
	return world.stop == DATA_CANCELS && (world.life != DATA_ALIVE || all_queues(tally_over));
}
