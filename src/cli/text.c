#include "text.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

bool text_read(const char *path, char *text, size_t size)
{
	return text_read_at(AT_FDCWD, path, text, size);
}

bool text_read_at(int folder_fd, const char *path, char *text, size_t size)
{
	int fd = openat(folder_fd, path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	size_t length = 0;
	ssize_t count = -1;

	text[0] = '\0';
	if (fd < 0)
		return false;
	while (length < size - 1) {
		count = read(fd, text + length, size - 1 - length);
		if (count < 0 && errno == EINTR)
			continue;
		if (count <= 0)
			break;
		length += (size_t)count;
	}
	close(fd);
	text[length] = '\0';
	if (length > 0 && text[length - 1] == '\n')
		text[length - 1] = '\0';
	return count >= 0;
}

int32_t text_number(const char *text)
{
	char *end;
	long number = strtol(text, &end, 10);

	return *text >= '0' && *text <= '9' && *end == '\0' && number <= INT32_MAX ? (int32_t)number : -1;
}
