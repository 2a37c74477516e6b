#include <endian.h>
#include <err.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "writelog.h"

#define MAGIC 0x6a736677736872ull
#define VERSION 1u

/* On the medium, little-endian; each begins a sector of the log, and an entry's data follow in the next. */
struct head {
	uint64_t magic, version, entries;
	uint32_t sector_bytes;
};

struct record {
	uint64_t sector, sectors, flags, mark_bytes;
};

static bool refuse(const char *path, const char *why)
{
	warnx("%s: %s", path, why);
	return false;
}

static bool map(struct writelog *log, const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	off_t end = fd < 0 ? -1 : lseek(fd, 0, SEEK_END);

	if (end > 0)
		log->bytes = mmap(NULL, (size_t)end, PROT_READ, MAP_PRIVATE, fd, 0);
	if (end <= 0 || log->bytes == MAP_FAILED) {
		warn("%s", path);
		log->bytes = NULL;
	}
	if (fd >= 0)
		close(fd);
	log->size_bytes = log->bytes ? (size_t)end : 0;
	return log->bytes != NULL;
}

/* Reads the entry at *at_bytes, which moves on; false when it does not fit into the log. */
static bool read_entry(const struct writelog *log, uint64_t *at_bytes, uint64_t sector_bytes, struct writelog_entry *entry)
{
	uint64_t scale = sector_bytes / WRITELOG_SECTOR_BYTES, data_bytes = 0;
	struct record record;

	if (*at_bytes > log->size_bytes - sector_bytes)
		return false;
	memcpy(&record, log->bytes + *at_bytes, sizeof record);
	*at_bytes += sector_bytes;
	entry->flags = le64toh(record.flags);
	entry->sector = le64toh(record.sector) * scale;
	entry->sectors = entry->flags & WRITELOG_MARK ? 0 : le64toh(record.sectors) * scale;
	if (entry->sectors > log->size_bytes / WRITELOG_SECTOR_BYTES)
		return false;
	if (!(entry->flags & WRITELOG_DISCARD))
		data_bytes = entry->sectors * WRITELOG_SECTOR_BYTES;
	if (data_bytes > log->size_bytes - *at_bytes)
		return false;
	entry->data = data_bytes ? log->bytes + *at_bytes : NULL;
	*at_bytes += data_bytes;
	return true;
}

bool writelog_open(struct writelog *log, const char *path)
{
	uint64_t count, sector_bytes, at_bytes;
	struct head head;

	*log = (struct writelog){0};
	if (!map(log, path))
		return false;
	if (log->size_bytes < 4096)
		return refuse(path, "too short for a log of writes");
	memcpy(&head, log->bytes, sizeof head);
	count = le64toh(head.entries);
	sector_bytes = le32toh(head.sector_bytes);
	if (le64toh(head.magic) != MAGIC || le64toh(head.version) != VERSION)
		return refuse(path, "not a log of dm-log-writes");
	if (sector_bytes < WRITELOG_SECTOR_BYTES || sector_bytes > 4096 || count > log->size_bytes / sector_bytes)
		return refuse(path, "its head is out of range");
	log->entries = calloc(count + 1, sizeof *log->entries);
	if (!log->entries)
		err(3, "no memory for the log");
	for (at_bytes = sector_bytes; log->count < count; log->count++)
		if (!read_entry(log, &at_bytes, sector_bytes, &log->entries[log->count]))
			return refuse(path, "an entry goes beyond its end: was the log device large enough?");
	return true;
}

void writelog_close(struct writelog *log)
{
	free(log->entries);
	if (log->bytes)
		munmap(log->bytes, log->size_bytes);
	*log = (struct writelog){0};
}
