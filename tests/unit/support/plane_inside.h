/* plane_inside: what the two halves of plane_script share. */
#ifndef PLANE_INSIDE_H
#define PLANE_INSIDE_H

#include "plane_script.h"
#include "uapi.h"

/* The device's number. */
enum { PLANE_ID = 7 };

/* A server must never do this; the first rule that is broken is kept. */
void plane_breach(const char *rule);

/* No queue runs, none has failed. */
void plane_queue_reset(void);

bool plane_queue_failed(void);

/* Every queue that was started has fetched its tags, and none has failed. */
bool plane_queue_all_ready(void);

/* The fault of this moment, if its queue runs. fault: enum plane_queue_fault. */
void plane_queue_spoil(uint32_t fault);

/* The driver retires every tag. */
void plane_queue_retire_all(void);

#endif
