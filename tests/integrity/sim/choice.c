#include "choice.h"

#include <stdlib.h>

struct choice choice_of_seed(uint64_t seed)
{
	return (struct choice){ .state = seed };
}

struct choice choice_of_bytes(const uint8_t *bytes, size_t byte_count)
{
	static const uint8_t none[1];

	return (struct choice){ .bytes = bytes ? bytes : none, .byte_count = bytes ? byte_count : 0 };
}

struct choice choice_of_path(struct choice_path *path)
{
	path->at = 0;
	return (struct choice){ .path = path };
}

static uint32_t choice_of_next_byte(struct choice *choice)
{
	return choice->byte_at < choice->byte_count ? choice->bytes[choice->byte_at++] : 0;
}

static uint32_t choice_walk(struct choice_path *path, uint32_t limit)
{
	if (path->at == CHOICE_PATH_MAX || limit > UINT8_MAX) {
		path->too_long = true;
		return 0;
	}
	if (path->at == path->length) {
		path->taken[path->length++] = 0;
		path->ways[path->at] = (uint8_t)limit;
	}
	/* The same decisions lead to the same question, or the simulation is no function of them. */
	if (path->ways[path->at] != limit)
		abort();
	return path->taken[path->at++];
}

uint32_t choice_told(struct choice *choice, uint32_t limit)
{
	uint32_t word;

	if (choice->path)
		return choice_walk(choice->path, limit);
	word = choice_of_next_byte(choice);
	if (limit > 1u << 8)
		word = word << 8 | choice_of_next_byte(choice);
	if (limit > 1u << 16)
		word = word << 16 | choice_of_next_byte(choice) << 8 | choice_of_next_byte(choice);
	return word % limit;
}

bool choice_path_next(struct choice_path *path)
{
	path->length = path->at;
	while (path->length > 0) {
		uint32_t last = path->length - 1;

		if (path->taken[last] + 1 < path->ways[last]) {
			path->taken[last]++;
			return true;
		}
		path->length--;
	}
	return false;
}
