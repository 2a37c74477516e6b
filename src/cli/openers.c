#include "openers.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "text.h"

/* statx is told to ask no server: a dead network mount in somebody's descriptor must not hang us. */
static bool openers_look(int folder_fd, const char *name, struct openers_node *node)
{
	struct statx status;

	if (statx(folder_fd, name, AT_STATX_DONT_SYNC | AT_NO_AUTOMOUNT, STATX_TYPE, &status) < 0)
		return false;
	if (!S_ISBLK(status.stx_mode) && !S_ISCHR(status.stx_mode))
		return false;
	node->major = status.stx_rdev_major;
	node->minor = status.stx_rdev_minor;
	node->block = S_ISBLK(status.stx_mode);
	return true;
}

static void openers_of_process(const char *root, int32_t pid, openers_visit *visit, void *context)
{
	struct openers_node node = { .pid = pid };
	char path[TEXT_PATH_BYTES];
	struct dirent *entry;
	bool enough = false;
	DIR *entries;

	snprintf(path, sizeof(path), "%s/proc/%d/fd", root, pid);
	entries = opendir(path);
	if (!entries)
		return;
	while (!enough && (entry = readdir(entries))) {
		if (entry->d_name[0] != '.' && openers_look(dirfd(entries), entry->d_name, &node))
			enough = visit(context, node);
	}
	closedir(entries);
}

void openers_each(const char *root, openers_visit *visit, void *context)
{
	char path[TEXT_PATH_BYTES];
	struct dirent *entry;
	DIR *entries;

	snprintf(path, sizeof(path), "%s/proc", root);
	entries = opendir(path);
	if (!entries)
		return;
	while ((entry = readdir(entries))) {
		int32_t pid = text_number(entry->d_name);

		if (pid > 0 && pid != (int32_t)getpid())
			openers_of_process(root, pid, visit, context);
	}
	closedir(entries);
}

static bool openers_match(void *context, struct openers_node node)
{
	struct openers_node *wanted = context;

	if (node.block || node.major != wanted->major || node.minor != wanted->minor)
		return false;
	wanted->pid = node.pid;
	return true;
}

int32_t openers_of_char(uint32_t major, uint32_t minor)
{
	struct openers_node wanted = { .major = major, .minor = minor };

	openers_each("", openers_match, &wanted);
	return wanted.pid;
}
