/* For every request and outcome: a COMMIT's number is all of it, 0, or a negative errno that survives. */
#include "proof.h"
#include "result.h"

/* What the block layer knows, and EIO. */
static bool survives(uint32_t error)
{
	return error == 95 || error == 110 || error == 28 || error == 67 || error == 121 || error == 52 || error == 61 ||
	       error == 84 || error == 12 || error == 16 || error == 11 || error == 19 || error == 109 || error == 75 ||
	       error == 62 || error == 22 || error == 5;
}

static uint32_t nearest(uint32_t error)
{
	if (survives(error))
		return error;
	return error == 122 || error == 27 ? 28 : 5;
}

void proof(void)
{
	struct refublk_request request = { .op = nondet_u32(), .offset_bytes = nondet_u64(), .length_bytes = nondet_u64(),
					   .flags = nondet_u32() };
	struct refublk_outcome outcome = { .done_bytes = nondet_u64(), .error = nondet_u32() };
	bool data = request.op == REFUBLK_READ || request.op == REFUBLK_WRITE;
	bool known = request.op <= REFUBLK_WRITE_ZEROES;
	struct result result;

	result = result_of(&request, outcome);
	if (outcome.error != 0) {
		PROVE(result.number == -(int32_t)nearest(outcome.error), "the nearest that survives, negative");
		PROVE(result.replaced == (survives(outcome.error) ? 0 : outcome.error), "the original is told");
	} else {
		PROVE(result.replaced == 0, "nothing replaced");
		if (data && outcome.done_bytes == request.length_bytes && request.length_bytes <= INT32_MAX)
			PROVE(result.number == (int32_t)request.length_bytes, "all of it");
		else
			PROVE(result.number == (known && !data ? 0 : -5), "0 where no data moves, else a failure");
	}
	PROVE(result.number <= 0 || (data && (uint64_t)result.number == request.length_bytes), "never short");
	PROVED();
}
