#include <err.h>
#include <time.h>

#include "journal.h"
#include "reserve.h"
#include "schedule.h"

static uint64_t clock_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

static void *reserve(size_t bytes)
{
	void *memory = reserve_new(bytes);

	if (!memory)
		err(3, "no address space for the journal");
	return memory;
}

void journal_open(struct journal *journal, uint32_t operation_limit)
{
	journal->operation_limit = operation_limit;
	journal->event_count = 0;
	journal->oldest = 0;
	journal->events = reserve((size_t)operation_limit * 2 * sizeof *journal->events);
	journal->times = reserve(((size_t)operation_limit + 1) * sizeof *journal->times);
	journal->start_ns = clock_ns() - 1;
}

void journal_close(struct journal *journal)
{
	reserve_free(journal->events, (size_t)journal->operation_limit * 2 * sizeof *journal->events);
	reserve_free(journal->times, ((size_t)journal->operation_limit + 1) * sizeof *journal->times);
}

void journal_begin(struct journal *journal, uint32_t number)
{
	journal->events[journal->event_count++] = SCHEDULE_BEGIN(number);
	journal->times[number].begin_ns = journal_now_ns(journal);
}

void journal_end(struct journal *journal, uint32_t number)
{
	journal->events[journal->event_count++] = SCHEDULE_END(number);
	journal->times[number].end_ns = journal_now_ns(journal);
}

void journal_fail(struct journal *journal, uint32_t number)
{
	journal->times[number].end_ns = journal_now_ns(journal);
}

void journal_forget(struct journal *journal, uint32_t number)
{
	journal_end(journal, number);
	journal->times[number] = (struct journal_times){0};
}

uint32_t journal_oldest(struct journal *journal)
{
	for (; journal->oldest < journal->event_count; journal->oldest++) {
		uint32_t event = journal->events[journal->oldest];

		if (!SCHEDULE_IS_END(event) && journal_in_flight(journal, SCHEDULE_NUMBER(event)))
			return SCHEDULE_NUMBER(event);
	}
	return 0;
}

uint64_t journal_now_ns(const struct journal *journal)
{
	return clock_ns() - journal->start_ns;
}
