#include "log.h"

#include <stdarg.h>
#include <stdio.h>

enum { LOG_LINE_BYTES = 500 + 1 };

void log_say(struct log log, enum refublk_level level, const char *format, ...)
{
	char line[LOG_LINE_BYTES];
	va_list arguments;

	if (!log.function)
		return;
	va_start(arguments, format);
	vsnprintf(line, sizeof(line), format, arguments);
	va_end(arguments);
	log.function(log.context, level, line);
}
