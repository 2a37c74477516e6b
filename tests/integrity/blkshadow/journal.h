/* What has happened: the order of begins and ends, and when. Memory is used as far as the run goes. */
#ifndef JOURNAL_H
#define JOURNAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct journal_times {
	uint64_t begin_ns, end_ns;	/* since the run's start; 0 while it has not happened */
};

struct journal {
	uint32_t *events;		/* schedule.h's */
	struct journal_times *times;	/* by operation number */
	uint32_t event_count, operation_limit;
	uint32_t oldest;		/* no event before this one is of an operation in flight */
	uint64_t start_ns;
};

/* For operations numbered 1 to limit. Ends the program without memory. */
void journal_open(struct journal *journal, uint32_t operation_limit);
void journal_close(struct journal *journal);

void journal_begin(struct journal *journal, uint32_t number);
void journal_end(struct journal *journal, uint32_t number);

/* It has ended with an error: the order has no end of it, since what it does may still be under way. */
void journal_fail(struct journal *journal, uint32_t number);

/* It was refused and did nothing: as if it had never begun. */
void journal_forget(struct journal *journal, uint32_t number);

/* Has it begun, and was not refused? */
static inline bool journal_has(const struct journal *journal, uint32_t number)
{
	return journal->times[number].begin_ns != 0;
}

/* Has it begun, but not ended? */
static inline bool journal_in_flight(const struct journal *journal, uint32_t number)
{
	return journal->times[number].begin_ns && !journal->times[number].end_ns;
}

/* The operation in flight that began first; 0 when none is. */
uint32_t journal_oldest(struct journal *journal);

uint64_t journal_now_ns(const struct journal *journal);

#endif
