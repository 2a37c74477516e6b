#include <unistd.h>

#include "file_inside.h"
#ifdef REFUBLK_TEST_FAULTS
#include "file_faults.h"
#endif

/* Once per file; not when the device was resized while the operation was under way. */
static void file_backend_say_ended(struct file *file)
{
	const uint64_t size_bytes = atomic_load(&file->size_bytes);
	const off_t found_bytes = lseek(file->config.fd, 0, SEEK_END);

	if (found_bytes >= 0 && (uint64_t)found_bytes >= size_bytes)
		return;
	if (!atomic_exchange(&file->ended_said, true))
		log_say(file->log, REFUBLK_ERROR,
			"%s has become shorter, %lld bytes, than its device of %llu: what lies beyond fails with an I/O error",
			file->path, (long long)found_bytes, (unsigned long long)size_bytes);
}

/* Says what the machine has noticed. */
static struct refublk_step file_backend_step(struct file *file, struct file_step decided)
{
	if (decided.note == FILE_ENDED)
		file_backend_say_ended(file);
	return decided.step;
}

static struct refublk_step file_backend_begin(void *backend, const struct refublk_request *request)
{
	struct file *file = backend;
#ifdef REFUBLK_TEST_FAULTS
	struct refublk_request faulty = *request;

	if (file_faults_answer(file->config.fd, &faulty))
		return refublk_done(0);
	return file_faults_step(file_backend_step(file, file_begin(file->config, faulty)));
#else
	return file_backend_step(file, file_begin(file->config, *request));
#endif
}

static struct refublk_step file_backend_resume(void *backend, const struct refublk_request *request,
					       struct refublk_cursor cursor, int64_t io_result)
{
	struct file *file = backend;

	return file_backend_step(file, file_resume(file->config, *request, cursor, io_result));
}

static const struct refublk_backend file_backend_whole = {
	.name = "file",
	.read = file_backend_begin,
	.write = file_backend_begin,
	.flush = file_backend_begin,
	.discard = file_backend_begin,
	.write_zeroes = file_backend_begin,
	.resume = file_backend_resume,
	.honours_fua = true,
};

static const struct refublk_backend file_backend_no_discard = {
	.name = "file",
	.read = file_backend_begin,
	.write = file_backend_begin,
	.flush = file_backend_begin,
	.write_zeroes = file_backend_begin,
	.resume = file_backend_resume,
	.honours_fua = true,
};

static const struct refublk_backend file_backend_read_only = {
	.name = "file",
	.read = file_backend_begin,
	.resume = file_backend_resume,
};

const struct refublk_backend *file_backend(const struct file *file)
{
	if (file->read_only)
		return &file_backend_read_only;
	return file->discard ? &file_backend_whole : &file_backend_no_discard;
}
