#include <string.h>

#include "seen.h"

/* A cell of the driver's device: an event, and how it is answered. */
enum { RESULTS = 10, STATES_MAX = 4096 };

static const int16_t results[RESULTS] = { 0,		   -DRIVER_EINTR,  -DRIVER_EIO,	   -DRIVER_EACCES,     -DRIVER_EBUSY,
					  -DRIVER_EEXIST, -DRIVER_ENODEV, -DRIVER_EINVAL, -DRIVER_EOPNOTSUPP, -DRIVER_EREMOTEIO };

static uint8_t cells[DRIVER_KERNELS][DRIVER_DEVICE_EVENTS][DRIVER_VERDICTS][DRIVER_REPLIES][RESULTS];
static uint8_t visited;

static uint8_t *cell_of(uint8_t (*table)[DRIVER_VERDICTS][DRIVER_REPLIES][RESULTS], uint32_t event,
			struct driver_device_step step)
{
	uint32_t result = 0;

	while (results[result] != step.result)
		result++;
	return &table[event][step.verdict][step.reply][result];
}

void seen_driver_device(uint32_t kernel, struct driver_device_state state, uint32_t event)
{
	*cell_of(cells[kernel], event, driver_device_step(kernel, state, event)) = 1;
	visited = 1;
}

/* Due is where something happens: not where the driver refuses, or the event cannot be or comes again later. */
static bool is_due(struct driver_device_step step)
{
	return step.verdict != DRIVER_IMPOSSIBLE && step.reply != DRIVER_REPLY_BEHIND &&
	       (step.reply != DRIVER_REPLY_NOW || step.result == 0);
}

static void write_due(FILE *file, uint32_t kernel, uint32_t event, struct driver_device_step step)
{
	static uint8_t written[DRIVER_KERNELS][DRIVER_DEVICE_EVENTS][DRIVER_VERDICTS][DRIVER_REPLIES][RESULTS];
	uint8_t *once = cell_of(written[kernel], event, step);

	if (*once || !is_due(step))
		return;
	*once = 1;
	fprintf(file, "%s\tdriver-device %s %s: %s %d\n", *cell_of(cells[kernel], event, step) ? "seen" : "due",
		driver_kernel_name(kernel), driver_device_event_name(event),
		step.verdict == DRIVER_UNDEFINED ? "breaks" : driver_reply_name(step.reply), step.result);
}

static void write_kernel(FILE *file, uint32_t kernel)
{
	static struct driver_device_state states[STATES_MAX];
	uint32_t count = 1;

	memset(&states[0], 0, sizeof(states[0]));
	for (uint32_t at = 0; at < count; at++)
		for (uint32_t event = 0; event < DRIVER_DEVICE_EVENTS; event++) {
			struct driver_device_step step = driver_device_step(kernel, states[at], event);
			uint32_t known = 0;

			write_due(file, kernel, event, step);
			while (known < count && memcmp(&states[known], &step.state, sizeof(step.state)) != 0)
				known++;
			if (known == count && count < STATES_MAX)
				states[count++] = step.state;
		}
}

void seen_write_driver_device(FILE *file)
{
	for (uint32_t kernel = 0; kernel < DRIVER_KERNELS && visited; kernel++)
		write_kernel(file, kernel);
}
