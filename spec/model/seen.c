#include "seen.h"

#include <stdlib.h>
#include <string.h>

#include "words.h"

enum { WITNESSES_MAX = 64 };

static uint8_t tag_cells[TAG_MODES][TAG_OWNERS][TAG_MEMORIES][TAG_EVENTS];
static uint8_t driver_cells[DRIVER_KERNELS][DRIVER_MODES][DRIVER_PHASES][DRIVER_OPS][DRIVER_TAG_KINDS];
static uint8_t device_cells[DEVICE_WANTS][DEVICE_PHASES][DEVICE_EVENTS];
static const char *witnesses[WITNESSES_MAX];

void seen_tag(uint32_t mode, struct tag_state state, uint32_t event)
{
	tag_cells[mode][state.owner][state.memory][event] = 1;
}

void seen_driver(uint32_t kernel, uint32_t mode, struct driver_tag_state state, uint32_t kind)
{
	driver_cells[kernel][mode][state.phase][state.op][kind] = 1;
}

void seen_device(struct device_state state, uint32_t event)
{
	device_cells[state.want][state.phase][event] = 1;
}

void seen_witness(const char *name)
{
	for (uint32_t i = 0; i < WITNESSES_MAX; i++) {
		if (witnesses[i] != NULL && strcmp(witnesses[i], name) != 0)
			continue;
		witnesses[i] = name;
		return;
	}
	abort();
}

static void write_tag(FILE *file, uint32_t mode, struct tag_state state, uint32_t event)
{
	uint8_t verdict = tag_step(mode, state, event).verdict;

	if (verdict == TAG_LAWFUL || verdict == TAG_REFUSED_LEND)
		fprintf(file, "%s\ttag %s %s %s %s\n",
			tag_cells[mode][state.owner][state.memory][event] ? "seen" : "due",
			words_tag_modes[mode], tag_owner_name(state.owner),
			words_tag_memories[state.memory], tag_event_name(event));
}

static void write_tags(FILE *file)
{
	for (uint32_t i = 0; i < sizeof(tag_cells); i++) {
		uint32_t rest = i / TAG_EVENTS / TAG_MEMORIES, mode = rest / TAG_OWNERS;
		struct tag_state state = { .owner = (uint8_t)(rest % TAG_OWNERS),
					   .memory = (uint8_t)(i / TAG_EVENTS % TAG_MEMORIES) };

		if (tag_state_valid(mode, state))
			write_tag(file, mode, state, i % TAG_EVENTS);
	}
}

/* A cell is due where something happens: not where the driver refuses, or nothing can be. */
static void write_driver_cell(FILE *file, uint32_t kernel, uint32_t mode, struct driver_tag_state state, uint32_t kind)
{
	struct driver_tag_event event = { .kind = (uint8_t)kind, .address = DRIVER_OWN };
	struct driver_tag_step step = driver_tag_step(kernel, mode, state, event);

	if (step.verdict != DRIVER_POSSIBLE || step.answer == DRIVER_REFUSES ||
	    (step.answer == DRIVER_SILENT && step.request == DRIVER_REQUEST_STAYS &&
	     memcmp(&step.state, &state, sizeof(state)) == 0))
		return;
	fprintf(file, "%s\tdriver %s %s %s %s %s\n", driver_cells[kernel][mode][state.phase][state.op][kind] ? "seen" : "due",
		driver_kernel_name(kernel), driver_mode_name(mode), driver_phase_name(state.phase),
		driver_op_name(state.op), driver_tag_kind_name(kind));
}

static void write_driver(FILE *file)
{
	for (uint32_t i = 0; i < sizeof(driver_cells); i++) {
		uint32_t kind = i % DRIVER_TAG_KINDS, rest = i / DRIVER_TAG_KINDS / DRIVER_OPS / DRIVER_PHASES;
		uint32_t kernel = rest / DRIVER_MODES, mode = rest % DRIVER_MODES;
		struct driver_tag_state state = { .phase = (uint8_t)(i / DRIVER_TAG_KINDS / DRIVER_OPS % DRIVER_PHASES),
						  .op = (uint8_t)(i / DRIVER_TAG_KINDS % DRIVER_OPS) };

		for (state.address = DRIVER_ADDRESSES; state.address-- > 0;)
			if (driver_tag_state_valid(kernel, mode, state)) {
				write_driver_cell(file, kernel, mode, state, kind);
				break;
			}
	}
}

/* What a device that was added can meet, the deadlines apart: they change nothing. */
static bool device_due(struct device_state state, uint32_t event)
{
	for (uint32_t bits = 0; bits < 16; bits++) {
		state.failed = bits & 1;
		state.queues = bits >> 1 & 1;
		state.pausing = bits >> 2 & 1;
		state.tries = state.pausing;
		state.recovery = bits >> 3 & 1;
		if (device_state_valid(state) && device_step(state, event).verdict != DEVICE_UNEXPECTED &&
		    event != DEVICE_DEADLINE)
			return true;
	}
	return false;
}

static void write_devices(FILE *file)
{
	for (uint32_t i = 0; i < sizeof(device_cells); i++) {
		uint32_t event = i % DEVICE_EVENTS;
		struct device_state state = { .want = (uint8_t)(i / DEVICE_EVENTS / DEVICE_PHASES),
					      .phase = (uint8_t)(i / DEVICE_EVENTS % DEVICE_PHASES) };

		if (device_due(state, event))
			fprintf(file, "%s\tdevice %s %s: %s\n", device_cells[state.want][state.phase][event] ? "seen" : "due",
				words_device_wants[state.want], device_phase_name(state.phase),
				words_device_events[event]);
	}
}

__attribute__((destructor)) static void seen_write(void)
{
	const char *path = getenv("SEEN");
	FILE *file = path != NULL ? fopen(path, "w") : NULL;

	if (file == NULL)
		return;
	write_tags(file);
	write_driver(file);
	write_devices(file);
	seen_write_driver_device(file);
	for (uint32_t i = 0; i < WITNESSES_MAX && witnesses[i] != NULL; i++)
		fprintf(file, "witness\t%s\n", witnesses[i]);
	fclose(file);
}
