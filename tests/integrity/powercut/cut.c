#include <err.h>
#include <stdlib.h>
#include <string.h>

#include "cut.h"
#include "mix.h"

static void *checked(void *memory)
{
	if (!memory)
		err(3, "no memory for the recording");
	return memory;
}

static uint64_t pieces_of(const struct writelog_entry *entry)
{
	return entry->data ? entry->sectors : 0;
}

void recording_open(struct recording *recording, const struct writelog *log, const struct stamp_identity *identity)
{
	uint64_t count = 0;

	*recording = (struct recording){.log = log, .firsts = checked(calloc(log->count + 1, sizeof *recording->firsts))};
	for (size_t at = 0; at < log->count; at++) {
		recording->firsts[at] = count;
		count += pieces_of(&log->entries[at]);
	}
	recording->firsts[log->count] = count;
	recording->pieces = checked(calloc(count + 1, sizeof *recording->pieces));
	for (size_t at = 0; at < log->count; at++)
		for (uint64_t sector = 0; sector < pieces_of(&log->entries[at]); sector++) {
			const uint8_t *data = log->entries[at].data + sector * WRITELOG_SECTOR_BYTES;
			struct stamp stamp;

			if (!stamp_intact(data) || !stamp_read(data, &stamp) || stamp.run != identity->run)
				continue;
			recording->pieces[recording->firsts[at] + sector] = (struct piece){stamp.sector, stamp.operation};
			recording->stamped++;
		}
}

void recording_close(struct recording *recording)
{
	free(recording->firsts);
	free(recording->pieces);
}

/*
 * A write in the cache is logged only with the flush that made it safe, perhaps after one with FUA that came to the same
 * sector later and has passed it by: it is older, and does not come back.
 */
static void lay_down(uint32_t *medium, const struct promise *promise, const struct piece *piece)
{
	uint32_t there = piece->home < promise->sectors ? medium[piece->home] : 0;

	if (!piece->operation || piece->operation > promise->limit || piece->home >= promise->sectors)
		return;
	if (there && promise->ends[piece->operation] < promise->begins[there])
		return;
	medium[piece->home] = piece->operation;
}

static size_t last_flush(const struct writelog *log, size_t entry)
{
	size_t at = entry + 1;

	while (at > 0 && !(log->entries[at - 1].flags & WRITELOG_FLUSH))
		at--;
	return at;
}

/* How many sectors of an entry after the last flush have reached the medium. */
static uint64_t survivors(struct cut *cut, const struct writelog_entry *entry, uint64_t random)
{
	uint64_t sectors = entry->sectors;

	if (entry->flags & WRITELOG_FUA)
		return sectors;
	switch (random % 3) {
	case 0:
		cut->kept++;
		return sectors;
	case 1:
		cut->dropped++;
		return 0;
	}
	cut->torn++;
	return mix_below(random >> 8, sectors);
}

/* The latest moment of which the log itself tells that it came before the cut: what is in it had begun. */
static uint32_t latest_begin(const struct recording *recording, const struct promise *promise, size_t entry)
{
	uint32_t latest = 0;

	for (uint64_t at = 0; at < recording->firsts[entry + 1]; at++) {
		uint32_t operation = recording->pieces[at].operation;

		if (operation && operation <= promise->limit && promise->begins[operation] != PROMISE_NEVER &&
		    promise->begins[operation] > latest)
			latest = promise->begins[operation];
	}
	return latest;
}

static void judge(struct cut *cut, const struct promise *promise, const uint32_t *medium)
{
	cut->promised = promise->kept;
	for (uint64_t sector = 0; sector < promise->sectors; sector++) {
		if (promise_allows(promise, sector, medium[sector]))
			continue;
		if (!cut->wrong++) {
			cut->first_wrong = sector;
			cut->found = medium[sector];
		}
	}
}

void cut_make(struct cut *cut, const struct recording *recording, struct promise *promise, size_t entry, uint64_t seed)
{
	const struct writelog *log = recording->log;
	uint32_t *medium = checked(calloc(promise->sectors, sizeof *medium));
	size_t safe = last_flush(log, entry);

	*cut = (struct cut){.entry = entry};
	for (size_t at = 0; at <= entry; at++) {
		uint64_t count = pieces_of(&log->entries[at]);

		if (at >= safe && count)
			count = survivors(cut, &log->entries[at], mix_pair(seed, at));
		for (uint64_t piece = 0; piece < count; piece++)
			lay_down(medium, promise, &recording->pieces[recording->firsts[at] + piece]);
	}
	promise_make(promise, latest_begin(recording, promise, entry));
	judge(cut, promise, medium);
	free(medium);
}
