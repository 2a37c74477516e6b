/* node: the device's nodes in /dev. devtmpfs makes them, udev may rename or open them, anybody may have put
 * something else in their place: so what was opened is looked at. One try each; waiting is the caller's. */
#ifndef REFUBLK_NODE_H
#define REFUBLK_NODE_H

enum { NODE_PATH_BYTES = 32 };

/* Write "/dev/ublkcN" and "/dev/ublkbN". */
void node_char_path(char path[NODE_PATH_BYTES], int id);
void node_block_path(char path[NODE_PATH_BYTES], int id);

/* An open descriptor, the caller's, or -errno: -ENOENT not there yet, -EBUSY somebody has it open, -ENOTTY it is no
 * character device. */
int node_open_char(const char *path) __attribute__((warn_unused_result));

/* 0 when the path is a block device; -ENOENT not there yet, -ENOTBLK something else. Opens nothing. */
int node_find_block(const char *path) __attribute__((warn_unused_result));

#endif
