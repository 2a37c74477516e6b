/* state: what is written is what is read; everything else is named as damaged. */
#include "suite.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "state.h"

static char folder[64];
static int folder_fd;

static void make_folder(void)
{
	snprintf(folder, sizeof(folder), "/tmp/state_test.XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(folder));
	folder_fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	ck_assert_int_ge(folder_fd, 0);
}

static void remove_folder(void)
{
	DIR *entries = opendir(folder);
	struct dirent *entry;

	while ((entry = readdir(entries)))
		unlinkat(folder_fd, entry->d_name, 0);
	closedir(entries);
	close(folder_fd);
	rmdir(folder);
}

static struct state example(int32_t id)
{
	struct state state = {
		.server = { .pid = 4711, .started_ticks = UINT64_C(1) << 40 },
		.size_bytes = UINT64_C(1) << 50,
		.memory_limit_bytes = 12345,
		.id = id,
		.maker_pid = 4710,
		.block_bytes = 4096,
		.max_io_bytes = 1 << 20,
		.queues = 3,
		.depth_tags = 77,
		.read_only = true,
		.get_data = true,
		.foreground = true,
	};

	strcpy(state.backend, "file");
	strcpy(state.recovery, "reissue");
	strcpy(state.shm, "a-name");
	strcpy(state.program, "0.1.0");
	strcpy(state.path, "/a \"quoted\" path\nwith a line break and \xc3\xa4");
	return state;
}

static void write_text(const char *name, const char *text)
{
	int fd = openat(folder_fd, name, O_WRONLY | O_CREAT | O_TRUNC, 0600);

	ck_assert_int_eq(write(fd, text, strlen(text)), (ssize_t)strlen(text));
	close(fd);
}

START_TEST(test_round_trip)
{
	struct state written = example(7), read;
	char why[STATE_WHY_BYTES];

	ck_assert_int_eq(state_write(folder_fd, &written), 0);
	ck_assert_int_eq(state_read(folder_fd, 7, &read, why), 0);
	ck_assert_str_eq(why, "");
	ck_assert(read.server.pid == 4711 && read.server.started_ticks == UINT64_C(1) << 40);
	ck_assert(read.size_bytes == written.size_bytes && read.memory_limit_bytes == 12345);
	ck_assert(read.id == 7 && read.block_bytes == 4096 && read.max_io_bytes == 1 << 20);
	ck_assert(read.queues == 3 && read.depth_tags == 77);
	ck_assert(read.read_only && !read.no_discard && read.get_data && !read.buffered && read.foreground);
	ck_assert_str_eq(read.backend, "file");
	ck_assert_str_eq(read.recovery, "reissue");
	ck_assert_str_eq(read.shm, "a-name");
	ck_assert_int_eq(read.maker_pid, 4710);
	ck_assert_str_eq(read.program, "0.1.0");
	ck_assert_str_eq(read.path, written.path);
}
END_TEST

START_TEST(test_only_root_may_read_and_nothing_else_is_left)
{
	struct state state = example(7);
	DIR *entries = opendir(folder);
	struct dirent *entry;
	struct stat status;
	int count = 0;

	ck_assert_int_eq(state_write(folder_fd, &state), 0);
	ck_assert_int_eq(state_write(folder_fd, &state), 0);
	ck_assert_int_eq(fstatat(folder_fd, "7.json", &status, 0), 0);
	ck_assert_int_eq(status.st_mode & 07777, 0600);
	while ((entry = readdir(entries)))
		count += entry->d_name[0] != '.' || strlen(entry->d_name) > 2;
	closedir(entries);
	ck_assert_int_eq(count, 1);
}
END_TEST

START_TEST(test_absent)
{
	struct state state;
	char why[STATE_WHY_BYTES];

	ck_assert_int_eq(state_read(folder_fd, 7, &state, why), -ENOENT);
	ck_assert_int_eq(state_remove(folder_fd, 7), 0);
}
END_TEST

START_TEST(test_removed)
{
	struct state state = example(7);
	char why[STATE_WHY_BYTES];

	ck_assert_int_eq(state_write(folder_fd, &state), 0);
	ck_assert_int_eq(state_remove(folder_fd, 7), 0);
	ck_assert_int_eq(state_read(folder_fd, 7, &state, why), -ENOENT);
}
END_TEST

/* Every prefix of a good file, as a crash of a careless writer would leave it. */
START_TEST(test_every_prefix_is_damaged)
{
	struct state state = example(7);
	char text[4096], why[STATE_WHY_BYTES];
	ssize_t length;
	int fd;

	ck_assert_int_eq(state_write(folder_fd, &state), 0);
	fd = openat(folder_fd, "7.json", O_RDONLY);
	length = read(fd, text, sizeof(text));
	close(fd);
	ck_assert_int_gt(length, 100);
	/* The last two bytes are the closing brace and a newline, which JSON does not need. */
	for (ssize_t cut = 0; cut < length - 1; cut++) {
		char kept = text[cut];

		text[cut] = '\0';
		write_text("7.json", text);
		text[cut] = kept;
		ck_assert_msg(state_read(folder_fd, 7, &state, why) == -EBADMSG, "prefix of %zd bytes", cut);
		ck_assert_uint_gt(strlen(why), 0);
	}
}
END_TEST

#define LONG "0123456789012345678901234567890123456789"
#define FIRST(program, id, maker, shm, recovery, size) \
	"{\"version\":2,\"program\":\"" program "\",\"id\":" id ",\"maker\":" maker ",\"backend\":\"mem\",\"path\":\"\"," \
	"\"shm\":\"" shm "\",\"recovery\":\"" recovery "\",\"size_bytes\":" size ","
#define GOOD_HEAD FIRST("1", "7", "1", "", "none", "1024")
#define GOOD_MIDDLE "\"memory_limit_bytes\":0,\"block_bytes\":512,\"max_io_bytes\":4096,\"queues\":1,\"depth\":1,"
#define GOOD_FLAGS "\"read_only\":false,\"no_discard\":false,\"get_data\":false,\"buffered\":false,\"foreground\":false,"
#define GOOD_SERVER "\"server\":{\"pid\":1,\"started_ticks\":1}"

static const char *const damaged[] = {
	"",
	"nonsense",
	"[]",
	"7",
	"{}",
	"{\"version\":2,\"id\":7}",
	"{\"version\":1}",
	"{\"version\":3}",
	"{\"version\":\"2\"}",
	GOOD_HEAD GOOD_MIDDLE GOOD_FLAGS "}",
	GOOD_HEAD GOOD_MIDDLE GOOD_FLAGS "\"server\":{\"pid\":0,\"started_ticks\":1}}",
	GOOD_HEAD GOOD_MIDDLE GOOD_FLAGS "\"server\":{\"pid\":-1,\"started_ticks\":1}}",
	GOOD_HEAD GOOD_MIDDLE GOOD_FLAGS "\"server\":{\"pid\":99999999999,\"started_ticks\":1}}",
	GOOD_HEAD GOOD_MIDDLE GOOD_FLAGS "\"server\":{\"pid\":1,\"started_ticks\":0}}",
	GOOD_HEAD GOOD_MIDDLE GOOD_FLAGS GOOD_SERVER ",\"version\":2}",
	FIRST("1", "8", "1", "", "none", "1") GOOD_MIDDLE GOOD_FLAGS GOOD_SERVER "}",
	FIRST("1", "7", "1", "", "none", "-1") GOOD_MIDDLE GOOD_FLAGS GOOD_SERVER "}",
	FIRST("1", "7", "0", "", "none", "1") GOOD_MIDDLE GOOD_FLAGS GOOD_SERVER "}",
	FIRST("1", "7", "4294967297", "", "none", "1") GOOD_MIDDLE GOOD_FLAGS GOOD_SERVER "}",
	FIRST("1", "7", "1", "", LONG, "1") GOOD_MIDDLE GOOD_FLAGS GOOD_SERVER "}",
	FIRST("1", "7", "1", LONG LONG LONG LONG, "none", "1") GOOD_MIDDLE GOOD_FLAGS GOOD_SERVER "}",
	FIRST(LONG, "7", "1", "", "none", "1") GOOD_MIDDLE GOOD_FLAGS GOOD_SERVER "}",
};

START_TEST(test_damaged)
{
	struct state state;
	char why[STATE_WHY_BYTES];

	write_text("7.json", damaged[_i]);
	ck_assert_int_eq(state_read(folder_fd, 7, &state, why), -EBADMSG);
	ck_assert_uint_gt(strlen(why), 0);
}
END_TEST

/* The rows above are refused for what is wrong with them, not for what they have in common. */
START_TEST(test_the_undamaged_one_is_good)
{
	struct state state;
	char why[STATE_WHY_BYTES];

	write_text("7.json", GOOD_HEAD GOOD_MIDDLE GOOD_FLAGS GOOD_SERVER "}");
	ck_assert_int_eq(state_read(folder_fd, 7, &state, why), 0);
	write_text("7.json", GOOD_HEAD GOOD_MIDDLE GOOD_FLAGS GOOD_SERVER ",\"from_the_future\":true}");
	ck_assert_int_eq(state_read(folder_fd, 7, &state, why), 0);
}
END_TEST

START_TEST(test_no_regular_file)
{
	struct state state;
	char why[STATE_WHY_BYTES];

	ck_assert_int_eq(mkfifoat(folder_fd, "7.json", 0600), 0);
	ck_assert_int_eq(state_read(folder_fd, 7, &state, why), -EBADMSG);
	unlinkat(folder_fd, "7.json", 0);
	ck_assert_int_eq(symlinkat("/etc/passwd", folder_fd, "7.json"), 0);
	ck_assert_int_eq(state_read(folder_fd, 7, &state, why), -EBADMSG);
	unlinkat(folder_fd, "7.json", 0);
	ck_assert_int_eq(mkdirat(folder_fd, "7.json", 0700), 0);
	ck_assert_int_eq(state_read(folder_fd, 7, &state, why), -EBADMSG);
	unlinkat(folder_fd, "7.json", AT_REMOVEDIR);
}
END_TEST

START_TEST(test_ids)
{
	static const char *const others[] = { "x.json", "-1.json", "07.json", "7", "7.json.old", ".7.1", "99999999999.json" };
	int32_t ids[8] = { 0 };

	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		write_text(others[i], "");
	write_text("10.json", "");
	write_text("7.json", "");
	write_text("0.json", "");
	ck_assert_int_eq(state_ids(folder_fd, ids, 8), 3);
	ck_assert(ids[0] == 0 && ids[1] == 7 && ids[2] == 10);
	ids[0] = ids[1] = ids[2] = -1;
	ck_assert_int_eq(state_ids(folder_fd, ids, 2), 3);
	ck_assert_int_eq(ids[2], -1);
}
END_TEST

/* A reader beside a writer sees a whole file, always. */
START_TEST(test_replaced_as_a_whole)
{
	struct state state = example(7);
	char why[STATE_WHY_BYTES];
	int status;
	pid_t writer;

	ck_assert_int_eq(state_write(folder_fd, &state), 0);
	writer = fork();
	if (writer == 0) {
		for (int i = 0; i < 200; i++) {
			memset(state.path, 'x', (size_t)(i * 17 % 3000));
			state.path[i * 17 % 3000] = '\0';
			if (state_write(folder_fd, &state))
				_exit(1);
		}
		_exit(0);
	}
	do
		ck_assert_int_eq(state_read(folder_fd, 7, &state, why), 0);
	while (waitpid(writer, &status, WNOHANG) == 0);
	ck_assert(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}
END_TEST

Suite *suite(void)
{
	Suite *all = suite_create("state");
	TCase *tcase = tcase_create("state");

	tcase_set_timeout(tcase, 60);
	tcase_add_checked_fixture(tcase, make_folder, remove_folder);
	tcase_add_test(tcase, test_round_trip);
	tcase_add_test(tcase, test_only_root_may_read_and_nothing_else_is_left);
	tcase_add_test(tcase, test_absent);
	tcase_add_test(tcase, test_removed);
	tcase_add_test(tcase, test_every_prefix_is_damaged);
	tcase_add_loop_test(tcase, test_damaged, 0, sizeof(damaged) / sizeof(damaged[0]));
	tcase_add_test(tcase, test_the_undamaged_one_is_good);
	tcase_add_test(tcase, test_no_regular_file);
	tcase_add_test(tcase, test_ids);
	tcase_add_test(tcase, test_replaced_as_a_whole);
	suite_add_tcase(all, tcase);
	return all;
}
