/* sim: a ublk device in one thread, with everything around it. spec/driver gets data, memory, virtual time and a
 * scheduler, behind the seam (src/sys/port.h), under the server's own serve.o and backends:
 *
 *   sim_submit → block: split, requeue, tags → kernel: driver_tag_step → port ⇄ serve.o → backend → disk
 *
 * It delays, reorders, splits, copies in part, requeues, takes commands back, kills threads and the daemon, recovers,
 * and cuts the power; it holds what the server does against the rules (spec/rules.md), from the driver's side; and
 * every buffer is poisoned the moment its owner changes. What it does next is decided by one source (choice.h), so a
 * run is a function of its configuration, its operations and that source.
 *
 * client.h puts a workload and blkshadow's shadow on it, trial.h runs a whole life. */
#ifndef SIM_H
#define SIM_H

#include "choice.h"
#include "driver.h"
#include "refublk.h"

struct sim;
struct port_work;
struct port_completion;

enum sim_backend {
	SIM_MEM,   /* src/backend/mem: lends where the mode allows */
	SIM_LATER, /* mem, but every request is answered later, by a letter */
	SIM_FILE,  /* src/backend/file, over a disk with a volatile cache */
	SIM_BACKENDS
};

/* What a planted fault may reach into. Any may be NULL. */
struct sim_hooks {
	/* A backend around the backend; its context is the hooks'. The inner one outlives the device. */
	const struct refublk_backend *(*wrap)(void *context, const struct refublk_backend *inner, void *inner_context);
	/* What the server pushes, before the driver sees it: it may be changed; false: it is swallowed. */
	bool (*push)(void *context, struct sim *sim, uint16_t qid, struct port_work *work);
	/* What the server pops. False: it is swallowed. */
	bool (*pop)(void *context, struct sim *sim, uint16_t qid, struct port_completion *completion);
	/* Nothing has happened for idle_ms. */
	void (*idle)(void *context, struct sim *sim, uint32_t idle_ms);
	/* The server that died is about to be followed by another. */
	void (*recovered)(void *context, struct sim *sim);
};

struct sim_config {
	uint64_t device_bytes;
	uint32_t kernel;       /* enum driver_kernel */
	uint32_t mode;         /* enum driver_mode */
	uint32_t recovery;     /* enum driver_recovery */
	uint32_t backend;      /* enum sim_backend */
	uint32_t queues;
	uint32_t depth_tags;
	uint32_t block_bytes;  /* 512 to 4096 */
	uint32_t max_io_bytes; /* a multiple of a page */
	/* How often, of 1000 times: */
	uint32_t splits;       /* the block layer cuts a request in two */
	uint32_t part_copies;  /* the driver can copy only a part of a WRITE, or nothing */
	uint32_t short_ios;    /* the backing file moves less than asked, or is interrupted */
	uint32_t failed_ios;   /* it fails with EIO */
	uint32_t trickles;     /* the server sees a part of what has completed */
	uint32_t interrupts;   /* a wait ends with EINTR */
	bool filled;           /* the disk holds something everywhere at first: see sim_fill() */
	bool cuts;             /* the disk remembers what a power cut can take */
	bool blind;            /* broken rules are not noticed, only what they lead to */
	const struct sim_hooks *hooks; /* NULL: none; outlives the sim */
	void *hooks_context;
};

/* The first rule that was broken. */
struct sim_breach {
	const char *rule; /* "R12"; NULL: none was */
	char text[200];
};

/* A device that is live; nothing is in flight. Ends the program without memory. choice: the caller's, outlives it. */
struct sim *sim_open(const struct sim_config *config, struct choice *choice);

/* STOP, with what is in flight, and DEL: nothing but sim_close() and figures after it. */
void sim_stop(struct sim *sim);

/* At any time, whatever is in flight. */
void sim_close(struct sim *sim);

const struct sim_breach *sim_breach(const struct sim *sim);

/* What a filled disk holds in a sector at first: 512 bytes that no operation writes. */
void sim_fill(uint64_t sector, unsigned char *data);

/* ---- the block device ---------------------------------------------------------------------- */

enum sim_op { SIM_READ, SIM_WRITE, SIM_FLUSH, SIM_DISCARD, SIM_ZEROES };

/* The caller's, and so is data, until it is reaped. */
struct sim_io {
	uint64_t offset_bytes;
	uint64_t length_bytes; /* 0 for a FLUSH */
	void *data;            /* of READ and WRITE */
	void *owner;           /* the caller's */
	struct sim_io *next;   /* the sim's */
	uint64_t left_bytes;   /* the sim's: pieces that are not done; a FLUSH counts 1 */
	uint32_t op;           /* enum sim_op */
	int32_t error;         /* 0 or -errno, when reaped */
	bool fua;
	bool excused;          /* when reaped: something happened to it that may have failed it */
	bool lost_by_kernel;   /* said to be done, but the driver has lost a part (R52 after a partial copy) */
	bool flushing;         /* the sim's: the data is done, the flush that stands for FUA is under way */
};

void sim_submit(struct sim *sim, struct sim_io *io);

/* One that has ended, or NULL. */
struct sim_io *sim_reap(struct sim *sim);

/* One turn of one queue, and what the kernel does meanwhile. False: nothing can happen any more. */
bool sim_step(struct sim *sim);

/* ---- events -------------------------------------------------------------------------------- */

/* Virtual time passes, and nothing else: nothing that is in flight moves. */
void sim_gap(struct sim *sim, uint32_t gap_ms);
uint64_t sim_clock_ms(const struct sim *sim);

/* The daemon dies at once, or one of its threads does and the others are told to leave; then the device is recovered,
 * or where it promised no recovery made anew over the same backend. */
void sim_kill(struct sim *sim);
void sim_kill_thread(struct sim *sim, uint16_t qid);

/* Another server takes over: after QUIESCE, of a device with recovery; or on 6.12, of one with REISSUE, from queues that keep
 * what comes, unless they take it up again. */
void sim_quiesce(struct sim *sim);

/* STOP and DEL with what is in flight, and the device is made anew over the same backend. */
void sim_restart(struct sim *sim);

/* From now on everything goes the plain way: nothing is decided, nothing fails by itself. */
void sim_calm(struct sim *sim);

/* The power goes: what is in flight fails, and of what the disk has not been told to keep, a part is lost. Config: cuts.
 * Then everything is made anew over the disk. */
void sim_cut(struct sim *sim);

/* ---- figures ------------------------------------------------------------------------------- */

struct sim_counts {
	uint64_t requests;  /* completed through serve */
	uint64_t splits, part_copies, requeues, short_ios, interrupts, letters, lends, reordered;
	uint64_t aborts;    /* completions with -ENODEV */
	uint64_t gaps, kills, thread_kills, quiesces, restarts, cuts, orphans;
};

const struct sim_counts *sim_counts(const struct sim *sim);

/* For hooks: the queue's buffers, from tag 0 on, and the size of each. */
unsigned char *sim_buffer(struct sim *sim, uint16_t qid, uint16_t tag);
uint64_t sim_buffer_bytes(const struct sim *sim);
uint32_t sim_depth(const struct sim *sim);

#endif
