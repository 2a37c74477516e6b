/* journal: where a server's lines go: to stderr while somebody looks, to the system's log once it is a daemon. */
#ifndef REFUBLK_JOURNAL_H
#define REFUBLK_JOURNAL_H

#include <stdatomic.h>

#include "log.h"

struct journal {
	atomic_bool to_system; /* false: stderr */
	bool verbose;
	bool is_socket;        /* fd is a socket to the system's log, else the kernel's */
	int fd;                /* -1: there is no system log */
};

/* Lines go to stderr. Call it before the mount namespace is left: the log's socket is a path. */
void journal_open(struct journal *journal, bool verbose);

/* From now on lines go to the system's log: /dev/log (systemd's journal or a syslog daemon), else /dev/kmsg. */
void journal_switch(struct journal *journal);

void journal_close(struct journal *journal);

/* Any thread may use it; it never blocks: a full log loses the line. Valid until journal_close(). */
struct log journal_log(struct journal *journal);

#endif
