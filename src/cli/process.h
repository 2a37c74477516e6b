/* process: who a pid is. A pid alone names nobody for long: with its start time it names one process. */
#ifndef REFUBLK_PROCESS_H
#define REFUBLK_PROCESS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct process {
	uint64_t started_ticks; /* since boot, from /proc/PID/stat; 0: unknown */
	int32_t pid;
	uint32_t reserved; /* 0 */
};

/* The process that has this pid now; started_ticks 0 when there is none. */
struct process process_find(int32_t pid);

/* It runs; a zombie does not. */
bool process_alive(struct process process);

/* Its name, "?" when unknown. name: PROCESS_NAME_BYTES. Returns name. */
enum { PROCESS_NAME_BYTES = 32 };
const char *process_name(int32_t pid, char *name);

/* A pidfd of exactly this process, or -errno: -ESRCH when it is gone. */
int process_open(struct process process);

/* Field 22 of a line of /proc/PID/stat, whatever the process calls itself; *state is its letter. 0: malformed. */
uint64_t process_parse_stat(const char *line, char *state);

#endif
