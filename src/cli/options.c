#include "options.h"

#include <errno.h>
#include <getopt.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "say.h"
#include "size.h"

enum options_kind {
	OPTIONS_SIZE,   /* into uint64_t, in bytes */
	OPTIONS_SIZE32, /* into uint32_t, in bytes */
	OPTIONS_COUNT,  /* into uint32_t */
	OPTIONS_ID,     /* into int32_t */
	OPTIONS_TEXT,   /* into const char * */
	OPTIONS_FLAG,   /* into bool */
	OPTIONS_HOW,    /* into uint32_t, one of enum refublk_recovery */
};

struct options_rule {
	const char *name;
	const char *value; /* how --help names it; NULL: takes none */
	const char *help;
	size_t at;         /* in struct options */
	uint32_t kind;     /* enum options_kind */
	uint32_t commands; /* bits of enum options_command */
};

#define BIT(command) (1U << OPTIONS_##command)
#define MEM (BIT(ADD_MEM) | BIT(UBLK_MEM))
#define FILE_ (BIT(ADD_FILE) | BIT(UBLK_FILE))
#define ADD (MEM | FILE_ | BIT(ADD_NULL))
#define DAEMON (BIT(ADD_MEM) | BIT(ADD_FILE) | BIT(ADD_NULL))
#define END (BIT(STOP) | BIT(DEL))
#define AGAIN BIT(RECOVER)
#define CHANGE (BIT(RESIZE) | BIT(UPGRADE))
#define SHOW (BIT(LIST) | BIT(INFO) | BIT(FEATURES))
#define TARGET (END | AGAIN | BIT(INFO) | CHANGE)
#define CHECK_ BIT(TRACE_CHECK)
#define ALL (ADD | AGAIN | END | SHOW | BIT(DOCTOR) | CHANGE)
#define DEVICE(member) offsetof(struct options, device.member)
#define HERE(member) offsetof(struct options, member)

static const struct options_rule options_rules[] = {
	{ "size", "SIZE", "size of the disk, such as 64M or 1G", DEVICE(size_bytes), OPTIONS_SIZE, ADD },
	{ "path", "FILE", "the file or block device to serve", HERE(path), OPTIONS_TEXT, FILE_ | AGAIN },
	{ "buffered", NULL, "through the page cache, not O_DIRECT", HERE(buffered), OPTIONS_FLAG, FILE_ | AGAIN },
	{ "recovery", "HOW", "requests of a dead server: wait, reissue or fail", DEVICE(recovery), OPTIONS_HOW, ADD },
	{ "shm", "NAME", "the content's name in /dev/shm, for a recovery", HERE(shm), OPTIONS_TEXT, MEM | AGAIN },
	{ "queues", "N", "queues, one thread each (default 1)", DEVICE(queues), OPTIONS_COUNT, ADD },
	{ "depth", "N", "requests per queue at a time (default 128)", DEVICE(depth), OPTIONS_COUNT, ADD },
	{ "block-size", "SIZE", "logical block: 512, 1K, 2K or 4K (default 512)", DEVICE(block_bytes), OPTIONS_SIZE32, ADD },
	{ "max-io", "SIZE", "largest request, 4K to 32M (default 512K)", DEVICE(max_io_bytes), OPTIONS_SIZE32, ADD },
	{ "memory-limit", "SIZE", "limit of all buffers (default a quarter of RAM)", DEVICE(memory_limit_bytes), OPTIONS_SIZE, ADD | AGAIN },
	{ "id", "N", "device number (default: the kernel chooses)", DEVICE(id), OPTIONS_ID, ADD },
	{ "read-only", NULL, "the disk cannot be written to", DEVICE(read_only), OPTIONS_FLAG, ADD },
	{ "no-discard", NULL, "offers neither discard nor write-zeroes", DEVICE(no_discard), OPTIONS_FLAG, ADD },
	{ "get-data", NULL, "the kernel copies a write's data when asked", DEVICE(get_data), OPTIONS_FLAG, ADD },
	{ "trace", "FILE", "record what crosses the kernel's border", DEVICE(trace_path), OPTIONS_TEXT, ADD | AGAIN },
	{ "foreground", NULL, "stay and serve until Ctrl-C", HERE(foreground), OPTIONS_FLAG, DAEMON | AGAIN },
	{ "all", NULL, "every device that refublk made", HERE(all), OPTIONS_FLAG, END | AGAIN },
	{ "any", NULL, "devices of other servers, too", HERE(any), OPTIONS_FLAG, END },
	{ "force", NULL, "although it is mounted or held", HERE(force), OPTIONS_FLAG, END | BIT(RESIZE) },
	{ "unfinished", NULL, "its server was killed or still runs", HERE(unfinished), OPTIONS_FLAG, CHECK_ },
	{ "json", NULL, "print JSON", HERE(json), OPTIONS_FLAG, ADD | AGAIN | SHOW },
	{ "verbose", NULL, "say more on stderr or in the log", HERE(verbose), OPTIONS_FLAG, ALL },
	{ "help", NULL, "this text", HERE(help), OPTIONS_FLAG, ALL | CHECK_ },
};

enum { OPTIONS_RULES = sizeof(options_rules) / sizeof(options_rules[0]) };

struct options_about {
	const char *name;  /* as typed after the program's name; "" when the program's name says it */
	const char *usage; /* what follows */
	const char *help;
};

static const struct options_about options_abouts[OPTIONS_COMMANDS] = {
	[OPTIONS_ADD_MEM] = { "add mem", "--size SIZE [OPTION]...", "serves a RAM disk and prints its path" },
	[OPTIONS_ADD_FILE] = { "add file", "--path FILE [OPTION]...", "serves a file or block device and prints the disk's path" },
	[OPTIONS_ADD_NULL] = { "add null", "--size SIZE [OPTION]...", "serves a disk that keeps nothing, for measuring" },
	[OPTIONS_UBLK_MEM] = { "", "--size SIZE [OPTION]...", "serves a RAM disk until Ctrl-C" },
	[OPTIONS_UBLK_FILE] = { "", "--path FILE [OPTION]...", "serves a file or block device until Ctrl-C" },
	[OPTIONS_LIST] = { "list", "[--json]", "lists the ublk devices of this machine" },
	[OPTIONS_INFO] = { "info", "ID [--json]", "shows one device" },
	[OPTIONS_STOP] = { "stop", "ID|--all [--force] [--any]", "writes everything back, ends the server and deletes the device" },
	[OPTIONS_DEL] = { "del", "ID|--all [--force] [--any]", "the same, also for what dead servers left behind" },
	[OPTIONS_RECOVER] = { "recover", "ID|--all [BACKEND]", "serves a disk again whose server is gone" },
	[OPTIONS_RESIZE] = { "resize", "ID SIZE [--force]", "gives a live disk another size" },
	[OPTIONS_UPGRADE] = { "upgrade", "ID", "gives a live disk a new server, of this program" },
	[OPTIONS_FEATURES] = { "features", "[--json]", "lists what the kernel's ublk driver can do" },
	[OPTIONS_DOCTOR] = { "doctor", "", "says what is missing to serve here, and how to mend it" },
	[OPTIONS_TRACE_CHECK] = { "trace check", "FILE [--unfinished]", "holds a trace against the protocol, line by line" },
};

const char *options_command_name(uint32_t command)
{
	return command < OPTIONS_COMMANDS ? options_abouts[command].name : "";
}

/* " add mem", or nothing: to stand behind the program's name. */
static const char *options_spaced(uint32_t command, char text[32])
{
	const char *name = options_command_name(command);

	snprintf(text, 32, "%s%s", name[0] ? " " : "", name);
	return text;
}

/* "see" and the command that prints the help. */
static const char *options_see(uint32_t command, char text[96])
{
	char name[32];

	snprintf(text, 96, "see %s%s --help", program_invocation_short_name, options_spaced(command, name));
	return text;
}

/* The value of a number, saturated to what fits: params_check() then says what is allowed. */
static uint32_t options_narrow(uint64_t value)
{
	return value > UINT32_MAX ? UINT32_MAX : (uint32_t)value;
}

static int options_set_number(const struct options_rule *rule, const char *text, void *place)
{
	bool is_size = rule->kind == OPTIONS_SIZE || rule->kind == OPTIONS_SIZE32;
	struct size size = is_size ? size_parse(text) : size_parse_number(text);

	if (size.verdict != SIZE_ACCEPTED)
		return say_usage("--%s: \"%s\" %s", rule->name, text, size_verdict_text(size.verdict));
	if (size.value == 0 && rule->kind != OPTIONS_ID)
		return say_usage("--%s: 0 is not possible: give a number above zero", rule->name);
	if (rule->kind == OPTIONS_ID)
		*(int32_t *)place = size.value > INT32_MAX ? INT32_MAX : (int32_t)size.value;
	else if (rule->kind == OPTIONS_SIZE)
		*(uint64_t *)place = size.value;
	else
		*(uint32_t *)place = options_narrow(size.value);
	return 0;
}

static int options_set_recovery(const char *text, uint32_t *recovery)
{
	int32_t found = options_recovery_of(text);

	if (found < 0)
		return say_usage("--recovery: \"%s\" is none of wait, reissue and fail", text);
	*recovery = (uint32_t)found;
	return 0;
}

static int options_set(const struct options_rule *rule, const char *text, struct options *options)
{
	void *place = (char *)options + rule->at;

	switch ((enum options_kind)rule->kind) {
	case OPTIONS_SIZE:
	case OPTIONS_SIZE32:
	case OPTIONS_COUNT:
	case OPTIONS_ID:
		return options_set_number(rule, text, place);
	case OPTIONS_TEXT:
		if (text[0] == '\0')
			return say_usage("--%s is empty: give a path or a name", rule->name);
		*(const char **)place = text;
		break;
	case OPTIONS_FLAG:
		*(bool *)place = true;
		break;
	case OPTIONS_HOW:
		return options_set_recovery(text, place);
	}
	return 0;
}

/* What getopt_long refused: it leaves a short option's letter in optopt, a known long option's number there, or 0. */
static int options_unknown(uint32_t command, int answer, const char *word)
{
	char see[96];

	options_see(command, see);
	if (answer == ':')
		return say_usage("%s needs a value; %s", word, see);
	if (optopt > UCHAR_MAX)
		return say_usage("--%s takes no value; %s", options_rules[optopt - UCHAR_MAX - 1].name, see);
	if (optopt != 0)
		return say_usage("unknown option -%c; %s", optopt, see);
	return say_usage("unknown or ambiguous option %.*s; %s", (int)strcspn(word, "="), word, see);
}

/* The second word of resize. */
static int options_new_size(const char *text, struct options *options)
{
	struct size size = size_parse(text);

	if (size.verdict != SIZE_ACCEPTED)
		return say_usage("the new size: \"%s\" %s", text, size_verdict_text(size.verdict));
	if (size.value == 0)
		return say_usage("the new size: 0 is not possible: give a number above zero");
	options->device.size_bytes = size.value;
	return 0;
}

static int options_file(int argc, char **argv, struct options *options)
{
	char see[96];

	if (argc == 0)
		return say_usage("no trace is named; %s", options_see(options->command, see));
	if (argc > 1)
		return say_usage("one trace at a time: \"%s\" is too much; %s", argv[1], options_see(options->command, see));
	options->file = argv[0];
	return 0;
}

/* What stands between the options: the device of info, stop, del and resize, the new size, the file of trace check. */
static int options_words(int argc, char **argv, struct options *options)
{
	bool wanted = TARGET & 1U << options->command;
	int words = options->command == OPTIONS_RESIZE ? 2 : 1;
	char see[96];

	if (options->command == OPTIONS_TRACE_CHECK)
		return options_file(argc, argv, options);
	options_see(options->command, see);
	if (!wanted && argc > 0)
		return say_usage("unexpected \"%s\"; %s", argv[0], see);
	if (!wanted)
		return 0;
	if (options->all && argc > 0)
		return say_usage("--all and \"%s\" exclude each other: give one of them", argv[0]);
	if (options->all)
		return 0;
	if (argc == 0)
		return say_usage("no device is named: give its number or path, such as 0 or /dev/ublkb0; %s", see);
	if (argc == 2 && options->command == OPTIONS_RECOVER)
		options->backend = options_backend_of(argv[1]);
	if (argc > words && options->backend == OPTIONS_NO_BACKEND)
		return say_usage("one device at a time: \"%s\" is too much; %s", argv[words], see);
	options->target = options_target(argv[0]);
	if (options->target < 0)
		return say_usage("\"%s\" is no ublk device: give its number or path, such as 0 or /dev/ublkb0", argv[0]);
	if (argc < words)
		return say_usage("the new size is missing: give the whole size, such as 64M or 1G; %s", see);
	return words == 2 ? options_new_size(argv[1], options) : 0;
}

/* By hand or by the state file, not half and half. */
static int options_contradicted(const struct options *options)
{
	bool adds = (1U << options->command) & ADD, by_hand = options->path || options->shm || options->buffered;

	if (options->backend == OPTIONS_NO_BACKEND && by_hand)
		return say_usage("--path, --shm and --buffered go with a backend: name it, as in `refublk recover 0 file --path FILE`");
	if (options->backend != OPTIONS_FILE && (options->path || options->buffered))
		return say_usage("--path and --buffered are for file: the backend is %s", options_backend_name(options->backend));
	if (options->backend != OPTIONS_MEM && options->shm)
		return say_usage("--shm is for mem: the backend is %s", options_backend_name(options->backend));
	if (adds && options->backend == OPTIONS_MEM && options->device.recovery && !options->shm)
		return say_usage("--recovery: the content of a RAM disk goes with its server; --shm NAME keeps it in /dev/shm");
	if (adds && options->shm && !options->device.recovery)
		return say_usage("--shm is for a recovery: give --recovery, too");
	if (options->all && options->foreground)
		return say_usage("--all and --foreground exclude each other: give one of them");
	return 0;
}

static int options_missing(const struct options *options)
{
	uint32_t bit = 1U << options->command;
	char see[96];

	if (options->backend == OPTIONS_FILE && !options->path)
		return say_usage("--path is missing: name the file to serve; %s", options_see(options->command, see));
	if ((bit & AGAIN) && options->backend == OPTIONS_MEM && !options->shm)
		return say_usage("--shm is missing: name the memory file to serve; %s", options_see(options->command, see));
	if ((bit & (ADD & ~FILE_)) && options->device.size_bytes == 0)
		return say_usage("--size is missing: say how large the disk shall be, such as --size 64M; %s",
				 options_see(options->command, see));
	return 0;
}

static uint32_t options_served_by(uint32_t command)
{
	uint32_t bit = 1U << command;

	if (bit & MEM)
		return OPTIONS_MEM;
	if (bit & FILE_)
		return OPTIONS_FILE;
	return bit & ADD ? OPTIONS_NULL : OPTIONS_NO_BACKEND;
}

int options_parse(uint32_t command, int argc, char **argv, struct options *options)
{
	struct option known[OPTIONS_RULES + 1] = { { 0 } };
	size_t count = 0;
	int answer, error;

	*options = (struct options){ .device = refublk_defaults(), .target = -1, .command = command,
				     .backend = options_served_by(command) };
	for (size_t i = 0; i < OPTIONS_RULES; i++) {
		const struct options_rule *rule = &options_rules[i];

		if (rule->commands & 1U << command)
			known[count++] = (struct option){ rule->name, rule->value ? required_argument : no_argument, NULL,
							  UCHAR_MAX + 1 + (int)i };
	}
	opterr = 0;
	optind = 0; /* 0 and not 1: glibc then forgets an earlier call */
	while ((answer = getopt_long(argc, argv, ":", known, NULL)) != -1) {
		if (answer <= UCHAR_MAX)
			return options_unknown(command, answer, argv[optind - 1]);
		error = options_set(&options_rules[answer - UCHAR_MAX - 1], optarg, options);
		if (error)
			return error;
	}
	if (options->help)
		return 0;
	error = options_words(argc - optind, argv + optind, options);
	if (!error)
		error = options_contradicted(options);
	return error ? error : options_missing(options);
}

int32_t options_target(const char *text)
{
	struct size size;

	if (strncmp(text, "/dev/", 5) == 0)
		text += 5;
	if (strncmp(text, "ublkb", 5) == 0 || strncmp(text, "ublkc", 5) == 0)
		text += 5;
	size = size_parse_number(text);
	return size.verdict == SIZE_ACCEPTED && size.value <= INT32_MAX ? (int32_t)size.value : -1;
}

void options_help(uint32_t command)
{
	const struct options_about *about = &options_abouts[command];
	char name[32];

	printf("Usage: %s%s %s\n%s\n\n", program_invocation_short_name, options_spaced(command, name), about->usage, about->help);
	for (size_t i = 0; i < OPTIONS_RULES; i++) {
		const struct options_rule *rule = &options_rules[i];
		char left[32];

		if (!(rule->commands & 1U << command))
			continue;
		snprintf(left, sizeof(left), "--%s%s%s", rule->name, rule->value ? " " : "", rule->value ? rule->value : "");
		printf("  %-22s %s\n", left, rule->help);
	}
	printf("\nMore in refublk(8).\n");
}

void options_help_all(void)
{
	char name[32];

	printf("refublk serves Linux block devices from userspace.\n\n");
	for (uint32_t command = 0; command < OPTIONS_COMMANDS; command++) {
		if (!options_command_name(command)[0])
			continue;
		printf("  refublk%-12s %-28s %s\n", options_spaced(command, name), options_abouts[command].usage,
		       options_abouts[command].help);
	}
	printf("\nEach takes --help. `refublk --version` prints the version. More in refublk(8).\n");
}
