/* takeover: what refublk_recover() must know of a device before it asks the driver for anything. */
#ifndef REFUBLK_TAKEOVER_H
#define REFUBLK_TAKEOVER_H

#include "params.h"
#include "refublk.h"

struct takeover {
	struct ublksrv_ctrl_dev_info info; /* the kernel's */
	struct ublk_params params;         /* the kernel's */
	struct params_config config;       /* accepted */
};

/* Asks the kernel for options->id and holds it against the backend; changes nothing. 0, or -errno, the reason logged:
 * -ENODEV there is no such device; -EINVAL it cannot be taken over with this backend; -ENOMEM its buffers do not fit the
 * memory limit; else as control_open(). */
int takeover_look(struct takeover *takeover, const struct refublk_options *options, const struct refublk_backend *backend)
	__attribute__((warn_unused_result));

#endif
