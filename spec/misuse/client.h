/* client: a process that does one operation on a disk. It sleeps in the kernel until the server answers, so it is
 * never waited for without a limit. */
#ifndef MISUSE_CLIENT_H
#define MISUSE_CLIENT_H

#include <stdbool.h>
#include <stdint.h>

enum { CLIENT_OFFSET_BYTES = 65536, CLIENT_BYTES = 8192, CLIENT_PATIENCE_MS = 10000 };

enum client_op {
	CLIENT_READ,     /* direct, CLIENT_BYTES at CLIENT_OFFSET_BYTES */
	CLIENT_WRITE,    /* likewise, of client_written() */
	CLIENT_FLUSH,
	CLIENT_DISCARD,
	CLIENT_ZEROES,   /* without the fallback of writing zeroes */
	CLIENT_DIRTY,    /* a buffered write; then as CLIENT_HOLD, since the last close would write it back */
	CLIENT_HOLD,     /* opens the disk and keeps it open until client_end() */
};

void client_init(void);
void client_start(uint32_t dev_id, enum client_op op);

/* True when it has ended, with 0 or -errno; waits up to wait_ms. Of one that holds the disk: when it
 * has begun to. */
bool client_done(int wait_ms, int *result);

/* What a read brought, and what a write writes. */
const unsigned char *client_read_bytes(void);
unsigned char client_written(uint64_t position);

/* Kills the process, if there is one, and waits a while for its end. */
void client_end(void);

/* Reads the disk's count of requests that have been handed to the driver. */
int client_in_flight(uint32_t dev_id);

#endif
