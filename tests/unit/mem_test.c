#include <check.h>
#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <unistd.h>

#include "backend.h"
#include "mem.h"
#include "suite.h"
#include "support/seed.h"

enum { BLOCK = 512, MIB = 1 << 20 };

static struct mem *disk;

static void disk_open(uint64_t size_bytes)
{
	ck_assert_int_eq(mem_open(&disk, size_bytes, MEM_ROOM_BYTES), 0);
}

static void disk_close(void)
{
	mem_close(disk);
	disk = NULL;
}

static void disk_do(uint32_t op, uint32_t flags, uint64_t offset_bytes, uint64_t length_bytes, void *memory)
{
	bool moves_data = op == REFUBLK_READ || op == REFUBLK_WRITE;
	struct refublk_request request = {
		.offset_bytes = offset_bytes,
		.length_bytes = length_bytes,
		.op = op,
		.flags = flags,
		.memory = memory,
	};
	struct refublk_step step = backend_begin(&mem_backend, disk, &request);

	ck_assert_uint_eq(step.kind, REFUBLK_STEP_DONE);
	ck_assert_uint_eq(step.outcome.error, 0);
	ck_assert_uint_eq(step.outcome.done_bytes, moves_data ? length_bytes : 0);
}

static void *disk_lend(uint64_t offset_bytes, uint64_t length_bytes)
{
	struct refublk_request request = { .offset_bytes = offset_bytes, .length_bytes = length_bytes };

	return mem_backend.lend(disk, &request);
}

/* The memory that the disk uses, as the kernel counts it: pages that are only read are not in it. */
static uint64_t disk_used_bytes(void)
{
	uintptr_t place = (uintptr_t)disk_lend(0, BLOCK);
	uintptr_t from, to;
	uint64_t used_kib;
	bool inside = false;
	char line[512];
	FILE *maps = fopen("/proc/self/smaps", "re");

	ck_assert_ptr_nonnull(maps);
	while (fgets(line, sizeof(line), maps)) {
		if (sscanf(line, "%" SCNxPTR "-%" SCNxPTR " ", &from, &to) == 2)
			inside = from <= place && place < to;
		else if (inside && sscanf(line, "Rss: %" SCNu64 " kB", &used_kib) == 1)
			break;
	}
	ck_assert(inside);
	fclose(maps);
	return used_kib * 1024;
}

static void check_zero(const unsigned char *bytes, uint64_t length_bytes)
{
	unsigned char any = 0;

	for (uint64_t i = 0; i < length_bytes; i++)
		any |= bytes[i];
	ck_assert_uint_eq(any, 0);
}

START_TEST(test_sizes_that_cannot_be)
{
	struct mem *none = (struct mem *)&none;

	ck_assert_int_eq(mem_open(&none, 0, MEM_ROOM_BYTES), -EINVAL);
	ck_assert_ptr_null(none);
	ck_assert_int_eq(mem_open(&none, UINT64_MAX - 511, MEM_ROOM_BYTES), -EINVAL);
	ck_assert_ptr_null(none);
	ck_assert_int_lt(mem_open(&none, (uint64_t)1 << 62, MEM_ROOM_BYTES), 0);
	ck_assert_ptr_null(none);
	mem_close(NULL);
}
END_TEST

START_TEST(test_larger_than_the_machine_costs_nothing)
{
	unsigned char *block = malloc(MIB);
	uint64_t size_bytes = (uint64_t)4 << 40;

	memset(block, 0xff, MIB);
	disk_open(size_bytes);
	disk_do(REFUBLK_READ, 0, size_bytes - MIB, MIB, block);
	check_zero(block, MIB);
	ck_assert_uint_eq(disk_used_bytes(), 0);
	disk_close();
	free(block);
}
END_TEST

START_TEST(test_memory_follows_what_is_written)
{
	uint64_t page_bytes = (uint64_t)sysconf(_SC_PAGESIZE);
	unsigned char *data = malloc(8 * MIB);

	memset(data, 1, 8 * MIB);
	disk_open(64 * MIB);
	disk_do(REFUBLK_WRITE, 0, MIB, BLOCK, data);
	ck_assert_uint_eq(disk_used_bytes(), page_bytes);
	disk_do(REFUBLK_WRITE, 0, 8 * MIB, 8 * MIB, data);
	ck_assert_uint_eq(disk_used_bytes(), 8 * MIB + page_bytes);

	/* All but a block at each end: the two pages of the edges stay. */
	disk_do(REFUBLK_DISCARD, 0, 8 * MIB + BLOCK, 8 * MIB - 2 * BLOCK, NULL);
	ck_assert_uint_eq(disk_used_bytes(), 3 * page_bytes);
	disk_do(REFUBLK_WRITE_ZEROES, 0, 8 * MIB, 8 * MIB, NULL);
	ck_assert_uint_eq(disk_used_bytes(), page_bytes);
	disk_do(REFUBLK_DISCARD, 0, 0, 64 * MIB, NULL);
	ck_assert_uint_eq(disk_used_bytes(), 0);
	disk_close();
	free(data);
}
END_TEST

START_TEST(test_zeroes_over_zeroes_take_no_memory)
{
	uint64_t page_bytes = (uint64_t)sysconf(_SC_PAGESIZE);

	disk_open(4 * MIB);
	disk_do(REFUBLK_DISCARD, 0, BLOCK, MIB, NULL);
	disk_do(REFUBLK_DISCARD, 0, page_bytes + BLOCK, BLOCK, NULL);
	disk_do(REFUBLK_WRITE_ZEROES, 0, BLOCK, MIB, NULL);
	disk_do(REFUBLK_WRITE_ZEROES, REFUBLK_NOUNMAP, BLOCK, 2 * MIB, NULL);
	ck_assert_uint_eq(disk_used_bytes(), 0);
	disk_close();
}
END_TEST

START_TEST(test_nounmap_gives_nothing_back)
{
	unsigned char *data = malloc(MIB);

	memset(data, 1, MIB);
	disk_open(4 * MIB);
	disk_do(REFUBLK_WRITE, 0, MIB, MIB, data);
	disk_do(REFUBLK_WRITE_ZEROES, REFUBLK_NOUNMAP, 0, 4 * MIB, NULL);
	ck_assert_uint_eq(disk_used_bytes(), MIB);
	disk_do(REFUBLK_READ, 0, MIB, MIB, data);
	check_zero(data, MIB);
	disk_close();
	free(data);
}
END_TEST

START_TEST(test_lent_memory_is_the_disk)
{
	unsigned char data[BLOCK];
	unsigned char *lent;

	disk_open(MIB);
	lent = disk_lend(7 * BLOCK, BLOCK);
	memset(lent, 0x5a, BLOCK);
	disk_do(REFUBLK_WRITE, 0, 7 * BLOCK, BLOCK, lent);
	disk_do(REFUBLK_READ, 0, 7 * BLOCK, BLOCK, data);
	ck_assert_mem_eq(data, lent, BLOCK);
	disk_do(REFUBLK_READ, 0, 7 * BLOCK, BLOCK, lent);
	ck_assert_mem_eq(data, lent, BLOCK);
	ck_assert_ptr_eq(lent + BLOCK, disk_lend(8 * BLOCK, BLOCK));
	check_zero(disk_lend(6 * BLOCK, BLOCK), BLOCK);
	check_zero(disk_lend(8 * BLOCK, BLOCK), BLOCK);
	disk_close();
}
END_TEST

/* What desc refuses never comes here. */
START_TEST(test_range_beyond_the_end_ends_the_program)
{
	unsigned char data[2 * BLOCK];

	disk_open(4 * BLOCK);
	disk_do((uint32_t)_i, 0, 3 * BLOCK, 2 * BLOCK, data);
}
END_TEST

/* Any ops in any order leave what the plain array holds. The size is no multiple of a page. */
START_TEST(test_random_ops_against_an_array)
{
	enum { BLOCKS = 129, SIZE = BLOCKS * BLOCK, OPS = 2000 };
	struct seed seed = seed_start("mem_test");
	unsigned char *expected = calloc(1, SIZE);
	unsigned char *data = malloc(SIZE);

	disk_open(SIZE);
	for (int i = 0; i < OPS; i++) {
		uint64_t first = seed_below(&seed, BLOCKS);
		uint64_t offset = first * BLOCK;
		uint64_t length = (1 + seed_below(&seed, BLOCKS - first)) * BLOCK;
		bool lent = seed_below(&seed, 2) == 0;
		unsigned char *memory = lent ? disk_lend(offset, length) : data;

		switch (seed_below(&seed, 5)) {
		case 0:
			disk_do(REFUBLK_READ, 0, offset, length, memory);
			ck_assert_mem_eq(memory, expected + offset, length);
			break;
		case 1:
			/* A single byte among zeroes, at a block's edge even, is data too. */
			memset(memory, (int)seed_below(&seed, 2) * 0x6b, length);
			memory[seed_below(&seed, length / BLOCK) * BLOCK + seed_below(&seed, 2) * (BLOCK - 1)] = 0x95;
			memcpy(expected + offset, memory, length);
			disk_do(REFUBLK_WRITE, 0, offset, length, memory);
			break;
		case 2:
			memset(expected + offset, 0, length);
			disk_do(REFUBLK_DISCARD, 0, offset, length, NULL);
			break;
		case 3:
			memset(expected + offset, 0, length);
			disk_do(REFUBLK_WRITE_ZEROES, 0, offset, length, NULL);
			break;
		case 4:
			memset(expected + offset, 0, length);
			disk_do(REFUBLK_WRITE_ZEROES, REFUBLK_NOUNMAP, offset, length, NULL);
			break;
		}
		ck_assert_mem_eq(disk_lend(0, SIZE), expected, SIZE);
	}
	disk_close();
	free(expected);
	free(data);
}
END_TEST

/* ---- another size -------------------------------------------------------------------------- */

START_TEST(test_a_disk_grows_and_keeps_its_content)
{
	unsigned char *before;

	disk_open(MIB + BLOCK);
	before = disk_lend(0, BLOCK);
	memset(before, 0x5a, MIB + BLOCK);
	ck_assert_int_eq(mem_resize(disk, 3 * MIB), 0);
	/* Memory that was lent stays the disk's. */
	ck_assert_ptr_eq(disk_lend(0, 3 * MIB), before);
	ck_assert_uint_eq(before[MIB + BLOCK - 1], 0x5a);
	check_zero(before + MIB + BLOCK, 2 * MIB - BLOCK);
	memset(before + MIB + BLOCK, 0x33, 2 * MIB - BLOCK);
	disk_close();
}
END_TEST

/* Also what a request that was under way wrote there after the cut. */
START_TEST(test_what_was_cut_off_comes_back_as_zeroes)
{
	unsigned char *bytes;

	disk_open(2 * MIB);
	bytes = disk_lend(0, BLOCK);
	memset(bytes, 0x5a, 2 * MIB);
	ck_assert_int_eq(mem_resize(disk, MIB - BLOCK), 0);
	ck_assert_uint_le(disk_used_bytes(), MIB);
	check_zero(bytes + MIB - BLOCK, MIB + BLOCK);
	memset(bytes + MIB, 0x77, MIB);
	ck_assert_int_eq(mem_resize(disk, 2 * MIB - 3 * BLOCK), 0);
	check_zero(bytes + MIB - BLOCK, MIB + BLOCK);
	ck_assert_int_eq(mem_resize(disk, 4 * MIB), 0);
	check_zero(bytes + MIB - BLOCK, 3 * MIB + BLOCK);
	ck_assert_uint_eq(bytes[0], 0x5a);
	ck_assert_mem_eq(bytes, bytes + 1, MIB - BLOCK - 1);
	disk_close();
}
END_TEST

START_TEST(test_a_request_under_way_finds_its_memory_after_a_cut)
{
	unsigned char data[BLOCK];

	disk_open(2 * MIB);
	ck_assert_int_eq(mem_resize(disk, MIB), 0);
	disk_do(REFUBLK_WRITE, 0, 2 * MIB - BLOCK, BLOCK, memset(data, 1, sizeof(data)));
	disk_do(REFUBLK_READ, 0, 2 * MIB - BLOCK, BLOCK, data);
	disk_close();
}
END_TEST

START_TEST(test_sizes_that_a_disk_cannot_get)
{
	disk_open(MIB);
	memset(disk_lend(0, MIB), 0x5a, MIB);
	ck_assert_int_eq(mem_resize(disk, 0), -EINVAL);
	ck_assert_int_eq(mem_resize(disk, UINT64_MAX), -EINVAL);
	ck_assert_int_eq(mem_resize(disk, UINT64_C(1) << 60), -ENOMEM);
	ck_assert_uint_eq(*(unsigned char *)disk_lend(MIB - BLOCK, BLOCK), 0x5a);
	disk_close();
}
END_TEST

START_TEST(test_a_disk_grows_as_far_as_its_room)
{
	ck_assert_int_eq(mem_open(&disk, MIB, 3 * MIB), 0);
	ck_assert_int_eq(mem_resize(disk, 3 * MIB + BLOCK), -ENOMEM);
	ck_assert_int_eq(mem_resize(disk, 3 * MIB), 0);
	check_zero(disk_lend(0, 3 * MIB), 3 * MIB);
	disk_close();
}
END_TEST

Suite *suite(void)
{
	Suite *mem = suite_create("mem");
	TCase *memory = tcase_create("memory");
	TCase *content = tcase_create("content");
	const char *fork = getenv("CK_FORK");

	tcase_add_test(memory, test_sizes_that_cannot_be);
	/* valgrind, which is what runs without forks, has less address space to give. */
	if (!fork || strcmp(fork, "no") != 0)
		tcase_add_test(memory, test_larger_than_the_machine_costs_nothing);
	tcase_add_test(memory, test_memory_follows_what_is_written);
	tcase_add_test(memory, test_zeroes_over_zeroes_take_no_memory);
	tcase_add_test(memory, test_nounmap_gives_nothing_back);
	tcase_add_test(memory, test_a_disk_grows_and_keeps_its_content);
	tcase_add_test(memory, test_a_disk_grows_as_far_as_its_room);
	tcase_add_test(memory, test_what_was_cut_off_comes_back_as_zeroes);
	tcase_add_test(memory, test_a_request_under_way_finds_its_memory_after_a_cut);
	tcase_add_test(memory, test_sizes_that_a_disk_cannot_get);
	suite_add_tcase(mem, memory);
	tcase_add_test(content, test_lent_memory_is_the_disk);
	suite_add_death_loop(content, test_range_beyond_the_end_ends_the_program, REFUBLK_READ, REFUBLK_WRITE + 1);
	suite_add_death_loop(content, test_range_beyond_the_end_ends_the_program, REFUBLK_DISCARD, REFUBLK_WRITE_ZEROES + 1);
	tcase_add_test(content, test_random_ops_against_an_array);
	tcase_set_timeout(content, 60);
	suite_add_tcase(mem, content);
	return mem;
}
