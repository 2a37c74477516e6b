/* params: one configuration → dev_info and params as the kernel wants them, or a refusal that people understand. */
#ifndef REFUBLK_PARAMS_H
#define REFUBLK_PARAMS_H

#include "desc.h"
#include "uapi.h"

enum params_flag {
	PARAMS_READ_ONLY = 1 << 0,
	PARAMS_VOLATILE_CACHE = 1 << 1, /* the backend has a flush */
	PARAMS_FUA = 1 << 2,            /* and honours FUA */
	PARAMS_DISCARD = 1 << 3,
	PARAMS_WRITE_ZEROES = 1 << 4,
	PARAMS_ROTATIONAL = 1 << 5,
	PARAMS_GET_DATA = 1 << 6,
	/* one of them, or none: what becomes of the device when its server dies */
	PARAMS_WAIT = 1 << 7,    /* what the server had fails, the rest waits */
	PARAMS_REISSUE = 1 << 8, /* what the server had comes again */
	PARAMS_FAIL = 1 << 9,    /* everything fails until it is recovered */
	PARAMS_FLAGS = 1 << 10,  /* above all of them */
	PARAMS_RECOVERY = PARAMS_WAIT | PARAMS_REISSUE | PARAMS_FAIL,
};

enum {
	/* The longest DISCARD and WRITE_ZEROES that the kernel may send: long enough that few are needed, short enough
	 * that a backend which writes the zeroes itself holds its queue for seconds and not for minutes. */
	PARAMS_DISCARD_BYTES_MAX = 1 << 30,
	PARAMS_ID_MAX = (1 << 20) - 1, /* the driver's: as many as there are minor numbers */
};

struct params_config {
	uint64_t size_bytes;
	uint64_t memory_limit_bytes;
	uint64_t page_bytes;         /* the machine's */
	uint32_t block_bytes;
	uint32_t physical_block_bytes;
	uint32_t max_io_bytes;
	uint32_t discard_granularity_bytes;
	uint32_t queues;
	uint32_t depth_tags;
	uint32_t flags;              /* of enum params_flag */
	int32_t id;                  /* -1: the kernel chooses */
};

enum params_verdict {
	PARAMS_ACCEPTED,
	PARAMS_BLOCK,         /* no power of two from 512 to the smaller of 4096 and a page */
	PARAMS_SIZE,          /* zero, no multiple of the block, or above UNITS_DEVICE_BYTES_MAX */
	PARAMS_PHYSICAL_BLOCK,/* no power of two, or below the block, or above 2^28 */
	PARAMS_MAX_IO,        /* below a page, above 32 MiB, or no multiple of a page */
	PARAMS_QUEUES,
	PARAMS_DEPTH,
	PARAMS_DISCARD_GRANULARITY, /* of discard: zero, no multiple of the block, above PARAMS_DISCARD_BYTES_MAX */
	PARAMS_ID,            /* below -1 or above PARAMS_ID_MAX */
	PARAMS_TWO_RECOVERIES,/* more than one of PARAMS_RECOVERY */
	PARAMS_MEMORY,        /* queues × depth × max I/O above the limit: see params_depth_that_fits() */
	PARAMS_VERDICTS
};

/* The first rule that the configuration breaks. */
uint32_t params_check(struct params_config config);
const char *params_verdict_text(uint32_t verdict);

/* The one home of the buffer's size: what each tag's buffer must have, a multiple of a page. */
uint64_t params_buffer_bytes(struct params_config config);

/* All buffers of the device; for a configuration that broke no rule before PARAMS_MEMORY. */
uint64_t params_memory_bytes(struct params_config config);

/* The largest depth that stays within the limit; 0 when not even one tag does. Also for such a configuration. */
uint32_t params_depth_that_fits(struct params_config config);

/* For ADD_DEV: asks for CMD_IOCTL_ENCODE and, where wanted, NEED_GET_DATA and recovery. config is accepted. */
struct ublksrv_ctrl_dev_info params_dev_info(struct params_config config);

/* For SET_PARAMS. A section is filled exactly when its bit in `types` is set. */
struct ublk_params params_of(struct params_config config);

/* What the driver handed back from ADD_DEV, held against what was asked. */
enum params_grant {
	PARAMS_GRANTED,
	PARAMS_NO_GET_DATA, /* dropped silently */
	PARAMS_NO_RECOVERY, /* likewise, the mode or all of it */
	PARAMS_NO_IOCTL,
	PARAMS_FEWER_QUEUES, /* capped to the possible CPUs: lawful, the caller goes on with info.nr_hw_queues */
	PARAMS_NONSENSE,     /* queues, depth, buffer size or id out of what was asked, or another mode than was asked for */
	PARAMS_GRANTS
};
uint32_t params_grant_of(struct params_config asked, struct ublksrv_ctrl_dev_info granted);
const char *params_grant_text(uint32_t grant);

/* The limits that desc needs. */
struct desc_limits params_limits(struct params_config config);

#endif
