#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "stress.h"

/* In a process group of its own. What it prints is for people: stdout is the report's. */
static int start(struct stress *stress, const char *command)
{
	char *const words[] = {"sh", "-c", (char *)command, NULL};
	posix_spawn_file_actions_t files;
	posix_spawnattr_t attributes;
	int error;

	posix_spawn_file_actions_init(&files);
	posix_spawn_file_actions_addopen(&files, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
	posix_spawn_file_actions_adddup2(&files, STDERR_FILENO, STDOUT_FILENO);
	posix_spawnattr_init(&attributes);
	posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP);
	error = posix_spawn(&stress->pid, "/bin/sh", &files, &attributes, words, environ);
	posix_spawnattr_destroy(&attributes);
	posix_spawn_file_actions_destroy(&files);
	return error;
}

bool stress_may_begin(struct stress *stress, const struct operation *operation, bool pauses, bool quiet)
{
	if (stress->state == STRESS_NONE)
		*stress = (struct stress){.state = STRESS_CLAIMED, .operation = operation->number,
					  .number = operation->stress, .pauses = pauses,
					  .begun = stress->begun + 1};
	return stress->state == STRESS_CLAIMED && stress->operation == operation->number && (quiet || !pauses);
}

void stress_want(struct stress *stress)
{
	stress->state = STRESS_WANTED;
}

static bool has_gone_wrong(int status, char *text, size_t text_bytes)
{
	if (WIFSIGNALED(status))
		snprintf(text, text_bytes, "was ended by signal %d", WTERMSIG(status));
	else
		snprintf(text, text_bytes, "exits with %d", WEXITSTATUS(status));
	return status != 0;
}

bool stress_tend(struct stress *stress, const char *const *commands, char *text, size_t text_bytes)
{
	int status, error;

	if (stress->state == STRESS_WANTED) {
		error = start(stress, commands[stress->number]);
		stress->state = error ? STRESS_ENDED : STRESS_RUNS;
		if (error)
			snprintf(text, text_bytes, "cannot be started: %s", strerror(error));
		return error != 0;
	}
	if (stress->state != STRESS_RUNS || waitpid(stress->pid, &status, WNOHANG) != stress->pid)
		return false;
	stress->state = STRESS_ENDED;
	return has_gone_wrong(status, text, text_bytes);
}

bool stress_take_end(struct stress *stress)
{
	bool ended = stress->state == STRESS_ENDED;

	if (ended)
		stress->state = STRESS_NONE;
	return ended;
}

void stress_kill(struct stress *stress)
{
	if (stress->state == STRESS_RUNS)
		kill(-stress->pid, SIGKILL);
}
