#include "namespace.h"

#include <errno.h>
#include <linux/magic.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "mountinfo.h"
#include "say.h"
#include "state.h"

/* Where the new root is put together: a folder that every system with ublk has and that is not needed meanwhile. */
#define ASSEMBLY "/sys"

static int namespace_failed(const char *attempt, const char *subject)
{
	int error = -errno;

	say_error("cannot give the daemon an empty mount namespace: %s %s: %s; it needs CAP_SYS_ADMIN and leave to mount "
		  "(in a container: no seccomp or AppArmor rule against it); --foreground serves without one",
		  attempt, subject, strerror(-error));
	return error;
}

static int namespace_mount(const char *type, const char *point, unsigned long flags, const char *data)
{
	if (mkdir(point, 0755) < 0 && errno != EEXIST)
		return namespace_failed("making", point);
	if (mount(type, point, type, flags | MS_NOSUID | MS_NOEXEC, data) < 0)
		return namespace_failed("mounting", point);
	return 0;
}

/* The mount points directly below the root mount, in the order of mounting; what lies below them goes with them. */
static int namespace_unmount_rest(FILE *mounts, char **line, size_t *size)
{
	struct mountinfo mount;
	uint32_t root_id = 0;

	while (getline(line, size, mounts) > 0) {
		if (!root_id && mountinfo_parse(*line, &mount) && strcmp(mount.point, "/") == 0)
			root_id = mount.id;
	}
	rewind(mounts);
	while (getline(line, size, mounts) > 0) {
		if (!mountinfo_parse(*line, &mount) || mount.parent_id != root_id || strcmp(mount.point, ASSEMBLY) == 0)
			continue;
		if (umount2(mount.point, MNT_DETACH) < 0 && errno != EINVAL)
			return namespace_failed("detaching", mount.point);
	}
	return 0;
}

/* The kernel's first root, an initramfs, cannot be pivoted away. It is memory and keeps no disk busy, so it may stay
 * below the new root; everything mounted on it goes. */
static int namespace_leave_initramfs(void)
{
	FILE *mounts = fopen("/proc/self/mountinfo", "re");
	char *line = NULL;
	size_t size = 0;
	int error;

	if (!mounts)
		return namespace_failed("reading", "/proc/self/mountinfo");
	error = namespace_unmount_rest(mounts, &line, &size);
	free(line);
	fclose(mounts);
	if (error)
		return error;
	if (mount(".", "/", "", MS_MOVE, NULL) < 0 || chroot(".") < 0)
		return namespace_failed("moving to", "the new root");
	return 0;
}

static int namespace_pivot(void)
{
	if (chdir(ASSEMBLY) < 0)
		return namespace_failed("entering", ASSEMBLY);
	/* The old root ends up on top of the new one, at the same place, and is taken off there. */
	if (syscall(SYS_pivot_root, ".", ".") < 0) {
		if (errno != EINVAL)
			return namespace_failed("pivoting to", ASSEMBLY);
		return namespace_leave_initramfs();
	}
	if (umount2(".", MNT_DETACH) < 0)
		return namespace_failed("detaching", "the old root");
	return 0;
}

/* Opened in the new namespace, so that the old one's mount of it stays free to go. */
static int namespace_open_state(void)
{
	int fd = state_open_folder(true);
	struct statfs status;

	if (fd < 0)
		return -1;
	if (fstatfs(fd, &status) == 0 && (status.f_type == TMPFS_MAGIC || status.f_type == RAMFS_MAGIC))
		return fd;
	close(fd);
	return -1;
}

int namespace_enter(int *state_fd) /* R46 */
{
	int error;

	*state_fd = -1;
	if (unshare(CLONE_NEWNS) < 0)
		return namespace_failed("leaving", "the old one");
	if (mount("none", "/", "", MS_REC | MS_PRIVATE, NULL) < 0)
		return namespace_failed("detaching from", "the old one");
	*state_fd = namespace_open_state();
	error = namespace_mount("tmpfs", ASSEMBLY, 0, "size=64k,nr_inodes=16,mode=0755");
	if (!error)
		error = namespace_pivot();
	if (!error && chdir("/") < 0)
		error = namespace_failed("entering", "the new root");
	if (!error)
		error = namespace_mount("devtmpfs", "/dev", 0, NULL);
	if (!error)
		error = namespace_mount("proc", "/proc", MS_NODEV, NULL);
	if (!error)
		error = namespace_mount("sysfs", "/sys", MS_NODEV, NULL);
	return error;
}
