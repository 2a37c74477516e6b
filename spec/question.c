#include "question.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void question_read(struct question *question, char *rest)
{
	char *part;

	while ((part = strsep(&rest, " ")) != NULL && question->count < QUESTION_PAIRS_MAX) {
		char *equals = strchr(part, '=');

		if (equals == NULL)
			continue;
		*equals = '\0';
		question->pairs[question->count++] = (struct question_pair){ part, equals + 1 };
	}
}

const char *question_word(struct question *question, const char *key)
{
	for (size_t i = 0; i < question->count; i++)
		if (strcmp(question->pairs[i].key, key) == 0)
			return question->pairs[i].value;
	question->wrong = true;
	return "";
}

uint64_t question_number(struct question *question, const char *key)
{
	const char *text = question_word(question, key);
	char *end;
	uint64_t value = text[0] == '-' ? (uint64_t)strtoll(text, &end, 10) : strtoull(text, &end, 10);

	question->wrong = question->wrong || text[0] == '\0' || *end != '\0';
	return value;
}

uint32_t question_between(struct question *question, const char *key, uint32_t least, uint32_t most)
{
	uint64_t value = question_number(question, key);

	question->wrong = question->wrong || value < least || value > most;
	return (uint32_t)value;
}

uint64_t question_page(struct question *question)
{
	uint64_t value = question_number(question, "page");

	question->wrong = question->wrong || value == 0 || (value & (value - 1)) != 0;
	return value;
}

uint32_t question_choice(struct question *question, const char *key, const char *const *names, uint32_t count)
{
	const char *text = question_word(question, key);

	for (uint32_t i = 0; i < count; i++)
		if (names[i] != NULL && strcmp(names[i], text) == 0)
			return i;
	question->wrong = true;
	return 0;
}

uint32_t question_named(struct question *question, const char *text, const char *(*name)(uint32_t number), uint32_t count)
{
	for (uint32_t i = 0; i < count; i++)
		if (strcmp(name(i), text) == 0)
			return i;
	question->wrong = true;
	return 0;
}

uint32_t question_bits(struct question *question, const char *key, const char *const *names, uint32_t count)
{
	char copy[128], *rest = copy, *part;
	uint32_t set = 0;

	snprintf(copy, sizeof(copy), "%s", question_word(question, key));
	if (strcmp(copy, "-") == 0)
		return 0;
	while ((part = strsep(&rest, "+")) != NULL) {
		uint32_t bit = 0;

		while (bit < count && strcmp(names[bit], part) != 0)
			bit++;
		question->wrong = question->wrong || bit == count;
		set |= 1u << bit;
	}
	return set;
}

size_t question_events(struct question *question, const char *(*name)(uint32_t number), uint32_t count,
		       uint32_t events[QUESTION_EVENTS_MAX])
{
	char copy[QUESTION_BYTES_MAX], *rest = copy, *event;
	size_t length = 0;

	snprintf(copy, sizeof(copy), "%s", question_word(question, "events"));
	while (!question->wrong && (event = strsep(&rest, ",")) != NULL) {
		if (length == QUESTION_EVENTS_MAX)
			question->wrong = true;
		else
			events[length++] = question_named(question, event, name, count);
	}
	return question->wrong ? 0 : length;
}
