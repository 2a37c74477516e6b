/* The trace: its lines as spec/trace.md has them, and what becomes of lines that cannot be written. */
#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "command.h"
#include "suite.h"
#include "support/serve_rig.h"

enum { TEXT_BYTES = 1 << 21 };

static int fd;
static char path[] = "/tmp/refublk-trace-XXXXXX";
static char text[TEXT_BYTES];
static char header[256];

/* The kernel's name is this machine's. */
static void make_header(void)
{
	struct utsname names;

	ck_assert_int_eq(uname(&names), 0);
	snprintf(header, sizeof(header), "refublk-trace 2 kernel=%s queues=4 depth=2 stride=24 device=1048576 max_io=8192 "
		 "block=512 read_only=0 get_data=0", names.release);
}

static void open_file(void)
{
	make_header();
	strcpy(path + strlen(path) - 6, "XXXXXX");
	fd = mkostemp(path, O_APPEND);
	ck_assert_int_ge(fd, 0);
}

static void close_file(void)
{
	close(fd);
	unlink(path);
}

static void read_text(void)
{
	ssize_t got = pread(fd, text, sizeof(text) - 1, 0);

	ck_assert_int_ge(got, 0);
	text[got] = '\0';
}

static struct trace *make_trace(void)
{
	struct trace_setup setup = { .limits = { .device_bytes = 1 << 20, .max_io_bytes = 8192, .block_bytes = 512 },
				     .queues = 4, .depth_tags = 2, .stride_bytes = 24, .fd = fd, .qid = 3 };
	struct trace *trace;

	ck_assert_int_eq(trace_make(&trace, &setup), 0);
	return trace;
}

/* The text is these records, numbered from 0 and written by this thread. */
static void expect_records(const char *const *records, uint64_t count)
{
	const char *at = text;
	char line[1024];

	for (uint64_t i = 0; i < count; i++) {
		size_t length_bytes = (size_t)snprintf(line, sizeof(line), "%" PRIu64 " 3 %d %s\n", i, gettid(), records[i]);

		ck_assert_msg(strncmp(at, line, length_bytes) == 0, "wanted: %sfound: %.200s", line, at);
		at += length_bytes;
	}
	ck_assert_str_eq(at, "");
}

START_TEST(test_each_record_reads_as_documented)
{
	static const char *const records[] = {
		header,
		"command 0001000000050001 c0107520 0300010000000000efcdab8967452301",
		"io 0002000000060001 read 9 4096 512 1a beef00",
		"io 0002000000060001 write 9 4096 512 1a beef00",
		"io 0002000000060001 fdatasync 9 4096 512 1a beef00",
		"io 0002000000060001 fallocate 9 4096 512 1a beef00",
		"wake 0003000000000000",
		"completion 0001000000050001 -19",
		"descriptor 1 000102030405060708090a0b0c0d0e0f1011121314151617",
		"call 1 read 4096 512 1 0 0003000100000005",
		"call 1 write 4096 512 1 0 0003000100000005",
		"call 1 flush 4096 512 1 0 0003000100000005",
		"call 1 discard 4096 512 1 0 0003000100000005",
		"call 1 write_zeroes 4096 512 1 0 0003000100000005",
		"resume 1 -5",
		"step 1 done 512 0",
		"step 1 done 0 28",
		"step 1 io",
		"step 1 later",
		"step 1 unknown",
		"loan 1 beef00",
		"loan 1 0",
		"letter 0003000100000005 512 28",
		"end over 0",
		"end left 0",
		"end broken -71",
	};
	struct port_work work = { .user_data = 0x1000000050001, .kind = PORT_COMMAND };
	struct port_completion completion = { .user_data = 0x1000000050001, .result = -ENODEV };
	struct refublk_request request = { .offset_bytes = 4096, .length_bytes = 512, .flags = REFUBLK_FUA,
					   .token = later_token(3, 1, 5) };
	struct refublk_step step = refublk_done(512);
	struct later_letter letter = { .token = request.token, .outcome = { .done_bytes = 512, .error = ENOSPC } };
	struct trace *trace = make_trace();
	unsigned char bytes[24];

	for (unsigned char i = 0; i < sizeof(bytes); i++)
		bytes[i] = i;
	work.command = command_of_action(TAG_FETCH, 3, 1, 0, 0x0123456789abcdef);
	trace_push(trace, &work);
	work = (struct port_work){ .user_data = 0x2000000060001, .kind = PORT_IO,
				   .io = { .offset_bytes = 4096, .length_bytes = 512, .memory = (void *)0xbeef00,
					   .fd = 9, .flags = 0x1a } };
	for (work.io.op = REFUBLK_IO_READ; work.io.op <= REFUBLK_IO_FALLOCATE; work.io.op++)
		trace_push(trace, &work);
	work = (struct port_work){ .user_data = 0x3000000000000, .kind = PORT_WAKE };
	trace_push(trace, &work);
	trace_completion(trace, &completion);
	trace_descriptor(trace, 1, bytes, sizeof(bytes));
	for (request.op = REFUBLK_READ; request.op <= REFUBLK_WRITE_ZEROES; request.op++)
		trace_call(trace, 1, &request);
	trace_resume(trace, 1, -EIO);
	trace_step(trace, 1, &step);
	step = refublk_failed(ENOSPC);
	trace_step(trace, 1, &step);
	for (step.kind = REFUBLK_STEP_IO; step.kind <= REFUBLK_STEP_LATER + 1; step.kind++)
		trace_step(trace, 1, &step);
	trace_loan(trace, 1, (void *)0xbeef00);
	trace_loan(trace, 1, NULL);
	trace_letter(trace, &letter);
	trace_end(trace, TRACE_OVER, 0);
	trace_end(trace, TRACE_LEFT, 0);
	trace_end(trace, TRACE_BROKEN, -EPROTO);
	trace_free(trace);
	read_text();
	expect_records(records, sizeof(records) / sizeof(records[0]));
}
END_TEST

START_TEST(test_nothing_is_written_before_the_flush_and_all_of_it_then)
{
	struct trace *trace = make_trace();

	read_text();
	ck_assert_str_eq(text, "");
	trace_resume(trace, 0, 1);
	trace_flush(trace);
	read_text();
	expect_records((const char *[]){ header, "resume 0 1" }, 2);
	trace_flush(trace);
	trace_free(trace);
	read_text();
	expect_records((const char *[]){ header, "resume 0 1" }, 2);
}
END_TEST

/* More than a buffer holds, with the longest descriptors: no line is lost or torn. */
START_TEST(test_a_full_buffer_is_written)
{
	struct trace *trace = make_trace();
	unsigned char bytes[256] = { 0 };
	const char *at = text;
	uint64_t lines = 0;

	for (int i = 0; i < 1000; i++)
		trace_descriptor(trace, 4095, bytes, sizeof(bytes));
	trace_free(trace);
	read_text();
	for (; *at != '\0'; at = strchr(at, '\n') + 1)
		ck_assert_uint_eq(strtoull(at, NULL, 10), lines++);
	ck_assert_uint_eq(lines, 1001);
}
END_TEST

/* Every size limit of the file, as of a full disk: what was lost is counted, said, and leaves a gap. */
START_TEST(test_lost_lines_are_counted_and_said)
{
	struct rlimit limit = { .rlim_cur = (rlim_t)_i, .rlim_max = RLIM_INFINITY };
	struct trace *trace = make_trace();
	uint64_t whole = 0;
	uint64_t last = 0;
	bool said = false;
	char *line;

	signal(SIGXFSZ, SIG_IGN);
	for (int i = 0; i < 3; i++)
		trace_resume(trace, 0, i);
	ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &limit), 0);
	trace_flush(trace);
	limit.rlim_cur = RLIM_INFINITY;
	ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &limit), 0);
	ck_assert_uint_gt(trace_lost(trace), 0);
	trace_resume(trace, 0, 99);
	trace_free(trace);
	read_text();
	for (line = strtok(text, "\n"); line; line = strtok(NULL, "\n")) {
		uint64_t sequence;
		uint64_t lost;
		int end = 0;

		if (sscanf(line, "%" SCNu64 " 3 %*d lost %" SCNu64 "%n", &sequence, &lost, &end) == 2 && line[end] == '\0') {
			ck_assert_uint_eq(lost, 4 - whole);
			said = true;
		} else if (sscanf(line, "%" SCNu64 " 3 %*d resume 0 %*d%n", &sequence, &end) == 1 && end > 0) {
			last = sequence;
			whole += !said;
		} else {
			whole += !said && strstr(line, "get_data=0") != NULL;
		}
	}
	ck_assert(said);
	ck_assert_uint_eq(last, 5);
}
END_TEST

/* What serve writes of one request, from its completion to its commit. */
START_TEST(test_a_request_leaves_its_way)
{
	static const char *const way[] = { " completion ", " descriptor 1 ", " call 1 read 4096 512 ", " step 1 io",
					   " io ", " completion ", " resume 1 512", " step 1 done 512 0", " command " };
	static struct rig rig;
	const char *at = text;

	rig_open(&rig, 2, TAG_PLAIN, fd);
	rig.plan = RIG_IO;
	rig_begin(&rig);
	ck_assert_int_eq(ftruncate(fd, 0), 0);
	rig_describe(&rig, 1, UBLK_IO_OP_READ, 8, 1);
	rig_answer(&rig, 1, 0);
	rig_turn_on(&rig);
	rig_end_io(&rig, 1, 512);
	rig_turn_on(&rig);
	ck_assert_uint_eq(port_script_waits(rig.port), 4);
	rig_turn_on(&rig);
	ck_assert_uint_eq(port_script_waits(rig.port), 6);
	read_text();
	for (size_t i = 0; i < sizeof(way) / sizeof(way[0]); i++) {
		const char *end = strchr(at, '\n');
		const char *found = strstr(at, way[i]);

		ck_assert_msg(found && end && found < end, "no%sin: %.100s", way[i], at);
		at = end + 1;
	}
	ck_assert_str_eq(at, "");
	rig_close(&rig);
}
END_TEST

Suite *suite(void)
{
	Suite *trace = suite_create("trace");
	TCase *lines = tcase_create("lines");

	tcase_add_checked_fixture(lines, open_file, close_file);
	tcase_add_test(lines, test_each_record_reads_as_documented);
	tcase_add_test(lines, test_nothing_is_written_before_the_flush_and_all_of_it_then);
	tcase_add_test(lines, test_a_full_buffer_is_written);
	suite_add_lone_loop(lines, test_lost_lines_are_counted_and_said, 0, 100);
	tcase_add_test(lines, test_a_request_leaves_its_way);
	suite_add_tcase(trace, lines);
	return trace;
}
