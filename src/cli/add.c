#include "add.h"

#include <string.h>
#include <unistd.h>

#include "control.h"
#include "daemon.h"
#include "disk.h"
#include "module.h"
#include "say.h"
#include "service.h"

/* Before anything is made: a machine that cannot serve says so at once. */
static int add_check_driver(struct log log)
{
	struct control *control;

	module_load(log);
	if (control_open(&control, log))
		return SAY_FAILED;
	control_close(control);
	return SAY_OK;
}

static int add_daemon(struct options *options)
{
	struct daemon_word word;
	pid_t child;
	int fd;

	child = daemon_fork(&fd);
	if (child < 0) {
		say_error("cannot make a process that serves: %s", strerror(-child));
		return SAY_FAILED;
	}
	if (child == 0)
		_exit(service_run(options, fd));
	word = daemon_await(fd, child);
	return word.status == SAY_OK ? service_announce(options, word.id, word.pid) : word.status;
}

int add_serve(struct options *options)
{
	bool foreground = options->foreground || options->command == OPTIONS_UBLK_MEM || options->command == OPTIONS_UBLK_FILE;

	return foreground ? service_run(options, -1) : add_daemon(options);
}

int add_run(struct options *options)
{
	struct log log = say_log(options->verbose);
	int status = disk_check(options, log);

	if (status == SAY_OK)
		status = add_check_driver(log);
	if (status == SAY_OK && options->device.recovery == REFUBLK_RECOVERY_REISSUE)
		say_error("note: after a crash of the server a write that it had not answered is done again; that is harmless "
			  "unless somebody writes to one place twice at a time (see --recovery in refublk(8))");
	return status == SAY_OK ? add_serve(options) : status;
}
