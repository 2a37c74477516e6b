/* file_world: a little world for the file machine. An array is the file; the world knows what was asked, what came to
 * pass and what is durable, and judges each operation and the outcome by itself. */
#ifndef REFUBLK_TEST_FILE_WORLD_H
#define REFUBLK_TEST_FILE_WORLD_H

#include <check.h>

#include "file.h"

/* The machine does not know what a block is: bytes in pairs keep the domain small enough to exhaust. */
enum { UNIT = 2, UNITS_MAX = 3, LENGTH_MAX = UNIT * UNITS_MAX };
enum { OFFSET = 8, FILE_BYTES = OFFSET + LENGTH_MAX + 4, FD = 77 };

/* As ck_assert, which reports every success to its parent and is too slow for millions of them. */
#define EXPECT(condition)                                                                                              \
	do {                                                                                                           \
		if (!(condition))                                                                                      \
			ck_abort_msg("expected: %s", #condition);                                                      \
	} while (0)

struct file_world {
	unsigned char file[FILE_BYTES];
	unsigned char before[FILE_BYTES];
	bool durable[FILE_BYTES];
	unsigned char memory[LENGTH_MAX];
	unsigned char zeroes[2 * UNIT];
	struct file_config config;
	struct refublk_request request;
	uint32_t operations;
	uint32_t punched; /* operations that succeeded */
	uint32_t synced;
	uint32_t interrupted;
	struct refublk_io last;
	int64_t last_result;
};

/* op over `length` bytes from OFFSET on, of a file whose bytes differ from those in memory. */
void file_world_make(struct file_world *world, uint32_t op, uint32_t flags, uint64_t length,
		     uint64_t align, uint64_t zeroes);

/* An operation moves data between the file and the request's memory, or zeroes, within the request. */
void file_world_check_asked(const struct file_world *world, const struct refublk_io *io);

/* Does what a kernel that returns this result has done. */
void file_world_act(struct file_world *world, const struct refublk_io *io, int64_t result);

/* The request is over: what it says is what came to pass. */
void file_world_check_done(const struct file_world *world, const struct file_step *step);

/* The most operations that the machine promises. */
uint32_t file_world_operations_max(const struct file_world *world);

#endif
