/* blkshadow's replay files, any bytes. What is accepted fits the device that it names, and written and read again it is
 * the same file. */
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"
#include "schedule.h"

enum { BYTES_MAX = 8192 };

static struct fuzz_ear said;

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc;
	(void)argv;
	fuzz_listen(&said);
	return 0;
}

static bool read_text(struct schedule *schedule, char *text, size_t size)
{
	FILE *file = fmemopen(text, size, "r"), *err = stderr;
	bool good;

	FUZZ_NEED(file != NULL, "a stream in memory");
	fuzz_forget(&said);
	stderr = said.stream;
	good = schedule_read(schedule, file, "input");
	stderr = err;
	fuzz_hear(&said);
	fclose(file);
	FUZZ_NEED(said.lines == (good ? 0 : 1) && said.control == 0, "one line for a refusal, none else");
	return good;
}

static size_t write_text(const struct schedule *schedule, char *text)
{
	FILE *file = fmemopen(text, BYTES_MAX, "w");
	long size;

	FUZZ_NEED(file != NULL && schedule_write(schedule, file, "DEVICE") == 0, "what was read can be written");
	size = ftell(file);
	fclose(file);
	FUZZ_NEED(size > 0, "and is something");
	return (size_t)size;
}

static void judge_operation(const struct plan *plan, const struct operation *operation)
{
	char text[160];
	struct operation again;

	FUZZ_NEED(operation->number >= 1 && operation->number <= OPERATION_NUMBER_MAX, "a number");
	FUZZ_NEED(operation->job < plan->jobs && operation->kind < OPERATION_KINDS, "a job, a kind");
	if (operation->kind == OPERATION_STRESS)
		FUZZ_NEED(operation->stress < plan->stresses && operation->length_bytes == 0, "a stress that has a name");
	else if (operation->kind != OPERATION_FLUSH)
		FUZZ_NEED((operation->offset_bytes | operation->length_bytes) % plan->block_bytes == 0 &&
			  operation->length_bytes > 0 && operation->length_bytes <= plan->max_bytes &&
			  operation->offset_bytes <= plan->size_bytes &&
			  operation->length_bytes <= plan->size_bytes - operation->offset_bytes, "within the device");
	FUZZ_NEED(operation_parse(operation_print(operation, text, sizeof(text)), &again) &&
		  operation->number == again.number && operation->kind == again.kind && operation->direct == again.direct &&
		  operation->fua == again.fua && operation->offset_bytes == again.offset_bytes &&
		  operation->length_bytes == again.length_bytes && operation->job == again.job && operation->stress == again.stress, "printed and read again");
	FUZZ_NEED(operation_describe(operation, text, sizeof(text))[0] != '\0' && operation_kind_name(operation->kind)[0] != '\0',
		  "words for a person");
}

/* Each operation begins once, and ends at most once, after that. */
static void judge_events(const struct schedule *schedule)
{
	for (uint32_t at = 0; at < schedule->event_count; at++) {
		uint32_t event = schedule->events[at], begins = 0, same = 0;
		struct operation operation = schedule_operation(schedule, SCHEDULE_NUMBER(event));

		for (uint32_t other = 0; other <= at; other++) {
			begins += schedule->events[other] == SCHEDULE_BEGIN(SCHEDULE_NUMBER(event));
			same += schedule->events[other] == event;
		}
		FUZZ_NEED(begins == 1 && same == 1, "a begin, then an end");
		judge_operation(&schedule->plan, &operation);
	}
}

/* Each has another name, which is a word. */
static void judge_stresses(const struct schedule *schedule)
{
	FUZZ_NEED(schedule->plan.stresses <= SCHEDULE_STRESSES_MAX, "no more than there is room for");
	for (uint32_t at = 0; at < schedule->plan.stresses; at++) {
		const char *name = schedule->stresses[at];

		FUZZ_NEED(name[0] != '\0' && strcspn(name, " =\n#'") == strlen(name), "a word");
		for (uint32_t other = 0; other < at; other++)
			FUZZ_NEED(strcmp(name, schedule->stresses[other]) != 0, "of its own");
	}
}

static void judge(const struct schedule *schedule)
{
	static char first[BYTES_MAX], second[BYTES_MAX];
	size_t first_bytes = write_text(schedule, first), second_bytes;
	struct schedule again, whole;

	judge_stresses(schedule);
	judge_events(schedule);
	if (first_bytes >= BYTES_MAX - 1)
		return;
	FUZZ_NEED(read_text(&again, first, first_bytes), "what was accepted is accepted again");
	second_bytes = write_text(&again, second);
	FUZZ_NEED(first_bytes == second_bytes && memcmp(first, second, first_bytes) == 0, "and is the same file");
	whole = schedule_record(&again, again.events, again.event_count);
	FUZZ_NEED(whole.list_count == again.list_count && whole.event_count == again.event_count, "recorded as it is");
	schedule_free(&whole);
	schedule_free(&again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static char text[2048];
	struct schedule schedule;
	bool good;

	if (size == 0 || size > sizeof(text))
		return -1;
	memcpy(text, data, size);
	good = read_text(&schedule, text, size);
	if (good)
		judge(&schedule);
	schedule_free(&schedule);
	return 0;
}
