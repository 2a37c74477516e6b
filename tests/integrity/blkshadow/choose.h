/* Which operation a job begins next, and whether it may: by the plan, the recorded order, and the pages' modes. */
#ifndef CHOOSE_H
#define CHOOSE_H

#include "run.h"

enum choice {
	CHOICE_TAKEN,			/* chooser->next begins now */
	CHOICE_WAIT,			/* something must end first */
	CHOICE_END			/* there is nothing more to begin */
};

struct chooser {
	unsigned job;
	uint32_t position;		/* how many of the plan's operations the job has taken */
	struct operation next;
	bool has_next;			/* chosen, not yet begun */
};

/* Under run->lock. After CHOICE_TAKEN the operation has to begin before the lock is let go. */
enum choice choose_next(struct chooser *chooser, struct run *run);

#endif
