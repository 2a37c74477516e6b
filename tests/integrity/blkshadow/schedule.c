#include <err.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "schedule.h"

#define HEADING "blkshadow schedule 2\n"
#define HEADING_1 "blkshadow schedule 1\n"
#define JOBS_MAX 1024u
#define REQUEST_MAX_BYTES (1u << 30)

/* Whether the others go on beside it. */
static const char *const stress_words[] = {"beside", "pause"};

static int compare_numbers(const void *one, const void *other)
{
	uint32_t first = ((const struct operation *)one)->number, second = ((const struct operation *)other)->number;

	return (first > second) - (first < second);
}

struct operation schedule_operation(const struct schedule *schedule, uint32_t number)
{
	struct operation key = {.number = number};
	const struct operation *found;

	if (!schedule->list)
		return plan_operation(&schedule->plan, number);
	found = bsearch(&key, schedule->list, schedule->list_count, sizeof key, compare_numbers);
	return found ? *found : key;
}

struct schedule schedule_record(const struct schedule *from, const uint32_t *events, uint32_t event_count)
{
	struct schedule schedule = *from;

	schedule.events = malloc((event_count + 1) * sizeof *events);
	schedule.list = malloc((event_count + 1) * sizeof *schedule.list);
	if (!schedule.events || !schedule.list)
		err(3, "no memory for the recorded schedule");
	memcpy(schedule.events, events, event_count * sizeof *events);
	schedule.event_count = event_count;
	schedule.list_count = 0;
	for (uint32_t at = 0; at < event_count; at++)
		if (!SCHEDULE_IS_END(events[at]))
			schedule.list[schedule.list_count++] = schedule_operation(from, SCHEDULE_NUMBER(events[at]));
	qsort(schedule.list, schedule.list_count, sizeof *schedule.list, compare_numbers);
	return schedule;
}

void schedule_free(struct schedule *schedule)
{
	free(schedule->list);
	free(schedule->events);
	schedule->list = NULL;
	schedule->events = NULL;
}

bool schedule_name_stress(struct schedule *schedule, const char *name, size_t name_bytes, bool pauses)
{
	static const char allowed[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_";
	char *place = schedule->stresses[schedule->plan.stresses % SCHEDULE_STRESSES_MAX];

	if (schedule->plan.stresses == SCHEDULE_STRESSES_MAX || name_bytes == 0 || name_bytes >= SCHEDULE_STRESS_BYTES ||
	    strspn(name, allowed) < name_bytes)
		return false;
	for (uint32_t at = 0; at < schedule->plan.stresses; at++)
		if (strlen(schedule->stresses[at]) == name_bytes && memcmp(schedule->stresses[at], name, name_bytes) == 0)
			return false;
	memcpy(place, name, name_bytes);
	place[name_bytes] = '\0';
	schedule->pauses[schedule->plan.stresses] = pauses;
	schedule->plan.stresses++;
	return true;
}

int schedule_write(const struct schedule *schedule, FILE *file, const char *device)
{
	const struct plan *plan = &schedule->plan;
	char text[160];

	fprintf(file, HEADING "# replay it: blkshadow --replay THIS-FILE");
	for (uint32_t at = 0; at < plan->stresses; at++)
		fprintf(file, " --%s %s=COMMAND", schedule->pauses[at] ? "pause" : "stress", schedule->stresses[at]);
	fprintf(file, " %s\n", device);
	fprintf(file,
		"plan seed=%" PRIu64 " size=%" PRIu64 " block=%" PRIu64 " min=%" PRIu64 " max=%" PRIu64
		" jobs=%u pattern=%u cache=%u writes=%u discards=%u zeroes=%u flushes=%u fua=%u zeroes_direct=%u\n",
		plan->seed, plan->size_bytes, plan->block_bytes, plan->min_bytes, plan->max_bytes, plan->jobs,
		plan->pattern, plan->cache, plan->writes, plan->discards, plan->zeroes, plan->flushes, plan->fua,
		plan->zeroes_direct);
	fprintf(file, "limit discard=%u atomic=%u repeats=%u\n", schedule->discard, schedule->atomic_sector,
		schedule->repeats);
	if (schedule->identity.run)
		fprintf(file, "saved run=%" PRIx64 " seed=%" PRIu64 " generation=%u device=%u was_zero=%u\n",
			schedule->identity.run, schedule->identity.seed, schedule->identity.generation,
			schedule->identity.device, schedule->was_zero);
	for (uint32_t at = 0; at < plan->stresses; at++)
		fprintf(file, "stress %u %s %s\n", at, schedule->stresses[at], stress_words[schedule->pauses[at]]);
	for (uint32_t at = 0; at < schedule->event_count; at++) {
		uint32_t event = schedule->events[at];
		struct operation operation = schedule_operation(schedule, SCHEDULE_NUMBER(event));

		if (SCHEDULE_IS_END(event))
			fprintf(file, "end %u\n", SCHEDULE_NUMBER(event));
		else
			fprintf(file, "begin %s\n", operation_print(&operation, text, sizeof text));
	}
	return ferror(file) ? -EIO : 0;
}

static bool read_head(struct schedule *schedule, const char *line)
{
	struct plan *plan = &schedule->plan;
	unsigned pattern, cache, direct, discard, atomic;

	if (sscanf(line,
		   "plan seed=%" SCNu64 " size=%" SCNu64 " block=%" SCNu64 " min=%" SCNu64 " max=%" SCNu64
		   " jobs=%u pattern=%u cache=%u writes=%u discards=%u zeroes=%u flushes=%u fua=%u zeroes_direct=%u",
		   &plan->seed, &plan->size_bytes, &plan->block_bytes, &plan->min_bytes, &plan->max_bytes, &plan->jobs,
		   &pattern, &cache, &plan->writes, &plan->discards, &plan->zeroes, &plan->flushes, &plan->fua,
		   &direct) == 14) {
		plan->pattern = (enum plan_pattern)pattern;
		plan->cache = (enum plan_cache)cache;
		plan->zeroes_direct = direct;
		return pattern < PLAN_PATTERNS && cache <= PLAN_BOTH && plan->jobs >= 1 && plan->jobs <= JOBS_MAX &&
		       (plan->block_bytes == 512 || plan->block_bytes == 1024 || plan->block_bytes == 2048 ||
			plan->block_bytes == 4096) &&
		       plan->max_bytes >= plan->block_bytes && plan->max_bytes <= REQUEST_MAX_BYTES;
	}
	if (sscanf(line, "limit discard=%u atomic=%u repeats=%u", &discard, &atomic, &schedule->repeats) != 3)
		return false;
	schedule->discard = (enum shadow_discard)discard;
	schedule->atomic_sector = atomic;
	return discard <= SHADOW_DISCARD_UNDEFINED && schedule->repeats >= 1 && schedule->repeats <= 1000;
}

static bool read_saved(struct schedule *schedule, const char *line)
{
	struct stamp_identity *identity = &schedule->identity;
	unsigned was_zero;

	if (sscanf(line, "saved run=%" SCNx64 " seed=%" SCNu64 " generation=%u device=%u was_zero=%u", &identity->run,
		   &identity->seed, &identity->generation, &identity->device, &was_zero) != 5)
		return false;
	schedule->was_zero = was_zero;
	return identity->run != 0;
}

static bool read_stress(struct schedule *schedule, const char *line)
{
	char name[SCHEDULE_STRESS_BYTES], word[8];
	unsigned number;
	int used = 0;

	if (sscanf(line, "stress %u %31s %7s%n", &number, name, word, &used) != 3 || strcmp(line + used, "\n") != 0)
		return false;
	for (unsigned pauses = 0; pauses < 2; pauses++)
		if (strcmp(word, stress_words[pauses]) == 0)
			return number == schedule->plan.stresses && schedule_name_stress(schedule, name, strlen(name), pauses);
	return false;
}

static bool fits(const struct plan *plan, const struct operation *operation)
{
	if (operation->job >= plan->jobs)
		return false;
	if (operation->kind == OPERATION_STRESS)
		return operation->stress < plan->stresses;
	if (operation->kind == OPERATION_FLUSH)
		return operation->length_bytes == 0;
	return plan->block_bytes && operation->length_bytes && operation->length_bytes <= plan->max_bytes &&
	       operation->offset_bytes % plan->block_bytes == 0 && operation->length_bytes % plan->block_bytes == 0 &&
	       operation->offset_bytes <= plan->size_bytes &&
	       operation->length_bytes <= plan->size_bytes - operation->offset_bytes;
}

/* An operation begins once, and ends once after that; the list holds it from its begin. */
static bool read_event(struct schedule *schedule, const char *line)
{
	struct operation operation = {0};
	unsigned number;
	bool begun = false, ended = false;

	if (sscanf(line, "end %u", &number) == 1) {
		operation.number = number;
	} else {
		if (strncmp(line, "begin ", 6) != 0 || !operation_parse(line + 6, &operation) ||
		    !fits(&schedule->plan, &operation))
			return false;
		number = operation.number;
	}
	if (number < 1 || number > OPERATION_NUMBER_MAX)
		return false;
	/* Ends are looked up from the back, where they are near their begin. */
	for (uint32_t at = schedule->event_count; line[0] == 'e' && at-- > 0 && !begun;) {
		begun = schedule->events[at] == SCHEDULE_BEGIN(number);
		ended |= schedule->events[at] == SCHEDULE_END(number);
	}
	if (line[0] == 'e' && (!begun || ended))
		return false;
	schedule->events = reallocarray(schedule->events, schedule->event_count + 1, sizeof *schedule->events);
	schedule->list = reallocarray(schedule->list, schedule->list_count + 1, sizeof *schedule->list);
	if (!schedule->events || !schedule->list)
		err(3, "no memory for the schedule");
	schedule->events[schedule->event_count++] = line[0] == 'e' ? SCHEDULE_END(number) : SCHEDULE_BEGIN(number);
	if (line[0] == 'b')
		schedule->list[schedule->list_count++] = operation;
	return true;
}

static bool refuse(const char *name, unsigned line, const char *why)
{
	warnx("%s:%u: %s", name, line, why);
	return false;
}

bool schedule_read(struct schedule *schedule, FILE *file, const char *name)
{
	char text[512];
	unsigned line = 1, heads = 0;

	*schedule = (struct schedule){.repeats = 1};
	if (!fgets(text, sizeof text, file) || (strcmp(text, HEADING) != 0 && strcmp(text, HEADING_1) != 0))
		return refuse(name, line, "not a schedule of this program");
	while (fgets(text, sizeof text, file)) {
		line++;
		if (text[0] == '#')
			continue;
		if (strncmp(text, "stress ", 7) == 0) {
			if (!read_stress(schedule, text))
				return refuse(name, line, "not the next stress and its name");
		} else if (text[0] == 's') {
			if (!read_saved(schedule, text))
				return refuse(name, line, "not what a run saves of itself");
		} else if (text[0] != 'b' && text[0] != 'e') {
			heads++;
			if (!read_head(schedule, text))
				return refuse(name, line, "neither plan nor limit, or out of range");
		} else if (!read_event(schedule, text)) {
			return refuse(name, line, "no event, or one that does not fit what comes before it");
		}
	}
	if (heads != 2 || !schedule->list_count)
		return refuse(name, line, "its plan, its limits or its operations are missing");
	qsort(schedule->list, schedule->list_count, sizeof *schedule->list, compare_numbers);
	for (uint32_t at = 1; at < schedule->list_count; at++)
		if (schedule->list[at].number == schedule->list[at - 1].number)
			return refuse(name, line, "an operation begins twice");
	return true;
}
