/* holders, family, mountinfo, openers: who uses a disk, found in a made-up /proc and /sys. */
#include "suite.h"

#include <stdarg.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "family.h"
#include "holders.h"
#include "mountinfo.h"

static char root[64];

/* Makes the file with its folders below the root. */
static void put(const char *path, const char *text)
{
	char name[512];
	FILE *file;

	snprintf(name, sizeof(name), "%s/%s", root, path);
	for (char *slash = name + strlen(root) + 1; (slash = strchr(slash, '/')); slash++) {
		*slash = '\0';
		mkdir(name, 0700);
		*slash = '/';
	}
	if (!text)
		return;
	file = fopen(name, "w");
	ck_assert_ptr_nonnull(file);
	fputs(text, file);
	fclose(file);
}

static void make_machine(void)
{
	snprintf(root, sizeof(root), "/tmp/holders_test.XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(root));
	put("sys/block/ublkb3/dev", "259:3\n");
	put("sys/block/ublkb3/ublkb3p1/dev", "259:4\n");
	put("sys/block/ublkb3/ublkb3p2/dev", "259:5\n");
	put("sys/block/ublkb3/queue/dev", "9:9\n");
	put("sys/block/ublkb33/dev", "259:9\n");
	put("sys/block/sda/dev", "8:0\n");
	put("proc/swaps", "Filename Type Size Used Priority\n");
	put("proc/self/mountinfo", "22 1 8:0 / / rw - ext4 /dev/sda rw\n");
	put("proc/1/comm", "init\n");
	put("proc/500/comm", "container\n");
}

static void remove_machine(void)
{
	char command[96];

	snprintf(command, sizeof(command), "rm -rf %s", root);
	ck_assert_int_eq(system(command), 0);
}

static struct holders find(int32_t id)
{
	struct holders holders;

	holders_find(root, id, &holders);
	return holders;
}

START_TEST(test_family)
{
	struct family family;

	family_find(root, 3, &family);
	ck_assert_uint_eq(family.count, 3);
	ck_assert_str_eq(family.members[0].name, "ublkb3");
	ck_assert_ptr_eq(family_by_number(&family, 259, 3), &family.members[0]);
	ck_assert_str_eq(family_by_number(&family, 259, 5)->name, "ublkb3p2");
	ck_assert_ptr_null(family_by_number(&family, 259, 9));
	ck_assert_ptr_null(family_by_number(&family, 8, 3));
	ck_assert_str_eq(family_by_path(&family, "/dev/ublkb3p1")->name, "ublkb3p1");
	ck_assert_ptr_null(family_by_path(&family, "/dev/ublkb33"));
	ck_assert_ptr_null(family_by_path(&family, "ublkb3"));
	ck_assert_ptr_null(family_by_path(&family, "/tmp/ublkb3"));
	family_find(root, 4, &family);
	ck_assert_uint_eq(family.count, 0);
}
END_TEST

START_TEST(test_free)
{
	char line[HOLDERS_LINE_BYTES];
	struct holders holders = find(3);

	ck_assert_uint_eq(holders.count, 0);
	ck_assert_str_eq(holders_line(&holders, line), "");
	ck_assert_uint_eq(find(4).count, 0);
}
END_TEST

START_TEST(test_mounted)
{
	struct holders holders;

	put("proc/self/mountinfo", "22 1 8:0 / / rw - ext4 /dev/sda rw\n"
				   "30 22 259:3 / /mnt/a\\040b rw,relatime shared:1 master:2 - ext4 /dev/ublkb3 rw\n"
				   "31 22 259:9 / /other rw - xfs /dev/ublkb33 rw\n"
				   "32 22 259:4 / /part rw - xfs /dev/ublkb3p1 rw\n");
	holders = find(3);
	ck_assert_uint_eq(holders.count, 2);
	ck_assert_str_eq(holders.texts[0], "mounted on /mnt/a b (ext4)");
	ck_assert_str_eq(holders.texts[1], "partition ublkb3p1 mounted on /part (xfs)");
	ck_assert_uint_eq(holders.processes, 0);
}
END_TEST

/* btrfs shows a number of its own: the source tells. */
START_TEST(test_mounted_under_another_number)
{
	struct holders holders;

	put("proc/self/mountinfo", "30 22 0:45 / /mnt rw - btrfs /dev/ublkb3 rw\n");
	holders = find(3);
	ck_assert_uint_eq(holders.count, 1);
	ck_assert_str_eq(holders.texts[0], "mounted on /mnt (btrfs)");
}
END_TEST

START_TEST(test_mounted_elsewhere)
{
	struct holders holders;

	put("proc/500/mountinfo", "30 22 259:3 / /data rw - ext4 /dev/ublkb3 rw\n");
	holders = find(3);
	ck_assert_uint_eq(holders.count, 1);
	ck_assert_str_eq(holders.texts[0], "mounted on /data (ext4) in the mount namespace of process 500 (container)");
}
END_TEST

/* Processes of one mount namespace are read once. */
START_TEST(test_namespaces_count_once)
{
	struct holders holders;

	put("proc/self/ns/mnt", "one");
	put("proc/1/ns/", NULL);
	put("proc/500/ns/", NULL);
	put("proc/501/ns/", NULL);
	for (int i = 0; i < 2; i++) {
		char from[128], to[128];

		snprintf(from, sizeof(from), "%s/proc/self/ns/mnt", root);
		snprintf(to, sizeof(to), "%s/proc/%d/ns/mnt", root, i ? 500 : 1);
		ck_assert_int_eq(link(from, to), 0);
	}
	put("proc/501/ns/mnt", "two");
	put("proc/501/comm", "other\n");
	put("proc/self/mountinfo", "30 22 259:3 / /a rw - ext4 /dev/ublkb3 rw\n");
	put("proc/1/mountinfo", "30 22 259:3 / /a rw - ext4 /dev/ublkb3 rw\n");
	put("proc/500/mountinfo", "30 22 259:3 / /a rw - ext4 /dev/ublkb3 rw\n");
	put("proc/501/mountinfo", "30 22 259:3 / /b rw - ext4 /dev/ublkb3 rw\n");
	holders = find(3);
	ck_assert_uint_eq(holders.count, 2);
}
END_TEST

START_TEST(test_stacked)
{
	struct holders holders;

	put("sys/block/ublkb3/holders/dm-0", "");
	put("sys/block/dm-0/dm/name", "vg-home\n");
	put("sys/block/ublkb3/ublkb3p2/holders/md127", "");
	holders = find(3);
	ck_assert_uint_eq(holders.count, 2);
	ck_assert_str_eq(holders.texts[0], "below the device-mapper device vg-home (dm-0)");
	ck_assert_str_eq(holders.texts[1], "partition ublkb3p2 below md127");
}
END_TEST

START_TEST(test_loop_and_swap)
{
	struct holders holders;

	put("sys/block/loop0/loop/backing_file", "/dev/ublkb3\n");
	put("sys/block/loop1/loop/backing_file", "/dev/ublkb33\n");
	put("sys/block/loop2/size", "0\n");
	put("proc/swaps", "Filename Type Size Used Priority\n/dev/ublkb3p2 partition 1 0 -2\n/dev/sda2 partition 1 0 -3\n");
	holders = find(3);
	ck_assert_uint_eq(holders.count, 2);
	ck_assert_str_eq(holders.texts[0], "below the loop device loop0");
	ck_assert_str_eq(holders.texts[1], "partition ublkb3p2 a swap area");
}
END_TEST

/* A node that a process has open, as its link in /proc shows it. Needs the right to make nodes. */
START_TEST(test_opened)
{
	struct holders holders;
	char node[128];

	put("proc/500/fd/", NULL);
	put("proc/501/fd/", NULL);
	put("proc/500/fd/0", "a regular file");
	for (int i = 0; i < 4; i++) {
		static const unsigned int minors[] = { 4, 3, 9, 3 };

		snprintf(node, sizeof(node), "%s/proc/%d/fd/%d", root, i < 2 ? 500 : 501, i + 3);
		/* The last is a character device of the same number. */
		if (mknod(node, (i == 3 ? S_IFCHR : S_IFBLK) | 0600, makedev(259, minors[i])) < 0)
			return;
	}
	holders = find(3);
	ck_assert_uint_eq(holders.count, 1);
	ck_assert_uint_eq(holders.processes, 1);
	ck_assert(strstr(holders.texts[0], "open in process 500 (container)") != NULL);
}
END_TEST

START_TEST(test_many_fit_one_line)
{
	char text[8192] = "", line[HOLDERS_LINE_BYTES];
	struct holders holders;

	for (int i = 0; i < 40; i++)
		snprintf(text + strlen(text), sizeof(text) - strlen(text), "%d 22 259:3 / /a/rather/long/mount/point/number/%d rw - ext4 /dev/ublkb3 rw\n",
			 30 + i, i);
	put("proc/self/mountinfo", text);
	holders = find(3);
	ck_assert_uint_eq(holders.count, 40);
	holders_line(&holders, line);
	ck_assert_uint_lt(strlen(line), HOLDERS_LINE_BYTES);
	ck_assert(strstr(line, "number/0 (ext4); mounted on") != NULL);
	ck_assert(strstr(line, "; and 28 more") != NULL);
}
END_TEST

START_TEST(test_malformed_lines_are_skipped)
{
	struct holders holders;

	put("proc/self/mountinfo", "\nnonsense\n30 22 259:3\n30 22 259:3 / /a rw\n30 22 259:3 / /a rw -\n30 22 259:3 / /a rw - ext4\n"
				   "30 22 259:3 / /good rw - ext4 none rw\n");
	put("proc/swaps", "\n\n");
	holders = find(3);
	ck_assert_uint_eq(holders.count, 1);
	ck_assert_str_eq(holders.texts[0], "mounted on /good (ext4)");
}
END_TEST

/* Every escape that the kernel writes, and what merely looks like one. */
START_TEST(test_escapes)
{
	for (int byte = 1; byte < 256; byte++) {
		char text[16];

		snprintf(text, sizeof(text), "a\\%03ob", (unsigned int)byte);
		mountinfo_unescape(text);
		ck_assert(text[0] == 'a' && text[1] == (char)byte && text[2] == 'b' && text[3] == '\0');
	}
	for (size_t i = 0; i < 5; i++) {
		static const char *const plain[] = { "\\", "\\4", "\\04", "\\048", "\\400" };
		char text[16];

		strcpy(text, plain[i]);
		mountinfo_unescape(text);
		ck_assert_str_eq(text, plain[i]);
	}
}
END_TEST

Suite *suite(void)
{
	Suite *all = suite_create("holders");
	TCase *tcase = tcase_create("holders");

	tcase_add_checked_fixture(tcase, make_machine, remove_machine);
	tcase_add_test(tcase, test_family);
	tcase_add_test(tcase, test_free);
	tcase_add_test(tcase, test_mounted);
	tcase_add_test(tcase, test_mounted_under_another_number);
	tcase_add_test(tcase, test_mounted_elsewhere);
	tcase_add_test(tcase, test_namespaces_count_once);
	tcase_add_test(tcase, test_stacked);
	tcase_add_test(tcase, test_loop_and_swap);
	tcase_add_test(tcase, test_opened);
	tcase_add_test(tcase, test_many_fit_one_line);
	tcase_add_test(tcase, test_malformed_lines_are_skipped);
	tcase_add_test(tcase, test_escapes);
	suite_add_tcase(all, tcase);
	return all;
}
