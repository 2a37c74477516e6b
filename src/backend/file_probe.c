#include "file_probe.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <linux/fs.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/sysmacros.h>
#include <unistd.h>

enum { PHYSICAL_BLOCK_MAX = 4096, GRANULARITY_MAX = 1 << 20 };

static bool file_probe_power_of_two(uint64_t number)
{
	return number != 0 && (number & (number - 1)) == 0;
}

/* An attribute of the queue of a disk, or of the disk that a partition lies on; 0: there is none. */
static uint64_t file_probe_queue(dev_t device, const char *attribute)
{
	static const char *const places[] = { "queue", "../queue" };
	uint64_t number = 0;

	for (int i = 0; i < 2; i++) {
		char path[96];
		FILE *file;

		snprintf(path, sizeof(path), "/sys/dev/block/%u:%u/%s/%s", major(device), minor(device), places[i],
			 attribute);
		file = fopen(path, "re");
		if (!file)
			continue;
		if (fscanf(file, "%" SCNu64, &number) != 1)
			number = 0;
		fclose(file);
		return number;
	}
	return 0;
}

int64_t file_probe_size(int fd)
{
	off_t end = lseek(fd, 0, SEEK_END);

	return end < 0 ? -errno : end;
}

/* A kernel that does not say is asked by reading a block that way. */
static uint64_t file_probe_direct_by_trial(int fd, uint32_t block_bytes)
{
	_Alignas(4096) unsigned char block[4096];
	int flags = fcntl(fd, F_GETFL);
	bool works;

	if (block_bytes > sizeof(block) || flags < 0 || fcntl(fd, F_SETFL, flags | O_DIRECT) < 0)
		return 0;
	works = pread(fd, block, block_bytes, 0) >= 0;
	(void)fcntl(fd, F_SETFL, flags);
	return works ? block_bytes : 0;
}

uint64_t file_probe_direct_align(int fd, uint32_t block_bytes)
{
#ifdef STATX_DIOALIGN
	struct statx status;

	if (statx(fd, "", AT_EMPTY_PATH, STATX_DIOALIGN, &status) == 0 && (status.stx_mask & STATX_DIOALIGN)) {
		uint64_t offset_align = status.stx_dio_offset_align;
		uint64_t align = status.stx_dio_mem_align > offset_align ? status.stx_dio_mem_align : offset_align;

		return offset_align != 0 && file_probe_power_of_two(align) ? align : 0;
	}
#endif
	return file_probe_direct_by_trial(fd, block_bytes);
}

/* Behind the end of a regular file a hole changes nothing. A block device has no such place, but says what it can. */
bool file_probe_punches(int fd, const struct stat *status, uint64_t size_bytes, uint32_t block_bytes)
{
	if (S_ISBLK(status->st_mode))
		return file_probe_queue(status->st_rdev, "write_zeroes_max_bytes") != 0;
	return fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, (off_t)size_bytes, block_bytes) == 0;
}

uint32_t file_probe_block_bytes(int fd, const struct stat *status)
{
	int bytes = 1;

	if (S_ISBLK(status->st_mode) && ioctl(fd, BLKSSZGET, &bytes) == 0 && bytes > 0)
		return (uint32_t)bytes;
	return 1;
}

bool file_probe_refuses_writes(int fd, const struct stat *status)
{
	int read_only = 0;

	return S_ISBLK(status->st_mode) && ioctl(fd, BLKROGET, &read_only) == 0 && read_only != 0;
}

uint32_t file_probe_physical_block_bytes(int fd, const struct stat *status, uint32_t block_bytes)
{
	uint32_t bytes = 0;

	if (!S_ISBLK(status->st_mode))
		bytes = status->st_blksize < PHYSICAL_BLOCK_MAX ? (uint32_t)status->st_blksize : PHYSICAL_BLOCK_MAX;
	else if (ioctl(fd, BLKPBSZGET, &bytes) < 0)
		bytes = 0;
	return file_probe_power_of_two(bytes) && bytes > block_bytes ? bytes : block_bytes;
}

uint32_t file_probe_discard_granularity_bytes(const struct stat *status, uint32_t block_bytes)
{
	uint64_t bytes = S_ISBLK(status->st_mode) ? file_probe_queue(status->st_rdev, "discard_granularity") :
						    (uint64_t)status->st_blksize;

	return bytes != 0 && bytes % block_bytes == 0 && bytes <= GRANULARITY_MAX ? (uint32_t)bytes : block_bytes;
}

bool file_probe_rotational(const struct stat *status)
{
	return file_probe_queue(S_ISBLK(status->st_mode) ? status->st_rdev : status->st_dev, "rotational") != 0;
}
