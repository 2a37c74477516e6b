#include "doctor.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <linux/capability.h>
#include <linux/io_uring.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <unistd.h>

#include "admin.h"
#include "kconfig.h"
#include "module.h"
#include "namespace.h"
#include "null.h"
#include "reason.h"
#include "say.h"
#include "size.h"
#include "start.h"
#include "text.h"

enum doctor_finding { DOCTOR_OK, DOCTOR_NOTE, DOCTOR_MISSING };

/* Whether something is missing so far. */
struct doctor {
	struct log log;
	bool missing;
};

static void doctor_say(struct doctor *doctor, enum doctor_finding finding, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

static void doctor_say(struct doctor *doctor, enum doctor_finding finding, const char *format, ...)
{
	static const char *const words[] = { "ok", "note", "missing" };
	va_list arguments;

	printf("%-8s ", words[finding]);
	va_start(arguments, format);
	vprintf(format, arguments);
	va_end(arguments);
	printf("\n");
	if (finding == DOCTOR_MISSING)
		doctor->missing = true;
}

static void doctor_say_reason(struct doctor *doctor, uint32_t attempt, int error)
{
	struct reason reason = reason_of(attempt, error);

	doctor_say(doctor, DOCTOR_MISSING, "cannot %s: %s%s%s", reason.attempt, reason.why, reason.remedy ? "; " : "",
		   reason.remedy ? reason.remedy : "");
}

static bool doctor_may(int capability)
{
	const char *found = NULL;
	char status[4096];

	if (text_read("/proc/self/status", status, sizeof(status)))
		found = strstr(status, "\nCapEff:");
	return found && strtoull(found + strlen("\nCapEff:"), NULL, 16) >> capability & 1;
}

/* ---- the kernel ---------------------------------------------------------------------------- */

static void doctor_kernel(struct doctor *doctor)
{
	unsigned int major = 0, minor = 0;
	struct utsname names;

	uname(&names);
	if (sscanf(names.release, "%u.%u", &major, &minor) != 2)
		doctor_say(doctor, DOCTOR_NOTE, "the kernel calls itself %s: its age is unknown", names.release);
	else if (major < 6)
		doctor_say(doctor, DOCTOR_MISSING, "the kernel, %s, is too old: ublk came with 6.0; use Linux 6.12 or newer", names.release);
	else if (major == 6 && minor < 12)
		doctor_say(doctor, DOCTOR_NOTE, "the kernel, %s, is older than those that refublk is tested on: use Linux 6.12 or newer",
			   names.release);
	else
		doctor_say(doctor, DOCTOR_OK, "the kernel is %s", names.release);
}

/* The control node is missing: which of the reasons is it? */
static void doctor_absent(struct doctor *doctor)
{
	enum kconfig_answer answer = kconfig_find("CONFIG_BLK_DEV_UBLK");

	if (kconfig_has_module(MODULE_NAME))
		doctor_say(doctor, DOCTOR_MISSING,
			   "the ublk driver is not loaded: run `modprobe " MODULE_NAME "` as root; for every boot: "
			   "`echo " MODULE_NAME " >/etc/modules-load.d/ublk.conf`");
	else if (answer == KCONFIG_BUILT_IN || kconfig_has_builtin(MODULE_NAME))
		doctor_say(doctor, DOCTOR_MISSING,
			   "the ublk driver is in the kernel, but " CONTROL_PATH
			   " is not there: /dev is no devtmpfs here; in a container, share the host's /dev");
	else if (answer == KCONFIG_MODULE)
		doctor_say(doctor, DOCTOR_MISSING,
			   "the ublk driver is a module whose file is not installed: install the modules of exactly this kernel; "
			   "in a container, load it on the host: `modprobe " MODULE_NAME "`");
	else if (answer == KCONFIG_OFF)
		doctor_say(doctor, DOCTOR_MISSING,
			   "this kernel was built without the ublk driver: use one with CONFIG_BLK_DEV_UBLK=m (Debian: linux-image-amd64 "
			   "of trixie or of bookworm-backports), or build the module");
	else
		doctor_say(doctor, DOCTOR_MISSING,
			   CONTROL_PATH " is not there, and the kernel's configuration is not found: run `modprobe " MODULE_NAME
					"`; where it fails, use a kernel with CONFIG_BLK_DEV_UBLK=m");
}

static void doctor_driver(struct doctor *doctor)
{
	int fd = open(CONTROL_PATH, O_RDWR | O_CLOEXEC);

	if (fd < 0 && (errno == ENOENT || errno == ENXIO || errno == ENODEV)) {
		doctor_absent(doctor);
		return;
	}
	if (fd < 0) {
		doctor_say_reason(doctor, REASON_OPEN_CONTROL, -errno);
		return;
	}
	close(fd);
	doctor_say(doctor, DOCTOR_OK, "the ublk driver is there: " CONTROL_PATH " opens");
}

static void doctor_silent(void *context, enum refublk_level level, const char *line)
{
	(void)context;
	(void)level;
	(void)line;
}

/* Only a driver that opens can be asked; why it does not, an earlier line has said. */
static void doctor_features(struct doctor *doctor)
{
	struct log silent = { .function = doctor_silent };
	struct control *control;
	uint64_t features = 0;
	int error = control_open(&control, silent);

	if (error && !doctor->missing)
		doctor_say_reason(doctor, REASON_OPEN_CONTROL, error);
	if (error)
		return;
	error = admin_features(control, silent, &features);
	control_close(control);
	if (error)
		doctor_say_reason(doctor, REASON_GET_FEATURES, error);
	else if (!(features & UBLK_F_CMD_IOCTL_ENCODE))
		doctor_say(doctor, DOCTOR_MISSING, "the ublk driver is too old: it lacks CMD_IOCTL_ENCODE; use Linux 6.12 or newer");
	else
		doctor_say(doctor, DOCTOR_OK, "the ublk driver answers; `refublk features` lists what it can do");
}

/* The kind of ring that control commands need. 0 or -errno. */
static int doctor_try_ring(void)
{
	struct io_uring_params params = { .flags = IORING_SETUP_SQE128 };
	int fd = (int)syscall(SYS_io_uring_setup, 4, &params);

	if (fd < 0)
		return -errno;
	close(fd);
	return 0;
}

static void doctor_ring(struct doctor *doctor)
{
	int error = doctor_try_ring(), sysctl = reason_ring_sysctl();

	if (!error)
		doctor_say(doctor, DOCTOR_OK, "io_uring works");
	else if (sysctl == 2)
		doctor_say(doctor, DOCTOR_MISSING, "io_uring is disabled: `sysctl kernel.io_uring_disabled=0`");
	else if (sysctl == 1)
		doctor_say(doctor, DOCTOR_MISSING,
			   "io_uring is allowed for CAP_SYS_ADMIN and one group only: run as root, or `sysctl kernel.io_uring_disabled=0`");
	else if (kconfig_find("CONFIG_IO_URING") == KCONFIG_OFF)
		doctor_say(doctor, DOCTOR_MISSING, "this kernel was built without io_uring: use one with CONFIG_IO_URING=y");
	else
		doctor_say_reason(doctor, REASON_MAKE_RING, error);
}

/* ---- the process --------------------------------------------------------------------------- */

static void doctor_rights(struct doctor *doctor)
{
	if (!doctor_may(CAP_SYS_ADMIN))
		doctor_say(doctor, DOCTOR_MISSING, "the capability CAP_SYS_ADMIN: run as root (sudo), or give it to the container");
	else
		doctor_say(doctor, DOCTOR_OK, "this process may make devices (CAP_SYS_ADMIN)");
	if (!doctor_may(CAP_SYS_RESOURCE))
		doctor_say(doctor, DOCTOR_NOTE,
			   "without CAP_SYS_RESOURCE a server cannot tell the kernel that it writes back (IO_FLUSHER): under memory "
			   "pressure it may wait for itself");
}

static void doctor_memory(struct doctor *doctor)
{
	struct refublk_options options = refublk_defaults();
	struct rlimit limit;
	char needed[SIZE_TEXT_BYTES], allowed[SIZE_TEXT_BYTES];
	uint64_t bytes;

	options.size_bytes = UINT64_C(1) << 30;
	bytes = params_memory_bytes(start_config(&options, &null_backend));
	size_format(bytes, needed);
	if (doctor_may(CAP_IPC_LOCK) || getrlimit(RLIMIT_MEMLOCK, &limit) < 0 || limit.rlim_cur >= bytes) {
		doctor_say(doctor, DOCTOR_OK, "buffers can be locked in memory (%s with the default options)", needed);
		return;
	}
	doctor_say(doctor, DOCTOR_MISSING,
		   "the limit of locked memory is %s and the default options need %s: run as root, or raise it (ulimit -l)",
		   size_format(limit.rlim_cur, allowed), needed);
}

/* The real thing, in a process that does not come back. */
static void doctor_namespace(struct doctor *doctor)
{
	int status = 0, state_fd;
	pid_t child;

	if (!doctor_may(CAP_SYS_ADMIN))
		return;
	fflush(stdout);
	child = fork();
	if (child == 0) {
		if (!freopen("/dev/null", "w", stderr))
			_exit(1);
		_exit(namespace_enter(&state_fd) ? 1 : 0);
	}
	while (child > 0 && waitpid(child, &status, 0) < 0 && errno == EINTR)
		;
	if (child > 0 && WIFEXITED(status) && WEXITSTATUS(status) == 0)
		doctor_say(doctor, DOCTOR_OK, "a daemon gets a mount namespace of its own");
	else
		doctor_say(doctor, DOCTOR_NOTE,
			   "mounting is forbidden here (seccomp or AppArmor), so `add` cannot leave a daemon behind: use --foreground");
}

int doctor_run(const struct options *options)
{
	struct doctor doctor = { .log = say_log(options->verbose) };

	doctor_kernel(&doctor);
	doctor_driver(&doctor);
	doctor_rights(&doctor);
	doctor_ring(&doctor);
	doctor_features(&doctor);
	doctor_memory(&doctor);
	doctor_namespace(&doctor);
	if (!doctor.missing)
		doctor_say(&doctor, DOCTOR_OK, "nothing is missing: this machine can serve");
	return say_finish() == SAY_OK && !doctor.missing ? SAY_OK : SAY_FAILED;
}
