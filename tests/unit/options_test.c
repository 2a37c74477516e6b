/* options: the command line, good and bad. What is bad costs exactly one line on stderr. */
#include "suite.h"

#include <stdio.h>
#include <unistd.h>

#include "options.h"
#include "say.h"

enum { WORDS = 16, TEXT_BYTES = 4096 };

/* What the last call said on stderr. */
static char said[TEXT_BYTES];

/* Splits at spaces; "''" is an empty word. text is cut up. */
static int split(char *text, char **words)
{
	int count = 1;

	words[0] = "refublk";
	for (char *word = strtok(text, " "); word; word = strtok(NULL, " "))
		words[count++] = strcmp(word, "''") == 0 ? "" : word;
	words[count] = NULL;
	return count;
}

static int parse(uint32_t command, const char *line, struct options *options)
{
	static char text[TEXT_BYTES];
	char *words[WORDS + 1];
	int kept = dup(STDERR_FILENO), status, count;
	FILE *file = tmpfile();

	snprintf(text, sizeof(text), "%s", line);
	count = split(text, words);
	fflush(stderr);
	dup2(fileno(file), STDERR_FILENO);
	status = options_parse(command, count, words, options);
	fflush(stderr);
	dup2(kept, STDERR_FILENO);
	close(kept);
	rewind(file);
	said[fread(said, 1, sizeof(said) - 1, file)] = '\0';
	fclose(file);
	return status;
}

/* ---- good ---------------------------------------------------------------------------------- */

START_TEST(test_defaults)
{
	struct options options;

	ck_assert_int_eq(parse(OPTIONS_ADD_MEM, "--size 64M", &options), 0);
	ck_assert_str_eq(said, "");
	ck_assert(options.device.size_bytes == UINT64_C(67108864));
	ck_assert_int_eq(options.device.id, -1);
	ck_assert_uint_eq(options.device.queues, 0);
	ck_assert_uint_eq(options.device.depth, 0);
	ck_assert_ptr_null(options.path);
	ck_assert_ptr_null(options.device.trace_path);
	ck_assert(!options.foreground && !options.json && !options.verbose && !options.device.read_only);
}
END_TEST

START_TEST(test_every_option_of_add)
{
	struct options options;
	const char *line = "--size=1G --path disk.img --queues 4 --depth=64 --block-size 4K --max-io 1M --memory-limit 2G --id 7";

	ck_assert_int_eq(parse(OPTIONS_ADD_FILE, line, &options), 0);
	ck_assert(options.device.size_bytes == UINT64_C(1) << 30);
	ck_assert_str_eq(options.path, "disk.img");
	ck_assert_uint_eq(options.device.queues, 4);
	ck_assert_uint_eq(options.device.depth, 64);
	ck_assert_uint_eq(options.device.block_bytes, 4096);
	ck_assert_uint_eq(options.device.max_io_bytes, 1 << 20);
	ck_assert(options.device.memory_limit_bytes == UINT64_C(2) << 30);
	ck_assert_int_eq(options.device.id, 7);
	line = "--path x --buffered --read-only --no-discard --get-data --trace t --foreground --json --verbose";
	ck_assert_int_eq(parse(OPTIONS_ADD_FILE, line, &options), 0);
	ck_assert(options.buffered && options.device.read_only && options.device.no_discard && options.device.get_data);
	ck_assert(options.foreground && options.json && options.verbose);
	ck_assert_str_eq(options.device.trace_path, "t");
}
END_TEST

/* Too large for its type is not wrapped: what is allowed is for params_check() to say. */
START_TEST(test_large_numbers_saturate)
{
	struct options options;

	ck_assert_int_eq(parse(OPTIONS_ADD_MEM, "--size 1M --queues 4294967297 --max-io 8G --id 9999999999", &options), 0);
	ck_assert_uint_eq(options.device.queues, UINT32_MAX);
	ck_assert_uint_eq(options.device.max_io_bytes, UINT32_MAX);
	ck_assert_int_eq(options.device.id, INT32_MAX);
}
END_TEST

START_TEST(test_targets)
{
	static const struct {
		const char *text;
		int32_t id;
	} rows[] = {
		{ "0", 0 }, { "17", 17 }, { "ublkb3", 3 }, { "/dev/ublkb3", 3 }, { "/dev/ublkc12", 12 }, { "2147483647", INT32_MAX },
		{ "2147483648", -1 }, { "", -1 }, { "-1", -1 }, { "x", -1 }, { "3x", -1 }, { "/dev/ublkb3p1", -1 }, { "/dev/ublkb", -1 },
		{ "/dev/sda", -1 }, { "/dev/ublkb 3", -1 }, { "ublk3", -1 }, { "3K", -1 },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		ck_assert_msg(options_target(rows[i].text) == rows[i].id, "\"%s\"", rows[i].text);
}
END_TEST

START_TEST(test_ends)
{
	struct options options;

	ck_assert_int_eq(parse(OPTIONS_STOP, "/dev/ublkb3 --force", &options), 0);
	ck_assert_int_eq(options.target, 3);
	ck_assert(options.force && !options.all && !options.any);
	ck_assert_int_eq(parse(OPTIONS_DEL, "--all --any", &options), 0);
	ck_assert_int_eq(options.target, -1);
	ck_assert(options.all && options.any && !options.force);
}
END_TEST

START_TEST(test_help_forgives)
{
	struct options options;

	for (uint32_t command = 0; command < OPTIONS_COMMANDS; command++) {
		ck_assert_int_eq(parse(command, "--help", &options), 0);
		ck_assert(options.help);
		ck_assert_str_eq(said, "");
	}
}
END_TEST

/* ---- bad ----------------------------------------------------------------------------------- */

struct bad {
	uint32_t command;
	const char *line;
	const char *named; /* what the complaint must name */
};

static const struct bad bads[] = {
	{ OPTIONS_ADD_MEM, "", "--size" },
	{ OPTIONS_ADD_NULL, "", "--size" },
	{ OPTIONS_UBLK_MEM, "", "--size" },
	{ OPTIONS_ADD_FILE, "", "--path" },
	{ OPTIONS_UBLK_FILE, "--size 1G", "--path" },
	{ OPTIONS_ADD_MEM, "--size", "--size" },
	{ OPTIONS_ADD_MEM, "--size ''", "empty" },
	{ OPTIONS_ADD_MEM, "--size 0", "--size" },
	{ OPTIONS_ADD_MEM, "--size -1", "negative" },
	{ OPTIONS_ADD_MEM, "--size 12Q", "12Q" },
	{ OPTIONS_ADD_MEM, "--size 1.5G", "1.5G" },
	{ OPTIONS_ADD_MEM, "--size 99999999999999999999", "too large" },
	{ OPTIONS_ADD_MEM, "--size 1G --depth 0", "--depth" },
	{ OPTIONS_ADD_MEM, "--size 1G --depth x", "--depth" },
	{ OPTIONS_ADD_MEM, "--size 1G --depth 4K", "--depth" },
	{ OPTIONS_ADD_MEM, "--size 1G --queues 0", "--queues" },
	{ OPTIONS_ADD_MEM, "--size 1G --id -2", "--id" },
	{ OPTIONS_ADD_MEM, "--size 1G --memory-limit 0", "--memory-limit" },
	{ OPTIONS_ADD_MEM, "--size 1G --max-io 1Z", "--max-io" },
	{ OPTIONS_ADD_MEM, "--size 1G --block-size ''", "--block-size" },
	{ OPTIONS_ADD_MEM, "--size 1G --path x", "--path" },
	{ OPTIONS_ADD_NULL, "--size 1G --buffered", "--buffered" },
	{ OPTIONS_UBLK_MEM, "--size 1G --foreground", "--foreground" },
	{ OPTIONS_ADD_FILE, "--path ''", "--path" },
	{ OPTIONS_ADD_FILE, "--path x --trace ''", "--trace" },
	{ OPTIONS_ADD_MEM, "--size 1G --json=1", "--json" },
	{ OPTIONS_ADD_MEM, "--size 1G --nonsense", "--nonsense" },
	{ OPTIONS_ADD_MEM, "--size 1G --nonsense=5", "--nonsense" },
	{ OPTIONS_ADD_MEM, "--size 1G --m 5", "ambiguous" },
	{ OPTIONS_ADD_MEM, "--size 1G -x", "-x" },
	{ OPTIONS_ADD_MEM, "--size 1G -xyz", "-x" },
	{ OPTIONS_ADD_MEM, "--size 1G extra", "extra" },
	{ OPTIONS_ADD_MEM, "--size 1G -- extra", "extra" },
	{ OPTIONS_LIST, "3", "3" },
	{ OPTIONS_LIST, "--all", "--all" },
	{ OPTIONS_FEATURES, "x", "x" },
	{ OPTIONS_DOCTOR, "x", "x" },
	{ OPTIONS_INFO, "", "no device" },
	{ OPTIONS_INFO, "--force 3", "--force" },
	{ OPTIONS_STOP, "", "no device" },
	{ OPTIONS_STOP, "abc", "abc" },
	{ OPTIONS_STOP, "1 2", "2" },
	{ OPTIONS_STOP, "--all 2", "2" },
	{ OPTIONS_DEL, "/dev/ublkb3p1", "/dev/ublkb3p1" },
	{ OPTIONS_DEL, "", "no device" },
};

START_TEST(test_bad)
{
	const struct bad *bad = &bads[_i];
	struct options options;
	size_t length;

	ck_assert_int_eq(parse(bad->command, bad->line, &options), SAY_USAGE);
	length = strlen(said);
	ck_assert_uint_gt(length, 0);
	ck_assert_msg(strchr(said, '\n') == said + length - 1, "not one line: %s", said);
	ck_assert_msg(strstr(said, bad->named) != NULL, "does not name %s: %s", bad->named, said);
}
END_TEST

/* A value with a line break or an escape in it reaches the terminal as one harmless line. */
START_TEST(test_control_characters_stay_out)
{
	struct options options;
	size_t length;

	ck_assert_int_eq(parse(OPTIONS_ADD_MEM, "--size 1\n2\033[2J", &options), SAY_USAGE);
	length = strlen(said);
	ck_assert(strchr(said, '\n') == said + length - 1);
	ck_assert_ptr_null(strchr(said, '\033'));
}
END_TEST

/* A very long value is cut, and still one line. */
START_TEST(test_long_value)
{
	static char line[3000];
	struct options options;

	memset(line, 'x', sizeof(line) - 1);
	memcpy(line, "--size ", 7);
	ck_assert_int_eq(parse(OPTIONS_ADD_MEM, line, &options), SAY_USAGE);
	ck_assert(strlen(said) < 1100);
	ck_assert(strchr(said, '\n') == said + strlen(said) - 1);
}
END_TEST

Suite *suite(void)
{
	Suite *all = suite_create("options");
	TCase *good = tcase_create("good"), *bad = tcase_create("bad");

	tcase_add_test(good, test_defaults);
	tcase_add_test(good, test_every_option_of_add);
	tcase_add_test(good, test_large_numbers_saturate);
	tcase_add_test(good, test_targets);
	tcase_add_test(good, test_ends);
	tcase_add_test(good, test_help_forgives);
	suite_add_tcase(all, good);
	tcase_add_loop_test(bad, test_bad, 0, sizeof(bads) / sizeof(bads[0]));
	tcase_add_test(bad, test_control_characters_stay_out);
	tcase_add_test(bad, test_long_value);
	suite_add_tcase(all, bad);
	return all;
}
