/* The program: finds the command, by the name it was called or by its first words. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "add.h"
#include "doctor.h"
#include "features.h"
#include "list.h"
#include "options.h"
#include "recover.h"
#include "resize.h"
#include "say.h"
#include "stop.h"
#include "trace_check.h"
#include "upgrade.h"

static int main_run(uint32_t command, int argc, char **argv)
{
	struct options options;
	int error = options_parse(command, argc, argv, &options);

	if (error)
		return error;
	if (options.help) {
		options_help(command);
		return say_finish();
	}
	switch ((enum options_command)command) {
	case OPTIONS_ADD_MEM:
	case OPTIONS_ADD_FILE:
	case OPTIONS_ADD_NULL:
	case OPTIONS_UBLK_MEM:
	case OPTIONS_UBLK_FILE:
		return add_run(&options);
	case OPTIONS_LIST:
		return list_run(&options);
	case OPTIONS_INFO:
		return list_run_one(&options);
	case OPTIONS_STOP:
		return stop_run(&options);
	case OPTIONS_DEL:
		return stop_run(&options);
	case OPTIONS_RECOVER:
		return recover_run(&options);
	case OPTIONS_RESIZE:
		return resize_run(&options);
	case OPTIONS_UPGRADE:
		return upgrade_run(&options);
	case OPTIONS_FEATURES:
		return features_run(&options);
	case OPTIONS_DOCTOR:
		return doctor_run(&options);
	case OPTIONS_TRACE_CHECK:
		return trace_check_run(&options);
	case OPTIONS_COMMANDS:
		break;
	}
	return SAY_USAGE;
}

/* How many of the words spell the command's name; 0 when they do not. */
static int main_words(uint32_t command, int argc, char **argv)
{
	const char *rest = options_command_name(command);
	int used = 0;

	while (*rest) {
		size_t length = strcspn(rest, " ");

		if (used == argc || strlen(argv[used]) != length || strncmp(argv[used], rest, length) != 0)
			return 0;
		used++;
		rest += length + strspn(rest + length, " ");
	}
	return used;
}

static int main_unknown(int argc, char **argv)
{
	if (strcmp(argv[0], "trace") == 0)
		return say_usage("what shall be done with the trace is not said: trace check FILE");
	if (strcmp(argv[0], "add") != 0)
		return say_usage("unknown command \"%s\"; `refublk --help` lists them", argv[0]);
	if (argc > 1 && strcmp(argv[1], "--help") == 0) {
		options_help(OPTIONS_ADD_MEM);
		options_help(OPTIONS_ADD_FILE);
		return say_finish();
	}
	if (argc > 1 && argv[1][0] != '-')
		return say_usage("unknown backend \"%s\": add mem, add file or add null", argv[1]);
	return say_usage("no backend is named: add mem, add file or add null, and then the options");
}

/* A descriptor of ours must never become the standard output of something else. */
static void main_open_standard(void)
{
	int fd;

	do
		fd = open("/dev/null", O_RDWR);
	while (fd >= 0 && fd <= 2);
	if (fd > 2)
		close(fd);
}

int main(int argc, char **argv)
{
	bool by_name = strcmp(program_invocation_short_name, "ublk-mem") == 0 ||
		       strcmp(program_invocation_short_name, "ublk-file") == 0;

	main_open_standard();
	if (argc > 1 && strcmp(argv[1], "--version") == 0) {
		printf("refublk %s\n", refublk_version());
		return say_finish();
	}
	if (by_name) {
		bool file = strcmp(program_invocation_short_name, "ublk-file") == 0;

		return main_run(file ? OPTIONS_UBLK_FILE : OPTIONS_UBLK_MEM, argc, argv);
	}
	if (argc < 2)
		return say_usage("no command is given; `refublk --help` lists them");
	if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "help") == 0) {
		options_help_all();
		return say_finish();
	}
	for (uint32_t command = 0; command < OPTIONS_COMMANDS; command++) {
		int used = main_words(command, argc - 1, argv + 1);

		if (used)
			return main_run(command, argc - used, argv + used);
	}
	return main_unknown(argc - 1, argv + 1);
}
