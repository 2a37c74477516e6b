#include "run.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "act.h"
#include "check.h"
#include "clock.h"
#include "handover.h"
#include "reason.h"

/* Pauses before a command is sent again, short ones first: most servers let go at once, and the driver's timer of 30 s is
 * outlasted by DEVICE_TRIES_MAX of them. And how long a loaded udev may take for a node. */
enum {
	RUN_PAUSES_SHORT = 25,
	RUN_PAUSE_SHORT_MS = 20,
	RUN_PAUSE_MS = 200,
	RUN_FIND_LIMIT_MS = 10 * 1000,
	RUN_FIND_PAUSE_MS = 10,
};

/* What a phase's command attempts. */
static const uint32_t run_attempts[DEVICE_PHASES] = {
	[DEVICE_ABSENT] = REASON_ADD,
	[DEVICE_ADDING] = REASON_ADD,
	[DEVICE_SETTING] = REASON_SET_PARAMS,
	[DEVICE_RECOVERING] = REASON_RECOVER,
	[DEVICE_OPENING] = REASON_RUN_QUEUE,
	[DEVICE_STARTING] = REASON_START,
	[DEVICE_ENDING] = REASON_END_RECOVERY,
	[DEVICE_CANCELLING] = REASON_START,
	[DEVICE_LIVE] = REASON_RUN_QUEUE,
	[DEVICE_QUIESCING] = REASON_RUN_QUEUE,
	[DEVICE_ABANDONING] = REASON_RUN_QUEUE,
	[DEVICE_STOPPING] = REASON_STOP,
	[DEVICE_JOINING] = REASON_RUN_QUEUE,
	[DEVICE_DELETING] = REASON_DELETE,
	[DEVICE_OVER] = REASON_DELETE,
};

/* The first failure is what the caller hears; those of the undo are only said. */
static void run_note_failure(struct refublk *device, uint32_t phase, uint32_t event)
{
	const uint32_t attempt = event == DEVICE_QUEUE_FAILED ? REASON_RUN_QUEUE : run_attempts[phase];
	const int error = device->last_error ? device->last_error : -EIO;

	if (!device->failure)
		device->failure = error;
	if (error == -EINTR && atomic_load(&device->stop_wanted))
		return;
	reason_say(device->log, REFUBLK_ERROR, attempt, device->block_path, error);
}

static void run_set_timer(struct refublk *device, uint32_t phase_before, uint32_t event, uint32_t action)
{
	const uint64_t now_ms = clock_ms();

	if (device->state.phase != phase_before)
		device->phase_begin_ms = device->said_ms = now_ms;
	if (device->state.phase != phase_before || event == DEVICE_DEADLINE || action == DEVICE_PAUSE)
		device->timer_begin_ms = now_ms;
}

/* A command that is refused again and again never meets its deadline. */
static void run_say_pauses(struct refublk *device)
{
	const uint64_t now_ms = clock_ms();

	if (now_ms - device->said_ms < device_limit_ms(device->state.phase))
		return;
	device->said_ms = now_ms;
	(void)act_carry_out(device, DEVICE_SAY_LATE);
}

/* In a test of a death at a certain moment: the phase has begun, and its command is with the driver. */
static void run_die(const struct refublk *device)
{
#ifdef REFUBLK_TEST_FAULTS
	const char *phase = getenv("REFUBLK_TEST_DIE");

	if (phase && strcmp(phase, device_phase_name(device->state.phase)) == 0)
		kill(getpid(), SIGKILL);
#endif
	(void)device;
}

/* One event, and those that follow at once from carrying out what it leads to. */
static void run_feed(struct refublk *device, uint32_t event)
{
	while (event != DEVICE_EVENTS) {
		const uint32_t phase = device->state.phase;
		const struct device_step step = device_step(device->state, event);

		device->state = step.state;
		if (step.verdict == DEVICE_FAILED)
			run_note_failure(device, phase, event);
		else if (step.verdict == DEVICE_UNEXPECTED)
			log_say(device->log, REFUBLK_WARNING, "%s: event %u cannot be while %s", device->block_path,
				event, device_phase_name(phase));
		run_set_timer(device, phase, event, step.action);
		if (step.action == DEVICE_PAUSE)
			run_say_pauses(device);
		event = act_carry_out(device, step.action);
		run_die(device);
	}
}

/* ---- what happens -------------------------------------------------------------------------- */

static void run_queue_ready(struct refublk *device)
{
	device->queues_ready++;
	if (device->queues_ready == device->config.queues)
		run_feed(device, DEVICE_QUEUES_READY);
}

static void run_queue_failed(struct refublk *device, struct report report)
{
	device->last_error = report.error ? report.error : -EIO;
	log_say(device->log, REFUBLK_ERROR, "%s: queue %u has failed", device->block_path, report.qid);
	act_join_queue(device, report.qid);
	run_feed(device, DEVICE_QUEUE_FAILED);
	run_feed(device, act_ended(device));
}

static void run_queue_over(struct refublk *device, struct report report)
{
	act_join_queue(device, report.qid);
	if (!device->ending && !device->queues_running) {
		device->last_error = -ENODEV;
		run_feed(device, DEVICE_SERVER_LOST);
	}
	run_feed(device, act_ended(device));
}

static void run_report(struct refublk *device, struct report report)
{
	switch ((enum report_kind)report.kind) {
	case REPORT_STOP:
		run_feed(device, DEVICE_STOP_WANTED);
		return;
	case REPORT_HAND_OVER:
		/* It may have come to its end meanwhile. */
		if (device->state.phase == DEVICE_LIVE && handover_begin(device))
			run_feed(device, DEVICE_HAND_OVER);
		return;
	case REPORT_FULL:
		if (handover_full(device, (uint32_t)report.error))
			run_feed(device, DEVICE_HAND_OVER);
		return;
	case REPORT_READY:
		run_queue_ready(device);
		return;
	case REPORT_FAILED:
		run_queue_failed(device, report);
		return;
	case REPORT_OVER:
		run_queue_over(device, report);
		return;
	case REPORT_KINDS:
		break;
	}
	CHECK(report.kind < REPORT_KINDS);
}

static uint32_t run_limit_ms(const struct refublk *device)
{
	if (!device->state.pausing)
		return device_limit_ms(device->state.phase);
	return device->state.tries > RUN_PAUSES_SHORT ? RUN_PAUSE_MS : RUN_PAUSE_SHORT_MS;
}

/* Milliseconds until the phase's limit or the pause is over. */
static uint32_t run_due_ms(const struct refublk *device)
{
	const uint32_t limit_ms = run_limit_ms(device);
	const uint64_t spent_ms = clock_ms() - device->timer_begin_ms;

	if (!limit_ms)
		return CONTROL_FOREVER;
	return spent_ms < limit_ms ? (uint32_t)(limit_ms - spent_ms) : 0;
}

/* Waits for one thing to happen, at most limit_ms. */
static void run_once(struct refublk *device, uint32_t limit_ms)
{
	const uint32_t due_ms = run_due_ms(device);
	const struct control_news news =
		control_wait(device->control, device->report_read_fd, due_ms < limit_ms ? due_ms : limit_ms);

	switch ((enum control_event)news.event) {
	case CONTROL_TIMEOUT:
		if (due_ms <= limit_ms)
			run_feed(device, DEVICE_DEADLINE);
		return;
	case CONTROL_ANSWER:
		device->last_error = news.answer;
		run_feed(device, device_event_of_result(news.answer));
		return;
	case CONTROL_REPORT:
		run_report(device, news.report);
		return;
	}
	CHECK(news.event <= CONTROL_REPORT);
}

/* ---- from birth to end --------------------------------------------------------------------- */

static void run_begin(struct refublk *device, uint32_t event)
{
	run_feed(device, event);
	while (device->state.phase != DEVICE_LIVE && device->state.phase != DEVICE_OVER)
		run_once(device, CONTROL_FOREVER);
}

void run_start(struct refublk *device)
{
	run_begin(device, DEVICE_BEGIN);
}

void run_recover(struct refublk *device)
{
	run_begin(device, DEVICE_BEGIN_RECOVERY);
}

void run_find_block(struct refublk *device)
{
	const uint64_t begin_ms = clock_ms();
	int error = node_find_block(device->block_path);

	while (error && device->state.phase == DEVICE_LIVE && clock_ms() - begin_ms < RUN_FIND_LIMIT_MS) {
		run_once(device, RUN_FIND_PAUSE_MS);
		error = node_find_block(device->block_path);
	}
	if (error && device->state.phase == DEVICE_LIVE)
		reason_say(device->log, REFUBLK_WARNING, REASON_FIND_BLOCK, device->block_path, error);
}

void run_keep(struct refublk *device)
{
	if (device->config.flags & PARAMS_RECOVERY)
		run_feed(device, DEVICE_KEEP);
}

void run_to_end(struct refublk *device)
{
	while (device->state.phase != DEVICE_OVER) {
		run_once(device, handover_due_ms(device));
		handover_check_time(device);
	}
}
