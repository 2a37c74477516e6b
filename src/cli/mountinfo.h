/* mountinfo: one line of /proc/PID/mountinfo. */
#ifndef REFUBLK_MOUNTINFO_H
#define REFUBLK_MOUNTINFO_H

#include <stdbool.h>
#include <stdint.h>

/* The strings lie in the line and live as long as it. */
struct mountinfo {
	uint32_t id;
	uint32_t parent_id;
	uint32_t major;
	uint32_t minor;
	const char *point;  /* where, seen from the process's root */
	const char *type;   /* ext4, … */
	const char *source; /* what the mount call named, a device's path in general */
};

/* Cuts the line into pieces and undoes the kernel's octal escapes in place. false: no line of mountinfo. */
bool mountinfo_parse(char *line, struct mountinfo *mount);

/* \040 and its like become the character they stand for, in place. */
void mountinfo_unescape(char *text);

#endif
