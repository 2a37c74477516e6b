#include "record.h"
#include "scan.h"

static void mark(struct run *run, uint64_t chunk)
{
	run->recorded[chunk / 8] |= (uint8_t)(1u << chunk % 8);
}

/* The chunks that the operation touches, and one on each side: what goes astray mostly lands near. */
static void mark_operation(struct run *run, const struct operation *operation, uint64_t chunks)
{
	uint64_t first = operation->offset_bytes / RUN_CHUNK_BYTES;
	uint64_t last = (operation->offset_bytes + operation->length_bytes) / RUN_CHUNK_BYTES;

	if (!operation->length_bytes)
		return;
	for (uint64_t chunk = first ? first - 1 : 0; chunk <= last + 1 && chunk < chunks; chunk++)
		mark(run, chunk);
}

static void mark_all(struct run *run, uint64_t chunks)
{
	const struct schedule *schedule = run->schedule;

	if (run->limits.record_all) {
		for (uint64_t chunk = 0; chunk < chunks; chunk++)
			mark(run, chunk);
		return;
	}
	for (uint64_t chunk = 0; run->limits.also && chunk < chunks; chunk++)
		if (run->limits.also[chunk / 8] & 1u << chunk % 8)
			mark(run, chunk);
	for (uint32_t at = 0; at < (schedule->list ? schedule->list_count : schedule->count); at++) {
		struct operation operation =
			schedule->list ? schedule->list[at] : schedule_operation(schedule, at + 1);

		mark_operation(run, &operation, chunks);
	}
}

static void note(struct run *run, uint64_t sector, const uint8_t *data)
{
	run->was_zero = false;
	shadow_record(run->shadow, sector, stamp_hash(data));
}

static void take(void *context, uint64_t offset_bytes, uint64_t length_bytes, const uint8_t *data)
{
	struct run *run = context;

	for (uint64_t at = 0; at < length_bytes; at += OPERATION_SECTOR_BYTES)
		if (!stamp_is_zero(data + at))
			note(run, (offset_bytes + at) / OPERATION_SECTOR_BYTES, data + at);
	atomic_fetch_add(&run->progress.done, length_bytes);
}

/* One past the last chunk of a stretch that is to be recorded; its size is bounded so that holes are found. */
static uint64_t stretch_end(const struct run *run, uint64_t chunk, uint64_t chunks)
{
	uint64_t limit = chunk + 64 < chunks ? chunk + 64 : chunks;

	while (chunk < limit && run_chunk_recorded(run, chunk))
		chunk++;
	return chunk;
}

bool record_device(struct run *run)
{
	uint64_t size_bytes = run->schedule->plan.size_bytes;
	uint64_t chunks = (size_bytes + RUN_CHUNK_BYTES - 1) / RUN_CHUNK_BYTES, chunk = 0;

	mark_all(run, chunks);
	atomic_store(&run->progress.done, 0);
	atomic_store(&run->progress.total, run->limits.record_all ? size_bytes : 0);
	atomic_store(&run->progress.phase, "recording what the device holds");
	run->was_zero = run->limits.record_all;
	while (chunk < chunks && !atomic_load(&run->stopping)) {
		uint64_t end = stretch_end(run, chunk, chunks);
		uint64_t end_bytes = end * RUN_CHUNK_BYTES < size_bytes ? end * RUN_CHUNK_BYTES : size_bytes;
		uint64_t data_bytes;

		if (end == chunk) {
			chunk++;
			continue;
		}
		/* A hole reads as zeroes, which is what the shadow takes for granted where nothing was recorded. */
		data_bytes = run->port->calls->next_data(run->port, chunk * RUN_CHUNK_BYTES);
		if (data_bytes >= end_bytes) {
			atomic_fetch_add(&run->progress.done, end_bytes - chunk * RUN_CHUNK_BYTES);
			chunk = end;
			continue;
		}
		data_bytes -= data_bytes % RUN_CHUNK_BYTES;
		if (data_bytes > chunk * RUN_CHUNK_BYTES) {
			atomic_fetch_add(&run->progress.done, data_bytes - chunk * RUN_CHUNK_BYTES);
			chunk = data_bytes / RUN_CHUNK_BYTES;
		}
		if (!scan_range(run, chunk * RUN_CHUNK_BYTES, end_bytes, run->limits.scan_bytes, take, run))
			return false;
		chunk = end;
	}
	return true;
}
