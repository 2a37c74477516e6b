#include <check.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "reason.h"
#include "suite.h"

enum { ERRNO_MAX = 140, LINE_BYTES = 501 };

struct said {
	char line[LINE_BYTES];
	unsigned int lines;
	enum refublk_level level;
};

static void keep_line(void *context, enum refublk_level level, const char *line)
{
	struct said *said = context;

	snprintf(said->line, sizeof(said->line), "%s", line);
	said->level = level;
	said->lines++;
}

static struct said say(uint32_t attempt, const char *subject, int error)
{
	struct said said = { 0 };

	reason_say((struct log){ .function = keep_line, .context = &said }, REFUBLK_ERROR, attempt, subject, error);
	return said;
}

/* _i: the attempt. */
START_TEST(test_every_attempt_and_error_has_a_line)
{
	for (int error = -ERRNO_MAX; error <= 1; error++) {
		struct reason reason = reason_of((uint32_t)_i, error);
		struct said said = say((uint32_t)_i, "/dev/ublkb1048575", error);

		ck_assert(reason.attempt && reason.attempt[0]);
		ck_assert(reason.why && reason.why[0]);
		ck_assert(!reason.remedy || reason.remedy[0]);
		ck_assert_uint_eq(said.lines, 1);
		ck_assert_uint_eq(said.level, REFUBLK_ERROR);
		ck_assert_ptr_null(strchr(said.line, '\n'));
		ck_assert_msg(strlen(said.line) < LINE_BYTES - 1, "cut: %s", said.line);
		ck_assert_ptr_nonnull(strstr(said.line, "/dev/ublkb1048575"));
		ck_assert_ptr_nonnull(strstr(said.line, reason.attempt));
		ck_assert_ptr_nonnull(strstr(said.line, reason.why));
		ck_assert(!reason.remedy || strstr(said.line, reason.remedy));
	}
}
END_TEST

START_TEST(test_attempts_read_differently)
{
	for (uint32_t a = 0; a < REASON_ATTEMPTS; a++) {
		for (uint32_t b = 0; b < a; b++)
			ck_assert_str_ne(reason_of(a, -EIO).attempt, reason_of(b, -EIO).attempt);
	}
}
END_TEST

/* What people could not find out from a bare errno: each line names the cause and the way out. */
static const struct {
	uint32_t attempt;
	int error;
	const char *cause;
	const char *remedy;
} expected[] = {
	{ REASON_OPEN_CONTROL, -ENOENT, "ublk driver is not there", "modprobe ublk_drv" },
	{ REASON_OPEN_CONTROL, -ENODEV, "ublk driver is not there", "CONFIG_BLK_DEV_UBLK" },
	{ REASON_OPEN_CONTROL, -EACCES, "root", "root" },
	{ REASON_OPEN_CONTROL, -EPERM, "cgroup", "DeviceAllow" },
	{ REASON_MAKE_RING, -EPERM, "seccomp", "kernel.io_uring_disabled" },
	{ REASON_MAKE_RING, -ENOSYS, "io_uring is not in this kernel", "CONFIG_IO_URING" },
	{ REASON_GET_FEATURES, -EOPNOTSUPP, "does not know", "6.12" },
	{ REASON_ADD, -EPERM, "CAP_SYS_ADMIN", "root" },
	{ REASON_ADD, -EEXIST, "taken", "refublk list" },
	{ REASON_ADD, -EOPNOTSUPP, "lacks a feature", "6.12" },
	{ REASON_OPEN_CHARDEV, -EBUSY, "another process", "fuser" },
	{ REASON_OPEN_CHARDEV, -ENOENT, "has not appeared", "devtmpfs" },
	{ REASON_DELETE, -ETIMEDOUT, "open", "last user" },
	{ REASON_FIND_BLOCK, -ENOTBLK, "regular file", "delete" },
	{ REASON_START, -ENOMEM, "memory", "depth" },
	{ REASON_STOP, -EMFILE, "too many files", "RLIMIT_NOFILE" },
};

START_TEST(test_known_causes_are_named)
{
	struct said said = say(expected[_i].attempt, "", expected[_i].error);

	ck_assert_msg(strstr(said.line, expected[_i].cause), "no '%s' in: %s", expected[_i].cause, said.line);
	ck_assert_msg(strstr(said.line, expected[_i].remedy), "no '%s' in: %s", expected[_i].remedy, said.line);
}
END_TEST

START_TEST(test_unknown_causes_keep_the_system_text)
{
	struct said said = say(REASON_START, "/dev/ublkb0", -ENOTUNIQ);

	ck_assert_str_eq(said.line, "cannot start /dev/ublkb0: Name not unique on network (ENOTUNIQ)");
	said = say(REASON_START, "/dev/ublkb0", INT_MIN);
	ck_assert_str_eq(said.line, "cannot start /dev/ublkb0: a reason without a name (unknown error)");
	said = say(REASON_PREPARE, "", 0);
	ck_assert_str_eq(said.line, "cannot prepare a device: a reason without a name (unknown error)");
}
END_TEST

START_TEST(test_unknown_attempt_is_no_crash)
{
	ck_assert_ptr_nonnull(reason_of(REASON_ATTEMPTS, -EPERM).attempt);
	ck_assert_ptr_nonnull(reason_of(UINT32_MAX, -EPERM).attempt);
}
END_TEST

Suite *suite(void)
{
	Suite *reason = suite_create("reason");
	TCase *lines = tcase_create("lines");

	tcase_add_loop_test(lines, test_every_attempt_and_error_has_a_line, 0, REASON_ATTEMPTS);
	tcase_add_test(lines, test_attempts_read_differently);
	tcase_add_loop_test(lines, test_known_causes_are_named, 0, (int)(sizeof(expected) / sizeof(expected[0])));
	tcase_add_test(lines, test_unknown_causes_keep_the_system_text);
	tcase_add_test(lines, test_unknown_attempt_is_no_crash);
	suite_add_tcase(reason, lines);
	return reason;
}
