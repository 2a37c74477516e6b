/* holders: who uses a disk, so that stopping it would hurt: mounts in any mount namespace that /proc shows, device
 * mapper, md and other stacked devices, loop devices, swap, and processes that have it open. Partitions count.
 * Without root, what other users' processes hold stays unseen. */
#ifndef REFUBLK_HOLDERS_H
#define REFUBLK_HOLDERS_H

#include <stdbool.h>
#include <stdint.h>

enum { HOLDERS_KEPT = 12, HOLDERS_TEXT_BYTES = 192, HOLDERS_LINE_BYTES = 800 };

struct holders {
	uint32_t count;     /* found; the first HOLDERS_KEPT of them have a text */
	uint32_t processes; /* of those, processes that merely have it open */
	char texts[HOLDERS_KEPT][HOLDERS_TEXT_BYTES]; /* such as "mounted on /mnt (ext4)" */
};

/* Of /dev/ublkbN. root: "" on a machine; a folder with a proc and a sys below it in tests. */
void holders_find(const char *root, int32_t id, struct holders *holders);

/* The same, but processes get a moment to go: udev and its like open every new disk and let go of it. */
void holders_settle(int32_t id, struct holders *holders);

/* All of them in one line: "mounted on /mnt (ext4); process 12 (fio) has it open; and 3 more". line:
 * HOLDERS_LINE_BYTES; what does not fit is counted. Returns line. */
const char *holders_line(const struct holders *holders, char *line);

#endif
