/* The mailbox of the fuzzed world, in the place of src/sys/later: a token may grow old in it, or come twice. */
#include "world.h"

static bool was_issued(uint64_t token)
{
	return later_token_tag(token) < world.depth_tags && token >> 32 == world.later.issued[later_token_tag(token)] >> 32 &&
	       (uint32_t)token != 0 && token <= world.later.issued[later_token_tag(token)];
}

bool world_put(uint64_t token, struct refublk_outcome outcome)
{
	struct later *later = &world.later;

	if (later->last - later->first == WORLD_LETTERS || !was_issued(token))
		return false;
	later->letters[later->last++ % WORLD_LETTERS] = (struct later_letter){ outcome, token };
	later->news = true;
	return true;
}

uint64_t later_token(uint16_t qid, uint16_t tag, uint32_t serial)
{
	return (uint64_t)qid << 48 | (uint64_t)tag << 32 | serial;
}

uint16_t later_token_tag(uint64_t token)
{
	return (uint16_t)(token >> 32);
}

uint16_t later_token_qid(uint64_t token)
{
	return (uint16_t)(token >> 48);
}

/* poll() leaves it out. */
int later_wake_fd(const struct later *later)
{
	(void)later;
	return -1;
}

void later_issue(struct later *later, uint64_t token)
{
	FUZZ_NEED(token >> 48 == WORLD_QID && later_token_tag(token) < world.depth_tags, "a token of a tag");
	FUZZ_NEED(token > later->issued[later_token_tag(token)], "a token names one request");
	later->issued[later_token_tag(token)] = token;
}

void later_quiet(struct later *later)
{
	later->news = false;
}

bool later_take(struct later *later, struct later_letter *letter)
{
	if (later->first == later->last)
		return false;
	*letter = later->letters[later->first++ % WORLD_LETTERS];
	return true;
}

uint32_t later_refusals(struct later *later)
{
	(void)later;
	return 0;
}
