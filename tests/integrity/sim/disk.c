#include "disk.h"

#include <err.h>
#include <errno.h>
#include <linux/falloc.h>
#include <linux/fs.h>
#include <stdlib.h>
#include <string.h>

enum { DISK_SECTOR_BYTES = 512, DISK_CACHE_FIRST = 64, DISK_CACHE_MAX = 4096 };

struct disk_change {
	uint64_t offset_bytes;
	uint64_t length_bytes;
	unsigned char *data;
	bool durable;
};

struct disk {
	unsigned char *now;         /* what a read finds */
	unsigned char *safe;        /* what is there after a power cut whatever happens; NULL: does not remember */
	uint64_t size_bytes;
	struct disk_change *cache;  /* what has changed since, in order */
	uint64_t folded;            /* changes that went from the cache into `safe` so far */
	uint32_t count;
	uint32_t room;              /* of the cache, in changes */
};

static void *disk_memory(size_t count, size_t bytes)
{
	void *memory = calloc(count, bytes);

	if (!memory)
		err(3, "no memory for the disk");
	return memory;
}

struct disk *disk_open(uint64_t size_bytes, bool remembers)
{
	struct disk *disk = disk_memory(1, sizeof(*disk));

	disk->size_bytes = size_bytes;
	disk->now = disk_memory(size_bytes, 1);
	if (remembers)
		disk->safe = disk_memory(size_bytes, 1);
	return disk;
}

void disk_put(struct disk *disk, uint64_t offset_bytes, const unsigned char *data, uint64_t length_bytes)
{
	memcpy(disk->now + offset_bytes, data, length_bytes);
	if (disk->safe)
		memcpy(disk->safe + offset_bytes, data, length_bytes);
}

static void disk_fold(struct disk *disk, uint32_t count)
{
	uint32_t i;

	/* Nothing was remembered: there may be no cache. */
	if (count == 0)
		return;
	for (i = 0; i < count; i++) {
		struct disk_change *change = &disk->cache[i];

		memcpy(disk->safe + change->offset_bytes, change->data, change->length_bytes);
		free(change->data);
	}
	disk->count -= count;
	disk->folded += count;
	memmove(disk->cache, disk->cache + count, disk->count * sizeof(*disk->cache));
}

void disk_close(struct disk *disk)
{
	if (!disk)
		return;
	disk_fold(disk, disk->count);
	free(disk->cache);
	free(disk->safe);
	free(disk->now);
	free(disk);
}

static void disk_make_room(struct disk *disk)
{
	disk->room = disk->room ? 2 * disk->room : DISK_CACHE_FIRST;
	disk->cache = reallocarray(disk->cache, disk->room, sizeof(*disk->cache));
	if (!disk->cache)
		err(3, "no memory for the disk's cache");
}

/* The range holds its new content already. */
static void disk_remember(struct disk *disk, uint64_t offset_bytes, uint64_t length_bytes, bool durable)
{
	struct disk_change *change;

	if (!disk->safe || length_bytes == 0)
		return;
	/* A disk may write back when it likes. */
	if (disk->count == DISK_CACHE_MAX)
		disk_fold(disk, DISK_CACHE_MAX / 2);
	if (disk->count == disk->room)
		disk_make_room(disk);
	change = &disk->cache[disk->count++];
	*change = (struct disk_change){ offset_bytes, length_bytes, disk_memory(length_bytes, 1), durable };
	memcpy(change->data, disk->now + offset_bytes, length_bytes);
}

uint64_t disk_mark(const struct disk *disk)
{
	return disk->folded + disk->count;
}

uint64_t disk_unflushed(const struct disk *disk)
{
	return disk->count;
}

void disk_flushed(struct disk *disk, uint64_t mark)
{
	if (mark > disk->folded)
		disk_fold(disk, (uint32_t)(mark - disk->folded));
}

static int32_t disk_fallocate(struct disk *disk, const struct refublk_io *io)
{
	uint32_t kept = FALLOC_FL_KEEP_SIZE;

	if (io->flags != (kept | FALLOC_FL_PUNCH_HOLE) && io->flags != (kept | FALLOC_FL_ZERO_RANGE))
		return -EINVAL;
	memset(disk->now + io->offset_bytes, 0, io->length_bytes);
	disk_remember(disk, io->offset_bytes, io->length_bytes, false);
	return 0;
}

int32_t disk_carry_out(struct disk *disk, const struct refublk_io *io, uint64_t length_bytes)
{
	if (io->offset_bytes > disk->size_bytes || io->length_bytes > disk->size_bytes - io->offset_bytes)
		return -EINVAL;
	switch ((enum refublk_io_op)io->op) {
	case REFUBLK_IO_READ:
		memcpy(io->memory, disk->now + io->offset_bytes, length_bytes);
		return (int32_t)length_bytes;
	case REFUBLK_IO_WRITE:
		memcpy(disk->now + io->offset_bytes, io->memory, length_bytes);
		disk_remember(disk, io->offset_bytes, length_bytes, (io->flags & RWF_DSYNC) != 0);
		return (int32_t)length_bytes;
	case REFUBLK_IO_FALLOCATE:
		return disk_fallocate(disk, io);
	case REFUBLK_IO_FDATASYNC:
		return 0;
	}
	return -EINVAL;
}

/* How much of a write that was not flushed is there afterwards. */
static uint64_t disk_survives(const struct disk_change *change, struct choice *choice)
{
	uint32_t sectors = (uint32_t)(change->length_bytes / DISK_SECTOR_BYTES);

	if (change->durable)
		return change->length_bytes;
	switch (choice_below(choice, 3)) {
	case 0:
		return 0;
	case 1:
		return change->length_bytes;
	}
	return (uint64_t)choice_below(choice, sectors + 1) * DISK_SECTOR_BYTES;
}

void disk_cut(struct disk *disk, struct choice *choice)
{
	uint32_t i;

	for (i = 0; i < disk->count; i++)
		disk->cache[i].length_bytes = disk_survives(&disk->cache[i], choice);
	disk_fold(disk, disk->count);
	memcpy(disk->now, disk->safe, disk->size_bytes);
}
