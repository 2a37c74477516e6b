/* capability: the test's process without one of its capabilities. */
#ifndef REFUBLK_TEST_CAPABILITY_H
#define REFUBLK_TEST_CAPABILITY_H

#include <check.h>
#include <linux/capability.h>
#include <sys/syscall.h>
#include <unistd.h>

static inline void drop_capability(int capability)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[2];

	ck_assert_int_eq(syscall(SYS_capget, &header, data), 0);
	data[capability / 32].effective &= ~(1u << capability % 32);
	ck_assert_int_eq(syscall(SYS_capset, &header, data), 0);
}

#endif
