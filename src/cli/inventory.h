/* inventory: the ublk devices of this machine: what the kernel has, joined with our state files. */
#ifndef REFUBLK_INVENTORY_H
#define REFUBLK_INVENTORY_H

#include "control.h"
#include "state.h"

enum inventory_phase {
	INVENTORY_LIVE,     /* it serves */
	INVENTORY_DEAD,     /* no disk: not started yet, or stopped */
	INVENTORY_QUIESCED, /* its requests wait for a new server */
	INVENTORY_FAIL_IO,  /* its requests fail until a new server comes */
	INVENTORY_UNKNOWN,  /* the kernel would not say, or says what this program does not know */
	INVENTORY_ABSENT,   /* a state file without a device */
	INVENTORY_PHASES
};

enum inventory_file {
	INVENTORY_NO_FILE,
	INVENTORY_GOOD,     /* it is about this device */
	INVENTORY_FOREIGN,  /* a good file, but of an earlier device of the same number */
	INVENTORY_DAMAGED,
	INVENTORY_FILES
};

struct inventory_device {
	uint64_t size_bytes;   /* of the disk; 0: there is none */
	uint64_t features;     /* the kernel's bits */
	struct state state;    /* counts when file is INVENTORY_GOOD */
	struct process server; /* pid 0: the kernel knows none */
	int32_t id;
	int32_t maker_pid;     /* by its mark; 0: it has none */
	uint32_t phase;        /* enum inventory_phase */
	uint32_t file;         /* enum inventory_file */
	uint32_t queues;
	uint32_t depth_tags;
	uint32_t max_io_bytes;
	bool marked;           /* made by librefublk */
	bool server_alive;
	bool by_command;       /* the server is the refublk program, not another one with the library */
	char why[STATE_WHY_BYTES]; /* what is wrong with a damaged file */
};

/* What the functions below work with. */
struct inventory {
	struct control *control; /* NULL: there is no driver, hence no device */
	struct log log;
	int folder_fd;           /* of the state files; -1: there are none */
	int reserved;            /* 0 */
};

/* What the kernel says of a device, in the words of this file. */
struct inventory_fact {
	uint64_t features;
	uint64_t mark;
	uint32_t phase;
	uint32_t queues;
	uint32_t depth_tags;
	uint32_t max_io_bytes;
	int32_t pid;
	uint32_t reserved; /* 0 */
};

/* Joins what the kernel says (NULL: it has no such device) with what state_read() returned. Pure, but that it asks whether
 * the server's process runs. */
struct inventory_device inventory_join(int32_t id, const struct inventory_fact *fact, int file_error,
				       const struct state *state, const char *why);

/* Ours: its state file agrees with the kernel; or it has the mark, and its file is damaged, its server is gone or its
 * server is the refublk program. What has the mark alone and lives is a program's that uses the library. */
bool inventory_is_ours(const struct inventory_device *device);

/* The kernel has it, and the process that served it is gone. Of a device whose server nobody ever wrote down, this
 * cannot be known. */
bool inventory_is_orphan(const struct inventory_device *device);

/* An orphan that librefublk made to be recovered, with a disk: its requests wait, or fail, until `refublk recover`. */
bool inventory_is_recoverable(const struct inventory_device *device);

/* 0, or -errno, logged: -EACCES and its like. A machine without the driver has no devices: no error. */
int inventory_open(struct inventory *inventory, struct log log) __attribute__((warn_unused_result));
void inventory_close(struct inventory *inventory);

/* Looks one up: 0; -ENODEV there is neither a device nor a file; another -errno, logged. */
int inventory_find(const struct inventory *inventory, int32_t id, struct inventory_device *device)
	__attribute__((warn_unused_result));

/* The ids of all devices and all state files, ascending; returns how many, at most `room`. */
enum { INVENTORY_ROOM = 16384 };
int inventory_ids(const struct inventory *inventory, int32_t *ids, int room);

/* "live", "orphan", …: what `list` shows. */
const char *inventory_phase_name(const struct inventory_device *device);
const char *inventory_file_name(uint32_t file);

#endif
