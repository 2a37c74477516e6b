/* Planted faults: each is caught, gets its name, and shrinks to a few operations. The clean run comes first. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "attempt.h"
#include "mix.h"
#include "ring.h"
#include "shrink.h"
#include "suite.h"
#include "support/faulty.h"

#define MIB (1u << 20)

struct expected {
	const char *name;
	enum fault fault;
	enum verdict_kind verdict;
	const char *pattern;		/* part of the line for people */
	bool changed_too;		/* or never-written-changed: it depends on which operation is left */
};

/* Written before the runs. */
static const struct expected table[] = {
	{"lost write", FAULT_LOST_WRITE, VERDICT_LOST, "", false},
	{"write one sector too far", FAULT_WRITE_NEXT_SECTOR, VERDICT_MISDIRECTED, "1 sectors after", false},
	{"stale read", FAULT_STALE_READ, VERDICT_STALE, "reading went wrong", false},
	{"torn at 4 KiB", FAULT_TORN_AT_4K, VERDICT_TORN, "beyond byte 4096 of its request", false},
	{"torn within a sector", FAULT_TORN_SECTOR, VERDICT_TORN, "", false},
	{"last sector lost", FAULT_LAST_SECTOR_LOST, VERDICT_TORN, "last sector of its request", false},
	{"zeroed page", FAULT_ZEROED_PAGE, VERDICT_ZEROED, "exactly one page", false},
	{"64 KiB stride under 1 MiB", FAULT_STRIDE_64K, VERDICT_ZEROED, "beyond byte 65536 of its request", false},
	{"bit flip", FAULT_BIT_FLIP, VERDICT_FLIPPED, "", false},
	{"swapped pair", FAULT_SWAPPED_PAIR, VERDICT_MISDIRECTED, "each other's content", false},
	{"discard of a neighbour", FAULT_DISCARD_NEIGHBOUR, VERDICT_ZEROED, "next to operation", true},
	{"write-zeroes as no-op", FAULT_ZEROES_NOTHING, VERDICT_LOST, "should have been zeroed", false},
	{"discard as no-op", FAULT_DISCARD_NOTHING, VERDICT_LOST, "should have been zeroed", false},
	{"duplicate", FAULT_DUPLICATE, VERDICT_DUPLICATED, "", false},
	{"foreign content", FAULT_FOREIGN, VERDICT_FOREIGN, "", false},
	{"scribble elsewhere", FAULT_SCRIBBLE, VERDICT_CHANGED, "", false},
	{"read one sector too far", FAULT_READ_NEXT_SECTOR, VERDICT_MISDIRECTED, "reading went wrong", false},
	{"read that fills too little", FAULT_READ_UNFILLED, VERDICT_STALE, "reading went wrong", false},
	{"32-bit wrap at 4 GiB", FAULT_WRAP_4G, VERDICT_MISDIRECTED, "8388608 sectors before", false},
};

struct rig {
	int fd;
	struct ring *ring;
	struct ring_target target;
	struct schedule schedule;
	struct run_limits limits;
	struct stamp_identity identity;
};

/* A file in memory that holds something everywhere, so that zeroes are never what was there before. */
static void rig_open(struct rig *rig, enum fault fault)
{
	uint64_t size_bytes = fault == FAULT_WRAP_4G ? 8ull << 30 : 16 * MIB;
	char path[64], *noise = malloc(MIB);

	memset(rig, 0, sizeof *rig);
	rig->fd = memfd_create("blkshadow", 0);
	ck_assert_int_ge(rig->fd, 0);
	ck_assert_int_eq(ftruncate(rig->fd, (off_t)size_bytes), 0);
	memset(noise, 0x5a, MIB);
	for (uint64_t at = 0; at < size_bytes && fault != FAULT_WRAP_4G; at += MIB)
		ck_assert_int_eq(pwrite(rig->fd, noise, MIB, (off_t)at), MIB);
	free(noise);
	snprintf(path, sizeof path, "/proc/self/fd/%d", rig->fd);
	rig->ring = ring_open(path, &rig->target);
	ck_assert_ptr_nonnull(rig->ring);
	rig->schedule = (struct schedule){.count = 1500, .repeats = 1};
	rig->schedule.plan = (struct plan){
		.seed = 11, .size_bytes = size_bytes, .block_bytes = 512, .min_bytes = 512, .max_bytes = 256 << 10,
		.jobs = 2, .cache = rig->target.direct ? PLAN_BOTH : PLAN_BUFFERED, .writes = 500, .fua = 100,
		.discards = fault == FAULT_DISCARD_NEIGHBOUR || fault == FAULT_DISCARD_NOTHING ? 50 : 0,
		.zeroes = fault == FAULT_ZEROES_NOTHING ? 50 : 0, .flushes = 20,
	};
	if (fault == FAULT_SWAPPED_PAIR) {
		rig->schedule.plan.min_bytes = rig->schedule.plan.max_bytes = 4096;
		rig->schedule.plan.pattern = PLAN_SCATTERED;
	}
	if (fault == FAULT_DUPLICATE || fault == FAULT_SCRIBBLE || fault == FAULT_WRAP_4G)
		rig->schedule.plan.max_bytes = 32 << 10;
	rig->limits = (struct run_limits){.depth = 8, .stall_seconds = 30, .scan_bytes = RUN_CHUNK_BYTES,
					  .direct = rig->target.direct, .record_all = true, .seal = true};
	rig->identity = (struct stamp_identity){.run = 1, .seed = 11, .generation = 1, .device = 1};
	ck_assert_int_eq(ring_lanes(rig->ring, 2, 8), 0);
}

static void rig_close(struct rig *rig)
{
	ring_close(rig->ring);
	free(rig->target.path);
	close(rig->fd);
}

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
