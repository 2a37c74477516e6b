#include <string.h>

#include "cell.h"
#include "compare.h"

static const struct operation *operation_of(struct compare *compare, uint32_t reference)
{
	if (compare->last.number != cell_number(reference))
		compare->last = schedule_operation(compare->schedule, cell_number(reference));
	return &compare->last;
}

bool compare_content(struct compare *compare, uint64_t sector, uint32_t reference, uint64_t hash, void *out)
{
	if (reference == CELL_RECORDED ? hash == stamp_zero_hash() : cell_kind(reference) == CELL_ZERO) {
		memset(out, 0, OPERATION_SECTOR_BYTES);
		return true;
	}
	if (reference == CELL_RECORDED || cell_kind(reference) != CELL_WRITE)
		return false;
	stamp_write(compare->identity, operation_of(compare, reference), sector, out);
	return true;
}

/* Exactly the content of this one? */
static bool is_whole(struct compare *compare, uint64_t sector, uint32_t reference, uint64_t hash, const void *data)
{
	if (reference == CELL_RECORDED)
		return stamp_hash(data) == hash;
	if (cell_kind(reference) == CELL_WRITE)
		return stamp_matches(compare->identity, operation_of(compare, reference), sector, data);
	return cell_kind(reference) == CELL_ZERO && stamp_is_zero(data);
}

/* Every byte is one of a candidate's. A candidate known by its hash only could be any byte. */
static enum compare_answer compare_mix(struct compare *compare, uint64_t sector, const struct expectation *expected,
				       const uint8_t *data)
{
	bool legal[OPERATION_SECTOR_BYTES] = {false};

	for (uint32_t who = 0; who < expected->count; who++) {
		uint8_t content[OPERATION_SECTOR_BYTES];

		if (!compare_content(compare, sector, expected->candidates[who], expected->hash, content))
			return COMPARE_OPEN;
		for (unsigned at = 0; at < OPERATION_SECTOR_BYTES; at++)
			legal[at] |= content[at] == data[at];
	}
	for (unsigned at = 0; at < OPERATION_SECTOR_BYTES; at++)
		if (!legal[at])
			return COMPARE_WRONG;
	return COMPARE_RIGHT;
}

/* `seen` has its hash where there are several candidates. */
static enum compare_answer judge(struct compare *compare, uint64_t sector, const struct expectation *expected,
				 const void *data, struct sighting *seen)
{
	bool pinned = expected->pinned && seen->hash == expected->hash;

	if (expected->pinned && expected->settled)
		return pinned ? COMPARE_RIGHT : COMPARE_WRONG;
	for (uint32_t who = 0; who < expected->count && !seen->whole; who++) {
		seen->whole = is_whole(compare, sector, expected->candidates[who], expected->hash, data);
		seen->candidate = expected->candidates[who];
	}
	if (seen->whole || pinned)
		return COMPARE_RIGHT;
	if (expected->count == 1 || compare->schedule->atomic_sector)
		return COMPARE_WRONG;
	return compare_mix(compare, sector, expected, data);
}

enum compare_answer compare_sector(struct compare *compare, uint64_t sector, const struct expectation *expected,
				   const void *data, struct sighting *seen)
{
	enum compare_answer answer;

	*seen = (struct sighting){0};
	for (uint32_t who = 0; who < expected->count; who++)
		if (cell_kind(expected->candidates[who]) == CELL_ANY)
			return COMPARE_OPEN;
	if (expected->count > 1 || expected->pinned)
		seen->hash = stamp_hash(data);
	answer = judge(compare, sector, expected, data, seen);
	/* Nothing is learned from what should not be there. */
	seen->known = answer != COMPARE_WRONG;
	return answer;
}
