/* adopt: a device that exists already → the configuration it was made with, and whether a backend can go on serving it.
 * The inverse of params: what the kernel knows of a device is all that a new server needs to be told. */
#ifndef REFUBLK_ADOPT_H
#define REFUBLK_ADOPT_H

#include "params.h"

/* What the kernel says of the device. Of the machine and the caller: page_bytes, memory_limit_bytes. Sections and
 * features that refublk does not use leave no trace in it: adopt_check() has refused them. */
struct params_config adopt_config(const struct ublksrv_ctrl_dev_info *info, const struct ublk_params *params,
				  uint64_t page_bytes, uint64_t memory_limit_bytes);

enum adopt_verdict {
	ADOPT_ACCEPTED,
	ADOPT_NOT_RECOVERABLE, /* made without USER_RECOVERY */
	ADOPT_STOPPED,         /* it has no disk: it was stopped, or never started */
	ADOPT_MODE,            /* served in a way, or with parameters, that refublk leaves out */
	ADOPT_SIZE,            /* the backend is smaller */
	ADOPT_READ_ONLY,       /* the disk can be written to, the backend cannot */
	ADOPT_CACHE,           /* one of them has a volatile cache, the other has not: flushes would fail, or be missed */
	ADOPT_FUA,             /* the disk offers it, the backend does not honour it */
	ADOPT_DISCARD,         /* the disk offers discard or write-zeroes, the backend lacks it */
	ADOPT_VERDICTS
};

/* The first thing that is against it. offers: what the backend can do, flags of enum params_flag; backend_bytes: how
 * much it holds. The numbers of the configuration are params_check()'s. */
uint32_t adopt_check(const struct ublksrv_ctrl_dev_info *info, const struct ublk_params *params, uint32_t offers,
		     uint64_t backend_bytes);
const char *adopt_verdict_text(uint32_t verdict);

#endif
