/* What a queue's thread asks of the kernel, by its effect. */
#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "suite.h"
#include "support/capability.h"
#include "support/note.h"
#include "thread.h"

/* ---- names --------------------------------------------------------------------------------- */

struct name_case {
	int32_t device_id;
	uint16_t qid;
	const char *name;
};

static const struct name_case name_cases[] = {
	{ 0, 0, "refublk/0/0" },
	{ 12, 345, "refublk/12/345" },
	{ 12345, 4095, "refublk/12345/4" },
	{ INT32_MAX, UINT16_MAX, "refublk/2147483" },
};

START_TEST(test_the_name_is_cut_to_what_the_kernel_keeps)
{
	char name[16];

	thread_name(name_cases[_i].device_id, name_cases[_i].qid);
	ck_assert_int_eq(prctl(PR_GET_NAME, name), 0);
	ck_assert_str_eq(name, name_cases[_i].name);
}
END_TEST

/* ---- CPUs ---------------------------------------------------------------------------------- */

static cpu_set_t allowed(void)
{
	cpu_set_t cpus;

	ck_assert_int_eq(sched_getaffinity(0, sizeof(cpus), &cpus), 0);
	return cpus;
}

static size_t first_of(const cpu_set_t *cpus)
{
	size_t cpu = 0;

	while (!CPU_ISSET(cpu, cpus))
		cpu++;
	return cpu;
}

START_TEST(test_a_thread_is_pinned_to_each_cpu_that_it_may_use)
{
	cpu_set_t all = allowed();

	for (size_t cpu = 0; cpu < CPU_SETSIZE; cpu++) {
		cpu_set_t one;
		cpu_set_t now;

		if (!CPU_ISSET(cpu, &all))
			continue;
		ck_assert_int_eq(sched_setaffinity(0, sizeof(all), &all), 0);
		CPU_ZERO(&one);
		CPU_SET(cpu, &one);
		CPU_SET(CPU_SETSIZE - 1, &one); /* possible, but not online */
		ck_assert_uint_eq(thread_pin(&one, 0, log_to_note), 1);
		now = allowed();
		ck_assert_int_eq(CPU_COUNT(&now), 1);
		ck_assert(CPU_ISSET(cpu, &now));
		ck_assert_int_eq(sched_getcpu(), (int)cpu);
	}
	ck_assert_uint_eq(lines, 0);
}
END_TEST

START_TEST(test_none_left_leaves_the_thread_as_it_is_and_says_so)
{
	cpu_set_t before = allowed();
	cpu_set_t none;
	cpu_set_t after;

	CPU_ZERO(&none);
	if (_i == 1)
		CPU_SET(CPU_SETSIZE - 1, &none);
	ck_assert_uint_eq(thread_pin(&none, 5, log_to_note), 0);
	after = allowed();
	ck_assert(CPU_EQUAL(&before, &after));
	ck_assert_uint_eq(lines, 1);
	ck_assert_ptr_nonnull(strstr(last_line, "queue 5"));
}
END_TEST

START_TEST(test_a_cpu_that_is_not_allowed_is_not_used)
{
	cpu_set_t all = allowed();
	cpu_set_t one;
	cpu_set_t now;
	size_t cpu = first_of(&all);

	CPU_ZERO(&one);
	CPU_SET(cpu, &one);
	ck_assert_int_eq(sched_setaffinity(0, sizeof(one), &one), 0);
	ck_assert_uint_eq(thread_pin(&all, 0, log_to_note), 1);
	now = allowed();
	ck_assert(CPU_EQUAL(&now, &one));
	CPU_CLR(cpu, &all);
	ck_assert_uint_eq(thread_pin(&all, 0, log_to_note), 0);
}
END_TEST

/* ---- the I/O flusher ----------------------------------------------------------------------- */

static uint64_t shown_flags(void)
{
	FILE *stat = fopen("/proc/thread-self/stat", "r");
	unsigned long flags = 0;

	ck_assert_ptr_nonnull(stat);
	ck_assert_int_eq(fscanf(stat, "%*d (%*[^)]) %*c %*d %*d %*d %*d %*d %lu", &flags), 1);
	fclose(stat);
	return flags;
}

START_TEST(test_the_threads_flags_show_an_io_flusher)
{
	ck_assert_uint_eq(shown_flags() & 0x180000, 0);
	if (thread_flush_io(log_to_note) == 0) {
		ck_assert_uint_eq(shown_flags() & 0x180000, 0x180000);
		ck_assert_uint_eq(lines, 0);
	} else {
		ck_assert_ptr_nonnull(strstr(last_line, "CAP_SYS_RESOURCE"));
	}
}
END_TEST

START_TEST(test_without_the_capability_the_remedy_is_named)
{
	drop_capability(CAP_SYS_RESOURCE);
	ck_assert_int_eq(thread_flush_io(log_to_note), -EPERM);
	ck_assert_uint_eq(shown_flags() & 0x180000, 0);
	ck_assert_uint_eq(lines, 1);
	ck_assert_ptr_nonnull(strstr(last_line, "CAP_SYS_RESOURCE"));
}
END_TEST

struct stat_case {
	const char *stat;
	int64_t flags;
};

static const struct stat_case stat_cases[] = {
	{ "1 (init) S 0 1 1 0 -1 4194560 12", 4194560 },
	{ "1 (a) b (c) 1 2 3 4 5 6) S 0 1 1 0 -1 7 12", 7 },
	{ "1 () S 0 1 1 0 -1 0 12", 0 },
	{ "1 (init) S 0 1 1 0 -1 4194560", -EINVAL },
	{ "1 (init) S 0 1 1 0 -1 x 5", -EINVAL },
	{ "1 (init) S 0 1 1 0 -1", -EINVAL },
	{ "1 (init)", -EINVAL },
	{ "1", -EINVAL },
	{ "", -EINVAL },
};

START_TEST(test_flags_stand_in_the_ninth_field)
{
	ck_assert_int_eq(thread_stat_flags(stat_cases[_i].stat), stat_cases[_i].flags);
}
END_TEST

Suite *suite(void)
{
	Suite *thread = suite_create("thread");
	TCase *effects = tcase_create("effects");

	tcase_add_loop_test(effects, test_the_name_is_cut_to_what_the_kernel_keeps, 0, 4);
	suite_add_lone_test(effects, test_a_thread_is_pinned_to_each_cpu_that_it_may_use);
	suite_add_lone_loop(effects, test_none_left_leaves_the_thread_as_it_is_and_says_so, 0, 2);
	suite_add_lone_test(effects, test_a_cpu_that_is_not_allowed_is_not_used);
	suite_add_lone_test(effects, test_the_threads_flags_show_an_io_flusher);
	suite_add_lone_test(effects, test_without_the_capability_the_remedy_is_named);
	tcase_add_loop_test(effects, test_flags_stand_in_the_ninth_field, 0, sizeof(stat_cases) / sizeof(stat_cases[0]));
	suite_add_tcase(thread, effects);
	return thread;
}
