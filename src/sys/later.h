/* later: the mailbox of one queue: outcomes that foreign threads hand in through refublk_complete(), and the
 * wake-up of the queue's thread. One place per tag, nothing is allocated after it was made. */
#ifndef REFUBLK_LATER_H
#define REFUBLK_LATER_H

#include <stdbool.h>
#include <stdint.h>

#include "refublk.h"

struct later;

/* depth_tags: 1 to 65535. 0 or -errno. The mailbox outlives the queue's thread: stale calls find it alive. */
int later_make(struct later **later, uint32_t depth_tags) __attribute__((warn_unused_result));
void later_free(struct later *later);

/* An eventfd, the mailbox's own: readable while there is news. For PORT_WAKE. */
int later_wake_fd(const struct later *later);

/* Any thread: PORT_WAKE completes. */
void later_wake(struct later *later);

/* ---- tokens: qid, tag and the number of the tag's turn; never 0 ---------------------------- */

uint64_t later_token(uint16_t qid, uint16_t tag, uint32_t serial);
uint16_t later_token_qid(uint64_t token);
uint16_t later_token_tag(uint64_t token);

/* ---- the queue's thread -------------------------------------------------------------------- */

/* Before a request goes to the backend: from now on only this token is taken for its tag. */
void later_issue(struct later *later, uint64_t token);

/* After PORT_WAKE and before later_take(): the next news will be news again. */
void later_quiet(struct later *later);

struct later_letter {
	struct refublk_outcome outcome;
	uint64_t token;
};

/* The next outcome, in the order in which they came. It was lawful when it came: the caller still compares the token with what
 * the tag waits for. */
bool later_take(struct later *later, struct later_letter *letter);

/* How many calls were turned away since the last call of this: unknown or old token, or a second outcome. */
uint32_t later_refusals(struct later *later);

/* ---- any thread ---------------------------------------------------------------------------- */

void later_put(struct later *later, uint64_t token, struct refublk_outcome outcome);

#endif
