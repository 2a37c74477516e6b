/* log: one line for a person, through the callback of the options. */
#ifndef REFUBLK_LOG_H
#define REFUBLK_LOG_H

#include "refublk.h"

/* By value; function NULL is silent. The context is the caller's. */
struct log {
	refublk_log *function;
	void *context;
};

/* Formats at most 500 bytes; longer lines are cut. Allocates nothing. */
void log_say(struct log log, enum refublk_level level, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

#endif
