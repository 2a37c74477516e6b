#include <err.h>
#include <stdlib.h>
#include <string.h>

#include "promise.h"

static void *checked(void *memory)
{
	if (!memory)
		err(3, "no memory for what was promised");
	return memory;
}

/* Moments begin at 1, so that 0 is none. */
void promise_open(struct promise *promise, const struct schedule *schedule)
{
	*promise = (struct promise){.schedule = schedule};
	promise->limit = schedule->list[schedule->list_count - 1].number;
	promise->sectors = schedule->plan.size_bytes / OPERATION_SECTOR_BYTES;
	promise->begins = checked(calloc(promise->limit + 1u, sizeof *promise->begins));
	promise->ends = checked(calloc(promise->limit + 1u, sizeof *promise->ends));
	promise->durable = checked(calloc(promise->sectors, sizeof *promise->durable));
	promise->maker = checked(calloc(promise->sectors, sizeof *promise->maker));
	for (uint32_t number = 0; number <= promise->limit; number++)
		promise->begins[number] = promise->ends[number] = PROMISE_NEVER;
	for (uint32_t at = 0; at < schedule->event_count; at++) {
		uint32_t event = schedule->events[at];

		(SCHEDULE_IS_END(event) ? promise->ends : promise->begins)[SCHEDULE_NUMBER(event)] = at + 1;
	}
}

void promise_close(struct promise *promise)
{
	free(promise->begins);
	free(promise->ends);
	free(promise->durable);
	free(promise->maker);
}

static void keep(struct promise *promise, const struct operation *write)
{
	for (uint64_t sector = operation_first_sector(write); sector < operation_end_sector(write); sector++) {
		promise->kept += promise->durable[sector] == 0;
		if (promise->begins[write->number] < promise->durable[sector])
			continue;
		promise->durable[sector] = promise->begins[write->number];
		promise->maker[sector] = write->number;
	}
}

void promise_make(struct promise *promise, uint32_t moment)
{
	const struct schedule *schedule = promise->schedule;
	uint32_t flushed = 0;

	memset(promise->durable, 0, promise->sectors * sizeof *promise->durable);
	promise->kept = 0;
	for (uint32_t at = 0; at < schedule->list_count; at++) {
		const struct operation *operation = &schedule->list[at];

		if (operation->kind == OPERATION_FLUSH && promise->ends[operation->number] < moment &&
		    promise->begins[operation->number] > flushed)
			flushed = promise->begins[operation->number];
	}
	for (uint32_t at = 0; at < schedule->list_count; at++) {
		const struct operation *operation = &schedule->list[at];
		uint32_t end = promise->ends[operation->number];

		if (operation->kind == OPERATION_WRITE && (end < flushed || (operation->fua && end < moment)))
			keep(promise, operation);
	}
}

bool promise_allows(const struct promise *promise, uint64_t sector, uint32_t operation)
{
	struct operation write;

	if (!operation)
		return promise->durable[sector] == 0;
	write = schedule_operation(promise->schedule, operation);
	if (write.kind != OPERATION_WRITE || sector < operation_first_sector(&write) || sector >= operation_end_sector(&write))
		return false;
	/* One that had ended before the durable one began was overwritten by it. */
	return promise->ends[operation] > promise->durable[sector];
}
