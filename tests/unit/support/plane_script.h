/* plane_script: what stands around the runner, played by a script: the control node, the queues' threads, the nodes in
 * /dev, and the clock. It answers as a healthy kernel does but for what it is told to spoil, keeps what was sent, and
 * notes what a server must never do. A wait with nothing at hand is over at once, and the clock jumps by its limit. */
#ifndef PLANE_SCRIPT_H
#define PLANE_SCRIPT_H

#include <stdbool.h>
#include <stdint.h>

#include "refublk.h"

/* What happens to a queue. */
enum plane_queue_fault {
	PLANE_QUEUE_HEALTHY,
	PLANE_QUEUE_NOT_STARTED,    /* queue_start fails */
	PLANE_QUEUE_FAILS_OPENING,  /* before it is ready */
	PLANE_QUEUE_FAILS_STARTING, /* while START is in flight */
	PLANE_QUEUE_FAILS_LIVE,
	PLANE_QUEUE_FAILS_STOPPING, /* while STOP or QUIESCE is in flight */
	PLANE_QUEUE_FAULTS
};

/* What happens to a live device when nothing else does. */
enum plane_end {
	PLANE_END_STOP,   /* refublk_stop() */
	PLANE_END_OUTSIDE /* somebody else's STOP: every tag is aborted */
};

struct plane {
	/* what is spoiled */
	uint32_t fault_op;      /* this command… */
	int fault_error;        /* …is answered with this… */
	uint32_t fault_times;   /* …so many times */
	uint32_t held_op;       /* this command is not answered before it is cancelled */
	bool behind_stop;       /* somebody's STOP waits for a queue: END and QUIESCE are answered once the character device is closed */
	bool del_interrupted;   /* the first DEL answers -EINTR, after the removal */
	uint32_t queue_fault;   /* enum plane_queue_fault, */
	uint16_t fault_qid;     /* of this queue */
	uint16_t queues_granted; /* at most */
	uint64_t features;      /* that the kernel has */
	uint64_t dropped;       /* by ADD_DEV, silently */
	bool other_params;      /* GET_PARAMS tells something else than was set */
	uint32_t busy_opens;    /* so many opens of the character device are -EBUSY */
	uint32_t scan_waits;    /* START goes on for so many waits, as with a partition scan */
	uint32_t stop_at;       /* refublk_stop() during this command or wait, counted from 1; 0: never */
	uint32_t end;           /* enum plane_end */
	uint16_t orphan_queues; /* the device exists, has so many queues, and its server is gone; 0: there is none */
	uint64_t orphan_features; /* those that it was made with */
	uint16_t orphan_state;  /* UBLK_S_DEV_* */
	uint32_t queues_full;   /* so many of those that keep what comes become full */
	uint32_t stale;         /* so much earlier than the one in force is the round that they name */
	struct refublk **device;

	/* what was seen */
	char sent[2048];        /* the commands' names in their order, a space after each */
	uint32_t steps;         /* commands and waits */
	uint32_t vain;          /* commands but DEL and GET_DEV_INFO to a device that is not there */
	uint32_t shortest_ms;   /* the shortest limit of a wait */
	const char *violation;  /* NULL: none */
	bool exists;            /* added and not deleted */
	bool stopped;           /* a STOP was sent: since one command is in flight, it is answered before the next */
	bool live;
	bool taken;             /* START_USER_RECOVERY was answered with 0 */
	uint32_t running;       /* queues that were not joined */
	const _Atomic uint64_t *device_bytes; /* what the queues hold requests against */
	uint64_t bytes_at_update; /* that, when UPDATE_SIZE came */
	uint32_t parted;        /* queues that were told to drain, */
	uint32_t kept;          /* to keep what comes, */
	uint32_t taken_up;      /* to take that up, */
	uint32_t left_full;     /* to leave while they kept it */
	uint64_t sectors;       /* that the last UPDATE_SIZE told */
	int char_fd;            /* -1: never opened */
};

/* The script in force; a test sets what is spoiled before it starts a device. */
extern struct plane plane;

/* A kernel that spoils nothing. */
struct plane plane_healthy(void);

/* The same with a device of 1 MiB that has lost its server. */
struct plane plane_orphan(uint16_t queues);

#endif
