/* One operation on the device: what the plan chooses, the engine carries out and the shadow accounts for. */
#ifndef OPERATION_H
#define OPERATION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define OPERATION_SECTOR_BYTES 512u
#define OPERATION_PAGE_BYTES 4096u
#define OPERATION_PAGE_SECTORS (OPERATION_PAGE_BYTES / OPERATION_SECTOR_BYTES)
/* The three upper bits of a reference are spoken for (cell.h). */
#define OPERATION_NUMBER_MAX ((1u << 29) - 1)

enum operation_kind {
	OPERATION_READ,
	OPERATION_WRITE,
	OPERATION_FLUSH,
	OPERATION_DISCARD,
	OPERATION_ZEROES,
	OPERATION_STRESS,		/* a command of the user's, beside the others (stress.h) */
	OPERATION_KINDS
};

struct operation {
	uint64_t offset_bytes;
	uint64_t length_bytes;		/* 0 without a place */
	uint32_t number;		/* from 1, unique in a run */
	uint32_t job;
	uint32_t stress;		/* of a stress: which one, from 0 */
	enum operation_kind kind;
	bool direct;			/* O_DIRECT or through the page cache */
	bool fua;			/* a write that is durable when it ends */
};

static inline uint64_t operation_first_sector(const struct operation *operation)
{
	return operation->offset_bytes / OPERATION_SECTOR_BYTES;
}

/* One past the last sector. */
static inline uint64_t operation_end_sector(const struct operation *operation)
{
	return (operation->offset_bytes + operation->length_bytes) / OPERATION_SECTOR_BYTES;
}

/* Is it about a range of the device? */
static inline bool operation_has_place(enum operation_kind kind)
{
	return kind != OPERATION_FLUSH && kind != OPERATION_STRESS;
}

/* Does it change what the device holds? */
static inline bool operation_changes(enum operation_kind kind)
{
	return kind == OPERATION_WRITE || kind == OPERATION_DISCARD || kind == OPERATION_ZEROES;
}

const char *operation_kind_name(enum operation_kind kind);

/* "write of 65536 bytes at 4096, direct, fua": for people. Returns `text`. */
const char *operation_describe(const struct operation *operation, char *text, size_t text_bytes);

/* "17 write 4096 65536 direct fua job=0", "18 stress 2 job=0": for files. Returns `text`. */
const char *operation_print(const struct operation *operation, char *text, size_t text_bytes);

/* Reads what operation_print writes; false when it is not that. Ranges are the caller's to check. */
bool operation_parse(const char *text, struct operation *operation);

#endif
