#include "buffers.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

/* Locked, so that a copy never waits for swap that may lie behind this very device. ONFAULT, since the buffers
 * are touched next, with an error code of their own. */
static void buffers_lock(const struct buffers *buffers, struct log log)
{
	if (mlock2(buffers->base, buffers->all_bytes, MLOCK_ONFAULT) == 0)
		return;
	log_say(log, REFUBLK_WARNING,
		"cannot lock %" PRIu64 " bytes of buffers in memory: %s; under memory pressure the device may stall: "
		"raise RLIMIT_MEMLOCK (ulimit -l) or give the process CAP_IPC_LOCK",
		buffers->all_bytes, strerror(errno));
}

/* 0 or a positive errno. */
static int buffers_settle(const struct buffers *buffers, struct log log)
{
	/* A child would make every page copy-on-write: the driver would write into a page that is no longer ours. */
	if (madvise(buffers->base, buffers->all_bytes, MADV_DONTFORK) != 0)
		return errno;
	buffers_lock(buffers, log);
	return madvise(buffers->base, buffers->all_bytes, MADV_POPULATE_WRITE) != 0 ? errno : 0;
}

/* The pages are there, seen from outside and not believed. */
static bool buffers_resident(const struct buffers *buffers, uint64_t page_bytes) /* R32 */
{
	size_t pages = buffers->all_bytes / page_bytes;
	unsigned char *present = malloc(pages);
	bool all = present && mincore(buffers->base, buffers->all_bytes, present) == 0;
	size_t i;

	for (i = 0; all && i < pages; i++)
		all = present[i] & 1;
	free(present);
	return all;
}

int buffers_map(struct buffers *buffers, struct params_config config, struct log log)
{
	struct buffers made = { .each_bytes = params_buffer_bytes(config) };
	int error = 0;
	void *base;

	made.all_bytes = made.each_bytes * config.depth_tags;
	base = mmap(NULL, made.all_bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (base != MAP_FAILED) {
		made.base = base;
		error = buffers_settle(&made, log);
	} else {
		error = errno;
	}
	if (error != 0) {
		buffers_unmap(&made);
		log_say(log, REFUBLK_ERROR,
			"cannot get %" PRIu64 " buffers of %" PRIu64 " bytes: %s; choose a smaller depth or max I/O",
			(uint64_t)config.depth_tags, params_buffer_bytes(config), strerror(error));
		return -error;
	}
	if (!buffers_resident(&made, config.page_bytes))
		log_say(log, REFUBLK_WARNING, "not all of the %" PRIu64 " bytes of buffers are resident",
			made.all_bytes);
	*buffers = made;
	return 0;
}

void buffers_unmap(struct buffers *buffers)
{
	if (buffers->base)
		munmap(buffers->base, buffers->all_bytes);
	*buffers = (struct buffers){ 0 };
}
