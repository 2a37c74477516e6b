#include "disk.h"

#include <errno.h>
#include <string.h>

#include "null.h"
#include "say.h"
#include "size.h"
#include "start.h"
#include "units.h"

const char *disk_backend_name(uint32_t command)
{
	if (command == OPTIONS_ADD_FILE || command == OPTIONS_UBLK_FILE)
		return "file";
	return command == OPTIONS_ADD_NULL ? "null" : "mem";
}

static bool disk_is_file(const struct options *options)
{
	return strcmp(disk_backend_name(options->command), "file") == 0;
}

static const struct refublk_backend *disk_plain_backend(const struct options *options)
{
	return options->command == OPTIONS_ADD_NULL ? &null_backend : &mem_backend;
}

int disk_check(const struct options *options, struct log log)
{
	struct refublk_options device = options->device;

	/* Only opening the file tells its size; every size that passes will do until then. */
	if (disk_is_file(options) && device.size_bytes == 0)
		device.size_bytes = UINT64_C(1) << 30;
	device.log = log.function;
	device.log_context = log.context;
	return start_check(&device, disk_plain_backend(options)) ? SAY_USAGE : SAY_OK;
}

static int disk_open_mem(struct disk *disk, const struct options *options)
{
	char size[SIZE_TEXT_BYTES];
	int error = mem_open(&disk->mem, options->device.size_bytes);

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
		.size_bytes = device->size_bytes,
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
	*disk = (struct disk){ 0 };
	if (disk_is_file(options))
		return disk_open_file(disk, options, log);
	if (options->command != OPTIONS_ADD_NULL)
		return disk_open_mem(disk, options);
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

void disk_close(struct disk *disk)
{
	mem_close(disk->mem);
	file_close(disk->file);
}
