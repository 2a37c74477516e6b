/* The world "control": the control plane of a server (core/device) and the driver's device (spec/driver). The server
 * has queues of one tag each, which open, fetch, serve, may fail at any point and end; an operator may stop it at
 * any time. Two contenders stop, delete and quiesce the same device in any order, and may lose patience. The process
 * may be killed or may hand its device over, and where the device is recoverable another may take over. control.pml chooses; here it happens, and
 * is judged. */
#ifndef MODEL_CONTROL_H
#define MODEL_CONTROL_H

#include <stdbool.h>
#include <stdint.h>

#include "device.h"
#include "driver.h"

#ifndef QUEUES
#define QUEUES 2
#endif
enum { CONTENDERS = 2 };

enum control_queue {
	CONTROL_NO_QUEUE, /* no thread */
	CONTROL_FETCHES,
	CONTROL_FETCHED,  /* and not yet said */
	CONTROL_SERVES,
	CONTROL_SAID_OVER, /* the thread has ended, and its report is under way */
	CONTROL_SAID_FAILED,
};

/* A contender waits for the answer of what it has sent. */
enum control_contender { CONTROL_IDLE, CONTROL_STOPS, CONTROL_STOPPED, CONTROL_DELETES, CONTROL_GONE };

/* Who waits for an answer, as bits; CONTROL_CONTENDER << number. */
enum control_caller { CONTROL_SERVER = 1, CONTROL_CONTENDER = 2 };

struct control_world {
	struct device_state server;
	struct driver_device_state driver;
	uint8_t kernel;
	uint8_t recovery;  /* enum driver_recovery that ADD asks for */
	uint8_t alive;     /* a server's process */
	uint8_t queue[QUEUES];
	uint8_t fetched;   /* queues whose tag the driver has or had in this round, as bits */
	uint8_t taken;     /* queues whose commands were taken back, and that have not said so, as bits */
	uint8_t ready;     /* how many queues have said that they are */
	uint8_t leaves;    /* 1: the queues were told to end now */
	uint8_t drains;    /* 1: they were told to answer what is open, and end */
	uint8_t ending;    /* 1: the character device is to be closed after the last of them */
	uint8_t command;   /* enum driver_device_event + 1: of the server, not yet at the driver; 0: none */
	uint8_t cancel;    /* 1: its START or END is to be cancelled */
	uint8_t pausing;   /* 1: comes back with DEADLINE */
	uint8_t contender[CONTENDERS];
	uint8_t stops;     /* of enum control_caller: who waits for the answer of STOP */
	uint8_t deletes;   /* and of DEL */
	uint8_t wanted;    /* 1: the operator wants it down */
	uint8_t owning;    /* queues whose thread ended owning requests, perhaps, as bits */
	uint8_t dead;      /* 1: the files of a dead process are still open */
	uint8_t closing;   /* 1: the last reference to the character device goes: its requests are ended */
	uint8_t kills;     /* how often a process may still be killed */
	uint8_t contends;  /* how many contenders there are */
	uint8_t quiesces;  /* how many QUIESCE may still be sent */
	uint8_t refusals;  /* how many commands may still be refused before the driver takes them */
	uint8_t handed;    /* 1: the server hands its device over to another */
	uint8_t cleaning;  /* 1: all is over, and somebody stops and deletes the device that is left */
	uint8_t excused;   /* 1: commands were taken back while the device was being started */
};

extern struct control_world control;

/* What may happen in this world: what may always happen would hide that nothing else can. */
struct control_choice {
	uint32_t kernel;
	uint32_t recovery;
	uint32_t kills;
	uint32_t contends;
};
void control_begin(struct control_choice choice);

/* Each pair: may it happen now; let it happen. The second returns NULL, or the property that it breaks. */

bool control_may_begin(void);
const char *control_starts(void);
bool control_may_send(void);
const char *control_send(void);
bool control_may_refuse(uint32_t event);
const char *control_refuse(uint32_t event);
bool control_may_cancel(void);
const char *control_cancel(void);
bool control_may_stop(void);
const char *control_stop(void);
bool control_may_keep(void);
const char *control_keep(void);
bool control_may_hand_over(void);
const char *control_hand_over(void);

/* patient: only where the answer would be another one this time. */
bool control_may_retry(bool patient);
const char *control_retry(void);

bool control_may_fetch(uint32_t queue);
const char *control_fetch(uint32_t queue);
bool control_may_end(uint32_t queue);
const char *control_end(uint32_t queue);
bool control_may_fail(uint32_t queue);
const char *control_fail(uint32_t queue);
bool control_may_strand(uint32_t queue);
const char *control_strand(uint32_t queue);
bool control_may_report(uint32_t queue);
const char *control_report(uint32_t queue);
bool control_may_close(void);
const char *control_close(void);

/* An event of the driver that needs no command: DRIVER_IO_ENDED to DRIVER_END_WAKES. */
bool control_may_happen(uint32_t event);
const char *control_happens(uint32_t event);

/* event: DRIVER_STOP, DRIVER_DEL, DRIVER_QUIESCE, or DRIVER_INTERRUPT_DEL: it no longer waits for its DEL. */
bool control_may_contend(uint32_t contender, uint32_t event);
const char *control_contends(uint32_t contender, uint32_t event);

bool control_may_kill(void);
const char *control_kill(void);
bool control_may_bury(void);
const char *control_bury(void);

/* Nothing else can happen: a server that waits in vain tries again until it gives up; then somebody stops and deletes
 * what is left. */
bool control_goes_on(void);
const char *control_go_on(void);

/* And nothing can happen any more: NULL, or what is wrong. */
const char *control_rest(void);

/* Contenders are alike and queues are alike: of worlds that differ by their names only, one is kept. */
void control_sort(void);

/* For liveness. */
bool control_recovers(void); /* a server takes over, and is neither live nor over */

/* What the files of this world share. */
const char *control_drive(uint32_t event, uint8_t caller); /* caller 0: no command */
const char *control_decide(uint32_t event);
bool control_behind(uint32_t event);
const char *control_release(void); /* of the character device */

#endif
