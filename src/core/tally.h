/* tally: how many of a queue's tags are in each state, by value. The array of tags belongs to serve. */
#ifndef REFUBLK_TALLY_H
#define REFUBLK_TALLY_H

#include "tag.h"

struct tally {
	uint16_t tags[TAG_OWNERS]; /* their sum is the depth */
	uint16_t depth;
};

/* All unborn. depth_tags: 1 to 4096. */
struct tally tally_of(uint32_t depth_tags);

/* One tag goes from one owner to another; `from` must hold one. from == to changes nothing. */
struct tally tally_move(struct tally tally, uint32_t from, uint32_t to);

/* How many tags the server owns: each has an open request. */
uint32_t tally_open(struct tally tally);

/* No tag is owned by the server: nothing that was asked is unanswered. */
bool tally_drained(struct tally tally);

/* Every tag is retired: nothing more will come. */
bool tally_over(struct tally tally);

#endif
