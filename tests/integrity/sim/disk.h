/* disk: the backing file, in memory, with a volatile cache: what was not flushed can be lost when the power goes. */
#ifndef SIM_DISK_H
#define SIM_DISK_H

#include "choice.h"
#include "refublk.h"

struct disk;

/* All zeroes. remembers: what was not flushed is kept track of, for disk_cut(). Ends the program without memory. */
struct disk *disk_open(uint64_t size_bytes, bool remembers);
void disk_close(struct disk *disk);

/* At first, before anything else: what is there, and durable. */
void disk_put(struct disk *disk, uint64_t offset_bytes, const unsigned char *data, uint64_t length_bytes);

/* Carries out an operation on its first length_bytes: what the system call would return, or -errno. */
int32_t disk_carry_out(struct disk *disk, const struct refublk_io *io, uint64_t length_bytes);

/* Before an operation is under way: what a FDATASYNC that begins now makes durable. */
uint64_t disk_mark(const struct disk *disk);

/* A FDATASYNC that began at the mark has ended. */
void disk_flushed(struct disk *disk, uint64_t mark);

/* The power goes: what was flushed or written durably stays, each later write is kept, dropped, or cut at a sector. */
void disk_cut(struct disk *disk, struct choice *choice);

/* How many writes have not been flushed. */
uint64_t disk_unflushed(const struct disk *disk);

#endif
