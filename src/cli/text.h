/* text: small files read as strings. */
#ifndef REFUBLK_TEXT_H
#define REFUBLK_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { TEXT_PATH_BYTES = 512 };

/* The file's first size - 1 bytes, terminated, without a final newline. false: unreadable; text is then empty. */
bool text_read(const char *path, char *text, size_t size);

/* The same at a path relative to an open directory. */
bool text_read_at(int folder_fd, const char *path, char *text, size_t size);

/* Decimal digits that name a process or a descriptor; -1: the text is something else. */
int32_t text_number(const char *text);

#endif
