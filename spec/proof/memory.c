/* The memory of all buffers, wherever nothing else is wrong: no product wraps, and a limit below it is refused and no
 * other. The products are compared by an SMT solver, which knows what a multiplication is. */
#include "params.h"
#include "proof.h"

/* 1 to most, a power of two: the bits above are constant. */
static uint32_t any_from_one(uint32_t most)
{
	return (nondet_u32() & (most - 1)) + 1;
}

void proof(void)
{
	struct params_config config = {
		.size_bytes = 4096, .block_bytes = 512, .physical_block_bytes = 512, .page_bytes = PAGE, .id = -1,
		.max_io_bytes = any_from_one((1u << 25) / PAGE) * PAGE, .queues = any_from_one(4096),
		.depth_tags = any_from_one(4096), .memory_limit_bytes = nondet_u64(),
	};
	unsigned __int128 whole = (unsigned __int128)config.queues * config.depth_tags * config.max_io_bytes;

	PROVE(params_memory_bytes(config) == whole, "all buffers");
	PROVE(params_check(config) == (params_memory_bytes(config) <= config.memory_limit_bytes ? PARAMS_ACCEPTED : PARAMS_MEMORY),
	      "the limit");
	PROVED();
}
