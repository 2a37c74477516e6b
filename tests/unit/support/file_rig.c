#include "file_rig.h"

#include <check.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include "backend.h"

/* How many interruptions a request meets at most: the machine overcomes them. */
enum { INTERRUPTIONS_MAX = 12 };

static void file_rig_log(void *context, enum refublk_level level, const char *line)
{
	struct file_rig *rig = context;
	size_t used = strlen(rig->said);

	rig->errors += level == REFUBLK_ERROR;
	snprintf(rig->said + used, sizeof(rig->said) - used, "%s\n", line);
}

void file_rig_make(struct file_rig *rig, const char *below)
{
	memset(rig, 0, sizeof(*rig));
	snprintf(rig->folder, sizeof(rig->folder), "%s/refublk-test.XXXXXX", below);
	ck_assert_ptr_nonnull(mkdtemp(rig->folder));
	snprintf(rig->path, sizeof(rig->path), "%s/disk.img", rig->folder);
}

void file_rig_remove(struct file_rig *rig)
{
	DIR *entries = opendir(rig->folder);
	struct dirent *entry;

	file_rig_close(rig);
	while (entries && (entry = readdir(entries)))
		(void)unlinkat(dirfd(entries), entry->d_name, 0);
	if (entries)
		closedir(entries);
	ck_assert_int_eq(rmdir(rig->folder), 0);
}

void file_rig_truncate(const struct file_rig *rig, uint64_t size_bytes)
{
	int fd = open(rig->path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(ftruncate(fd, (off_t)size_bytes), 0);
	close(fd);
}

int file_rig_open(struct file_rig *rig, struct file_options options)
{
	struct log log = { .function = file_rig_log, .context = rig };
	int error;

	if (!options.path)
		options.path = rig->path;
	if (!options.block_bytes)
		options.block_bytes = 512;
	rig->said[0] = '\0';
	rig->errors = 0;
	rig->granule_bytes = options.block_bytes;
	error = file_open(&rig->file, &options, &rig->facts, log);
	ck_assert((rig->file != NULL) == (error == 0));
	rig->backend = error ? NULL : file_backend(rig->file);
	return error;
}

void file_rig_close(struct file_rig *rig)
{
	file_close(rig->file);
	rig->file = NULL;
}

static int64_t file_rig_result(int64_t result)
{
	return result < 0 ? -errno : result;
}

static int64_t file_rig_move(const struct refublk_io *io, uint64_t length_bytes)
{
	struct iovec piece = { .iov_base = io->memory, .iov_len = length_bytes };

	if (io->op == REFUBLK_IO_READ)
		return file_rig_result(preadv2(io->fd, &piece, 1, (off_t)io->offset_bytes, (int)io->flags));
	return file_rig_result(pwritev2(io->fd, &piece, 1, (off_t)io->offset_bytes, (int)io->flags));
}

/* Moves less than all; through O_DIRECT that is less by whole granules, or is reported as less by some bytes. */
static int64_t file_rig_move_short(const struct file_rig *rig, const struct refublk_io *io)
{
	uint64_t granule = rig->facts.direct ? rig->granule_bytes : 1;
	uint64_t granules = io->length_bytes / granule;
	int64_t result;

	if (granules < 2)
		return file_rig_move(io, io->length_bytes);
	result = file_rig_move(io, (1 + seed_below(rig->trouble, granules)) * granule);
	if (rig->facts.direct && result >= 2 * (int64_t)granule)
		result -= (int64_t)seed_below(rig->trouble, granule);
	return result;
}

static int64_t file_rig_perform(struct file_rig *rig, const struct refublk_request *request,
				const struct refublk_io *io, uint32_t *interruptions)
{
	uint64_t trouble = rig->trouble ? seed_below(rig->trouble, 8) : UINT64_MAX;

	rig->operations++;
	if (trouble < 2 && (*interruptions)++ < INTERRUPTIONS_MAX)
		return trouble == 0 ? -EINTR : -EAGAIN;
	switch ((enum refublk_io_op)io->op) {
	case REFUBLK_IO_READ:
	case REFUBLK_IO_WRITE:
		return trouble < 5 ? file_rig_move_short(rig, io) : file_rig_move(io, io->length_bytes);
	case REFUBLK_IO_FDATASYNC:
		return file_rig_result(fdatasync(io->fd));
	case REFUBLK_IO_FALLOCATE:
		if (trouble < 4 && request->op == REFUBLK_WRITE_ZEROES)
			return -EOPNOTSUPP;
		return file_rig_result(fallocate(io->fd, (int)io->flags, (off_t)io->offset_bytes, (off_t)io->length_bytes));
	}
	return -EOPNOTSUPP;
}

struct refublk_outcome file_rig_do(struct file_rig *rig, uint32_t op, uint32_t flags, uint64_t offset_bytes,
				   uint64_t length_bytes, void *memory)
{
	struct refublk_request request = {
		.offset_bytes = offset_bytes,
		.length_bytes = length_bytes,
		.op = op,
		.flags = flags,
		.memory = memory,
	};
	struct refublk_step step = backend_begin(rig->backend, rig->file, &request);
	uint32_t interruptions = 0;

	while (step.kind == REFUBLK_STEP_IO) {
		int64_t result = file_rig_perform(rig, &request, &step.io, &interruptions);

		step = rig->backend->resume(rig->file, &request, step.cursor, result);
	}
	ck_assert_uint_eq(step.kind, REFUBLK_STEP_DONE);
	return step.outcome;
}

uint32_t file_rig_descriptor_flags(const struct file_rig *rig)
{
	struct stat wanted, status;
	unsigned int flags = 0;
	bool found = false;

	ck_assert_int_eq(stat(rig->path, &wanted), 0);
	for (int fd = 3; fd < 256 && !found; fd++) {
		found = fstat(fd, &status) == 0 && status.st_ino == wanted.st_ino && status.st_dev == wanted.st_dev;
		if (found)
			flags = (unsigned int)fcntl(fd, F_GETFL);
	}
	ck_assert(found);
	return flags;
}
