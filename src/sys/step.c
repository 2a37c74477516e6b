#include "step.h"

static uint32_t step_check_io(const struct refublk_backend *backend, const struct refublk_io *io)
{
	if (!backend->resume)
		return STEP_NO_RESUME;
	switch ((enum refublk_io_op)io->op) {
	case REFUBLK_IO_READ:
	case REFUBLK_IO_WRITE:
		return io->length_bytes <= INT32_MAX ? STEP_LAWFUL : STEP_IO_LENGTH;
	case REFUBLK_IO_FDATASYNC:
	case REFUBLK_IO_FALLOCATE:
		return STEP_LAWFUL;
	}
	return STEP_IO_OP;
}

uint32_t step_check(const struct refublk_backend *backend, const struct refublk_step *step)
{
	switch ((enum refublk_step_kind)step->kind) {
	case REFUBLK_STEP_DONE:
	case REFUBLK_STEP_LATER:
		return STEP_LAWFUL;
	case REFUBLK_STEP_IO:
		return step_check_io(backend, &step->io);
	}
	return STEP_KIND;
}

const char *step_verdict_text(uint32_t verdict)
{
	switch ((enum step_verdict)verdict) {
	case STEP_LAWFUL:
		return "lawful";
	case STEP_KIND:
		return "it answered a step of an unknown kind";
	case STEP_IO_OP:
		return "it asked for an io of an unknown kind";
	case STEP_IO_LENGTH:
		return "it asked for an io of 2 GiB or more";
	case STEP_NO_RESUME:
		return "it asked for an io and has no resume function";
	case STEP_VERDICTS:
		break;
	}
	return "unknown";
}
