/* replay: gives files to a target, without any fuzzer: PROGRAM FILE-OR-FOLDER… A finding ends it by a signal; an input
 * that takes longer than REPLAY_SECONDS does, too. */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fuzz.h"

enum { REPLAY_SECONDS = 20 };

#pragma weak LLVMFuzzerInitialize

static unsigned long replay_count;

/* A copy of exactly the input's size: what is read behind it is noticed. */
static bool replay_file(const char *path, size_t size)
{
	FILE *file = fopen(path, "r");
	uint8_t *data = malloc(size);
	bool whole = file && (data || size == 0) && fread(data, 1, size, file) == size;

	if (file)
		fclose(file);
	if (whole) {
		alarm(REPLAY_SECONDS);
		(void)LLVMFuzzerTestOneInput(data, size);
		alarm(0);
		replay_count++;
	} else {
		fprintf(stderr, "%s: cannot be read\n", path);
	}
	free(data);
	return whole;
}

static bool replay(const char *path);

static bool replay_folder(const char *path)
{
	struct dirent **entries;
	int count = scandir(path, &entries, NULL, alphasort);
	bool good = count >= 0;

	for (int i = 0; i < count; i++) {
		char inner[4096];

		snprintf(inner, sizeof(inner), "%s/%s", path, entries[i]->d_name);
		if (entries[i]->d_name[0] != '.')
			good = replay(inner) && good;
		free(entries[i]);
	}
	if (count >= 0)
		free(entries);
	return good;
}

/* Folders are one level deep: what stands in a corpus is a file. */
static bool replay(const char *path)
{
	struct stat status;

	if (stat(path, &status) != 0) {
		fprintf(stderr, "%s: there is no such file\n", path);
		return false;
	}
	return S_ISDIR(status.st_mode) ? replay_folder(path) : replay_file(path, (size_t)status.st_size);
}

int main(int argc, char **argv)
{
	bool good = true;

	if (LLVMFuzzerInitialize)
		(void)LLVMFuzzerInitialize(&argc, &argv);
	for (int i = 1; i < argc; i++)
		good = replay(argv[i]) && good;
	dprintf(STDOUT_FILENO, "%lu inputs\n", replay_count);
	return good && replay_count > 0 ? 0 : 1;
}
