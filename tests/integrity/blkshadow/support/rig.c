#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "rig.h"

#define MIB (1u << 20)

void rig_open(struct rig *rig, enum fault fault)
{
	uint64_t size_bytes = fault == FAULT_WRAP_4G ? 8ull << 30 : 16 * MIB;
	char path[64], *noise = malloc(MIB);

	memset(rig, 0, sizeof *rig);
	rig->fd = memfd_create("blkshadow", 0);
	ck_assert_int_ge(rig->fd, 0);
	ck_assert_int_eq(ftruncate(rig->fd, (off_t)size_bytes), 0);
	memset(noise, 0x5a, MIB);
	for (uint64_t at = 0; at < size_bytes && fault != FAULT_WRAP_4G; at += MIB)
		ck_assert_int_eq(pwrite(rig->fd, noise, MIB, (off_t)at), MIB);
	free(noise);
	snprintf(path, sizeof path, "/proc/self/fd/%d", rig->fd);
	rig->ring = ring_open(path, &rig->target);
	ck_assert_ptr_nonnull(rig->ring);
	rig->schedule = (struct schedule){.count = 1500, .repeats = 1};
	rig->schedule.plan = (struct plan){
		.seed = 11, .size_bytes = size_bytes, .block_bytes = 512, .min_bytes = 512, .max_bytes = 256 << 10,
		.jobs = RIG_JOBS, .cache = rig->target.direct ? PLAN_BOTH : PLAN_BUFFERED, .writes = 500, .fua = 100,
		.discards = fault == FAULT_DISCARD_NEIGHBOUR || fault == FAULT_DISCARD_NOTHING ? 50 : 0,
		.zeroes = fault == FAULT_ZEROES_NOTHING ? 50 : 0, .flushes = 20,
	};
	if (fault == FAULT_SWAPPED_PAIR) {
		rig->schedule.plan.min_bytes = rig->schedule.plan.max_bytes = 4096;
		rig->schedule.plan.pattern = PLAN_SCATTERED;
	}
	if (fault == FAULT_DUPLICATE || fault == FAULT_SCRIBBLE || fault == FAULT_WRAP_4G)
		rig->schedule.plan.max_bytes = 32 << 10;
	rig->limits = (struct run_limits){.depth = RIG_DEPTH, .stall_seconds = 30, .scan_bytes = RUN_CHUNK_BYTES,
					  .direct = rig->target.direct, .record_all = true, .seal = true};
	rig->identity = (struct stamp_identity){.run = 1, .seed = 11, .generation = 1, .device = 1};
	ck_assert_int_eq(ring_lanes(rig->ring, RIG_JOBS, RIG_DEPTH), 0);
}

void rig_close(struct rig *rig)
{
	ring_close(rig->ring);
	free(rig->target.path);
	close(rig->fd);
}
