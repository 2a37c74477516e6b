/* Stamps: every sector tells where it comes from, and nothing else passes for it. */
#include <check.h>
#include <string.h>

#include "stamp.h"
#include "suite.h"

static const struct stamp_identity identity = {.run = 77, .seed = 5, .generation = 3, .device = 9};

static struct operation write_at(uint32_t number, uint64_t sector, uint64_t sectors)
{
	return (struct operation){
		.kind = OPERATION_WRITE,
		.number = number,
		.offset_bytes = sector * OPERATION_SECTOR_BYTES,
		.length_bytes = sectors * OPERATION_SECTOR_BYTES,
	};
}

START_TEST(a_sector_tells_where_it_comes_from)
{
	struct operation operation = write_at(12, 1ull << 40, 16);
	uint8_t data[OPERATION_SECTOR_BYTES];
	struct stamp stamp;

	stamp_write(&identity, &operation, (1ull << 40) + 5, data);
	ck_assert(stamp_read(data, &stamp));
	ck_assert(stamp_intact(data));
	ck_assert(stamp_matches(&identity, &operation, (1ull << 40) + 5, data));
	ck_assert_uint_eq(stamp.operation, 12);
	ck_assert_uint_eq(stamp.sector, (1ull << 40) + 5);
	ck_assert_uint_eq(stamp.piece, 5);
	ck_assert_uint_eq(stamp.pieces, 16);
	ck_assert_uint_eq(stamp.run, 77);
	ck_assert_uint_eq(stamp.generation, 3);
	ck_assert_uint_eq(stamp.device, 9);
	ck_assert_uint_eq(stamp.seed, 5);
}
END_TEST

START_TEST(every_flipped_bit_is_noticed)
{
	struct operation operation = write_at(1, 8, 1);
	uint8_t data[OPERATION_SECTOR_BYTES], right[OPERATION_SECTOR_BYTES];
	uint64_t hash;

	stamp_write(&identity, &operation, 8, right);
	hash = stamp_hash(right);
	for (unsigned bit = 0; bit < OPERATION_SECTOR_BYTES * 8; bit++) {
		memcpy(data, right, sizeof data);
		data[bit / 8] ^= (uint8_t)(1u << bit % 8);
		ck_assert(!stamp_matches(&identity, &operation, 8, data));
		ck_assert(!stamp_intact(data));
		ck_assert(stamp_hash(data) != hash);
		ck_assert_uint_eq(stamp_distance_bits(data, right), 1);
		memset(data, 0, sizeof data);
		ck_assert(stamp_is_zero(data));
		data[bit / 8] ^= (uint8_t)(1u << bit % 8);
		ck_assert(!stamp_is_zero(data));
	}
}
END_TEST

/* Bytes of different sectors agree as often as those of random numbers, so that a mix of two can be told. */
START_TEST(sectors_have_little_in_common)
{
	enum { COUNT = 64 };
	static uint8_t data[COUNT * COUNT][OPERATION_SECTOR_BYTES];
	unsigned long same = 0, compared = 0;

	for (uint32_t number = 0; number < COUNT; number++)
		for (uint32_t sector = 0; sector < COUNT; sector++) {
			struct operation operation = write_at(number + 1, sector, 1);

			stamp_write(&identity, &operation, sector, data[number * COUNT + sector]);
		}
	for (unsigned one = 0; one < COUNT * COUNT; one++)
		for (unsigned other = one + 1; other < COUNT * COUNT && other < one + 70; other++)
			for (unsigned at = sizeof(struct stamp); at < OPERATION_SECTOR_BYTES; at++) {
				same += data[one][at] == data[other][at];
				compared++;
			}
	ck_assert_uint_gt(same, compared / 256 / 10 * 9);
	ck_assert_uint_lt(same, compared / 256 / 10 * 11);
}
END_TEST

START_TEST(a_repeated_attempt_writes_other_content)
{
	struct operation operation = write_at(4, 0, 1);
	struct stamp_identity next = identity;
	uint8_t data[OPERATION_SECTOR_BYTES];

	next.generation++;
	stamp_write(&identity, &operation, 0, data);
	ck_assert(!stamp_matches(&next, &operation, 0, data));
	next = identity;
	next.run++;
	ck_assert(!stamp_matches(&next, &operation, 0, data));
}
END_TEST

static void no_part_is_taken_for_it(const char *text)
{
	for (size_t cut = 0; cut < strlen(text) - 1; cut++) {
		char part[160];
		struct operation other;

		memcpy(part, text, cut);
		part[cut] = '\0';
		ck_assert(!operation_parse(part, &other));
	}
}

START_TEST(operations_survive_a_file)
{
	char text[160];

	for (unsigned kind = 0; kind < OPERATION_KINDS; kind++)
		for (unsigned flags = 0; flags < 4; flags++) {
			struct operation one = write_at(kind + 1, 1ull << 50, 7), other;

			one.kind = (enum operation_kind)kind;
			one.direct = flags & 1;
			one.fua = flags & 2;
			one.job = 3;
			if (one.kind == OPERATION_STRESS)
				one = (struct operation){.kind = OPERATION_STRESS, .number = 7, .job = 3, .stress = flags};
			ck_assert(operation_parse(operation_print(&one, text, sizeof text), &other));
			ck_assert_mem_eq(&one, &other, sizeof one);
			no_part_is_taken_for_it(text);
		}
}
END_TEST

/* A hash that takes two changes of few bits for none would hide what wears out in a memory. */
START_TEST(no_two_flipped_bits_undo_each_other)
{
	uint8_t data[OPERATION_SECTOR_BYTES];
	const unsigned bits = 8 * OPERATION_SECTOR_BYTES;
	struct operation operation = write_at(1, 8, 1);
	uint64_t hash;

	stamp_write(&identity, &operation, 8, data);
	hash = stamp_hash(data);
	for (unsigned one = 0; one < bits; one++) {
		data[one / 8] ^= (uint8_t)(1u << one % 8);
		for (unsigned other = one + 1; other < bits; other++) {
			data[other / 8] ^= (uint8_t)(1u << other % 8);
			if (stamp_hash(data) == hash)
				ck_abort_msg("bits %u and %u", one, other);
			data[other / 8] ^= (uint8_t)(1u << other % 8);
		}
		data[one / 8] ^= (uint8_t)(1u << one % 8);
	}
}
END_TEST

Suite *suite(void)
{
	Suite *suite = suite_create("stamp");
	TCase *cases = tcase_create("stamp");

	tcase_add_test(cases, a_sector_tells_where_it_comes_from);
	tcase_add_test(cases, every_flipped_bit_is_noticed);
	tcase_add_test(cases, no_two_flipped_bits_undo_each_other);
	tcase_add_test(cases, sectors_have_little_in_common);
	tcase_add_test(cases, a_repeated_attempt_writes_other_content);
	tcase_add_test(cases, operations_survive_a_file);
	suite_add_tcase(suite, cases);
	return suite;
}
