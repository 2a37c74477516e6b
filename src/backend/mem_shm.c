#include "mem_shm.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

enum { MEM_SHM_FILE_BYTES = sizeof(MEM_SHM_PREFIX) + MEM_SHM_NAME_MAX };

bool mem_shm_name_good(const char *name)
{
	static const char good[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-";
	size_t length = strlen(name);

	return length > 0 && length <= MEM_SHM_NAME_MAX && strspn(name, good) == length;
}

static void mem_shm_file(const char *name, char file[MEM_SHM_FILE_BYTES])
{
	snprintf(file, MEM_SHM_FILE_BYTES, MEM_SHM_PREFIX "%s", name);
}

int mem_shm_folder(void)
{
	int fd = open(MEM_SHM_FOLDER, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct statfs status;

	if (fd < 0)
		return -errno;
	if (fstatfs(fd, &status) == 0 && status.f_type == TMPFS_MAGIC)
		return fd;
	close(fd);
	return -ENOTSUP;
}

/* The file becomes the disk's, or is closed. */
static int mem_shm_serve(struct mem **mem, int fd, uint64_t size_bytes, int error)
{
	if (!error && flock(fd, LOCK_EX | LOCK_NB) < 0)
		error = errno == EWOULDBLOCK ? -EBUSY : -errno;
	if (!error)
		error = mem_open_file(mem, fd, size_bytes, MEM_ROOM_BYTES);
	if (error)
		close(fd);
	return error;
}

int mem_shm_make(struct mem **mem, int folder_fd, const char *name, uint64_t size_bytes)
{
	char file[MEM_SHM_FILE_BYTES];
	int fd;

	*mem = NULL;
	mem_shm_file(name, file);
	if (faccessat(folder_fd, file, F_OK, AT_SYMLINK_NOFOLLOW) == 0)
		return -EEXIST;
	fd = openat(folder_fd, ".", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
	if (fd < 0)
		return -errno;
	return mem_shm_serve(mem, fd, size_bytes, 0);
}

int mem_shm_publish(const struct mem *mem, int folder_fd, const char *name)
{
	char file[MEM_SHM_FILE_BYTES], source[32];

	mem_shm_file(name, file);
	snprintf(source, sizeof(source), "/proc/self/fd/%d", mem_fd(mem));
	return linkat(AT_FDCWD, source, folder_fd, file, AT_SYMLINK_FOLLOW) < 0 ? -errno : 0;
}

int mem_shm_open(struct mem **mem, int folder_fd, const char *name, uint64_t *size_bytes)
{
	char file[MEM_SHM_FILE_BYTES];
	struct stat status;
	int fd, error;

	*mem = NULL;
	mem_shm_file(name, file);
	fd = openat(folder_fd, file, O_RDWR | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	error = fstat(fd, &status) < 0 ? -errno : 0;
	if (!error && (!S_ISREG(status.st_mode) || status.st_size <= 0))
		error = -ENOTSUP;
	if (!error)
		*size_bytes = (uint64_t)status.st_size;
	return mem_shm_serve(mem, fd, (uint64_t)status.st_size, error);
}

int mem_shm_remove(int folder_fd, const char *name)
{
	char file[MEM_SHM_FILE_BYTES];

	mem_shm_file(name, file);
	return unlinkat(folder_fd, file, 0) < 0 && errno != ENOENT ? -errno : 0;
}
