/* durable: what a sector may hold after a power cut: what was last flushed, or written with FUA, or any later write.
 * Beside the shadow, which knows no cuts. */
#ifndef SIM_DURABLE_H
#define SIM_DURABLE_H

#include "../blkshadow/shadow.h"

struct durable;

/* All zeroes, and durable. Ends the program without memory. */
struct durable *durable_open(uint64_t size_bytes);
void durable_close(struct durable *durable);

void durable_begin(struct durable *durable, const struct operation *operation);
void durable_end(struct durable *durable, const struct operation *operation, bool done);

/* The last candidate is the one that had to survive. The candidates live until the next call. */
void durable_expect(struct durable *durable, uint64_t sector, struct expectation *expected);

#endif
