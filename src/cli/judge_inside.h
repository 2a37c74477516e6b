/* judge_inside: what judge.c (the queue's order of lines) and weigh.c and weigh_command.c (what a line says) share. For nobody else. */
#ifndef REFUBLK_JUDGE_INSIDE_H
#define REFUBLK_JUDGE_INSIDE_H

#include "judge.h"
#include "possible.h"
#include "tally.h"

/* What the queue's next line must be. */
enum judge_next {
	JUDGE_FIRST_WAKE,
	JUDGE_FETCH,        /* of judge->tag; then of the next */
	JUDGE_COMPLETION,   /* nothing is due */
	JUDGE_LETTERS,      /* letters, and then the wake */
	JUDGE_DESCRIPTOR,   /* or, in a queue that leaves, nothing */
	JUDGE_LOAN_OR_CALL,
	JUDGE_LOAN_OR_ASK,
	JUDGE_CALL,
	JUDGE_STEP,
	JUDGE_IO,
	JUDGE_RESUME,
	JUDGE_COMMAND,      /* that of judge->action */
	JUDGE_NOTHING,      /* the queue has ended */
};

enum judge_awaited { JUDGE_NOBODY, JUDGE_DRIVER, JUDGE_RING, JUDGE_LETTER };

struct judge_slot {
	struct refublk_request request; /* of the last descriptor */
	struct refublk_request placed;  /* the WRITE for which data was asked */
	struct refublk_outcome outcome;
	struct possible driver;
	uint64_t own;     /* the tag's buffer */
	uint64_t loan;    /* what the backend lent for the last request */
	uint64_t address; /* of the last command */
	uint64_t user;    /* of what is under way */
	int64_t io_result;
	uint32_t awaited; /* enum judge_awaited */
	uint32_t serial;  /* of the last submission */
	uint32_t refusal; /* enum desc_verdict, of the last descriptor */
	bool copied;      /* the last command was NEED_GET_DATA */
	struct tag_state state;
};

struct judge {
	struct record_header header;
	struct possible_driver driver;
	struct tally tally;
	struct judge_slot *slots;
	struct judge_finding left; /* the line where a queue that does not leave would have read a descriptor */
	uint64_t answered;
	uint32_t qid;
	uint32_t thread;
	uint32_t next;    /* enum judge_next */
	uint32_t tag;     /* whose turn it is */
	uint32_t action;  /* enum tag_action, of COMMAND and DESCRIPTOR */
	bool fetching;
	bool reading;     /* letters are read */
	bool leaving;
};

/* False, so that a finding is one `return`. */
bool judge_expects(const struct judge *judge, struct judge_finding *finding, uint32_t rule, const char *format, ...)
	__attribute__((format(printf, 4, 5)));

/* The tag's event: its step, and what must follow. */
bool judge_event(struct judge *judge, uint32_t event, struct judge_finding *finding);

/* Nothing more is due for the tag. */
void judge_quiet(struct judge *judge);

/* ---- weigh.c, weigh_command.c: true, or a finding -------------------------------------------- */

bool weigh_command(struct judge *judge, const struct record *record, struct judge_finding *finding);
bool weigh_completion(struct judge *judge, const struct record *record, struct judge_finding *finding);
bool weigh_descriptor(struct judge *judge, const struct record *record, struct judge_finding *finding);
bool weigh_call(struct judge *judge, const struct record *record, struct judge_finding *finding);
bool weigh_io(struct judge *judge, const struct record *record, struct judge_finding *finding);
bool weigh_letter(struct judge *judge, const struct record *record, struct judge_finding *finding);
bool weigh_end(struct judge *judge, const struct record *record, struct judge_finding *finding);

/* The user_data that the tag's next submission must have. kind: enum command_kind. */
uint64_t weigh_user(struct judge *judge, uint32_t kind);

/* The user_data of the queue's wake-up. */
uint64_t weigh_wake_user(void);

#endif
