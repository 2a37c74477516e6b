/* The real port, as far as a kernel without ublk can show it: ios, the wake-up, sizes and the owner. */
#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include "later.h"
#include "port_uring.h"
#include "suite.h"
#include "tag.h"

static struct port *port;
static struct later *later;
static int fd;

static void open_port(void)
{
	char path[] = "/tmp/refublk-port-XXXXXX";

	ck_assert_int_eq(later_make(&later, 4), 0);
	fd = mkstemp(path);
	ck_assert_int_ge(fd, 0);
	unlink(path);
	/* No character device on this machine: a command to a plain file is refused. */
	ck_assert_int_eq(port_uring_open(&port, fd, later_wake_fd(later), 4), 0);
}

static void close_port(void)
{
	port_uring_close(port);
	later_free(later);
	close(fd);
}

static struct port_completion next(void)
{
	struct port_completion completion = { 0 };

	for (int tries = 0; tries < 100; tries++) {
		int waited = port_wait(port, 1000);

		/* Under valgrind no other thread runs during a wait: the limit passes before a wake-up comes. */
		ck_assert(waited == 0 || waited == -EINTR || waited == -ETIME);
		if (port_pop(port, &completion))
			return completion;
	}
	ck_abort_msg("no completion");
	return completion;
}

static int32_t run_io(struct refublk_io io)
{
	struct port_work work = { .user_data = 0xfedcba9876543210, .kind = PORT_IO, .io = io };
	struct port_completion completion;

	ck_assert_int_eq(port_push(port, &work), 0);
	completion = next();
	ck_assert_uint_eq(completion.user_data, work.user_data);
	ck_assert(!port_pop(port, &completion));
	return completion.result;
}

START_TEST(test_reads_and_writes)
{
	unsigned char out[8192];
	unsigned char in[8192] = { 0 };
	struct refublk_io io = { .fd = fd, .offset_bytes = 4096, .length_bytes = sizeof(out), .memory = out };

	memset(out, 0x5a, sizeof(out));
	io.op = REFUBLK_IO_WRITE;
	ck_assert_int_eq(run_io(io), sizeof(out));
	io.op = REFUBLK_IO_READ;
	io.memory = in;
	ck_assert_int_eq(run_io(io), sizeof(in));
	ck_assert_mem_eq(in, out, sizeof(in));
	io.offset_bytes = 8192;
	ck_assert_int_eq(run_io(io), 4096);
	io.offset_bytes = 1 << 20;
	ck_assert_int_eq(run_io(io), 0);
	io.fd = -1;
	ck_assert_int_eq(run_io(io), -EBADF);
}
END_TEST

START_TEST(test_flags_reach_the_kernel)
{
	unsigned char byte = 1;
	struct refublk_io io = { .fd = fd, .length_bytes = 1, .memory = &byte, .op = REFUBLK_IO_WRITE };

	io.flags = RWF_DSYNC;
	ck_assert_int_eq(run_io(io), 1);
	io.flags = 1u << 30;
	ck_assert_int_eq(run_io(io), -EOPNOTSUPP);
}
END_TEST

START_TEST(test_a_file_is_synced_and_allocated_beyond_32_bits)
{
	struct refublk_io io = { .fd = fd, .op = REFUBLK_IO_FDATASYNC };
	struct stat stat;

	ck_assert_int_eq(run_io(io), 0);
	io.op = REFUBLK_IO_WRITE;
	io.memory = &io;
	io.length_bytes = 4;
	io.offset_bytes = UINT64_C(9) << 29;
	ck_assert_int_eq(run_io(io), 4);
	io.op = REFUBLK_IO_FALLOCATE;
	io.flags = FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE;
	io.offset_bytes = 0;
	io.length_bytes = UINT64_C(5) << 30;
	ck_assert_int_eq(run_io(io), 0);
	ck_assert_int_eq(fstat(fd, &stat), 0);
	ck_assert_int_eq(stat.st_size, (INT64_C(9) << 29) + 4);
	ck_assert_int_eq(stat.st_blocks, 0);
	io.flags = FALLOC_FL_KEEP_SIZE;
	io.length_bytes = 0;
	ck_assert_int_eq(run_io(io), -EINVAL);
}
END_TEST

START_TEST(test_a_command_without_a_driver_is_refused)
{
	struct port_work work = { .user_data = 5, .kind = PORT_COMMAND };
	struct port_completion completion;

	work.command = command_of_action(TAG_FETCH, 0, 0, 0, 0);
	ck_assert_int_eq(port_push(port, &work), 0);
	completion = next();
	ck_assert_uint_eq(completion.user_data, 5);
	ck_assert_int_eq(completion.result, -EOPNOTSUPP);
}
END_TEST

/* The last commits of a queue that parts. A pipe takes a byte at once, as the driver takes a commit. */
START_TEST(test_what_was_pushed_is_submitted_by_the_close)
{
	unsigned char byte = 7, found = 0;
	struct refublk_io io = { .op = REFUBLK_IO_WRITE, .memory = &byte, .length_bytes = 1 };
	struct port_work work = { .user_data = 1, .kind = PORT_IO };
	struct pollfd arrival = { .events = POLLIN };
	int ends[2];

	ck_assert_int_eq(pipe2(ends, O_CLOEXEC), 0);
	io.fd = ends[1];
	work.io = io;
	ck_assert_int_eq(port_push(port, &work), 0);
	port_uring_close(port);
	port = NULL;
	arrival.fd = ends[0];
	ck_assert_int_eq(poll(&arrival, 1, 5000), 1);
	ck_assert_int_eq(read(ends[0], &found, 1), 1);
	ck_assert_uint_eq(found, 7);
	close(ends[0]);
	close(ends[1]);
}
END_TEST

START_TEST(test_nothing_in_time)
{
	struct port_completion completion;

	ck_assert_int_eq(port_wait(port, 0), -ETIME);
	ck_assert_int_eq(port_wait(port, 20), -ETIME);
	ck_assert(!port_pop(port, &completion));
	ck_assert_uint_eq(port_lost(port), 0);
}
END_TEST

/* A wait of 0 carries everything into the kernel: the wake-up fires although no later wait could submit it. */
START_TEST(test_the_wake_up)
{
	struct port_work work = { .user_data = 77, .kind = PORT_WAKE };
	struct port_completion completion;

	for (int i = 0; i < 3; i++) {
		ck_assert_int_eq(port_push(port, &work), 0);
		ck_assert_int_eq(port_wait(port, 0), -ETIME);
		later_wake(later);
		later_wake(later);
		completion = next();
		ck_assert_uint_eq(completion.user_data, 77);
		ck_assert_int_gt(completion.result, 0);
		later_quiet(later);
		ck_assert_int_eq(port_wait(port, 0), -ETIME);
	}
}
END_TEST

static void *wake(void *unused)
{
	usleep(20000);
	later_wake(later);
	return unused;
}

START_TEST(test_another_thread_ends_a_long_wait)
{
	struct port_work work = { .user_data = 77, .kind = PORT_WAKE };
	pthread_t thread;

	ck_assert_int_eq(port_push(port, &work), 0);
	ck_assert_int_eq(pthread_create(&thread, NULL, wake, NULL), 0);
	ck_assert_uint_eq(next().user_data, 77);
	ck_assert_int_eq(pthread_join(thread, NULL), 0);
}
END_TEST

/* As many as the worst case holds, in one go: none is refused, none is lost. */
START_TEST(test_the_worst_case_fits)
{
	static const uint32_t depths[] = { 1, 4, 128, 4096 };
	uint32_t depth = depths[_i];
	struct port_work work = { .kind = PORT_IO, .io = { .fd = fd, .op = REFUBLK_IO_READ, .length_bytes = 0 } };
	struct port_completion completion;
	uint64_t entries = port_uring_entries(depth);
	uint64_t seen = 0;

	ck_assert_uint_ge(entries, 2 * (uint64_t)depth + 1);
	port_uring_close(port);
	ck_assert_int_eq(port_uring_open(&port, fd, later_wake_fd(later), depth), 0);
	for (work.user_data = 1; work.user_data <= entries; work.user_data++)
		ck_assert_int_eq(port_push(port, &work), 0);
	for (int tries = 0; seen < entries && tries < 100; tries++) {
		ck_assert_int_eq(port_wait(port, 1000), 0);
		while (port_pop(port, &completion))
			seen++;
	}
	ck_assert_uint_eq(seen, entries);
	ck_assert_uint_eq(port_lost(port), 0);
}
END_TEST

START_TEST(test_a_ring_that_is_full_says_so)
{
	struct port_work work = { .user_data = 1, .kind = PORT_WAKE };
	int pushed = 0;

	while (pushed < 1000 && port_push(port, &work) == 0)
		pushed++;
	ck_assert_int_ge(pushed, 9);
	ck_assert_int_lt(pushed, 1000);
	ck_assert_int_eq(port_push(port, &work), -ENOSPC);
	ck_assert_int_eq(port_wait(port, 0), -ETIME);
	ck_assert_int_eq(port_push(port, &work), 0);
}
END_TEST

START_TEST(test_sizes_are_computed_without_overflow)
{
	static const uint32_t depths[] = { 16384, 32768, 1u << 31, UINT32_MAX };
	struct port *none = NULL;

	ck_assert_uint_eq(port_uring_entries(UINT32_MAX), 2 * (uint64_t)UINT32_MAX + 1);
	ck_assert_int_eq(port_uring_open(&none, fd, later_wake_fd(later), depths[_i]), -EINVAL);
	ck_assert_ptr_null(none);
}
END_TEST

static void *use_it_here(void *unused)
{
	ck_assert_int_eq(port_wait(port, 0), -ETIME);
	return unused;
}

START_TEST(test_another_threads_wait_ends_the_process)
{
	pthread_t thread;

	ck_assert_int_eq(pthread_create(&thread, NULL, use_it_here, NULL), 0);
	ck_assert_int_eq(pthread_join(thread, NULL), 0);
}
END_TEST

Suite *suite(void)
{
	Suite *uring = suite_create("port_uring");
	TCase *works = tcase_create("works");

	tcase_add_checked_fixture(works, open_port, close_port);
	tcase_add_test(works, test_reads_and_writes);
	tcase_add_test(works, test_flags_reach_the_kernel);
	tcase_add_test(works, test_a_file_is_synced_and_allocated_beyond_32_bits);
	tcase_add_test(works, test_a_command_without_a_driver_is_refused);
	tcase_add_test(works, test_what_was_pushed_is_submitted_by_the_close);
	tcase_add_test(works, test_nothing_in_time);
	tcase_add_test(works, test_the_wake_up);
	tcase_add_test(works, test_another_thread_ends_a_long_wait);
	tcase_add_loop_test(works, test_the_worst_case_fits, 0, 4);
	tcase_add_test(works, test_a_ring_that_is_full_says_so);
	tcase_add_loop_test(works, test_sizes_are_computed_without_overflow, 0, 4);
	suite_add_death_test(works, test_another_threads_wait_ends_the_process);
	suite_add_tcase(uring, works);
	return uring;
}
