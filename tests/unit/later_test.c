/* The mailbox of a queue: what it takes, what it turns away, and when it wakes. */
#include <check.h>
#include <poll.h>

#include "later.h"
#include "suite.h"

static struct refublk_outcome done(uint64_t done_bytes)
{
	return (struct refublk_outcome){ .done_bytes = done_bytes };
}

/* ---- the mailbox --------------------------------------------------------------------------- */

static bool is_readable(int fd)
{
	struct pollfd wake = { .fd = fd, .events = POLLIN };

	return poll(&wake, 1, 0) == 1;
}

START_TEST(test_a_token_names_queue_and_tag)
{
	static const uint16_t numbers[] = { 0, 1, 4095, UINT16_MAX };
	static const uint32_t serials[] = { 1, 2, UINT32_MAX };

	for (size_t q = 0; q < 4; q++)
		for (size_t t = 0; t < 4; t++)
			for (size_t s = 0; s < 3; s++) {
				uint64_t token = later_token(numbers[q], numbers[t], serials[s]);

				ck_assert_uint_eq(later_token_qid(token), numbers[q]);
				ck_assert_uint_eq(later_token_tag(token), numbers[t]);
				ck_assert_uint_eq(token & UINT32_MAX, serials[s]);
				ck_assert_uint_ne(token, 0);
			}
}
END_TEST

START_TEST(test_outcomes_come_out_in_their_order)
{
	static const uint16_t order[] = { 2, 0, 3, 1 };
	struct later_letter letter;
	struct later *later;

	ck_assert_int_eq(later_make(&later, 4), 0);
	for (uint32_t round = 1; round < 4; round++) {
		for (uint16_t tag = 0; tag < 4; tag++)
			later_issue(later, later_token(7, tag, round));
		ck_assert(!is_readable(later_wake_fd(later)));
		for (size_t i = 0; i < 4; i++)
			later_put(later, later_token(7, order[i], round), done(order[i]));
		ck_assert(is_readable(later_wake_fd(later)));
		later_quiet(later);
		ck_assert(!is_readable(later_wake_fd(later)));
		for (size_t i = 0; i < 4; i++) {
			ck_assert(later_take(later, &letter));
			ck_assert_uint_eq(letter.token, later_token(7, order[i], round));
			ck_assert_uint_eq(letter.outcome.done_bytes, order[i]);
		}
		ck_assert(!later_take(later, &letter));
		ck_assert_uint_eq(later_refusals(later), 0);
	}
	later_free(later);
}
END_TEST

START_TEST(test_what_is_not_open_is_refused)
{
	struct later_letter letter;
	struct later *later;

	ck_assert_int_eq(later_make(&later, 4), 0);
	later_issue(later, later_token(7, 1, 5));
	later_put(later, 0, done(1));
	later_put(later, later_token(7, 1, 4), done(1));
	later_put(later, later_token(7, 0, 5), done(1));
	later_put(later, later_token(7, 4, 5), done(1));
	later_put(later, later_token(7, UINT16_MAX, 5), done(1));
	later_put(later, later_token(6, 1, 5), done(1));
	ck_assert(is_readable(later_wake_fd(later)));
	ck_assert(!later_take(later, &letter));
	ck_assert_uint_eq(later_refusals(later), 6);
	ck_assert_uint_eq(later_refusals(later), 0);
	later_free(later);
}
END_TEST

START_TEST(test_a_second_outcome_is_refused_before_and_after_the_first_is_taken)
{
	struct later_letter letter;
	struct later *later;

	ck_assert_int_eq(later_make(&later, 4), 0);
	later_issue(later, later_token(7, 1, 5));
	later_put(later, later_token(7, 1, 5), done(1));
	later_put(later, later_token(7, 1, 5), done(2));
	ck_assert(later_take(later, &letter));
	ck_assert_uint_eq(letter.outcome.done_bytes, 1);
	later_put(later, later_token(7, 1, 5), done(3));
	ck_assert(!later_take(later, &letter));
	ck_assert_uint_eq(later_refusals(later), 2);
	later_free(later);
}
END_TEST

/* A backend that completes a request and also answers it at once leaves a letter behind. */
START_TEST(test_a_letter_that_was_left_gives_way_to_the_tags_next)
{
	struct later_letter letter;
	struct later *later;

	ck_assert_int_eq(later_make(&later, 4), 0);
	later_issue(later, later_token(7, 1, 5));
	later_put(later, later_token(7, 1, 5), done(1));
	later_issue(later, later_token(7, 1, 6));
	later_put(later, later_token(7, 1, 6), done(2));
	ck_assert(later_take(later, &letter));
	ck_assert_uint_eq(letter.token, later_token(7, 1, 6));
	ck_assert_uint_eq(letter.outcome.done_bytes, 2);
	ck_assert(!later_take(later, &letter));
	later_free(later);
}
END_TEST

START_TEST(test_news_after_quiet_wakes_again)
{
	struct later_letter letter;
	struct later *later;

	ck_assert_int_eq(later_make(&later, 4), 0);
	for (uint32_t serial = 1; serial < 100; serial++) {
		later_issue(later, later_token(7, 1, serial));
		/* Every other one is not lawful: it wakes as well. */
		later_put(later, later_token(7, serial % 2 ? 1 : 2, serial), done(1));
		ck_assert(is_readable(later_wake_fd(later)));
		later_quiet(later);
		(void)later_take(later, &letter);
	}
	later_free(later);
}
END_TEST

Suite *suite(void)
{
	Suite *later = suite_create("later");
	TCase *mailbox = tcase_create("mailbox");

	tcase_add_test(mailbox, test_a_token_names_queue_and_tag);
	tcase_add_test(mailbox, test_outcomes_come_out_in_their_order);
	tcase_add_test(mailbox, test_what_is_not_open_is_refused);
	tcase_add_test(mailbox, test_a_second_outcome_is_refused_before_and_after_the_first_is_taken);
	tcase_add_test(mailbox, test_a_letter_that_was_left_gives_way_to_the_tags_next);
	tcase_add_test(mailbox, test_news_after_quiet_wakes_again);
	suite_add_tcase(later, mailbox);
	return later;
}
