/* plane: control commands to a running kernel, raw: any number, any fields. One outstanding command per slot; no call
 * waits longer than it is told. */
#ifndef MISUSE_PLANE_H
#define MISUSE_PLANE_H

#include <stdbool.h>
#include <stdint.h>

#include "uapi.h"

enum { PLANE_SLOTS = 8, PLANE_PATIENCE_MS = 20000 };

/* Opens /dev/ublk-control and makes the ring. Ends the program with status 2 when it cannot. */
void plane_open(void);
void plane_close(void);

/* Sends a command; its slot, until it was answered. */
int plane_send(uint32_t op, struct ublksrv_ctrl_cmd payload);

/* Waits up to wait_ms for the answer of a slot: false when there is none yet. The slot is then free. */
bool plane_answer(int slot, int wait_ms, int *result);

/* Asks io_uring to cancel a slot's command; its answer is waited for as any other. */
void plane_cancel(int slot);

/* Sends and waits; -ETIME when there is no answer within PLANE_PATIENCE_MS: then the kernel hangs. */
int plane_call(uint32_t op, struct ublksrv_ctrl_cmd payload);

/* The payload of a command without more than a number. */
struct ublksrv_ctrl_cmd plane_payload(uint32_t dev_id);

#endif
