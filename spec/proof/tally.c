/* The counts are those of the tags, for any depth: if they are before a tag moves, they are after it, and what is
 * said of all tags follows from the counts. count[] stands for the array: how many of its tags have each owner. */
#include "proof.h"
#include "tally.h"

void proof(void)
{
	uint32_t depth_tags = nondet_u32(), from = nondet_u32(), to = nondet_u32(), sum = 0;
	uint32_t count[TAG_OWNERS];
	struct tally born, tally;

	ASSUME(depth_tags >= 1 && depth_tags <= 4096);
	born = tally_of(depth_tags);
	for (uint32_t owner = 0; owner < TAG_OWNERS; owner++)
		PROVE(born.tags[owner] == (owner == TAG_UNBORN ? depth_tags : 0), "all are unborn at first");
	PROVE(born.depth == depth_tags, "depth");

	tally.depth = (uint16_t)depth_tags;
	for (uint32_t owner = 0; owner < TAG_OWNERS; owner++) {
		count[owner] = nondet_u32();
		ASSUME(count[owner] <= depth_tags);
		sum += count[owner];
		tally.tags[owner] = (uint16_t)count[owner];
	}
	ASSUME(sum == depth_tags);
	ASSUME(from < TAG_OWNERS && to < TAG_OWNERS && count[from] > 0);
	tally = tally_move(tally, from, to);
	count[from]--;
	count[to]++;
	for (uint32_t owner = 0; owner < TAG_OWNERS; owner++)
		PROVE(tally.tags[owner] == count[owner], "the counts are those of the tags");
	PROVE(tally.depth == depth_tags, "the depth stays");
	PROVE(tally_open(tally) == count[TAG_SERVER] + count[TAG_SERVER_GET_DATA], "open: owned by the server");
	PROVE(tally_drained(tally) == (count[TAG_SERVER] == 0 && count[TAG_SERVER_GET_DATA] == 0), "drained");
	PROVE(tally_over(tally) == (count[TAG_RETIRED] == depth_tags), "over");
	PROVED();
}
