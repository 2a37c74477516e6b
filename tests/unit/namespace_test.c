/* namespace: what a daemon sees, and what it keeps busy. Needs CAP_SYS_ADMIN; without it there is nothing to test. */
#include "suite.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "mountinfo.h"
#include "namespace.h"

/* Runs it in a process of its own, in a copy of the mount namespace, so that the machine's stays as it is. What it returns is
 * the process's exit status. */
static int run_apart(int (*function)(void))
{
	int status;
	pid_t child = fork();

	if (child == 0) {
		if (unshare(CLONE_NEWNS) < 0 || mount("none", "/", "", MS_REC | MS_PRIVATE, NULL) < 0)
			_exit(0);
		_exit(function());
	}
	ck_assert_int_eq(waitpid(child, &status, 0), child);
	ck_assert(WIFEXITED(status));
	return WEXITSTATUS(status);
}

/* 0: exactly one tmpfs, devtmpfs, proc and sysfs. */
static int look_around(void)
{
	int tmpfs = 0, devtmpfs = 0, proc = 0, sysfs = 0, others = 0, state_fd;
	char line[4096];
	FILE *mounts;

	if (namespace_enter(&state_fd))
		return 1;
	mounts = fopen("/proc/self/mountinfo", "re");
	if (!mounts)
		return 2;
	while (fgets(line, sizeof(line), mounts)) {
		struct mountinfo mount;

		if (!mountinfo_parse(line, &mount))
			return 3;
		if (strcmp(mount.type, "tmpfs") == 0 && strcmp(mount.point, "/") == 0)
			tmpfs++;
		else if (strcmp(mount.type, "devtmpfs") == 0 && strcmp(mount.point, "/dev") == 0)
			devtmpfs++;
		else if (strcmp(mount.type, "proc") == 0 && strcmp(mount.point, "/proc") == 0)
			proc++;
		else if (strcmp(mount.type, "sysfs") == 0 && strcmp(mount.point, "/sys") == 0)
			sysfs++;
		else
			others++;
	}
	fclose(mounts);
	if (tmpfs != 1 || devtmpfs != 1 || proc != 1 || sysfs != 1 || others)
		return 4;
	if (access("/etc", F_OK) == 0 || access("/tmp", F_OK) == 0 || access("..", F_OK) < 0)
		return 5;
	return open("/dev/null", O_RDWR) >= 0 && access("/sys/block", F_OK) == 0 ? 0 : 6;
}

START_TEST(test_nothing_but_kernel_file_systems)
{
	ck_assert_int_eq(run_apart(look_around), 0);
}
END_TEST

/* A descriptor that was opened before still works: the backing file's. The trace's path leads to it, too. */
static int keep_a_file(void)
{
	char path[32], byte = 'x';
	int fd = open("/tmp", O_RDWR | O_TMPFILE, 0600), state_fd, again;

	if (fd < 0)
		return 0; /* not on this file system */
	if (namespace_enter(&state_fd))
		return 1;
	if (write(fd, &byte, 1) != 1)
		return 2;
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	again = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_APPEND, 0600);
	return again >= 0 && write(again, &byte, 1) == 1 ? 0 : 3;
}

START_TEST(test_open_files_stay)
{
	ck_assert_int_eq(run_apart(keep_a_file), 0);
}
END_TEST

/* The namespace that was left is as it was: nothing was unmounted or mounted there. */
static int count_mounts(void)
{
	FILE *mounts = fopen("/proc/self/mountinfo", "re");
	int count = 0, byte;

	if (!mounts)
		return -1;
	while ((byte = fgetc(mounts)) != EOF)
		count += byte == '\n';
	fclose(mounts);
	return count;
}

static int leave_others_alone(void)
{
	int before = count_mounts(), status, state_fd;
	pid_t child = fork();

	if (child == 0)
		_exit(namespace_enter(&state_fd) ? 1 : 0);
	if (waitpid(child, &status, 0) != child || !WIFEXITED(status) || WEXITSTATUS(status) != 0)
		return 1;
	return count_mounts() == before ? 0 : 2;
}

START_TEST(test_others_are_left_alone)
{
	ck_assert_int_eq(run_apart(leave_others_alone), 0);
}
END_TEST

Suite *suite(void)
{
	Suite *all = suite_create("namespace");
	TCase *tcase = tcase_create("namespace");

	tcase_add_test(tcase, test_nothing_but_kernel_file_systems);
	tcase_add_test(tcase, test_open_files_stay);
	tcase_add_test(tcase, test_others_are_left_alone);
	suite_add_tcase(all, tcase);
	return all;
}
