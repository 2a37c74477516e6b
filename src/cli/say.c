#include "say.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum { SAY_LINE_BYTES = 1024 };

/* One write per line: lines of a daemon and of its parent, or of two queue threads, do not mix. What a path or an
 * argument brings along cannot break the line or reach the terminal as an escape. */
static void say_line(const char *text)
{
	char line[SAY_LINE_BYTES];
	int length = snprintf(line, sizeof(line) - 1, "%s: %s", program_invocation_short_name, text);
	size_t end = length < 0 ? 0 : (size_t)length < sizeof(line) - 2 ? (size_t)length : sizeof(line) - 2;

	for (size_t i = 0; i < end; i++) {
		if ((unsigned char)line[i] < ' ' || line[i] == 0x7f)
			line[i] = '?';
	}
	line[end] = '\n';
	line[end + 1] = '\0';
	fputs(line, stderr);
}

static void say_formatted(const char *format, va_list arguments)
{
	char text[SAY_LINE_BYTES];
	int saved = errno;

	vsnprintf(text, sizeof(text), format, arguments);
	say_line(text);
	errno = saved;
}

void say_error(const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	say_formatted(format, arguments);
	va_end(arguments);
}

int say_usage(const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	say_formatted(format, arguments);
	va_end(arguments);
	return SAY_USAGE;
}

int say_finish(void)
{
	if (fflush(stdout) == 0 && !ferror(stdout))
		return SAY_OK;
	say_error("cannot write to the standard output: %s", strerror(errno));
	return SAY_FAILED;
}

static void say_everything(void *context, enum refublk_level level, const char *line)
{
	(void)context;
	(void)level;
	say_line(line);
}

static void say_problems(void *context, enum refublk_level level, const char *line)
{
	(void)context;
	if (level <= REFUBLK_WARNING)
		say_line(line);
}

struct log say_log(bool verbose)
{
	return (struct log){ .function = verbose ? say_everything : say_problems };
}
