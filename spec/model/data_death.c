#include <string.h>

#include "data.h"
#include "seen.h"

bool data_may_die(void)
{
	return world.life == DATA_ALIVE && data_live() && world.stop != DATA_CANCELS;
}

/* What it had not heard yet, it never hears. */
const char *data_die(void)
{
	world.life = DATA_DYING;
	for (uint32_t i = 0; i < TAGS; i++) {
		struct data_tag *tag = &world.tag[i];

		tag->answer = DATA_NO_ANSWER;
		tag->works = DATA_IDLE;
		tag->seen = 0;
		tag->server = (struct tag_state){ .owner = TAG_UNBORN };
	}
	for (uint32_t i = 0; i < QUEUES; i++)
		world.tally[i] = tally_of(QUEUE_TAGS);
	return NULL;
}

static const char *all(uint8_t kind)
{
	const char *fault = NULL;

	for (uint32_t i = 0; i < TAGS && fault == NULL; i++)
		fault = data_drive(i, (struct driver_tag_event){ .kind = kind });
	return fault;
}

bool data_may_abort(void)
{
	return world.life == DATA_DYING && world.kernel == DRIVER_6_12;
}

const char *data_abort(void)
{
	world.life = DATA_ABORTED;
	return all(DRIVER_SERVER_DEAD);
}

bool data_may_exit(uint32_t number)
{
	struct driver_tag_state driver = world.tag[number].driver;
	bool waits = driver.phase == DRIVER_ARRIVED || (driver.phase == DRIVER_CANCELLED && driver.op != DRIVER_NO_REQUEST) ||
		     (driver.phase == DRIVER_COPYING && world.kernel == DRIVER_6_12);

	return world.life != DATA_ALIVE && waits;
}

const char *data_exit(uint32_t tag)
{
	return data_drive(tag, (struct driver_tag_event){ .kind = DRIVER_DISPATCH_EXITING });
}

bool data_may_release(void)
{
	bool ends = world.life == (world.kernel == DRIVER_6_12 ? DATA_ABORTED : DATA_DYING);

	for (uint32_t i = 0; i < TAGS; i++) {
		struct driver_tag_state driver = world.tag[i].driver;

		ends = ends && driver.phase != DRIVER_ACTIVE && driver.phase != DRIVER_ARRIVED &&
		       driver.phase != DRIVER_COPYING &&
		       (driver.phase != DRIVER_CANCELLED || driver.op == DRIVER_NO_REQUEST);
	}
	return ends;
}

const char *data_release(void)
{
	for (uint32_t i = 0; i < TAGS; i++)
		world.tag[i].answer = DATA_NO_ANSWER;
	world.life = DATA_RELEASED;
#ifdef BROKEN_LEFT
	return NULL;
#endif
	return world.kernel == DRIVER_6_12 ? NULL : all(DRIVER_SERVER_DEAD);
}

bool data_may_recover(void)
{
	return world.life == DATA_RELEASED && world.recovery != DRIVER_NO_RECOVERY && world.stop == DATA_SERVES;
}

const char *data_recover(void)
{
	for (uint32_t i = 0; i < TAGS; i++)
		if (world.tag[i].request != 0)
			return "no-request-left: on a tag of the dead server";
	world.life = DATA_ALIVE;
	seen_witness("recovered");
	return all(DRIVER_RESET);
}

/* The stop of a recoverable device fails what has not started. */
bool data_may_fail(uint32_t request)
{
	return world.life != DATA_ALIVE && world.request[request].state == DATA_WAITS && world.stop == DATA_STOPPING;
}

const char *data_fail(uint32_t request)
{
	memset(&world.request[request], 0, sizeof(world.request[request]));
	seen_witness("failed-by-death");
	return NULL;
}

bool data_dead(void)
{
	return world.life != DATA_ALIVE && world.recovery != DRIVER_NO_RECOVERY && world.stop == DATA_SERVES;
}
