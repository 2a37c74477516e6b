#include "process.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "text.h"

enum { STAT_BYTES = 1024, STARTED_FIELD = 22 };

static bool process_read(int32_t pid, const char *name, char *content, size_t size)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/%s", pid, name);
	return text_read(path, content, size) && content[0] != '\0';
}

uint64_t process_parse_stat(const char *line, char *state)
{
	const char *at = strrchr(line, ')'); /* the name before it may hold anything */
	int field = 2;

	*state = '?';
	if (!at || at[1] != ' ')
		return 0;
	*state = at[2];
	while (field < STARTED_FIELD) {
		at = strchr(at + 1, ' ');
		if (!at)
			return 0;
		field++;
	}
	return strtoull(at + 1, NULL, 10);
}

static struct process process_look(int32_t pid, char *state)
{
	struct process process = { .pid = pid };
	char line[STAT_BYTES];

	*state = '?';
	if (pid > 0 && process_read(pid, "stat", line, sizeof(line)))
		process.started_ticks = process_parse_stat(line, state);
	return process;
}

struct process process_find(int32_t pid)
{
	char state;

	return process_look(pid, &state);
}

bool process_alive(struct process process)
{
	char state;
	struct process now = process_look(process.pid, &state);

	return now.started_ticks != 0 && now.started_ticks == process.started_ticks && state != 'Z' && state != 'X';
}

const char *process_name(int32_t pid, char *name)
{
	if (!process_read(pid, "comm", name, PROCESS_NAME_BYTES))
		strcpy(name, "?");
	return name;
}

int process_open(struct process process)
{
	int pidfd = process.pid > 0 ? (int)syscall(SYS_pidfd_open, process.pid, 0) : -1;

	if (pidfd < 0)
		return process.pid > 0 ? -errno : -ESRCH;
	/* The pidfd holds the pid: who has it now is who it names. */
	if (!process_alive(process)) {
		close(pidfd);
		return -ESRCH;
	}
	return pidfd;
}
