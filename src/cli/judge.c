#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "check.h"
#include "judge_inside.h"
#include "request.h"

int judge_make(struct judge **judge, const struct record *header, uint32_t kernel)
{
	struct judge *made = calloc(1, sizeof(*made));

	CHECK(header->kind == RECORD_HEADER);
	if (!made)
		return -ENOMEM;
	made->slots = calloc(header->header.depth_tags, sizeof(*made->slots));
	if (!made->slots) {
		free(made);
		return -ENOMEM;
	}
	made->header = header->header;
	made->driver.kernel = kernel;
	made->driver.mode = header->header.get_data ? DRIVER_GET_DATA : DRIVER_PLAIN;
	made->tally = tally_of(header->header.depth_tags);
	made->qid = header->qid;
	made->thread = header->thread;
	made->fetching = true;
	for (uint32_t tag = 0; tag < header->header.depth_tags; tag++)
		made->slots[tag].driver = possible_unfetched();
	*judge = made;
	return 0;
}

void judge_free(struct judge *judge)
{
	if (!judge)
		return;
	free(judge->slots);
	free(judge);
}

bool judge_ended(const struct judge *judge)
{
	return judge->next == JUDGE_NOTHING;
}

struct judge_count judge_count(const struct judge *judge)
{
	return (struct judge_count){ .answered = judge->answered, .open = tally_open(judge->tally) };
}

bool judge_expects(const struct judge *judge, struct judge_finding *finding, uint32_t rule, const char *format, ...)
{
	va_list arguments;

	finding->tag = judge->tag < judge->header.depth_tags ? judge->tag : JUDGE_NO_TAG;
	finding->rule = rule;
	va_start(arguments, format);
	vsnprintf(finding->expected, sizeof(finding->expected), format, arguments);
	va_end(arguments);
	return false;
}

void judge_quiet(struct judge *judge)
{
	judge->next = judge->reading ? JUDGE_LETTERS : judge->fetching ? JUDGE_FETCH : JUDGE_COMPLETION;
}

static void judge_follow(struct judge *judge, uint32_t action)
{
	judge->action = action;
	switch ((enum tag_action)action) {
	case TAG_NOTHING:
		judge_quiet(judge);
		return;
	case TAG_HANDLE:
	case TAG_PLACE:
		judge->next = JUDGE_DESCRIPTOR;
		return;
	case TAG_FETCH:
	case TAG_ASK_DATA:
	case TAG_COMMIT:
	case TAG_COMMIT_FAILED:
		judge->next = JUDGE_COMMAND;
		return;
	case TAG_ACTIONS:
		break;
	}
	CHECK(action < TAG_ACTIONS);
}

bool judge_event(struct judge *judge, uint32_t event, struct judge_finding *finding)
{
	struct judge_slot *slot = &judge->slots[judge->tag];
	struct tag_step step = tag_step(judge->header.get_data ? TAG_GET_DATA : TAG_PLAIN, slot->state, event);

	if (step.verdict != TAG_LAWFUL)
		return judge_expects(judge, finding, step.verdict == TAG_DRIVER_BREACH ? 19 : 16,
				     "no %s of a tag that is %s: %s", tag_event_name(event),
				     tag_owner_name(slot->state.owner), tag_verdict_text(step.verdict));
	judge->tally = tally_move(judge->tally, slot->state.owner, step.state.owner);
	slot->state = step.state;
	judge_follow(judge, step.action);
	return true;
}

/* ---- each line in its place ---------------------------------------------------------------- */

static bool judge_wake(struct judge *judge, const struct record *record, struct judge_finding *finding)
{
	if (record->kind != RECORD_WAKE || record->user != weigh_wake_user())
		return judge_expects(judge, finding, 27, "the wait for the queue's wake-up, %016llx",
				     (unsigned long long)weigh_wake_user());
	judge->reading = false;
	judge_quiet(judge);
	return true;
}

static bool judge_fetch(struct judge *judge, const struct record *record, struct judge_finding *finding)
{
	if (!judge_event(judge, TAG_BEGIN, finding) || !weigh_command(judge, record, finding))
		return false;
	judge->tag++;
	judge->fetching = judge->tag < judge->header.depth_tags;
	judge_quiet(judge);
	return true;
}

static bool judge_loan(struct judge *judge, const struct record *record, struct judge_finding *finding)
{
	struct judge_slot *slot = &judge->slots[judge->tag];
	bool place = judge->next == JUDGE_LOAN_OR_ASK;

	if (record->tag != judge->tag)
		return judge_expects(judge, finding, 17, "a loan for tag %u", judge->tag);
	slot->loan = record->memory;
	if (slot->loan == 0 && !place) {
		judge->next = JUDGE_CALL;
		return true;
	}
	slot->outcome = request_done(&slot->request);
	return judge_event(judge, slot->loan != 0 ? TAG_BACKEND_LENT : TAG_BACKEND_KEPT, finding);
}

static bool judge_outcome(struct judge *judge, struct refublk_outcome outcome, struct judge_finding *finding)
{
	judge->slots[judge->tag].outcome = outcome;
	return judge_event(judge, outcome.error != 0 ? TAG_BACKEND_FAILED : TAG_BACKEND_DONE, finding);
}

static bool judge_step(struct judge *judge, const struct record *record, struct judge_finding *finding)
{
	if (record->kind != RECORD_STEP || record->tag != judge->tag)
		return judge_expects(judge, finding, 18, "what the backend answered for tag %u", judge->tag);
	switch (record->op) {
	case REFUBLK_STEP_DONE:
		return judge_outcome(judge,
				     (struct refublk_outcome){ .done_bytes = record->length_bytes, .error = record->error },
				     finding);
	case REFUBLK_STEP_IO:
		judge->next = JUDGE_IO;
		return true;
	case REFUBLK_STEP_LATER:
		judge->slots[judge->tag].awaited = JUDGE_LETTER;
		judge_quiet(judge);
		return true;
	default:
		return judge_outcome(judge, request_failed(EIO), finding);
	}
}

static bool judge_resume(struct judge *judge, const struct record *record, struct judge_finding *finding)
{
	int64_t result = judge->slots[judge->tag].io_result;

	if (record->kind != RECORD_RESUME || record->tag != judge->tag || record->result != result)
		return judge_expects(judge, finding, 76, "resume of tag %u with its io's result, %lld", judge->tag,
				     (long long)result);
	judge->next = JUDGE_STEP;
	return true;
}

static bool judge_io(struct judge *judge, const struct record *record, struct judge_finding *finding)
{
	/* An io that breaks the backend's contract is not carried out: it fails the request. */
	if (record->kind == RECORD_COMMAND)
		return judge_outcome(judge, request_failed(EIO), finding) && weigh_command(judge, record, finding);
	return weigh_io(judge, record, finding);
}

static bool judge_loan_or_ask(struct judge *judge, const struct record *record, struct judge_finding *finding)
{
	if (record->kind == RECORD_LOAN)
		return judge_loan(judge, record, finding);
	return judge_event(judge, TAG_BACKEND_KEPT, finding) && weigh_command(judge, record, finding);
}

static bool judge_letter(struct judge *judge, const struct record *record, struct judge_finding *finding)
{
	if (record->kind != RECORD_LETTER)
		return judge_wake(judge, record, finding);
	return weigh_letter(judge, record, finding);
}

static bool judge_due(struct judge *judge, const struct record *record, struct judge_finding *finding)
{
	switch ((enum judge_next)judge->next) {
	case JUDGE_FIRST_WAKE:
		return judge_wake(judge, record, finding);
	case JUDGE_FETCH:
		return judge_fetch(judge, record, finding);
	case JUDGE_COMPLETION:
		return record->kind == RECORD_END ? weigh_end(judge, record, finding) :
						    weigh_completion(judge, record, finding);
	case JUDGE_LETTERS:
		return judge_letter(judge, record, finding);
	case JUDGE_DESCRIPTOR:
		return weigh_descriptor(judge, record, finding);
	case JUDGE_LOAN_OR_CALL:
		return record->kind == RECORD_LOAN ? judge_loan(judge, record, finding) : weigh_call(judge, record, finding);
	case JUDGE_LOAN_OR_ASK:
		return judge_loan_or_ask(judge, record, finding);
	case JUDGE_CALL:
		return weigh_call(judge, record, finding);
	case JUDGE_STEP:
		return judge_step(judge, record, finding);
	case JUDGE_IO:
		return judge_io(judge, record, finding);
	case JUDGE_RESUME:
		return judge_resume(judge, record, finding);
	case JUDGE_COMMAND:
		return weigh_command(judge, record, finding);
	case JUDGE_NOTHING:
		break;
	}
	judge->tag = JUDGE_NO_TAG;
	return judge_expects(judge, finding, 21, "nothing after the queue's end");
}

/* A queue that is told to leave need not read a descriptor; that it was told leaves no line of its own until its end. */
static void judge_may_leave(struct judge *judge, const struct record *record, uint64_t line)
{
	if (judge->next != JUDGE_DESCRIPTOR || record->kind == RECORD_DESCRIPTOR || record->kind == RECORD_SIZE)
		return;
	if (!judge->leaving) {
		(void)judge_expects(judge, &judge->left, 12, "the descriptor of tag %u, or a queue that leaves", judge->tag);
		judge->left.line = line;
	}
	judge->leaving = true;
	judge_quiet(judge);
}

bool judge_record(struct judge *judge, const struct record *record, uint64_t line, struct judge_finding *finding)
{
	finding->line = line;
	if (record->thread != judge->thread)
		return judge_expects(judge, finding, 48, "a line of thread %u, the queue's daemon", judge->thread);
	judge_may_leave(judge, record, line);
	if (judge_due(judge, record, finding))
		return true;
	/* Since it did not leave: the first line that cannot be is the earlier one. */
	if (judge->leaving)
		*finding = judge->left;
	return false;
}
