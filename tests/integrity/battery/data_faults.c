/* What backends have done to data, most of it in the servers that came before. */
#include <errno.h>
#include <string.h>

#include "plant.h"

enum { SECTOR_BYTES = 512, PAGE_BYTES = 4096, STRIDE_BYTES = 64 << 10, LATE = 2, KEPT_READS = 4 };

static bool writes(const struct refublk_request *request)
{
	return request->op == REFUBLK_WRITE;
}

static bool reads(const struct refublk_request *request)
{
	return request->op == REFUBLK_READ;
}

/* What is written in place of nothing that was asked for. */
static void *noise(void)
{
	static unsigned char bytes[STRIDE_BYTES];

	memset(bytes, 0x5a, sizeof(bytes));
	return bytes;
}

/* ---- writes -------------------------------------------------------------------------------- */

static void fit_large(struct trial *trial)
{
	trial->config.max_io_bytes = 1 << 20;
	trial->config.device_bytes = trial->plan.size_bytes = 8 << 20;
	trial->plan.max_bytes = 1 << 20;
	trial->operations = 500;
}

static struct refublk_step begin_stride(struct plant *plant, const struct refublk_request *request)
{
	if (!writes(request) || request->length_bytes <= STRIDE_BYTES)
		return plant_inner(plant, request);
	plant_do(plant, REFUBLK_WRITE, request->offset_bytes, STRIDE_BYTES, request->memory);
	plant_do(plant, REFUBLK_WRITE_ZEROES, request->offset_bytes + STRIDE_BYTES, request->length_bytes - STRIDE_BYTES, NULL);
	return refublk_done(request->length_bytes);
}

static struct refublk_step begin_lost(struct plant *plant, const struct refublk_request *request)
{
	return writes(request) && plant_hits(request, 10000) ? refublk_done(request->length_bytes)
							     : plant_inner(plant, request);
}

static struct refublk_step begin_torn(struct plant *plant, const struct refublk_request *request)
{
	if (!writes(request) || request->length_bytes <= PAGE_BYTES)
		return plant_inner(plant, request);
	plant_do(plant, REFUBLK_WRITE, request->offset_bytes, PAGE_BYTES, request->memory);
	return refublk_done(request->length_bytes);
}

static struct refublk_step begin_last_sector(struct plant *plant, const struct refublk_request *request)
{
	bool end = request->offset_bytes + request->length_bytes == plant->device_bytes;

	if (!writes(request) || !end || request->length_bytes == SECTOR_BYTES)
		return plant_inner(plant, request);
	plant_do(plant, REFUBLK_WRITE, request->offset_bytes, request->length_bytes - SECTOR_BYTES, request->memory);
	return refublk_done(request->length_bytes);
}

static void fit_end(struct trial *trial)
{
	trial->plan.pattern = PLAN_END;
}

static struct refublk_request alter_off_by_one(struct plant *plant, struct refublk_request request)
{
	if (writes(&request) && request.offset_bytes + request.length_bytes < plant->device_bytes)
		request.offset_bytes += SECTOR_BYTES;
	return request;
}

static struct refublk_request alter_unit(struct plant *plant, struct refublk_request request)
{
	(void)plant;
	request.offset_bytes /= PAGE_BYTES / SECTOR_BYTES;
	return request;
}

static void fit_4k(struct trial *trial)
{
	trial->config.filled = false;
	trial->config.block_bytes = PAGE_BYTES;
	trial->plan.block_bytes = trial->plan.min_bytes = PAGE_BYTES;
}

static struct refublk_request alter_swapped(struct plant *plant, struct refublk_request request)
{
	(void)plant;
	if (writes(&request) && request.length_bytes == PAGE_BYTES && request.offset_bytes % PAGE_BYTES == 0)
		request.offset_bytes ^= PAGE_BYTES;
	return request;
}

static struct refublk_request alter_32_bits(struct plant *plant, struct refublk_request request)
{
	(void)plant;
	request.offset_bytes = (uint32_t)request.offset_bytes;
	return request;
}

static void fit_4g(struct trial *trial)
{
	trial->config.device_bytes = trial->plan.size_bytes = (UINT64_C(4) << 30) + (1 << 20);
	trial->plan.pattern = PLAN_END;
	trial->operations = 200;
	trial->config.filled = false;
}

static struct refublk_step begin_duplicate(struct plant *plant, const struct refublk_request *request)
{
	if (writes(request) && plant_hits(request, 20))
		plant_do(plant, REFUBLK_WRITE, request->offset_bytes + STRIDE_BYTES, request->length_bytes, request->memory);
	return plant_inner(plant, request);
}

static struct refublk_step begin_foreign(struct plant *plant, const struct refublk_request *request)
{
	if (!writes(request) || !plant_hits(request, 20))
		return plant_inner(plant, request);
	plant_do(plant, REFUBLK_WRITE, request->offset_bytes, request->length_bytes, noise());
	return refublk_done(request->length_bytes);
}

/* Over what lies far from everything that is used. */
static struct refublk_step begin_scribble(struct plant *plant, const struct refublk_request *request)
{
	if (writes(request) && plant_hits(request, 20))
		plant_do(plant, REFUBLK_WRITE, plant->device_bytes - PAGE_BYTES, SECTOR_BYTES, noise());
	return plant_inner(plant, request);
}

static void fit_hot(struct trial *trial)
{
	trial->plan.pattern = PLAN_HOT;
}

/* ---- reads --------------------------------------------------------------------------------- */

static struct refublk_step begin_short_read(struct plant *plant, const struct refublk_request *request)
{
	if (!reads(request) || request->length_bytes == SECTOR_BYTES)
		return plant_inner(plant, request);
	plant_do(plant, REFUBLK_READ, request->offset_bytes, SECTOR_BYTES, request->memory);
	return refublk_done(request->length_bytes);
}

/* What nobody has written is known by its hash only: here, everything begins with zeroes. */
static void fit_new(struct trial *trial)
{
	trial->config.filled = false;
}

/* A window that was read stays in memory for a while, and nobody tells it of writes. */
static struct refublk_step begin_read_ahead(struct plant *plant, const struct refublk_request *request)
{
	uint64_t shift = request->offset_bytes - plant->kept_offset_bytes;

	if (!reads(request))
		return plant_inner(plant, request);
	if (plant->kept_bytes == 0 && request->offset_bytes + PLANT_KEPT_BYTES <= plant->device_bytes) {
		plant->kept_offset_bytes = request->offset_bytes;
		plant->kept_bytes = PLANT_KEPT_BYTES;
		plant_do(plant, REFUBLK_READ, request->offset_bytes, PLANT_KEPT_BYTES, plant->kept);
		shift = 0;
	}
	if (request->offset_bytes < plant->kept_offset_bytes || shift + request->length_bytes > plant->kept_bytes)
		return plant_inner(plant, request);
	memcpy(request->memory, plant->kept + shift, request->length_bytes);
	if (++plant->count % KEPT_READS == 0)
		plant->kept_bytes = 0;
	return refublk_done(request->length_bytes);
}

static struct refublk_step begin_flipped(struct plant *plant, const struct refublk_request *request)
{
	struct refublk_step step = plant_inner(plant, request);

	if (reads(request) && plant_hits(request, 20))
		((unsigned char *)request->memory)[100] ^= 0x10;
	return step;
}

/* ---- discard, write-zeroes ------------------------------------------------------------------ */

static struct refublk_step begin_discard_neighbour(struct plant *plant, const struct refublk_request *request)
{
	if (request->op == REFUBLK_DISCARD)
		plant_do(plant, REFUBLK_DISCARD, request->offset_bytes + request->length_bytes, SECTOR_BYTES, NULL);
	return plant_inner(plant, request);
}

static struct refublk_step begin_no_discard(struct plant *plant, const struct refublk_request *request)
{
	return request->op == REFUBLK_DISCARD ? refublk_done(0) : plant_inner(plant, request);
}

static struct refublk_step begin_no_zeroes(struct plant *plant, const struct refublk_request *request)
{
	return request->op == REFUBLK_WRITE_ZEROES ? refublk_done(0) : plant_inner(plant, request);
}

static void fit_discards(struct trial *trial)
{
	trial->plan.discards = 100;
	trial->plan.zeroes = 100;
	trial->plan.pattern = PLAN_HOT;
}

/* What lies beside a discard has been written to. */
static void fit_dense_discards(struct trial *trial)
{
	trial->config.device_bytes = trial->plan.size_bytes = 64 << 10;
	trial->plan.writes = 900;
	trial->plan.discards = 20;
}

/* ---- durability ---------------------------------------------------------------------------- */

static void fit_cut(struct trial *trial)
{
	trial->config.backend = SIM_FILE;
	trial->config.cuts = trial->cut = true;
	trial->operations = 100;
	trial->plan.flushes = 100;
	trial->plan.fua = 300;
	trial->plan.max_bytes = SECTOR_BYTES;
}

static struct refublk_request alter_no_fua(struct plant *plant, struct refublk_request request)
{
	(void)plant;
	request.flags &= ~(uint32_t)REFUBLK_FUA;
	return request;
}

static struct refublk_step begin_early_flush(struct plant *plant, const struct refublk_request *request)
{
	return request->op == REFUBLK_FLUSH ? refublk_done(0) : plant_inner(plant, request);
}

/* ---- in time ------------------------------------------------------------------------------- */

static void fit_frozen(struct trial *trial)
{
	trial->config.backend = SIM_FILE;
	trial->config.blind = true;
	trial->stress.gaps = 500;
}

/* Idle threads give their buffers' pages back, though a stalled backend still has operations under way. */
static void idle_zeroes(struct plant *plant, struct sim *sim, uint32_t idle_ms)
{
	uint16_t tag;

	(void)plant;
	(void)idle_ms;
	for (tag = 0; tag < sim_depth(sim); tag++)
		memset(sim_buffer(sim, 0, tag), 0, sim_buffer_bytes(sim));
}

static void fit_kills(struct trial *trial)
{
	trial->config.recovery = DRIVER_RECOVERY_REISSUE;
	trial->config.filled = false;
	trial->stress.kills = 300;
	trial->plan.max_bytes = SECTOR_BYTES;
	trial->depth = 2;
	trial->plan.pattern = PLAN_HOT;
}

/* The last write before a death comes again long after it. */
static struct refublk_step begin_late(struct plant *plant, const struct refublk_request *request)
{
	if (plant->armed && plant->count > LATE) {
		plant_do(plant, REFUBLK_WRITE, plant->kept_offset_bytes, plant->kept_bytes, plant->kept);
		plant->armed = false;
	}
	if (writes(request) && !plant->armed && request->length_bytes <= PLANT_KEPT_BYTES) {
		plant->kept_offset_bytes = request->offset_bytes;
		plant->kept_bytes = request->length_bytes;
		memcpy(plant->kept, request->memory, request->length_bytes);
	}
	return plant_inner(plant, request);
}

static void recovered_late(struct plant *plant, struct sim *sim)
{
	(void)sim;
	plant->count = 0;
	plant->armed = true;
}

static void fit_errors(struct trial *trial)
{
	trial->config.backend = SIM_FILE;
	trial->config.failed_ios = 200;
}

static int64_t result_swallowed(struct plant *plant, const struct refublk_request *request, int64_t io_result)
{
	(void)plant;
	return reads(request) && io_result == -EIO ? (int64_t)request->length_bytes : io_result;
}

const struct fault data_faults[] = {
	{ .name = "stride-64k", .fit = fit_large, .begin = begin_stride },
	{ .name = "lost-write", .begin = begin_lost },
	{ .name = "torn-at-4k", .begin = begin_torn },
	{ .name = "last-sector-lost", .fit = fit_end, .begin = begin_last_sector },
	{ .name = "off-by-one-sector", .alter = alter_off_by_one },
	{ .name = "wrong-unit-4k", .fit = fit_4k, .alter = alter_unit },
	{ .name = "swapped-pair", .fit = fit_4k, .alter = alter_swapped },
	{ .name = "wrap-4g", .fit = fit_4g, .alter = alter_32_bits },
	{ .name = "written-twice", .begin = begin_duplicate },
	{ .name = "foreign-data", .begin = begin_foreign },
	{ .name = "scribble", .fit = fit_hot, .begin = begin_scribble },
	{ .name = "short-read", .begin = begin_short_read },
	{ .name = "read-ahead-stale", .fit = fit_new, .begin = begin_read_ahead },
	{ .name = "bit-flip", .fit = fit_new, .begin = begin_flipped },
	{ .name = "discard-neighbour", .fit = fit_dense_discards, .begin = begin_discard_neighbour },
	{ .name = "discard-nothing", .fit = fit_discards, .begin = begin_no_discard },
	{ .name = "zeroes-nothing", .fit = fit_discards, .begin = begin_no_zeroes },
	{ .name = "fua-dropped", .fit = fit_cut, .alter = alter_no_fua },
	{ .name = "flush-early", .fit = fit_cut, .begin = begin_early_flush },
	{ .name = "zeroed-on-idle", .fit = fit_frozen, .idle = idle_zeroes },
	{ .name = "reissue-late", .fit = fit_kills, .begin = begin_late, .recovered = recovered_late },
	{ .name = "error-swallowed", .fit = fit_errors, .result = result_swallowed },
	{ .name = NULL },
};
