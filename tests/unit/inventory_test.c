/* inventory, mark, process, features, kconfig: what the kernel and a state file say together. */
#include "suite.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "await.h"
#include "features.h"
#include "inventory.h"
#include "kconfig.h"
#include "mark.h"

/* A process that runs until end_server(), or has ended already. */
static struct process server;
static bool server_ended;

static void begin_server(void)
{
	pid_t child = fork();

	if (child == 0) {
		pause();
		_exit(0);
	}
	server = process_find((int32_t)child);
	server_ended = false;
}

static void end_server(void)
{
	if (server_ended)
		return;
	server_ended = true;
	kill(server.pid, SIGKILL);
	waitpid(server.pid, NULL, 0);
}

static struct inventory_fact fact_of(uint32_t phase, uint64_t mark, int32_t pid)
{
	return (struct inventory_fact){ .phase = phase, .mark = mark, .pid = pid, .queues = 2, .depth_tags = 64, .features = 5,
					.max_io_bytes = 4096 };
}

static struct inventory_device join(const struct inventory_fact *fact, int file_error, struct process of)
{
	struct state state = { .server = of, .maker_pid = of.pid, .id = 3 };

	return inventory_join(3, fact, file_error, &state, "torn");
}

/* ---- joined -------------------------------------------------------------------------------- */

START_TEST(test_ours_and_live)
{
	struct inventory_fact fact = fact_of(INVENTORY_LIVE, mark_of((uint32_t)server.pid), server.pid);
	struct inventory_device device = join(&fact, 0, server);

	ck_assert_uint_eq(device.file, INVENTORY_GOOD);
	ck_assert(device.server_alive && inventory_is_ours(&device) && !inventory_is_orphan(&device));
	ck_assert_str_eq(inventory_phase_name(&device), "live");
	ck_assert(device.id == 3 && device.queues == 2 && device.depth_tags == 64 && device.features == 5);
}
END_TEST

/* The same file after the server's death: the kernel has forgotten the pid by then. */
START_TEST(test_ours_and_orphan)
{
	struct inventory_fact fact = fact_of(INVENTORY_DEAD, mark_of((uint32_t)server.pid), -1);
	struct process gone = server;
	struct inventory_device device;

	gone.started_ticks++; /* the pid belongs to another process by now */
	device = join(&fact, 0, gone);
	ck_assert(!device.server_alive && inventory_is_ours(&device) && inventory_is_orphan(&device));
	ck_assert_str_eq(inventory_phase_name(&device), "orphan");
	ck_assert(!inventory_is_recoverable(&device));
	fact.phase = INVENTORY_QUIESCED;
	device = join(&fact, 0, gone);
	ck_assert_str_eq(inventory_phase_name(&device), "orphan");
	ck_assert(!inventory_is_recoverable(&device));
	/* Made with USER_RECOVERY, bit 3. */
	fact.features |= 8;
	for (uint32_t phase = 0; phase < INVENTORY_ABSENT; phase++) {
		fact.phase = phase;
		device = join(&fact, 0, gone);
		ck_assert_int_eq(inventory_is_recoverable(&device), phase != INVENTORY_DEAD && phase != INVENTORY_UNKNOWN);
	}
	/* Served again, by another process than the one that made it. */
	fact = fact_of(INVENTORY_QUIESCED, mark_of((uint32_t)server.pid), server.pid);
	fact.features |= 8;
	device = join(&fact, 0, server);
	ck_assert_str_eq(inventory_phase_name(&device), "quiesced");
	ck_assert(!inventory_is_recoverable(&device));
}
END_TEST

/* A device that was taken over keeps its maker's mark: the file names maker and server. */
START_TEST(test_taken_over)
{
	struct inventory_fact fact = fact_of(INVENTORY_LIVE, mark_of((uint32_t)server.pid + 1), server.pid);
	struct state state = { .server = server, .maker_pid = server.pid + 1, .id = 3 };
	struct inventory_device device = inventory_join(3, &fact, 0, &state, "torn");

	ck_assert_uint_eq(device.file, INVENTORY_GOOD);
	ck_assert(device.server_alive && device.server.pid == server.pid && device.maker_pid == server.pid + 1);
	state.maker_pid = server.pid;
	device = inventory_join(3, &fact, 0, &state, "torn");
	ck_assert_uint_eq(device.file, INVENTORY_FOREIGN);
}
END_TEST

/* A file of an earlier device of the same number claims nothing. */
START_TEST(test_foreign_file)
{
	struct inventory_fact fact = fact_of(INVENTORY_LIVE, 0, server.pid);
	struct inventory_device device = join(&fact, 0, server);

	ck_assert_uint_eq(device.file, INVENTORY_FOREIGN);
	ck_assert(!device.marked && device.server_alive && !inventory_is_ours(&device) && !inventory_is_orphan(&device));
	fact.mark = mark_of((uint32_t)server.pid + 1);
	device = join(&fact, 0, server);
	ck_assert_uint_eq(device.file, INVENTORY_FOREIGN);
	ck_assert(device.marked && !inventory_is_ours(&device));
}
END_TEST

/* Made by the library, without a file: it is nobody's to remove while its maker lives, and ours when it is gone. */
START_TEST(test_marked_without_a_file)
{
	struct inventory_fact fact = fact_of(INVENTORY_DEAD, mark_of((uint32_t)server.pid), -1);
	struct inventory_device device = join(&fact, -ENOENT, server);

	ck_assert_uint_eq(device.file, INVENTORY_NO_FILE);
	ck_assert(device.marked && device.server_alive && !inventory_is_ours(&device) && !inventory_is_orphan(&device));
	ck_assert_str_eq(inventory_phase_name(&device), "dead");
	/* One that waits for a server has none: the pid is somebody else's. */
	fact.phase = INVENTORY_QUIESCED;
	ck_assert(!join(&fact, -ENOENT, server).server_alive && !join(&fact, -EBADMSG, server).server_alive);
	ck_assert(join(&fact, 0, server).server_alive);
	device.by_command = true;
	ck_assert(inventory_is_ours(&device));
	device.marked = false;
	ck_assert(!inventory_is_ours(&device));
	end_server();
	device = join(&fact, -ENOENT, server);
	ck_assert(!device.server_alive && inventory_is_ours(&device) && inventory_is_orphan(&device));
}
END_TEST

START_TEST(test_other_servers)
{
	struct inventory_fact fact = fact_of(INVENTORY_LIVE, UINT64_C(3), server.pid);
	struct inventory_device device = join(&fact, -ENOENT, server);

	ck_assert(!device.marked && device.server_alive && !inventory_is_ours(&device) && !inventory_is_orphan(&device));
	/* Not started yet, or dead for long: nobody can say, so it is not called an orphan. */
	fact = fact_of(INVENTORY_DEAD, 0, -1);
	device = join(&fact, -ENOENT, server);
	ck_assert(!inventory_is_ours(&device) && !inventory_is_orphan(&device));
	/* The kernel still believes in a server that has ended. */
	end_server();
	fact = fact_of(INVENTORY_LIVE, 0, server.pid);
	device = join(&fact, -ENOENT, server);
	ck_assert(!inventory_is_ours(&device) && inventory_is_orphan(&device));
}
END_TEST

START_TEST(test_damaged_file)
{
	struct inventory_fact fact = fact_of(INVENTORY_LIVE, mark_of((uint32_t)server.pid), server.pid);
	struct inventory_device device = join(&fact, -EBADMSG, server);

	ck_assert_uint_eq(device.file, INVENTORY_DAMAGED);
	ck_assert_str_eq(device.why, "torn");
	ck_assert(device.server_alive && inventory_is_ours(&device));
	fact.mark = 0;
	device = join(&fact, -EBADMSG, server);
	ck_assert(device.server_alive && !inventory_is_ours(&device));
	device = join(NULL, -EBADMSG, server);
	ck_assert_uint_eq(device.phase, INVENTORY_ABSENT);
	ck_assert(inventory_is_ours(&device) && !inventory_is_orphan(&device));
}
END_TEST

START_TEST(test_file_without_a_device)
{
	struct inventory_device device = join(NULL, 0, server);

	ck_assert_uint_eq(device.phase, INVENTORY_ABSENT);
	ck_assert_uint_eq(device.file, INVENTORY_GOOD);
	ck_assert(inventory_is_ours(&device) && !inventory_is_orphan(&device));
	ck_assert_str_eq(inventory_phase_name(&device), "gone");
}
END_TEST

/* ---- processes ----------------------------------------------------------------------------- */

START_TEST(test_process_lives_and_ends)
{
	struct process other = server;
	int pidfd = process_open(server);

	if (pidfd == -ENOSYS)
		return; /* valgrind has no pidfds */
	ck_assert_int_ge(pidfd, 0);
	ck_assert(process_alive(server));
	ck_assert_int_eq(await_readable(pidfd, 50), -ETIMEDOUT);
	other.started_ticks++;
	ck_assert(!process_alive(other));
	ck_assert_int_eq(process_open(other), -ESRCH);
	kill(server.pid, SIGKILL);
	ck_assert_int_eq(await_readable(pidfd, 10000), 0);
	ck_assert(!process_alive(server)); /* a zombie */
	ck_assert_int_eq(process_open(server), -ESRCH);
	end_server();
	ck_assert(!process_alive(server));
	ck_assert_uint_eq(process_find(server.pid).started_ticks, 0);
	ck_assert_int_eq(process_open((struct process){ 0 }), -ESRCH);
	ck_assert_int_eq(process_open((struct process){ .pid = -1 }), -ESRCH);
	close(pidfd);
}
END_TEST

START_TEST(test_stat_lines)
{
	static const struct {
		const char *line;
		uint64_t ticks;
		char state;
	} rows[] = {
		{ "7 (sh) S 1 7 7 0 -1 4194560 1 2 3 4 5 6 7 8 20 0 1 0 12345 99 1", 12345, 'S' },
		{ "7 (a b) c) D 1) Z 1 7 7 0 -1 4194560 1 2 3 4 5 6 7 8 20 0 1 0 777 99 1", 777, 'Z' },
		{ "7 (sh) S 1 7 7 0 -1 4194560 1 2 3 4 5 6 7 8 20 0 1 0", 0, 'S' },
		{ "7 (sh)", 0, '?' },
		{ "", 0, '?' },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char state;

		ck_assert(process_parse_stat(rows[i].line, &state) == rows[i].ticks);
		ck_assert_int_eq(state, rows[i].state);
	}
}
END_TEST

/* ---- the kernel ---------------------------------------------------------------------------- */

START_TEST(test_feature_names)
{
	uint32_t named = 0;

	ck_assert_str_eq(features_name(0), "SUPPORT_ZERO_COPY");
	ck_assert_str_eq(features_name(6), "CMD_IOCTL_ENCODE");
	ck_assert_str_eq(features_name(20), "IO_DESC_SIZE");
	for (uint32_t bit = 0; bit < 64; bit++)
		named += features_name(bit) != NULL;
	ck_assert_uint_eq(named, 21);
}
END_TEST

START_TEST(test_kernel_configuration)
{
	static const struct {
		const char *line;
		enum kconfig_answer answer;
	} rows[] = {
		{ "CONFIG_BLK_DEV_UBLK=m\n", KCONFIG_MODULE },
		{ "CONFIG_BLK_DEV_UBLK=y\n", KCONFIG_BUILT_IN },
		{ "CONFIG_BLK_DEV_UBLK=n\n", KCONFIG_OFF },
		{ "# CONFIG_BLK_DEV_UBLK is not set\n", KCONFIG_OFF },
		{ "# CONFIG_BLK_DEV_UBLK_MORE is not set\n", KCONFIG_UNKNOWN },
		{ "CONFIG_BLK_DEV_UBLK_MORE=y\n", KCONFIG_UNKNOWN },
		{ "CONFIG_BLK_DEV=y\n", KCONFIG_UNKNOWN },
		{ "# a comment on CONFIG_BLK_DEV_UBLK\n", KCONFIG_UNKNOWN },
		{ "\n", KCONFIG_UNKNOWN },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		ck_assert_msg(kconfig_parse(rows[i].line, "CONFIG_BLK_DEV_UBLK") == rows[i].answer, "%s", rows[i].line);
}
END_TEST

Suite *suite(void)
{
	Suite *all = suite_create("inventory");
	TCase *tcase = tcase_create("inventory");

	tcase_add_checked_fixture(tcase, begin_server, end_server);
	tcase_set_timeout(tcase, 60);
	tcase_add_test(tcase, test_ours_and_live);
	tcase_add_test(tcase, test_ours_and_orphan);
	tcase_add_test(tcase, test_taken_over);
	tcase_add_test(tcase, test_foreign_file);
	tcase_add_test(tcase, test_marked_without_a_file);
	tcase_add_test(tcase, test_other_servers);
	tcase_add_test(tcase, test_damaged_file);
	tcase_add_test(tcase, test_file_without_a_device);
	tcase_add_test(tcase, test_process_lives_and_ends);
	tcase_add_test(tcase, test_stat_lines);
	tcase_add_test(tcase, test_feature_names);
	tcase_add_test(tcase, test_kernel_configuration);
	suite_add_tcase(all, tcase);
	return all;
}
