#include "result.h"

#include "errnos.h"

/* What each errno becomes; what is not listed becomes EIO. The kernel lets through those that stand for
 * themselves; a full quota or file is, to a block device's client, a lack of space. */
static const uint8_t result_errnos[] = {
	[ERRNOS_EIO] = ERRNOS_EIO,
	[ERRNOS_EAGAIN] = ERRNOS_EAGAIN,
	[ERRNOS_ENOMEM] = ERRNOS_ENOMEM,
	[ERRNOS_EBUSY] = ERRNOS_EBUSY,
	[ERRNOS_ENODEV] = ERRNOS_ENODEV,
	[ERRNOS_EINVAL] = ERRNOS_EINVAL,
	[ERRNOS_EFBIG] = ERRNOS_ENOSPC,
	[ERRNOS_ENOSPC] = ERRNOS_ENOSPC,
	[ERRNOS_EBADE] = ERRNOS_EBADE,
	[ERRNOS_ENODATA] = ERRNOS_ENODATA,
	[ERRNOS_ETIME] = ERRNOS_ETIME,
	[ERRNOS_ENOLINK] = ERRNOS_ENOLINK,
	[ERRNOS_EOVERFLOW] = ERRNOS_EOVERFLOW,
	[ERRNOS_EILSEQ] = ERRNOS_EILSEQ,
	[ERRNOS_EOPNOTSUPP] = ERRNOS_EOPNOTSUPP,
	[ERRNOS_ETOOMANYREFS] = ERRNOS_ETOOMANYREFS,
	[ERRNOS_ETIMEDOUT] = ERRNOS_ETIMEDOUT,
	[ERRNOS_EREMOTEIO] = ERRNOS_EREMOTEIO,
	[ERRNOS_EDQUOT] = ERRNOS_ENOSPC,
};

enum { RESULT_ERRNOS = sizeof(result_errnos) / sizeof(result_errnos[0]) };

uint32_t result_surviving_errno(uint32_t error) /* R25 */
{
	uint32_t surviving = error < RESULT_ERRNOS ? result_errnos[error] : 0;

	return surviving != 0 ? surviving : ERRNOS_EIO;
}

static struct result result_of_error(uint32_t error) /* R22 */
{
	uint32_t surviving = result_surviving_errno(error);
	struct result result = {
		.number = -(int32_t)surviving,
		.replaced = surviving != error ? error : 0,
	};

	return result;
}

/* A length that the field cannot hold is no success either; desc never accepts one. */
static int32_t result_of_data(const struct refublk_request *request, struct refublk_outcome outcome) /* R23 */
{
	if (outcome.done_bytes != request->length_bytes || outcome.done_bytes > INT32_MAX)
		return -ERRNOS_EIO;
	return (int32_t)outcome.done_bytes;
}

struct result result_of(const struct refublk_request *request, struct refublk_outcome outcome) /* R24 */
{
	struct result result = { .number = -ERRNOS_EIO };

	if (outcome.error != 0)
		return result_of_error(outcome.error);
	switch ((enum refublk_op)request->op) {
	case REFUBLK_READ:
	case REFUBLK_WRITE:
		result.number = result_of_data(request, outcome);
		break;
	case REFUBLK_FLUSH:
	case REFUBLK_DISCARD:
	case REFUBLK_WRITE_ZEROES:
		result.number = 0;
		break;
	}
	return result;
}
