#include "file_open.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "file_holder.h"
#include "file_inside.h"
#include "file_probe.h"

/* How much of a hole that a file system cannot make is written at a time. */
enum { ZEROES_BYTES = 1 << 20 };

/* An attempt, as far as it has come. */
struct opening {
	const struct file_options *options;
	struct log log;
	struct stat status;
	uint64_t size_bytes; /* of the device */
	int fd;              /* -1: not open yet */
	int folder_fd;       /* of a file that was created; else -1 */
	bool created;
};

#define file_open_refuse(opening, ...) log_say((opening)->log, REFUBLK_ERROR, __VA_ARGS__)

static int file_open_missing(struct opening *opening)
{
	const struct file_options *options = opening->options;

	if (options->size_bytes != 0 && !options->read_only) {
		opening->created = true;
		opening->status.st_mode = S_IFREG | S_IRUSR | S_IWUSR;
		return 0;
	}
	file_open_refuse(opening, "%s does not exist: %s", options->path,
			 options->read_only ? "--read-only creates nothing" : "give it a size (--size) to create it");
	return -ENOENT;
}

static int file_open_unwritable(const struct opening *opening, const char *why)
{
	file_open_refuse(opening, "%s cannot be written (%s): make it writable, or serve it with --read-only",
			 opening->options->path, why);
	return -EROFS;
}

static int file_open_check_type(const struct opening *opening)
{
	if (S_ISREG(opening->status.st_mode) || S_ISBLK(opening->status.st_mode))
		return 0;
	file_open_refuse(opening, "%s is %s: name a regular file or a block device", opening->options->path,
			 S_ISDIR(opening->status.st_mode) ? "a directory" : "neither a regular file nor a block device");
	return S_ISDIR(opening->status.st_mode) ? -EISDIR : -ENOTBLK;
}

/* Looks before it opens: to open a tape or a watchdog does something. */
static int file_open_look(struct opening *opening)
{
	const struct file_options *options = opening->options;
	int error;

	if (options->size_bytes % options->block_bytes != 0 || options->size_bytes > INT64_MAX) {
		file_open_refuse(opening, "a size of %llu bytes is no multiple of the block of %u bytes, or too large",
				 (unsigned long long)options->size_bytes, options->block_bytes);
		return -EINVAL;
	}
	if (stat(options->path, &opening->status) < 0) {
		error = -errno;
		if (error == -ENOENT)
			return file_open_missing(opening);
		file_open_refuse(opening, "cannot look at %s: %s", options->path, strerror(-error));
		return error;
	}
	error = file_open_check_type(opening);
	if (error)
		return error;

	/* Root may write to it, but whoever took away every permission to write has said what is wanted. */
	if (!options->read_only && S_ISREG(opening->status.st_mode) &&
	    !(opening->status.st_mode & (S_IWUSR | S_IWGRP | S_IWOTH)))
		return file_open_unwritable(opening, "nobody may write to it");
	return 0;
}

static int file_open_busy(const struct opening *opening)
{
	char holder[FILE_HOLDER_BYTES];

	file_open_refuse(opening, "%s is in use by %s: two writers would destroy it", opening->options->path,
			 file_holder_find(&opening->status, holder));
	return -EBUSY;
}

static int file_open_descriptor(struct opening *opening)
{
	const struct file_options *options = opening->options;
	bool block_device = S_ISBLK(opening->status.st_mode);
	int flags = O_CLOEXEC | O_NOCTTY | (options->read_only ? O_RDONLY : O_RDWR) |
		    (opening->created ? O_CREAT | O_EXCL : 0) | (block_device ? O_EXCL : 0);
	int error;

	opening->fd = open(options->path, flags, S_IRUSR | S_IWUSR);
	if (opening->fd >= 0 && fstat(opening->fd, &opening->status) == 0) {
		if (!options->read_only && file_probe_refuses_writes(opening->fd, &opening->status))
			return file_open_unwritable(opening, "the disk is read-only");
		return file_open_check_type(opening);
	}
	error = -errno;
	if (opening->fd < 0)
		opening->created = false;
	if (error == -EBUSY && block_device)
		return file_open_busy(opening);
	if (!options->read_only && (error == -EROFS || error == -EACCES || error == -EPERM))
		return file_open_unwritable(opening, strerror(-error));
	file_open_refuse(opening, "cannot open %s: %s", options->path, strerror(-error));
	return error;
}

/* O_EXCL has claimed a block device already. */
static int file_open_claim(const struct opening *opening)
{
	struct flock whole = {
		.l_type = opening->options->read_only ? F_RDLCK : F_WRLCK,
		.l_whence = SEEK_SET,
	};
	int error;

	if (S_ISBLK(opening->status.st_mode) || fcntl(opening->fd, F_OFD_SETLK, &whole) == 0)
		return 0;
	error = -errno;
	if (error == -EAGAIN || error == -EACCES)
		return file_open_busy(opening);
	file_open_refuse(opening, "cannot lock %s: %s; its file system must know locks, so that nobody else serves it",
			 opening->options->path, strerror(-error));
	return error;
}

static int file_open_grow(const struct opening *opening)
{
	int error;

	if (ftruncate(opening->fd, (off_t)opening->size_bytes) == 0)
		return 0;
	error = -errno;
	file_open_refuse(opening, "cannot make %s %llu bytes long: %s", opening->options->path,
			 (unsigned long long)opening->size_bytes, strerror(-error));
	return error;
}

/* Settles the size: what there is, or what was asked for where that is larger and can be had. */
static int file_open_size(struct opening *opening)
{
	const struct file_options *options = opening->options;
	unsigned long long found = 0, wanted = options->size_bytes;
	int64_t size_bytes = file_probe_size(opening->fd);

	if (size_bytes < 0) {
		file_open_refuse(opening, "cannot tell the size of %s: %s", options->path, strerror((int)-size_bytes));
		return (int)size_bytes;
	}
	found = (uint64_t)size_bytes;
	opening->size_bytes = wanted ? wanted : found;
	if (file_probe_block_bytes(opening->fd, &opening->status) > options->block_bytes)
		file_open_refuse(opening, "%s has blocks of %u bytes: serve it with --block-size %u or more", options->path,
				 file_probe_block_bytes(opening->fd, &opening->status),
				 file_probe_block_bytes(opening->fd, &opening->status));
	else if (opening->size_bytes == 0)
		file_open_refuse(opening, "%s is empty: give it a size (--size)", options->path);
	else if (wanted && wanted < found)
		file_open_refuse(opening, "%s has %llu bytes, more than the %llu asked for, and is never shortened: "
				 "leave --size out to serve all of it", options->path, found, wanted);
	else if (wanted > found && (options->read_only || S_ISBLK(opening->status.st_mode)))
		file_open_refuse(opening, "%s has %llu bytes, less than the %llu asked for, and cannot grow%s: "
				 "leave --size out to serve all of it", options->path, found, wanted,
				 options->read_only ? " when it is read only" : "");
	else if (opening->size_bytes % options->block_bytes != 0)
		file_open_refuse(opening, "%s has %llu bytes, no multiple of the block of %u: grow it with --size %llu",
				 options->path, found, options->block_bytes,
				 (found / options->block_bytes + 1) * options->block_bytes);
	else
		return wanted > found ? file_open_grow(opening) : 0;
	return -EINVAL;
}

/* A file that we made is on disk before anybody trusts it with data, the folder's entry for it included. */
static int file_open_persist(struct opening *opening)
{
	const char *path = opening->options->path;
	char copy[PATH_MAX];
	int error = 0;

	if (!opening->created)
		return 0;
	if (strlen(path) >= sizeof(copy))
		return -ENAMETOOLONG;
	opening->folder_fd = open(dirname(strcpy(copy, path)), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (opening->folder_fd < 0 || fsync(opening->fd) < 0 || fsync(opening->folder_fd) < 0)
		error = -errno;
	if (error)
		file_open_refuse(opening, "cannot bring the new file %s to disk: %s", path, strerror(-error));
	return error;
}

/* What every request must be a multiple of: with O_DIRECT set, or 1. */
static uint64_t file_open_direct(const struct opening *opening)
{
	const struct file_options *options = opening->options;
	uint64_t align_bytes = options->buffered ? 0 : file_probe_direct_align(opening->fd, options->block_bytes);
	int flags = fcntl(opening->fd, F_GETFL);

	if (options->buffered)
		return 1;
	if (align_bytes != 0 && align_bytes <= options->block_bytes && fcntl(opening->fd, F_SETFL, flags | O_DIRECT) == 0)
		return align_bytes;
	if (align_bytes > options->block_bytes)
		log_say(opening->log, REFUBLK_INFO, "%s goes through the page cache: O_DIRECT would need --block-size %llu",
			options->path, (unsigned long long)align_bytes);
	else
		log_say(opening->log, REFUBLK_INFO, "%s goes through the page cache: its file system has no O_DIRECT",
			options->path);
	return 1;
}

static int file_open_attempt(struct opening *opening)
{
	int error = file_open_look(opening);

	if (!error)
		error = file_open_descriptor(opening);
	if (!error)
		error = file_open_claim(opening);
	if (!error)
		error = file_open_size(opening);
	if (!error)
		error = file_open_persist(opening);
	return error;
}

static void file_open_facts(const struct opening *opening, struct file *file, struct file_facts *facts)
{
	const struct stat *status = &opening->status;
	uint32_t block_bytes = opening->options->block_bytes;

	file->config.fd = opening->fd;
	file->folder_fd = opening->folder_fd;
	file->config.align_bytes = file_open_direct(opening);
	file->log = opening->log;
	file->size_bytes = opening->size_bytes;
	file->read_only = opening->options->read_only;
	file->discard = !file->read_only && file_probe_punches(opening->fd, status, opening->size_bytes, block_bytes);
	*facts = (struct file_facts){
		.size_bytes = opening->size_bytes,
		.physical_block_bytes = file_probe_physical_block_bytes(opening->fd, status, block_bytes),
		.discard_granularity_bytes = file_probe_discard_granularity_bytes(status, block_bytes),
		.rotational = file_probe_rotational(status),
		.discard = file->discard,
		.direct = (fcntl(opening->fd, F_GETFL) & O_DIRECT) != 0,
		.block_device = S_ISBLK(status->st_mode),
		.created = opening->created,
	};
}

/* Memory first: once a file was created or grown nothing of ours can fail any more. The zeroes are one mapping that
 * is only read: all of it is the kernel's zero page and costs nothing. */
static struct file *file_open_make(const char *path)
{
	struct file *file = calloc(1, sizeof(*file));
	void *zeroes = mmap(NULL, ZEROES_BYTES, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);

	if (file && zeroes != MAP_FAILED) {
		file->config.fd = -1;
		file->folder_fd = -1;
		file->config.zeroes = zeroes;
		file->config.zeroes_bytes = ZEROES_BYTES;
		file->path = strdup(path);
		if (file->path)
			return file;
	}
	if (zeroes != MAP_FAILED)
		munmap(zeroes, ZEROES_BYTES);
	free(file);
	return NULL;
}

int file_open(struct file **file, const struct file_options *options, struct file_facts *facts, struct log log)
{
	struct opening opening = { .options = options, .log = log, .fd = -1, .folder_fd = -1 };
	struct file *made = file_open_make(options->path);
	int error;

	*file = NULL;
	if (!made) {
		file_open_refuse(&opening, "cannot open %s: %s", options->path, strerror(ENOMEM));
		return -ENOMEM;
	}
	error = file_open_attempt(&opening);
	if (!error) {
		file_open_facts(&opening, made, facts);
		*file = made;
		return 0;
	}
	if (opening.created && opening.fd >= 0)
		(void)unlink(options->path);
	made->config.fd = opening.fd;
	made->folder_fd = opening.folder_fd;
	file_close(made);
	return error;
}

/* By way of the folder: in a daemon's namespace the path leads nowhere. Whoever has put another file there keeps it. */
void file_undo(struct file *file)
{
	struct stat ours, there;
	char copy[PATH_MAX];
	const char *name;

	if (!file || file->folder_fd < 0)
		return;
	name = basename(strcpy(copy, file->path));
	if (fstat(file->config.fd, &ours) == 0 && fstatat(file->folder_fd, name, &there, AT_SYMLINK_NOFOLLOW) == 0 &&
	    ours.st_dev == there.st_dev && ours.st_ino == there.st_ino)
		(void)unlinkat(file->folder_fd, name, 0);
}

void file_close(struct file *file)
{
	if (!file)
		return;
	/* As long as its device, whatever was under way when it was cut. */
	if (file->cut)
		(void)!ftruncate(file->config.fd, (off_t)atomic_load(&file->size_bytes));
	if (file->config.fd >= 0)
		close(file->config.fd);
	if (file->folder_fd >= 0)
		close(file->folder_fd);
	munmap(file->config.zeroes, file->config.zeroes_bytes);
	free(file->path);
	free(file);
}
