/* What servers have sent to the driver, or taken from it, wrongly. */
#include <errno.h>
#include <string.h>

#include "plant.h"

enum { SECTOR_BYTES = 512, RARELY = 20 };

static bool is_commit(const struct port_work *work)
{
	return work->kind == PORT_COMMAND && work->command.op == UBLK_U_IO_COMMIT_AND_FETCH_REQ;
}

static bool rarely(struct plant *plant)
{
	return ++plant->kept_bytes % RARELY == 0;
}

/* ---- commits ------------------------------------------------------------------------------- */

static bool push_lost_commit(struct plant *plant, struct sim *sim, uint16_t qid, struct port_work *work)
{
	(void)sim;
	(void)qid;
	return !is_commit(work) || !rarely(plant);
}

static bool push_swapped_tags(struct plant *plant, struct sim *sim, uint16_t qid, struct port_work *work)
{
	(void)sim;
	(void)qid;
	if (is_commit(work) && rarely(plant))
		work->command.payload.tag ^= 1;
	return true;
}

static bool push_wrong_queue(struct plant *plant, struct sim *sim, uint16_t qid, struct port_work *work)
{
	(void)plant;
	(void)sim;
	if (is_commit(work))
		work->command.payload.q_id = (uint16_t)(qid + 1);
	return true;
}

static bool push_fetch_again(struct plant *plant, struct sim *sim, uint16_t qid, struct port_work *work)
{
	(void)sim;
	(void)qid;
	if (is_commit(work) && rarely(plant))
		work->command.op = UBLK_U_IO_FETCH_REQ;
	return true;
}

static bool push_neighbour(struct plant *plant, struct sim *sim, uint16_t qid, struct port_work *work)
{
	(void)plant;
	if (is_commit(work))
		work->command.payload.addr = (uintptr_t)sim_buffer(sim, qid, work->command.payload.tag ^ 1);
	return true;
}

static void fit_get_data(struct trial *trial)
{
	trial->config.mode = DRIVER_GET_DATA;
}

static bool push_no_get_data(struct plant *plant, struct sim *sim, uint16_t qid, struct port_work *work)
{
	(void)plant;
	(void)sim;
	(void)qid;
	if (work->kind == PORT_COMMAND && work->command.op == UBLK_U_IO_NEED_GET_DATA)
		work->command.op = UBLK_U_IO_COMMIT_AND_FETCH_REQ;
	return true;
}

static bool push_lent_in_plain(struct plant *plant, struct sim *sim, uint16_t qid, struct port_work *work)
{
	const struct refublk_request *request = &plant->requests[work->command.payload.tag];

	(void)sim;
	if (is_commit(work) && qid == 0 && request->op == REFUBLK_READ)
		work->command.payload.addr = (uintptr_t)plant->inner->lend(plant->inner_context, request);
	return true;
}

/* ---- results ------------------------------------------------------------------------------- */

static void fit_failures(struct trial *trial)
{
	trial->config.backend = SIM_FILE;
	trial->config.failed_ios = 200;
}

static bool push_positive_errno(struct plant *plant, struct sim *sim, uint16_t qid, struct port_work *work)
{
	(void)plant;
	(void)sim;
	(void)qid;
	if (is_commit(work) && work->command.payload.result < 0)
		work->command.payload.result = -work->command.payload.result;
	return true;
}

static bool push_strange_errno(struct plant *plant, struct sim *sim, uint16_t qid, struct port_work *work)
{
	(void)plant;
	(void)sim;
	(void)qid;
	if (is_commit(work) && work->command.payload.result < 0)
		work->command.payload.result = -EDQUOT;
	return true;
}

static void fit_discards(struct trial *trial)
{
	trial->plan.discards = 100;
}

static bool push_discarded_bytes(struct plant *plant, struct sim *sim, uint16_t qid, struct port_work *work)
{
	const struct refublk_request *request = &plant->requests[work->command.payload.tag];

	(void)sim;
	if (is_commit(work) && qid == 0 && request->op == REFUBLK_DISCARD)
		work->command.payload.result = (int32_t)request->length_bytes;
	return true;
}

/* A short write, committed as it came from the backend: half of it. */
static struct refublk_step begin_short(struct plant *plant, const struct refublk_request *request)
{
	struct refublk_request half = *request;

	if (request->op != REFUBLK_WRITE || request->length_bytes == SECTOR_BYTES)
		return plant_inner(plant, request);
	half.length_bytes = request->length_bytes / 2 / SECTOR_BYTES * SECTOR_BYTES;
	(void)plant_inner(plant, &half);
	return refublk_done(request->length_bytes);
}

static bool push_short(struct plant *plant, struct sim *sim, uint16_t qid, struct port_work *work)
{
	const struct refublk_request *request = &plant->requests[work->command.payload.tag];

	(void)sim;
	if (is_commit(work) && qid == 0 && request->op == REFUBLK_WRITE && request->length_bytes > SECTOR_BYTES)
		work->command.payload.result = (int32_t)(request->length_bytes / 2 / SECTOR_BYTES * SECTOR_BYTES);
	return true;
}

static void fit_blind(struct trial *trial)
{
	trial->config.blind = true;
}

static void fit_blind_6_12(struct trial *trial)
{
	trial->config.blind = true;
	trial->config.kernel = DRIVER_6_12;
}

/* ---- completions --------------------------------------------------------------------------- */

static bool pop_no_abort(struct plant *plant, struct sim *sim, uint16_t qid, struct port_completion *completion)
{
	(void)plant;
	(void)sim;
	(void)qid;
	return completion->result != -ENODEV;
}

static bool pop_abort_ignored(struct plant *plant, struct sim *sim, uint16_t qid, struct port_completion *completion)
{
	(void)plant;
	(void)sim;
	(void)qid;
	if (completion->result == -ENODEV)
		completion->result = 0;
	return true;
}

/* ---- buffers ------------------------------------------------------------------------------- */

/* A thread that still writes into a buffer whose request was committed: of another tag than the one that commits. */
static bool push_touches(struct plant *plant, struct sim *sim, uint16_t qid, struct port_work *work)
{
	uint16_t other = work->command.payload.tag ^ 1;

	if (is_commit(work) && plant->drivers[other] && rarely(plant))
		memset(sim_buffer(sim, qid, other), 0x77, 16);
	plant->drivers[work->command.payload.tag] = true;
	return true;
}

static bool pop_owns(struct plant *plant, struct sim *sim, uint16_t qid, struct port_completion *completion)
{
	(void)sim;
	(void)qid;
	plant->drivers[(uint16_t)completion->user_data % PLANT_TAGS] = false;
	return true;
}

static void fit_file(struct trial *trial)
{
	trial->config.backend = SIM_FILE;
}

static bool push_io_beside(struct plant *plant, struct sim *sim, uint16_t qid, struct port_work *work)
{
	(void)plant;
	(void)sim;
	(void)qid;
	if (work->kind == PORT_IO && work->io.op == REFUBLK_IO_WRITE && work->io.offset_bytes >= SECTOR_BYTES)
		work->io.offset_bytes -= SECTOR_BYTES;
	return true;
}

/* An error path that answers nothing. */
static struct refublk_step begin_silent(struct plant *plant, const struct refublk_request *request)
{
	return plant_hits(request, 50) ? refublk_later() : plant_inner(plant, request);
}

const struct fault command_faults[] = {
	{ .name = "commit-lost", .push = push_lost_commit },
	{ .name = "request-unanswered", .begin = begin_silent },
	{ .name = "tags-swapped", .push = push_swapped_tags },
	{ .name = "queue-wrong", .push = push_wrong_queue },
	{ .name = "fetched-again", .push = push_fetch_again },
	{ .name = "neighbours-buffer", .push = push_neighbour },
	{ .name = "get-data-ignored", .fit = fit_get_data, .push = push_no_get_data },
	{ .name = "lent-in-plain", .push = push_lent_in_plain },
	{ .name = "positive-errno", .fit = fit_failures, .push = push_positive_errno },
	{ .name = "errno-unknown", .fit = fit_failures, .push = push_strange_errno },
	{ .name = "bytes-of-discard", .fit = fit_discards, .push = push_discarded_bytes },
	{ .name = "short-commit", .begin = begin_short, .push = push_short },
	{ .name = "short-commit-7.3", .fit = fit_blind, .begin = begin_short, .push = push_short },
	{ .name = "short-commit-6.12", .fit = fit_blind_6_12, .begin = begin_short, .push = push_short },
	{ .name = "abort-lost", .pop = pop_no_abort },
	{ .name = "abort-ignored", .pop = pop_abort_ignored },
	{ .name = "touched-after-commit", .push = push_touches, .pop = pop_owns },
	{ .name = "io-beside-request", .fit = fit_file, .push = push_io_beside },
	{ .name = NULL },
};
