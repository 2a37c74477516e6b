/* refublk_hand_over(): may clients be kept waiting without an error, and the word to the runner. */
#include <errno.h>

#include "handover.h"
#include "report.h"
#include "run.h"

int handover_check(uint64_t flags, const char **why)
{
	*why = "";
	if (!(flags & UBLK_F_USER_RECOVERY)) {
		*why = "it was not made for recovery (--recovery wait or reissue)";
		return -EINVAL;
	}
	if (flags & UBLK_F_USER_RECOVERY_FAIL_IO) {
		*why = "its recovery is fail: its clients would meet errors while no server is there";
		return -EINVAL;
	}
	if (flags & UBLK_F_QUIESCE)
		return 0;
	*why = "this kernel cannot hold requests back (it lacks UBLK_F_QUIESCE, which 7.2 has), and takes commands back from a server "
	       "that leaves while requests are on their way to it: on 6.12 that ends in a panic";
	return -EOPNOTSUPP;
}

int refublk_hand_over(struct refublk *device)
{
	const char *why;
	int error = handover_check(device->info.flags, &why);

	if (error) {
		log_say(device->log, REFUBLK_ERROR, "%s cannot be handed over: %s", device->block_path, why);
		return error;
	}
	/* One report, however often it is asked for: the pipe has room for one. */
	if (!atomic_exchange(&device->hand_over_wanted, true))
		report_send(device->report_write_fd, (struct report){ .kind = REPORT_HAND_OVER });
	return 0;
}
