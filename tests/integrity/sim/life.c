/* The device, from ADD to DEL, and what befalls its server. */
#include "inside.h"

enum { LIFE_TURNS_MAX = 1000000, LIFE_TIMER_MS = 30000 };

/* ---- the device's own steps ----------------------------------------------------------------- */

static void life_step(struct sim *sim, uint32_t event)
{
	struct driver_device_step step = driver_device_step(sim->config.kernel, sim->device, event);

	if (step.verdict != DRIVER_POSSIBLE || step.reply == DRIVER_REPLY_BEHIND || step.result < 0)
		sim_bug(driver_device_event_name(event));
	sim->device = step.state;
}

/* Until all threads have nothing more to do; they say so, or the rule is broken. */
static void life_drain(struct sim *sim)
{
	uint32_t turns;

	for (turns = 0; turns < LIFE_TURNS_MAX && !sim->breach.rule && sim_step(sim); turns++)
		;
	if (turns == LIFE_TURNS_MAX)
		rule_broken(sim, "R18", "the server turns for ever");
}

static void life_fetch(struct sim *sim)
{
	server_start(sim);
	sim->fetched = 0;
	life_drain(sim);
	if (sim->device.ready != DRIVER_ALL_FETCHED)
		rule_broken(sim, "R11", "%u tags were fetched", sim->fetched);
}

static bool life_broken(const struct sim *sim)
{
	return sim->device.ready != DRIVER_ALL_FETCHED;
}

void life_add(struct sim *sim)
{
	static const uint32_t adds[DRIVER_RECOVERIES] = {
		[DRIVER_NO_RECOVERY] = DRIVER_ADD, [DRIVER_RECOVERY] = DRIVER_ADD_RECOVERY,
		[DRIVER_RECOVERY_REISSUE] = DRIVER_ADD_REISSUE, [DRIVER_RECOVERY_FAIL_IO] = DRIVER_ADD_FAIL_IO,
	};

	life_step(sim, adds[sim->config.recovery]);
	life_step(sim, DRIVER_SET_PARAMS);
	life_step(sim, DRIVER_OPEN);
	life_fetch(sim);
	if (life_broken(sim))
		return;
	life_step(sim, DRIVER_START);
	sim->flowing = true;
}

/* ---- the server's end ------------------------------------------------------------------------ */

void life_end_threads(struct sim *sim)
{
	uint32_t q;

	for (q = 0; q < sim->config.queues; q++) {
		flight_abandon(&sim->ports[q]);
		server_end(&sim->ports[q]);
	}
}

/* 6.12 hears of a death by a command that is taken back; without one only its timer notices. */
static void life_notice(struct sim *sim)
{
	uint32_t q, held = 0;

	for (q = 0; q < sim->config.queues; q++)
		held += sim->ports[q].idle_count + sim->ports[q].started_count;
	if (held == 0 && sim->config.kernel == DRIVER_6_12)
		sim->clock_us += (uint64_t)LIFE_TIMER_MS * 1000;
}

/* The driver's side of it: fates, then the release of the character device. */
static void life_release(struct sim *sim)
{
	uint32_t q;

	life_notice(sim);
	life_step(sim, DRIVER_SERVER_DIED);
	for (q = 0; q < sim->config.queues; q++) {
		kernel_server_dead(&sim->ports[q]);
		sim->ports[q].first = sim->ports[q].visible = sim->ports[q].last;
	}
	life_step(sim, DRIVER_RELEASE);
}

static void life_reset_tags(struct sim *sim)
{
	uint32_t q;

	for (q = 0; q < sim->config.queues; q++)
		kernel_reset(&sim->ports[q]);
}

/* The disk is gone, or goes now; then the number is free. */
static void life_delete(struct sim *sim)
{
	if (sim->device.disk == DRIVER_DISK_LEFT)
		life_step(sim, DRIVER_DISK_CLOSED);
	life_step(sim, DRIVER_DEL);
	life_step(sim, DRIVER_REFERENCES_GONE);
	life_reset_tags(sim);
}

static void life_recover(struct sim *sim)
{
	const struct sim_hooks *hooks = sim->config.hooks;

	if (hooks && hooks->recovered)
		hooks->recovered(sim->config.hooks_context, sim);
	if (sim->device.condition == DRIVER_DEAD) {
		block_fail_all(sim, -DRIVER_EIO);
		life_delete(sim);
		life_add(sim);
		return;
	}
	if (sim->device.condition == DRIVER_FAILING)
		block_fail_all(sim, -DRIVER_EREMOTEIO);
	life_step(sim, DRIVER_START_RECOVERY);
	life_reset_tags(sim);
	life_step(sim, DRIVER_OPEN);
	life_fetch(sim);
	if (life_broken(sim))
		return;
	life_step(sim, DRIVER_END_RECOVERY);
	sim->flowing = true;
}

void sim_kill(struct sim *sim)
{
	if (sim->breach.rule)
		return;
	sim->counts.kills++;
	sim->flowing = false;
	life_end_threads(sim);
	life_release(sim);
	life_recover(sim);
}

/* ---- threads that leave ---------------------------------------------------------------------- */

static bool life_all_over(const struct sim *sim)
{
	uint32_t q;

	for (q = 0; q < sim->config.queues; q++) {
		if (sim->ports[q].serve && !sim->ports[q].over)
			return false;
	}
	return true;
}

static void life_leave(struct sim *sim)
{
	server_leave(sim);
	life_drain(sim);
	if (!life_all_over(sim))
		rule_broken(sim, "R20", "a thread that was told to leave stays");
}

/* The threads leave, and the next server takes over. */
static void life_change_server(struct sim *sim)
{
	life_leave(sim);
	life_end_threads(sim);
	life_release(sim);
	life_recover(sim);
}

void sim_kill_thread(struct sim *sim, uint16_t qid)
{
	uint32_t q;

	if (sim->breach.rule)
		return;
	sim->counts.thread_kills++;
	sim->flowing = false;
	flight_abandon(&sim->ports[qid]);
	server_end(&sim->ports[qid]);
	/* 6.12 takes the others' commands back; 7.x leaves them without a word, so they are told. (R42) */
	for (q = 0; q < sim->config.queues && sim->config.kernel == DRIVER_6_12; q++) {
		if (q != qid)
			kernel_cancel(&sim->ports[q]);
	}
	life_change_server(sim);
}

/* Whatever has come by then is kept. */
static void life_keep(struct sim *sim)
{
	const bool leaves = choice_below(sim->choice, 2);

	sim->counts.quiesces++;
	server_part(sim, SERVE_KEEPS);
	life_drain(sim);
	if (!leaves) {
		server_part(sim, SERVE_STAYS);
		return;
	}
	sim->flowing = false;
	life_change_server(sim);
}

void sim_quiesce(struct sim *sim)
{
	uint32_t q;

	if (sim->breach.rule || sim->device.recovery == DRIVER_NO_RECOVERY)
		return;
	if (sim->config.kernel == DRIVER_6_12) {
		if (sim->device.recovery == DRIVER_RECOVERY_REISSUE)
			life_keep(sim);
		return;
	}
	sim->counts.quiesces++;
	life_step(sim, DRIVER_QUIESCE);
	sim->flowing = false;
	for (q = 0; q < sim->config.queues; q++)
		kernel_cancel(&sim->ports[q]);
	life_change_server(sim);
}

/* STOP: what is in flight ends, then every command is taken back, and every thread must see that it is over. */
void sim_stop(struct sim *sim)
{
	uint32_t q;

	if (sim->breach.rule)
		return;
	life_step(sim, DRIVER_STOP);
	life_drain(sim);
	sim->flowing = false;
	life_step(sim, DRIVER_IO_ENDED);
	for (q = 0; q < sim->config.queues; q++)
		kernel_cancel(&sim->ports[q]);
	life_drain(sim);
	if (!life_all_over(sim))
		rule_broken(sim, "R21", "a thread does not see that all of its tags are retired");
	life_end_threads(sim);
	life_release(sim);
	life_delete(sim);
}

void sim_restart(struct sim *sim)
{
	if (sim->breach.rule)
		return;
	sim->counts.restarts++;
	sim_stop(sim);
	if (!sim->breach.rule)
		life_add(sim);
}

void sim_cut(struct sim *sim)
{
	uint32_t q;

	if (sim->breach.rule || !sim->disk || !sim->config.cuts)
		return;
	sim->counts.cuts++;
	sim->flowing = false;
	life_end_threads(sim);
	for (q = 0; q < sim->config.queues; q++) {
		kernel_lose(&sim->ports[q]);
		sim->ports[q].first = sim->ports[q].visible = sim->ports[q].last;
	}
	block_fail_all(sim, -DRIVER_EIO);
	disk_cut(sim->disk, sim->choice);
	sim->device = (struct driver_device_state){ .there = DRIVER_ABSENT };
	life_add(sim);
}
