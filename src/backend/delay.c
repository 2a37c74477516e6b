#include "delay.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "backend.h"

#define DELAY_WAITING UINT64_MAX /* as a cursor's phase: its done_bytes is the timer's descriptor */

struct delay {
	struct refublk_backend backend;
	const struct refublk_backend *inner;
	void *inner_context;
	struct delay_plan plan;
	atomic_ullong requests;
	uint64_t expirations; /* where timers are read into; nobody looks */
};

static uint32_t delay_draw_ms(struct delay *delay)
{
	uint64_t word = delay->plan.seed + atomic_fetch_add(&delay->requests, 1) * 0x9e3779b97f4a7c15u;

	word = (word ^ (word >> 30)) * 0xbf58476d1ce4e5b9u;
	word ^= word >> 27;
	return delay->plan.shortest_ms + (uint32_t)(word % (delay->plan.longest_ms - delay->plan.shortest_ms + 1u));
}

static struct refublk_step delay_begin(void *backend, const struct refublk_request *request)
{
	struct delay *delay = backend;
	uint32_t time_ms = delay_draw_ms(delay);
	struct itimerspec once = {
		.it_value = { .tv_sec = time_ms / 1000, .tv_nsec = (long)(time_ms % 1000) * 1000000 },
	};
	int fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC);

	(void)request;
	if (fd < 0)
		return refublk_failed(errno);
	if (timerfd_settime(fd, 0, &once, NULL) < 0) {
		close(fd);
		return refublk_failed(EINVAL);
	}
	return refublk_io((struct refublk_io){ .memory = &delay->expirations, .length_bytes = sizeof(delay->expirations),
					       .fd = fd, .op = REFUBLK_IO_READ },
			  (struct refublk_cursor){ .done_bytes = (uint64_t)fd, .phase = DELAY_WAITING });
}

static struct refublk_step delay_resume(void *backend, const struct refublk_request *request,
					struct refublk_cursor cursor, int64_t io_result)
{
	struct delay *delay = backend;

	if (cursor.phase != DELAY_WAITING)
		return delay->inner->resume(delay->inner_context, request, cursor, io_result);
	close((int)cursor.done_bytes);
	return backend_begin(delay->inner, delay->inner_context, request);
}

int delay_open(struct delay **delay, const struct refublk_backend *inner, void *inner_context, struct delay_plan plan)
{
	*delay = malloc(sizeof(**delay));
	if (!*delay)
		return -ENOMEM;
	**delay = (struct delay){
		.backend = {
			.name = "delay",
			.read = delay_begin,
			.write = inner->write ? delay_begin : NULL,
			.flush = inner->flush ? delay_begin : NULL,
			.discard = inner->discard ? delay_begin : NULL,
			.write_zeroes = inner->write_zeroes ? delay_begin : NULL,
			.resume = delay_resume,
			.honours_fua = inner->honours_fua,
		},
		.inner = inner,
		.inner_context = inner_context,
		.plan = plan,
	};
	return 0;
}

const struct refublk_backend *delay_backend(const struct delay *delay)
{
	return &delay->backend;
}

void delay_close(struct delay *delay)
{
	free(delay);
}
