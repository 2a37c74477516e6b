/* requests: the one request that is open, as its client, the server and the driver see it, data included. */
#ifndef MISUSE_REQUESTS_H
#define MISUSE_REQUESTS_H

#include <stdbool.h>
#include <stdint.h>

#include "client.h"
#include "server.h"

enum requests_salt { REQUESTS_OWN = 0x11, REQUESTS_LENT = 0x22 };

struct requests_state {
	bool open;
	bool asks;                   /* it came with 1: NEED_GET_DATA is next */
	bool wrong;                  /* data is not what it should be */
	enum client_op op;
	struct ublksrv_io_desc desc; /* as it came first */
	uint64_t from, to;           /* what is still to be done, in bytes of the disk; READ and WRITE only */
	unsigned char salt[CLIENT_BYTES]; /* by which memory each byte of a READ was answered */
};

extern struct requests_state requests_now;

/* The memory that an address of the matrix names. */
unsigned char *requests_memory(const char *address);

/* A client asks. */
void requests_begin(enum client_op op);

/* The driver delivers to the server, WRITE data to `address`. False when it does not in time. */
bool requests_deliver(const char *address);

/* NEED_GET_DATA, whose completion requests_deliver() finds unless it has come at once. False when it is refused. */
bool requests_ask(void);

/* The bytes that a COMMIT of all that is still to be done reports. */
int32_t requests_whole(void);

/* Puts what a READ shall bring into memory. */
void requests_fill(unsigned char *memory, unsigned char salt);

/* A COMMIT of `result` bytes was sent, out of memory with that salt. */
void requests_committed(int32_t result, unsigned char salt);

/* What has become of the request whose COMMIT was taken, in the matrix's words; one that comes again is answered. */
void requests_fate(char *text);

/* Fails what is open, so that nothing waits for it. */
void requests_fail(void);

/* Answers what is open, as it should be, until the client has its result. False when it has none in time. */
bool requests_finish(int *result);

#endif
