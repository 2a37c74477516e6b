#include "run_rig.h"

#include <check.h>
#include <dirent.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "null.h"
#include "refublk.h"

char run_rig_error[RUN_RIG_LINE_BYTES];
unsigned int run_rig_errors;
unsigned int run_rig_warnings;

static void keep_line(void *context, enum refublk_level level, const char *line)
{
	(void)context;
	/* The machine and its runner agree on what can be when. */
	ck_assert_msg(!strstr(line, "cannot be while"), "%s: %s", line, plane.sent);
	run_rig_warnings += level == REFUBLK_WARNING;
	if (level != REFUBLK_ERROR)
		return;
	snprintf(run_rig_error, sizeof(run_rig_error), "%s", line);
	run_rig_errors++;
}

static unsigned int open_files(void)
{
	unsigned int entries = 0;
	DIR *open = opendir("/proc/self/fd");

	ck_assert_ptr_nonnull(open);
	while (readdir(open))
		entries++;
	closedir(open);
	return entries;
}

typedef int bring_up(struct refublk **device, const struct refublk_options *options, const struct refublk_backend *backend,
		     void *context);

static struct run_rig_lived live(bring_up *up, struct plane script, struct refublk_options options)
{
	struct refublk *device = NULL;
	const unsigned int files = open_files();
	struct run_rig_lived lived = { .wait = 1 };

	options.log = keep_line;
	run_rig_errors = 0;
	run_rig_warnings = 0;
	plane = script;
	plane.device = &device;
	lived.start = up(&device, &options, &null_backend, NULL);
	if (lived.start == 0) {
		ck_assert_ptr_nonnull(device);
		ck_assert_int_eq(refublk_id(device), 7);
		ck_assert_str_eq(refublk_block_path(device), "block7");
		ck_assert_str_eq(refublk_char_path(device), "char7");
		lived.wait = refublk_wait(device);
		lived.left = refublk_left(device);
		refublk_free(device);
	} else {
		ck_assert_ptr_null(device);
	}
	ck_assert_msg(!plane.violation, "%s: %s", plane.violation, plane.sent);
	ck_assert_uint_eq(plane.running, 0);
	ck_assert_msg(plane.vain == 0, "in vain: %s", plane.sent);
	ck_assert_uint_eq(open_files(), files);
	return lived;
}

static struct refublk_options small(const struct plane *script, uint32_t queues)
{
	struct refublk_options options = refublk_defaults();

	options.size_bytes = 1 << 20;
	options.queues = queues;
	options.depth = 1;
	options.max_io_bytes = (uint32_t)getpagesize();
	options.get_data = script->dropped != 0;
	return options;
}

struct run_rig_lived run_rig_start(struct plane script, uint32_t queues)
{
	return live(refublk_start, script, small(&script, queues));
}

struct run_rig_lived run_rig_start_recoverable(struct plane script, uint32_t queues)
{
	struct refublk_options options = small(&script, queues);

	options.recovery = REFUBLK_RECOVERY_WAIT;
	return live(refublk_start, script, options);
}

struct run_rig_lived run_rig_recover(struct plane script, uint64_t backend_bytes)
{
	struct refublk_options options = refublk_defaults();

	options.id = 7;
	options.size_bytes = backend_bytes;
	return live(refublk_recover, script, options);
}
