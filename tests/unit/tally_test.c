#include "tally.h"

#include "support/seed.h"
#include "suite.h"

START_TEST(test_a_new_queue_has_unborn_tags_only)
{
	const uint32_t depths[] = { 1, 2, 128, 4096, UINT16_MAX };
	struct tally tally = tally_of(depths[_i]);

	ck_assert_uint_eq(tally.depth, depths[_i]);
	for (uint32_t owner = 0; owner < TAG_OWNERS; owner++)
		ck_assert_uint_eq(tally.tags[owner], owner == TAG_UNBORN ? depths[_i] : 0);
	ck_assert_uint_eq(tally_open(tally), 0);
	ck_assert(tally_drained(tally));
	ck_assert(!tally_over(tally));
}
END_TEST

/* One tag to every owner: it is open where the server owns it, and over where it is retired. */
START_TEST(test_a_tag_is_open_where_the_server_owns_it)
{
	const uint32_t owner = (uint32_t)_i;
	const bool open = owner == TAG_SERVER || owner == TAG_SERVER_GET_DATA;
	struct tally tally = tally_move(tally_of(1), TAG_UNBORN, owner);

	ck_assert_uint_eq(tally_open(tally), open ? 1 : 0);
	ck_assert_int_eq(tally_drained(tally), !open);
	ck_assert_int_eq(tally_over(tally), owner == TAG_RETIRED);
}
END_TEST

START_TEST(test_over_means_every_tag)
{
	struct tally tally = tally_of(3);

	tally = tally_move(tally, TAG_UNBORN, TAG_RETIRED);
	tally = tally_move(tally, TAG_UNBORN, TAG_RETIRED);
	ck_assert(!tally_over(tally));
	tally = tally_move(tally, TAG_UNBORN, TAG_RETIRED);
	ck_assert(tally_over(tally));
}
END_TEST

/* 4096 tags wander; an array of theirs is counted anew after each step. */
START_TEST(test_counts_follow_wandering_tags)
{
	enum { DEPTH = 4096 };
	struct seed seed = seed_start("tally");
	uint32_t owners[DEPTH] = { 0 };
	struct tally tally = tally_of(DEPTH);

	for (uint32_t i = 0; i < 3000; i++) {
		uint32_t *owner = &owners[seed_below(&seed, DEPTH)];
		uint32_t to = (uint32_t)seed_below(&seed, TAG_OWNERS);
		uint32_t counts[TAG_OWNERS] = { 0 };

		tally = tally_move(tally, *owner, to);
		*owner = to;
		for (uint32_t tag = 0; tag < DEPTH; tag++)
			counts[owners[tag]]++;
		for (uint32_t each = 0; each < TAG_OWNERS; each++) {
			if (tally.tags[each] != counts[each])
				ck_abort_msg("%u tags %s, not %u", tally.tags[each], tag_owner_name(each), counts[each]);
		}
		ck_assert_uint_eq(tally_open(tally), counts[TAG_SERVER] + counts[TAG_SERVER_GET_DATA]);
	}
}
END_TEST

START_TEST(test_nothing_moves_from_where_nothing_is)
{
	tally_move(tally_of(1), TAG_DRIVER, TAG_SERVER);
}
END_TEST

START_TEST(test_a_tag_moves_once)
{
	tally_move(tally_move(tally_of(1), TAG_UNBORN, TAG_FETCHING), TAG_UNBORN, TAG_FETCHING);
}
END_TEST

START_TEST(test_no_owner_beyond_the_last)
{
	if (_i == 0)
		tally_move(tally_of(1), TAG_OWNERS, TAG_UNBORN);
	else
		tally_move(tally_of(1), TAG_UNBORN, TAG_OWNERS);
}
END_TEST

START_TEST(test_no_queue_without_tags_or_with_too_many)
{
	tally_of(_i == 0 ? 0 : 65536);
}
END_TEST

Suite *suite(void)
{
	Suite *tally = suite_create("tally");
	TCase *all = tcase_create("all");

	tcase_add_loop_test(all, test_a_new_queue_has_unborn_tags_only, 0, 5);
	tcase_add_loop_test(all, test_a_tag_is_open_where_the_server_owns_it, 0, TAG_OWNERS);
	tcase_add_test(all, test_over_means_every_tag);
	tcase_add_test(all, test_counts_follow_wandering_tags);
	suite_add_death_test(all, test_nothing_moves_from_where_nothing_is);
	suite_add_death_test(all, test_a_tag_moves_once);
	suite_add_death_loop(all, test_no_owner_beyond_the_last, 0, 2);
	suite_add_death_loop(all, test_no_queue_without_tags_or_with_too_many, 0, 2);
	suite_add_tcase(tally, all);
	return tally;
}
