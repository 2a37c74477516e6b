/* handover: which devices can change their server without an error to their clients. */
#ifndef REFUBLK_HANDOVER_H
#define REFUBLK_HANDOVER_H

#include <stdint.h>

/* flags: the kernel's, of the device. 0; or -EINVAL, -EOPNOTSUPP as refublk_hand_over() says, and *why is what stands
 * against it, to follow "cannot be handed over: ". */
int handover_check(uint64_t flags, const char **why) __attribute__((warn_unused_result));

#endif
