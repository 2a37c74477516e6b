/* run: one device's runner. It feeds the control plane's machine (core/device) with what happens and carries out
 * what the machine answers, one action each; it holds no rule of its own. One thread, from first call to last. */
#ifndef REFUBLK_RUN_H
#define REFUBLK_RUN_H

#include <stdatomic.h>

#include "control.h"
#include "device.h"
#include "log.h"
#include "node.h"
#include "params.h"
#include "queue.h"
#include "refublk.h"

/* What the public API calls a device. public.c fills in what is above the line. */
struct refublk {
	struct control *control;
	const struct refublk_backend *backend;
	void *backend_context;
	struct queue **queues;       /* as many as were asked for; NULL: not running */
	struct log log;
	struct params_config config; /* accepted; queues becomes what was granted */
	_Atomic uint64_t size_bytes; /* what requests are held against: config's until it is resized */
	atomic_bool resizing;        /* a call of refublk_resize() is under way */
	int report_read_fd;          /* non-blocking, both ends */
	int report_write_fd;
	int trace_fd;                /* -1: no trace */
	atomic_bool hand_over_wanted; /* likewise, by refublk_hand_over() */
	atomic_bool stop_wanted;     /* set by refublk_stop(), which then sends one report and no second */
	/* ---- */
	struct ublksrv_ctrl_dev_info info; /* the kernel's, while a command is in flight */
	struct ublk_params params;         /* the kernel's, while a command is in flight */
	struct device_state state;
	uint64_t phase_begin_ms;
	uint64_t said_ms;            /* when it was last said what is waited for, or the phase's begin */
	uint64_t timer_begin_ms;     /* from here the phase's limit or the pause counts */
	uint32_t queues_running;
	uint32_t queues_ready;
	uint32_t queues_full;        /* while filling */
	uint32_t fill_parting;       /* the round: a multiple of SERVE_PARTINGS */
	uint64_t fill_begin_ms;
	bool filling;                /* the queues keep what comes, for a hand-over: see handover.h */
	bool ending;                 /* told to leave or joined: the end of the last one is an event */
	bool deleted;                /* DEL was sent */
	int char_fd;                 /* -1: closed */
	int last_error;              /* of the command or action carried out last: -errno */
	int failure;                 /* what a failed start or device is reported as; 0: none */
	char block_path[NODE_PATH_BYTES];
	char char_path[NODE_PATH_BYTES];
};

/* From nothing until the device is live or all is undone. */
void run_start(struct refublk *device);

/* The same for a device that exists; info and params are the kernel's already. */
void run_recover(struct refublk *device);

/* The device is live: waits until /dev/ublkbN is there, with a limit after which a warning is said, or until it ends. */
void run_find_block(struct refublk *device);

/* The device is live: where it was made for recovery, it outlives this server from now on. */
void run_keep(struct refublk *device);

/* Until nothing is left of the device. */
void run_to_end(struct refublk *device);

#endif
