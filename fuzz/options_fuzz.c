/* The command line and its numbers. What is accepted is printed as a command line again and read again: the same options.
 * What is refused is one line for a person, whatever bytes the arguments bring. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"
#include "options.h"
#include "size.h"

enum { ARGUMENTS_MAX = 12, LINE_BYTES = 4096, LINE_ARGUMENTS_MAX = 48 };

static struct fuzz_ear said, printed;

/* The library's, which nothing else is needed of here. */
struct refublk_options refublk_defaults(void)
{
	return (struct refublk_options){ .id = -1 };
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc;
	(void)argv;
	fuzz_listen(&said);
	fuzz_listen(&printed);
	return 0;
}

/* ---- words --------------------------------------------------------------------------------- */

/* The value as the text says it: digits, then an exponent of 1024; false where it is no size or above 64 bits. */
static bool size_of_text(const char *text, bool units, uint64_t *value)
{
	static const char letters[] = "KMGTPE", small[] = "kmgtpe";
	unsigned __int128 number = 0;
	size_t digits = strspn(text, "0123456789");
	const char *unit = text + digits;

	for (size_t i = 0; i < digits && number <= UINT64_MAX; i++)
		number = number * 10 + (unsigned)(text[i] - '0');
	for (unsigned power = 0; units && *unit != '\0' && power < 6; power++)
		if (unit[0] == letters[power] || unit[0] == small[power]) {
			unit += unit[1] == 'i' && (unit[2] == 'B' || unit[2] == 'b') ? 3 : 1;
			number = number > UINT64_MAX ? number : number << 10 * (power + 1);
			break;
		}
	*value = (uint64_t)number;
	return digits > 0 && *unit == '\0' && number <= UINT64_MAX;
}

static void judge_word(const char *text)
{
	struct size size = size_parse(text), plain = size_parse_number(text);
	char again[SIZE_TEXT_BYTES];
	uint64_t value;
	bool good = size_of_text(text, true, &value);
	int32_t recovery = options_recovery_of(text);
	uint32_t backend = options_backend_of(text);

	FUZZ_NEED((size.verdict == SIZE_ACCEPTED) == good, "a size: digits and a unit");
	FUZZ_NEED(!good || size.value == value, "the size's value");
	FUZZ_NEED(!good || size_parse(size_format(size.value, again)).value == value, "printed and read again");
	good = size_of_text(text, false, &value);
	FUZZ_NEED((plain.verdict == SIZE_ACCEPTED) == good && (!good || plain.value == value), "a number: digits alone");
	FUZZ_NEED(recovery < 0 || strcmp(options_recovery_name((uint32_t)recovery), text) == 0, "a way of recovery, there and back");
	FUZZ_NEED(backend == OPTIONS_NO_BACKEND || strcmp(options_backend_name(backend), text) == 0, "a backend, there and back");
	FUZZ_NEED(size_verdict_text(size.verdict)[0] && size_verdict_text(plain.verdict)[0], "a refusal has words");
}

/* ---- the line ------------------------------------------------------------------------------ */

struct line {
	char text[LINE_BYTES];
	size_t used;
	char *argv[LINE_ARGUMENTS_MAX];
	int argc;
};

static void line_add(struct line *line, const char *word)
{
	size_t length = strlen(word) + 1;

	FUZZ_NEED(line->argc < LINE_ARGUMENTS_MAX - 1 && line->used + length <= LINE_BYTES, "room for a line");
	line->argv[line->argc++] = memcpy(line->text + line->used, word, length);
	line->argv[line->argc] = NULL;
	line->used += length;
}

static void line_add_number(struct line *line, const char *name, uint64_t value, uint64_t usual)
{
	char text[32];

	if (value == usual)
		return;
	line_add(line, name);
	snprintf(text, sizeof(text), "%llu", (unsigned long long)value);
	line_add(line, text);
}

static void line_add_text(struct line *line, const char *name, const char *value)
{
	if (!value)
		return;
	line_add(line, name);
	line_add(line, value);
}

static void line_add_flag(struct line *line, const char *name, bool set)
{
	if (set)
		line_add(line, name);
}

/* What stands behind the options: a trace, or a device and what is said of it. */
static void line_print_words(struct line *line, const struct options *options)
{
	char text[32];

	line_add(line, "--");
	if (options->file)
		line_add(line, options->file);
	if (options->target >= 0) {
		snprintf(text, sizeof(text), "/dev/ublkb%d", options->target);
		line_add(line, text);
	}
	if (options->command == OPTIONS_RESIZE) {
		snprintf(text, sizeof(text), "%llu", (unsigned long long)options->device.size_bytes);
		line_add(line, text);
	}
	if (options->command == OPTIONS_RECOVER && options->backend != OPTIONS_NO_BACKEND)
		line_add(line, options_backend_name(options->backend));
}

/* The options as a person would type them. */
static void line_print(struct line *line, const struct options *options)
{
	const struct refublk_options *device = &options->device, usual = refublk_defaults();

	*line = (struct line){ .argc = 0 };
	line_add(line, "program");
	if (options->command != OPTIONS_RESIZE)
		line_add_number(line, "--size", device->size_bytes, usual.size_bytes);
	line_add_number(line, "--memory-limit", device->memory_limit_bytes, usual.memory_limit_bytes);
	line_add_number(line, "--block-size", device->block_bytes, usual.block_bytes);
	line_add_number(line, "--max-io", device->max_io_bytes, usual.max_io_bytes);
	line_add_number(line, "--queues", device->queues, usual.queues);
	line_add_number(line, "--depth", device->depth, usual.depth);
	line_add_number(line, "--id", (uint32_t)device->id, (uint32_t)usual.id);
	if (device->recovery != usual.recovery)
		line_add_text(line, "--recovery", options_recovery_name(device->recovery));
	line_add_text(line, "--path", options->path);
	line_add_text(line, "--shm", options->shm);
	line_add_text(line, "--trace", device->trace_path);
	line_add_flag(line, "--read-only", device->read_only);
	line_add_flag(line, "--no-discard", device->no_discard);
	line_add_flag(line, "--get-data", device->get_data);
	line_add_flag(line, "--buffered", options->buffered);
	line_add_flag(line, "--verbose", options->verbose);
	line_add_flag(line, "--json", options->json);
	line_add_flag(line, "--all", options->all);
	line_add_flag(line, "--any", options->any);
	line_add_flag(line, "--force", options->force);
	line_add_flag(line, "--unfinished", options->unfinished);
	if (options->command != OPTIONS_UBLK_MEM && options->command != OPTIONS_UBLK_FILE)
		line_add_flag(line, "--foreground", options->foreground);
	line_print_words(line, options);
}

static bool same_text(const char *one, const char *other)
{
	return one == other || (one && other && strcmp(one, other) == 0);
}

static bool same_options(const struct options *one, const struct options *other)
{
	const struct refublk_options *a = &one->device, *b = &other->device;

	return a->size_bytes == b->size_bytes && a->memory_limit_bytes == b->memory_limit_bytes && a->block_bytes == b->block_bytes &&
	       a->max_io_bytes == b->max_io_bytes && a->queues == b->queues && a->depth == b->depth && a->id == b->id &&
	       a->read_only == b->read_only && a->no_discard == b->no_discard && a->get_data == b->get_data &&
	       same_text(a->trace_path, b->trace_path) && same_text(one->path, other->path) &&
	       same_text(one->file, other->file) && same_text(one->shm, other->shm) && a->recovery == b->recovery &&
	       one->backend == other->backend && one->unfinished == other->unfinished && one->target == other->target &&
	       one->buffered == other->buffered && one->verbose == other->verbose && one->json == other->json &&
	       one->all == other->all && one->any == other->any && one->force == other->force &&
	       one->foreground == other->foreground;
}

static void judge_again(const struct options *options)
{
	static struct line line;
	struct options again;
	int status;

	line_print(&line, options);
	status = options_parse(options->command, line.argc, line.argv, &again);
	FUZZ_NEED(status == 0, "what was accepted is accepted again");
	FUZZ_NEED(same_options(options, &again), "and means the same");
}

static void judge_help(uint32_t command)
{
	options_help(command);
	options_help_all();
	FUZZ_NEED(options_command_name(command) != NULL && options_command_name(OPTIONS_COMMANDS)[0] == '\0', "a command's name");
	fuzz_hear(&printed);
	FUZZ_NEED(printed.lines > 5 && strstr(printed.text, "--help"), "help for a person");
	fuzz_forget(&printed);
}

static void judge_line(uint32_t command, int argc, char **argv)
{
	struct options options;
	int status = options_parse(command, argc, argv, &options);

	fuzz_hear(&said);
	FUZZ_NEED(said.control == 0, "no control character reaches a terminal");
	FUZZ_NEED(status == 0 || status == 2, "accepted, or exit 2");
	FUZZ_NEED(said.lines == (status == 0 ? 0 : 1), "one line for a refusal, none else");
	if (status == 0 && options.help)
		judge_help(command);
	else if (status == 0)
		judge_again(&options);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static char text[1024], name[] = "program";
	char *argv[ARGUMENTS_MAX + 2] = { name }, *rest = text;
	FILE *out = stdout, *err = stderr;
	int argc = 1;

	if (size < 1 || size > sizeof(text))
		return -1;
	memcpy(text, data + 1, size - 1);
	text[size - 1] = '\0';
	/* One argument a line: an argument never holds a newline. */
	while (rest && argc <= ARGUMENTS_MAX)
		argv[argc++] = strsep(&rest, "\n");
	argv[argc] = NULL;
	for (int i = 1; i < argc; i++) {
		judge_word(argv[i]);
		FUZZ_NEED(options_target(argv[i]) >= -1, "a device's number, or none");
	}
	fuzz_forget(&said);
	stdout = printed.stream;
	stderr = said.stream;
	judge_line(data[0] % OPTIONS_COMMANDS, argc, argv);
	stdout = out;
	stderr = err;
	return 0;
}
