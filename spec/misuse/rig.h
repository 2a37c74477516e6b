/* rig: one device of a running kernel, brought where a test wants it. */
#ifndef MISUSE_RIG_H
#define MISUSE_RIG_H

#include <stdbool.h>
#include <stdint.h>

#include "driver.h"
#include "server.h"

/* Which kernel runs: one that has no column is held against the newest, which is said. Opens the control plane; ends the
 * program with status 2 when that cannot be. */
uint32_t rig_begin(void);
void rig_end(void);

extern uint32_t rig_kernel, rig_id;

/* Of a page of ublk's: GET_FEATURES. */
uint64_t rig_features(void);

/* ADD_DEV of one queue with any number; recovery: enum driver_recovery. 0 or -errno. */
int rig_add(uint32_t recovery, bool get_data, uint32_t depth);

/* SET_PARAMS; bad: with a section that is never accepted. */
int rig_set_params(bool bad);

int rig_open(void);

/* Sends a FETCH as it should be: SERVER_NOTHING when it is taken. */
int rig_fetch(uint16_t tag, uint64_t address);

/* The tag's buffer in the server's memory. */
uint64_t rig_own(uint16_t tag);

/* START_DEV, and reads of the partition scan are served. 0 or -errno. */
int rig_start(void);

/* STOP_DEV, likewise. */
int rig_stop(void);

/* Takes a completion, if there is one within wait_ms: a request is answered as a disk full of zeroes would, -ENODEV is
 * counted in rig_cancels. False when there is none. */
bool rig_serve(int wait_ms);
extern unsigned int rig_cancels;

/* Of the WRITEs that rig_serve() has answered, since ADD_DEV. */
extern uint64_t rig_written_bytes;

/* Serves until the command's answer is there; -ETIME after wait_ms. */
int rig_answer(int slot, int wait_ms);

/* The state that GET_DEV_INFO shows; negative: -errno. */
int rig_condition(void);

/* Ends whatever there is of the device. Ends the program with status 2 when it cannot be removed. */
void rig_clear(void);

#endif
