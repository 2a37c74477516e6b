/* What file_open() takes and refuses of regular files, and that a refusal leaves everything as it was. */
#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "suite.h"
#include "support/file_rig.h"

enum { KIB = 1024, SIZE = 64 * KIB };

static struct file_rig rig;

static void setup(void)
{
	file_rig_make(&rig, "/var/tmp");
}

static void teardown(void)
{
	file_rig_remove(&rig);
}

/* The size of what lies at the path; -1: nothing. */
static int64_t found_bytes(void)
{
	struct stat status;

	return stat(rig.path, &status) == 0 ? (int64_t)status.st_size : -1;
}

/* ---- refusals --------------------------------------------------------------------------------- */

/* What was there, what was asked for, and what must be said. */
static const struct refusal {
	const char *what;
	int64_t found_bytes; /* -1: no file */
	struct file_options options;
	int error;
	const char *remedy;
} refusals[] = {
	{ "missing", -1, { 0 }, -ENOENT, "--size" },
	{ "missing, read-only", -1, { .read_only = true }, -ENOENT, "does not exist" },
	{ "missing, read-only with a size", -1, { .read_only = true, .size_bytes = SIZE }, -ENOENT, "--read-only creates nothing" },
	{ "empty", 0, { 0 }, -EINVAL, "--size" },
	{ "empty, read-only", 0, { .read_only = true }, -EINVAL, "is empty" },
	{ "a byte too long", SIZE + 1, { 0 }, -EINVAL, "--size 66048" },
	{ "a byte", 1, { 0 }, -EINVAL, "--size 512" },
	{ "half a block", SIZE + 512, { .block_bytes = 4096 }, -EINVAL, "--size 69632" },
	{ "longer than asked", 2 * SIZE, { .size_bytes = SIZE }, -EINVAL, "never shortened" },
	{ "shorter than asked, read-only", SIZE, { .size_bytes = 2 * SIZE, .read_only = true }, -EINVAL, "cannot grow" },
	{ "a size that is no multiple", -1, { .size_bytes = SIZE + 512, .block_bytes = 4096 }, -EINVAL, "multiple of the block" },
	{ "a size that is no multiple, existing", SIZE, { .size_bytes = 2 * SIZE + 1 }, -EINVAL, "multiple of the block" },
	{ "a size beyond all files", -1, { .size_bytes = UINT64_MAX - 511 }, -EINVAL, "too large" },
};

enum { REFUSALS = sizeof(refusals) / sizeof(refusals[0]) };

START_TEST(test_refusal)
{
	const struct refusal *refusal = &refusals[_i];

	if (refusal->found_bytes >= 0)
		file_rig_truncate(&rig, (uint64_t)refusal->found_bytes);
	ck_assert_msg(file_rig_open(&rig, refusal->options) == refusal->error, "%s: %s", refusal->what, rig.said);
	ck_assert_msg(strstr(rig.said, refusal->remedy) != NULL, "%s: %s", refusal->what, rig.said);
	ck_assert_uint_eq(rig.errors, 1);
	ck_assert_int_eq(found_bytes(), refusal->found_bytes);
}
END_TEST

static void check_refused(const char *path, int error, const char *reason)
{
	ck_assert_int_eq(file_rig_open(&rig, (struct file_options){ .path = path }), error);
	ck_assert_msg(strstr(rig.said, reason) != NULL, "%s", rig.said);
	ck_assert_uint_eq(rig.errors, 1);
}

START_TEST(test_what_is_no_disk)
{
	char path[sizeof(rig.path)];

	check_refused(rig.folder, -EISDIR, "a directory");
	check_refused("/dev/null", -ENOTBLK, "neither a regular file nor a block device");
	snprintf(path, sizeof(path), "%s/pipe", rig.folder);
	ck_assert_int_eq(mkfifo(path, 0600), 0);
	check_refused(path, -ENOTBLK, "neither a regular file nor a block device");
	snprintf(path, sizeof(path), "%s/nowhere/disk.img", rig.folder);
	check_refused(path, -ENOENT, "does not exist");
	ck_assert_int_eq(file_rig_open(&rig, (struct file_options){ .path = path, .size_bytes = SIZE }), -ENOENT);
	ck_assert_ptr_nonnull(strstr(rig.said, "cannot open"));
}
END_TEST

START_TEST(test_unwritable_file)
{
	file_rig_truncate(&rig, SIZE);
	ck_assert_int_eq(chmod(rig.path, 0444), 0);
	check_refused(NULL, -EROFS, "--read-only");
	ck_assert_int_eq(file_rig_open(&rig, (struct file_options){ .read_only = true }), 0);
	ck_assert_uint_eq(rig.errors, 0);
}
END_TEST

/* A new file that cannot be made as long as it shall be does not stay behind. */
START_TEST(test_failed_creation_leaves_nothing)
{
	struct rlimit before, limit;

	signal(SIGXFSZ, SIG_IGN);
	ck_assert_int_eq(getrlimit(RLIMIT_FSIZE, &before), 0);
	limit = before;
	limit.rlim_cur = SIZE;
	ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &limit), 0);
	ck_assert_int_eq(file_rig_open(&rig, (struct file_options){ .size_bytes = 2 * SIZE }), -EFBIG);
	ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &before), 0);
	ck_assert_uint_eq(rig.errors, 1);
	ck_assert_int_eq(found_bytes(), -1);
}
END_TEST

/* ---- what is taken ---------------------------------------------------------------------------- */

START_TEST(test_created_sparse)
{
	struct stat status;

	ck_assert_int_eq(file_rig_open(&rig, (struct file_options){ .size_bytes = (uint64_t)1 << 32 }), 0);
	ck_assert_int_eq(stat(rig.path, &status), 0);
	ck_assert_uint_eq((uint64_t)status.st_size, (uint64_t)1 << 32);
	ck_assert_int_eq(status.st_blocks, 0);
	ck_assert_uint_eq(status.st_mode & 07777, 0600);
	ck_assert(rig.facts.created);
	ck_assert(!rig.facts.block_device);
	ck_assert_uint_eq(rig.facts.size_bytes, (uint64_t)1 << 32);
	ck_assert_uint_eq(rig.errors, 0);
}
END_TEST

START_TEST(test_grown_keeps_its_content)
{
	unsigned char block[512], found[512];
	int fd;

	memset(block, 0x5a, sizeof(block));
	file_rig_truncate(&rig, SIZE);
	fd = open(rig.path, O_RDWR | O_CLOEXEC);
	ck_assert_int_eq(pwrite(fd, block, sizeof(block), SIZE - 512), 512);
	ck_assert_int_eq(file_rig_open(&rig, (struct file_options){ .size_bytes = 3 * SIZE }), 0);
	ck_assert_int_eq(found_bytes(), 3 * SIZE);
	ck_assert(!rig.facts.created);
	ck_assert_uint_eq(rig.facts.size_bytes, 3 * SIZE);
	ck_assert_int_eq(pread(fd, found, sizeof(found), SIZE - 512), 512);
	ck_assert_mem_eq(found, block, sizeof(found));
	close(fd);
}
END_TEST

START_TEST(test_size_of_the_file)
{
	file_rig_truncate(&rig, SIZE);
	ck_assert_int_eq(file_rig_open(&rig, (struct file_options){ 0 }), 0);
	ck_assert_uint_eq(rig.facts.size_bytes, SIZE);
	file_rig_close(&rig);
	ck_assert_int_eq(file_rig_open(&rig, (struct file_options){ .size_bytes = SIZE }), 0);
	ck_assert_uint_eq(rig.facts.size_bytes, SIZE);
}
END_TEST

/* What the device's options may be, whatever file system the test meets. */
START_TEST(test_facts_fit_the_options)
{
	uint32_t block = 512u << _i;

	ck_assert_int_eq(file_rig_open(&rig, (struct file_options){ .size_bytes = SIZE, .block_bytes = block }), 0);
	ck_assert_uint_ge(rig.facts.physical_block_bytes, block);
	ck_assert_uint_le(rig.facts.physical_block_bytes, 4096);
	ck_assert_uint_eq(rig.facts.physical_block_bytes & (rig.facts.physical_block_bytes - 1), 0);
	ck_assert_uint_ge(rig.facts.discard_granularity_bytes, block);
	ck_assert_uint_eq(rig.facts.discard_granularity_bytes % block, 0);
}
END_TEST

START_TEST(test_functions_fit_the_file)
{
	ck_assert_int_eq(file_rig_open(&rig, (struct file_options){ .size_bytes = SIZE }), 0);
	ck_assert_ptr_nonnull(rig.backend->write);
	ck_assert_ptr_nonnull(rig.backend->flush);
	ck_assert_ptr_nonnull(rig.backend->write_zeroes);
	ck_assert_int_eq(rig.backend->discard != NULL, rig.facts.discard);
	ck_assert(rig.backend->honours_fua);
	ck_assert_uint_eq(file_rig_descriptor_flags(&rig) & O_ACCMODE, O_RDWR);
	file_rig_close(&rig);
	ck_assert_int_eq(file_rig_open(&rig, (struct file_options){ .read_only = true }), 0);
	ck_assert_ptr_nonnull(rig.backend->read);
	ck_assert_ptr_null(rig.backend->write);
	ck_assert_ptr_null(rig.backend->discard);
	ck_assert_ptr_null(rig.backend->write_zeroes);
	ck_assert(!rig.facts.discard);
	ck_assert_uint_eq(file_rig_descriptor_flags(&rig) & O_ACCMODE, O_RDONLY);
}
END_TEST

/* ---- one server per file ---------------------------------------------------------------------- */

/* A process that opens the file, says so, and keeps it until it is told to go. */
struct other {
	pid_t pid;
	int go_fd;
};

static struct other other_start(bool read_only)
{
	int ready[2], go[2];
	struct other other;
	char word;

	ck_assert_int_eq(pipe(ready), 0);
	ck_assert_int_eq(pipe(go), 0);
	other.pid = fork();
	if (other.pid == 0) {
		int error = file_rig_open(&rig, (struct file_options){ .read_only = read_only });

		close(go[1]);
		word = error ? 'n' : 'y';
		_exit(write(ready[1], &word, 1) == 1 && read(go[0], &word, 1) == 0 && !error ? 0 : 1);
	}
	close(go[0]);
	close(ready[1]);
	ck_assert_int_eq(read(ready[0], &word, 1), 1);
	ck_assert_int_eq(word, 'y');
	close(ready[0]);
	other.go_fd = go[1];
	return other;
}

static void other_end(struct other other)
{
	int status;

	close(other.go_fd);
	ck_assert_int_eq(waitpid(other.pid, &status, 0), other.pid);
	ck_assert_int_eq(status, 0);
}

/* Bits of the loop's number: who reads only. Both would be no conflict. */
START_TEST(test_second_process_is_refused_by_name)
{
	struct other other;
	char name[64];

	file_rig_truncate(&rig, SIZE);
	other = other_start(_i & 1);
	ck_assert_int_eq(file_rig_open(&rig, (struct file_options){ .read_only = (_i & 2) != 0, .size_bytes = 2 * SIZE }),
			 -EBUSY);
	snprintf(name, sizeof(name), "process %d (", (int)other.pid);
	ck_assert_msg(strstr(rig.said, name) != NULL, "%s", rig.said);
	ck_assert_int_eq(found_bytes(), SIZE);
	other_end(other);
	ck_assert_int_eq(file_rig_open(&rig, (struct file_options){ 0 }), 0);
}
END_TEST

START_TEST(test_readers_share)
{
	struct other other;

	file_rig_truncate(&rig, SIZE);
	other = other_start(true);
	ck_assert_int_eq(file_rig_open(&rig, (struct file_options){ .read_only = true }), 0);
	other_end(other);
}
END_TEST

/* Two devices of one process are two servers. */
START_TEST(test_same_process_is_refused_too)
{
	struct file_rig second = rig;

	file_rig_truncate(&rig, SIZE);
	ck_assert_int_eq(file_rig_open(&rig, (struct file_options){ 0 }), 0);
	ck_assert_int_eq(file_rig_open(&second, (struct file_options){ 0 }), -EBUSY);
	file_rig_close(&rig);
	ck_assert_int_eq(file_rig_open(&second, (struct file_options){ 0 }), 0);
	file_rig_close(&second);
}
END_TEST

/* An add command opens, its daemon serves. */
START_TEST(test_claim_outlives_the_process_that_made_it)
{
	struct file_rig second = rig;
	int go[2], status;
	pid_t child;
	char word;

	file_rig_truncate(&rig, SIZE);
	ck_assert_int_eq(pipe(go), 0);
	ck_assert_int_eq(file_rig_open(&rig, (struct file_options){ 0 }), 0);
	child = fork();
	if (child == 0) {
		close(go[1]);
		_exit(read(go[0], &word, 1) == 0 ? 0 : 1);
	}
	close(go[0]);
	file_rig_close(&rig);
	ck_assert_int_eq(file_rig_open(&second, (struct file_options){ 0 }), -EBUSY);
	close(go[1]);
	ck_assert_int_eq(waitpid(child, &status, 0), child);
	ck_assert_int_eq(file_rig_open(&second, (struct file_options){ 0 }), 0);
	file_rig_close(&second);
}
END_TEST

/* ---- taken back -------------------------------------------------------------------------------- */

START_TEST(test_what_was_created_goes_again)
{
	ck_assert_int_eq(file_rig_open(&rig, (struct file_options){ .size_bytes = SIZE }), 0);
	file_undo(rig.file);
	ck_assert_int_eq(found_bytes(), -1);
}
END_TEST

START_TEST(test_what_was_there_stays)
{
	file_rig_truncate(&rig, SIZE);
	ck_assert_int_eq(file_rig_open(&rig, (struct file_options){ .size_bytes = SIZE }), 0);
	file_undo(rig.file);
	ck_assert_int_eq(found_bytes(), SIZE);
}
END_TEST

START_TEST(test_what_took_its_place_stays)
{
	ck_assert_int_eq(file_rig_open(&rig, (struct file_options){ .size_bytes = SIZE }), 0);
	ck_assert_int_eq(unlink(rig.path), 0);
	file_rig_truncate(&rig, 2 * SIZE);
	file_undo(rig.file);
	ck_assert_int_eq(found_bytes(), 2 * SIZE);
}
END_TEST

Suite *suite(void)
{
	Suite *file_open = suite_create("file_open");
	TCase *refused = tcase_create("refused");
	TCase *taken = tcase_create("taken");
	TCase *claimed = tcase_create("claimed");

	tcase_add_checked_fixture(refused, setup, teardown);
	tcase_add_loop_test(refused, test_refusal, 0, REFUSALS);
	tcase_add_test(refused, test_what_was_created_goes_again);
	tcase_add_test(refused, test_what_was_there_stays);
	tcase_add_test(refused, test_what_took_its_place_stays);
	tcase_add_test(refused, test_what_is_no_disk);
	tcase_add_test(refused, test_unwritable_file);
	tcase_add_test(refused, test_failed_creation_leaves_nothing);
	suite_add_tcase(file_open, refused);
	tcase_add_checked_fixture(taken, setup, teardown);
	tcase_add_test(taken, test_created_sparse);
	tcase_add_test(taken, test_grown_keeps_its_content);
	tcase_add_test(taken, test_size_of_the_file);
	tcase_add_loop_test(taken, test_facts_fit_the_options, 0, 4);
	tcase_add_test(taken, test_functions_fit_the_file);
	suite_add_tcase(file_open, taken);
	tcase_add_checked_fixture(claimed, setup, teardown);
	tcase_add_loop_test(claimed, test_second_process_is_refused_by_name, 0, 3);
	tcase_add_test(claimed, test_readers_share);
	tcase_add_test(claimed, test_same_process_is_refused_too);
	tcase_add_test(claimed, test_claim_outlives_the_process_that_made_it);
	suite_add_tcase(file_open, claimed);
	return file_open;
}
