#include "await.h"

#include <errno.h>
#include <poll.h>

#include "clock.h"

int await_readable(int fd, uint32_t limit_ms)
{
	const uint64_t end_ms = clock_ms() + limit_ms;
	struct pollfd poller = { .fd = fd, .events = POLLIN };

	for (;;) {
		const uint64_t now_ms = clock_ms();
		const int ready = poll(&poller, 1, now_ms < end_ms ? (int)(end_ms - now_ms) : 0);

		if (ready > 0)
			return 0;
		if (ready == 0)
			return -ETIMEDOUT;
		if (errno != EINTR)
			return -errno;
	}
}
