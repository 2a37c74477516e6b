#include "module.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "await.h"
#include "control.h"
#include "process.h"

extern char **environ;

enum { MODPROBE_LIMIT_MS = 20 * 1000 };

/* A shell's search path may lack it where only root's programs lie. */
static int module_spawn(pid_t *child)
{
	static const char *const places[] = { "/sbin/modprobe", "/usr/sbin/modprobe", "/bin/modprobe" };
	char *arguments[] = { "modprobe", "-q", MODULE_NAME, NULL };
	int error = ENOENT;

	for (size_t i = 0; error == ENOENT && i < sizeof(places) / sizeof(places[0]); i++)
		error = posix_spawn(child, places[i], NULL, NULL, arguments, environ);
	return error;
}

void module_load(struct log log)
{
	pid_t child;
	int error, pidfd, status = 0;

	if (access(CONTROL_PATH, F_OK) == 0 || geteuid() != 0)
		return;
	error = module_spawn(&child);
	if (error) {
		log_say(log, REFUBLK_INFO, CONTROL_PATH " is missing and modprobe cannot be run: %s", strerror(error));
		return;
	}
	pidfd = process_open(process_find(child));
	if (pidfd >= 0 && await_readable(pidfd, MODPROBE_LIMIT_MS) != 0) {
		log_say(log, REFUBLK_WARNING, "`modprobe " MODULE_NAME "` has not ended within %d s", MODPROBE_LIMIT_MS / 1000);
		kill(child, SIGKILL);
	}
	if (pidfd >= 0)
		close(pidfd);
	while (waitpid(child, &status, 0) < 0 && errno == EINTR)
		;
	log_say(log, REFUBLK_INFO, CONTROL_PATH " was missing: `modprobe " MODULE_NAME "` %s",
		WIFEXITED(status) && WEXITSTATUS(status) == 0 ? "loaded the driver" : "failed");
}
