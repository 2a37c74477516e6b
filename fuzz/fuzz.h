/* fuzz: what the targets share. A target reads its input from the front, as numbers and bytes; behind its end there are
 * zeroes, so that every input is a whole one. */
#ifndef FUZZ_H
#define FUZZ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/* A target: libFuzzer, AFL++ and replay.c call the second, after the first where there is one. */
int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* ---- reading the input --------------------------------------------------------------------- */

struct fuzz {
	const uint8_t *at;
	size_t left_bytes;
};

static inline uint8_t fuzz_u8(struct fuzz *fuzz)
{
	if (fuzz->left_bytes == 0)
		return 0;
	fuzz->left_bytes--;
	return *fuzz->at++;
}

/* Little-endian. count_bytes: 1 to 8. */
static inline uint64_t fuzz_number(struct fuzz *fuzz, unsigned count_bytes)
{
	uint64_t number = 0;

	for (unsigned i = 0; i < count_bytes; i++)
		number |= (uint64_t)fuzz_u8(fuzz) << 8 * i;
	return number;
}

static inline uint16_t fuzz_u16(struct fuzz *fuzz)
{
	return (uint16_t)fuzz_number(fuzz, 2);
}

static inline uint32_t fuzz_u32(struct fuzz *fuzz)
{
	return (uint32_t)fuzz_number(fuzz, 4);
}

static inline uint64_t fuzz_u64(struct fuzz *fuzz)
{
	return fuzz_number(fuzz, 8);
}

/* 0 to limit - 1; limit is 1 to 256. */
static inline uint32_t fuzz_below(struct fuzz *fuzz, uint32_t limit)
{
	return fuzz_u8(fuzz) % limit;
}

/* ---- the verdict --------------------------------------------------------------------------- */

/* The rule does not hold: the input is a finding. Never returns. */
void fuzz_found(const char *rule, const char *where) __attribute__((noreturn));

#define FUZZ_TEXT_(line) #line
#define FUZZ_TEXT(line) FUZZ_TEXT_(line)

/* rule: what must hold, for the person who reads the finding. */
#define FUZZ_NEED(condition, rule) \
	((condition) ? (void)0 : fuzz_found((rule), __FILE__ ":" FUZZ_TEXT(__LINE__)))

/* ---- what is said to people ---------------------------------------------------------------- */

/* A stream that keeps what is written: for stdout and stderr of what is judged. */
struct fuzz_ear {
	FILE *stream;
	size_t lines;
	size_t control; /* control characters but the newline */
	size_t length_bytes;
	char text[4096]; /* the first of it, terminated */
};

/* Opened once, for ever. */
void fuzz_listen(struct fuzz_ear *ear);

/* What has been written so far is forgotten. */
void fuzz_forget(struct fuzz_ear *ear);

/* What was written is in the ear. */
void fuzz_hear(struct fuzz_ear *ear);

/* ---- files of the repository that are compiled in ------------------------------------------ */

/* const char NAME[], terminated. The path is relative to the repository's top. */
#define FUZZ_EMBED(name, path)                                                             \
	__asm__(".pushsection .rodata\n" #name ":\n.incbin \"" path "\"\n.byte 0\n.popsection\n"); \
	extern const char name[]

#endif
