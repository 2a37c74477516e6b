/* judge: holds one queue's life, as a trace tells it, against the core and against spec/driver. Every state is derived
 * here: the tags' by tag_step and tally, the requests' by desc and result, the commands by command, the driver's by
 * driver_tag_step. One line after the other; the first that neither side allows is the finding. */
#ifndef REFUBLK_JUDGE_H
#define REFUBLK_JUDGE_H

#include "record.h"

struct judge;

enum { JUDGE_TEXT_BYTES = 256, JUDGE_NO_TAG = UINT16_MAX + 1 };

struct judge_finding {
	uint64_t line;                  /* as the caller numbers them */
	uint32_t tag;                   /* JUDGE_NO_TAG: of none */
	uint32_t rule;                  /* the number of spec/rules.md */
	char expected[JUDGE_TEXT_BYTES];
};

struct judge_count {
	uint64_t answered; /* requests that were committed */
	uint32_t open;     /* requests that the server still owns */
};

/* header: the queue's first record. kernel: enum driver_kernel. 0 or -ENOMEM. */
int judge_make(struct judge **judge, const struct record *header, uint32_t kernel) __attribute__((warn_unused_result));
void judge_free(struct judge *judge);

/* The queue's next record, whatever it is. False: a finding, and the judge is of no more use. */
bool judge_record(struct judge *judge, const struct record *record, uint64_t line, struct judge_finding *finding);

/* The queue has said how it ended. */
bool judge_ended(const struct judge *judge);

struct judge_count judge_count(const struct judge *judge);

#endif
