#include "possible.h"

static struct possible possible_with(struct possible possible, struct driver_tag_state state)
{
	uint32_t place = ((uint32_t)state.phase * DRIVER_OPS + state.op) * DRIVER_ADDRESSES + state.address;

	possible.states[place / 64] |= UINT64_C(1) << place % 64;
	return possible;
}

static bool possible_has(struct possible possible, uint32_t place)
{
	return (possible.states[place / 64] >> place % 64 & 1) != 0;
}

static struct driver_tag_state possible_state(uint32_t place)
{
	return (struct driver_tag_state){
		.phase = (uint8_t)(place / DRIVER_ADDRESSES / DRIVER_OPS),
		.op = (uint8_t)(place / DRIVER_ADDRESSES % DRIVER_OPS),
		.address = (uint8_t)(place % DRIVER_ADDRESSES),
	};
}

static bool possible_same(struct possible one, struct possible other)
{
	return one.states[0] == other.states[0] && one.states[1] == other.states[1];
}

struct possible possible_unfetched(void)
{
	return possible_with((struct possible){ 0 }, (struct driver_tag_state){ .phase = DRIVER_UNFETCHED });
}

bool possible_any(struct possible possible)
{
	return (possible.states[0] | possible.states[1]) != 0;
}

struct possible possible_command(struct possible_driver driver, struct possible possible, struct driver_tag_event event)
{
	struct possible next = { 0 };

	for (uint32_t place = 0; place < POSSIBLE_STATES; place++) {
		if (possible_has(possible, place)) {
			struct driver_tag_step step =
				driver_tag_step(driver.kernel, driver.mode, possible_state(place), event);

			if (step.verdict == DRIVER_POSSIBLE && step.answer == DRIVER_SILENT)
				next = possible_with(next, step.state);
		}
	}
	return next;
}

/* One thing that happens in the kernel: every one that is answered as asked for. */
static struct possible possible_inside(struct possible_driver driver, struct possible possible, uint8_t answer,
				       int32_t result)
{
	struct possible next = { 0 };

	for (uint32_t place = 0; place < POSSIBLE_STATES; place++) {
		if (!possible_has(possible, place))
			continue;
		for (uint8_t kind = DRIVER_ARRIVE_READ; kind <= DRIVER_CANCEL; kind++) {
			struct driver_tag_step step = driver_tag_step(driver.kernel, driver.mode, possible_state(place),
								      (struct driver_tag_event){ .kind = kind });

			if (step.verdict == DRIVER_POSSIBLE && step.answer == answer && step.result == result)
				next = possible_with(next, step.state);
		}
	}
	return next;
}

struct possible possible_completion(struct possible_driver driver, struct possible possible, int32_t result)
{
	struct possible before;

	do {
		struct possible more = possible_inside(driver, possible, DRIVER_SILENT, 0);

		before = possible;
		possible.states[0] |= more.states[0];
		possible.states[1] |= more.states[1];
	} while (!possible_same(before, possible));
	return possible_inside(driver, possible, DRIVER_COMPLETES, result);
}

struct possible possible_of_op(struct possible possible, uint32_t op)
{
	struct possible next = { 0 };

	for (uint32_t place = 0; place < POSSIBLE_STATES; place++) {
		struct driver_tag_state state = possible_state(place);

		if (possible_has(possible, place) && state.op == op)
			next = possible_with(next, state);
	}
	return next;
}
