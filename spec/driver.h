/* driver: ublk_drv as its server meets it, the mirror image of core/tag and core/device.
 *
 * An oracle: it shares nothing with src/, and is judged by real kernels. Read from ublk_drv.c of
 * Linux 6.12.107, 7.2.12 and 7.3.4. Pure, by value, total; states have no padding.
 *
 * One tag: unfetched -> active -> arrived -> owned -> active -> …, and by get-data
 * arrived -> owned_get_data -> copying -> owned. One device: absent -> present -> absent.
 *
 * Left out, since no server here asks for them: user copy, zero copy, automatic buffers, shared memory,
 * batch I/O, zones, integrity, unprivileged devices. */
#ifndef SPEC_DRIVER_H
#define SPEC_DRIVER_H

#include <stdbool.h>
#include <stdint.h>

enum driver_kernel { DRIVER_6_12, DRIVER_7_2, DRIVER_7_3, DRIVER_KERNELS };

/* The errno numbers that it answers, positive. */
enum driver_errno {
	DRIVER_EINTR = 4,
	DRIVER_EIO = 5,
	DRIVER_EACCES = 13,
	DRIVER_EBUSY = 16,
	DRIVER_EEXIST = 17,
	DRIVER_ENODEV = 19,
	DRIVER_EINVAL = 22,
	DRIVER_EOPNOTSUPP = 95,
	DRIVER_EREMOTEIO = 121,
};

enum driver_verdict {
	DRIVER_POSSIBLE,
	DRIVER_IMPOSSIBLE, /* this event cannot be in this state: nothing changes */
	DRIVER_UNDEFINED,  /* the kernel lets it through and breaks its own invariants (WARN or worse) */
	DRIVER_VERDICTS
};

/* What the device promises to requests when its server goes. */
enum driver_recovery {
	DRIVER_NO_RECOVERY,
	DRIVER_RECOVERY,         /* USER_RECOVERY */
	DRIVER_RECOVERY_REISSUE, /* + USER_RECOVERY_REISSUE */
	DRIVER_RECOVERY_FAIL_IO, /* + USER_RECOVERY_FAIL_IO: 7.x; 6.12 drops the bit, see driver_recovery_granted() */
	DRIVER_RECOVERIES
};

/* ---- one tag ------------------------------------------------------------------------------- */

enum driver_mode {
	DRIVER_PLAIN,    /* WRITE data is copied before the server hears of the request */
	DRIVER_GET_DATA, /* NEED_GET_DATA was granted */
	DRIVER_MODES
};

enum driver_phase {
	DRIVER_UNFETCHED,      /* no command yet in this round */
	DRIVER_ACTIVE,         /* holds a command as a fetch; no request */
	DRIVER_ARRIVED,        /* the same, and a request waits for the daemon's task work */
	DRIVER_OWNED,          /* the server's, by a completion with 0 */
	DRIVER_OWNED_GET_DATA, /* the server's, by a completion with 1: only NEED_GET_DATA is taken */
	DRIVER_COPYING,        /* holds NEED_GET_DATA. 6.12: until the task work; 7.x: DISPATCH_… follows at once */
	DRIVER_CANCELLED,      /* the command has completed with -ENODEV; 6.12: a request may still await its abort */
	DRIVER_ORPHANED,       /* the server died owning it; the request has been ended by the driver */
	DRIVER_PHASES
};

enum driver_op {
	DRIVER_NO_REQUEST,
	DRIVER_READ,
	DRIVER_WRITE,
	DRIVER_OTHER, /* FLUSH, DISCARD, WRITE_ZEROES: moves no data */
	DRIVER_OPS
};

/* Whose memory an address is. The driver does not know, but keeps what it was given. */
enum driver_address {
	DRIVER_NO_ADDRESS,
	DRIVER_OWN,  /* the tag's buffer */
	DRIVER_LENT, /* the backend's memory */
	DRIVER_ADDRESSES
};

struct driver_tag_state {
	uint8_t phase;   /* enum driver_phase */
	uint8_t op;      /* enum driver_op, of the open request */
	uint8_t address; /* enum driver_address, of the last command that was taken */
};

enum driver_tag_kind {
	/* Commands by the task that may send them. `address` counts for these, up to GET_DATA. */
	DRIVER_FETCH,             /* while tags are still to be fetched (6.12: of this queue; 7.x: of the device) */
	DRIVER_FETCH_READY,       /* when all are */
	DRIVER_FETCH_STOPPING,    /* 7.3: after a STOP, until the character device is released */
	DRIVER_COMMIT_DONE,       /* result: the request's length; FLUSH and its like: 0 or more */
	DRIVER_COMMIT_ABOVE,      /* READ, WRITE: above the length */
	DRIVER_COMMIT_SHORT,      /* READ, WRITE: below the length, above 0; or a READ whose memory is readable in part */
	DRIVER_COMMIT_ZERO,       /* READ, WRITE: 0 */
	DRIVER_COMMIT_UNREADABLE, /* READ: above 0, but nothing can be read at the address */
	DRIVER_COMMIT_FAILED,     /* below 0 */
	DRIVER_ASK_DATA,          /* NEED_GET_DATA */
	DRIVER_UNKNOWN,           /* a command number of type 'u' that is none */
	DRIVER_FOREIGN,           /* a command of another type */
	DRIVER_OUT_OF_RANGE,      /* of a queue or tag that is none */
	DRIVER_STRANGER,          /* any but FETCH, by another task than the daemon, when ready */
	DRIVER_STRANGER_FETCH,    /* FETCH by another task than the daemon, when ready */
	/* What happens in the kernel. */
	DRIVER_ARRIVE_READ,       /* the block layer starts a request on this tag */
	DRIVER_ARRIVE_WRITE,
	DRIVER_ARRIVE_OTHER,
	DRIVER_DISPATCH,          /* the daemon's task work; what must be copied is */
	DRIVER_DISPATCH_PART,     /* some of it: nr_sectors is lowered, down to 0 */
	DRIVER_DISPATCH_NONE,     /* nothing of it */
	DRIVER_DISPATCH_EXITING,  /* the daemon is exiting */
	DRIVER_CANCEL,            /* STOP (after the disk is gone), QUIESCE, or the ring's end takes the command */
	DRIVER_SERVER_DEAD,       /* 6.12: the queue's first cancel; 7.x: the character device's release */
	DRIVER_RESET,             /* a new round of fetching. 6.12: START_USER_RECOVERY; 7.x: after the release */
	DRIVER_TAG_KINDS
};

struct driver_tag_event {
	uint8_t kind;    /* enum driver_tag_kind */
	uint8_t address; /* enum driver_address; DRIVER_NO_ADDRESS where it does not count */
};

enum driver_answer {
	DRIVER_SILENT,    /* no completion */
	DRIVER_COMPLETES, /* the command that is held, with `result`: 0, 1 or -ENODEV */
	DRIVER_REFUSES,   /* the command that was just sent, with `result`: -errno; nothing else changes */
	DRIVER_ANSWERS
};

enum driver_request {
	DRIVER_REQUEST_STAYS,   /* as it is, or there is none */
	DRIVER_REQUEST_DONE,
	DRIVER_REQUEST_FAILED,  /* with the committed errno, or EIO */
	DRIVER_REQUEST_AGAIN,   /* all of it is requeued, perhaps on another tag */
	DRIVER_REQUEST_REST,    /* a part is done, the rest is requeued */
	DRIVER_REQUEST_LOST,    /* said to be done, though a part is not */
	DRIVER_REQUEST_UNSERVED, /* no server has seen it: see driver_fate() */
	DRIVER_REQUEST_ORPHANED, /* its server has died: see driver_fate() */
	DRIVER_REQUESTS
};

enum driver_moves {
	DRIVER_MOVES_NOTHING,
	DRIVER_MOVES_IN,       /* the request's data to the address */
	DRIVER_MOVES_IN_PART,
	DRIVER_MOVES_OUT,      /* from the address into the request */
	DRIVER_MOVES_OUT_PART,
	DRIVER_MOVES
};

struct driver_tag_step {
	struct driver_tag_state state;
	uint8_t answer;   /* enum driver_answer */
	int16_t result;   /* 0, 1 or -errno */
	uint8_t request;  /* enum driver_request */
	uint8_t moves;    /* enum driver_moves; the address is that of `state`, which a command sets first */
	uint8_t verdict;  /* enum driver_verdict */
	uint8_t reserved; /* 0 */
};

struct driver_tag_step driver_tag_step(uint32_t kernel, uint32_t mode, struct driver_tag_state state,
				       struct driver_tag_event event);

/* The fields fit together; not: an op without a request, get-data states in plain mode, and such. */
bool driver_tag_state_valid(uint32_t kernel, uint32_t mode, struct driver_tag_state state);

/* What becomes of a request that is UNSERVED or ORPHANED: FAILED or AGAIN. */
uint32_t driver_fate(uint32_t kernel, uint32_t recovery, uint32_t request);

/* What ADD_DEV makes of the recovery that was asked for. */
uint32_t driver_recovery_granted(uint32_t kernel, uint32_t recovery);

/* ---- one device ---------------------------------------------------------------------------- */

enum driver_there {
	DRIVER_ABSENT,
	DRIVER_PRESENT,
	DRIVER_DELETED, /* its number is taken until the last reference goes */
	DRIVER_THERES
};

enum driver_condition { DRIVER_DEAD, DRIVER_LIVE, DRIVER_QUIESCED, DRIVER_FAILING, DRIVER_CONDITIONS };

enum driver_ready { DRIVER_NONE_FETCHED, DRIVER_SOME_FETCHED, DRIVER_ALL_FETCHED, DRIVER_READIES };

enum driver_disk {
	DRIVER_NO_DISK,
	DRIVER_DISK,
	DRIVER_DISK_LEFT, /* removed, but still open somewhere: counts as used */
	DRIVER_DISKS
};

/* Commands that wait for their answer, as bits. */
enum driver_waiting {
	DRIVER_WAITING_START = 1, /* START_DEV, for the last FETCH */
	DRIVER_WAITING_END = 2,   /* END_USER_RECOVERY, likewise */
	DRIVER_WAITING_STOP = 4,  /* the removal of the disk, for requests and write-back; holds the device's mutex */
	DRIVER_WAITING_DEL = 8,   /* DEL_DEV, for references. With STOP: it stops the device first and holds the mutex of all devices */
	DRIVER_WAITINGS = 16
};

/* Seen as a device with one queue: on 6.12 START_USER_RECOVERY asks for one complete queue, not for all. */
struct driver_device_state {
	uint8_t there;     /* enum driver_there */
	uint8_t condition; /* enum driver_condition: what GET_DEV_INFO shows */
	uint8_t recovery;  /* enum driver_recovery, as granted */
	uint8_t params;    /* 1: SET_PARAMS was accepted */
	uint8_t open;      /* 1: the character device is, or its release is not over */
	uint8_t ready;     /* enum driver_ready */
	uint8_t disk;      /* enum driver_disk */
	uint8_t cancelled; /* 1: commands of this round were taken back; requests are not delivered */
	uint8_t stopping;  /* 1 (7.3): the server that has it open is turned away */
	uint8_t stranded;  /* 1 (6.12): commands outlive their server, and with them its open file, until a STOP or DEL takes them back */
	uint8_t waiting;   /* of enum driver_waiting */
};

enum driver_device_event {
	DRIVER_ADD, /* the four ask for the recovery of the same order */
	DRIVER_ADD_RECOVERY,
	DRIVER_ADD_REISSUE,
	DRIVER_ADD_FAIL_IO,
	DRIVER_ADD_BAD,            /* what ADD_DEV refuses by itself */
	DRIVER_SET_PARAMS,
	DRIVER_SET_PARAMS_BAD,
	DRIVER_OPEN,               /* open() of the character device */
	DRIVER_FETCHED,            /* a FETCH, not the last one */
	DRIVER_FETCHED_LAST,
	DRIVER_START,
	DRIVER_START_NO_PID,       /* pid 0 or below */
	DRIVER_START_WRONG_PID,    /* not the opener's; before the last FETCH it waits as DRIVER_START does */
	DRIVER_START_RECOVERY,
	DRIVER_END_RECOVERY,
	DRIVER_END_WRONG_PID,      /* not the opener's; before the last FETCH it waits as DRIVER_END_RECOVERY does */
	DRIVER_STOP,
	DRIVER_TRY_STOP,           /* nobody has the disk open */
	DRIVER_TRY_STOP_HELD,      /* somebody has */
	DRIVER_QUIESCE,            /* the feature was granted */
	DRIVER_UPDATE_SIZE,
	DRIVER_DEL,
	DRIVER_SERVER_DIED,        /* its rings have ended; the character device may be held by others */
	DRIVER_DIED_FETCHING,      /* the same, when the last queue that was begun is fetched in part */
	DRIVER_RELEASE,            /* the last reference to the open character device has gone */
	DRIVER_IO_ENDED,           /* what the removal of the disk waits for is over */
	DRIVER_DISK_CLOSED,        /* the last holder of a removed disk has let go */
	DRIVER_REFERENCES_GONE,    /* nothing holds a deleted device any more */
	DRIVER_START_WAKES,        /* the waiting command finds what it waits for */
	DRIVER_END_WAKES,
	DRIVER_INTERRUPT_START,    /* a signal or a cancel reaches the waiting command */
	DRIVER_INTERRUPT_END,
	DRIVER_INTERRUPT_DEL,
	DRIVER_DEVICE_EVENTS
};

enum driver_reply {
	DRIVER_REPLY_NONE,  /* no command of this kind is answered by this event */
	DRIVER_REPLY_NOW,   /* the command that was just sent, with `result` */
	DRIVER_REPLY_WAITS, /* it waits; state.waiting says for what */
	DRIVER_REPLY_BEHIND, /* it waits for the mutex that another command holds, or for stranded commands: the same event again, later */
	DRIVER_REPLY_START, /* a waiting START_DEV is answered, with `result` */
	DRIVER_REPLY_END,   /* a waiting END_USER_RECOVERY */
	DRIVER_REPLY_STOP,  /* a waiting STOP_DEV */
	DRIVER_REPLY_DEL,   /* a waiting DEL_DEV */
	DRIVER_REPLIES
};

struct driver_device_step {
	struct driver_device_state state;
	uint8_t reply;   /* enum driver_reply */
	uint8_t verdict; /* enum driver_verdict */
	uint8_t reserved; /* 0 */
	int16_t result;  /* 0 or -errno */
};

/* A command is any event from ADD to DEL. */
struct driver_device_step driver_device_step(uint32_t kernel, struct driver_device_state state, uint32_t event);

/* ---- words of the tables ------------------------------------------------------------------- */

const char *driver_kernel_name(uint32_t kernel);
const char *driver_mode_name(uint32_t mode);
const char *driver_phase_name(uint32_t phase);
const char *driver_op_name(uint32_t op);
const char *driver_address_name(uint32_t address);
const char *driver_tag_kind_name(uint32_t kind);
const char *driver_request_name(uint32_t request);
const char *driver_moves_name(uint32_t moves);
const char *driver_device_event_name(uint32_t event);
const char *driver_reply_name(uint32_t reply);

#endif
