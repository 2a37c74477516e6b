#include "family.h"

#include <dirent.h>
#include <stdio.h>
#include <string.h>

#include "text.h"

static void family_add(struct family *family, const char *folder, const char *name)
{
	struct family_member member = { 0 };
	char path[TEXT_PATH_BYTES], number[32];

	if (family->count == FAMILY_MEMBERS || strlen(name) >= sizeof(member.name))
		return;
	snprintf(path, sizeof(path), "%s/dev", folder);
	if (!text_read(path, number, sizeof(number)) || sscanf(number, "%u:%u", &member.major, &member.minor) != 2)
		return;
	strcpy(member.name, name);
	family->members[family->count++] = member;
}

void family_find(const char *root, int32_t id, struct family *family)
{
	char disk[FAMILY_NAME_BYTES], folder[TEXT_PATH_BYTES], path[2 * TEXT_PATH_BYTES];
	struct dirent *entry;
	DIR *entries;

	family->count = 0;
	snprintf(disk, sizeof(disk), "ublkb%d", id);
	snprintf(folder, sizeof(folder), "%s/sys/block/%s", root, disk);
	family_add(family, folder, disk);
	entries = opendir(folder);
	if (!entries)
		return;
	while ((entry = readdir(entries))) {
		if (strncmp(entry->d_name, disk, strlen(disk)) != 0)
			continue;
		snprintf(path, sizeof(path), "%s/%s", folder, entry->d_name);
		family_add(family, path, entry->d_name);
	}
	closedir(entries);
}

const struct family_member *family_by_number(const struct family *family, uint32_t major, uint32_t minor)
{
	for (uint32_t i = 0; i < family->count; i++) {
		if (family->members[i].major == major && family->members[i].minor == minor)
			return &family->members[i];
	}
	return NULL;
}

const struct family_member *family_by_path(const struct family *family, const char *path)
{
	if (strncmp(path, "/dev/", 5) != 0)
		return NULL;
	for (uint32_t i = 0; i < family->count; i++) {
		if (strcmp(path + 5, family->members[i].name) == 0)
			return &family->members[i];
	}
	return NULL;
}
