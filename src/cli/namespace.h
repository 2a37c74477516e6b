/* namespace: a mount namespace that contains nothing.
 *
 * A server must not be the last holder of a mount namespace in which its own device is mounted: its exit would
 * unmount, write back to itself and wait for ever. And a namespace that is merely a copy keeps everybody's mounts
 * alive: a disk would stay busy after its umount. So a daemon's namespace holds a tiny tmpfs and, on it, fresh
 * devtmpfs, proc and sysfs: kernel file systems that keep no disk busy.
 *
 * What keeps its file system busy all the same: the backing file, the trace file, and the program with its
 * libraries, as with any process. */
#ifndef REFUBLK_NAMESPACE_H
#define REFUBLK_NAMESPACE_H

/* Moves the calling process there; before any thread is made. *state_fd: STATE_FOLDER as seen from the old place
 * (made when missing), the caller's, where it lies on a tmpfs, or -1 where holding it would keep a disk busy or it
 * cannot be had. 0, or -errno after one line on stderr; the process must then end. */
int namespace_enter(int *state_fd) __attribute__((warn_unused_result));

#endif
