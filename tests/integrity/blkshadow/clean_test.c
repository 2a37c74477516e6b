/* No false alarm: on devices that do nothing wrong, however much overlaps. And what is a mix is noticed where it may not be. */
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "attempt.h"
#include "mix.h"
#include "ring.h"
#include "suite.h"
#include "support/chaos.h"

#define CHAOS_BYTES (256u << 10)

static uint64_t seed_given(void)
{
	const char *given = getenv("SEED");

	return given ? strtoull(given, NULL, 0) : 1;
}

static struct schedule schedule_for(uint64_t seed, uint64_t size_bytes, enum shadow_discard discard)
{
	struct schedule schedule = {.count = 3000, .repeats = 1, .discard = discard};
	uint64_t random = mix_64(seed);

	schedule.plan = (struct plan){
		.seed = seed, .size_bytes = size_bytes, .block_bytes = 512u << random % 4, .max_bytes = 32 << 10,
		.jobs = 1 + (uint32_t)(random >> 8) % 3, .writes = 450, .discards = 40, .zeroes = 40, .flushes = 20,
		.fua = 100, .cache = PLAN_BOTH, .pattern = random & 1 << 20 ? PLAN_HOT : PLAN_MIXED,
	};
	schedule.plan.min_bytes = schedule.plan.block_bytes;
	return schedule;
}

static void run(const struct schedule *schedule, struct port *port, struct attempt *attempt)
{
	struct stamp_identity identity = {.run = 1, .seed = schedule->plan.seed, .generation = 1, .device = 1};
	struct run_limits limits = {.depth = 1 + (unsigned)(mix_64(schedule->plan.seed) >> 32) % 32, .stall_seconds = 30,
				    .scan_bytes = 64 << 10, .direct = true, .record_all = true, .seal = true};

	attempt_make(attempt, schedule, port, &identity, &limits, NULL);
}

/* Each way of reading discarded sectors is true of a device that zeroes them. */
START_TEST(a_device_that_mixes_is_clean)
{
	uint64_t open_bytes = 0;

	for (uint64_t seed = seed_given(); seed < seed_given() + 12; seed++) {
		struct schedule schedule = schedule_for(seed, CHAOS_BYTES, (enum shadow_discard)_i);
		struct chaos *chaos = chaos_new(CHAOS_BYTES, seed);
		static struct attempt attempt;

		run(&schedule, chaos_port(chaos), &attempt);
		ck_assert_msg(attempt.result == ATTEMPT_PASSED, "SEED=%llu: %s%s", (unsigned long long)seed,
			      attempt.run.trouble, attempt.verdicts.pattern);
		ck_assert_str_eq(attempt.run.seal.device, attempt.run.seal.shadow);
		ck_assert_uint_gt(attempt.run.counters.compared_bytes, 0);
		open_bytes += attempt.run.counters.open_bytes;
		attempt_close(&attempt);
		chaos_free(chaos);
	}
	printf("SEED=%llu: %llu bytes could be anything\n", (unsigned long long)seed_given(), (unsigned long long)open_bytes);
}
END_TEST

START_TEST(a_device_that_mixes_is_not_atomic)
{
	struct schedule schedule = schedule_for(6, CHAOS_BYTES, SHADOW_DISCARD_ZERO);
	struct chaos *chaos = chaos_new(CHAOS_BYTES, 6);
	static struct attempt attempt;

	schedule.atomic_sector = true;
	schedule.plan.pattern = PLAN_HOT;
	schedule.plan.jobs = 2;
	run(&schedule, chaos_port(chaos), &attempt);
	ck_assert_int_eq(attempt.result, ATTEMPT_CORRUPT);
	ck_assert_int_eq(attempt.verdicts.main, VERDICT_TORN);
	attempt_close(&attempt);
	chaos_free(chaos);
}
END_TEST

START_TEST(a_file_is_clean)
{
	int fd = memfd_create("blkshadow", 0);
	struct ring_target target;
	struct ring *ring;
	char path[64];

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(ftruncate(fd, 16 << 20), 0);
	snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
	ring = ring_open(path, &target);
	ck_assert_ptr_nonnull(ring);
	ck_assert_int_eq(ring_lanes(ring, 3, 32), 0);
	for (uint64_t seed = seed_given(); seed < seed_given() + 8; seed++) {
		struct schedule schedule = schedule_for(seed, target.size_bytes, SHADOW_DISCARD_ZERO);
		static struct attempt attempt;

		schedule.count = 6000;
		if (!target.direct)
			schedule.plan.cache = PLAN_BUFFERED;
		run(&schedule, ring_port(ring), &attempt);
		ck_assert_msg(attempt.result == ATTEMPT_PASSED, "SEED=%llu: %s%s", (unsigned long long)seed,
			      attempt.run.trouble, attempt.verdicts.pattern);
		ck_assert_str_eq(attempt.run.seal.device, attempt.run.seal.shadow);
		if (schedule.plan.cache == PLAN_BOTH)
			ck_assert_uint_gt(attempt.run.counters.switches, 0);
		attempt_close(&attempt);
	}
	ring_close(ring);
	free(target.path);
	close(fd);
}
END_TEST

Suite *suite(void)
{
	Suite *suite = suite_create("clean");
	TCase *cases = tcase_create("clean");

	tcase_set_timeout(cases, 240);
	tcase_add_loop_test(cases, a_device_that_mixes_is_clean, 0, SHADOW_DISCARD_UNDEFINED + 1);
	tcase_add_test(cases, a_device_that_mixes_is_not_atomic);
	tcase_add_test(cases, a_file_is_clean);
	suite_add_tcase(suite, cases);
	return suite;
}
