/* Planted faults: each is caught, gets its name, and shrinks to a few operations. The clean run comes first. */
#include <stdio.h>
#include <string.h>

#include "attempt.h"
#include "shrink.h"
#include "suite.h"
#include "support/rig.h"

struct expected {
	const char *name;
	enum fault fault;
	enum verdict_kind verdict;
	const char *pattern;		/* part of the line for people */
	bool changed_too;		/* or never-written-changed: it depends on which operation is left */
	uint64_t shortest_bytes;	/* the shortest request that meets the fault; 0 where it takes several operations */
};

/* One sector beyond a limit alone would be "the last sector of its request": so there are two. */
static const struct expected table[] = {
	{"lost write", FAULT_LOST_WRITE, VERDICT_LOST, "", false, 512},
	{"write one sector too far", FAULT_WRITE_NEXT_SECTOR, VERDICT_MISDIRECTED, "1 sectors after", false, 512},
	{"stale read", FAULT_STALE_READ, VERDICT_STALE, "reading went wrong", false, 0},
	{"torn at 4 KiB", FAULT_TORN_AT_4K, VERDICT_TORN, "beyond byte 4096 of its request", false, 5120},
	{"torn within a sector", FAULT_TORN_SECTOR, VERDICT_TORN, "", false, 512},
	{"last sector lost", FAULT_LAST_SECTOR_LOST, VERDICT_TORN, "last sector of its request", false, 1024},
	{"zeroed page", FAULT_ZEROED_PAGE, VERDICT_ZEROED, "exactly one page", false, 12288},
	{"64 KiB stride under 1 MiB", FAULT_STRIDE_64K, VERDICT_ZEROED, "beyond byte 65536 of its request", false, 66560},
	{"bit flip", FAULT_BIT_FLIP, VERDICT_FLIPPED, "", false, 512},
	{"swapped pair", FAULT_SWAPPED_PAIR, VERDICT_MISDIRECTED, "each other's content", false, 0},
	{"discard of a neighbour", FAULT_DISCARD_NEIGHBOUR, VERDICT_ZEROED, "next to operation", true, 0},
	{"write-zeroes as no-op", FAULT_ZEROES_NOTHING, VERDICT_LOST, "should have been zeroed", false, 0},
	{"discard as no-op", FAULT_DISCARD_NOTHING, VERDICT_LOST, "should have been zeroed", false, 0},
	{"duplicate", FAULT_DUPLICATE, VERDICT_DUPLICATED, "", false, 512},
	{"foreign content", FAULT_FOREIGN, VERDICT_FOREIGN, "", false, 512},
	{"scribble elsewhere", FAULT_SCRIBBLE, VERDICT_CHANGED, "", false, 0},
	{"read one sector too far", FAULT_READ_NEXT_SECTOR, VERDICT_MISDIRECTED, "reading went wrong", false, 0},
	{"read that fills too little", FAULT_READ_UNFILLED, VERDICT_STALE, "reading went wrong", false, 0},
	{"32-bit wrap at 4 GiB", FAULT_WRAP_4G, VERDICT_MISDIRECTED, "8388608 sectors before", false, 512},
};

START_TEST(a_planted_fault_is_caught)
{
	const struct expected *expected = &table[_i];
	static struct attempt attempt;
	struct faulty *faulty;
	struct shrink shrink;
	struct rig rig;

	rig_open(&rig, expected->fault);
	faulty = faulty_new(ring_port(rig.ring), rig.fd, FAULT_NONE, rig.target.size_bytes);
	attempt_make(&attempt, &rig.schedule, faulty_port(faulty), &rig.identity, &rig.limits, NULL);
	ck_assert_int_eq(attempt.result, ATTEMPT_PASSED);
	ck_assert_str_eq(attempt.run.seal.device, attempt.run.seal.shadow);
	attempt_close(&attempt);
	faulty_free(faulty);

	rig.identity.generation++;
	faulty = faulty_new(ring_port(rig.ring), rig.fd, expected->fault, rig.target.size_bytes);
	attempt_make(&attempt, &rig.schedule, faulty_port(faulty), &rig.identity, &rig.limits, NULL);
	ck_assert_uint_gt(faulty_strikes(faulty), 0);
	ck_assert_msg(attempt.result == ATTEMPT_CORRUPT, "%s: not caught", expected->name);
	ck_assert(shrink_attempt(&shrink, &attempt, faulty_port(faulty), &rig.identity, &rig.limits, 20));
	printf("%-27s %-21s %u of %u operations, %2u of %u times: %s\n", expected->name, verdict_name(shrink.verdict),
	       shrink.to, shrink.from, shrink.failures, shrink.tries, shrink.pattern);
	ck_assert_msg(shrink.verdict == expected->verdict ||
			      (expected->changed_too && shrink.verdict == VERDICT_CHANGED), "%s: %s instead of %s", expected->name,
		      verdict_name(shrink.verdict), verdict_name(expected->verdict));
	ck_assert_msg(strstr(shrink.pattern, expected->pattern), "%s: %s", expected->name, shrink.pattern);
	ck_assert_uint_le(shrink.to, 5);
	if (expected->shortest_bytes && shrink.to == 1)
		ck_assert_uint_eq(shrink.schedule.list[0].length_bytes, expected->shortest_bytes);
	ck_assert_uint_gt(shrink.failures, 0);
	schedule_free(&shrink.schedule);
	attempt_close(&attempt);
	faulty_free(faulty);
	rig_close(&rig);
}
END_TEST

Suite *suite(void)
{
	Suite *suite = suite_create("faults");
	TCase *cases = tcase_create("faults");

	tcase_set_timeout(cases, 120);
	tcase_add_loop_test(cases, a_planted_fault_is_caught, 0, sizeof table / sizeof table[0]);
	suite_add_tcase(suite, cases);
	return suite;
}
