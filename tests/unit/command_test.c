#include "command.h"

#include <errno.h>
#include <linux/ioctl.h>

#include "support/seed.h"
#include "suite.h"
#include "tag.h"

/* ---- user_data ----------------------------------------------------------------------------- */

static const uint32_t serials[] = { 0, 1, 0xffff, 0x10000, 0x7fffffff, 0x80000000u, UINT32_MAX };

/* One comparison and no libcheck assertion, each of which is a system call. */
static void check_round_trip(uint32_t kind, uint16_t tag, uint32_t serial)
{
	uint64_t number = command_user_encode((struct command_user){ .kind = kind, .tag = tag, .serial = serial });
	struct command_user user = command_user_decode(number);

	if (number == 0 || user.valid != 1 || user.kind != kind || user.tag != tag || user.serial != serial ||
	    user.reserved != 0)
		ck_abort_msg("kind %u, tag %u, serial %u became %#llx", kind, tag, serial, (unsigned long long)number);
}

START_TEST(test_every_tag_round_trips)
{
	for (uint32_t tag = 0; tag <= UINT16_MAX; tag++) {
		for (size_t i = 0; i < sizeof(serials) / sizeof(serials[0]); i++)
			check_round_trip((uint32_t)_i, (uint16_t)tag, serials[i]);
	}
}
END_TEST

START_TEST(test_random_serials_round_trip)
{
	struct seed seed = seed_start("command");

	for (uint32_t i = 0; i < 100000; i++)
		check_round_trip((uint32_t)_i, (uint16_t)seed_next(&seed), (uint32_t)seed_next(&seed));
}
END_TEST

/* A number is valid exactly when encoding what it decodes to gives it back. */
START_TEST(test_only_what_encode_makes_is_valid)
{
	struct seed seed = seed_start("command");

	for (uint32_t i = 0; i < 300000; i++) {
		uint64_t number = seed_next(&seed) >> seed_below(&seed, 64);
		struct command_user user = command_user_decode(number);

		if (user.valid != 0 && command_user_encode(user) != number)
			ck_abort_msg("%#llx is no number of ours", (unsigned long long)number);
		if (user.valid == 0 && number >> 48 != COMMAND_NONE && number >> 48 < COMMAND_KINDS)
			ck_abort_msg("%#llx is a number of ours", (unsigned long long)number);
	}
}
END_TEST

START_TEST(test_foreign_numbers_are_invalid)
{
	const uint64_t foreign[] = { 0, 1, UINT64_C(1) << 47, UINT64_C(5) << 48, UINT64_C(1) << 56, UINT64_MAX,
				     UINT64_C(0x101) << 48, UINT64_C(0x8001) << 48 };

	ck_assert_uint_eq(command_user_decode(foreign[_i]).valid, 0);
}
END_TEST

START_TEST(test_no_number_for_no_kind)
{
	command_user_encode((struct command_user){ .kind = _i == 0 ? COMMAND_NONE : COMMAND_KINDS });
}
END_TEST

/* ---- I/O commands -------------------------------------------------------------------------- */

/* What the kernel's encoding makes of the protocol's numbers: a payload of 16 bytes, read and written. */
static const struct {
	uint32_t action;
	uint32_t op;
	int32_t result;
} commands[] = {
	{ TAG_FETCH, _IOWR('u', 0x20, char[16]), 0 },
	{ TAG_ASK_DATA, _IOWR('u', 0x22, char[16]), 0 },
	{ TAG_COMMIT, _IOWR('u', 0x21, char[16]), -4711 },
	{ TAG_COMMIT_FAILED, _IOWR('u', 0x21, char[16]), -EIO },
};

START_TEST(test_the_bytes_of_an_io_command)
{
	struct command_io command =
		command_of_action(commands[_i].action, 0x1234, 0xfedc, -4711, UINT64_C(0x1122334455667788));
	const unsigned char *bytes = (const unsigned char *)&command.payload;
	uint16_t qid, tag;
	int32_t result;
	uint64_t address;

	ck_assert_uint_eq(sizeof(command.payload), 16);
	memcpy(&qid, bytes, 2);
	memcpy(&tag, bytes + 2, 2);
	memcpy(&result, bytes + 4, 4);
	memcpy(&address, bytes + 8, 8);
	ck_assert_uint_eq(qid, 0x1234);
	ck_assert_uint_eq(tag, 0xfedc);
	ck_assert_int_eq(result, commands[_i].result);
	ck_assert_uint_eq(address, UINT64_C(0x1122334455667788));
	ck_assert_uint_eq(command.op, commands[_i].op);
	ck_assert_uint_eq(command.reserved, 0);
}
END_TEST

START_TEST(test_what_is_no_command)
{
	const uint32_t actions[] = { TAG_NOTHING, TAG_HANDLE, TAG_PLACE, TAG_ACTIONS };

	command_of_action(actions[_i], 0, 0, 0, 0);
}
END_TEST

/* ---- control commands ---------------------------------------------------------------------- */

static const struct {
	uint32_t ours;
	uint32_t number;
	bool only_reads;
} controls[] = {
	{ UBLK_U_CMD_GET_QUEUE_AFFINITY, 0x01, true }, { UBLK_U_CMD_GET_DEV_INFO, 0x02, true },
	{ UBLK_U_CMD_ADD_DEV, 0x04, false },           { UBLK_U_CMD_DEL_DEV, 0x05, false },
	{ UBLK_U_CMD_START_DEV, 0x06, false },         { UBLK_U_CMD_STOP_DEV, 0x07, false },
	{ UBLK_U_CMD_SET_PARAMS, 0x08, false },        { UBLK_U_CMD_GET_PARAMS, 0x09, true },
	{ UBLK_U_CMD_START_USER_RECOVERY, 0x10, false }, { UBLK_U_CMD_END_USER_RECOVERY, 0x11, false },
	{ UBLK_U_CMD_GET_DEV_INFO2, 0x12, true },      { UBLK_U_CMD_GET_FEATURES, 0x13, true },
	{ UBLK_U_CMD_DEL_DEV_ASYNC, 0x14, true },      { UBLK_U_CMD_UPDATE_SIZE, 0x15, false },
	{ UBLK_U_CMD_QUIESCE_DEV, 0x16, false },       { UBLK_U_CMD_TRY_STOP_DEV, 0x17, false },
};

START_TEST(test_the_number_of_a_control_command)
{
	uint32_t number = controls[_i].number;

	ck_assert_uint_eq(controls[_i].ours, controls[_i].only_reads ? _IOR('u', number, char[32]) :
								       _IOWR('u', number, char[32]));
}
END_TEST

START_TEST(test_the_bytes_of_a_control_command)
{
	struct command_control command = command_control_of(UBLK_U_CMD_ADD_DEV, 0x01020304, UINT64_C(0x1122334455667788),
							    0xbeef, UINT64_C(0x99aabbccddeeff00));
	const unsigned char *bytes = (const unsigned char *)&command.payload;
	const unsigned char rest[8] = { 0 };
	uint32_t device;
	uint16_t queue, length;
	uint64_t address, data;

	ck_assert_uint_eq(sizeof(command.payload), 32);
	memcpy(&device, bytes, 4);
	memcpy(&queue, bytes + 4, 2);
	memcpy(&length, bytes + 6, 2);
	memcpy(&address, bytes + 8, 8);
	memcpy(&data, bytes + 16, 8);
	ck_assert_uint_eq(device, 0x01020304);
	ck_assert_uint_eq(queue, 0xffff);
	ck_assert_uint_eq(length, 0xbeef);
	ck_assert_uint_eq(address, UINT64_C(0x1122334455667788));
	ck_assert_uint_eq(data, UINT64_C(0x99aabbccddeeff00));
	ck_assert_mem_eq(bytes + 24, rest, sizeof(rest));
	ck_assert_uint_eq(command.op, UINT32_C(0xc0207504));
}
END_TEST

/* ---- user copy ----------------------------------------------------------------------------- */

START_TEST(test_where_a_byte_is_in_the_character_device)
{
	ck_assert_uint_eq(command_copy_offset(0, 0, 0), UINT64_C(0x80000000));
	ck_assert_uint_eq(command_copy_offset(0, 0, 1), UINT64_C(0x80000001));
	ck_assert_uint_eq(command_copy_offset(0, 1, 0), UINT64_C(0x82000000));
	ck_assert_uint_eq(command_copy_offset(1, 0, 0), UINT64_C(0x20080000000));
	ck_assert_uint_eq(command_copy_offset(0, 0, 0x1ffffff), UINT64_C(0x81ffffff));
	ck_assert_uint_eq(command_copy_offset(4095, 0xffff, 0x1ffffff), UINT64_C(0x2000007fffffff));
}
END_TEST

START_TEST(test_no_place_beyond_the_last)
{
	if (_i == 0)
		command_copy_offset(4096, 0, 0);
	else
		command_copy_offset(0, 0, 1 << 25);
}
END_TEST

Suite *suite(void)
{
	Suite *command = suite_create("command");
	TCase *all = tcase_create("all");

	tcase_set_timeout(all, 60);
	tcase_add_loop_test(all, test_every_tag_round_trips, COMMAND_UBLK, COMMAND_KINDS);
	tcase_add_loop_test(all, test_random_serials_round_trip, COMMAND_UBLK, COMMAND_KINDS);
	tcase_add_test(all, test_only_what_encode_makes_is_valid);
	tcase_add_loop_test(all, test_foreign_numbers_are_invalid, 0, 8);
	suite_add_death_loop(all, test_no_number_for_no_kind, 0, 2);
	tcase_add_loop_test(all, test_the_bytes_of_an_io_command, 0, 4);
	suite_add_death_loop(all, test_what_is_no_command, 0, 4);
	tcase_add_loop_test(all, test_the_number_of_a_control_command, 0, sizeof(controls) / sizeof(controls[0]));
	tcase_add_test(all, test_the_bytes_of_a_control_command);
	tcase_add_test(all, test_where_a_byte_is_in_the_character_device);
	suite_add_death_loop(all, test_no_place_beyond_the_last, 0, 2);
	suite_add_tcase(command, all);
	return command;
}
