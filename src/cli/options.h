/* options: the command line as data. One table says which command takes which option; the parser and --help read it.
 * Here a value is read and held in its type; what values are allowed is decided by params_check() and the backends. */
#ifndef REFUBLK_OPTIONS_H
#define REFUBLK_OPTIONS_H

#include "refublk.h"

enum options_command {
	OPTIONS_ADD_MEM,
	OPTIONS_ADD_FILE,
	OPTIONS_ADD_NULL,
	OPTIONS_UBLK_MEM,  /* add mem --foreground, called by name */
	OPTIONS_UBLK_FILE, /* add file --foreground, called by name */
	OPTIONS_LIST,
	OPTIONS_INFO,
	OPTIONS_STOP,
	OPTIONS_DEL,
	OPTIONS_RECOVER,
	OPTIONS_RESIZE,
	OPTIONS_UPGRADE,
	OPTIONS_FEATURES,
	OPTIONS_DOCTOR,
	OPTIONS_TRACE_CHECK,
	OPTIONS_COMMANDS
};

/* What serves the disk. */
enum options_backend {
	OPTIONS_NO_BACKEND, /* recover: the state file names it */
	OPTIONS_MEM,
	OPTIONS_FILE,
	OPTIONS_NULL,
	OPTIONS_BACKENDS
};

struct options {
	struct refublk_options device; /* of add: size to trace_path; what is not given keeps refublk_defaults(); of resize:
					* the size */
	const char *path;              /* of a file backend */
	const char *shm;               /* of a RAM disk whose content outlives its server: the name of its memory file */
	const char *file;              /* of trace check */
	int32_t target;                /* the device that info, stop, del, resize and recover name; -1: none */
	uint32_t command;              /* enum options_command */
	uint32_t backend;              /* enum options_backend */
	int32_t maker_pid;             /* recover: who added the device, as recover_run() found out; else 0 */
	bool buffered;
	bool verbose;
	bool json;
	bool foreground;
	bool all;
	bool any;
	bool force;
	bool unfinished;
	bool help;                     /* asked for: nothing else counts */
};

/* Reads argv[0] to argv[argc - 1]; argv[0] is not looked at, so that a caller passes the rest behind the command's
 * words. Strings stay the caller's. 0, or an exit status after one line on stderr. */
int options_parse(uint32_t command, int argc, char **argv, struct options *options) __attribute__((warn_unused_result));

/* "3", "ublkb3", "/dev/ublkb3" or the same with ublkc: 3. Anything else: -1. */
int32_t options_target(const char *text);

/* To stdout: how to call it, what it does, its options. */
void options_help(uint32_t command);

/* To stdout: every command with one line. */
void options_help_all(void);

/* "mem", "file", "null", or "". */
const char *options_backend_name(uint32_t backend);

/* The backend of this name, or OPTIONS_NO_BACKEND. */
uint32_t options_backend_of(const char *name);

/* "none", "wait", "reissue", "fail". recovery: enum refublk_recovery. */
const char *options_recovery_name(uint32_t recovery);

/* Of this name, or -1. */
int32_t options_recovery_of(const char *name);

/* "add mem", "list", …: what stands on the command line. */
const char *options_command_name(uint32_t command);

#endif
