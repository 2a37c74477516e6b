/* The port to a real file or block device, through io_uring. */
#ifndef RING_H
#define RING_H

#include "port.h"

struct ring_target {
	char *path;
	uint64_t size_bytes;
	uint64_t block_bytes;		/* what direct requests must be aligned to */
	uint64_t max_request_bytes;	/* the largest that the device takes in one piece; 0 when nobody says */
	uint32_t identity;		/* stands for the device in stamps */
	bool block_device;
	bool direct;			/* O_DIRECT works */
};

struct ring;

/*
 * Opens the device for itself alone: a block device that is mounted or held, and a file that another checker has open,
 * are refused. NULL when it can't be used; the reason is printed.
 */
struct ring *ring_open(const char *path, struct ring_target *target);

/* Lanes 0 to lanes - 1, each with up to `depth` operations at a time. 0 or negative errno. */
int ring_lanes(struct ring *ring, unsigned lanes, unsigned depth);

struct port *ring_port(struct ring *ring);
void ring_close(struct ring *ring);

#endif
