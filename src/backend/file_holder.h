/* file_holder: who has a file or block device that we were refused, for the line that says so. */
#ifndef REFUBLK_FILE_HOLDER_H
#define REFUBLK_FILE_HOLDER_H

#include <sys/stat.h>

enum { FILE_HOLDER_BYTES = 192 };

/* A regular file: the process that has it locked. A block device: a mount of it or of a partition, a device stacked
 * on it, a swap area, or a process that has it open. "process 12 (refublk)", "its mount on /mnt", …; "somebody else"
 * when nobody is found, as without the right to look into other users' processes. Returns text. */
const char *file_holder_find(const struct stat *status, char text[FILE_HOLDER_BYTES]);

#endif
