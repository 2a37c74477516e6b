/* audit: a whole trace, as bytes: its lines in their order, queue by queue, each before its judge. */
#ifndef REFUBLK_AUDIT_H
#define REFUBLK_AUDIT_H

#include "judge.h"

struct audit;

enum audit_verdict {
	AUDIT_LAWFUL,
	AUDIT_BREACH,  /* a line that neither the core nor spec/driver allows */
	AUDIT_DAMAGED, /* not a trace, or not all of it */
	AUDIT_NO_MEMORY,
};

struct audit_report {
	struct judge_finding finding; /* of a BREACH; of a DAMAGED file line and expected count */
	uint64_t lines;
	uint64_t answered;
	uint64_t lost;        /* lines that the server could not write */
	uint64_t blind_line;  /* where the first queue lost a line: not judged any further */
	uint32_t blind_qid;
	uint32_t verdict;     /* enum audit_verdict */
	uint32_t queues;
	uint32_t tags;        /* of all queues */
	uint32_t lives;       /* servers, one after the other */
	uint32_t unended;     /* queues whose last life has no end */
	uint32_t open;        /* their open requests */
	uint32_t qid;         /* of the finding */
	uint32_t kernel;      /* enum driver_kernel: whose column was used */
	bool kernel_known;    /* it is the one that the trace names */
	char kernel_name[RECORD_KERNEL_BYTES];
	char found[JUDGE_TEXT_BYTES]; /* the finding's line, perhaps cut */
};

/* unfinished: the servers may have been killed, or still run: the trace may stop anywhere. 0 or -ENOMEM. */
int audit_make(struct audit **audit, bool unfinished) __attribute__((warn_unused_result));
void audit_free(struct audit *audit);

/* The next bytes of the file, cut anywhere. False: the verdict stands, and more bytes change nothing. */
bool audit_feed(struct audit *audit, const char *bytes, size_t length_bytes);

/* After the last byte. Lives as long as the audit. */
const struct audit_report *audit_finish(struct audit *audit);

#endif
