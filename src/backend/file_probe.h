/* file_probe: what an open file or block device can do, asked without changing it. */
#ifndef REFUBLK_FILE_PROBE_H
#define REFUBLK_FILE_PROBE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/stat.h>

/* Its size, or -errno. */
int64_t file_probe_size(int fd);

/* What addresses, offsets and lengths must be multiples of for O_DIRECT; 0: not possible, or nobody knows. */
uint64_t file_probe_direct_align(int fd, uint32_t block_bytes);

/* Holes can be punched. fd is writable; size_bytes is a multiple of the block. */
bool file_probe_punches(int fd, const struct stat *status, uint64_t size_bytes, uint32_t block_bytes);

/* The logical block of a block device; 1 for a regular file, which takes anything. */
uint32_t file_probe_block_bytes(int fd, const struct stat *status);

/* A block device that takes no writes: some let themselves be opened for writing all the same. */
bool file_probe_refuses_writes(int fd, const struct stat *status);

/* What struct file_facts calls by the same names. */
uint32_t file_probe_physical_block_bytes(int fd, const struct stat *status, uint32_t block_bytes);
uint32_t file_probe_discard_granularity_bytes(const struct stat *status, uint32_t block_bytes);
bool file_probe_rotational(const struct stat *status);

#endif
