/* What is read from a server's trace: lines written by hand, as spec/trace.md has them. */
#include <stdio.h>
#include <string.h>

#include "suite.h"
#include "trace.h"

#define HEAD(queue)                                                                                                          \
	"0 " #queue " 90 refublk-trace 2 kernel=7.3.4 queues=2 depth=8 stride=24 device=16777216 max_io=524288 block=512 read_only=0 get_data=0\n"
/* Queue, tag, op, offset, length, the io's offset and length, its result, what the backend says, what is committed. */
#define CALL(queue, tag, op, offset, length)                                                                                \
	"5 " #queue " 90 descriptor " #tag " 0000\n"                                                                       \
	"6 " #queue " 90 call " #tag " " op " " #offset " " #length " 0 7f00 0000000000000001\n"
#define IO(queue, tag, op, offset, length, result)                                                                          \
	"7 " #queue " 90 step " #tag " io\n"                                                                               \
	"8 " #queue " 90 io 000200000000000" #tag " " op " 5 " #offset " " #length " 0 7f00\n"                             \
	"9 " #queue " 90 completion 000200000000000" #tag " " #result "\n"                                                 \
	"10 " #queue " 90 resume " #tag " " #result "\n"
#define DONE(queue, tag, bytes, error) "11 " #queue " 90 step " #tag " done " #bytes " " #error "\n"
/* 65536 is 00000100 with the lowest byte first. */
#define COMMIT(queue, tag, result_hex)                                                                                      \
	"12 " #queue " 90 command 0001000000000001 c0107521 0" #queue "000" #tag "00" result_hex "0000000000000000\n"
#define GOOD(queue, tag, offset)                                                                                            \
	CALL(queue, tag, "write", offset, 65536) IO(queue, tag, "write", offset, 65536, 65536) DONE(queue, tag, 65536, 0)  \
	COMMIT(queue, tag, "00000100")

static enum trace_answer look(const char *text, struct trace_wanted wanted, struct trace_request *found)
{
	FILE *file = tmpfile();
	enum trace_answer answer;

	ck_assert_ptr_nonnull(file);
	fputs(text, file);
	rewind(file);
	answer = trace_find(file, &wanted, found);
	fclose(file);
	return answer;
}

static const struct trace_wanted wanted = {
	.operation = {.offset_bytes = 131072, .length_bytes = 65536, .number = 17, .kind = OPERATION_WRITE, .direct = true},
	.sector = 300,
};

static void check_described(const char *text, const char *words)
{
	struct trace_request found;
	char described[512];

	ck_assert_int_eq(look(text, wanted, &found), TRACE_FOUND);
	trace_describe(&found, described, sizeof described);
	ck_assert_msg(strstr(described, words), "%s", described);
}

START_TEST(queue_and_tag_are_found)
{
	struct trace_request found;

	ck_assert_int_eq(look(HEAD(0) HEAD(1) GOOD(0, 3, 65536) GOOD(1, 5, 131072) GOOD(0, 2, 262144), wanted, &found),
			 TRACE_FOUND);
	ck_assert_uint_eq(found.queue, 1);
	ck_assert_uint_eq(found.tag, 5);
	ck_assert_uint_eq(found.line, 12);
	ck_assert_uint_eq(found.io_first_bytes, 131072);
	ck_assert_int_eq(found.io_result, 65536);
	ck_assert_int_eq(found.committed, 65536);
	check_described(HEAD(1) GOOD(1, 5, 131072), "queue 1, tag 5, line 3: write of 65536 bytes at 131072");
	check_described(HEAD(1) GOOD(1, 5, 131072), "look below the server");
}
END_TEST

START_TEST(what_came_later_is_passed_over)
{
	static const char text[] = HEAD(0) GOOD(0, 1, 131072) GOOD(0, 2, 131072) GOOD(0, 3, 131072);
	struct trace_wanted earlier = wanted;
	struct trace_request found;

	for (unsigned later = 0; later < 3; later++) {
		earlier.later_same = earlier.later_touching = later;
		ck_assert_int_eq(look(text, earlier, &found), TRACE_FOUND);
		ck_assert_uint_eq(found.tag, 3 - later);
	}
	earlier.later_same = earlier.later_touching = 3;
	ck_assert_int_eq(look(text, earlier, &found), TRACE_NOTHING);
}
END_TEST

START_TEST(a_part_is_taken_where_the_whole_was_split)
{
	struct trace_request found;

	ck_assert_int_eq(look(HEAD(0) CALL(0, 1, "write", 131072, 16384) DONE(0, 1, 16384, 0) COMMIT(0, 1, "00400000")
			      CALL(0, 2, "write", 147456, 49152) DONE(0, 2, 49152, 0) COMMIT(0, 2, "00c00000"),
			      wanted, &found), TRACE_FOUND);
	ck_assert_uint_eq(found.tag, 2);
}
END_TEST

START_TEST(what_the_server_did_wrong_is_said)
{
	check_described(HEAD(0) CALL(0, 1, "write", 131072, 65536) IO(0, 1, "write", 131584, 65536, 65536)
			DONE(0, 1, 65536, 0) COMMIT(0, 1, "00000100"), "WENT TO ANOTHER PLACE");
	check_described(HEAD(0) CALL(0, 1, "write", 131072, 65536) IO(0, 1, "write", 131072, 65024, 65024)
			DONE(0, 1, 65536, 0) COMMIT(0, 1, "00000100"), "LEFT PART OF IT OUT");
	check_described(HEAD(0) CALL(0, 1, "write", 131072, 65536) DONE(0, 1, 4096, 0) COMMIT(0, 1, "00100000"),
			"DID LESS THAN ALL");
	check_described(HEAD(0) CALL(0, 1, "write", 131072, 65536) DONE(0, 1, 65536, 0) COMMIT(0, 1, "05000000"),
			"WHAT WAS COMMITTED");
	/* An honest error is no fault. */
	check_described(HEAD(0) CALL(0, 1, "write", 131072, 65536) DONE(0, 1, 0, 5) COMMIT(0, 1, "fbffffff"), "committed -5");
	check_described(HEAD(0) CALL(0, 1, "write", 131072, 65536) DONE(0, 1, 0, 5) COMMIT(0, 1, "fbffffff"), "as it was asked");
}
END_TEST

START_TEST(an_answer_from_another_thread_counts)
{
	check_described(HEAD(0) CALL(0, 1, "write", 131072, 65536) "7 0 90 step 1 later\n"
			"8 0 90 letter 0000000000000001 65536 0\n" COMMIT(0, 1, "00000100"), "backend: 65536 bytes, error 0");
}
END_TEST

START_TEST(other_things_do_not_pass_for_it)
{
	struct trace_request found;

	ck_assert_int_eq(look(HEAD(0) GOOD(0, 1, 262144), wanted, &found), TRACE_NOTHING);
	ck_assert_int_eq(look(HEAD(0) CALL(0, 1, "read", 131072, 65536) DONE(0, 1, 65536, 0) COMMIT(0, 1, "00000100"), wanted,
			      &found), TRACE_NOTHING);
	/* One that was never committed is no answer. */
	ck_assert_int_eq(look(HEAD(0) CALL(0, 1, "write", 131072, 65536) DONE(0, 1, 65536, 0), wanted, &found), TRACE_NOTHING);
	ck_assert_int_eq(look("0 0 90 refublk-trace 1 depth=8\n" GOOD(0, 1, 131072), wanted, &found), TRACE_UNREADABLE);
	ck_assert_int_eq(look("a text\n", wanted, &found), TRACE_UNREADABLE);
	ck_assert_int_eq(look("", wanted, &found), TRACE_UNREADABLE);
	/* Lines that a full disk has cut, numbers that are out of range. */
	ck_assert_int_eq(look(HEAD(0) "6 0 90 ca\n6 0 90 call 9 write 131072 65536 0 0 0\n6 9 90 step 1 io\n6 99999 1 io 2\n"
			      GOOD(0, 1, 131072), wanted, &found), TRACE_FOUND);
}
END_TEST

Suite *suite(void)
{
	Suite *suite = suite_create("trace");
	TCase *cases = tcase_create("trace");

	tcase_add_test(cases, queue_and_tag_are_found);
	tcase_add_test(cases, what_came_later_is_passed_over);
	tcase_add_test(cases, a_part_is_taken_where_the_whole_was_split);
	tcase_add_test(cases, what_the_server_did_wrong_is_said);
	tcase_add_test(cases, an_answer_from_another_thread_counts);
	tcase_add_test(cases, other_things_do_not_pass_for_it);
	suite_add_tcase(suite, cases);
	return suite;
}
