#include "holders.h"

#include <dirent.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "family.h"
#include "mountinfo.h"
#include "openers.h"
#include "text.h"

enum { NAMESPACES_MAX = 1024 };

/* One look: what is searched for, where, and what was found so far. */
struct holders_look {
	const char *root;
	struct holders *holders;
	struct family family;
	uint32_t namespaces;
	uint64_t seen[NAMESPACES_MAX]; /* mount namespaces already read */
};

static void holders_found(struct holders_look *look, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void holders_found(struct holders_look *look, const char *format, ...)
{
	struct holders *holders = look->holders;
	va_list arguments;

	if (holders->count < HOLDERS_KEPT) {
		va_start(arguments, format);
		vsnprintf(holders->texts[holders->count], HOLDERS_TEXT_BYTES, format, arguments);
		va_end(arguments);
	}
	holders->count++;
}

/* "" for the disk itself, "partition ublkb0p1 " for a part of it. */
static const char *holders_part(const struct holders_look *look, const struct family_member *member, char *text, size_t size)
{
	bool is_disk = member == &look->family.members[0];

	snprintf(text, size, "%s%s%s", is_disk ? "" : "partition ", is_disk ? "" : member->name, is_disk ? "" : " ");
	return text;
}

/* Device mapper, md, bcache and whatever else is stacked on it. */
static void holders_stacked(struct holders_look *look, const struct family_member *member)
{
	const char *disk = look->family.members[0].name;
	char path[2 * TEXT_PATH_BYTES], name[128], part[64];
	struct dirent *entry;
	DIR *entries;

	if (member == &look->family.members[0])
		snprintf(path, sizeof(path), "%s/sys/block/%s/holders", look->root, disk);
	else
		snprintf(path, sizeof(path), "%s/sys/block/%s/%s/holders", look->root, disk, member->name);
	entries = opendir(path);
	if (!entries)
		return;
	holders_part(look, member, part, sizeof(part));
	while ((entry = readdir(entries))) {
		if (entry->d_name[0] == '.')
			continue;
		snprintf(path, sizeof(path), "%s/sys/block/%s/dm/name", look->root, entry->d_name);
		if (text_read(path, name, sizeof(name)))
			holders_found(look, "%sbelow the device-mapper device %s (%s)", part, name, entry->d_name);
		else
			holders_found(look, "%sbelow %s", part, entry->d_name);
	}
	closedir(entries);
}

static void holders_loops(struct holders_look *look)
{
	char path[2 * TEXT_PATH_BYTES], backing[TEXT_PATH_BYTES], part[64];
	const struct family_member *member;
	struct dirent *entry;
	DIR *entries;

	snprintf(path, sizeof(path), "%s/sys/block", look->root);
	entries = opendir(path);
	if (!entries)
		return;
	while ((entry = readdir(entries))) {
		if (strncmp(entry->d_name, "loop", 4) != 0)
			continue;
		snprintf(path, sizeof(path), "%s/sys/block/%s/loop/backing_file", look->root, entry->d_name);
		if (!text_read(path, backing, sizeof(backing)))
			continue;
		member = family_by_path(&look->family, backing);
		if (member)
			holders_found(look, "%sbelow the loop device %s", holders_part(look, member, part, sizeof(part)), entry->d_name);
	}
	closedir(entries);
}

static void holders_swaps(struct holders_look *look)
{
	char path[TEXT_PATH_BYTES], part[64], *line = NULL;
	const struct family_member *member;
	size_t size = 0;
	FILE *file;

	snprintf(path, sizeof(path), "%s/proc/swaps", look->root);
	file = fopen(path, "re");
	if (!file)
		return;
	while (getline(&line, &size, file) > 0) {
		line[strcspn(line, " \t")] = '\0';
		mountinfo_unescape(line);
		member = family_by_path(&look->family, line);
		if (member)
			holders_found(look, "%sa swap area", holders_part(look, member, part, sizeof(part)));
	}
	free(line);
	fclose(file);
}

/* A mount counts by the number of its device, or, where a file system shows a number of its own, by its source. */
static void holders_mounts(struct holders_look *look, const char *process)
{
	bool plain = strcmp(process, "self") == 0 || strcmp(process, "1") == 0;
	char path[TEXT_PATH_BYTES], part[64], name[32], *line = NULL;
	size_t size = 0;
	FILE *file;

	snprintf(path, sizeof(path), "%s/proc/%s/mountinfo", look->root, process);
	file = fopen(path, "re");
	if (!file)
		return;
	while (getline(&line, &size, file) > 0) {
		const struct family_member *member;
		struct mountinfo mount;

		if (!mountinfo_parse(line, &mount))
			continue;
		member = family_by_number(&look->family, mount.major, mount.minor);
		if (!member)
			member = family_by_path(&look->family, mount.source);
		if (!member || strcmp(mount.type, "devtmpfs") == 0)
			continue;
		holders_part(look, member, part, sizeof(part));
		if (plain) {
			holders_found(look, "%smounted on %s (%s)", part, mount.point, mount.type);
			continue;
		}
		snprintf(path, sizeof(path), "%s/proc/%s/comm", look->root, process);
		text_read(path, name, sizeof(name));
		holders_found(look, "%smounted on %s (%s) in the mount namespace of process %s (%s)", part, mount.point, mount.type,
			      process, name);
	}
	free(line);
	fclose(file);
}

/* true: this mount namespace has not been read yet, or nobody can say. */
static bool holders_new_namespace(struct holders_look *look, const char *process)
{
	char path[TEXT_PATH_BYTES];
	struct stat status;

	snprintf(path, sizeof(path), "%s/proc/%s/ns/mnt", look->root, process);
	if (stat(path, &status) < 0)
		return true;
	for (uint32_t i = 0; i < look->namespaces; i++) {
		if (look->seen[i] == status.st_ino)
			return false;
	}
	if (look->namespaces < NAMESPACES_MAX)
		look->seen[look->namespaces++] = status.st_ino;
	return true;
}

/* One line per process, however often it has the disk open. */
static bool holders_opener(void *context, struct openers_node node)
{
	struct holders_look *look = context;
	char path[TEXT_PATH_BYTES], name[32], part[64];
	const struct family_member *member = node.block ? family_by_number(&look->family, node.major, node.minor) : NULL;

	if (!member)
		return false;
	snprintf(path, sizeof(path), "%s/proc/%d/comm", look->root, node.pid);
	text_read(path, name, sizeof(name));
	holders_part(look, member, part, sizeof(part));
	holders_found(look, "%sopen in process %d (%s)", part, node.pid, name);
	look->holders->processes++;
	return true;
}

/* Our own namespace comes first, so that a mount that everybody sees is named plainly. */
static void holders_namespaces(struct holders_look *look)
{
	char path[TEXT_PATH_BYTES];
	struct dirent *entry;
	DIR *entries;

	snprintf(path, sizeof(path), "%s/proc", look->root);
	entries = opendir(path);
	if (!entries)
		return;
	if (holders_new_namespace(look, "self"))
		holders_mounts(look, "self");
	while ((entry = readdir(entries))) {
		if (text_number(entry->d_name) >= 0 && holders_new_namespace(look, entry->d_name))
			holders_mounts(look, entry->d_name);
	}
	closedir(entries);
}

void holders_find(const char *root, int32_t id, struct holders *holders)
{
	struct holders_look look = { .root = root, .holders = holders };

	*holders = (struct holders){ 0 };
	family_find(root, id, &look.family);
	if (look.family.count == 0)
		return;
	for (uint32_t i = 0; i < look.family.count; i++)
		holders_stacked(&look, &look.family.members[i]);
	holders_loops(&look);
	holders_swaps(&look);
	holders_namespaces(&look);
	openers_each(root, holders_opener, &look);
}

void holders_settle(int32_t id, struct holders *holders)
{
	enum { TRIES = 10 };
	const struct timespec pause = { .tv_nsec = 100 * 1000 * 1000 };

	for (int i = 0; i < TRIES; i++) {
		holders_find("", id, holders);
		if (holders->count != holders->processes || holders->count == 0)
			return;
		nanosleep(&pause, NULL);
	}
}

const char *holders_line(const struct holders *holders, char *line)
{
	enum { TAIL_BYTES = 32 };
	size_t used = 0;
	uint32_t i;

	line[0] = '\0';
	for (i = 0; i < holders->count && i < HOLDERS_KEPT; i++) {
		size_t length = strlen(holders->texts[i]);

		if (used + length + 2 + TAIL_BYTES > HOLDERS_LINE_BYTES)
			break;
		used += (size_t)snprintf(line + used, HOLDERS_LINE_BYTES - used, "%s%s", i ? "; " : "", holders->texts[i]);
	}
	if (i < holders->count)
		snprintf(line + used, HOLDERS_LINE_BYTES - used, "; and %u more", holders->count - i);
	return line;
}
