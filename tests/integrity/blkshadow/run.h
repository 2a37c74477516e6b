/* One attempt: what its parts share. The engine, the recorder and the sweep work on it, in this order. */
#ifndef RUN_H
#define RUN_H

#include <pthread.h>
#include <stdatomic.h>

#include "findings.h"
#include "journal.h"
#include "modes.h"
#include "port.h"
#include "schedule.h"
#include "shadow.h"
#include "stamp.h"
#include "stress.h"

#define RUN_TROUBLE_BYTES 256

struct run_limits {
	unsigned depth;			/* operations in flight, of each job */
	unsigned seconds;		/* 0: as long as the schedule */
	unsigned stall_seconds;		/* an operation that takes longer means that the device has stalled */
	uint64_t scan_bytes;		/* one read of the recorder and of the sweep */
	bool direct;			/* recorder and sweep bypass the page cache */
	const uint8_t *also;		/* a bit per chunk that is recorded in any case; NULL for none */
	bool record_all;		/* the whole device, not only what the schedule touches and its neighbours */
	bool prelude;			/* fresh content first where a recorded schedule goes */
	bool seal;			/* MD5 over all that is determined, at the end */
	const char *const *stresses;	/* the commands, by number; NULL where the schedule has none */
	bool allow_errors;		/* an operation that fails may have had any part of its effect; the run goes on */
};

struct run_counters {
	_Atomic uint64_t operations[OPERATION_KINDS];
	_Atomic uint64_t written_bytes, read_bytes;
	_Atomic uint64_t compared_bytes;	/* against content that is determined */
	_Atomic uint64_t open_bytes;		/* read, but any content was legal */
	_Atomic uint64_t swept_bytes;		/* of compared_bytes: in the sweep */
	_Atomic uint64_t refused;		/* operations that the device does not have */
	_Atomic uint64_t failed;
	_Atomic uint64_t switches;		/* of pages between direct and buffered */
};

struct run_seal {
	char device[33], shadow[33];	/* MD5, in hexadecimal */
	bool taken;
};

/* For the progress display and for saying where a stall is. */
struct run_progress {
	_Atomic(const char *) phase;
	_Atomic uint64_t done, total;	/* in the phase's own unit: operations or bytes */
};

struct run {
	const struct schedule *schedule;
	struct port *port;
	struct stamp_identity identity;
	struct run_limits limits;
	struct shadow *shadow;
	struct modes *modes;
	struct journal journal;
	struct findings findings;
	struct stress stress;
	struct run_counters counters;
	struct run_progress progress;
	struct run_seal seal;
	bool was_zero;			/* nothing but zeroes was recorded */
	uint8_t *recorded;		/* a bit per chunk of RUN_CHUNK_BYTES: its content before the run is known */
	pthread_mutex_t lock;		/* shadow, modes, journal, findings, stress, cursor, trouble */
	pthread_cond_t changed;
	uint32_t cursor;		/* the next event of a recorded schedule */
	_Atomic bool stopping;
	char trouble[RUN_TROUBLE_BYTES];	/* the first failure of the device; empty when there is none */
	const char *trouble_phase;
	_Atomic bool stalled;
};

#define RUN_CHUNK_BYTES (1u << 20)

static inline bool run_chunk_recorded(const struct run *run, uint64_t chunk)
{
	return run->recorded[chunk / 8] & 1u << chunk % 8;
}

/* Ends the program without memory. Port, schedule and identity stay the caller's. */
void run_open(struct run *run, const struct schedule *schedule, struct port *port,
	      const struct stamp_identity *identity, const struct run_limits *limits);
void run_close(struct run *run);

/* Keeps the first message with the phase, and stops the run. Takes the lock. */
void run_fail(struct run *run, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* The same for who holds the lock. */
void run_fail_locked(struct run *run, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif
