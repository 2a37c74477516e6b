#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "mix.h"
#include "target.h"

#define PROBE_BYTES 4096u

/* The smallest aligned request that O_DIRECT takes here; 0 when it takes none. */
static uint64_t probe_direct(int fd)
{
	uint64_t result = 0;
	void *buffer;

	if (posix_memalign(&buffer, PROBE_BYTES, PROBE_BYTES))
		return 0;
	for (uint64_t bytes = OPERATION_SECTOR_BYTES; bytes <= PROBE_BYTES && !result; bytes *= 2)
		if (pread(fd, buffer, bytes, (off_t)bytes % PROBE_BYTES) >= 0)
			result = bytes;
	free(buffer);
	return result;
}

/* The number in a file of the device's queue in sysfs; of its disk's, for a partition. 0 when there is none. */
static uint64_t queue_limit(const struct stat *status, const char *name)
{
	static const char *const folders[] = {"", "../"};
	unsigned long value = 0;

	for (unsigned at = 0; at < 2 && !value; at++) {
		char path[128];
		FILE *file;

		snprintf(path, sizeof path, "/sys/dev/block/%u:%u/%squeue/%s", major(status->st_rdev),
			 minor(status->st_rdev), folders[at], name);
		file = fopen(path, "re");
		if (!file)
			continue;
		if (fscanf(file, "%lu", &value) != 1)
			value = 0;
		fclose(file);
	}
	return value;
}

static bool describe_device(int fd, const struct stat *status, struct ring_target *target)
{
	int block_bytes = 0;

	if (ioctl(fd, BLKGETSIZE64, &target->size_bytes) < 0 || ioctl(fd, BLKSSZGET, &block_bytes) < 0) {
		warn("%s: its size is not known", target->path);
		return false;
	}
	target->block_bytes = (uint64_t)block_bytes;
	target->max_request_bytes = queue_limit(status, "max_sectors_kb") * 1024;
	target->identity = (uint32_t)mix_64(status->st_rdev);
	return true;
}

static bool describe_file(const struct stat *status, struct ring_target *target)
{
	if (strncmp(target->path, "/dev/", 5) == 0 && strncmp(target->path, "/dev/shm/", 9) != 0) {
		warnx("%s is a regular file where a device should be: was the device there when the file was made?",
		      target->path);
		return false;
	}
	target->size_bytes = (uint64_t)status->st_size;
	target->block_bytes = OPERATION_SECTOR_BYTES;
	target->identity = (uint32_t)mix_pair(status->st_dev, status->st_ino);
	return true;
}

static bool open_buffered(const struct ring_target *target, int *fd)
{
	*fd = open(target->path, O_RDWR | O_CLOEXEC | (target->block_device ? O_EXCL : 0));
	if (*fd < 0) {
		if (errno == EBUSY)
			warnx("%s is in use (mounted, or held by another device or program): release it first",
			      target->path);
		else
			warn("%s", target->path);
		return false;
	}
	if (!target->block_device && flock(*fd, LOCK_EX | LOCK_NB) < 0) {
		warnx("%s is being checked by another process", target->path);
		return false;
	}
	/* Read-ahead would cache pages that are in direct mode. */
	posix_fadvise(*fd, 0, 0, POSIX_FADV_RANDOM);
	return true;
}

/* The first open holds the device for this process; O_EXCL again would be refused. */
static bool open_direct(struct ring_target *target, int *fd)
{
	uint64_t least_bytes = 0;

	*fd = open(target->path, O_RDWR | O_CLOEXEC | O_DIRECT);
	if (*fd >= 0)
		least_bytes = probe_direct(*fd);
	else
		*fd = open(target->path, O_RDWR | O_CLOEXEC);
	target->direct = least_bytes != 0;
	if (least_bytes > target->block_bytes)
		target->block_bytes = least_bytes;
	return *fd >= 0;
}

bool target_open(const char *path, struct ring_target *target, int *direct_fd, int *buffered_fd)
{
	struct stat status;

	*target = (struct ring_target){.path = strdup(path)};
	*direct_fd = *buffered_fd = -1;
	if (!target->path || stat(path, &status) < 0) {
		warn("%s", path);
		return false;
	}
	target->block_device = S_ISBLK(status.st_mode);
	if (!target->block_device && !S_ISREG(status.st_mode)) {
		warnx("%s is neither a block device nor a regular file", path);
		return false;
	}
	if (!target->block_device && !describe_file(&status, target))
		return false;
	if (!open_buffered(target, buffered_fd))
		return false;
	if (target->block_device && !describe_device(*buffered_fd, &status, target))
		return false;
	if (!open_direct(target, direct_fd)) {
		warn("%s", path);
		return false;
	}
	target->size_bytes -= target->size_bytes % target->block_bytes;
	if (target->size_bytes >= OPERATION_PAGE_BYTES)
		return true;
	warnx("%s has %llu bytes: at least %u are needed", path, (unsigned long long)target->size_bytes,
	      OPERATION_PAGE_BYTES);
	return false;
}
