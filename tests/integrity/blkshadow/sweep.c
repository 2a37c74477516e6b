#include <err.h>
#include <stdlib.h>
#include <string.h>

#include "cell.h"
#include "compare.h"
#include "scan.h"
#include "seal.h"
#include "sweep.h"

#define PIECE_BYTES (64u << 10)
#define STRETCH_BYTES (64u << 20)
#define LOOK_SECTORS 128u

struct sweep {
	struct run *run;
	struct compare compare;
	struct seal *seal;
	uint8_t *device, *shadow;	/* one piece of what is sealed, of run->limits.scan_bytes each */
	uint8_t *other;			/* takes turns with `device`, which the seal still reads */
	size_t sealed_bytes;
	bool right;
};

/* What is known by its hash only is sealed by its hash; what is not determined, not at all. */
static void seal_sector(struct sweep *sweep, uint64_t sector, const struct expectation *expected, const uint8_t *data)
{
	uint8_t *shadow = sweep->shadow + sweep->sealed_bytes, *device = sweep->device + sweep->sealed_bytes;
	uint64_t hash;

	if (expected->count == 1 && compare_content(&sweep->compare, sector, expected->candidates[0], expected->hash, shadow)) {
		memcpy(device, data, OPERATION_SECTOR_BYTES);
		sweep->sealed_bytes += OPERATION_SECTOR_BYTES;
	} else if (expected->pinned || (expected->count == 1 && expected->candidates[0] == CELL_RECORDED)) {
		hash = stamp_hash(data);
		memcpy(shadow, &expected->hash, sizeof hash);
		memcpy(device, &hash, sizeof hash);
		sweep->sealed_bytes += sizeof hash;
	}
}

static void seal_piece(struct sweep *sweep)
{
	uint8_t *filled = sweep->device;

	seal_wait(sweep->seal);
	seal_add(sweep->seal, filled, sweep->shadow, sweep->sealed_bytes);
	sweep->device = sweep->other;
	sweep->other = filled;
}

static void take(void *context, uint64_t offset_bytes, uint64_t length_bytes, const uint8_t *data)
{
	struct sweep *sweep = context;
	struct run *run = sweep->run;
	uint64_t compared_bytes = 0;

	sweep->sealed_bytes = 0;
	for (uint64_t at = 0; at < length_bytes; at += OPERATION_SECTOR_BYTES) {
		uint64_t sector = (offset_bytes + at) / OPERATION_SECTOR_BYTES;
		struct expectation expected;
		struct sighting seen;
		enum compare_answer answer;

		shadow_expect(run->shadow, sector, &expected);
		answer = compare_sector(&sweep->compare, sector, &expected, data + at, &seen);
		if (answer == COMPARE_WRONG)
			findings_add(&run->findings, sector, &expected, data + at, 0, journal_now_ns(&run->journal));
		if (answer != COMPARE_OPEN)
			compared_bytes += OPERATION_SECTOR_BYTES;
		if (sweep->seal)
			seal_sector(sweep, sector, &expected, data + at);
	}
	if (sweep->seal)
		seal_piece(sweep);
	atomic_fetch_add(&run->counters.compared_bytes, compared_bytes);
	atomic_fetch_add(&run->counters.swept_bytes, compared_bytes);
	atomic_fetch_add(&run->counters.open_bytes, length_bytes - compared_bytes);
	atomic_fetch_add(&run->progress.done, length_bytes);
}

/*
 * Must this piece be read? A hole where the shadow, too, knows of zeroes only need not. *data_bytes is where the next
 * data begins, asked for again once that is passed.
 */
static bool wanted(const struct run *run, uint64_t piece_bytes, uint64_t *data_bytes)
{
	uint64_t first = piece_bytes / OPERATION_PAGE_BYTES, end = first + PIECE_BYTES / OPERATION_PAGE_BYTES;

	if (!run_chunk_recorded(run, piece_bytes / RUN_CHUNK_BYTES))
		return false;
	if (shadow_pages_in_use(run->shadow, first, end))
		return true;
	if (*data_bytes < piece_bytes + PIECE_BYTES)
		*data_bytes = run->port->calls->next_data(run->port, piece_bytes);
	return *data_bytes < piece_bytes + PIECE_BYTES;
}

static bool sweep_pieces(struct sweep *sweep)
{
	struct run *run = sweep->run;
	uint64_t size_bytes = run->schedule->plan.size_bytes, data_bytes = 0;

	for (uint64_t begin_bytes = 0; begin_bytes < size_bytes; begin_bytes += PIECE_BYTES) {
		uint64_t end_bytes = begin_bytes;

		while (end_bytes < size_bytes && end_bytes - begin_bytes < STRETCH_BYTES &&
		       wanted(run, end_bytes, &data_bytes))
			end_bytes += PIECE_BYTES;
		if (end_bytes == begin_bytes)
			continue;
		if (end_bytes > size_bytes)
			end_bytes = size_bytes;
		if (!scan_range(run, begin_bytes, end_bytes, run->limits.scan_bytes, take, sweep))
			return false;
		begin_bytes += (end_bytes - begin_bytes - 1) / PIECE_BYTES * PIECE_BYTES;
	}
	return true;
}

/* Of what a read found nobody can tell, where a later operation has changed it. */
static bool rewritten(const struct run *run, const struct finding *finding)
{
	struct expectation expected;

	shadow_expect(run->shadow, finding->sector, &expected);
	return finding->reader && (!finding->settled || expected.candidates[expected.count - 1] != finding->expected);
}

static void take_again(void *context, uint64_t offset_bytes, uint64_t length_bytes, const uint8_t *data)
{
	struct sweep *sweep = context;

	sweep->right = true;
	for (uint64_t at = 0; at < length_bytes; at += OPERATION_SECTOR_BYTES) {
		struct expectation expected;
		struct sighting seen;
		uint64_t sector = (offset_bytes + at) / OPERATION_SECTOR_BYTES;

		shadow_expect(sweep->run->shadow, sector, &expected);
		if (compare_sector(&sweep->compare, sector, &expected, data + at, &seen) == COMPARE_WRONG)
			sweep->right = false;
	}
}

/* Does the look at `first`, which the finding before `next` shares, do for `next` too? As long as they are alike. */
static bool belong_together(const struct finding *first, const struct finding *next)
{
	return next[-1].sector + 1 >= next->sector && next->sector - first->sector < LOOK_SECTORS &&
	       first->expected == next->expected && first->reader == next->reader;
}

/*
 * What was found is read once more, alone and no more than a block of it: a longer request may go wrong again, and so may
 * one that the block layer makes of neighbours.
 */
static bool look_again(struct sweep *sweep)
{
	struct run *run = sweep->run;
	uint64_t block_bytes = run->schedule->plan.block_bytes;
	const struct finding *last = NULL;

	findings_sort(&run->findings);
	for (size_t at = 0; at < run->findings.count; at++) {
		struct finding *finding = &run->findings.list[at];
		uint64_t block = finding->sector * OPERATION_SECTOR_BYTES / block_bytes;

		if (rewritten(run, finding)) {
			finding->fate = FINDING_REWRITTEN;
			continue;
		}
		if (!last || !belong_together(last, finding)) {
			last = finding;
			if (!scan_range(run, block * block_bytes, (block + 1) * block_bytes, block_bytes, take_again, sweep))
				return false;
		}
		finding->fate = sweep->right ? FINDING_GONE : FINDING_STAYS;
	}
	return true;
}

/* One finding for each sector: the sweep's content, with the read that came upon it first. */
static void merge(struct findings *findings)
{
	size_t kept = 0;

	findings_sort(findings);
	for (size_t at = 0; at < findings->count; at++) {
		struct finding *finding = &findings->list[at], *last = kept ? &findings->list[kept - 1] : NULL;

		if (last && last->sector == finding->sector) {
			if (last->reader == 0 && last->expected == finding->expected) {
				last->reader = finding->reader;
				last->when_ns = finding->when_ns;
			}
			findings->total--;
			continue;
		}
		if (&findings->list[kept] != finding)
			findings->list[kept] = *finding;
		kept++;
	}
	findings->count = kept;
}

bool sweep_device(struct run *run)
{
	struct sweep sweep = {.run = run, .compare = {.identity = &run->identity, .schedule = run->schedule}};
	int error = run->port->calls->settle(run->port, 0, run->schedule->plan.size_bytes);
	bool good;

	if (error < 0) {
		run_fail(run, "writing back the page cache failed: %s", strerror(-error));
		return false;
	}
	sweep.device = malloc(run->limits.scan_bytes);
	sweep.other = malloc(run->limits.scan_bytes);
	sweep.shadow = malloc(run->limits.scan_bytes);
	if (!sweep.device || !sweep.other || !sweep.shadow)
		err(3, "no memory for the sweep");
	if (run->limits.seal)
		sweep.seal = seal_open();
	atomic_store(&run->progress.done, 0);
	atomic_store(&run->progress.total, shadow_sectors_in_use(run->shadow) * OPERATION_SECTOR_BYTES);
	atomic_store(&run->progress.phase, "reading everything once more");
	good = sweep_pieces(&sweep);
	if (sweep.seal)
		seal_close(sweep.seal, &run->seal);
	good = good && look_again(&sweep);
	merge(&run->findings);
	if (!atomic_load(&run->stalled)) {
		free(sweep.device);
		free(sweep.other);
		free(sweep.shadow);
	}
	return good;
}
