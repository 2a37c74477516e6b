/* handover: which devices can change their server without an error to their clients, and how where there is no QUIESCE.
 *
 * There, 6.12, the driver takes its commands back when the server leaves, even such as a request is on its way to: a panic.
 * So none may be with the driver then. The queues keep what comes; whoever asked brings as many requests as there are tags;
 * and once every tag is the server's, nothing more can come. Then the server leaves, and with REISSUE all of it comes again to
 * the next one. What is not full in time is taken up, and the device is served on. */
#ifndef REFUBLK_HANDOVER_H
#define REFUBLK_HANDOVER_H

#include <stdbool.h>
#include <stdint.h>

struct refublk;

/* flags: the kernel's, of the device. 0; or -EINVAL, -EOPNOTSUPP as refublk_hand_over() says, and *why is what stands
 * against it, to follow "cannot be handed over: ". */
int handover_check(uint64_t flags, const char **why) __attribute__((warn_unused_result));

/* Of such a device: the queues have to be filled. */
bool handover_fills(uint64_t flags);

/* ---- for the runner, on its thread ---------------------------------------------------------- */

/* It was asked for, and the device is live. True: DEVICE_HAND_OVER follows; else the queues fill from now on. */
bool handover_begin(struct refublk *device);

/* A queue is full, in the round that it names. True: it was the last one, and DEVICE_HAND_OVER follows. */
bool handover_full(struct refublk *device, uint32_t parting);

/* How long handover_check_time() may wait; CONTROL_FOREVER: nothing fills. */
uint32_t handover_due_ms(const struct refublk *device);

/* After each event: what was not full in time, or ends in another way, keeps nothing any more. */
void handover_check_time(struct refublk *device);

#endif
