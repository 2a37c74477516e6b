/* fill: reads that take up every tag of a live disk, so that nothing more can be on its way to a server that hands it over:
 * see handover.h. Each queue has a process of its own, which waits in the kernel until its reads are answered, by this server
 * or the next. */
#ifndef FILL_H
#define FILL_H

#include <stdbool.h>

#include "state.h"

struct fill {
	const struct state *state; /* the caller's, until fill_end() */
	int *children;             /* pids, 0: ended; one for each queue */
	unsigned int timeout_ms;   /* the disk's before */
};

/* Before the server keeps requests. After its death Linux 6.12 looks after them only when one is too old for its disk: that
 * is set to a moment. SAY_OK, or SAY_FAILED, the reason said, and nothing has changed. */
int fill_prepare(struct fill *fill, const struct state *state) __attribute__((warn_unused_result));

/* The server keeps requests: brings as many as there are tags. The same. */
int fill_begin(struct fill *fill) __attribute__((warn_unused_result));

/* Every read has been answered, or could not be sent. */
bool fill_over(struct fill *fill);

/* Ends them, waits a little for the reads that the next server answers, and takes fill_prepare() back. */
void fill_end(struct fill *fill);

#endif
