/* refublk: serve a Linux block device from userspace.
 *
 * A device is a backend (one const struct of functions) and options. refublk_start() returns when
 * /dev/ublkbN is live; refublk_wait() returns when it is gone; refublk_stop() may be called from
 * anywhere, a signal handler included; refublk_free() ends it.
 *
 * The library installs no signal handler, prints nothing, never exits; what a person should read goes
 * to the log callback. Several devices may live in one process. The process needs CAP_SYS_ADMIN. */
#ifndef REFUBLK_H
#define REFUBLK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define REFUBLK_API __attribute__((visibility("default")))

/* ---- what the kernel asks ------------------------------------------------------------------ */

enum refublk_op {
	REFUBLK_READ,
	REFUBLK_WRITE,
	REFUBLK_FLUSH,        /* no range: offset and length are 0 */
	REFUBLK_DISCARD,      /* content becomes undefined */
	REFUBLK_WRITE_ZEROES, /* content becomes zero */
};

enum refublk_flag {
	REFUBLK_FUA = 1 << 0,     /* durable before it is done (WRITE, WRITE_ZEROES) */
	REFUBLK_NOUNMAP = 1 << 1, /* WRITE_ZEROES keeps the space allocated */
	REFUBLK_META = 1 << 2,    /* hint: file system metadata */
	REFUBLK_SWAP = 1 << 3,    /* hint: swap */
	REFUBLK_FAILFAST = 1 << 4 /* hint: the client prefers an early error to a retry */
};

/* One request, checked: it lies within the device, is a multiple of the block and at most the
 * device's max I/O (DISCARD and WRITE_ZEROES may be longer). */
struct refublk_request {
	uint64_t offset_bytes;
	uint64_t length_bytes;
	uint32_t op;     /* enum refublk_op */
	uint32_t flags;  /* of enum refublk_flag */
	void *memory;    /* READ: to be filled; WRITE: the data; else NULL. The backend's until the request is done. */
	uint64_t token;  /* names the request to refublk_complete() */
};

/* What happened to it. error: 0, or a positive errno. done_bytes: READ and WRITE, all or it is a failure. */
struct refublk_outcome {
	uint64_t done_bytes;
	uint32_t error;
	uint32_t reserved; /* 0 */
};

/* ---- what a backend answers ---------------------------------------------------------------- */

enum refublk_io_op {
	REFUBLK_IO_READ,
	REFUBLK_IO_WRITE,
	REFUBLK_IO_FDATASYNC,
	REFUBLK_IO_FALLOCATE, /* mode in flags */
};

/* An operation that the queue's ring carries out asynchronously. The library never closes fd. */
struct refublk_io {
	uint64_t offset_bytes;
	uint64_t length_bytes;
	void *memory;   /* READ, WRITE: the backend's own or the request's, until resume is called */
	int32_t fd;
	uint32_t op;    /* enum refublk_io_op */
	uint32_t flags; /* READ, WRITE: RWF_*; FALLOCATE: FALLOC_FL_* */
	uint32_t reserved; /* 0 */
};

/* What the backend wants to remember between io and resume: its meaning is the backend's. */
struct refublk_cursor {
	uint64_t done_bytes;
	uint64_t phase;
};

enum refublk_step_kind {
	REFUBLK_STEP_DONE,  /* outcome counts */
	REFUBLK_STEP_IO,    /* io and cursor count; resume is called with its result */
	REFUBLK_STEP_LATER, /* refublk_complete() follows, exactly once, from any thread */
};

struct refublk_step {
	uint32_t kind; /* enum refublk_step_kind */
	uint32_t reserved; /* 0 */
	struct refublk_outcome outcome;
	struct refublk_io io;
	struct refublk_cursor cursor;
};

/* Constructors of steps, so that a backend reads as what it says. In the language that C and C++ share. */
static inline struct refublk_step refublk_step_of(uint32_t kind, uint64_t done_bytes, uint32_t error)
{
	struct refublk_step step = {
		kind, 0, { done_bytes, error, 0 }, { 0, 0, NULL, 0, 0, 0, 0 }, { 0, 0 },
	};

	return step;
}

static inline struct refublk_step refublk_done(uint64_t done_bytes)
{
	return refublk_step_of(REFUBLK_STEP_DONE, done_bytes, 0);
}

/* error_number: a positive errno. */
static inline struct refublk_step refublk_failed(int error_number)
{
	return refublk_step_of(REFUBLK_STEP_DONE, 0, (uint32_t)error_number);
}

static inline struct refublk_step refublk_later(void)
{
	return refublk_step_of(REFUBLK_STEP_LATER, 0, 0);
}

static inline struct refublk_step refublk_io(struct refublk_io io, struct refublk_cursor cursor)
{
	struct refublk_step step = refublk_step_of(REFUBLK_STEP_IO, 0, 0);

	step.io = io;
	step.cursor = cursor;
	return step;
}

/* A backend. Every function gets the backend pointer given to refublk_start() and is called on queue
 * threads, several at a time when there are several queues. It must not block for long: a queue serves
 * nothing else meanwhile. The struct and the request outlive the call; the request outlives the step. */
struct refublk_backend {
	const char *name;
	struct refublk_step (*read)(void *backend, const struct refublk_request *request);
	struct refublk_step (*write)(void *backend, const struct refublk_request *request); /* NULL: the device is read-only */
	struct refublk_step (*flush)(void *backend, const struct refublk_request *request); /* NULL: writes are durable when done */
	struct refublk_step (*discard)(void *backend, const struct refublk_request *request); /* NULL: no discard */
	struct refublk_step (*write_zeroes)(void *backend, const struct refublk_request *request); /* NULL: the kernel writes zeroes */

	/* After each REFUBLK_STEP_IO: io_result is what the system call would return, or -errno. NULL: never io. */
	struct refublk_step (*resume)(void *backend, const struct refublk_request *request,
				      struct refublk_cursor cursor, int64_t io_result);

	/* Get-data mode only: the memory that *is* the device's range [offset, offset + length), or NULL.
	 * A READ is answered out of it and a WRITE is put into it by the kernel, without a copy of ours;
	 * the WRITE then comes with request->memory pointing there. NULL: never lends. */
	void *(*lend)(void *backend, const struct refublk_request *request);

	bool honours_fua; /* write and write_zeroes obey REFUBLK_FUA; else the kernel flushes after them */
	bool reserved[7]; /* false */
};

/* ---- a device ------------------------------------------------------------------------------ */

enum refublk_level { REFUBLK_ERROR, REFUBLK_WARNING, REFUBLK_INFO, REFUBLK_DEBUG };

/* One line without newline. Called from the thread that starts or waits and from queue threads. */
typedef void refublk_log(void *log_context, enum refublk_level level, const char *line);

/* What becomes of the device and of its requests when its server dies, or gives up because a queue has failed. */
enum refublk_recovery {
	REFUBLK_RECOVERY_NONE,    /* the device goes with its server */
	REFUBLK_RECOVERY_WAIT,    /* what the server had not answered fails with EIO, the rest waits for refublk_recover() */
	REFUBLK_RECOVERY_REISSUE, /* all of it waits, and what was not answered comes again: a write may be done twice */
	REFUBLK_RECOVERY_FAIL,    /* all of it fails until refublk_recover(); not on Linux 6.12 */
};

/* What a device shall be. Zero means the default, wherever zero is not a sensible value. */
struct refublk_options {
	uint64_t size_bytes;         /* required, a multiple of the block */
	uint64_t memory_limit_bytes; /* for buffers; default: a quarter of RAM */
	uint32_t block_bytes;        /* logical block: 512, 1024, 2048 or 4096; default 512 */
	uint32_t physical_block_bytes; /* at least the block; default 4096 */
	uint32_t max_io_bytes;       /* per request: 4 KiB (a page) to 32 MiB; default 512 KiB */
	uint32_t queues;             /* 1 to 4096, capped to the possible CPUs; default 1 */
	uint32_t depth;              /* tags per queue, 1 to 4096; default 128 */
	uint32_t discard_granularity_bytes; /* default: the block */
	int32_t id;                  /* device number; -1: the kernel chooses */
	uint32_t recovery;           /* enum refublk_recovery */
	uint32_t reserved;           /* 0 */
	bool read_only;
	bool no_discard;             /* offers neither discard nor write-zeroes, whatever the backend can */
	bool get_data;               /* UBLK_F_NEED_GET_DATA: needed for lend() */
	bool rotational;
	const char *trace_path;      /* NULL: no trace; format in spec/trace.md */
	refublk_log *log;            /* NULL: silent */
	void *log_context;
};

struct refublk;

/* The default options, id -1 included. */
REFUBLK_API struct refublk_options refublk_defaults(void);

/* Creates the device and returns 0 when it is live; *device is then the caller's until refublk_free().
 * *device is set before anything can block, so that a signal handler can stop a start.
 * On failure returns -errno, the reason has been logged, everything is undone and *device is NULL:
 * -EINVAL options out of range; -EOPNOTSUPP the kernel lacks a feature; -ENOENT no ublk driver;
 * -EPERM, -EACCES; -EEXIST the id is taken; -ENOMEM buffers above the limit; -EINTR refublk_stop() came first.
 * options and the strings it names are copied; backend and backend_context must outlive the device. */
REFUBLK_API int refublk_start(struct refublk **device, const struct refublk_options *options,
			      const struct refublk_backend *backend, void *backend_context)
	__attribute__((warn_unused_result));

/* Takes over the device options->id, which was started with a recovery and has lost its server, and returns 0 when it
 * is served again; what was waiting is served from then on. What the device is, the kernel knows: of the options only
 * id, size_bytes (of the backend: at least the device's), memory_limit_bytes, trace_path and the log count. The backend
 * must be able to do what the device offers. Waits, and says so, while the last server has not let go of it yet.
 * On failure returns -errno, the reason has been logged, and the device is as recoverable as before; it is never
 * deleted: -ENODEV there is no such device; -EINVAL it was not made for recovery, was stopped, or does not fit the
 * backend; -EBUSY somebody serves it; else as refublk_start(). */
REFUBLK_API int refublk_recover(struct refublk **device, const struct refublk_options *options,
				const struct refublk_backend *backend, void *backend_context)
	__attribute__((warn_unused_result));

/* Serves until the device is gone: 0 after refublk_stop() or when the kernel's side was stopped by somebody else, -EIO
 * when a queue failed. One that was made for recovery may be left instead: refublk_left(). Call it once, from the thread
 * that called refublk_start() or refublk_recover(). */
REFUBLK_API int refublk_wait(struct refublk *device) __attribute__((warn_unused_result));

/* After refublk_wait(): the device was not deleted, because it was made for recovery and a queue has failed or all its
 * requests were taken back from outside. It waits for refublk_recover(), by this process or another. */
REFUBLK_API bool refublk_left(const struct refublk *device);

/* Asks the device to stop; returns at once. Async-signal-safe, any thread, any number of times. */
REFUBLK_API void refublk_stop(struct refublk *device);

/* After refublk_wait(). NULL is allowed. */
REFUBLK_API void refublk_free(struct refublk *device);

/* Changes the size of a live device, a multiple of its block; what its clients are in the middle of goes on. Any thread,
 * from the return of refublk_start() to the return of refublk_wait(); one call at a time. Returns when the kernel has
 * answered, with its limit: the queues serve meanwhile.
 * To grow, the backend can serve the new size before the call. To shrink, it may let go of the rest after the call;
 * requests that were accepted before may still be under way there, newer ones beyond the end get EIO.
 * 0; or -errno, logged, and the size is what it was: -EINVAL no size for this device; -EOPNOTSUPP the kernel cannot (it
 * lacks UBLK_F_UPDATE_SIZE); -ENODEV the device is not live; -EBUSY another call has not returned; but with -ETIMEDOUT
 * the kernel has not answered in time, and the size is the old one or the new one. */
REFUBLK_API int refublk_resize(struct refublk *device, uint64_t size_bytes) __attribute__((warn_unused_result));

/* Leaves a live device to another process, whose refublk_recover() serves it next; its clients see a pause and no error. Any
 * thread, from the return of refublk_start() or refublk_recover() to the return of refublk_wait(); returns at once. What is
 * open is answered, what comes waits; then the queues end, refublk_wait() returns 0, and the device stays as it is. The
 * backend must have done what it has answered: nothing of it may be left to this process.
 * Where the kernel lacks UBLK_F_QUIESCE, as 6.12 does, nothing holds requests back but queues that are full of them: whoever
 * asks then reads the disk, on each queue with as many reads at a time as it has tags. What is not full within 10 s is
 * served on, and refublk_wait() does not return.
 * 0; or -errno, logged, and nothing changes: -EINVAL it was not made for recovery, or to fail requests meanwhile;
 * -EOPNOTSUPP REFUBLK_RECOVERY_WAIT where the kernel lacks UBLK_F_QUIESCE: what the last server has in its hands would fail. */
REFUBLK_API int refublk_hand_over(struct refublk *device) __attribute__((warn_unused_result));

/* Finishes a request whose step was REFUBLK_STEP_LATER; any thread. Nothing else of this header may be called from a
 * thread that is not the one that started the device, but refublk_stop(), refublk_resize() and refublk_hand_over(). */
REFUBLK_API void refublk_complete(struct refublk *device, uint64_t token, struct refublk_outcome outcome);

/* Of a live device; strings live until refublk_free(). */
REFUBLK_API int refublk_id(const struct refublk *device);
REFUBLK_API const char *refublk_block_path(const struct refublk *device); /* /dev/ublkbN */
REFUBLK_API const char *refublk_char_path(const struct refublk *device);  /* /dev/ublkcN */

/* The version of the library, such as "0.1.0". */
REFUBLK_API const char *refublk_version(void);

#ifdef __cplusplus
}
#endif

#endif
