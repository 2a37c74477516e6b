/* The vectors' runner on any questions: an answer for each line, of the line's own ID, and it goes on. */
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"

/* spec/runner.c is compiled with its main under this name. */
int runner_main(void);

enum { SIZE_MAX_BYTES = 4096 };

static struct fuzz_ear answers;

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc;
	(void)argv;
	fuzz_listen(&answers);
	return 0;
}

/* Lines that are neither empty nor cut by a zero byte at their front. */
static size_t questions_in(const char *text)
{
	size_t questions = 0;

	while (*text) {
		size_t length = strcspn(text, "\n");

		questions += length > 0;
		text += length + (text[length] == '\n');
	}
	return questions;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static char text[SIZE_MAX_BYTES + 1];
	FILE *in = stdin, *out = stdout, *questions;

	if (size == 0 || size > SIZE_MAX_BYTES || memchr(data, '\0', size))
		return -1;
	memcpy(text, data, size);
	text[size] = '\0';
	questions = fmemopen(text, size, "r");
	FUZZ_NEED(questions != NULL, "a stream in memory");
	fuzz_forget(&answers);
	stdin = questions;
	stdout = answers.stream;
	(void)runner_main();
	stdin = in;
	stdout = out;
	fclose(questions);
	fuzz_hear(&answers);
	FUZZ_NEED(answers.lines == questions_in(text), "one answer for each question");
	FUZZ_NEED(answers.lines == 0 || strncmp(answers.text, text + strspn(text, "\n"), strcspn(text + strspn(text, "\n"), " \n")) == 0,
		  "an answer begins with its question's ID");
	return 0;
}
