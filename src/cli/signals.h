/* signals: how a serving process ends.
 *
 *   SIGINT           on a disk in use: names who uses it and goes on serving; a second one within SIGNALS_AGAIN_MS
 *                    stops it all the same
 *   SIGTERM, SIGHUP  stops at once, with a warning when the disk is in use: a machine that shuts down must not be
 *                    refused; `refublk stop` has asked before it sends SIGTERM
 *
 * Before the stop everything is written back; any further signal ends that wait. SIGHUP stays ignored where the
 * caller ignores it (nohup); SIGPIPE is ignored; all others are left alone. */
#ifndef REFUBLK_SIGNALS_H
#define REFUBLK_SIGNALS_H

#include "log.h"
#include "refublk.h"

enum { SIGNALS_AGAIN_MS = 5000 };

/* From now on a signal ends the start of *device, which refublk_start() sets. Once per process. 0, or -errno
 * after one line on stderr. */
int signals_install(struct refublk **device) __attribute__((warn_unused_result));

/* A signal has come before there was anything to stop. */
bool signals_came(void);

/* Makes the thread that answers as above, before there is a device: a live one could only be stopped for want of it. 0, or
 * -errno after one line on stderr. */
int signals_watch(struct log log) __attribute__((warn_unused_result));

/* The device is live: the thread answers from now on. */
void signals_live(void);

/* The device is gone, or never came; before refublk_free(). */
void signals_unwatch(void);

#endif
