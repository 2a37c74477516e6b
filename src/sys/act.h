/* act: carries out one action of the control plane's machine for one device. */
#ifndef REFUBLK_ACT_H
#define REFUBLK_ACT_H

#include "run.h"

/* action: enum device_action. Returns the event that followed at once (a command that could not be sent, queues that had
 * ended already), or DEVICE_EVENTS: whatever follows comes through the control plane's wait. Failures leave their
 * -errno in device->last_error, and what the errno does not say is logged. */
uint32_t act_carry_out(struct refublk *device, uint32_t action);

/* A queue's thread has ended or is about to: joins it. */
void act_join_queue(struct refublk *device, uint16_t qid);

/* DEVICE_QUEUES_ENDED, once, when the queues were told to end and the last one has; the character device is then closed.
 * Else DEVICE_EVENTS. */
uint32_t act_ended(struct refublk *device);

/* queue_part() for all queues. */
void act_part_queues(struct refublk *device, uint32_t parting);

#endif
