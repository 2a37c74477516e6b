/* mem_shm: files of memory that keep a RAM disk's content for the next server: MEM_SHM_FOLDER/MEM_SHM_PREFIX NAME.
 *
 * A file has no name until its device is live, so that a death before leaves nothing. Its memory is reserved as a whole.
 * It is locked for one server alone; the lock goes with the server. Logs nothing. */
#ifndef REFUBLK_MEM_SHM_H
#define REFUBLK_MEM_SHM_H

#include <stdbool.h>

#include "mem.h"

#define MEM_SHM_FOLDER "/dev/shm"
#define MEM_SHM_PREFIX "refublk."

enum { MEM_SHM_NAME_MAX = 64 };

/* Up to MEM_SHM_NAME_MAX letters, digits, '.', '_' and '-'. */
bool mem_shm_name_good(const char *name);

/* A descriptor of MEM_SHM_FOLDER, the caller's, or -errno: -ENOTSUP it is no file system of memory. */
int mem_shm_folder(void) __attribute__((warn_unused_result));

/* A disk of zeroes, still without its name. 0, or -errno: -EEXIST the name is taken; -ENOSPC there is not so much memory
 * for files; else as mem_open(). */
int mem_shm_make(struct mem **mem, int folder_fd, const char *name, uint64_t size_bytes) __attribute__((warn_unused_result));

/* Gives it its name: 0, or -errno: -EEXIST somebody was faster. */
int mem_shm_publish(const struct mem *mem, int folder_fd, const char *name) __attribute__((warn_unused_result));

/* The disk that a dead server left, and its size. 0, or -errno: -ENOENT there is none; -EBUSY a server has it; -ENOTSUP it
 * is no file that mem_shm_make() made. */
int mem_shm_open(struct mem **mem, int folder_fd, const char *name, uint64_t *size_bytes) __attribute__((warn_unused_result));

/* 0 or -errno; one that is not there is no error. */
int mem_shm_remove(int folder_fd, const char *name);

#endif
