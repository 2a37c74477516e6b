/* size: what people write, at every edge of the representable. */
#include "suite.h"

#include <stdio.h>

#include "size.h"

struct row {
	const char *text;
	uint64_t value;
	uint32_t verdict;
};

static const struct row sizes[] = {
	{ "0", 0, SIZE_ACCEPTED },
	{ "1", 1, SIZE_ACCEPTED },
	{ "512", 512, SIZE_ACCEPTED },
	{ "0012", 12, SIZE_ACCEPTED },
	{ "64K", UINT64_C(65536), SIZE_ACCEPTED },
	{ "64k", UINT64_C(65536), SIZE_ACCEPTED },
	{ "64KiB", UINT64_C(65536), SIZE_ACCEPTED },
	{ "64kib", UINT64_C(65536), SIZE_ACCEPTED },
	{ "64M", UINT64_C(67108864), SIZE_ACCEPTED },
	{ "64MiB", UINT64_C(67108864), SIZE_ACCEPTED },
	{ "1G", UINT64_C(1073741824), SIZE_ACCEPTED },
	{ "1GiB", UINT64_C(1073741824), SIZE_ACCEPTED },
	{ "1T", UINT64_C(1099511627776), SIZE_ACCEPTED },
	{ "1P", UINT64_C(1125899906842624), SIZE_ACCEPTED },
	{ "15E", UINT64_C(17293822569102704640), SIZE_ACCEPTED },
	{ "18446744073709551615", UINT64_MAX, SIZE_ACCEPTED },
	{ "18014398509481983K", UINT64_C(18446744073709550592), SIZE_ACCEPTED },
	{ "18446744073709551616", 0, SIZE_TOO_LARGE },
	{ "18014398509481984K", 0, SIZE_TOO_LARGE },
	{ "16E", 0, SIZE_TOO_LARGE },
	{ "99999999999999999999999999", 0, SIZE_TOO_LARGE },
	{ "", 0, SIZE_EMPTY },
	{ "-1", 0, SIZE_NEGATIVE },
	{ "-", 0, SIZE_NEGATIVE },
	{ "K", 0, SIZE_NO_NUMBER },
	{ " 1", 0, SIZE_NO_NUMBER },
	{ "+1", 0, SIZE_NO_NUMBER },
	{ "x", 0, SIZE_NO_NUMBER },
	{ "1.5G", 0, SIZE_FRACTION },
	{ "1,5G", 0, SIZE_FRACTION },
	{ "1 ", 0, SIZE_UNIT },
	{ "1 K", 0, SIZE_UNIT },
	{ "1X", 0, SIZE_UNIT },
	{ "1KB", 0, SIZE_UNIT },
	{ "1Ki", 0, SIZE_UNIT },
	{ "1KiBx", 0, SIZE_UNIT },
	{ "1KK", 0, SIZE_UNIT },
	{ "0x10", 0, SIZE_UNIT },
	{ "1e9", 0, SIZE_UNIT },
	{ "1B", 0, SIZE_UNIT },
};

static const struct row numbers[] = {
	{ "0", 0, SIZE_ACCEPTED },
	{ "4096", 4096, SIZE_ACCEPTED },
	{ "18446744073709551615", UINT64_MAX, SIZE_ACCEPTED },
	{ "18446744073709551616", 0, SIZE_TOO_LARGE },
	{ "", 0, SIZE_EMPTY },
	{ "-2", 0, SIZE_NEGATIVE },
	{ "4K", 0, SIZE_NO_NUMBER },
	{ "4 ", 0, SIZE_NO_NUMBER },
	{ "four", 0, SIZE_NO_NUMBER },
};

START_TEST(test_size_of_text)
{
	struct size size = size_parse(sizes[_i].text);

	ck_assert_uint_eq(size.verdict, sizes[_i].verdict);
	ck_assert(size.value == sizes[_i].value);
}
END_TEST

START_TEST(test_number_of_text)
{
	struct size size = size_parse_number(numbers[_i].text);

	ck_assert_uint_eq(size.verdict, numbers[_i].verdict);
	ck_assert(size.value == numbers[_i].value);
}
END_TEST

/* Every byte behind a number is a unit or is refused; the units are exactly these. */
START_TEST(test_every_unit_byte)
{
	static const char units[] = "KkMmGgTtPpEe";

	for (int byte = 1; byte < 256; byte++) {
		char text[] = { '1', (char)byte, '\0' };
		bool digit = byte >= '0' && byte <= '9';
		struct size size = size_parse(text);

		ck_assert_msg((size.verdict == SIZE_ACCEPTED) == (digit || strchr(units, byte) != NULL), "byte %d", byte);
	}
}
END_TEST

START_TEST(test_every_verdict_has_a_text)
{
	for (uint32_t verdict = 0; verdict <= SIZE_VERDICTS; verdict++) {
		const char *text = size_verdict_text(verdict);

		ck_assert_uint_gt(strlen(text), 0);
		ck_assert_ptr_null(strchr(text, '\n'));
	}
}
END_TEST

START_TEST(test_text_of_size)
{
	static const struct {
		uint64_t bytes;
		const char *text;
	} rows[] = {
		{ 0, "0" }, { 1, "1" }, { 1000, "1000" }, { 1024, "1K" }, { 65536, "64K" }, { 1536, "1536" }, { 67108864, "64M" },
		{ UINT64_C(1) << 30, "1G" }, { UINT64_C(3) << 40, "3T" }, { UINT64_C(15) << 60, "15E" },
		{ UINT64_MAX, "18446744073709551615" },
	};
	char text[SIZE_TEXT_BYTES];

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		ck_assert_str_eq(size_format(rows[i].bytes, text), rows[i].text);
}
END_TEST

/* What is printed can be typed. */
START_TEST(test_formatted_sizes_parse_back)
{
	char text[SIZE_TEXT_BYTES];

	for (unsigned int shift = 0; shift < 64; shift++) {
		for (uint64_t factor = 1; factor <= 5; factor += 2) {
			uint64_t bytes = factor << shift;
			struct size size = size_parse(size_format(bytes, text));

			ck_assert_uint_eq(size.verdict, SIZE_ACCEPTED);
			ck_assert(size.value == bytes);
		}
	}
}
END_TEST

Suite *suite(void)
{
	Suite *all = suite_create("size");
	TCase *tcase = tcase_create("size");

	tcase_add_loop_test(tcase, test_size_of_text, 0, sizeof(sizes) / sizeof(sizes[0]));
	tcase_add_loop_test(tcase, test_number_of_text, 0, sizeof(numbers) / sizeof(numbers[0]));
	tcase_add_test(tcase, test_every_unit_byte);
	tcase_add_test(tcase, test_every_verdict_has_a_text);
	tcase_add_test(tcase, test_text_of_size);
	tcase_add_test(tcase, test_formatted_sizes_parse_back);
	suite_add_tcase(all, tcase);
	return all;
}
