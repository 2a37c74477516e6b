/* start: what the command line needs of refublk_start() before there is anything to start. */
#ifndef REFUBLK_START_H
#define REFUBLK_START_H

#include "log.h"
#include "params.h"
#include "refublk.h"

/* The part of refublk_start() that looks at the options: 0, or -EINVAL or -ENOMEM, the reason logged. Creates nothing. */
int start_check(const struct refublk_options *options, const struct refublk_backend *backend)
	__attribute__((warn_unused_result));

/* What refublk_start() makes of the options: every default filled in. */
struct params_config start_config(const struct refublk_options *options, const struct refublk_backend *backend);

/* params_check(), its refusal logged: 0, -EINVAL or -ENOMEM. */
int start_accept(struct params_config config, struct log log) __attribute__((warn_unused_result));

#endif
