/* The world "control": the control plane of a server (core/device) and the driver's device (spec/driver), with a
 * queue that opens, fetches, serves and ends, an operator who may stop at any time, a contender who stops and deletes
 * the same device, and a process that may be killed. control.pml chooses; here it happens, and is judged. */
#ifndef MODEL_CONTROL_H
#define MODEL_CONTROL_H

#include <stdbool.h>
#include <stdint.h>

#include "device.h"
#include "driver.h"

enum control_queue {
	CONTROL_NO_QUEUE,
	CONTROL_OPENS,
	CONTROL_FETCHES,
	CONTROL_FETCHED,  /* all, and not yet said */
	CONTROL_SERVES,
	CONTROL_JOINS,    /* serves until its tags are retired, then ends */
	CONTROL_LEAVES,   /* ends now */
	CONTROL_BROKEN,   /* cannot go on, and serves nothing; not yet told to leave */
};

/* Who waits for an answer. */
enum control_caller { CONTROL_SERVER = 1, CONTROL_CONTENDER = 2 };

struct control_world {
	struct device_state server;
	struct driver_device_state driver;
	uint8_t kernel;
	uint8_t alive;     /* the server's process */
	uint8_t queue;     /* enum control_queue */
	uint8_t taken;     /* 1: commands of the queue were taken back, and it has not said so */
	uint8_t command;   /* enum driver_device_event + 1: of the server, not yet at the driver; 0: none */
	uint8_t cancel;    /* 1: its START or END is to be cancelled */
	uint8_t pausing;   /* 1: comes back with DEADLINE */
	uint8_t contender; /* 0: idle; 1: STOP sent, 2: STOP answered, 3: DEL sent, 4: over */
	uint8_t behind;    /* 1: the contender's command waits for a mutex */
	uint8_t stops;     /* of enum control_caller: who waits for the answer of STOP */
	uint8_t deletes;   /* and of DEL */
	uint8_t wanted;    /* 1: the operator wants it down */
	uint8_t died;      /* 1: the end of its rings is known to the driver */
	uint8_t kills;     /* see control_begin() */
	uint8_t contends;
	uint8_t refusals;  /* how many commands may still be refused before the driver takes them */
	uint8_t hurried;   /* 1: a contender's STOP met a device that was being started */
};

extern struct control_world control;

/* kills, contends: 1: this may happen. What may always happen would hide that nothing else can. */
void control_begin(uint32_t kernel, uint32_t kills, uint32_t contends);

bool control_may_begin(void);
const char *control_starts(void);
bool control_may_send(void);
const char *control_send(void);
bool control_may_refuse(uint32_t event);
const char *control_refuse(uint32_t event);
bool control_may_cancel(void);
const char *control_cancel(void);
bool control_may_retry(void);
const char *control_retry(void);
bool control_may_stop(void);
const char *control_stop(void);

bool control_may_queue(void);
const char *control_queue_goes_on(void);
bool control_may_break(void);
const char *control_break(void);
bool control_may_tell(void);
const char *control_tell(void);

/* An event of the driver that needs no command: DRIVER_IO_ENDED to DRIVER_END_WAKES. */
bool control_may_happen(uint32_t event);
const char *control_happens(uint32_t event);

bool control_may_contend(void);
const char *control_contends(void);

bool control_may_kill(void);
const char *control_kill(void);
bool control_may_bury(void);
const char *control_bury(void);

/* Nothing can happen any more: NULL, or what is left. */
const char *control_rest(void);

#endif
