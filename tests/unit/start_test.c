#include <check.h>
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "control.h"
#include "null.h"
#include "refublk.h"
#include "start.h"
#include "suite.h"

enum { LINE_BYTES = 501 };

static char line[LINE_BYTES];
static unsigned int lines;

static void keep_line(void *context, enum refublk_level level, const char *text)
{
	(void)context;
	if (level > REFUBLK_WARNING)
		return;
	snprintf(line, sizeof(line), "%s", text);
	lines++;
}

static struct refublk_options good(void)
{
	struct refublk_options options = refublk_defaults();

	options.size_bytes = 1 << 20;
	options.log = keep_line;
	return options;
}

/* The entries of a folder of /proc/self: open files, or threads. */
static unsigned int count(const char *folder)
{
	unsigned int entries = 0;
	DIR *open = opendir(folder);

	ck_assert_ptr_nonnull(open);
	while (readdir(open))
		entries++;
	closedir(open);
	return entries;
}

/* Starts, expects this error and that nothing is left; returns how many lines it took to say why. */
static unsigned int fail_to_start(const struct refublk_options *options, const struct refublk_backend *backend,
				  int expected)
{
	unsigned int files = count("/proc/self/fd");
	unsigned int threads = count("/proc/self/task");
	struct refublk *device = (struct refublk *)&files;
	int error;

	lines = 0;
	error = refublk_start(&device, options, backend, NULL);
	ck_assert_msg(error == expected, "%d instead of %d: %s", error, expected, line);
	ck_assert_ptr_null(device);
	ck_assert_uint_eq(count("/proc/self/fd"), files);
	ck_assert_uint_eq(count("/proc/self/task"), threads);
	return lines;
}

/* ---- options ------------------------------------------------------------------------------- */

/* One wrong option each, and a word that its line must have. */
static const struct {
	struct refublk_options options; /* 0: as in good() */
	const char *word;
	int error;
} wrong[] = {
	{ { .size_bytes = 1000 }, "size", -EINVAL },
	{ { .size_bytes = UINT64_MAX & ~UINT64_C(511) }, "size", -EINVAL },
	{ { .size_bytes = 4096 + 512, .block_bytes = 4096 }, "size", -EINVAL },
	{ { .block_bytes = 513 }, "block", -EINVAL },
	{ { .block_bytes = 256 }, "block", -EINVAL },
	{ { .block_bytes = 8192 }, "block", -EINVAL },
	{ { .block_bytes = 4096, .physical_block_bytes = 512 }, "physical block", -EINVAL },
	{ { .physical_block_bytes = 5000 }, "physical block", -EINVAL },
	{ { .max_io_bytes = 512 }, "largest I/O", -EINVAL },
	{ { .max_io_bytes = (32 << 20) + 4096 }, "largest I/O", -EINVAL },
	{ { .max_io_bytes = 65536 + 512 }, "largest I/O", -EINVAL },
	{ { .queues = 4097 }, "queues", -EINVAL },
	{ { .queues = UINT32_MAX }, "queues", -EINVAL },
	{ { .depth = 4097 }, "depth", -EINVAL },
	{ { .id = -2 }, "-2", -EINVAL },
	{ { .id = INT32_MIN }, "-2147483648", -EINVAL },
	{ { .id = INT32_MAX }, "id", -EINVAL },
	{ { .memory_limit_bytes = 1 << 20 }, "depth that fits is 2", -ENOMEM },
	{ { .memory_limit_bytes = 4096 }, "not even one", -ENOMEM },
	{ { .memory_limit_bytes = UINT64_MAX, .max_io_bytes = 32 << 20, .queues = 4096, .depth = 4096 }, NULL, 0 },
};

static struct refublk_options wrong_options(int i)
{
	struct refublk_options options = good();
	const struct refublk_options *given = &wrong[i].options;

	options.size_bytes = given->size_bytes ? given->size_bytes : options.size_bytes;
	options.block_bytes = given->block_bytes;
	options.physical_block_bytes = given->physical_block_bytes;
	options.max_io_bytes = given->max_io_bytes;
	options.queues = given->queues;
	options.depth = given->depth;
	options.memory_limit_bytes = given->memory_limit_bytes;
	options.id = given->id ? given->id : -1;
	return options;
}

START_TEST(test_out_of_range_is_one_line_and_nothing_else)
{
	struct refublk_options options = wrong_options(_i);

	if (wrong[_i].error == 0) {
		ck_assert_int_eq(start_check(&options, &null_backend), 0);
		return;
	}
	ck_assert_uint_eq(fail_to_start(&options, &null_backend, wrong[_i].error), 1);
	ck_assert_msg(strstr(line, wrong[_i].word), "no '%s' in: %s", wrong[_i].word, line);
	ck_assert_int_eq(start_check(&options, &null_backend), wrong[_i].error);
}
END_TEST

START_TEST(test_size_is_required)
{
	struct refublk_options options = good();

	options.size_bytes = 0;
	ck_assert_uint_eq(fail_to_start(&options, &null_backend, -EINVAL), 1);
}
END_TEST

START_TEST(test_backend_needs_name_and_read)
{
	struct refublk_options options = good();
	struct refublk_backend nameless = { .read = null_backend.read };
	struct refublk_backend blind = { .name = "blind" };

	ck_assert_uint_eq(fail_to_start(&options, &nameless, -EINVAL), 1);
	ck_assert_uint_eq(fail_to_start(&options, &blind, -EINVAL), 1);
}
END_TEST

START_TEST(test_trace_that_cannot_be_opened)
{
	struct refublk_options options = good();

	options.trace_path = "/proc/no/such/trace";
	ck_assert_uint_eq(fail_to_start(&options, &null_backend, -ENOENT), 1);
	ck_assert_ptr_nonnull(strstr(line, options.trace_path));
}
END_TEST

/* ---- what options become ------------------------------------------------------------------- */

START_TEST(test_defaults)
{
	struct refublk_options options = good();
	struct params_config config = start_config(&options, &null_backend);

	ck_assert_int_eq(refublk_defaults().id, -1);
	ck_assert_uint_eq(config.size_bytes, 1 << 20);
	ck_assert_uint_eq(config.block_bytes, 512);
	ck_assert_uint_eq(config.physical_block_bytes, 4096);
	ck_assert_uint_eq(config.max_io_bytes, 512 << 10);
	ck_assert_uint_eq(config.discard_granularity_bytes, 512);
	ck_assert_uint_eq(config.queues, 1);
	ck_assert_uint_eq(config.depth_tags, 128);
	ck_assert_uint_eq(config.page_bytes, (uint64_t)getpagesize());
	ck_assert_uint_gt(config.memory_limit_bytes, 16 << 20);
	options.block_bytes = 4096;
	ck_assert_uint_eq(start_config(&options, &null_backend).discard_granularity_bytes, 4096);
}
END_TEST

static struct refublk_step never(void *context, const struct refublk_request *request)
{
	(void)context;
	(void)request;
	return refublk_failed(EIO);
}

/* _i: bits say which functions the backend has and what is asked; the flags follow from them. */
START_TEST(test_flags_follow_the_backend_and_the_options)
{
	const bool write = _i & 1;
	const bool flush = _i & 2;
	const bool fua = _i & 4;
	const bool discard = _i & 8;
	const bool zeroes = _i & 16;
	const struct refublk_backend backend = {
		.name = "some",
		.read = never,
		.write = write ? never : NULL,
		.flush = flush ? never : NULL,
		.discard = discard ? never : NULL,
		.write_zeroes = zeroes ? never : NULL,
		.honours_fua = fua,
	};
	struct refublk_options options = good();
	uint32_t flags;
	bool writes;

	options.read_only = _i & 32;
	options.no_discard = _i & 64;
	options.get_data = _i & 128;
	options.rotational = _i & 256;
	writes = write && !options.read_only;
	flags = start_config(&options, &backend).flags;
	ck_assert_int_eq((flags & PARAMS_READ_ONLY) != 0, !writes);
	ck_assert_int_eq((flags & PARAMS_VOLATILE_CACHE) != 0, writes && flush);
	ck_assert_int_eq((flags & PARAMS_FUA) != 0, writes && flush && fua);
	ck_assert_int_eq((flags & PARAMS_DISCARD) != 0, writes && discard && !options.no_discard);
	ck_assert_int_eq((flags & PARAMS_WRITE_ZEROES) != 0, writes && zeroes && !options.no_discard);
	ck_assert_int_eq((flags & PARAMS_GET_DATA) != 0, options.get_data);
	ck_assert_int_eq((flags & PARAMS_ROTATIONAL) != 0, options.rotational);
}
END_TEST

/* ---- a machine without the driver ---------------------------------------------------------- */

START_TEST(test_absent_driver_is_explained)
{
	struct refublk_options options = good();

	if (access(CONTROL_PATH, F_OK) == 0)
		return; /* this machine has it: the cases of the virtual machines go on from here */
	ck_assert_uint_eq(fail_to_start(&options, &null_backend, -ENOENT), 1);
	ck_assert_ptr_nonnull(strstr(line, CONTROL_PATH));
	ck_assert_ptr_nonnull(strstr(line, "modprobe ublk_drv"));
}
END_TEST

START_TEST(test_silent_without_a_log)
{
	struct refublk_options options = good();

	options.log = NULL;
	options.size_bytes = 1;
	ck_assert_uint_eq(fail_to_start(&options, &null_backend, -EINVAL), 0);
}
END_TEST

START_TEST(test_null_is_no_device)
{
	refublk_stop(NULL);
	refublk_free(NULL);
	ck_assert_ptr_nonnull(strchr(refublk_version(), '.'));
}
END_TEST

Suite *suite(void)
{
	Suite *start = suite_create("start");
	TCase *options = tcase_create("options");
	TCase *machine = tcase_create("machine");

	tcase_add_loop_test(options, test_out_of_range_is_one_line_and_nothing_else, 0,
			    (int)(sizeof(wrong) / sizeof(wrong[0])));
	tcase_add_test(options, test_size_is_required);
	tcase_add_test(options, test_backend_needs_name_and_read);
	tcase_add_test(options, test_trace_that_cannot_be_opened);
	tcase_add_test(options, test_defaults);
	tcase_add_loop_test(options, test_flags_follow_the_backend_and_the_options, 0, 512);
	suite_add_tcase(start, options);
	tcase_add_test(machine, test_absent_driver_is_explained);
	tcase_add_test(machine, test_silent_without_a_log);
	tcase_add_test(machine, test_null_is_no_device);
	suite_add_tcase(start, machine);
	return start;
}
