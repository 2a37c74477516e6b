/* What the command line and the state file call backends and ways of recovery. */
#include <string.h>

#include "options.h"

static const char *const options_backends[OPTIONS_BACKENDS] = {
	[OPTIONS_NO_BACKEND] = "",
	[OPTIONS_MEM] = "mem",
	[OPTIONS_FILE] = "file",
	[OPTIONS_NULL] = "null",
};

static const char *const options_recoveries[] = {
	[REFUBLK_RECOVERY_NONE] = "none",
	[REFUBLK_RECOVERY_WAIT] = "wait",
	[REFUBLK_RECOVERY_REISSUE] = "reissue",
	[REFUBLK_RECOVERY_FAIL] = "fail",
};

enum { OPTIONS_RECOVERIES = sizeof(options_recoveries) / sizeof(options_recoveries[0]) };

const char *options_backend_name(uint32_t backend)
{
	return backend < OPTIONS_BACKENDS ? options_backends[backend] : "";
}

uint32_t options_backend_of(const char *name)
{
	for (uint32_t i = 1; i < OPTIONS_BACKENDS; i++) {
		if (strcmp(options_backends[i], name) == 0)
			return i;
	}
	return OPTIONS_NO_BACKEND;
}

const char *options_recovery_name(uint32_t recovery)
{
	return recovery < OPTIONS_RECOVERIES ? options_recoveries[recovery] : "";
}

int32_t options_recovery_of(const char *name)
{
	for (int32_t i = 0; i < OPTIONS_RECOVERIES; i++) {
		if (strcmp(options_recoveries[i], name) == 0)
			return i;
	}
	return -1;
}
