/* sync: writes back what the page cache and a file system on the disk still hold. The kernel's wait for it cannot be
 * ended, so it runs on a thread of its own and its caller waits for a word, as long as it likes. */
#ifndef REFUBLK_SYNC_H
#define REFUBLK_SYNC_H

/* Begins; /dev/ublkbN is opened and closed again. The descriptor, the caller's, gets one byte when it is over:
 * SYNC_DONE or SYNC_FAILED. -errno: it could not be begun. */
enum { SYNC_DONE = 'd', SYNC_FAILED = 'f' };
int sync_begin(const char *block_path);

#endif
