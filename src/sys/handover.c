/* refublk_hand_over(): may clients be kept waiting without an error, the word to the runner, and how it is done where the
 * driver cannot hold requests back. */
#include <errno.h>

#include "act.h"
#include "clock.h"
#include "handover.h"
#include "report.h"
#include "run.h"
#include "serve.h"

/* Who fills the queues needs a moment; a client must not be kept waiting for nothing. */
enum { HANDOVER_LIMIT_MS = 10 * 1000 };

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
	if (flags & (UBLK_F_QUIESCE | UBLK_F_USER_RECOVERY_REISSUE))
		return 0;
	*why = "this kernel lacks UBLK_F_QUIESCE, which 7.2 has, and with --recovery wait those requests would fail that the last "
	       "server has in its hands; with --recovery reissue it can be done";
	return -EOPNOTSUPP;
}

bool handover_fills(uint64_t flags)
{
	return !(flags & UBLK_F_QUIESCE);
}

/* ---- by full queues ------------------------------------------------------------------------ */

static void handover_give_up(struct refublk *device)
{
	device->filling = false;
	atomic_store(&device->hand_over_wanted, false);
	act_part_queues(device, SERVE_STAYS);
}

bool handover_begin(struct refublk *device)
{
	if (!handover_fills(device->info.flags))
		return true;
	device->filling = true;
	device->queues_full = 0;
	device->fill_begin_ms = clock_ms();
	device->fill_parting += SERVE_PARTINGS;
	act_part_queues(device, device->fill_parting + SERVE_KEEPS);
	return false;
}

/* What was full in an earlier round has been taken up since. */
bool handover_full(struct refublk *device, uint32_t parting) /* R92 */
{
	if (!device->filling || parting != device->fill_parting + SERVE_KEEPS)
		return false;
	device->queues_full++;
	if (device->queues_full < device->config.queues)
		return false;
	device->filling = false;
	return true;
}

uint32_t handover_due_ms(const struct refublk *device)
{
	const uint64_t spent_ms = clock_ms() - device->fill_begin_ms;

	if (!device->filling)
		return CONTROL_FOREVER;
	return spent_ms < HANDOVER_LIMIT_MS ? (uint32_t)(HANDOVER_LIMIT_MS - spent_ms) : 0;
}

void handover_check_time(struct refublk *device)
{
	if (!device->filling || (device->state.phase == DEVICE_LIVE && handover_due_ms(device) > 0))
		return;
	if (device->state.phase == DEVICE_LIVE)
		log_say(device->log, REFUBLK_WARNING,
			"%s is not handed over: of its %u queues only %u were full of requests within %d s; it is served on",
			device->block_path, device->config.queues, device->queues_full, HANDOVER_LIMIT_MS / 1000);
	handover_give_up(device);
}

/* ---- the word to the runner ---------------------------------------------------------------- */

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
