#include "disk.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "mem_shm.h"
#include "null.h"
#include "say.h"
#include "size.h"
#include "start.h"
#include "units.h"

static const struct refublk_backend *disk_plain_backend(const struct options *options)
{
	return options->backend == OPTIONS_NULL ? &null_backend : &mem_backend;
}

static bool disk_is_taken_over(const struct options *options)
{
	return options->command == OPTIONS_RECOVER;
}

int disk_check(const struct options *options, struct log log)
{
	struct refublk_options device = options->device;

	if (options->shm && !mem_shm_name_good(options->shm))
		return say_usage("--shm: \"%s\" is no name: up to %d letters, digits, '.', '_' and '-'", options->shm, MEM_SHM_NAME_MAX);
	if (disk_is_taken_over(options))
		return SAY_OK;
	/* Only opening the file tells its size; every size that passes will do until then. */
	if (options->backend == OPTIONS_FILE && device.size_bytes == 0)
		device.size_bytes = UINT64_C(1) << 30;
	device.log = log.function;
	device.log_context = log.context;
	return start_check(&device, disk_plain_backend(options)) ? SAY_USAGE : SAY_OK;
}

static int disk_shm_failed(const struct options *options, const char *attempt, int error, struct log log)
{
	const char *remedy = error == -EEXIST ? "; another disk has it, or left it: choose another name, or remove the file" :
			     error == -EBUSY  ? "; another server has it" :
			     error == -ENOSPC ? "; its memory is reserved as a whole: enlarge that file system, or choose a smaller --size" :
						"";

	log_say(log, REFUBLK_ERROR, "cannot %s %s/%s%s: %s%s", attempt, MEM_SHM_FOLDER, MEM_SHM_PREFIX, options->shm, strerror(-error), remedy);
	return error == -EEXIST || error == -EBUSY ? SAY_IN_USE : error == -ENOENT ? SAY_USAGE : SAY_FAILED;
}

/* The content outlives the server, so it lies in a file of memory. */
static int disk_open_shm(struct disk *disk, struct options *options, struct log log)
{
	struct refublk_options *device = &options->device;
	int error;

	disk->backend = &mem_backend;
	disk->shm_folder_fd = mem_shm_folder();
	if (disk->shm_folder_fd < 0) {
		log_say(log, REFUBLK_ERROR, "cannot open %s: %s; a tmpfs must be mounted there", MEM_SHM_FOLDER,
			strerror(-disk->shm_folder_fd));
		return SAY_FAILED;
	}
	error = disk_is_taken_over(options) ?
			mem_shm_open(&disk->mem, disk->shm_folder_fd, options->shm, &device->size_bytes) :
			mem_shm_make(&disk->mem, disk->shm_folder_fd, options->shm, device->size_bytes);
	disk->context = disk->mem;
	return error ? disk_shm_failed(options, disk_is_taken_over(options) ? "open" : "make", error, log) : SAY_OK;
}

static int disk_open_mem(struct disk *disk, const struct options *options)
{
	char size[SIZE_TEXT_BYTES];
	int error = mem_open(&disk->mem, options->device.size_bytes, MEM_ROOM_BYTES);

	disk->backend = &mem_backend;
	disk->context = disk->mem;
	if (!error)
		return SAY_OK;
	size_format(options->device.size_bytes, size);
	say_error("cannot map a RAM disk of %s: %s; choose a smaller --size, or allow overcommitment (sysctl vm.overcommit_memory=0)",
		  size, strerror(-error));
	return SAY_FAILED;
}

/* The errors that say "what you ask for cannot be", rather than "it went wrong". */
static int disk_status(int error)
{
	switch (error) {
	case -EBUSY:
		return SAY_IN_USE;
	case -EINVAL:
	case -EISDIR:
	case -ENOTBLK:
	case -EROFS:
	case -ENOENT:
		return SAY_USAGE;
	default:
		return SAY_FAILED;
	}
}

static int disk_open_file(struct disk *disk, struct options *options, struct log log)
{
	struct refublk_options *device = &options->device;
	struct file_options wanted = {
		.path = options->path,
		/* What is taken over is there, and neither made nor grown. */
		.size_bytes = disk_is_taken_over(options) ? 0 : device->size_bytes,
		.block_bytes = device->block_bytes ? device->block_bytes : UNITS_SECTOR_BYTES,
		.read_only = device->read_only,
		.buffered = options->buffered,
	};
	struct file_facts facts;
	int error = file_open(&disk->file, &wanted, &facts, log);

	if (error)
		return disk_status(error);
	disk->backend = file_backend(disk->file);
	disk->context = disk->file;
	device->size_bytes = facts.size_bytes;
	device->physical_block_bytes = facts.physical_block_bytes;
	device->discard_granularity_bytes = facts.discard_granularity_bytes;
	device->rotational = facts.rotational;
	return SAY_OK;
}

int disk_open(struct disk *disk, struct options *options, struct log log)
{
	*disk = (struct disk){ .shm_folder_fd = -1 };
	if (options->backend == OPTIONS_FILE)
		return disk_open_file(disk, options, log);
	if (options->backend == OPTIONS_MEM)
		return options->shm ? disk_open_shm(disk, options, log) : disk_open_mem(disk, options);
	disk->backend = &null_backend;
	return SAY_OK;
}

int disk_resize(struct disk *disk, uint64_t size_bytes, struct log log)
{
	int error = 0;

	if (disk->file)
		return file_resize(disk->file, size_bytes, log);
	if (disk->mem)
		error = mem_resize(disk->mem, size_bytes);
	if (error)
		log_say(log, REFUBLK_ERROR, "the RAM disk cannot have %llu bytes: %s", (unsigned long long)size_bytes,
			strerror(-error));
	return error;
}

int disk_publish(struct disk *disk, const struct options *options, struct log log)
{
	int error = options->shm && !disk_is_taken_over(options) ? mem_shm_publish(disk->mem, disk->shm_folder_fd, options->shm) : 0;

	return error ? disk_shm_failed(options, "name", error, log) : SAY_OK;
}

void disk_remove(struct disk *disk, const struct options *options)
{
	if (options->shm && disk->shm_folder_fd >= 0)
		(void)mem_shm_remove(disk->shm_folder_fd, options->shm);
}

void disk_undo(struct disk *disk)
{
	file_undo(disk->file);
}

void disk_close(struct disk *disk)
{
	mem_close(disk->mem);
	file_close(disk->file);
	if (disk->shm_folder_fd >= 0)
		close(disk->shm_folder_fd);
	*disk = (struct disk){ .shm_folder_fd = -1 };
}
