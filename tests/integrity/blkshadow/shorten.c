#include <ctype.h>

#include "shorten.h"

static uint64_t half(uint64_t bytes, uint64_t block_bytes)
{
	return bytes / 2 / block_bytes * block_bytes;
}

unsigned shorten_operations(struct schedule *schedule, bool (*fails)(void *context, const struct schedule *schedule),
			    void *context)
{
	uint64_t block_bytes = schedule->plan.block_bytes;
	unsigned shorter = 0;

	for (uint32_t at = 0; at < schedule->list_count; at++) {
		struct operation *operation = &schedule->list[at];
		uint64_t length_bytes = operation->length_bytes, piece_bytes = half(length_bytes, block_bytes);

		while (piece_bytes) {
			struct operation whole = *operation;

			operation->length_bytes -= piece_bytes;
			if (!fails(context, schedule)) {
				operation->offset_bytes += piece_bytes;
				if (!fails(context, schedule)) {
					*operation = whole;
					piece_bytes = half(piece_bytes, block_bytes);
					continue;
				}
			}
			if (piece_bytes > half(operation->length_bytes, block_bytes))
				piece_bytes = half(operation->length_bytes, block_bytes);
		}
		shorter += operation->length_bytes < length_bytes;
	}
	return shorter;
}

bool shorten_same_words(const char *one, const char *other)
{
	for (;;) {
		while (isdigit((unsigned char)*one))
			one++;
		while (isdigit((unsigned char)*other))
			other++;
		if (*one != *other)
			return false;
		if (!*one)
			return true;
		one++;
		other++;
	}
}
