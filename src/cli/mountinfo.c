#include "mountinfo.h"

#include <stddef.h>
#include <stdio.h>
#include <string.h>

static bool mountinfo_octal(const char *digits)
{
	return digits[0] >= '0' && digits[0] <= '3' && digits[1] >= '0' && digits[1] <= '7' && digits[2] >= '0' &&
	       digits[2] <= '7';
}

void mountinfo_unescape(char *text)
{
	char *to = text;

	while (*text) {
		if (*text == '\\' && mountinfo_octal(text + 1)) {
			*to++ = (char)((text[1] - '0') * 64 + (text[2] - '0') * 8 + (text[3] - '0'));
			text += 4;
		} else {
			*to++ = *text++;
		}
	}
	*to = '\0';
}

/* id parent major:minor root point options [tag…] - type source super-options */
bool mountinfo_parse(char *line, struct mountinfo *mount)
{
	enum { POINT = 4, BEFORE_TAGS = 6 };
	char *field, *source, *rest = line, *point = NULL;
	int count = 0;

	*mount = (struct mountinfo){ 0 };
	line[strcspn(line, "\n")] = '\0';
	if (sscanf(line, "%u %u %u:%u", &mount->id, &mount->parent_id, &mount->major, &mount->minor) != 4)
		return false;
	while ((field = strsep(&rest, " "))) {
		if (count == POINT)
			point = field;
		if (count >= BEFORE_TAGS && strcmp(field, "-") == 0)
			break;
		count++;
	}
	mount->type = strsep(&rest, " ");
	source = strsep(&rest, " ");
	if (!point || !mount->type || !source)
		return false;
	mountinfo_unescape(point);
	mountinfo_unescape(source);
	mount->point = point;
	mount->source = source;
	return true;
}
