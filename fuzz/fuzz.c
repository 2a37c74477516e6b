#include "fuzz.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void fuzz_write(const char *text)
{
	(void)!write(STDERR_FILENO, text, strlen(text));
}

/* Straight to the descriptor: stderr may be an ear. */
void fuzz_found(const char *rule, const char *where)
{
	fuzz_write("fuzz: does not hold: ");
	fuzz_write(rule);
	fuzz_write(" (");
	fuzz_write(where);
	fuzz_write(")\n");
	abort();
}

static ssize_t fuzz_keep(void *cookie, const char *text, size_t length_bytes)
{
	struct fuzz_ear *ear = cookie;
	size_t room_bytes = sizeof(ear->text) - 1;

	for (size_t i = 0; i < length_bytes; i++) {
		unsigned char byte = (unsigned char)text[i];

		ear->lines += byte == '\n';
		ear->control += (byte < ' ' && byte != '\n') || byte == 0x7f;
		if (ear->length_bytes < room_bytes)
			ear->text[ear->length_bytes] = text[i];
		ear->length_bytes++;
	}
	return (ssize_t)length_bytes;
}

void fuzz_listen(struct fuzz_ear *ear)
{
	ear->stream = fopencookie(ear, "w", (cookie_io_functions_t){ .write = fuzz_keep });
	FUZZ_NEED(ear->stream != NULL, "a stream in memory");
}

void fuzz_forget(struct fuzz_ear *ear)
{
	fflush(ear->stream);
	ear->lines = 0;
	ear->control = 0;
	ear->length_bytes = 0;
	ear->text[0] = '\0';
}

void fuzz_hear(struct fuzz_ear *ear)
{
	size_t room_bytes = sizeof(ear->text) - 1;

	fflush(ear->stream);
	ear->text[ear->length_bytes < room_bytes ? ear->length_bytes : room_bytes] = '\0';
}

/* A run allocates little and often: a long quarantine would cost more than the run, and so would frames on the heap, which
 * the unit tests have. */
const char *__asan_default_options(void);
const char *__asan_default_options(void)
{
	return "quarantine_size_mb=1:malloc_context_size=2:detect_stack_use_after_return=0:allocator_may_return_null=1";
}
