/* Another size for a file that is served. */
#include <check.h>
#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "suite.h"
#include "support/file_rig.h"

enum { KIB = 1024, SIZE = 256 * KIB, PIECE = 4 * KIB };

static struct file_rig rig;
static unsigned char *piece;

static void keep(void *context, enum refublk_level level, const char *line)
{
	(void)context;
	if (level != REFUBLK_ERROR)
		return;
	rig.errors++;
	strncpy(rig.said, line, sizeof(rig.said) - 1);
}

static const struct log lines = { .function = keep };

static void setup(void)
{
	file_rig_make(&rig, "/var/tmp");
	piece = aligned_alloc(PIECE, PIECE);
	ck_assert_ptr_nonnull(piece);
}

static void teardown(void)
{
	file_rig_remove(&rig);
	free(piece);
}

static int64_t found_bytes(void)
{
	struct stat status;

	ck_assert_int_eq(stat(rig.path, &status), 0);
	return (int64_t)status.st_size;
}

static uint32_t move(uint32_t op, uint64_t offset_bytes, int byte)
{
	if (op == REFUBLK_WRITE)
		memset(piece, byte, PIECE);
	return file_rig_do(&rig, op, 0, offset_bytes, PIECE, piece).error;
}

static void expect_bytes(uint64_t offset_bytes, int byte)
{
	ck_assert_uint_eq(move(REFUBLK_READ, offset_bytes, 0), 0);
	for (uint32_t i = 0; i < PIECE; i++)
		ck_assert_uint_eq(piece[i], (unsigned char)byte);
}

START_TEST(test_it_grows_and_keeps_its_content)
{
	ck_assert_int_eq(file_rig_open(&rig, (struct file_options){ .size_bytes = SIZE, .buffered = _i }), 0);
	ck_assert_uint_eq(move(REFUBLK_WRITE, SIZE - PIECE, 7), 0);
	ck_assert_int_eq(file_resize(rig.file, 4 * SIZE, lines), 0);
	ck_assert_int_eq(found_bytes(), 4 * SIZE);
	expect_bytes(SIZE - PIECE, 7);
	expect_bytes(SIZE, 0);
	ck_assert_uint_eq(move(REFUBLK_WRITE, 4 * SIZE - PIECE, 8), 0);
	expect_bytes(4 * SIZE - PIECE, 8);
	ck_assert_uint_eq(rig.errors, 0);
}
END_TEST

START_TEST(test_what_was_cut_off_is_gone)
{
	ck_assert_int_eq(file_rig_open(&rig, (struct file_options){ .size_bytes = SIZE, .buffered = _i }), 0);
	ck_assert_uint_eq(move(REFUBLK_WRITE, SIZE - PIECE, 7), 0);
	ck_assert_uint_eq(move(REFUBLK_WRITE, SIZE / 2 - PIECE, 6), 0);
	ck_assert_int_eq(file_resize(rig.file, SIZE / 2, lines), 0);
	ck_assert_int_eq(found_bytes(), SIZE / 2);
	/* A read that was under way meets the end: an error, and nothing that a person must read. */
	ck_assert_uint_eq(move(REFUBLK_READ, SIZE - PIECE, 0), EIO);
	ck_assert_uint_eq(rig.errors, 0);
	/* A write that was under way makes the file longer: what it leaves does not come back. */
	ck_assert_uint_eq(move(REFUBLK_WRITE, SIZE - PIECE, 9), 0);
	ck_assert_int_eq(file_resize(rig.file, 2 * SIZE, lines), 0);
	expect_bytes(SIZE - PIECE, 0);
	expect_bytes(SIZE / 2 - PIECE, 6);
}
END_TEST

START_TEST(test_it_is_closed_as_long_as_its_device)
{
	ck_assert_int_eq(file_rig_open(&rig, (struct file_options){ .size_bytes = SIZE }), 0);
	ck_assert_int_eq(file_resize(rig.file, SIZE / 2, lines), 0);
	ck_assert_uint_eq(move(REFUBLK_WRITE, SIZE - PIECE, 9), 0);
	ck_assert_int_eq(found_bytes(), SIZE);
	file_rig_close(&rig);
	ck_assert_int_eq(found_bytes(), SIZE / 2);
}
END_TEST

START_TEST(test_refusals_change_nothing)
{
	ck_assert_int_eq(file_rig_open(&rig, (struct file_options){ .size_bytes = SIZE }), 0);
	ck_assert_int_ne(file_resize(rig.file, UINT64_C(1) << 63, lines), 0);
	ck_assert_uint_eq(rig.errors, 1);
	ck_assert_ptr_nonnull(strstr(rig.said, rig.path));
	ck_assert_int_eq(found_bytes(), SIZE);
	file_rig_close(&rig);
	ck_assert_int_eq(file_rig_open(&rig, (struct file_options){ .read_only = true }), 0);
	ck_assert_int_eq(file_resize(rig.file, 2 * SIZE, lines), -EROFS);
	ck_assert_int_eq(file_resize(rig.file, SIZE / 2, lines), -EROFS);
	ck_assert_int_eq(found_bytes(), SIZE);
}
END_TEST

Suite *suite(void)
{
	Suite *file_resize = suite_create("file_resize");
	TCase *regular = tcase_create("regular");

	tcase_add_checked_fixture(regular, setup, teardown);
	tcase_add_loop_test(regular, test_it_grows_and_keeps_its_content, 0, 2);
	tcase_add_loop_test(regular, test_what_was_cut_off_is_gone, 0, 2);
	tcase_add_test(regular, test_it_is_closed_as_long_as_its_device);
	tcase_add_test(regular, test_refusals_change_nothing);
	suite_add_tcase(file_resize, regular);
	return file_resize;
}
