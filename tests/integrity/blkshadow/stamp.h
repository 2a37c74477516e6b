/*
 * The content of a written sector. Its first 64 bytes are a stamp that says where the sector comes from; the rest is a
 * function of the stamp, so a sector can be made again, compared, and found intact, from its stamp alone. The stamp's
 * checksum covers the stamp; the fill needs none, since the stamp determines it.
 */
#ifndef STAMP_H
#define STAMP_H

#include <stdbool.h>
#include <stdint.h>

#include "operation.h"

#define STAMP_MAGIC 0x53424b31u

struct stamp {
	uint32_t magic;
	uint32_t checksum;		/* of everything after it in the stamp */
	uint64_t run;			/* one execution of the program, never the same twice */
	uint64_t seed;
	uint64_t sector;		/* where it belongs */
	uint32_t operation;
	uint32_t generation;		/* counts the attempts of one execution: a repeated attempt writes new content */
	uint32_t device;
	uint32_t piece;			/* which sector of its request */
	uint32_t pieces;		/* sectors of the request */
	uint32_t reserved[3];
};

/* What all sectors of one attempt share. */
struct stamp_identity {
	uint64_t run;
	uint64_t seed;
	uint32_t generation;
	uint32_t device;
};

/* Writes the 512 bytes that `operation` puts into `sector`, which lies in its range. */
void stamp_write(const struct stamp_identity *identity, const struct operation *operation, uint64_t sector, void *out);

/* Fills a whole request's buffer. */
void stamp_fill(const struct stamp_identity *identity, const struct operation *operation, void *buffer);

/* Does `data` hold exactly what stamp_write would write? */
bool stamp_matches(const struct stamp_identity *identity, const struct operation *operation, uint64_t sector,
		   const void *data);

/* Copies the stamp out of `data`; false when it is none, or its checksum is wrong. */
bool stamp_read(const void *data, struct stamp *stamp);

/* Is the sector a stamp followed by the fill that belongs to it? */
bool stamp_intact(const void *data);

bool stamp_is_zero(const void *data);

/* 64 bits that stand for a sector's content. */
uint64_t stamp_hash(const void *data);

/* That of a sector of zeroes. */
uint64_t stamp_zero_hash(void);

/* In how many bits two sectors differ. */
unsigned stamp_distance_bits(const void *one, const void *other);

#endif
