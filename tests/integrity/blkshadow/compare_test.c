/* Contents that a mix may have, on a sector that two writes have overlapped on. */
#include <string.h>

#include "compare.h"
#include "suite.h"

enum { SECTOR = OPERATION_SECTOR_BYTES };

struct rig {
	struct schedule schedule;
	struct stamp_identity identity;
	struct compare compare;
	struct shadow *shadow;
	uint8_t one[SECTOR], other[SECTOR];
	const uint8_t *found;
	enum compare_answer answer;
	uint32_t number;
};

static struct sighting look(void *context, uint64_t sector, const struct expectation *expected)
{
	struct rig *rig = context;
	struct sighting seen;

	rig->answer = compare_sector(&rig->compare, sector, expected, rig->found, &seen);
	return seen;
}

/* What a read that returns this is told. */
static enum compare_answer ask(struct rig *rig, const uint8_t *found)
{
	struct operation read = {.kind = OPERATION_READ, .number = ++rig->number, .length_bytes = SECTOR};

	rig->found = found;
	shadow_begin(rig->shadow, &read);
	shadow_end(rig->shadow, read.number, SHADOW_DONE, look, rig);
	return rig->answer;
}

/* Operations 1 and 2 are writes of the plan that have overlapped on sector 0, and are over. */
static void rig_open(struct rig *rig, bool atomic)
{
	struct operation writes[2];

	memset(rig, 0, sizeof *rig);
	rig->schedule.plan = (struct plan){.size_bytes = 4096, .block_bytes = 4096, .min_bytes = 4096, .max_bytes = 4096,
					   .jobs = 1, .writes = 1000};
	rig->schedule.atomic_sector = atomic;
	rig->identity = (struct stamp_identity){.run = 4, .generation = 1};
	rig->compare = (struct compare){.identity = &rig->identity, .schedule = &rig->schedule};
	rig->shadow = shadow_new(4096, SHADOW_DISCARD_ZERO);
	for (uint32_t at = 0; at < 2; at++) {
		writes[at] = schedule_operation(&rig->schedule, at + 1);
		shadow_begin(rig->shadow, &writes[at]);
	}
	shadow_end(rig->shadow, 1, SHADOW_DONE, NULL, NULL);
	shadow_end(rig->shadow, 2, SHADOW_DONE, NULL, NULL);
	stamp_write(&rig->identity, &writes[0], 0, rig->one);
	stamp_write(&rig->identity, &writes[1], 0, rig->other);
	rig->number = 2;
}

static void mix(const struct rig *rig, unsigned from_one, uint8_t *out)
{
	memcpy(out, rig->other, SECTOR);
	memcpy(out, rig->one, from_one);
}

START_TEST(every_cut_is_a_legal_mix)
{
	for (unsigned cut = 0; cut <= SECTOR; cut++) {
		uint8_t mixed[SECTOR];
		struct rig rig;

		rig_open(&rig, false);
		mix(&rig, cut, mixed);
		ck_assert_int_eq(ask(&rig, mixed), COMPARE_RIGHT);
		shadow_free(rig.shadow);
	}
}
END_TEST

START_TEST(a_mix_once_seen_stays)
{
	uint8_t first[SECTOR], second[SECTOR];
	struct rig rig;

	rig_open(&rig, false);
	mix(&rig, 100, first);
	mix(&rig, 200, second);
	ck_assert_int_eq(ask(&rig, first), COMPARE_RIGHT);
	ck_assert_int_eq(ask(&rig, first), COMPARE_RIGHT);
	ck_assert_int_eq(ask(&rig, second), COMPARE_WRONG);
	ck_assert_int_eq(ask(&rig, rig.one), COMPARE_WRONG);
	ck_assert_int_eq(ask(&rig, first), COMPARE_RIGHT);
	shadow_free(rig.shadow);
}
END_TEST

START_TEST(a_whole_content_once_seen_stays)
{
	struct rig rig;

	rig_open(&rig, false);
	ck_assert_int_eq(ask(&rig, rig.one), COMPARE_RIGHT);
	ck_assert_int_eq(ask(&rig, rig.other), COMPARE_WRONG);
	ck_assert_int_eq(ask(&rig, rig.one), COMPARE_RIGHT);
	shadow_free(rig.shadow);
}
END_TEST

START_TEST(a_mix_holds_nothing_else)
{
	uint8_t mixed[SECTOR];
	struct rig rig;

	for (unsigned at = 0; at < SECTOR; at++) {
		rig_open(&rig, false);
		mix(&rig, 100, mixed);
		mixed[at] = 0;
		while (mixed[at] == rig.one[at] || mixed[at] == rig.other[at])
			mixed[at]++;
		ck_assert_int_eq(ask(&rig, mixed), COMPARE_WRONG);
		shadow_free(rig.shadow);
	}
}
END_TEST

START_TEST(an_atomic_sector_is_never_a_mix)
{
	uint8_t mixed[SECTOR];
	struct rig rig;

	rig_open(&rig, true);
	mix(&rig, 256, mixed);
	ck_assert_int_eq(ask(&rig, mixed), COMPARE_WRONG);
	ck_assert_int_eq(ask(&rig, rig.other), COMPARE_RIGHT);
	shadow_free(rig.shadow);
}
END_TEST

Suite *suite(void)
{
	Suite *suite = suite_create("compare");
	TCase *cases = tcase_create("compare");

	tcase_add_test(cases, every_cut_is_a_legal_mix);
	tcase_add_test(cases, a_mix_once_seen_stays);
	tcase_add_test(cases, a_whole_content_once_seen_stays);
	tcase_add_test(cases, a_mix_holds_nothing_else);
	tcase_add_test(cases, an_atomic_sector_is_never_a_mix);
	suite_add_tcase(suite, cases);
	return suite;
}
