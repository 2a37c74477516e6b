/* kconfig: what the running kernel was built with, from wherever the machine keeps it. */
#ifndef REFUBLK_KCONFIG_H
#define REFUBLK_KCONFIG_H

#include <stdbool.h>
#include <stddef.h>

enum kconfig_answer {
	KCONFIG_UNKNOWN, /* no configuration is found */
	KCONFIG_OFF,
	KCONFIG_MODULE,
	KCONFIG_BUILT_IN,
};

/* name: such as "CONFIG_BLK_DEV_UBLK". Looks into /proc/config.gz, /boot/config-RELEASE and the modules' folder. */
enum kconfig_answer kconfig_find(const char *name);

/* The answer of one line of a configuration; KCONFIG_UNKNOWN: it is about another name. */
enum kconfig_answer kconfig_parse(const char *line, const char *name);

/* The module, such as "ublk_drv", is installed for the running kernel, or is built into it. */
bool kconfig_has_module(const char *module);
bool kconfig_has_builtin(const char *module);

#endif
