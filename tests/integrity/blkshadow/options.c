#include <err.h>
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "mix.h"
#include "options.h"

#define EXIT_USAGE 2
#define NUMBER_LIMIT (1ull << 62)
#define REQUEST_MAX_BYTES (256u << 20)
#define DEFAULT_MAX_BYTES (1u << 20)

enum option_number {
	OPTION_SEED = 256, OPTION_OPERATIONS, OPTION_SECONDS, OPTION_JOBS, OPTION_DEPTH, OPTION_BLOCK, OPTION_MIN,
	OPTION_MAX, OPTION_PATTERN, OPTION_CACHE, OPTION_WRITES, OPTION_DISCARDS, OPTION_ZEROES, OPTION_FLUSHES,
	OPTION_FUA, OPTION_DISCARD_READS, OPTION_ATOMIC, OPTION_RECORD, OPTION_STALL, OPTION_NO_SEAL,
	OPTION_SHRINK_SECONDS, OPTION_SAVE, OPTION_REPLAY, OPTION_VERIFY, OPTION_ALLOW_ERRORS, OPTION_TRACE, OPTION_STRESS, OPTION_PAUSE,
	OPTION_OUTPUT, OPTION_JSON, OPTION_QUIET, OPTION_HELP
};

static const struct option long_options[] = {
	{"seed", required_argument, NULL, OPTION_SEED},
	{"operations", required_argument, NULL, OPTION_OPERATIONS},
	{"seconds", required_argument, NULL, OPTION_SECONDS},
	{"jobs", required_argument, NULL, OPTION_JOBS},
	{"depth", required_argument, NULL, OPTION_DEPTH},
	{"block", required_argument, NULL, OPTION_BLOCK},
	{"min", required_argument, NULL, OPTION_MIN},
	{"max", required_argument, NULL, OPTION_MAX},
	{"pattern", required_argument, NULL, OPTION_PATTERN},
	{"cache", required_argument, NULL, OPTION_CACHE},
	{"writes", required_argument, NULL, OPTION_WRITES},
	{"discards", required_argument, NULL, OPTION_DISCARDS},
	{"zeroes", required_argument, NULL, OPTION_ZEROES},
	{"flushes", required_argument, NULL, OPTION_FLUSHES},
	{"fua", required_argument, NULL, OPTION_FUA},
	{"discard-reads", required_argument, NULL, OPTION_DISCARD_READS},
	{"atomic", required_argument, NULL, OPTION_ATOMIC},
	{"record", required_argument, NULL, OPTION_RECORD},
	{"stall", required_argument, NULL, OPTION_STALL},
	{"no-seal", no_argument, NULL, OPTION_NO_SEAL},
	{"shrink-seconds", required_argument, NULL, OPTION_SHRINK_SECONDS},
	{"save", required_argument, NULL, OPTION_SAVE},
	{"replay", required_argument, NULL, OPTION_REPLAY},
	{"verify", required_argument, NULL, OPTION_VERIFY},
	{"allow-errors", no_argument, NULL, OPTION_ALLOW_ERRORS},
	{"trace", required_argument, NULL, OPTION_TRACE},
	{"stress", required_argument, NULL, OPTION_STRESS},
	{"pause", required_argument, NULL, OPTION_PAUSE},
	{"output", required_argument, NULL, OPTION_OUTPUT},
	{"json", no_argument, NULL, OPTION_JSON},
	{"quiet", no_argument, NULL, OPTION_QUIET},
	{"help", no_argument, NULL, OPTION_HELP},
	{NULL, 0, NULL, 0},
};

static const char help[] =
	"blkshadow: writes to a block device or file and checks every sector that it reads. WHAT IS THERE IS LOST.\n"
	"\n"
	"  blkshadow [OPTION…] DEVICE\n"
	"  blkshadow --replay FILE [OPTION…] DEVICE\n"
	"  blkshadow --verify FILE [OPTION…] DEVICE                          what a run with --save has left; only reads\n"
	"\n"
	"  --seed N  --operations N  --seconds N  --jobs N  --depth N       how much, and how much at a time\n"
	"  --block SIZE  --min SIZE  --max SIZE                             of requests; 512 to 4096, 512 and more\n"
	"  --pattern mixed|scattered|sequential|hot|boundary|end\n"
	"  --cache direct|buffered|both\n"
	"  --writes N --discards N --zeroes N --flushes N                   percent; what is left are reads\n"
	"  --fua N                                                          percent of the writes\n"
	"  --discard-reads zero|old-or-zero|undefined   --atomic sector     what the device promises\n"
	"  --allow-errors                                                   go on; what failed may be old or new\n"
	"  --stress NAME=COMMAND                                            somewhere in the run, beside other operations\n"
	"  --pause NAME=COMMAND                                             the same, with nothing in flight, and the device closed\n"
	"  --record all|near                                                of what it holds before\n"
	"  --stall SECONDS  --shrink-seconds N (0: don't)  --no-seal\n"
	"  --trace FILE                                                     of a refublk server, to say what it did\n"
	"  --save FILE  --output PREFIX  --json  --quiet\n"
	"\n"
	"Exit status: 0 passed, 1 corruption, 2 usage, 3 the device failed or stalled. See blkshadow(8).\n";

static void refuse(const char *name, const char *value, const char *why)
{
	warnx("--%s %s: %s", name, value, why);
	exit(EXIT_USAGE);
}

static uint64_t number(const char *name, const char *value, uint64_t least, uint64_t most)
{
	char range[80], *end;
	unsigned long long result;

	errno = 0;
	result = strtoull(value, &end, 0);
	snprintf(range, sizeof range, "a number from %llu to %llu is needed", (unsigned long long)least,
		 (unsigned long long)most);
	if (errno || end == value || *end || value[0] == '-' || result < least || result > most)
		refuse(name, value, range);
	return result;
}

/* With K, M or G. */
static uint64_t size(const char *name, const char *value)
{
	static const char units[] = "KMG";
	size_t length = strlen(value);
	const char *unit = length ? strchr(units, value[length - 1]) : NULL;
	char digits[32];

	if (!length || length >= sizeof digits)
		refuse(name, value, "a size such as 4096, 64K or 1M is needed");
	memcpy(digits, value, length + 1);
	if (unit)
		digits[length - 1] = '\0';
	return number(name, digits, 1, REQUEST_MAX_BYTES) << (unit ? 10 * (unit - units + 1) : 0);
}

static unsigned choice(const char *name, const char *value, const char *const *names, unsigned count)
{
	for (unsigned at = 0; at < count; at++)
		if (strcmp(value, names[at]) == 0)
			return at;
	refuse(name, value, "not one of the choices; see --help");
	return 0;
}

static void set_choice(struct options *options, int option, const char *name, const char *value)
{
	static const char *const discards[] = {"zero", "old-or-zero", "undefined"}, *const records[] = {"near", "all"};
	static const char *const units[] = {"sector"};
	const char *patterns[PLAN_PATTERNS], *caches[] = {plan_cache_name(PLAN_DIRECT), plan_cache_name(PLAN_BUFFERED),
							  plan_cache_name(PLAN_BOTH)};

	for (unsigned at = 0; at < PLAN_PATTERNS; at++)
		patterns[at] = plan_pattern_name((enum plan_pattern)at);
	if (option == OPTION_PATTERN) {
		options->pattern = (enum plan_pattern)choice(name, value, patterns, PLAN_PATTERNS);
	} else if (option == OPTION_CACHE) {
		options->cache = (enum plan_cache)choice(name, value, caches, 3);
		options->cache_given = true;
	} else if (option == OPTION_DISCARD_READS) {
		options->discard = (enum shadow_discard)choice(name, value, discards, 3);
		options->discard_given = true;
	} else if (option == OPTION_ATOMIC) {
		options->atomic_sector = choice(name, value, units, 1) == 0;
	} else {
		options->limits.record_all = choice(name, value, records, 2);
	}
}

static void set_number(struct options *options, int option, const char *name, const char *value)
{
	switch (option) {
	case OPTION_SEED:
		options->seed = number(name, value, 0, NUMBER_LIMIT);
		break;
	case OPTION_OPERATIONS:
		options->operations = (uint32_t)number(name, value, 1, OPERATION_NUMBER_MAX);
		options->operations_given = true;
		break;
	case OPTION_SECONDS:
		options->limits.seconds = (unsigned)number(name, value, 1, 1000000);
		break;
	case OPTION_JOBS:
		options->jobs = (unsigned)number(name, value, 1, 256);
		break;
	case OPTION_DEPTH:
		options->limits.depth = (unsigned)number(name, value, 1, 4096);
		break;
	case OPTION_STALL:
		options->limits.stall_seconds = (unsigned)number(name, value, 1, 100000);
		break;
	case OPTION_SHRINK_SECONDS:
		options->shrink_seconds = (unsigned)number(name, value, 0, 100000);
		break;
	case OPTION_WRITES:
		options->writes = (unsigned)number(name, value, 0, 100);
		break;
	case OPTION_DISCARDS:
		options->discards = (unsigned)number(name, value, 0, 100);
		break;
	case OPTION_ZEROES:
		options->zeroes = (unsigned)number(name, value, 0, 100);
		break;
	case OPTION_FLUSHES:
		options->flushes = (unsigned)number(name, value, 0, 100);
		break;
	default:
		options->fua = (unsigned)number(name, value, 0, 100);
		break;
	}
}

static void add_stress(struct options *options, const char *name, const char *value, bool pauses)
{
	if (!strchr(value, '=') || options->stress_count == SCHEDULE_STRESSES_MAX)
		refuse(name, value, "NAME=COMMAND is needed, no more than 16");
	options->pauses[options->stress_count] = pauses;
	options->stresses[options->stress_count++] = value;
}

static void set(struct options *options, int option, const char *name, const char *value)
{
	switch (option) {
	case OPTION_BLOCK:
		options->block_bytes = size(name, value);
		break;
	case OPTION_MIN:
		options->min_bytes = size(name, value);
		break;
	case OPTION_MAX:
		options->max_bytes = size(name, value);
		break;
	case OPTION_PATTERN:
	case OPTION_CACHE:
	case OPTION_DISCARD_READS:
	case OPTION_RECORD:
	case OPTION_ATOMIC:
		set_choice(options, option, name, value);
		break;
	case OPTION_ALLOW_ERRORS:
		options->limits.allow_errors = true;
		break;
	case OPTION_NO_SEAL:
		options->limits.seal = false;
		break;
	case OPTION_SAVE:
		options->save_path = value;
		break;
	case OPTION_REPLAY:
		options->replay_path = value;
		break;
	case OPTION_VERIFY:
		options->verify_path = value;
		break;
	case OPTION_TRACE:
		options->trace_path = value;
		break;
	case OPTION_STRESS:
	case OPTION_PAUSE:
		add_stress(options, name, value, option == OPTION_PAUSE);
		break;
	case OPTION_OUTPUT:
		options->output = value;
		break;
	case OPTION_JSON:
		options->json = true;
		break;
	case OPTION_QUIET:
		options->quiet = true;
		break;
	case OPTION_HELP:
		fputs(help, stdout);
		exit(0);
	default:
		set_number(options, option, name, value);
		break;
	}
}

void options_parse(struct options *options, int count, char **arguments)
{
	int option, index;

	*options = (struct options){
		.operations = 20000,
		.seed = mix_64((uint64_t)time(NULL)) >> 32,
		.jobs = 2,
		.writes = 45, .discards = 3, .zeroes = 3, .flushes = 2, .fua = 10,
		.shrink_seconds = 60,
		.limits = {.depth = 16, .stall_seconds = 60, .scan_bytes = RUN_CHUNK_BYTES, .record_all = true, .seal = true},
	};
	while ((option = getopt_long(count, arguments, "", long_options, &index)) != -1) {
		if (option == '?')
			exit(EXIT_USAGE);
		set(options, option, long_options[index].name, optarg);
	}
	if (optind + 1 != count) {
		warnx("exactly one device or file is needed; see --help");
		exit(EXIT_USAGE);
	}
	options->device = arguments[optind];
	if (options->writes + options->discards + options->zeroes + options->flushes > 100) {
		warnx("--writes, --discards, --zeroes and --flushes are more than 100 percent together");
		exit(EXIT_USAGE);
	}
	if (options->limits.seconds && !options->operations_given)
		options->operations = 0;
	if (options->stress_count && (options->limits.seconds || options->verify_path)) {
		warnx("--stress and --pause go with neither --seconds nor --verify: its place among the operations must be known before");
		exit(EXIT_USAGE);
	}
	if (!options->operations && !options->limits.record_all) {
		warnx("--record near needs --operations: what will be touched must be known before");
		exit(EXIT_USAGE);
	}
	if (options->replay_path && options->verify_path) {
		warnx("--replay and --verify: one at a time");
		exit(EXIT_USAGE);
	}
}

static bool complain(const char *why)
{
	warnx("%s", why);
	return false;
}

static bool place_stresses(const struct options *options, struct schedule *schedule)
{
	for (unsigned at = 0; at < options->stress_count; at++)
		if (!schedule_name_stress(schedule, options->stresses[at], strcspn(options->stresses[at], "="),
					  options->pauses[at]))
			return complain("the NAME of --stress and --pause is up to 31 letters, digits, - and _, and stands once");
	if (options->stress_count > schedule->count)
		return complain("there are more --stress and --pause than --operations");
	schedule->plan.stress_every = options->stress_count ? schedule->count / options->stress_count : 0;
	return true;
}

bool options_stresses(struct options *options, const struct schedule *schedule)
{
	unsigned known = 0;

	for (uint32_t number = 0; number < schedule->plan.stresses; number++) {
		size_t name_bytes = strlen(schedule->stresses[number]);

		for (unsigned at = 0; at < options->stress_count; at++)
			if (strcspn(options->stresses[at], "=") == name_bytes &&
			    memcmp(options->stresses[at], schedule->stresses[number], name_bytes) == 0) {
				options->commands[number] = options->stresses[at] + name_bytes + 1;
				known++;
			}
	}
	if (known < options->stress_count)
		return complain("a --stress or --pause is not in that file");
	for (uint32_t at = 0; at < schedule->list_count; at++) {
		const struct operation *operation = &schedule->list[at];

		if (operation->kind == OPERATION_STRESS && !options->commands[operation->stress]) {
			warnx("operation %u is the stress %s: say what it does, --%s %s=COMMAND", operation->number,
			      schedule->stresses[operation->stress],
			      schedule->pauses[operation->stress] ? "pause" : "stress", schedule->stresses[operation->stress]);
			return false;
		}
	}
	options->limits.stresses = options->commands;
	return true;
}

bool options_plan(const struct options *options, const struct ring_target *target, struct schedule *schedule)
{
	struct plan *plan = &schedule->plan;

	*schedule = (struct schedule){.count = options->operations, .atomic_sector = options->atomic_sector, .repeats = 1};
	plan->seed = options->seed;
	plan->jobs = options->jobs;
	plan->pattern = options->pattern;
	plan->writes = options->writes * 10;
	plan->discards = options->discards * 10;
	plan->zeroes = options->zeroes * 10;
	plan->flushes = options->flushes * 10;
	plan->fua = options->fua * 10;
	plan->zeroes_direct = target->block_device && target->direct;
	plan->cache = options->cache_given            ? options->cache
		      : !target->direct               ? PLAN_BUFFERED
		      : options->limits.allow_errors  ? PLAN_DIRECT
						      : PLAN_BOTH;
	schedule->discard = options->discard_given  ? options->discard
			    : target->block_device ? SHADOW_DISCARD_UNDEFINED
						   : SHADOW_DISCARD_ZERO;
	plan->block_bytes = options->block_bytes ? options->block_bytes : target->block_bytes;
	if (plan->block_bytes & (plan->block_bytes - 1) || plan->block_bytes > OPERATION_PAGE_BYTES ||
	    plan->block_bytes < target->block_bytes)
		return complain("--block is a power of two from the device's block size to 4096");
	plan->size_bytes = target->size_bytes - target->size_bytes % plan->block_bytes;
	plan->min_bytes = options->min_bytes ? options->min_bytes : plan->block_bytes;
	plan->max_bytes = options->max_bytes ? options->max_bytes : 2 * target->max_request_bytes;
	if (!plan->max_bytes)
		plan->max_bytes = DEFAULT_MAX_BYTES;
	if (!options->max_bytes && plan->max_bytes < plan->min_bytes)
		plan->max_bytes = plan->min_bytes;
	if (plan->max_bytes > plan->size_bytes)
		plan->max_bytes = plan->size_bytes;
	plan->max_bytes -= plan->max_bytes % plan->block_bytes;
	if (plan->min_bytes % plan->block_bytes || plan->min_bytes > plan->max_bytes)
		return complain("--min is a multiple of the block size, and at most --max and the device's size");
	if (plan->max_bytes * options->jobs * options->limits.depth > 4ull << 30)
		return complain("--max times --depth times --jobs is more than 4 GiB of buffers: take less of one");
	if (!target->direct && plan->cache != PLAN_BUFFERED)
		return complain("O_DIRECT does not work here: --cache buffered remains");
	if (options->limits.allow_errors && plan->cache != PLAN_DIRECT)
		return complain("--allow-errors needs --cache direct: an error of the page cache belongs to no operation");
	return place_stresses(options, schedule);
}
