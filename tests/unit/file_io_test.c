/* The file backend over real files and real system calls: what lies in the file is what a plain array holds. */
#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "suite.h"
#include "support/file_rig.h"

enum { KIB = 1024, SIZE = 1024 * KIB, LONGEST = 128 * KIB };

/* A file system on a disk, and one in memory that cannot zero a range. */
static const char *const places[] = { "/var/tmp", "/dev/shm" };

static struct file_rig rig;
static unsigned char *data;     /* aligned as O_DIRECT wants it */
static unsigned char *expected; /* what the file shall hold */

static void setup(void)
{
	ck_assert_int_eq(posix_memalign((void **)&data, 4096, SIZE), 0);
	expected = calloc(1, SIZE);
}

static void teardown(void)
{
	free(data);
	free(expected);
}

static void do_well(uint32_t op, uint32_t flags, uint64_t offset, uint64_t length, void *memory)
{
	bool moves_data = op == REFUBLK_READ || op == REFUBLK_WRITE;
	struct refublk_outcome outcome = file_rig_do(&rig, op, flags, offset, length, memory);

	ck_assert_uint_eq(outcome.error, 0);
	ck_assert_uint_eq(outcome.done_bytes, moves_data ? length : 0);
}

static void check_whole_file(void)
{
	int fd = open(rig.path, O_RDONLY | O_CLOEXEC);

	ck_assert_int_eq(pread(fd, data, SIZE, 0), SIZE);
	ck_assert_mem_eq(data, expected, SIZE);
	ck_assert_int_eq(pread(fd, data, 1, SIZE), 0);
	close(fd);
}

static void do_at_random(struct seed *seed, uint32_t block)
{
	uint64_t blocks = SIZE / block;
	uint64_t first = seed_below(seed, blocks);
	uint64_t most = blocks - first < LONGEST / block ? blocks - first : LONGEST / block;
	uint64_t offset = first * block;
	uint64_t length = (1 + seed_below(seed, most)) * block;
	uint32_t fua = seed_below(seed, 8) == 0 ? REFUBLK_FUA : 0;

	switch (seed_below(seed, 8)) {
	case 0:
	case 1:
		do_well(REFUBLK_READ, 0, offset, length, data);
		ck_assert_mem_eq(data, expected + offset, length);
		break;
	case 2:
	case 3:
	case 4:
		for (uint64_t i = 0; i < length; i += 8)
			memcpy(data + i, &(uint64_t){ seed_next(seed) }, 8);
		memcpy(expected + offset, data, length);
		do_well(REFUBLK_WRITE, fua, offset, length, data);
		break;
	case 5:
		memset(expected + offset, 0, length);
		do_well(REFUBLK_DISCARD, 0, offset, length, NULL);
		break;
	case 6:
		memset(expected + offset, 0, length);
		do_well(REFUBLK_WRITE_ZEROES, fua | (seed_below(seed, 2) ? REFUBLK_NOUNMAP : 0), offset, length, NULL);
		break;
	case 7:
		do_well(REFUBLK_FLUSH, 0, 0, 0, NULL);
		break;
	}
}

/* Bits of the loop's number: where, buffered or not, and the block. */
START_TEST(test_content)
{
	enum { OPS = 600 };
	uint32_t block = _i & 4 ? 4096 : 512;
	bool buffered = (_i & 2) != 0;
	struct seed seed = seed_start("file_io_test");
	struct seed trouble = { .state = seed_next(&seed) };

	file_rig_make(&rig, places[_i & 1]);
	ck_assert_int_eq(file_rig_open(&rig, (struct file_options){
		.size_bytes = SIZE, .block_bytes = block, .buffered = buffered,
	}), 0);
	ck_assert(!buffered || !rig.facts.direct);
	ck_assert_int_eq(rig.facts.direct, (file_rig_descriptor_flags(&rig) & O_DIRECT) != 0);
	ck_assert(rig.facts.discard);
	rig.trouble = &trouble;
	for (int i = 0; i < OPS; i++)
		do_at_random(&seed, block);
	check_whole_file();
	ck_assert_uint_gt(rig.operations, OPS);
	ck_assert_uint_eq(rig.errors, 0);
	file_rig_remove(&rig);
}
END_TEST

/* Reads within what is left work; the rest fails, and one line says why, however often. */
START_TEST(test_shortened_file)
{
	uint64_t rest = (_i & 2 ? 8 * KIB : 8 * KIB + 100);

	file_rig_make(&rig, places[0]);
	ck_assert_int_eq(file_rig_open(&rig, (struct file_options){ .size_bytes = SIZE, .buffered = (_i & 1) != 0 }), 0);
	memset(data, 1, 64 * KIB);
	do_well(REFUBLK_WRITE, 0, 0, 64 * KIB, data);
	file_rig_truncate(&rig, rest);
	do_well(REFUBLK_READ, 0, 0, 8 * KIB, data);
	for (int i = 0; i < 20; i++) {
		ck_assert_uint_eq(file_rig_do(&rig, REFUBLK_READ, 0, 0, 16 * KIB, data).error, EIO);
		ck_assert_uint_eq(file_rig_do(&rig, REFUBLK_READ, 0, 8 * KIB, 4 * KIB, data).error, EIO);
		ck_assert_uint_eq(file_rig_do(&rig, REFUBLK_READ, 0, SIZE / 2, 4 * KIB, data).error, EIO);
	}
	ck_assert_uint_eq(rig.errors, 1);
	ck_assert_ptr_nonnull(strstr(rig.said, rig.path));
	ck_assert_ptr_nonnull(strstr(rig.said, "shorter, 8"));
	file_rig_remove(&rig);
}
END_TEST

static uint64_t allocated_bytes(void)
{
	struct stat status;

	ck_assert_int_eq(stat(rig.path, &status), 0);
	return (uint64_t)status.st_blocks * 512;
}

START_TEST(test_space_follows_what_is_written)
{
	file_rig_make(&rig, places[_i]);
	ck_assert_int_eq(file_rig_open(&rig, (struct file_options){ .size_bytes = SIZE }), 0);
	ck_assert_uint_eq(allocated_bytes(), 0);
	memset(data, 1, LONGEST);
	do_well(REFUBLK_WRITE, 0, 0, LONGEST, data);
	do_well(REFUBLK_WRITE, 0, 512 * KIB, LONGEST, data);
	do_well(REFUBLK_FLUSH, 0, 0, 0, NULL);
	ck_assert_uint_eq(allocated_bytes(), 2 * LONGEST);
	do_well(REFUBLK_WRITE_ZEROES, REFUBLK_NOUNMAP, 0, LONGEST, NULL);
	do_well(REFUBLK_FLUSH, 0, 0, 0, NULL);
	ck_assert_uint_eq(allocated_bytes(), 2 * LONGEST);
	do_well(REFUBLK_WRITE_ZEROES, 0, 0, LONGEST, NULL);
	do_well(REFUBLK_FLUSH, 0, 0, 0, NULL);
	ck_assert_uint_eq(allocated_bytes(), LONGEST);
	do_well(REFUBLK_DISCARD, 0, 512 * KIB, LONGEST, NULL);
	do_well(REFUBLK_FLUSH, 0, 0, 0, NULL);
	ck_assert_uint_eq(allocated_bytes(), 0);
	file_rig_remove(&rig);
}
END_TEST

/* The limit on a process's files stands for a file system that takes no more. */
START_TEST(test_file_too_large)
{
	struct rlimit before, limit;

	file_rig_make(&rig, places[0]);
	ck_assert_int_eq(file_rig_open(&rig, (struct file_options){ .size_bytes = SIZE }), 0);
	signal(SIGXFSZ, SIG_IGN);
	ck_assert_int_eq(getrlimit(RLIMIT_FSIZE, &before), 0);
	limit = before;
	limit.rlim_cur = 64 * KIB;
	ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &limit), 0);
	memset(data, 1, LONGEST);
	ck_assert_uint_eq(file_rig_do(&rig, REFUBLK_WRITE, 0, 0, LONGEST, data).error, EFBIG);
	ck_assert_uint_eq(file_rig_do(&rig, REFUBLK_WRITE, 0, 64 * KIB, 4 * KIB, data).error, EFBIG);
	do_well(REFUBLK_WRITE, 0, 0, 64 * KIB, data);
	ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &before), 0);
	ck_assert_uint_eq(rig.errors, 0);
	file_rig_remove(&rig);
}
END_TEST

/* In a process and a mount namespace of its own: what is mounted there goes with it. */
static int fill_file_system(void)
{
	struct refublk_outcome outcome;
	uint64_t offset = 0;

	if (unshare(CLONE_NEWNS) < 0 || mount("none", "/", "none", MS_REC | MS_PRIVATE, "") < 0 ||
	    mount("full", "/mnt", "tmpfs", 0, "size=256k") < 0)
		return 77;
	file_rig_make(&rig, "/mnt");
	if (file_rig_open(&rig, (struct file_options){ .size_bytes = SIZE }) != 0)
		return 1;
	memset(data, 1, 16 * KIB);
	do {
		outcome = file_rig_do(&rig, REFUBLK_WRITE, 0, offset, 16 * KIB, data);
		offset += 16 * KIB;
	} while (outcome.error == 0 && offset < SIZE);
	if (outcome.error != ENOSPC)
		return 2;
	if (file_rig_do(&rig, REFUBLK_DISCARD, 0, 0, 64 * KIB, NULL).error != 0 ||
	    file_rig_do(&rig, REFUBLK_WRITE, 0, 0, 16 * KIB, data).error != 0)
		return 3;
	file_rig_close(&rig);
	return 0;
}

START_TEST(test_full_file_system)
{
	pid_t child = fork();
	int status;

	if (child == 0)
		_exit(fill_file_system());
	ck_assert_int_eq(waitpid(child, &status, 0), child);
	ck_assert(WIFEXITED(status));
	if (WEXITSTATUS(status) == 77)
		printf("file_io_test: a full file system was not tried: mounting one needs root\n");
	else
		ck_assert_int_eq(WEXITSTATUS(status), 0);
}
END_TEST

Suite *suite(void)
{
	Suite *file_io = suite_create("file_io");
	TCase *content = tcase_create("content");
	TCase *trouble = tcase_create("trouble");

	tcase_add_checked_fixture(content, setup, teardown);
	tcase_add_loop_test(content, test_content, 0, 8);
	tcase_add_loop_test(content, test_space_follows_what_is_written, 0, 2);
	tcase_set_timeout(content, 60);
	suite_add_tcase(file_io, content);
	tcase_add_checked_fixture(trouble, setup, teardown);
	tcase_add_loop_test(trouble, test_shortened_file, 0, 4);
	tcase_add_test(trouble, test_file_too_large);
	tcase_add_test(trouble, test_full_file_system);
	suite_add_tcase(file_io, trouble);
	return file_io;
}
