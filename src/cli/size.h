/* size: numbers as people write them. Nothing here knows what an option allows. */
#ifndef REFUBLK_SIZE_H
#define REFUBLK_SIZE_H

#include <stdbool.h>
#include <stdint.h>

enum size_verdict {
	SIZE_ACCEPTED,
	SIZE_EMPTY,
	SIZE_NEGATIVE,
	SIZE_NO_NUMBER,  /* does not begin with a decimal digit */
	SIZE_FRACTION,   /* 1.5G */
	SIZE_UNIT,       /* what follows the digits is no unit */
	SIZE_TOO_LARGE,  /* above 2^64 - 1 */
	SIZE_VERDICTS
};

struct size {
	uint64_t value;
	uint32_t verdict; /* enum size_verdict; value counts when accepted */
	uint32_t reserved; /* 0 */
};

/* Bytes: decimal digits and an optional unit, K, M, G, T, P or E, also as KiB, in either case: powers of 1024. */
struct size size_parse(const char *text);

/* Decimal digits and nothing else. */
struct size size_parse_number(const char *text);

/* What is wrong and what to write instead, to stand after the value. */
const char *size_verdict_text(uint32_t verdict);

enum { SIZE_TEXT_BYTES = 32 };

/* The largest unit that divides it: 65536 is "64K", 1000 is "1000". text: SIZE_TEXT_BYTES. Returns text. */
const char *size_format(uint64_t bytes, char *text);

#endif
