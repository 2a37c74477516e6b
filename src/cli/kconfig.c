#include "kconfig.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "text.h"

enum kconfig_answer kconfig_parse(const char *line, const char *name)
{
	size_t length = strlen(name);

	if (strncmp(line, "# ", 2) == 0 && strncmp(line + 2, name, length) == 0 && strncmp(line + 2 + length, " is not set", 11) == 0)
		return KCONFIG_OFF;
	if (strncmp(line, name, length) != 0 || line[length] != '=')
		return KCONFIG_UNKNOWN;
	return line[length + 1] == 'y' ? KCONFIG_BUILT_IN : line[length + 1] == 'm' ? KCONFIG_MODULE : KCONFIG_OFF;
}

/* A configuration that is there but does not mention the name does not have it. */
static enum kconfig_answer kconfig_search(FILE *file, const char *name)
{
	enum kconfig_answer answer = KCONFIG_UNKNOWN;
	char *line = NULL;
	size_t size = 0;
	bool any = false;

	while (answer == KCONFIG_UNKNOWN && getline(&line, &size, file) > 0) {
		any = true;
		answer = kconfig_parse(line, name);
	}
	free(line);
	return answer == KCONFIG_UNKNOWN && any ? KCONFIG_OFF : answer;
}

static void kconfig_path(char *path, size_t size, const char *folder, const char *file)
{
	struct utsname names;

	uname(&names);
	snprintf(path, size, "%s%s%s", folder, names.release, file);
}

enum kconfig_answer kconfig_find(const char *name)
{
	static const char *const places[][2] = {
		{ "/boot/config-", "" },
		{ "/lib/modules/", "/config" },
		{ "/lib/modules/", "/build/.config" },
	};
	enum kconfig_answer answer = KCONFIG_UNKNOWN;
	char path[TEXT_PATH_BYTES];
	FILE *file;

	if (access("/proc/config.gz", R_OK) == 0) {
		file = popen("gzip -dc /proc/config.gz 2>/dev/null", "re");
		if (file) {
			answer = kconfig_search(file, name);
			pclose(file);
		}
	}
	for (size_t i = 0; answer == KCONFIG_UNKNOWN && i < sizeof(places) / sizeof(places[0]); i++) {
		kconfig_path(path, sizeof(path), places[i][0], places[i][1]);
		file = fopen(path, "re");
		if (file) {
			answer = kconfig_search(file, name);
			fclose(file);
		}
	}
	return answer;
}

/* The list of modules of the running kernel names this one. */
static bool kconfig_listed(const char *list, const char *module)
{
	char path[TEXT_PATH_BYTES], *line = NULL;
	char wanted[64];
	size_t size = 0;
	bool found = false;
	FILE *file;

	snprintf(wanted, sizeof(wanted), "/%s.ko", module);
	kconfig_path(path, sizeof(path), "/lib/modules/", list);
	file = fopen(path, "re");
	if (!file)
		return false;
	while (!found && getline(&line, &size, file) > 0) {
		line[strcspn(line, ":\n")] = '\0';
		found = strstr(line, wanted) != NULL;
	}
	free(line);
	fclose(file);
	return found;
}

bool kconfig_has_module(const char *module)
{
	return kconfig_listed("/modules.dep", module);
}

bool kconfig_has_builtin(const char *module)
{
	return kconfig_listed("/modules.builtin", module);
}
