#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "node.h"
#include "suite.h"

static char folder[64];
static char path[128];

static void make_folder(void)
{
	snprintf(folder, sizeof(folder), "/tmp/node_test.XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(folder));
	snprintf(path, sizeof(path), "%s/node", folder);
}

static void remove_folder(void)
{
	unlink(path);
	rmdir(folder);
}

START_TEST(test_paths_carry_the_number)
{
	char text[NODE_PATH_BYTES];

	node_char_path(text, 0);
	ck_assert_str_eq(text, "/dev/ublkc0");
	node_block_path(text, 1048575);
	ck_assert_str_eq(text, "/dev/ublkb1048575");
	node_block_path(text, -2147483647 - 1);
	ck_assert_str_eq(text, "/dev/ublkb-2147483648");
}
END_TEST

START_TEST(test_character_device_is_opened)
{
	int fd = node_open_char("/dev/null");
	int flags = fcntl(fd, F_GETFL);

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(fcntl(fd, F_GETFD) & FD_CLOEXEC, FD_CLOEXEC);
	ck_assert_int_eq(flags & O_ACCMODE, O_RDWR);
	ck_assert_int_eq(flags & O_NONBLOCK, 0);
	close(fd);
}
END_TEST

START_TEST(test_absent_is_not_there_yet)
{
	ck_assert_int_eq(node_open_char(path), -ENOENT);
	ck_assert_int_eq(node_find_block(path), -ENOENT);
}
END_TEST

START_TEST(test_regular_file_is_refused)
{
	close(open(path, O_CREAT | O_WRONLY, 0600));
	ck_assert_int_eq(node_open_char(path), -ENOTTY);
	ck_assert_int_eq(node_find_block(path), -ENOTBLK);
}
END_TEST

START_TEST(test_fifo_is_refused)
{
	ck_assert_int_eq(mkfifo(path, 0600), 0);
	ck_assert_int_eq(node_open_char(path), -ENOTTY);
	ck_assert_int_eq(node_find_block(path), -ENOTBLK);
}
END_TEST

/* The loop driver's first node, which is never opened here: only its type is looked at. */
START_TEST(test_block_device_is_found)
{
	if (mknod(path, S_IFBLK | 0600, makedev(7, 0)))
		return; /* not root */
	ck_assert_int_eq(node_find_block(path), 0);
	ck_assert_int_eq(node_open_char(path), -ENOTTY);
}
END_TEST

Suite *suite(void)
{
	Suite *node = suite_create("node");
	TCase *looks = tcase_create("looks");

	tcase_add_checked_fixture(looks, make_folder, remove_folder);
	tcase_add_test(looks, test_paths_carry_the_number);
	tcase_add_test(looks, test_character_device_is_opened);
	tcase_add_test(looks, test_absent_is_not_there_yet);
	tcase_add_test(looks, test_regular_file_is_refused);
	tcase_add_test(looks, test_fifo_is_refused);
	tcase_add_test(looks, test_block_device_is_found);
	suite_add_tcase(node, looks);
	return node;
}
