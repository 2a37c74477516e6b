#include <check.h>
#include <errno.h>
#include <string.h>

#include "backend.h"
#include "fault.h"
#include "mem.h"
#include "null.h"
#include "suite.h"

enum { BLOCK = 512, SIZE = 64 * BLOCK };

static struct mem *mem;
static struct fault *fault;
static const struct refublk_backend *disk;

static void disk_make(struct fault_plan plan)
{
	ck_assert_int_eq(mem_open(&mem, SIZE, SIZE), 0);
	ck_assert_int_eq(fault_open(&fault, &mem_backend, mem, plan), 0);
	disk = fault_backend(fault);
}

static void teardown(void)
{
	fault_close(fault);
	mem_close(mem);
	fault = NULL;
	mem = NULL;
}

static struct refublk_outcome disk_do(uint32_t op, uint64_t offset_bytes, uint64_t length_bytes, void *memory)
{
	struct refublk_request request = {
		.offset_bytes = offset_bytes, .length_bytes = length_bytes, .op = op, .memory = memory,
	};
	struct refublk_step step = backend_begin(disk, fault, &request);

	ck_assert_uint_eq(step.kind, REFUBLK_STEP_DONE);
	return step.outcome;
}

/* Every place of two blocks against a range of two: they touch or they do not. */
START_TEST(test_error_where_the_range_is_touched)
{
	unsigned char data[2 * BLOCK] = { 1 };

	disk_make((struct fault_plan){
		.offset_bytes = 8 * BLOCK, .length_bytes = 2 * BLOCK, .ops = 1u << REFUBLK_READ, .error = ENODATA,
	});
	for (uint64_t first = 0; first < 16; first++) {
		bool touched = first == 7 || first == 8 || first == 9;
		struct refublk_outcome outcome = disk_do(REFUBLK_READ, first * BLOCK, sizeof(data), data);

		ck_assert_uint_eq(outcome.error, touched ? ENODATA : 0);
		ck_assert_uint_eq(outcome.done_bytes, touched ? 0 : sizeof(data));
		ck_assert_uint_eq(disk_do(REFUBLK_WRITE, first * BLOCK, sizeof(data), data).error, 0);
		ck_assert_uint_eq(disk_do(REFUBLK_DISCARD, first * BLOCK, sizeof(data), NULL).error, 0);
	}
}
END_TEST

START_TEST(test_short)
{
	unsigned char data[2 * BLOCK] = { 1 };

	disk_make((struct fault_plan){ .length_bytes = BLOCK, .ops = 1u << REFUBLK_WRITE, .kind = FAULT_SHORT });
	ck_assert_uint_eq(disk_do(REFUBLK_WRITE, 0, sizeof(data), data).done_bytes, BLOCK);
	ck_assert_uint_eq(disk_do(REFUBLK_WRITE, BLOCK, sizeof(data), data).done_bytes, sizeof(data));
}
END_TEST

START_TEST(test_lost_write)
{
	unsigned char data[BLOCK], found[BLOCK];

	disk_make((struct fault_plan){ .length_bytes = BLOCK, .ops = 1u << REFUBLK_WRITE, .kind = FAULT_LOSE });
	memset(data, 7, sizeof(data));
	ck_assert_uint_eq(disk_do(REFUBLK_WRITE, 0, BLOCK, data).done_bytes, BLOCK);
	ck_assert_uint_eq(disk_do(REFUBLK_WRITE, BLOCK, BLOCK, data).done_bytes, BLOCK);
	disk_do(REFUBLK_READ, 0, BLOCK, found);
	ck_assert_uint_eq(found[0], 0);
	disk_do(REFUBLK_READ, BLOCK, BLOCK, found);
	ck_assert_mem_eq(found, data, BLOCK);
}
END_TEST

START_TEST(test_lends_where_no_fault_lies)
{
	struct refublk_request request = { .length_bytes = BLOCK, .op = REFUBLK_READ };

	disk_make((struct fault_plan){ .length_bytes = BLOCK, .ops = 1u << REFUBLK_READ, .error = EIO });
	ck_assert_ptr_null(disk->lend(fault, &request));
	request.offset_bytes = BLOCK;
	ck_assert_ptr_eq(disk->lend(fault, &request), mem_backend.lend(mem, &request));
}
END_TEST

START_TEST(test_offers_what_the_inner_one_offers)
{
	disk_make((struct fault_plan){ .ops = 1u << REFUBLK_FLUSH, .error = ENOSPC });
	ck_assert_ptr_null(disk->flush);
	ck_assert_ptr_null(disk->resume);
	ck_assert_ptr_nonnull(disk->discard);
	fault_close(fault);
	ck_assert_int_eq(fault_open(&fault, &null_backend, NULL,
				    (struct fault_plan){ .ops = 1u << REFUBLK_FLUSH, .error = ENOSPC }), 0);
	disk = fault_backend(fault);
	ck_assert_ptr_null(disk->lend);
	ck_assert(disk->honours_fua);
	ck_assert_uint_eq(disk_do(REFUBLK_FLUSH, 0, 0, NULL).error, ENOSPC);
	ck_assert_uint_eq(disk_do(REFUBLK_DISCARD, 0, BLOCK, NULL).error, 0);
}
END_TEST

Suite *suite(void)
{
	Suite *suite_of_fault = suite_create("fault");
	TCase *plans = tcase_create("plans");

	tcase_add_checked_fixture(plans, NULL, teardown);
	tcase_add_test(plans, test_error_where_the_range_is_touched);
	tcase_add_test(plans, test_short);
	tcase_add_test(plans, test_lost_write);
	tcase_add_test(plans, test_lends_where_no_fault_lies);
	tcase_add_test(plans, test_offers_what_the_inner_one_offers);
	suite_add_tcase(suite_of_fault, plans);
	return suite_of_fault;
}
