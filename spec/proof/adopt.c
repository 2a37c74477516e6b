/* Whatever a kernel says of a device: what is accepted is served as it is, within the backend, and nothing wraps. */
#include "adopt.h"
#include "proof.h"

static struct ublk_params any_params(void)
{
	struct ublk_params params = { .len = nondet_u32(), .types = nondet_u32() };

	params.basic.attrs = nondet_u32();
	params.basic.logical_bs_shift = nondet_u8();
	params.basic.physical_bs_shift = nondet_u8();
	params.basic.max_sectors = nondet_u32();
	params.basic.dev_sectors = nondet_u64();
	params.discard.discard_granularity = nondet_u32();
	params.discard.max_discard_sectors = nondet_u32();
	params.discard.max_write_zeroes_sectors = nondet_u32();
	return params;
}

static void prove_served_as_it_is(const struct ublksrv_ctrl_dev_info *info, const struct ublk_params *params,
				  struct params_config config)
{
	const struct ublk_param_basic *basic = &params->basic;

	PROVE(config.size_bytes >> 9 == basic->dev_sectors && config.size_bytes % 512 == 0, "size");
	PROVE(config.block_bytes == UINT64_C(1) << basic->logical_bs_shift, "block");
	PROVE(config.physical_block_bytes == UINT64_C(1) << basic->physical_bs_shift, "physical block");
	PROVE(config.max_io_bytes == (uint64_t)basic->max_sectors * 512, "the largest I/O");
	PROVE(config.queues == info->nr_hw_queues && config.depth_tags == info->queue_depth, "queues and depth");
	PROVE(((config.flags & PARAMS_READ_ONLY) != 0) == ((basic->attrs & 1) != 0), "read-only");
	PROVE(((config.flags & PARAMS_GET_DATA) != 0) == ((info->flags & 4) != 0), "get-data mode");
	PROVE((config.flags & PARAMS_RECOVERY) != 0, "recoverable");
}

void proof(void)
{
	struct ublksrv_ctrl_dev_info info = { .nr_hw_queues = nondet_u16(), .queue_depth = nondet_u16(), .state = nondet_u16(),
					      .max_io_buf_bytes = nondet_u32(), .dev_id = nondet_u32(), .flags = nondet_u64() };
	struct ublk_params params = any_params();
	uint32_t offers = nondet_u32();
	uint64_t backend_bytes = nondet_u64();
	uint32_t verdict = adopt_check(&info, &params, offers, backend_bytes);
	struct params_config config = adopt_config(&info, &params, 4096, UINT64_MAX);

	PROVE(verdict < ADOPT_VERDICTS, "a verdict");
	ASSUME(verdict == ADOPT_ACCEPTED && params_check(config) == PARAMS_ACCEPTED);
	PROVE((info.flags & 8) != 0 && info.state != 0, "only what waits for a server is taken over");
	PROVE((info.flags & (1 | 32 | 128 | 256 | 2048 | 32768 | 65536 | 524288 | 1048576)) == 0, "no mode that is left out");
	PROVE(config.size_bytes <= backend_bytes, "the backend holds it");
	if ((config.flags & PARAMS_READ_ONLY) == 0) {
		PROVE((offers & PARAMS_READ_ONLY) == 0, "what is written can be written");
		PROVE((config.flags & PARAMS_VOLATILE_CACHE) == (offers & PARAMS_VOLATILE_CACHE), "what is owed is asked for");
		PROVE((config.flags & (PARAMS_FUA | PARAMS_DISCARD | PARAMS_WRITE_ZEROES) & ~offers) == 0, "what is offered can be done");
	}
	prove_served_as_it_is(&info, &params, config);
	PROVED();
}
