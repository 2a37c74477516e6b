#include "file_holder.h"

#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sysmacros.h>
#include <unistd.h>

enum { LINE_BYTES = 4096, COMMAND_BYTES = 32 };

/* One is the other, or a partition of it. */
static bool file_holder_same_disk(dev_t one, dev_t other)
{
	char path[64], one_place[PATH_MAX], other_place[PATH_MAX];
	size_t one_length, other_length, shorter;

	if (one == other)
		return true;
	snprintf(path, sizeof(path), "/sys/dev/block/%u:%u", major(one), minor(one));
	if (!realpath(path, one_place))
		return false;
	snprintf(path, sizeof(path), "/sys/dev/block/%u:%u", major(other), minor(other));
	if (!realpath(path, other_place))
		return false;
	one_length = strlen(one_place);
	other_length = strlen(other_place);
	shorter = one_length < other_length ? one_length : other_length;
	return strncmp(one_place, other_place, shorter) == 0 &&
	       (one_length == other_length || (one_length > shorter ? one_place : other_place)[shorter] == '/');
}

static bool file_holder_mount(dev_t device, char text[FILE_HOLDER_BYTES])
{
	FILE *mounts = fopen("/proc/self/mountinfo", "re");
	char line[LINE_BYTES], point[LINE_BYTES];
	unsigned int major_number, minor_number;
	bool found = false;

	while (mounts && !found && fgets(line, sizeof(line), mounts)) {
		if (sscanf(line, "%*u %*u %u:%u %*s %4095s", &major_number, &minor_number, point) != 3)
			continue;
		found = file_holder_same_disk(device, makedev(major_number, minor_number));
		if (found)
			snprintf(text, FILE_HOLDER_BYTES, "its mount on %.150s", point);
	}
	if (mounts)
		fclose(mounts);
	return found;
}

static bool file_holder_swap(dev_t device, char text[FILE_HOLDER_BYTES])
{
	FILE *swaps = fopen("/proc/swaps", "re");
	char line[LINE_BYTES], path[LINE_BYTES];
	struct stat status;
	bool found = false;

	while (swaps && !found && fgets(line, sizeof(line), swaps)) {
		found = sscanf(line, "%4095s", path) == 1 && stat(path, &status) == 0 && S_ISBLK(status.st_mode) &&
			file_holder_same_disk(device, status.st_rdev);
		if (found)
			snprintf(text, FILE_HOLDER_BYTES, "the swap area on %.150s", path);
	}
	if (swaps)
		fclose(swaps);
	return found;
}

/* Device mapper, md and the like. */
static bool file_holder_stacked(dev_t device, char text[FILE_HOLDER_BYTES])
{
	struct dirent *entry;
	char path[64];
	bool found = false;
	DIR *holders;

	snprintf(path, sizeof(path), "/sys/dev/block/%u:%u/holders", major(device), minor(device));
	holders = opendir(path);
	while (holders && !found && (entry = readdir(holders))) {
		found = entry->d_name[0] != '.';
		if (found)
			snprintf(text, FILE_HOLDER_BYTES, "the device %.150s on top of it", entry->d_name);
	}
	if (holders)
		closedir(holders);
	return found;
}

/* The descriptor has a lock, on whatever it is open on. */
static bool file_holder_locked(const char *pid, const char *descriptor)
{
	char path[64], line[256];
	bool locked = false;
	FILE *info;

	snprintf(path, sizeof(path), "/proc/%.20s/fdinfo/%.20s", pid, descriptor);
	info = fopen(path, "re");
	while (info && !locked && fgets(line, sizeof(line), info))
		locked = strncmp(line, "lock:", 5) == 0;
	if (info)
		fclose(info);
	return locked;
}

/* Asks no server for news: a dead network mount among somebody's files shall not hold us up. */
static bool file_holder_descriptor(const struct stat *status, int folder_fd, const char *pid, const char *descriptor)
{
	struct statx other;

	if (statx(folder_fd, descriptor, AT_STATX_DONT_SYNC | AT_NO_AUTOMOUNT, STATX_TYPE | STATX_INO, &other) < 0)
		return false;
	if (S_ISBLK(status->st_mode))
		return S_ISBLK(other.stx_mode) &&
		       file_holder_same_disk(status->st_rdev, makedev(other.stx_rdev_major, other.stx_rdev_minor));
	return other.stx_ino == status->st_ino && makedev(other.stx_dev_major, other.stx_dev_minor) == status->st_dev &&
	       file_holder_locked(pid, descriptor);
}

static bool file_holder_process(const struct stat *status, const char *pid, char text[FILE_HOLDER_BYTES])
{
	char path[64], command[COMMAND_BYTES] = "?";
	struct dirent *entry;
	bool found = false;
	FILE *comm;
	DIR *descriptors;

	snprintf(path, sizeof(path), "/proc/%.20s/fd", pid);
	descriptors = opendir(path);
	while (descriptors && !found && (entry = readdir(descriptors)))
		found = entry->d_name[0] != '.' &&
			file_holder_descriptor(status, dirfd(descriptors), pid, entry->d_name);
	if (descriptors)
		closedir(descriptors);
	if (!found)
		return false;
	snprintf(path, sizeof(path), "/proc/%.20s/comm", pid);
	comm = fopen(path, "re");
	if (comm && fgets(command, sizeof(command), comm))
		command[strcspn(command, "\n")] = '\0';
	if (comm)
		fclose(comm);
	snprintf(text, FILE_HOLDER_BYTES, "process %.20s (%s)", pid, command);
	return true;
}

/* This process counts too: one program may serve several devices. */
static bool file_holder_any_process(const struct stat *status, char text[FILE_HOLDER_BYTES])
{
	DIR *processes = opendir("/proc");
	struct dirent *entry;
	bool found = false;

	while (processes && !found && (entry = readdir(processes)))
		found = entry->d_name[0] >= '1' && entry->d_name[0] <= '9' &&
			file_holder_process(status, entry->d_name, text);
	if (processes)
		closedir(processes);
	return found;
}

const char *file_holder_find(const struct stat *status, char text[FILE_HOLDER_BYTES])
{
	bool found = S_ISBLK(status->st_mode) &&
		     (file_holder_mount(status->st_rdev, text) || file_holder_stacked(status->st_rdev, text) ||
		      file_holder_swap(status->st_rdev, text));

	if (!found && !file_holder_any_process(status, text))
		snprintf(text, FILE_HOLDER_BYTES, "somebody else");
	return text;
}
