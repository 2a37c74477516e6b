/* file_faults: how a file disk of refublk-faults goes wrong on purpose, as REFUBLK_TEST_FILE in its environment says:
 *	flush-never   FLUSH is answered and nothing done
 *	flush-early   FLUSH is answered at once, the file synchronised some requests later
 *	fua-dropped   a write is not durable when it ends
 *	wrong-sector  a write at a multiple of 64 KiB lands one sector further */
#ifndef REFUBLK_FILE_FAULTS_H
#define REFUBLK_FILE_FAULTS_H

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "refublk.h"

enum { FILE_FAULTS_LATE_REQUESTS = 20, FILE_FAULTS_WRONG_BYTES = 1 << 16 };

static inline bool file_faults_has(const char *name)
{
	const char *planted = getenv("REFUBLK_TEST_FILE");

	return planted && strcmp(planted, name) == 0;
}

/* Flushes that were answered and not done, until their time has come. */
static inline void file_faults_sync_late(int fd, bool flush)
{
	static atomic_uint left;
	unsigned before;

	if (flush) {
		left = FILE_FAULTS_LATE_REQUESTS;
		return;
	}
	before = left;
	if (before > 0 && atomic_compare_exchange_strong(&left, &before, before - 1) && before == 1)
		(void)!fdatasync(fd);
}

/* Is the request answered here already? */
static inline bool file_faults_answer(int fd, struct refublk_request *request)
{
	bool flush = request->op == REFUBLK_FLUSH;

	if (file_faults_has("fua-dropped"))
		request->flags &= ~(uint32_t)REFUBLK_FUA;
	if (file_faults_has("flush-early"))
		file_faults_sync_late(fd, flush);
	return flush && (file_faults_has("flush-early") || file_faults_has("flush-never"));
}

static inline struct refublk_step file_faults_step(struct refublk_step step)
{
	if (step.kind == REFUBLK_STEP_IO && step.io.op == REFUBLK_IO_WRITE &&
	    step.io.offset_bytes % FILE_FAULTS_WRONG_BYTES == 0 && file_faults_has("wrong-sector"))
		step.io.offset_bytes += 512;
	return step;
}

#endif
