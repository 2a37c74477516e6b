#include "thread.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

/* What an I/O flusher is in /proc/…/stat: allocations without I/O, and no throttling by its own dirty pages. */
enum { THREAD_MEMALLOC_NOIO = 0x80000, THREAD_LOCAL_THROTTLE = 0x100000 };

enum { THREAD_NAME_BYTES = 16, THREAD_STAT_BYTES = 512 };

void thread_name(int32_t device_id, uint16_t qid)
{
	char name[2 * THREAD_NAME_BYTES];

	snprintf(name, sizeof(name), "refublk/%d/%u", device_id, qid);
	prctl(PR_SET_NAME, name);
}

uint32_t thread_pin(const cpu_set_t *cpus, uint16_t qid, struct log log)
{
	cpu_set_t usable; /* the kernel shows only CPUs that are online */

	if (sched_getaffinity(0, sizeof(usable), &usable) != 0) {
		log_say(log, REFUBLK_WARNING, "queue %u is not pinned: cannot read the thread's CPUs: %s", qid,
			strerror(errno));
		return 0;
	}
	CPU_AND(&usable, &usable, cpus);
	if (CPU_COUNT(&usable) == 0) {
		log_say(log, REFUBLK_INFO, "queue %u is not pinned: none of its CPUs is online and allowed", qid);
		return 0;
	}
	if (sched_setaffinity(0, sizeof(usable), &usable) != 0) {
		log_say(log, REFUBLK_WARNING, "queue %u is not pinned: %s", qid, strerror(errno));
		return 0;
	}
	return (uint32_t)CPU_COUNT(&usable);
}

int64_t thread_stat_flags(const char *stat)
{
	const char *at = strrchr(stat, ')');
	unsigned long flags;
	char *end;
	int field;

	/* The closing parenthesis ends the 2nd field; each blank begins another. */
	for (field = 2; at && field < 9; field++)
		at = strchr(at + 1, ' ');
	if (!at)
		return -EINVAL;
	flags = strtoul(at + 1, &end, 10);
	return end != at + 1 && *end == ' ' ? (int64_t)flags : -EINVAL;
}

/* The flags as the kernel shows them, or a negative number where /proc is not mounted. */
static int64_t thread_flags(void)
{
	int fd = open("/proc/thread-self/stat", O_RDONLY | O_CLOEXEC);
	char stat[THREAD_STAT_BYTES];
	ssize_t got;

	if (fd < 0)
		return -errno;
	got = read(fd, stat, sizeof(stat) - 1);
	close(fd);
	stat[got < 0 ? 0 : got] = '\0';
	return thread_stat_flags(stat);
}

/* The effect and not the call. A daemon without /proc asks the kernel's own getter, which reads the same flags. */
static bool thread_flushes_io(void)
{
	int64_t flags = thread_flags();

	if (flags < 0)
		return prctl(PR_GET_IO_FLUSHER, 0, 0, 0, 0) == 1;
	return (flags & THREAD_MEMALLOC_NOIO) && (flags & THREAD_LOCAL_THROTTLE);
}

int thread_flush_io(struct log log) /* R45 */
{
	int error = 0;

	if (prctl(PR_SET_IO_FLUSHER, 1, 0, 0, 0) != 0)
		error = -errno;
	else if (!thread_flushes_io())
		error = -EIO;
	if (error == -EPERM)
		log_say(log, REFUBLK_WARNING,
			"cannot mark the queue's thread as an I/O flusher: without CAP_SYS_RESOURCE the device may "
			"deadlock when memory runs out: give the process that capability");
	else if (error != 0)
		log_say(log, REFUBLK_WARNING,
			"cannot mark the queue's thread as an I/O flusher: %s; the device may deadlock when memory "
			"runs out",
			error == -EIO ? "the kernel took the call, but the thread's flags do not show it"
				      : strerror(-error));
	return error;
}
