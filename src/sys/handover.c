/* refublk_hand_over(): may clients be kept waiting without an error, and the word to the runner. */
#include <errno.h>

#include "report.h"
#include "run.h"

/* NULL: it can be done. */
static const char *handover_obstacle(const struct refublk *device, int *error)
{
	const uint64_t flags = device->info.flags;

	*error = -EINVAL;
	if (!(flags & UBLK_F_USER_RECOVERY))
		return "it was not made for recovery (--recovery wait or reissue), so it cannot change its server";
	if (flags & UBLK_F_USER_RECOVERY_FAIL_IO)
		return "its recovery is fail: its clients would meet errors while no server is there";
	*error = -EOPNOTSUPP;
	if (!(flags & (UBLK_F_QUIESCE | UBLK_F_USER_RECOVERY_REISSUE)))
		return "this kernel cannot hold requests back (UBLK_F_QUIESCE, which 7.2 has), so what comes in the last moment "
		       "would fail; with --recovery reissue it can be done";
	*error = 0;
	return NULL;
}

int refublk_hand_over(struct refublk *device)
{
	int error;
	const char *obstacle = handover_obstacle(device, &error);

	if (obstacle) {
		log_say(device->log, REFUBLK_ERROR, "%s cannot be handed over: %s", device->block_path, obstacle);
		return error;
	}
	/* One report, however often it is asked for: the pipe has room for one. */
	if (!atomic_exchange(&device->hand_over_wanted, true))
		report_send(device->report_write_fd, (struct report){ .kind = REPORT_HAND_OVER });
	return 0;
}
