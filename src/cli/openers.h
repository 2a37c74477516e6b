/* openers: which process has which device node open, as /proc shows it. Processes of other pid namespaces below ours
 * are seen, too; what other users' processes hold is seen by root only. */
#ifndef REFUBLK_OPENERS_H
#define REFUBLK_OPENERS_H

#include <stdbool.h>
#include <stdint.h>

struct openers_node {
	uint32_t major;
	uint32_t minor;
	int32_t pid;
	bool block; /* else a character device */
};

/* One open device node. true: nothing more of this process is wanted. */
typedef bool openers_visit(void *context, struct openers_node node);

/* Visits them all, our own process left out. root: as in holders.h. */
void openers_each(const char *root, openers_visit *visit, void *context);

/* The process that has the character device open, or 0. */
int32_t openers_of_char(uint32_t major, uint32_t minor);

#endif
