/* mem_shm: the content of a RAM disk outlives its server, without a name until it is published and never shared. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "backend.h"
#include "mem_shm.h"
#include "suite.h"

enum { BYTES = 64 << 10 };

/* A folder of memory of our own: the machine's is not ours to fill. */
static char folder[] = "/dev/shm/refublk-mem_shm_test.XXXXXX";
static int folder_fd;

static void make_folder(void)
{
	strcpy(folder + strlen(folder) - 6, "XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(folder));
	folder_fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	ck_assert_int_ge(folder_fd, 0);
}

static void remove_folder(void)
{
	ck_assert_int_eq(mem_shm_remove(folder_fd, "one"), 0);
	close(folder_fd);
	ck_assert_int_eq(rmdir(folder), 0);
}

static void serve(struct mem *mem, uint32_t op, uint64_t offset_bytes, void *memory, uint64_t length_bytes)
{
	struct refublk_request request = {
		.op = op, .offset_bytes = offset_bytes, .length_bytes = length_bytes, .memory = memory,
	};
	struct refublk_step step = backend_begin(&mem_backend, mem, &request);

	ck_assert_uint_eq(step.kind, REFUBLK_STEP_DONE);
	ck_assert_uint_eq(step.outcome.error, 0);
}

START_TEST(test_the_next_server_finds_the_content)
{
	char written[] = "what was written", read[sizeof(written)];
	uint64_t size_bytes = 0;
	struct mem *mem;

	ck_assert_int_eq(mem_shm_make(&mem, folder_fd, "one", BYTES), 0);
	serve(mem, REFUBLK_WRITE, 12345, written, sizeof(written));
	ck_assert_int_eq(mem_shm_publish(mem, folder_fd, "one"), 0);
	mem_close(mem);
	ck_assert_int_eq(mem_shm_open(&mem, folder_fd, "one", &size_bytes), 0);
	ck_assert_uint_eq(size_bytes, BYTES);
	serve(mem, REFUBLK_READ, 12345, read, sizeof(read));
	ck_assert_str_eq(read, written);
	mem_close(mem);
}
END_TEST

START_TEST(test_no_name_before_it_is_published)
{
	uint64_t size_bytes;
	struct mem *mem, *other;

	ck_assert_int_eq(mem_shm_make(&mem, folder_fd, "one", BYTES), 0);
	ck_assert_int_eq(mem_shm_open(&other, folder_fd, "one", &size_bytes), -ENOENT);
	mem_close(mem);
	ck_assert_int_eq(mem_shm_open(&other, folder_fd, "one", &size_bytes), -ENOENT);
}
END_TEST

START_TEST(test_one_server_at_a_time)
{
	uint64_t size_bytes;
	struct mem *mem, *other;

	ck_assert_int_eq(mem_shm_make(&mem, folder_fd, "one", BYTES), 0);
	ck_assert_int_eq(mem_shm_make(&other, folder_fd, "one", BYTES), 0);
	ck_assert_int_eq(mem_shm_publish(mem, folder_fd, "one"), 0);
	ck_assert_int_eq(mem_shm_publish(other, folder_fd, "one"), -EEXIST);
	mem_close(other);
	ck_assert_int_eq(mem_shm_open(&other, folder_fd, "one", &size_bytes), -EBUSY);
	ck_assert_ptr_null(other);
	ck_assert_int_eq(mem_shm_make(&other, folder_fd, "one", BYTES), -EEXIST);
	mem_close(mem);
	ck_assert_int_eq(mem_shm_open(&other, folder_fd, "one", &size_bytes), 0);
	mem_close(other);
}
END_TEST

/* Blocks that the file has, in bytes. */
static int64_t allocated(const struct mem *mem)
{
	struct stat status;

	ck_assert_int_eq(fstat(mem_fd(mem), &status), 0);
	return (int64_t)status.st_blocks * 512;
}

/* A page that was given back might not be there at the next write, and a fault that finds none ends the server. */
START_TEST(test_its_memory_is_reserved_for_good)
{
	unsigned char ones[8192], read[sizeof(ones)];
	struct mem *mem;

	memset(ones, 1, sizeof(ones));
	ck_assert_int_eq(mem_shm_make(&mem, folder_fd, "one", BYTES), 0);
	ck_assert_int_eq(allocated(mem), BYTES);
	serve(mem, REFUBLK_WRITE, 4096, ones, sizeof(ones));
	serve(mem, REFUBLK_DISCARD, 0, NULL, BYTES);
	ck_assert_int_eq(allocated(mem), BYTES);
	serve(mem, REFUBLK_READ, 4096, read, sizeof(read));
	for (size_t i = 0; i < sizeof(read); i++)
		ck_assert_uint_eq(read[i], 0);
	serve(mem, REFUBLK_WRITE_ZEROES, 0, NULL, BYTES);
	ck_assert_int_eq(allocated(mem), BYTES);
	mem_close(mem);
}
END_TEST

START_TEST(test_another_size)
{
	char written[] = "behind the former end", read[sizeof(written)];
	uint64_t size_bytes = 0;
	struct mem *mem;

	ck_assert_int_eq(mem_shm_make(&mem, folder_fd, "one", BYTES), 0);
	ck_assert_int_eq(mem_resize(mem, 2 * BYTES), 0);
	ck_assert_int_eq(allocated(mem), 2 * BYTES);
	serve(mem, REFUBLK_WRITE, BYTES + 100, written, sizeof(written));
	ck_assert_int_eq(mem_shm_publish(mem, folder_fd, "one"), 0);
	mem_close(mem);
	ck_assert_int_eq(mem_shm_open(&mem, folder_fd, "one", &size_bytes), 0);
	ck_assert_uint_eq(size_bytes, 2 * BYTES);
	serve(mem, REFUBLK_READ, BYTES + 100, read, sizeof(read));
	ck_assert_str_eq(read, written);
	mem_close(mem);
}
END_TEST

START_TEST(test_more_than_there_is)
{
	struct mem *mem;

	ck_assert_int_lt(mem_shm_make(&mem, folder_fd, "one", UINT64_C(1) << 50), 0);
	ck_assert_ptr_null(mem);
	ck_assert_int_eq(mem_shm_make(&mem, folder_fd, "one", 0), -EINVAL);
}
END_TEST

START_TEST(test_what_is_no_memory_file)
{
	uint64_t size_bytes;
	struct mem *mem;

	ck_assert_int_eq(mkdirat(folder_fd, MEM_SHM_PREFIX "one", 0700), 0);
	ck_assert_int_lt(mem_shm_open(&mem, folder_fd, "one", &size_bytes), 0);
	ck_assert_int_eq(unlinkat(folder_fd, MEM_SHM_PREFIX "one", AT_REMOVEDIR), 0);
	ck_assert_int_eq(symlinkat("/etc/passwd", folder_fd, MEM_SHM_PREFIX "one"), 0);
	ck_assert_int_eq(mem_shm_open(&mem, folder_fd, "one", &size_bytes), -ELOOP);
	ck_assert_int_eq(mem_shm_remove(folder_fd, "one"), 0);
	close(openat(folder_fd, MEM_SHM_PREFIX "one", O_CREAT | O_RDWR, 0600));
	ck_assert_int_eq(mem_shm_open(&mem, folder_fd, "one", &size_bytes), -ENOTSUP);
}
END_TEST

START_TEST(test_names)
{
	char longest[MEM_SHM_NAME_MAX + 2];

	memset(longest, 'a', sizeof(longest));
	longest[MEM_SHM_NAME_MAX + 1] = '\0';
	ck_assert(!mem_shm_name_good(longest));
	longest[MEM_SHM_NAME_MAX] = '\0';
	ck_assert(mem_shm_name_good(longest));
	ck_assert(mem_shm_name_good("a-B_3.x"));
	ck_assert(!mem_shm_name_good("") && !mem_shm_name_good("a/b") && !mem_shm_name_good("a b") && !mem_shm_name_good("\xc3\xa4"));
}
END_TEST

Suite *suite(void)
{
	Suite *mem_shm = suite_create("mem_shm");
	TCase *all = tcase_create("all");

	tcase_add_checked_fixture(all, make_folder, remove_folder);
	tcase_add_test(all, test_the_next_server_finds_the_content);
	tcase_add_test(all, test_no_name_before_it_is_published);
	tcase_add_test(all, test_one_server_at_a_time);
	tcase_add_test(all, test_its_memory_is_reserved_for_good);
	tcase_add_test(all, test_another_size);
	tcase_add_test(all, test_more_than_there_is);
	tcase_add_test(all, test_what_is_no_memory_file);
	tcase_add_test(all, test_names);
	suite_add_tcase(mem_shm, all);
	return mem_shm;
}
