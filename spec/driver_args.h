/* driver_args: what ADD_DEV and SET_PARAMS make of their arguments, what the commands answer that only look, and what a
 * client is told of a failed request. A part of the driver's oracle (driver.h): it shares the layouts of uapi.h with
 * src/, and nothing else. Pure, by value.
 *
 * Left out: zoned devices (nobody asks for them) and what START_DEV's block layer thinks of the limits. */
#ifndef SPEC_DRIVER_ARGS_H
#define SPEC_DRIVER_ARGS_H

#include <stdbool.h>
#include <stdint.h>

#include "uapi.h"

struct driver_machine {
	uint32_t page_bytes;
	uint32_t cpus; /* possible ones */
};

/* ---- commands that only look --------------------------------------------------------------- */

enum driver_query {
	DRIVER_GET_INFO,         /* GET_DEV_INFO */
	DRIVER_GET_INFO_PATH,    /* GET_DEV_INFO2, with the character device's path */
	DRIVER_GET_INFO_NO_PATH, /* the same without */
	DRIVER_GET_PARAMS,
	DRIVER_GET_AFFINITY,
	DRIVER_GET_AFFINITY_BAD, /* of a queue that is none */
	DRIVER_GET_FEATURES,
	DRIVER_UNKNOWN_CONTROL,  /* a command number of type 'u' that is none */
	DRIVER_FOREIGN_CONTROL,  /* a command of another type */
	DRIVER_QUERIES
};

/* 0 or -errno. there: enum driver_there, of the device. */
int driver_query(uint32_t query, uint32_t there);

const char *driver_query_name(uint32_t query);

/* ---- ADD_DEV ------------------------------------------------------------------------------- */

/* The command's own fields; info is what its address leads to. */
struct driver_add {
	uint32_t dev_id;
	uint16_t queue_id;
	uint16_t len;
	bool address; /* there is one */
	struct ublksrv_ctrl_dev_info info;
};

/* 0 or -errno, by a task with CAP_SYS_ADMIN and owner 0:0, for a number that is free. Accepted: *granted is what the
 * driver hands back, but for a dev_id that it chose. */
int driver_add(uint32_t kernel, struct driver_machine machine, struct driver_add add, struct ublksrv_ctrl_dev_info *granted);

/* ---- SET_PARAMS and GET_PARAMS ------------------------------------------------------------- */

/* len: the command's field. *kept: what the driver holds, cleared for a new device; its new content also when the set
 * is refused. 0 or -errno, before START. */
int driver_set_params(uint32_t kernel, struct driver_machine machine, const struct ublksrv_ctrl_dev_info *granted,
		      uint16_t len, const struct ublk_params *params, struct ublk_params *kept);

/* The bytes of *kept that are handed out for a caller whose struct says `asked` bytes; -EINVAL. */
int driver_get_params(uint32_t kernel, uint16_t len, uint32_t asked);

/* ---- results ------------------------------------------------------------------------------- */

/* What the client of a request is told that was committed with -error. */
int driver_client_errno(int error);

#endif
