#include <check.h>
#include <errno.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "backend.h"
#include "delay.h"
#include "suite.h"
#include "support/file_rig.h"

enum { BLOCK = 512, SIZE = 16 * BLOCK };

static struct file_rig rig;
static struct delay *delay;
static const struct refublk_backend *disk;

static void setup(void)
{
	file_rig_make(&rig, "/var/tmp");
	ck_assert_int_eq(file_rig_open(&rig, (struct file_options){ .size_bytes = SIZE, .buffered = true }), 0);
	ck_assert_int_eq(delay_open(&delay, rig.backend, rig.file,
				    (struct delay_plan){ .seed = 1, .shortest_ms = 20, .longest_ms = 40 }), 0);
	disk = delay_backend(delay);
}

static void teardown(void)
{
	delay_close(delay);
	file_rig_remove(&rig);
}

static int64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* The first operation is the wait; what follows is the inner backend's. */
static void disk_do(uint32_t op, uint64_t offset_bytes, void *memory)
{
	struct refublk_request request = {
		.offset_bytes = offset_bytes, .length_bytes = BLOCK, .op = op, .memory = memory,
	};
	int64_t begun_ms = now_ms();
	struct refublk_step step = backend_begin(disk, delay, &request);
	int64_t result;

	ck_assert_uint_eq(step.kind, REFUBLK_STEP_IO);
	ck_assert_uint_eq(step.io.op, REFUBLK_IO_READ);
	ck_assert_int_eq(read(step.io.fd, step.io.memory, step.io.length_bytes), 8);
	ck_assert_int_ge(now_ms() - begun_ms, 20 - 1);
	step = disk->resume(delay, &request, step.cursor, 8);
	ck_assert_uint_eq(step.kind, REFUBLK_STEP_IO);
	ck_assert_uint_eq(step.io.length_bytes, BLOCK);
	result = op == REFUBLK_READ ? pread(step.io.fd, step.io.memory, BLOCK, (off_t)offset_bytes) :
				      pwrite(step.io.fd, step.io.memory, BLOCK, (off_t)offset_bytes);
	step = disk->resume(delay, &request, step.cursor, result);
	ck_assert_uint_eq(step.kind, REFUBLK_STEP_DONE);
	ck_assert_uint_eq(step.outcome.error, 0);
	ck_assert_uint_eq(step.outcome.done_bytes, BLOCK);
}

START_TEST(test_waits_and_then_serves)
{
	unsigned char data[BLOCK], found[BLOCK];

	memset(data, 9, sizeof(data));
	disk_do(REFUBLK_WRITE, 3 * BLOCK, data);
	disk_do(REFUBLK_READ, 3 * BLOCK, found);
	ck_assert_mem_eq(found, data, BLOCK);
}
END_TEST

static int lowest_free_descriptor(void)
{
	int fd = dup(0);

	close(fd);
	return fd;
}

/* A failed wait is no reason to fail the request, and leaves no descriptor behind. */
START_TEST(test_descriptors_are_given_back)
{
	struct refublk_request request = { .op = REFUBLK_FLUSH };
	int before = lowest_free_descriptor();

	for (int i = 0; i < 100; i++) {
		struct refublk_step step = backend_begin(disk, delay, &request);

		step = disk->resume(delay, &request, step.cursor, -EINTR);
		ck_assert_uint_eq(step.io.op, REFUBLK_IO_FDATASYNC);
	}
	ck_assert_int_eq(lowest_free_descriptor(), before);
}
END_TEST

START_TEST(test_offers_what_the_inner_one_offers)
{
	ck_assert_int_eq(disk->discard != NULL, rig.backend->discard != NULL);
	ck_assert_ptr_nonnull(disk->flush);
	ck_assert_ptr_null(disk->lend);
	ck_assert(disk->honours_fua);
}
END_TEST

Suite *suite(void)
{
	Suite *suite_of_delay = suite_create("delay");
	TCase *waits = tcase_create("waits");

	tcase_add_checked_fixture(waits, setup, teardown);
	tcase_add_test(waits, test_waits_and_then_serves);
	tcase_add_test(waits, test_descriptors_are_given_back);
	tcase_add_test(waits, test_offers_what_the_inner_one_offers);
	suite_add_tcase(suite_of_delay, waits);
	return suite_of_delay;
}
