/* Questions and answers as bytes, and an exchange with a listener whose clients behave, hang, lie and run away. */
#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "clock.h"
#include "listen.h"
#include "suite.h"
#include "support/seed.h"
#include "talk.h"

enum { ID = 7, LIMIT_MS = 20 * 1000 };

/* ---- bytes --------------------------------------------------------------------------------- */

START_TEST(test_a_question_survives)
{
	struct talk_question asked = talk_ask(TALK_RESIZE, UINT64_C(0x0123456789abcdef)), read;

	ck_assert_int_eq(talk_read_question(&asked, sizeof(asked), &read), 0);
	ck_assert_uint_eq(read.kind, TALK_RESIZE);
	ck_assert_uint_eq(read.value, UINT64_C(0x0123456789abcdef));
}
END_TEST

START_TEST(test_a_question_of_another_length_is_none)
{
	unsigned char bytes[64] = { 0 };
	struct talk_question asked = talk_ask(TALK_RESIZE, 1), read;

	memcpy(bytes, &asked, sizeof(asked));
	for (size_t length = 0; length <= sizeof(bytes); length++)
		ck_assert_int_eq(talk_read_question(bytes, length, &read), length == sizeof(asked) ? 0 : -EPROTO);
}
END_TEST

START_TEST(test_versions_and_kinds_that_nobody_knows)
{
	struct talk_question read, asked;

	for (uint32_t number = 0; number <= UINT16_MAX; number++) {
		asked = talk_ask(TALK_RESIZE, 1);
		asked.version = (uint16_t)number;
		ck_assert_int_eq(talk_read_question(&asked, sizeof(asked), &read), number == TALK_VERSION ? 0 : -EPROTONOSUPPORT);
		asked = talk_ask(number, 1);
		ck_assert_int_eq(talk_read_question(&asked, sizeof(asked), &read), number < TALK_KINDS ? 0 : -EPROTONOSUPPORT);
	}
	asked = talk_ask(TALK_RESIZE, 1);
	asked.magic++;
	ck_assert_int_eq(talk_read_question(&asked, sizeof(asked), &read), -EPROTO);
}
END_TEST

START_TEST(test_an_answer_survives)
{
	struct talk_question question = talk_ask(TALK_RESIZE, 1);
	struct talk_answer told = talk_reply(question, -EROFS, "it is served read-only"), read;

	ck_assert_int_eq(talk_read_answer(&told, sizeof(told), TALK_RESIZE, &read), 0);
	ck_assert_int_eq(read.error, -EROFS);
	ck_assert_str_eq(read.text, "it is served read-only");
	ck_assert_int_eq(talk_read_answer(&told, sizeof(told), TALK_RESIZE + 1, &read), -EPROTO);
	ck_assert_int_eq(talk_read_answer(&told, sizeof(told) - 1, TALK_RESIZE, &read), -EPROTO);
	told.error = 1;
	ck_assert_int_eq(talk_read_answer(&told, sizeof(told), TALK_RESIZE, &read), -EPROTO);
	told.error = INT32_MIN;
	ck_assert_int_eq(talk_read_answer(&told, sizeof(told), TALK_RESIZE, &read), -EPROTO);
}
END_TEST

/* Of another version the refusal is understood, and nothing else. */
START_TEST(test_an_answer_of_another_version)
{
	struct talk_answer told = talk_reply(talk_ask(TALK_RESIZE, 1), -EPROTONOSUPPORT, ""), read;

	told.version = TALK_VERSION + 1;
	ck_assert_int_eq(talk_read_answer(&told, sizeof(told), TALK_RESIZE, &read), 0);
	told.error = 0;
	ck_assert_int_eq(talk_read_answer(&told, sizeof(told), TALK_RESIZE, &read), -EPROTO);
}
END_TEST

START_TEST(test_any_text_is_made_fit_for_a_person)
{
	struct talk_answer told = talk_reply(talk_ask(TALK_RESIZE, 1), -EIO, ""), read;

	memset(told.text, '\n', sizeof(told.text));
	ck_assert_int_eq(talk_read_answer(&told, sizeof(told), TALK_RESIZE, &read), 0);
	ck_assert_uint_eq(strlen(read.text), TALK_TEXT_BYTES - 1);
	ck_assert_ptr_null(strchr(read.text, '\n'));
}
END_TEST

START_TEST(test_random_bytes)
{
	struct seed seed = seed_start("talk_test");
	unsigned char bytes[sizeof(struct talk_answer) + 8];
	struct talk_question question;
	struct talk_answer answer;

	for (uint32_t i = 0; i < 20000; i++) {
		size_t length = seed_below(&seed, sizeof(bytes) + 1);

		for (size_t at = 0; at < length; at++)
			bytes[at] = (unsigned char)seed_below(&seed, 256);
		ck_assert_int_ne(talk_read_question(bytes, length, &question), 0);
		ck_assert_int_eq(talk_read_answer(bytes, length, TALK_RESIZE, &answer), -EPROTO);
	}
}
END_TEST

/* ---- an exchange --------------------------------------------------------------------------- */

static char folder[] = "/tmp/refublk-talk-XXXXXX";
static int folder_fd;
static struct listener *listener;
static uint32_t asked;

static struct talk_answer answer_double(void *context, struct talk_question question)
{
	uint32_t *count = context;

	(*count)++;
	return talk_reply(question, question.value == 0 ? -EINVAL : 0, question.value == 0 ? "nothing cannot be doubled" : "");
}

static void begin(void)
{
	ck_assert_ptr_nonnull(mkdtemp(strcpy(folder, "/tmp/refublk-talk-XXXXXX")));
	folder_fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	ck_assert_int_ge(folder_fd, 0);
	asked = 0;
	ck_assert_int_eq(listen_begin(&listener, folder_fd, ID, answer_double, &asked), 0);
}

static void end(void)
{
	listen_end(listener);
	close(folder_fd);
	ck_assert_int_eq(rmdir(folder), 0);
}

static int raw_client(void)
{
	struct sockaddr_un address;
	int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);

	ck_assert_int_ge(fd, 0);
	ck_assert(talk_address(folder, ID, &address));
	ck_assert_int_eq(connect(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	return fd;
}

START_TEST(test_question_and_answer)
{
	struct talk_answer answer;

	for (uint64_t i = 1; i <= 100; i++) {
		ck_assert_int_eq(talk_to(folder, ID, talk_ask(TALK_RESIZE, i), LIMIT_MS, &answer), 0);
		ck_assert_int_eq(answer.error, 0);
	}
	ck_assert_int_eq(talk_to(folder, ID, talk_ask(TALK_RESIZE, 0), LIMIT_MS, &answer), 0);
	ck_assert_int_eq(answer.error, -EINVAL);
	ck_assert_str_eq(answer.text, "nothing cannot be doubled");
	ck_assert_uint_eq(asked, 101);
}
END_TEST

START_TEST(test_only_root_may_enter)
{
	struct sockaddr_un address;
	struct stat status;

	ck_assert(talk_address(folder, ID, &address));
	ck_assert_int_eq(stat(address.sun_path, &status), 0);
	ck_assert_uint_eq(status.st_mode & 0777, 0600);
}
END_TEST

START_TEST(test_nonsense_is_answered_and_not_carried_out)
{
	struct talk_question question = talk_ask(TALK_KINDS, 1);
	struct talk_answer answer;
	char nonsense[300] = "resize, please";
	int fd = raw_client();

	ck_assert_int_eq(send(fd, nonsense, sizeof(nonsense), 0), sizeof(nonsense));
	ck_assert_int_eq(recv(fd, &answer, sizeof(answer), 0), sizeof(answer));
	ck_assert_int_eq(answer.error, -EPROTO);
	close(fd);
	ck_assert_int_eq(talk_to(folder, ID, question, LIMIT_MS, &answer), 0);
	ck_assert_int_eq(answer.error, -EPROTONOSUPPORT);
	ck_assert_uint_eq(asked, 0);
}
END_TEST

/* One that says nothing, one that leaves at once, one that leaves before the answer. */
START_TEST(test_rude_clients_do_not_keep_the_next_one)
{
	struct talk_question question = talk_ask(TALK_RESIZE, 1);
	struct talk_answer answer;
	const uint64_t begin_ms = clock_ms();
	int silent = raw_client();

	close(raw_client());
	for (int i = 0; i < 3; i++) {
		int fd = raw_client();

		ck_assert_int_eq(send(fd, &question, sizeof(question), 0), sizeof(question));
		close(fd);
	}
	ck_assert_int_eq(talk_to(folder, ID, question, LIMIT_MS, &answer), 0);
	ck_assert_uint_lt(clock_ms() - begin_ms, LIMIT_MS);
	close(silent);
}
END_TEST

START_TEST(test_the_end_does_not_wait_for_a_silent_client_for_long)
{
	const uint64_t begin_ms = clock_ms();
	int silent = raw_client();

	listen_end(listener);
	ck_assert_uint_lt(clock_ms() - begin_ms, LIMIT_MS);
	close(silent);
	ck_assert_int_eq(listen_begin(&listener, folder_fd, ID, answer_double, &asked), 0);
}
END_TEST

START_TEST(test_nobody_listens)
{
	struct talk_answer answer;
	struct sockaddr_un address;
	int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);

	ck_assert_int_eq(talk_to(folder, ID + 1, talk_ask(TALK_RESIZE, 1), LIMIT_MS, &answer), -ENOENT);
	/* What a dead server left. */
	ck_assert(talk_address(folder, ID + 1, &address));
	ck_assert_int_eq(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	close(fd);
	ck_assert_int_eq(talk_to(folder, ID + 1, talk_ask(TALK_RESIZE, 1), LIMIT_MS, &answer), -ECONNREFUSED);
	ck_assert_int_eq(listen_remove(folder_fd, ID + 1), 0);
	ck_assert_int_eq(listen_remove(folder_fd, ID + 1), 0);
}
END_TEST

START_TEST(test_a_server_that_hangs)
{
	struct talk_answer answer;
	struct sockaddr_un address;
	int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);

	ck_assert(talk_address(folder, ID + 1, &address));
	ck_assert_int_eq(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	ck_assert_int_eq(listen(fd, 1), 0);
	ck_assert_int_eq(talk_to(folder, ID + 1, talk_ask(TALK_RESIZE, 1), 100, &answer), -ETIMEDOUT);
	close(fd);
	ck_assert_int_eq(listen_remove(folder_fd, ID + 1), 0);
}
END_TEST

Suite *suite(void)
{
	Suite *talk = suite_create("talk");
	TCase *bytes = tcase_create("bytes");
	TCase *exchange = tcase_create("exchange");

	tcase_add_test(bytes, test_a_question_survives);
	tcase_add_test(bytes, test_a_question_of_another_length_is_none);
	tcase_add_test(bytes, test_versions_and_kinds_that_nobody_knows);
	tcase_add_test(bytes, test_an_answer_survives);
	tcase_add_test(bytes, test_an_answer_of_another_version);
	tcase_add_test(bytes, test_any_text_is_made_fit_for_a_person);
	tcase_add_test(bytes, test_random_bytes);
	suite_add_tcase(talk, bytes);
	tcase_add_checked_fixture(exchange, begin, end);
	tcase_add_test(exchange, test_question_and_answer);
	tcase_add_test(exchange, test_only_root_may_enter);
	tcase_add_test(exchange, test_nonsense_is_answered_and_not_carried_out);
	tcase_add_test(exchange, test_rude_clients_do_not_keep_the_next_one);
	tcase_add_test(exchange, test_the_end_does_not_wait_for_a_silent_client_for_long);
	tcase_add_test(exchange, test_nobody_listens);
	tcase_add_test(exchange, test_a_server_that_hangs);
	tcase_set_timeout(exchange, 60);
	suite_add_tcase(talk, exchange);
	return talk;
}
