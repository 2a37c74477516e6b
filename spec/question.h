/* question: one line of the vectors' runner, taken apart: see spec/vectors.py. What is missing or no such value makes it
 * wrong, and its answer "error": so ask before anything is printed. */
#ifndef QUESTION_H
#define QUESTION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { QUESTION_BYTES_MAX = 8192, QUESTION_PAIRS_MAX = 24, QUESTION_EVENTS_MAX = 2048 };

/* Both point into the line, as long as it is kept. */
struct question_pair {
	const char *key;
	const char *value;
};

struct question {
	struct question_pair pairs[QUESTION_PAIRS_MAX];
	size_t count;
	bool wrong;
};

/* rest: the line behind its ID and kind; it is cut into pieces. */
void question_read(struct question *question, char *rest);

/* The key's value; "" where it is missing. */
const char *question_word(struct question *question, const char *key);
uint64_t question_number(struct question *question, const char *key);

/* A number from least to most: no other has an answer. */
uint32_t question_between(struct question *question, const char *key, uint32_t least, uint32_t most);

/* A machine's page: a power of two. */
uint64_t question_page(struct question *question);

/* Which of the names the key has; a set of them with + between, as bits. */
uint32_t question_choice(struct question *question, const char *key, const char *const *names, uint32_t count);
uint32_t question_bits(struct question *question, const char *key, const char *const *names, uint32_t count);

/* The number below count whose name is the text. */
uint32_t question_named(struct question *question, const char *text, const char *(*name)(uint32_t number), uint32_t count);

/* A life: the numbers of its events, which stand with commas between. How many; 0: the question is wrong. */
size_t question_events(struct question *question, const char *(*name)(uint32_t number), uint32_t count,
		       uint32_t events[QUESTION_EVENTS_MAX]);

#endif
