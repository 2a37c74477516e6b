/* complain: what goes wrong with requests, for a person: once per kind and queue, so that a flood of failures does
 * not become a flood of lines. */
#ifndef REFUBLK_COMPLAIN_H
#define REFUBLK_COMPLAIN_H

#include "desc.h"
#include "log.h"
#include "result.h"
#include "step.h"
#include "tag.h"

enum { COMPLAIN_ERRNOS = 256 }; /* a larger error number shares the last place */

enum complain_kind {
	COMPLAIN_SHORT,   /* a backend did less than all */
	COMPLAIN_MOVED,   /* a WRITE came back from its copy with another range */
	COMPLAIN_LETTER,  /* refublk_complete() for what nobody waits for */
	COMPLAIN_KINDS
};

struct complain {
	struct log log;
	const char *backend; /* its name; lives for ever */
	uint16_t qid;
	bool said_kinds[COMPLAIN_KINDS];
	bool said_refusals[DESC_VERDICTS];
	bool said_steps[STEP_VERDICTS];
	bool said_verdicts[TAG_VERDICTS];
	bool said_errnos[COMPLAIN_ERRNOS];
};

/* The driver asked for something that cannot be. */
void complain_refusal(struct complain *complain, uint16_t tag, const struct desc_decoded *decoded);

/* The outcome is committed as another number than the backend gave. */
void complain_result(struct complain *complain, uint16_t tag, const struct refublk_request *request,
		     struct refublk_outcome outcome, struct result result);

void complain_moved(struct complain *complain, uint16_t tag, const struct refublk_request *request);
void complain_step(struct complain *complain, uint16_t tag, uint32_t verdict);
void complain_letters(struct complain *complain, uint32_t letters);

/* answer: what the driver answered last, 0 or -errno or a positive number. */
void complain_verdict(struct complain *complain, uint16_t tag, uint32_t owner, uint32_t event, uint32_t verdict,
		      int32_t answer);

#endif
