#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "operation.h"

static const char *const kind_names[OPERATION_KINDS] = {
	[OPERATION_READ] = "read",
	[OPERATION_WRITE] = "write",
	[OPERATION_FLUSH] = "flush",
	[OPERATION_DISCARD] = "discard",
	[OPERATION_ZEROES] = "zeroes",
	[OPERATION_STRESS] = "stress",
};

const char *operation_kind_name(enum operation_kind kind)
{
	return kind_names[kind];
}

const char *operation_describe(const struct operation *operation, char *text, size_t text_bytes)
{
	if (!operation_has_place(operation->kind))
		snprintf(text, text_bytes, "%s", kind_names[operation->kind]);
	else
		snprintf(text, text_bytes, "%s of %" PRIu64 " bytes at %" PRIu64 ", %s%s", kind_names[operation->kind],
			 operation->length_bytes, operation->offset_bytes, operation->direct ? "direct" : "buffered",
			 operation->fua ? ", FUA" : "");
	return text;
}

const char *operation_print(const struct operation *operation, char *text, size_t text_bytes)
{
	if (operation->kind == OPERATION_STRESS) {
		snprintf(text, text_bytes, "%" PRIu32 " stress %" PRIu32 " job=%" PRIu32, operation->number,
			 operation->stress, operation->job);
		return text;
	}
	snprintf(text, text_bytes, "%" PRIu32 " %s %" PRIu64 " %" PRIu64 " %s %s job=%" PRIu32, operation->number,
		 kind_names[operation->kind], operation->offset_bytes, operation->length_bytes,
		 operation->direct ? "direct" : "buffered", operation->fua ? "fua" : "plain", operation->job);
	return text;
}

static bool parse_stress(const char *text, struct operation *operation)
{
	int used = 0;

	operation->kind = OPERATION_STRESS;
	return sscanf(text, "%" SCNu32 " stress %" SCNu32 " job=%" SCNu32 "%n", &operation->number, &operation->stress,
		      &operation->job, &used) == 3 &&
	       (text[used] == '\0' || text[used] == '\n') && operation->number >= 1 &&
	       operation->number <= OPERATION_NUMBER_MAX;
}

bool operation_parse(const char *text, struct operation *operation)
{
	char kind[16], mode[16], durability[16];
	int used = 0;

	memset(operation, 0, sizeof *operation);
	if (sscanf(text, "%*u %15s", kind) == 1 && strcmp(kind, kind_names[OPERATION_STRESS]) == 0)
		return parse_stress(text, operation);
	if (sscanf(text, "%" SCNu32 " %15s %" SCNu64 " %" SCNu64 " %15s %15s job=%" SCNu32 "%n", &operation->number, kind,
		   &operation->offset_bytes, &operation->length_bytes, mode, durability, &operation->job, &used) != 7)
		return false;
	if (text[used] != '\0' && text[used] != '\n')
		return false;
	while (operation->kind < OPERATION_KINDS && strcmp(kind, kind_names[operation->kind]) != 0)
		operation->kind++;
	operation->direct = strcmp(mode, "direct") == 0;
	operation->fua = strcmp(durability, "fua") == 0;
	return operation->kind < OPERATION_KINDS && operation->number >= 1 &&
	       operation->number <= OPERATION_NUMBER_MAX && (operation->direct || strcmp(mode, "buffered") == 0) &&
	       (operation->fua || strcmp(durability, "plain") == 0);
}
