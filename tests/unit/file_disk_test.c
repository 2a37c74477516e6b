/* The file backend over a block device: a loop device of our own, which takes root. Without it, nothing is tried. */
#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/loop.h>
#include <sched.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/wait.h>
#include <unistd.h>

#include "suite.h"
#include "support/file_rig.h"

enum { KIB = 1024, SIZE = 1024 * KIB, LONGEST = 64 * KIB };

static struct file_rig rig;
static char disk[64]; /* "/dev/loopN"; empty: there is none */
static int disk_fd = -1; /* the loop device goes when nobody has it open */

static int disk_attach(int control_fd, uint32_t block_bytes, uint32_t flags)
{
	struct loop_config config = { .block_size = block_bytes, .info.lo_flags = LO_FLAGS_AUTOCLEAR | flags };
	int number = ioctl(control_fd, LOOP_CTL_GET_FREE);
	int file_fd = open(rig.path, O_RDWR | O_CLOEXEC);
	int fd, result;

	snprintf(disk, sizeof(disk), "/dev/loop%d", number);
	fd = number < 0 ? -1 : open(disk, O_RDWR | O_CLOEXEC);
	config.fd = (uint32_t)file_fd;
	result = fd < 0 ? -1 : ioctl(fd, LOOP_CONFIGURE, &config);
	close(file_fd);
	if (result == 0)
		return fd;
	if (fd >= 0)
		close(fd);
	return -1;
}

/* Somebody else may take the free one first: a few tries. */
static bool disk_make(uint32_t block_bytes, uint32_t flags)
{
	enum { TRIES = 5 };
	int control_fd = open("/dev/loop-control", O_RDWR | O_CLOEXEC);

	file_rig_truncate(&rig, SIZE);
	for (int i = 0; control_fd >= 0 && disk_fd < 0 && i < TRIES; i++)
		disk_fd = disk_attach(control_fd, block_bytes, flags);
	if (control_fd >= 0)
		close(control_fd);
	if (disk_fd < 0)
		printf("file_disk_test: not tried: a loop device takes root and the loop driver\n");
	return disk_fd >= 0;
}

static void setup(void)
{
	file_rig_make(&rig, "/var/tmp");
}

static void teardown(void)
{
	file_rig_close(&rig);
	if (disk_fd >= 0)
		close(disk_fd);
	disk_fd = -1;
	file_rig_remove(&rig);
}

static int disk_open(struct file_options options)
{
	options.path = disk;
	return file_rig_open(&rig, options);
}

static void do_well(uint32_t op, uint32_t flags, uint64_t offset, uint64_t length, void *memory)
{
	ck_assert_uint_eq(file_rig_do(&rig, op, flags, offset, length, memory).error, 0);
}

/* Bits of the loop's number: buffered, and the block. */
START_TEST(test_content)
{
	enum { OPS = 300 };
	uint32_t block = _i & 2 ? 4096 : 512;
	struct seed seed = seed_start("file_disk_test");
	struct seed trouble = { .state = seed_next(&seed) };
	unsigned char *expected = calloc(1, SIZE), *data;

	ck_assert_int_eq(posix_memalign((void **)&data, 4096, LONGEST), 0);
	if (disk_make(block, 0)) {
		ck_assert_int_eq(disk_open((struct file_options){ .block_bytes = block, .buffered = _i & 1 }), 0);
		ck_assert(rig.facts.block_device);
		ck_assert_uint_eq(rig.facts.size_bytes, SIZE);
		ck_assert_int_eq(rig.facts.direct, !(_i & 1));
		rig.trouble = &trouble;
		for (int i = 0; i < OPS; i++) {
			uint64_t offset = seed_below(&seed, (SIZE - LONGEST) / block) * block;
			uint64_t length = (1 + seed_below(&seed, LONGEST / block)) * block;

			switch (seed_below(&seed, 4)) {
			case 0:
				do_well(REFUBLK_READ, 0, offset, length, data);
				ck_assert_mem_eq(data, expected + offset, length);
				break;
			case 1:
				memset(data, (int)seed_below(&seed, 256), length);
				memcpy(expected + offset, data, length);
				do_well(REFUBLK_WRITE, REFUBLK_FUA, offset, length, data);
				break;
			case 2:
				memset(expected + offset, 0, length);
				do_well(REFUBLK_WRITE_ZEROES, seed_below(&seed, 2) ? REFUBLK_NOUNMAP : 0, offset, length, NULL);
				break;
			case 3:
				memset(expected + offset, 0, length);
				if (rig.backend->discard)
					do_well(REFUBLK_DISCARD, 0, offset, length, NULL);
				else
					do_well(REFUBLK_WRITE_ZEROES, 0, offset, length, NULL);
				break;
			}
		}
		do_well(REFUBLK_FLUSH, 0, 0, 0, NULL);
	}
	free(expected);
	free(data);
}
END_TEST

START_TEST(test_its_size_is_what_it_is)
{
	if (!disk_make(512, 0))
		return;
	ck_assert_int_eq(disk_open((struct file_options){ .size_bytes = SIZE / 2 }), -EINVAL);
	ck_assert_int_eq(disk_open((struct file_options){ .size_bytes = SIZE * 2 }), -EINVAL);
	ck_assert_ptr_nonnull(strstr(rig.said, "cannot grow"));
	ck_assert_int_eq(disk_open((struct file_options){ .size_bytes = SIZE }), 0);
}
END_TEST

START_TEST(test_block_below_its_own)
{
	if (!disk_make(4096, 0))
		return;
	ck_assert_int_eq(disk_open((struct file_options){ .block_bytes = 512 }), -EINVAL);
	ck_assert_ptr_nonnull(strstr(rig.said, "--block-size 4096"));
	ck_assert_int_eq(disk_open((struct file_options){ .block_bytes = 4096 }), 0);
	ck_assert_uint_ge(rig.facts.physical_block_bytes, 4096);
}
END_TEST

START_TEST(test_read_only_disk)
{
	if (!disk_make(512, LO_FLAGS_READ_ONLY))
		return;
	ck_assert_int_eq(disk_open((struct file_options){ 0 }), -EROFS);
	ck_assert_ptr_nonnull(strstr(rig.said, "--read-only"));
	ck_assert_int_eq(disk_open((struct file_options){ .read_only = true }), 0);
}
END_TEST

START_TEST(test_second_server_is_refused_by_name)
{
	struct file_rig second = rig;
	char name[64];

	if (!disk_make(512, 0))
		return;
	ck_assert_int_eq(disk_open((struct file_options){ 0 }), 0);
	ck_assert_int_eq(file_rig_open(&second, (struct file_options){ .path = disk }), -EBUSY);
	snprintf(name, sizeof(name), "process %d (", (int)getpid());
	ck_assert_msg(strstr(second.said, name) != NULL, "%s", second.said);
	file_rig_close(&rig);
	ck_assert_int_eq(file_rig_open(&second, (struct file_options){ .path = disk }), 0);
	file_rig_close(&second);
}
END_TEST

/* In a process and a mount namespace of its own. 77: a file system could not be made or mounted here. */
static int mount_and_open(void)
{
	char command[256];

	snprintf(command, sizeof(command), "mkfs.ext4 -q -F %s >/dev/null 2>&1", disk);
	if (unshare(CLONE_NEWNS) < 0 || mount("none", "/", "none", MS_REC | MS_PRIVATE, "") < 0 || system(command) != 0 ||
	    mount(disk, "/mnt", "ext4", 0, "") < 0)
		return 77;
	if (disk_open((struct file_options){ 0 }) != -EBUSY || strstr(rig.said, "its mount on /mnt") == NULL)
		return 1;
	return umount("/mnt") == 0 && disk_open((struct file_options){ 0 }) == 0 ? 0 : 2;
}

START_TEST(test_mounted_disk_is_refused_by_name)
{
	int status;
	pid_t child;

	if (!disk_make(512, 0))
		return;
	child = fork();
	if (child == 0)
		_exit(mount_and_open());
	ck_assert_int_eq(waitpid(child, &status, 0), child);
	ck_assert(WIFEXITED(status));
	if (WEXITSTATUS(status) == 77)
		printf("file_disk_test: a mounted disk was not tried: mkfs.ext4 or mount failed\n");
	else
		ck_assert_int_eq(WEXITSTATUS(status), 0);
}
END_TEST

Suite *suite(void)
{
	Suite *file_disk = suite_create("file_disk");
	TCase *loop = tcase_create("loop");

	tcase_add_checked_fixture(loop, setup, teardown);
	tcase_add_loop_test(loop, test_content, 0, 4);
	tcase_add_test(loop, test_its_size_is_what_it_is);
	tcase_add_test(loop, test_block_below_its_own);
	tcase_add_test(loop, test_read_only_disk);
	tcase_add_test(loop, test_second_server_is_refused_by_name);
	tcase_add_test(loop, test_mounted_disk_is_refused_by_name);
	tcase_set_timeout(loop, 60);
	suite_add_tcase(file_disk, loop);
	return file_disk;
}
