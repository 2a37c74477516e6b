/*
 * Each page is in direct or in buffered mode. An operation claims its pages when it is chosen and may begin when no
 * earlier claim on them has the other mode; if pages then are in the other mode, they are switched first. Claims wait
 * for earlier ones only, so nothing waits in a circle.
 */
#ifndef MODES_H
#define MODES_H

#include "operation.h"

enum modes_answer { MODES_READY, MODES_WAIT, MODES_SWITCH };

struct modes;

/* Every page begins in the mode `direct`. Ends the program without memory. */
struct modes *modes_new(uint64_t size_bytes, bool direct);
void modes_free(struct modes *modes);

void modes_claim(struct modes *modes, const struct operation *operation);

/* MODES_SWITCH: the pages are in the operation's mode from now on; the caller writes back and drops what is cached. */
enum modes_answer modes_ask(struct modes *modes, const struct operation *operation);

void modes_release(struct modes *modes, uint32_t number);

#endif
