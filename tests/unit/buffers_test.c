/* The tags' buffers: their places, and that every page is there, locked, and ours alone. */
#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include "buffers.h"
#include "suite.h"
#include "support/capability.h"
#include "support/note.h"

static struct params_config config_of(uint32_t depth_tags, uint32_t max_io_bytes)
{
	return (struct params_config){ .size_bytes = 1 << 20, .page_bytes = (uint64_t)getpagesize(),
				       .depth_tags = depth_tags, .max_io_bytes = max_io_bytes, .queues = 1 };
}

/* What /proc/self/smaps says of the mapping that begins at `base`: a number of kB or, for flags, 1 and 0. */
static uint64_t shown(const unsigned char *base, const char *field, const char *flag)
{
	FILE *smaps = fopen("/proc/self/smaps", "r");
	char line[512];
	bool within = false;
	uint64_t found = 0;

	ck_assert_ptr_nonnull(smaps);
	while (fgets(line, sizeof(line), smaps)) {
		unsigned long begin;
		unsigned long end;

		if (sscanf(line, "%lx-%lx ", &begin, &end) == 2)
			within = begin <= (uintptr_t)base && (uintptr_t)base < end;
		else if (within && strncmp(line, field, strlen(field)) == 0)
			found = flag ? (uint64_t)(strstr(line, flag) != NULL)
				     : (uint64_t)strtoull(line + strlen(field), NULL, 10);
	}
	fclose(smaps);
	return found;
}

static bool all_resident(const struct buffers *buffers)
{
	size_t pages = buffers->all_bytes / (uint64_t)getpagesize();
	unsigned char *present = malloc(pages);
	bool all = mincore(buffers->base, buffers->all_bytes, present) == 0;

	for (size_t i = 0; i < pages; i++)
		all = all && (present[i] & 1);
	free(present);
	return all;
}

struct size_case {
	uint32_t depth_tags;
	uint32_t max_io_bytes;
};

static const struct size_case size_cases[] = {
	{ 1, 4096 }, { 128, 4096 }, { 4096, 4096 }, { 3, 1 << 20 }, { 2, 4 << 20 },
};

START_TEST(test_every_tag_has_its_whole_buffer_in_memory)
{
	struct params_config config = config_of(size_cases[_i].depth_tags, size_cases[_i].max_io_bytes);
	struct buffers buffers;

	ck_assert_int_eq(buffers_map(&buffers, config, log_to_note), 0);
	ck_assert_uint_ge(buffers.each_bytes, config.max_io_bytes);
	ck_assert_uint_eq(buffers.each_bytes, params_buffer_bytes(config));
	ck_assert_uint_eq(buffers.all_bytes, buffers.each_bytes * config.depth_tags);
	ck_assert_uint_eq((uintptr_t)buffers.base % config.page_bytes, 0);
	for (uint32_t tag = 0; tag < config.depth_tags; tag++)
		ck_assert_ptr_eq(buffers_of(buffers, (uint16_t)tag), buffers.base + tag * buffers.each_bytes);
	ck_assert(all_resident(&buffers));
	ck_assert_uint_eq(shown(buffers.base, "Rss:", NULL) * 1024, buffers.all_bytes);
	ck_assert_uint_eq(shown(buffers.base, "VmFlags:", " dc"), 1);
	if (lines == 0) {
		ck_assert_uint_eq(shown(buffers.base, "VmFlags:", " lo"), 1);
		ck_assert_uint_eq(shown(buffers.base, "Locked:", NULL) * 1024, buffers.all_bytes);
	}
	buffers_unmap(&buffers);
	ck_assert_ptr_null(buffers.base);
	buffers_unmap(&buffers);
}
END_TEST

START_TEST(test_a_refused_lock_is_a_warning_with_its_remedy)
{
	struct rlimit limit = { .rlim_cur = 4096, .rlim_max = 4096 };
	struct buffers buffers;

	ck_assert_int_eq(setrlimit(RLIMIT_MEMLOCK, &limit), 0);
	drop_capability(CAP_IPC_LOCK);
	ck_assert_int_eq(buffers_map(&buffers, config_of(16, 1 << 16), log_to_note), 0);
	ck_assert_uint_eq(lines, 1);
	ck_assert_ptr_nonnull(strstr(last_line, "RLIMIT_MEMLOCK"));
	ck_assert(all_resident(&buffers));
	buffers_unmap(&buffers);
}
END_TEST

static uint64_t address_space(void)
{
	FILE *statm = fopen("/proc/self/statm", "r");
	unsigned long pages = 0;

	ck_assert_ptr_nonnull(statm);
	ck_assert_int_eq(fscanf(statm, "%lu", &pages), 1);
	fclose(statm);
	return pages * (uint64_t)getpagesize();
}

START_TEST(test_no_memory_is_an_error_that_says_what_to_choose)
{
	struct rlimit limit = { .rlim_cur = address_space() + (1 << 30), .rlim_max = RLIM_INFINITY };
	struct buffers buffers = { 0 };

	ck_assert_int_eq(setrlimit(RLIMIT_AS, &limit), 0);
	ck_assert_int_eq(buffers_map(&buffers, config_of(4096, 32 << 20), log_to_note), -ENOMEM);
	ck_assert_ptr_null(buffers.base);
	ck_assert_ptr_nonnull(strstr(last_line, "smaller depth"));
}
END_TEST

Suite *suite(void)
{
	Suite *suite = suite_create("buffers");
	TCase *mapping = tcase_create("mapping");

	tcase_add_loop_test(mapping, test_every_tag_has_its_whole_buffer_in_memory, 0,
			    sizeof(size_cases) / sizeof(size_cases[0]));
	suite_add_lone_test(mapping, test_a_refused_lock_is_a_warning_with_its_remedy);
	suite_add_lone_test(mapping, test_no_memory_is_an_error_that_says_what_to_choose);
	suite_add_tcase(suite, mapping);
	return suite;
}
