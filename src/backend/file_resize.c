#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "file_inside.h"
#include "file_probe.h"

static int file_resize_refused(const struct file *file, struct log log, uint64_t size_bytes, int error, const char *why)
{
	log_say(log, REFUBLK_ERROR, "cannot make %s %llu bytes long: %s", file->path, (unsigned long long)size_bytes, why);
	return error;
}

static int file_resize_disk(const struct file *file, uint64_t size_bytes, struct log log)
{
	const int64_t found_bytes = file_probe_size(file->config.fd);

	if (found_bytes >= 0 && (uint64_t)found_bytes >= size_bytes)
		return 0;
	return file_resize_refused(file, log, size_bytes, -ENOSPC, "the block device is smaller: enlarge it first");
}

/* A write that was under way when the file was cut may have made it longer again: what it left goes first. */
static int file_resize_regular(struct file *file, uint64_t before_bytes, uint64_t size_bytes, struct log log)
{
	int error = 0;

	if (file->read_only)
		return file_resize_refused(file, log, size_bytes, -EROFS, "it is served read-only");
	if (file->cut && size_bytes > before_bytes && ftruncate(file->config.fd, (off_t)before_bytes) != 0)
		error = -errno;
	if (!error && ftruncate(file->config.fd, (off_t)size_bytes) != 0)
		error = -errno;
	file->cut = file->cut || size_bytes < before_bytes;
	return error ? file_resize_refused(file, log, size_bytes, error, strerror(-error)) : 0;
}

int file_resize(struct file *file, uint64_t size_bytes, struct log log)
{
	const uint64_t before_bytes = atomic_load(&file->size_bytes);
	struct stat status;
	int error = fstat(file->config.fd, &status) < 0 ? -errno : 0;

	if (error)
		return file_resize_refused(file, log, size_bytes, error, strerror(-error));
	/* First, when it shrinks: an operation that is under way then meets the end, and that is no news. */
	if (size_bytes < before_bytes)
		atomic_store(&file->size_bytes, size_bytes);
	error = S_ISREG(status.st_mode) ? file_resize_regular(file, before_bytes, size_bytes, log) :
					  file_resize_disk(file, size_bytes, log);
	atomic_store(&file->size_bytes, error ? before_bytes : size_bytes);
	return error;
}
