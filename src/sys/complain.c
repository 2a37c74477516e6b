#include "complain.h"

#include <inttypes.h>
#include <string.h>

#include "request.h"

static bool complain_first(bool *said)
{
	bool first = !*said;

	*said = true;
	return first;
}

void complain_refusal(struct complain *complain, uint16_t tag, const struct desc_decoded *decoded)
{
	if (complain_first(&complain->said_refusals[decoded->verdict]))
		log_say(complain->log, REFUBLK_ERROR,
			"queue %u tag %u: a %s of %" PRIu64 " bytes at %" PRIu64 " is refused (%s): %s", complain->qid,
			tag, request_op_name(decoded->request.op), decoded->request.length_bytes,
			decoded->request.offset_bytes, strerror((int)decoded->error),
			desc_verdict_text(decoded->verdict));
}

void complain_result(struct complain *complain, uint16_t tag, const struct refublk_request *request,
		     struct refublk_outcome outcome, struct result result)
{
	uint32_t place = outcome.error < COMPLAIN_ERRNOS ? outcome.error : COMPLAIN_ERRNOS - 1;

	if (result.replaced != 0 && complain_first(&complain->said_errnos[place]))
		log_say(complain->log, REFUBLK_WARNING,
			"queue %u tag %u: a %s failed in %s with error %" PRIu32 " (%s), which the kernel cannot pass on: "
			"its clients see %s",
			complain->qid, tag, request_op_name(request->op), complain->backend, result.replaced,
			strerror((int)result.replaced), strerror(-result.number));
	if (outcome.error == 0 && result.number < 0 && complain_first(&complain->said_kinds[COMPLAIN_SHORT]))
		log_say(complain->log, REFUBLK_ERROR,
			"queue %u tag %u: %s did %" PRIu64 " of %" PRIu64 " bytes of a %s, which fails", complain->qid,
			tag, complain->backend, outcome.done_bytes, request->length_bytes,
			request_op_name(request->op));
}

void complain_moved(struct complain *complain, uint16_t tag, const struct refublk_request *request)
{
	if (complain_first(&complain->said_kinds[COMPLAIN_MOVED]))
		log_say(complain->log, REFUBLK_ERROR,
			"queue %u tag %u: a write of %" PRIu64 " bytes at %" PRIu64
			" is not what memory was lent for: it fails",
			complain->qid, tag, request->length_bytes, request->offset_bytes);
}

void complain_step(struct complain *complain, uint16_t tag, uint32_t verdict)
{
	if (complain_first(&complain->said_steps[verdict]))
		log_say(complain->log, REFUBLK_ERROR, "queue %u tag %u: the backend %s broke its contract: %s; the request fails",
			complain->qid, tag, complain->backend, step_verdict_text(verdict));
}

void complain_letters(struct complain *complain, uint32_t letters)
{
	if (letters > 0 && complain_first(&complain->said_kinds[COMPLAIN_LETTER]))
		log_say(complain->log, REFUBLK_ERROR,
			"queue %u: the backend %s completed a request that is not open, or a second time; it is ignored",
			complain->qid, complain->backend);
}

/* A broken driver may answer the one number that cannot be negated. */
static const char *complain_answer_text(int32_t answer)
{
	return answer < 0 ? strerror((int)(0u - (uint32_t)answer)) : "";
}

void complain_verdict(struct complain *complain, uint16_t tag, uint32_t owner, uint32_t event, uint32_t verdict,
		      int32_t answer)
{
	if (complain_first(&complain->said_verdicts[verdict]))
		log_say(complain->log, REFUBLK_ERROR, "queue %u tag %u (%s, %s, %" PRId32 "%s%s): %s", complain->qid, tag,
			tag_owner_name(owner), tag_event_name(event), answer, answer < 0 ? " " : "",
			complain_answer_text(answer), tag_verdict_text(verdict));
}
