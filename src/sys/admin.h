/* admin: single commands about devices that may be somebody else's, for the command line: whole calls with their
 * retries, late texts and readable reasons. Each needs a control without a command in flight. */
#ifndef REFUBLK_ADMIN_H
#define REFUBLK_ADMIN_H

#include "control.h"

/* All: 0, or -errno, logged with its reason; only -ENODEV (no such device) is not logged, since it is the caller's to
 * judge. -ETIMEDOUT: the kernel has not answered within the limit. Such a command can't be taken back: it stays in
 * flight, the control takes no other, and the process may have to wait for the kernel when it exits. */

int admin_features(struct control *control, struct log log, uint64_t *features) __attribute__((warn_unused_result));

/* Does not wait for a command that works on the device. */
int admin_info(struct control *control, struct log log, uint32_t id, struct ublksrv_ctrl_dev_info *info)
	__attribute__((warn_unused_result));

/* Waits for a STOP under way. */
int admin_params(struct control *control, struct log log, uint32_t id, struct ublk_params *params)
	__attribute__((warn_unused_result));

/* Takes the block device away: waits for I/O under way. Without a disk, or stopped already: 0. */
int admin_stop(struct control *control, struct log log, uint32_t id, uint32_t limit_ms)
	__attribute__((warn_unused_result));

/* Gives the disk another size, a multiple of 512. -EOPNOTSUPP: the kernel cannot. -ENODEV, not logged: there is no disk. */
int admin_resize(struct control *control, struct log log, uint32_t id, uint64_t size_bytes)
	__attribute__((warn_unused_result));

/* Stops and deletes: 0 when the device is gone; each of the two may take limit_ms. Never a DEL before the STOP has
 * answered: a DEL that waits for I/O blocks every device of the machine. A DEL that lasts longer is cancelled
 * (-ETIMEDOUT): the device then vanishes as soon as its last user closes it. */
int admin_del(struct control *control, struct log log, uint32_t id, uint32_t limit_ms)
	__attribute__((warn_unused_result));

#endif
