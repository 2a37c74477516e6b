/* What dm-log-writes has recorded of a device: writes, discards and flushes in the order in which they became safe. */
#ifndef WRITELOG_H
#define WRITELOG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define WRITELOG_SECTOR_BYTES 512u

/* Flags of an entry. A flush stands after the writes that it made durable; a write with FUA where it ended. */
#define WRITELOG_FLUSH 1u
#define WRITELOG_FUA 2u
#define WRITELOG_DISCARD 4u
#define WRITELOG_MARK 8u

struct writelog_entry {
	uint64_t sector, sectors;	/* of 512 bytes, on the device; 0 sectors for a flush or mark alone */
	uint64_t flags;
	const uint8_t *data;		/* NULL for a discard; the log's */
};

struct writelog {
	struct writelog_entry *entries;
	size_t count;
	uint8_t *bytes;			/* the whole log */
	size_t size_bytes;
};

/* Of the device or file that dm-log-writes wrote to. False, with the reason printed. */
bool writelog_open(struct writelog *log, const char *path);
void writelog_close(struct writelog *log);

#endif
