/*
 * The shadow against an oracle that knows no sets: a change reaches a sector at one moment between its begin and its
 * end, a read looks at one; the oracle tries every order of those moments.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cell.h"
#include "mix.h"
#include "shadow.h"
#include "suite.h"

enum { OPERATIONS_MAX = 5, SECTORS = 2, ZEROES = 1000, ANYTHING = 1001 };

struct trial {
	struct operation operations[OPERATIONS_MAX];
	enum shadow_outcome outcomes[OPERATIONS_MAX];
	int begin[OPERATIONS_MAX], end[OPERATIONS_MAX];
	int count;
	enum shadow_discard discard;
	struct shadow *shadow;
	uint64_t base_sector;		/* each order has sectors of its own */
	int reader;
	unsigned long checked;
};

/* What a sector holds after the operation: contents as bit numbers of a set. */
static int content_bit(const struct trial *trial, int at)
{
	const struct operation *operation = &trial->operations[at];

	if (operation->kind == OPERATION_WRITE)
		return (int)operation->number;
	if (operation->kind == OPERATION_DISCARD && trial->discard == SHADOW_DISCARD_UNDEFINED)
		return 31;
	return 30;
}

static bool covers(const struct operation *operation, uint64_t sector)
{
	return operation->length_bytes && operation_first_sector(operation) <= sector &&
	       sector < operation_end_sector(operation);
}

/* Known to have changed nothing. While it is in flight nobody knows. */
static bool refused(const struct trial *trial, int at)
{
	return trial->outcomes[at] == SHADOW_NOTHING && trial->end[at] < trial->end[trial->reader];
}

static bool optional(const struct trial *trial, int at)
{
	return trial->outcomes[at] != SHADOW_DONE ||
	       (trial->operations[at].kind == OPERATION_DISCARD && trial->discard == SHADOW_DISCARD_OLD_OR_ZERO);
}

/* Adds to *legal what the reader finds if the moments come in this order. */
static void find_one(const struct trial *trial, const int *order, uint64_t sector, uint32_t *legal)
{
	uint32_t contents = 1;

	for (int at = 0; at < trial->count && order[at] != trial->reader; at++) {
		int who = order[at];

		if (!operation_changes(trial->operations[who].kind) || !covers(&trial->operations[who], sector) ||
		    refused(trial, who))
			continue;
		if (!optional(trial, who))
			contents = 0;
		contents |= 1u << content_bit(trial, who);
	}
	*legal |= contents;
}

static void find_all(const struct trial *trial, int *order, int placed, uint64_t sector, uint32_t *legal)
{
	if (placed == trial->count) {
		find_one(trial, order, sector, legal);
		return;
	}
	for (int next = 0; next < trial->count; next++) {
		bool possible = true;

		for (int at = 0; at < placed; at++)
			if (order[at] == next || trial->begin[order[at]] > trial->end[next])
				possible = false;
		if (!possible)
			continue;
		order[placed] = next;
		find_all(trial, order, placed + 1, sector, legal);
	}
}

static struct sighting compare(void *context, uint64_t sector, const struct expectation *expected)
{
	struct trial *trial = context;
	uint32_t legal = 0, given = 0;
	int order[OPERATIONS_MAX];

	find_all(trial, order, 0, sector - trial->base_sector, &legal);
	for (uint32_t at = 0; at < expected->count; at++) {
		uint32_t reference = expected->candidates[at];

		if (reference == CELL_RECORDED)
			given |= 1;
		else if (cell_kind(reference) == CELL_WRITE)
			given |= 1u << cell_number(reference);
		else
			given |= 1u << (cell_kind(reference) == CELL_ZERO ? 30 : 31);
	}
	ck_assert_uint_eq(given, legal);
	trial->checked++;
	return (struct sighting){0};
}

/* Every order of begins and ends, each operation's begin before its end; the last operation comes after all others. */
static void run_orders(struct trial *trial, int *events, int event, int *state)
{
	int others = trial->count - 1;

	if (event == 2 * others) {
		trial->begin[others] = event;
		trial->end[others] = event + 1;
		for (int at = 0; at < event + 2; at++) {
			int who = at < event ? events[at] : others;
			struct operation operation = trial->operations[who];

			trial->reader = who;
			operation.offset_bytes += trial->base_sector * OPERATION_SECTOR_BYTES;
			if (trial->begin[who] == at)
				shadow_begin(trial->shadow, &operation);
			else
				shadow_end(trial->shadow, operation.number, trial->outcomes[who], compare, trial);
		}
		trial->base_sector += SECTORS;
		return;
	}
	for (int who = 0; who < others; who++) {
		if (state[who] == 2)
			continue;
		*(state[who] ? &trial->end[who] : &trial->begin[who]) = event;
		events[event] = who;
		state[who]++;
		run_orders(trial, events, event + 1, state);
		state[who]--;
		if (!state[who])
			trial->end[who] = 0;
	}
}

static unsigned long run_trial(struct trial *trial)
{
	int events[2 * OPERATIONS_MAX], state[OPERATIONS_MAX] = {0};
	int last = trial->count - 1;

	trial->operations[last] = (struct operation){
		.kind = OPERATION_READ, .number = (uint32_t)trial->count, .length_bytes = SECTORS * OPERATION_SECTOR_BYTES};
	trial->outcomes[last] = SHADOW_DONE;
	trial->shadow = shadow_new(1u << 23, trial->discard);
	run_orders(trial, events, 0, state);
	shadow_free(trial->shadow);
	return trial->checked;
}

/* All choices of (kind, outcome, range) for `count` operations, of the first `kinds` of the table. */
static unsigned long run_choices(int count, int kinds, int ranges, enum shadow_discard discard)
{
	static const struct {
		enum operation_kind kind;
		enum shadow_outcome outcome;
	} choices[] = {
		{OPERATION_READ, SHADOW_DONE}, {OPERATION_WRITE, SHADOW_DONE}, {OPERATION_DISCARD, SHADOW_DONE},
		{OPERATION_WRITE, SHADOW_FAILED}, {OPERATION_ZEROES, SHADOW_DONE}, {OPERATION_WRITE, SHADOW_NOTHING},
	};
	unsigned long checked = 0;
	int total = 1;

	for (int at = 0; at < count; at++)
		total *= kinds * ranges;
	for (int number = 0; number < total; number++) {
		struct trial trial = {.count = count + 1, .discard = discard};

		for (int at = 0, left = number; at < count; at++, left /= kinds * ranges) {
			int range = left / kinds % ranges;

			trial.operations[at] = (struct operation){
				.kind = choices[left % kinds].kind,
				.number = (uint32_t)at + 1,
				.offset_bytes = range == 1 ? OPERATION_SECTOR_BYTES : 0,
				.length_bytes = (range == 2 ? 2 : 1) * OPERATION_SECTOR_BYTES,
			};
			trial.outcomes[at] = choices[left % kinds].outcome;
		}
		checked += run_trial(&trial);
	}
	return checked;
}

START_TEST(two_operations_on_two_sectors)
{
	ck_assert_uint_gt(run_choices(2, 6, 3, (enum shadow_discard)_i), 1000);
}
END_TEST

START_TEST(three_operations_on_two_sectors)
{
	ck_assert_uint_gt(run_choices(3, 6, 3, (enum shadow_discard)_i), 100000);
}
END_TEST

START_TEST(four_operations_on_one_sector)
{
	ck_assert_uint_gt(run_choices(4, 3, 1, (enum shadow_discard)_i), 500000);
}
END_TEST

/* A device of bytes, where every operation reaches every byte at a moment of its own. */
enum { CELLS = 3, BYTES = 4, DEPTH = 4, STEPS = 300, RECORDED = 60000 };

struct toy {
	uint16_t bytes[CELLS][BYTES];
	struct operation flights[DEPTH];
	uint16_t found[DEPTH][CELLS][BYTES];
	uint32_t pending[DEPTH];
	const uint16_t (*reading)[BYTES];
	unsigned long pinned, settled;
	unsigned long long seed;
	uint64_t recorded_hash;
};

static uint16_t toy_content(uint32_t reference)
{
	if (reference == CELL_RECORDED)
		return RECORDED;
	return cell_kind(reference) == CELL_WRITE ? (uint16_t)cell_number(reference) : 0;
}

static uint64_t toy_hash(const uint16_t *bytes)
{
	uint64_t hash;

	memcpy(&hash, bytes, sizeof hash);
	return mix_64(hash);
}

static struct sighting toy_look(void *context, uint64_t sector, const struct expectation *expected)
{
	struct toy *toy = context;
	const uint16_t *bytes = toy->reading[sector];
	struct sighting seen = {.known = true, .hash = toy_hash(bytes)};

	/* Of the recorded content nothing is kept but its hash. */
	for (uint32_t who = 0; who < expected->count; who++)
		if (expected->candidates[who] == CELL_RECORDED)
			ck_assert_msg(expected->hash == toy->recorded_hash, "SEED=%llu", toy->seed);
	for (unsigned at = 0; at < BYTES; at++) {
		bool legal = false;

		for (uint32_t who = 0; who < expected->count; who++)
			legal |= toy_content(expected->candidates[who]) == bytes[at];
		ck_assert_msg(legal, "SEED=%llu", toy->seed);
	}
	if (expected->pinned && expected->settled) {
		ck_assert_msg(seen.hash == expected->hash, "SEED=%llu", toy->seed);
		toy->pinned++;
	}
	toy->settled += expected->settled;
	for (uint32_t who = 0; who < expected->count && !seen.whole; who++) {
		seen.whole = true;
		for (unsigned at = 0; at < BYTES; at++)
			seen.whole &= toy_content(expected->candidates[who]) == bytes[at];
		seen.candidate = expected->candidates[who];
	}
	return seen;
}

/* Lets the operation in this slot reach one of the bytes that it has not reached yet. */
static void toy_touch(struct toy *toy, unsigned slot, uint64_t random)
{
	const struct operation *operation = &toy->flights[slot];
	unsigned at = (unsigned)(random % (CELLS * BYTES));

	while (!(toy->pending[slot] & 1u << at))
		at = (at + 1) % (CELLS * BYTES);
	toy->pending[slot] &= ~(1u << at);
	if (operation->kind == OPERATION_READ)
		toy->found[slot][at / BYTES][at % BYTES] = toy->bytes[at / BYTES][at % BYTES];
	else
		toy->bytes[at / BYTES][at % BYTES] =
			operation->kind == OPERATION_WRITE ? (uint16_t)operation->number : 0;
}

static void toy_begin(struct toy *toy, struct shadow *shadow, unsigned slot, uint32_t number, uint64_t random)
{
	static const enum operation_kind kinds[] = {OPERATION_READ, OPERATION_WRITE, OPERATION_WRITE, OPERATION_READ,
						    OPERATION_ZEROES};
	uint64_t first = random % CELLS, sectors = 1 + (random >> 8) % (CELLS - first);

	toy->flights[slot] = (struct operation){
		.kind = kinds[(random >> 16) % 5],
		.number = number,
		.offset_bytes = first * OPERATION_SECTOR_BYTES,
		.length_bytes = sectors * OPERATION_SECTOR_BYTES,
	};
	toy->pending[slot] = ((1u << sectors * BYTES) - 1) << first * BYTES;
	shadow_begin(shadow, &toy->flights[slot]);
}

static void toy_run(uint64_t seed, struct toy *toy)
{
	struct shadow *shadow = shadow_new(CELLS * OPERATION_SECTOR_BYTES, SHADOW_DISCARD_ZERO);
	uint64_t depth = 1 + mix_64(seed) % DEPTH;

	for (unsigned sector = 0; sector < CELLS; sector++) {
		for (unsigned at = 0; at < BYTES; at++)
			toy->bytes[sector][at] = RECORDED;
		toy->recorded_hash = toy_hash(toy->bytes[sector]);
		shadow_record(shadow, sector, toy->recorded_hash);
	}
	memset(toy->flights, 0, sizeof toy->flights);
	for (uint32_t step = 1; step <= STEPS; step++) {
		uint64_t random = mix_pair(seed, step);
		unsigned slot = (unsigned)(random % depth);

		random >>= 8;
		if (!toy->flights[slot].number) {
			toy_begin(toy, shadow, slot, step, random);
		} else if (toy->pending[slot]) {
			toy_touch(toy, slot, random);
		} else {
			toy->reading = (const uint16_t(*)[BYTES])toy->found[slot];
			shadow_end(shadow, toy->flights[slot].number, SHADOW_DONE, toy_look, toy);
			toy->flights[slot].number = 0;
		}
	}
	shadow_free(shadow);
}

/* No false alarm: what a device of free bytes can return is always legal, pins included. */
START_TEST(what_can_happen_is_legal)
{
	const char *given = getenv("SEED");
	uint64_t seed = given ? strtoull(given, NULL, 0) : 1;
	struct toy toy = {0};

	for (uint64_t round = 0; round < 4000; round++) {
		toy.seed = seed + round;
		toy_run(seed + round, &toy);
	}
	printf("SEED=%llu: %lu pinned reads, %lu settled\n", (unsigned long long)seed, toy.pinned, toy.settled);
	ck_assert_uint_gt(toy.pinned, 100);
}
END_TEST

START_TEST(a_sparse_device_of_a_tebibyte_costs_what_is_used)
{
	struct shadow *shadow = shadow_new(1ull << 40, SHADOW_DISCARD_ZERO);
	const uint32_t writes = 100000;

	for (uint32_t number = 1; number <= writes; number++) {
		struct operation operation = {
			.kind = OPERATION_WRITE,
			.number = number,
			.offset_bytes = mix_64(number) % (1u << 28) * OPERATION_PAGE_BYTES,
			.length_bytes = OPERATION_PAGE_BYTES,
		};

		shadow_begin(shadow, &operation);
		shadow_end(shadow, number, SHADOW_DONE, NULL, NULL);
	}
	ck_assert_uint_gt(shadow_sectors_in_use(shadow), writes * 8 / 100 * 99);
	ck_assert_uint_lt(shadow_memory_bytes(shadow), shadow_sectors_in_use(shadow) * 64);
	printf("%.1f bytes per sector in use\n",
	       (double)shadow_memory_bytes(shadow) / (double)shadow_sectors_in_use(shadow));
	shadow_free(shadow);
}
END_TEST

Suite *suite(void)
{
	Suite *suite = suite_create("shadow");
	TCase *cases = tcase_create("shadow");

	tcase_set_timeout(cases, 300);
	tcase_add_loop_test(cases, two_operations_on_two_sectors, 0, SHADOW_DISCARD_UNDEFINED + 1);
	tcase_add_loop_test(cases, three_operations_on_two_sectors, 0, SHADOW_DISCARD_UNDEFINED + 1);
	tcase_add_loop_test(cases, four_operations_on_one_sector, 0, SHADOW_DISCARD_UNDEFINED + 1);
	tcase_add_test(cases, what_can_happen_is_legal);
	tcase_add_test(cases, a_sparse_device_of_a_tebibyte_costs_what_is_used);
	suite_add_tcase(suite, cases);
	return suite;
}
