#include <err.h>
#include <stdlib.h>

#include "modes.h"
#include "reserve.h"

struct claim {
	uint64_t first_page, end_page;
	uint32_t number;
	bool direct;
};

struct modes {
	struct claim *claims;		/* in the order in which they were made */
	size_t count, capacity;
	uint8_t *other;			/* a bit per page: not in the mode in which all began */
	size_t bytes;
	bool direct;
};

struct modes *modes_new(uint64_t size_bytes, bool direct)
{
	struct modes *modes = calloc(1, sizeof *modes);

	if (!modes)
		err(3, "no memory for the pages' modes");
	modes->direct = direct;
	modes->bytes = (size_t)(size_bytes / OPERATION_PAGE_BYTES / 8 + 1);
	modes->other = reserve_new(modes->bytes);
	if (!modes->other)
		err(3, "no address space for the pages' modes");
	return modes;
}

void modes_free(struct modes *modes)
{
	if (!modes)
		return;
	reserve_free(modes->other, modes->bytes);
	free(modes->claims);
	free(modes);
}

static struct claim claim_of(const struct operation *operation)
{
	uint64_t end_bytes = operation->offset_bytes + operation->length_bytes;

	return (struct claim){
		.first_page = operation->offset_bytes / OPERATION_PAGE_BYTES,
		.end_page = (end_bytes + OPERATION_PAGE_BYTES - 1) / OPERATION_PAGE_BYTES,
		.number = operation->number,
		.direct = operation->direct,
	};
}

void modes_claim(struct modes *modes, const struct operation *operation)
{
	if (!operation_has_place(operation->kind))
		return;
	if (modes->count == modes->capacity) {
		modes->capacity = modes->capacity ? modes->capacity * 2 : 64;
		modes->claims = reallocarray(modes->claims, modes->capacity, sizeof *modes->claims);
		if (!modes->claims)
			err(3, "no memory for claims");
	}
	modes->claims[modes->count++] = claim_of(operation);
}

enum modes_answer modes_ask(struct modes *modes, const struct operation *operation)
{
	struct claim claim = claim_of(operation);
	enum modes_answer answer = MODES_READY;
	bool other = operation->direct != modes->direct;

	if (!operation_has_place(operation->kind))
		return MODES_READY;
	for (size_t at = 0; at < modes->count && modes->claims[at].number != claim.number; at++)
		if (modes->claims[at].direct != claim.direct && modes->claims[at].first_page < claim.end_page &&
		    claim.first_page < modes->claims[at].end_page)
			return MODES_WAIT;
	for (uint64_t page = claim.first_page; page < claim.end_page; page++) {
		uint8_t bit = (uint8_t)(1u << page % 8);

		if (((modes->other[page / 8] & bit) != 0) == other)
			continue;
		modes->other[page / 8] ^= bit;
		answer = MODES_SWITCH;
	}
	return answer;
}

void modes_release(struct modes *modes, uint32_t number)
{
	size_t at = 0;

	while (at < modes->count && modes->claims[at].number != number)
		at++;
	if (at == modes->count)
		return;
	modes->count--;
	for (; at < modes->count; at++)
		modes->claims[at] = modes->claims[at + 1];
}
