/* The errno numbers that the core needs, Linux on all architectures that matter here (the generic
 * numbering). The core is freestanding, so they stand here; src/sys/errnos.c compares each with <errno.h>. */
#ifndef REFUBLK_ERRNOS_H
#define REFUBLK_ERRNOS_H

enum errnos {
	ERRNOS_EPERM = 1,
	ERRNOS_ENOENT = 2,
	ERRNOS_EINTR = 4,
	ERRNOS_EIO = 5,
	ERRNOS_EAGAIN = 11,
	ERRNOS_ENOMEM = 12,
	ERRNOS_EBUSY = 16,
	ERRNOS_ENODEV = 19,
	ERRNOS_EINVAL = 22,
	ERRNOS_EFBIG = 27,
	ERRNOS_ENOSPC = 28,
	ERRNOS_EROFS = 30,
	ERRNOS_EBADE = 52,
	ERRNOS_ENODATA = 61,
	ERRNOS_ETIME = 62,
	ERRNOS_ENOLINK = 67,
	ERRNOS_EOVERFLOW = 75,
	ERRNOS_EILSEQ = 84,
	ERRNOS_EOPNOTSUPP = 95,
	ERRNOS_ETOOMANYREFS = 109,
	ERRNOS_ETIMEDOUT = 110,
	ERRNOS_EREMOTEIO = 121,
	ERRNOS_EDQUOT = 122,
	ERRNOS_ECANCELED = 125,
};

/* The largest there can be (MAX_ERRNO): what is below its negative is no errno. */
enum { ERRNOS_MAX = 4095 };

#endif
