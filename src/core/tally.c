#include "tally.h"

#include "check.h"

_Static_assert(sizeof(struct tally) == sizeof(uint16_t) * (TAG_OWNERS + 1), "no padding: they are compared as bytes");

struct tally tally_of(uint32_t depth_tags)
{
	struct tally tally = { .tags[TAG_UNBORN] = (uint16_t)depth_tags, .depth = (uint16_t)depth_tags };

	CHECK(depth_tags >= 1);
	CHECK(depth_tags <= UINT16_MAX);
	return tally;
}

struct tally tally_move(struct tally tally, uint32_t from, uint32_t to)
{
	CHECK(from < TAG_OWNERS);
	CHECK(to < TAG_OWNERS);
	CHECK(tally.tags[from] > 0);
	tally.tags[from]--;
	tally.tags[to]++;
	return tally;
}

uint32_t tally_open(struct tally tally)
{
	return (uint32_t)tally.tags[TAG_SERVER] + tally.tags[TAG_SERVER_GET_DATA];
}

bool tally_drained(struct tally tally) /* R20 */
{
	return tally_open(tally) == 0;
}

bool tally_over(struct tally tally) /* R21 */
{
	return tally.tags[TAG_RETIRED] == tally.depth;
}
