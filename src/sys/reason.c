#include "reason.h"

#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <string.h>
#include <unistd.h>

#define RING_SYSCTL "/proc/sys/kernel/io_uring_disabled"

static const char *const attempt_texts[REASON_ATTEMPTS] = {
	[REASON_OPEN_CONTROL] = "open the ublk driver's control node",
	[REASON_MAKE_RING] = "set up an io_uring",
	[REASON_SUBMIT] = "submit to an io_uring",
	[REASON_GET_FEATURES] = "ask the ublk driver for its features",
	[REASON_ADD] = "add the device",
	[REASON_SET_PARAMS] = "set the parameters of",
	[REASON_GET_PARAMS] = "read back the parameters of",
	[REASON_GET_AFFINITY] = "ask for the CPUs of a queue of",
	[REASON_GET_INFO] = "ask for the state of",
	[REASON_OPEN_CHARDEV] = "open the character device",
	[REASON_RUN_QUEUE] = "serve a queue of",
	[REASON_START] = "start",
	[REASON_STOP] = "stop",
	[REASON_DELETE] = "delete",
	[REASON_RESIZE] = "change the size of",
	[REASON_RECOVER] = "take over",
	[REASON_END_RECOVERY] = "end the recovery of",
	[REASON_FIND_BLOCK] = "find the block device",
	[REASON_OPEN_TRACE] = "open the trace file",
	[REASON_PREPARE] = "prepare a device",
};

struct reason_row {
	uint32_t attempt; /* REASON_ATTEMPTS: any */
	int error;        /* -errno */
	const char *why;
	const char *remedy;
};

#define WHY_NOT_LOADED "the ublk driver is not there"
#define REMEDY_NOT_LOADED \
	"load it with `modprobe ublk_drv`; " \
	"where no such module exists, use a kernel with CONFIG_BLK_DEV_UBLK=m (Linux 6.12 or newer)"
#define WHY_NOT_ROOT "this process lacks CAP_SYS_ADMIN"
#define REMEDY_ROOT "run it as root, or give a container this capability and the device node"
#define WHY_OLD_KERNEL "this kernel's ublk driver does not know it"
#define REMEDY_OLD_KERNEL "use Linux 6.12 or newer"
#define WHY_ID_UNKNOWN "there is no device of this number"
#define WHY_GONE "the device is gone: something else has stopped or deleted it"
#define REMEDY_LIST "`refublk list` shows the devices that exist"
#define REMEDY_MEMORY "make fewer or smaller buffers (queues, depth, max I/O), or free memory"

/* The first row that fits counts: particular attempts stand before REASON_ATTEMPTS. */
static const struct reason_row rows[] = {
	{ REASON_OPEN_CONTROL, -ENOENT, WHY_NOT_LOADED, REMEDY_NOT_LOADED },
	{ REASON_OPEN_CONTROL, -ENODEV, WHY_NOT_LOADED, REMEDY_NOT_LOADED },
	{ REASON_OPEN_CONTROL, -ENXIO, WHY_NOT_LOADED, REMEDY_NOT_LOADED },
	{ REASON_OPEN_CONTROL, -EACCES, "the node belongs to root", REMEDY_ROOT },
	{ REASON_OPEN_CONTROL, -EPERM, "the device cgroup or a security module forbids it",
	  "allow the character device in the container or the service's unit (DeviceAllow=)" },
	{ REASON_MAKE_RING, -ENOSYS, "io_uring is not in this kernel, or a seccomp filter hides it",
	  "use a kernel with CONFIG_IO_URING=y, or run outside the container" },
	{ REASON_MAKE_RING, -EPERM, "io_uring is switched off, or a seccomp filter forbids it",
	  "set the sysctl kernel.io_uring_disabled to 0, or run outside the container" },
	{ REASON_MAKE_RING, -EINVAL, "this kernel's io_uring lacks 128-byte submissions", REMEDY_OLD_KERNEL },
	{ REASON_MAKE_RING, -ENOMEM, "there is no memory for the ring, or the limit of locked memory is reached",
	  "raise RLIMIT_MEMLOCK (ulimit -l), or free memory" },
	{ REASON_GET_FEATURES, -EOPNOTSUPP, WHY_OLD_KERNEL, REMEDY_OLD_KERNEL },
	{ REASON_GET_FEATURES, -EINVAL, WHY_OLD_KERNEL, REMEDY_OLD_KERNEL },
	{ REASON_GET_FEATURES, -ENODEV, WHY_OLD_KERNEL, REMEDY_OLD_KERNEL },
	{ REASON_ADD, -EEXIST, "the number is taken", "choose another, or let the kernel choose; " REMEDY_LIST },
	{ REASON_ADD, -EOPNOTSUPP, "the ublk driver lacks a feature that was asked for",
	  "use Linux 6.12 or newer; --recovery fail needs a newer one than 6.12" },
	{ REASON_ADD, -EINVAL, "the ublk driver does not take this number of queues, depth or max I/O", NULL },
	{ REASON_ADD, -EACCES, "the number of unprivileged devices is used up",
	  "raise the parameter ublks_max of the module ublk_drv" },
	{ REASON_ADD, -ENOSPC, "no device number is free", "delete devices; " REMEDY_LIST },
	{ REASON_SET_PARAMS, -EINVAL, "the ublk driver does not take this combination of sizes", NULL },
	{ REASON_SET_PARAMS, -EOPNOTSUPP, "the ublk driver did not grant what was asked for", REMEDY_OLD_KERNEL },
	{ REASON_OPEN_CHARDEV, -ENOENT, "the node has not appeared",
	  "look whether /dev is a devtmpfs here (in a container: share the host's /dev), "
	  "and for udev rules that rename it" },
	{ REASON_OPEN_CHARDEV, -EBUSY, "another process holds it open", "find it with `fuser -v` and end it" },
	{ REASON_OPEN_CHARDEV, -EPERM, "the device cgroup or a security module forbids it",
	  "allow the character device in the container or the service's unit (DeviceAllow=)" },
	{ REASON_OPEN_CHARDEV, -ENOTTY, "something that is no character device stands in its place",
	  "remove it: udev or devtmpfs must make this node" },
	{ REASON_RUN_QUEUE, -EPERM, "io_uring is switched off, or a seccomp filter forbids it",
	  "set the sysctl kernel.io_uring_disabled to 0, or run outside the container" },
	{ REASON_START, -EINVAL, "the ublk driver does not accept this process as the server", NULL },
	{ REASON_START, -EEXIST, "the device is live already", REMEDY_LIST },
	{ REASON_START, -EINTR, "the wait for its queues was cancelled", NULL },
	{ REASON_STOP, -ETIMEDOUT, "the kernel still waits for I/O under way",
	  "let the server go on or kill it; the wait itself cannot be ended from outside" },
	{ REASON_STOP, -ENODEV, WHY_ID_UNKNOWN, REMEDY_LIST },
	{ REASON_DELETE, -ETIMEDOUT, "somebody still holds the device open",
	  "close what uses it (`fuser -v`, `lsblk`); it vanishes with its last user" },
	{ REASON_DELETE, -ENODEV, WHY_ID_UNKNOWN, REMEDY_LIST },
	{ REASON_RESIZE, -EOPNOTSUPP, "this kernel's ublk driver cannot: it lacks UBLK_F_UPDATE_SIZE",
	  "use a newer kernel (7.2 can), or stop the disk and add it again with another size" },
	{ REASON_RESIZE, -EINVAL, "the size must be a multiple of the disk's block, not zero and below 8 EiB", NULL },
	{ REASON_RESIZE, -ENODEV, "it is not live", REMEDY_LIST },
	{ REASON_RESIZE, -EBUSY, "another change of its size is under way", "try again" },
	{ REASON_RESIZE, -ETIMEDOUT, "the kernel has not answered: another command waits for the device's I/O",
	  "look with `refublk info` which size it has, and try again" },
	{ REASON_GET_INFO, -ENODEV, WHY_ID_UNKNOWN, REMEDY_LIST },
	{ REASON_RECOVER, -EBUSY, "its last server has not let go of it yet", "end that server and its children" },
	{ REASON_RECOVER, -EINVAL, "it was not made for recovery, or a takeover on Linux 6.12 ended before a queue was ready",
	  "delete it and add it again" },
	{ REASON_FIND_BLOCK, -ENOENT, "the device is live, but its node has not appeared",
	  "look whether /dev is a devtmpfs here, and for udev rules that rename it" },
	{ REASON_FIND_BLOCK, -ENOTBLK,
	  "a regular file stands in its place: something wrote to the path before the device came",
	  "delete that file" },
	{ REASON_ATTEMPTS, -EPERM, WHY_NOT_ROOT, REMEDY_ROOT },
	{ REASON_ATTEMPTS, -EACCES, WHY_NOT_ROOT, REMEDY_ROOT },
	{ REASON_ATTEMPTS, -ENODEV, WHY_GONE, REMEDY_LIST },
	{ REASON_ATTEMPTS, -ENOMEM, "there is not enough memory", REMEDY_MEMORY },
	{ REASON_ATTEMPTS, -EMFILE, "too many files are open in this process", "raise RLIMIT_NOFILE (ulimit -n)" },
	{ REASON_ATTEMPTS, -ENFILE, "too many files are open on this machine", "raise the sysctl fs.file-max" },
	{ REASON_ATTEMPTS, -EOPNOTSUPP, WHY_OLD_KERNEL, REMEDY_OLD_KERNEL },
	{ REASON_ATTEMPTS, -ETIMEDOUT, "the kernel has not answered in time", "look into `dmesg` for hung tasks" },
};

/* -1, which has neither name nor text, for what is no -errno. */
static int errno_number(int error)
{
	return error < 0 && error > -4096 ? -error : -1;
}

struct reason reason_of(uint32_t attempt, int error)
{
	struct reason reason = { .attempt = "do something to", .why = strerrordesc_np(errno_number(error)) };

	if (attempt < REASON_ATTEMPTS)
		reason.attempt = attempt_texts[attempt];
	if (!reason.why)
		reason.why = "a reason without a name";
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if ((rows[i].attempt != attempt && rows[i].attempt != REASON_ATTEMPTS) || rows[i].error != error)
			continue;
		reason.why = rows[i].why;
		reason.remedy = rows[i].remedy;
		break;
	}
	return reason;
}

void reason_say(struct log log, enum refublk_level level, uint32_t attempt, const char *subject, int error)
{
	struct reason reason = reason_of(attempt, error);
	const char *name = strerrorname_np(errno_number(error));

	log_say(log, level, "cannot %s%s%s: %s (%s)%s%s", reason.attempt, subject[0] ? " " : "", subject, reason.why,
		name ? name : "unknown error", reason.remedy ? "; " : "", reason.remedy ? reason.remedy : "");
}

int reason_ring_sysctl(void)
{
	char digit = 0;
	int fd = open(RING_SYSCTL, O_RDONLY | O_CLOEXEC);
	ssize_t count;

	if (fd < 0)
		return -1;
	do
		count = read(fd, &digit, 1);
	while (count < 0 && errno == EINTR);
	close(fd);
	return count == 1 && digit >= '0' && digit <= '2' ? digit - '0' : -1;
}
