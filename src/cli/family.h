/* family: a disk and its partitions, as sysfs shows them. */
#ifndef REFUBLK_FAMILY_H
#define REFUBLK_FAMILY_H

#include <stdbool.h>
#include <stdint.h>

enum { FAMILY_MEMBERS = 64, FAMILY_NAME_BYTES = 32 };

struct family_member {
	uint32_t major;
	uint32_t minor;
	char name[FAMILY_NAME_BYTES]; /* ublkb0, ublkb0p1 */
};

/* The disk comes first. More partitions than fit are left out. */
struct family {
	uint32_t count; /* 0: no such disk */
	struct family_member members[FAMILY_MEMBERS];
};

/* root: as in holders.h. */
void family_find(const char *root, int32_t id, struct family *family);

/* The member with this number, or NULL. */
const struct family_member *family_by_number(const struct family *family, uint32_t major, uint32_t minor);

/* The member whose node in /dev this is, or NULL. */
const struct family_member *family_by_path(const struct family *family, const char *path);

#endif
