/* server: a process that owns a character device and its queue's ring, and does exactly what it is told, once, and
 * nothing by itself: no command is sent, no completion taken, without an order. Its ring defers all task work to
 * server_take(), so that a request stays between its arrival and its delivery for as long as one likes. */
#ifndef MISUSE_SERVER_H
#define MISUSE_SERVER_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "uapi.h"

enum { SERVER_DEPTH_MAX = 4, SERVER_IO_BYTES = 8192, SERVER_PATIENCE_MS = 20000, SERVER_NOTHING = 1 << 30 };

/* Memory that both processes see, but for what the server itself may not touch. */
struct server_memory {
	unsigned char own[SERVER_DEPTH_MAX][2 * SERVER_IO_BYTES];
	unsigned char lent[2 * SERVER_IO_BYTES];
	unsigned char torn[2 * SERVER_IO_BYTES]; /* the server can touch the first page of it only */
	unsigned char dark[2 * SERVER_IO_BYTES]; /* nothing */
};

extern struct server_memory *server_memory;

struct server_command {
	uint32_t op;
	uint16_t qid;
	uint16_t tag;
	int32_t result;
	uint32_t sqe_flags;
	uint64_t address;
	uint32_t stranger; /* 1: by another thread of the server, with a ring of its own */
};

struct server_completion {
	int32_t result; /* SERVER_NOTHING: none */
	uint16_t tag;
	struct ublksrv_io_desc desc; /* of the tag, right after the completion */
};

void server_init(void);

/* Starts the process; it opens the device and maps the descriptors. 0 or -errno of its open or mmap; then there is no
 * process. */
int server_start(uint32_t dev_id, uint32_t depth);

bool server_runs(void);
pid_t server_pid(void);

/* SIGKILL, and waits for the end of the process. */
void server_kill(void);

/* Sends a command and looks for a completion of it at once, without letting task work run. A stranger is waited for. */
int32_t server_push(struct server_command command);

/* Lets task work run, and takes the next completion of any command; waits up to wait_ms for one. */
struct server_completion server_take(int wait_ms);

#endif
