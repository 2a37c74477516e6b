#include "size.h"

#include <stdio.h>
#include <string.h>

static const char size_units[] = "KMGTPE";

static struct size size_refused(uint32_t verdict)
{
	return (struct size){ .verdict = verdict };
}

/* Reads the digits at *text and moves *text behind them. */
static struct size size_digits(const char **text)
{
	uint64_t value = 0;
	const char *at = *text;

	if (*at == '\0')
		return size_refused(SIZE_EMPTY);
	if (*at == '-')
		return size_refused(SIZE_NEGATIVE);
	if (*at < '0' || *at > '9')
		return size_refused(SIZE_NO_NUMBER);
	for (; *at >= '0' && *at <= '9'; at++) {
		uint64_t digit = (uint64_t)(*at - '0');

		if (__builtin_mul_overflow(value, 10, &value) || __builtin_add_overflow(value, digit, &value))
			return size_refused(SIZE_TOO_LARGE);
	}
	*text = at;
	return (struct size){ .value = value };
}

/* The power of 1024 that the unit stands for, -1 when it is none. */
static int size_power(const char *unit)
{
	const char *found;

	if (*unit == '\0')
		return 0;
	found = strchr(size_units, *unit >= 'a' ? *unit - 'a' + 'A' : *unit);
	if (!found || *found == '\0')
		return -1;
	if (unit[1] != '\0' && strcmp(unit + 1, "iB") != 0 && strcmp(unit + 1, "ib") != 0)
		return -1;
	return (int)(found - size_units) + 1;
}

struct size size_parse(const char *text)
{
	struct size size = size_digits(&text);
	int power;

	if (size.verdict != SIZE_ACCEPTED)
		return size;
	if (*text == '.' || *text == ',')
		return size_refused(SIZE_FRACTION);
	power = size_power(text);
	if (power < 0)
		return size_refused(SIZE_UNIT);
	for (; power > 0; power--) {
		if (__builtin_mul_overflow(size.value, 1024, &size.value))
			return size_refused(SIZE_TOO_LARGE);
	}
	return size;
}

struct size size_parse_number(const char *text)
{
	struct size size = size_digits(&text);

	if (size.verdict == SIZE_ACCEPTED && *text != '\0')
		return size_refused(SIZE_NO_NUMBER);
	return size;
}

const char *size_verdict_text(uint32_t verdict)
{
	static const char *const texts[SIZE_VERDICTS] = {
		[SIZE_ACCEPTED] = "is accepted",
		[SIZE_EMPTY] = "is empty: give a number",
		[SIZE_NEGATIVE] = "is negative: give a number above zero",
		[SIZE_NO_NUMBER] = "is no number: write decimal digits only",
		[SIZE_FRACTION] = "is no whole number: use a smaller unit, such as 1536M for 1.5G",
		[SIZE_UNIT] = "has an unknown unit: write bytes, or a number and K, M, G, T, P or E, such as 64M",
		[SIZE_TOO_LARGE] = "is too large to be represented: 16E is beyond every device",
	};

	return verdict < SIZE_VERDICTS ? texts[verdict] : "is refused";
}

const char *size_format(uint64_t bytes, char *text)
{
	size_t power = 0;

	while (bytes != 0 && bytes % 1024 == 0 && size_units[power] != '\0') {
		bytes /= 1024;
		power++;
	}
	if (power == 0)
		snprintf(text, SIZE_TEXT_BYTES, "%llu", (unsigned long long)bytes);
	else
		snprintf(text, SIZE_TEXT_BYTES, "%llu%c", (unsigned long long)bytes, size_units[power - 1]);
	return text;
}
