/* file_rig: a folder, a file in it and the file backend over it, whose steps are carried out by real system calls.
 * On demand they meet trouble that a kernel may make: short results, interruptions, refused fallocate. */
#ifndef REFUBLK_TEST_FILE_RIG_H
#define REFUBLK_TEST_FILE_RIG_H

#include "file_open.h"
#include "seed.h"

struct file_rig {
	char folder[256];
	char path[300];      /* folder/disk.img; nobody has made it yet */
	struct file *file;   /* NULL: not open */
	const struct refublk_backend *backend;
	struct file_facts facts;
	struct seed *trouble;   /* NULL: none */
	uint32_t granule_bytes; /* short results of O_DIRECT are about multiples of it: the block */
	char said[4096];      /* all lines, each with a newline */
	uint32_t errors;      /* of them, the ones at REFUBLK_ERROR */
	uint32_t operations;
};

/* below: a folder that exists. */
void file_rig_make(struct file_rig *rig, const char *below);

/* Closes the file and removes what lies in the folder, and the folder. */
void file_rig_remove(struct file_rig *rig);

/* Makes the file, or makes it as long: a hole where there was nothing. */
void file_rig_truncate(const struct file_rig *rig, uint64_t size_bytes);

/* file_open() of options; no path means rig->path, no block 512. */
int file_rig_open(struct file_rig *rig, struct file_options options);
void file_rig_close(struct file_rig *rig);

/* One request to its end. */
struct refublk_outcome file_rig_do(struct file_rig *rig, uint32_t op, uint32_t flags, uint64_t offset_bytes,
				   uint64_t length_bytes, void *memory);

/* The flags of the descriptor that has the file open, as the kernel tells them. */
uint32_t file_rig_descriptor_flags(const struct file_rig *rig);

#endif
