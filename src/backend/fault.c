#include "fault.h"

#include <stdlib.h>

#include "backend.h"

struct fault {
	struct refublk_backend backend;
	const struct refublk_backend *inner;
	void *inner_context;
	struct fault_plan plan;
};

static bool fault_strikes(const struct fault *fault, const struct refublk_request *request)
{
	const struct fault_plan *plan = &fault->plan;

	if (!(plan->ops & (1u << request->op)))
		return false;
	return request->op == REFUBLK_FLUSH ||
	       (request->offset_bytes < plan->offset_bytes + plan->length_bytes &&
		plan->offset_bytes < request->offset_bytes + request->length_bytes);
}

/* What the inner backend answered, or what becomes of it. */
static struct refublk_step fault_step(const struct fault *fault, const struct refublk_request *request,
				      struct refublk_step step)
{
	if (fault->plan.kind == FAULT_SHORT && step.kind == REFUBLK_STEP_DONE && fault_strikes(fault, request))
		step.outcome.done_bytes /= 2;
	return step;
}

static struct refublk_step fault_begin(void *backend, const struct refublk_request *request)
{
	const struct fault *fault = backend;
	bool moves_data = request->op == REFUBLK_READ || request->op == REFUBLK_WRITE;

	if (fault->plan.kind == FAULT_ERROR && fault_strikes(fault, request))
		return refublk_failed((int)fault->plan.error);
	if (fault->plan.kind == FAULT_LOSE && fault_strikes(fault, request))
		return refublk_done(moves_data ? request->length_bytes : 0);
	return fault_step(fault, request, backend_begin(fault->inner, fault->inner_context, request));
}

static struct refublk_step fault_resume(void *backend, const struct refublk_request *request,
					struct refublk_cursor cursor, int64_t io_result)
{
	const struct fault *fault = backend;

	return fault_step(fault, request, fault->inner->resume(fault->inner_context, request, cursor, io_result));
}

static void *fault_lend(void *backend, const struct refublk_request *request)
{
	const struct fault *fault = backend;

	return fault_strikes(fault, request) ? NULL : fault->inner->lend(fault->inner_context, request);
}

int fault_open(struct fault **fault, const struct refublk_backend *inner, void *inner_context, struct fault_plan plan)
{
	*fault = malloc(sizeof(**fault));
	if (!*fault)
		return -ENOMEM;
	**fault = (struct fault){
		.backend = {
			.name = "fault",
			.read = fault_begin,
			.write = inner->write ? fault_begin : NULL,
			.flush = inner->flush ? fault_begin : NULL,
			.discard = inner->discard ? fault_begin : NULL,
			.write_zeroes = inner->write_zeroes ? fault_begin : NULL,
			.resume = inner->resume ? fault_resume : NULL,
			.lend = inner->lend ? fault_lend : NULL,
			.honours_fua = inner->honours_fua,
		},
		.inner = inner,
		.inner_context = inner_context,
		.plan = plan,
	};
	return 0;
}

const struct refublk_backend *fault_backend(const struct fault *fault)
{
	return &fault->backend;
}

void fault_close(struct fault *fault)
{
	free(fault);
}
