#include "seeded.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "driver_args.h"
#include "matrix.h"
#include "plane.h"
#include "rig.h"
#include "../../tests/unit/support/seed.h"

enum { SETS_PER_DEVICE = 12, MUTATIONS_MAX = 3 };

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* A choice of an array's values. */
#define ANY(array) ((array)[below(COUNT(array))])

static struct seed seed;
static struct driver_machine machine;

static uint64_t next(void)
{
	return seed_next(&seed);
}

static uint64_t below(uint64_t limit)
{
	return seed_below(&seed, limit);
}

static bool seldom(void)
{
	return below(16) == 0;
}

/* ---- ADD_DEV ------------------------------------------------------------------------------- */

static uint64_t any_flags(void)
{
	static const uint64_t recoveries[] = { 0, 0, 8, 8 | 16, 8 | 512, 16, 512, 8 | 16 | 512, 16 | 512 };
	uint64_t flags = ANY(recoveries);

	for (int i = 0; i < 4; i++)
		if (below(2))
			flags |= UINT64_C(1) << below(below(4) ? 22 : 64);
	return flags;
}

static struct driver_add any_add(void)
{
	static const uint16_t depths[] = { 1, 2, 64, 128, 4095, 4096, 0, 4097, 65535 },
			      queues[] = { 1, 1, 2, 3, 16, 4096, 0, 4097, 65535 },
			      strides[] = { 24, 32, 256, 0, 1, 8, 16, 25, 28, 264, 65535 }, lens[] = { 0, 63, 65, 65535 };
	static const uint32_t bytes[] = { 65536, 524288, 4096, 4097, 8191, 0, 1, 4095, 1 << 25, UINT32_MAX },
			      ids[] = { UINT32_MAX, UINT32_MAX, UINT32_MAX, 7, 1 << 20, (1 << 20) - 1, UINT32_MAX - 1 };
	struct driver_add add = { .dev_id = ANY(ids), .queue_id = UINT16_MAX, .len = sizeof(add.info), .address = true };

	add.info = (struct ublksrv_ctrl_dev_info){
		.nr_hw_queues = ANY(queues), .queue_depth = ANY(depths), .state = (uint16_t)below(5),
		.io_desc_size = ANY(strides), .max_io_buf_bytes = ANY(bytes), .dev_id = add.dev_id,
		.ublksrv_pid = (int32_t)below(1000), .flags = any_flags(), .ublksrv_flags = next(),
		.owner_uid = (uint32_t)below(3), .owner_gid = (uint32_t)below(3),
	};
	if (seldom())
		add.queue_id = (uint16_t)below(2);
	if (seldom())
		add.len = ANY(lens);
	if (seldom())
		add.info.dev_id ^= 1;
	add.address = !seldom();
	return add;
}

static int send_add(struct driver_add add, struct ublksrv_ctrl_dev_info *info)
{
	struct ublksrv_ctrl_cmd payload = { .dev_id = add.dev_id, .queue_id = add.queue_id, .len = add.len };

	*info = add.info;
	if (add.address)
		payload.addr = (uintptr_t)info;
	return plane_call(UBLK_U_CMD_ADD_DEV, payload);
}

static int send_get_info(uint32_t dev_id, struct ublksrv_ctrl_dev_info *info)
{
	struct ublksrv_ctrl_cmd payload = plane_payload(dev_id);

	payload.addr = (uintptr_t)info;
	payload.len = sizeof(*info);
	return plane_call(UBLK_U_CMD_GET_DEV_INFO, payload);
}

static void say_info(const char *who, const struct ublksrv_ctrl_dev_info *info)
{
	printf("  %s: queues %u depth %u state %u stride %u bytes %u id %u pid %d flags %#llx owner %u:%u\n", who,
	       info->nr_hw_queues, info->queue_depth, info->state, info->io_desc_size, info->max_io_buf_bytes, info->dev_id,
	       info->ublksrv_pid, (unsigned long long)info->flags, info->owner_uid, info->owner_gid);
}

/* ---- SET_PARAMS, GET_PARAMS ---------------------------------------------------------------- */

static void mutate_basic(struct ublk_param_basic *basic, uint32_t max_sectors)
{
	static const uint8_t shifts[] = { 9, 12, 0, 8, 10, 13, 16, 28, 29, 31, 255 };
	uint32_t sectors[] = { 8, 7, 0, max_sectors, max_sectors + 1, max_sectors - 1, UINT32_MAX };

	switch (below(6)) {
	case 0:
		basic->logical_bs_shift = ANY(shifts);
		break;
	case 1:
		basic->physical_bs_shift = ANY(shifts);
		break;
	case 2:
		basic->io_min_shift = ANY(shifts);
		break;
	case 3:
		basic->io_opt_shift = ANY(shifts);
		break;
	case 4:
		basic->max_sectors = ANY(sectors);
		break;
	default:
		basic->dev_sectors = next();
		basic->attrs = (uint32_t)next();
	}
}

static void mutate_new(struct ublk_params *params)
{
	static const uint32_t masks[] = { 0, 3, 511, 4095, 4096, 2, 8191, UINT32_MAX, 1023 },
			      sizes[] = { 4096, 4095, 0, 65536, UINT32_MAX };
	static const uint64_t boundaries[] = { 4095, 65535, UINT64_MAX, 0, 511, 4096, UINT32_MAX, UINT64_MAX >> 1 };

	params->dma.alignment = ANY(masks);
	params->seg = (struct ublk_param_segment){ .seg_boundary_mask = ANY(boundaries), .max_segment_size = ANY(sizes) };
	params->integrity = (struct ublk_param_integrity){
		.flags = (uint32_t)below(5), .interval_exp = (uint8_t)(8 + below(6)), .metadata_size = (uint8_t)below(20),
		.pi_offset = (uint8_t)below(8), .csum_type = (uint8_t)below(5),
	};
}

static void mutate(struct ublk_params *params, uint32_t max_sectors)
{
	static const uint32_t types[] = { 1, 3, 0, 2, 1 | 4, 1 | 8, 1 | 16, 1 | 32, 1 | 64, 0x73, 0xffffffff, 1 | 128 },
			      lens[] = { 152, 151, 153, 112, 111, 60, 40, 9, 8, 7, 4, 1, 0, 65535, 65536 };

	switch (below(5)) {
	case 0:
		mutate_basic(&params->basic, max_sectors);
		break;
	case 1:
		params->discard = (struct ublk_param_discard){
			.discard_granularity = (uint32_t)below(3) * 512, .max_discard_sectors = (uint32_t)below(2) * 2048,
			.max_discard_segments = (uint16_t)below(3),
		};
		params->types |= UBLK_PARAM_TYPE_DISCARD;
		break;
	case 2:
		params->types = ANY(types);
		break;
	case 3:
		mutate_new(params);
		params->types |= 1u << (4 + below(3));
		break;
	default:
		params->len = seldom() ? (uint32_t)below(200) : ANY(lens);
	}
}

static struct ublk_params any_params(uint32_t max_sectors)
{
	struct ublk_params params = {
		.len = sizeof(params), .types = UBLK_PARAM_TYPE_BASIC,
		.basic = { .logical_bs_shift = 9, .physical_bs_shift = 12, .io_opt_shift = 12, .io_min_shift = 9,
			   .max_sectors = max_sectors, .dev_sectors = 2048 },
		.discard = { .discard_granularity = 512, .max_discard_sectors = 2048, .max_discard_segments = 1 },
	};

	for (uint64_t i = below(MUTATIONS_MAX + 1); i > 0; i--)
		mutate(&params, max_sectors);
	return params;
}

static int send_params(uint32_t op, uint32_t dev_id, uint16_t len, struct ublk_params *params)
{
	struct ublksrv_ctrl_cmd payload = plane_payload(dev_id);

	payload.addr = (uintptr_t)params;
	payload.len = len;
	return plane_call(op, payload);
}

/* What is kept is what GET_PARAMS hands out, but for the numbers of the nodes. */
static bool get_agrees(const struct ublksrv_ctrl_dev_info *granted, struct ublk_params *kept)
{
	static const uint32_t lens[] = { 152, 152, 152, 112, 60, 9, 8, 0, 153, 65535 };
	struct ublk_params found;
	uint32_t asked = ANY(lens);
	uint16_t len = seldom() ? (uint16_t)below(160) : asked > 152 ? 152 : (uint16_t)asked;
	int wanted = driver_get_params(rig_kernel, len, asked), result;

	memset(&found, 0xdb, sizeof(found));
	found.len = asked;
	result = send_params(UBLK_U_CMD_GET_PARAMS, granted->dev_id, len, &found);
	if (result != (wanted < 0 ? wanted : 0)) {
		printf("  GET_PARAMS len %u asked %u: spec/driver %d, the kernel %d\n", len, asked, wanted, result);
		return false;
	}
	if (wanted < 0)
		return true;
	kept->types |= UBLK_PARAM_TYPE_DEVT;
	if ((size_t)wanted >= offsetof(struct ublk_params, zoned))
		kept->devt = found.devt;
	else
		memcpy(&found.devt, &kept->devt, sizeof(found.devt));
	if (memcmp(&found, kept, (size_t)wanted) != 0)
		printf("  GET_PARAMS of %d bytes: len %u types %#x, not len %u types %#x\n", wanted, found.len, found.types,
		       kept->len, kept->types);
	return memcmp(&found, kept, (size_t)wanted) == 0;
}

static bool params_agree(const struct ublksrv_ctrl_dev_info *granted)
{
	struct ublk_params kept = { 0 };

	for (int i = 0; i < SETS_PER_DEVICE; i++) {
		struct ublk_params params = any_params(granted->max_io_buf_bytes / 512);
		uint16_t len = params.len > sizeof(params) || seldom() ? (uint16_t)sizeof(params) : (uint16_t)params.len;
		int wanted = driver_set_params(rig_kernel, machine, granted, len, &params, &kept);
		int result = send_params(UBLK_U_CMD_SET_PARAMS, granted->dev_id, len, &params);

		if (result != wanted) {
			printf("  SET_PARAMS len %u/%u types %#x shifts %u %u %u %u sectors %u: spec/driver %s%s, the kernel %s%s\n",
			       len, params.len, params.types, params.basic.logical_bs_shift, params.basic.physical_bs_shift,
			       params.basic.io_min_shift, params.basic.io_opt_shift, params.basic.max_sectors, wanted ? "-" : "",
			       wanted ? matrix_errno(-wanted) : "0", result ? "-" : "", result ? matrix_errno(-result) : "0");
			return false;
		}
		if (!get_agrees(granted, &kept))
			return false;
	}
	return true;
}

/* ---- rounds -------------------------------------------------------------------------------- */

static bool round_agrees(void)
{
	struct driver_add add = any_add();
	struct ublksrv_ctrl_dev_info wanted_info = { 0 }, info, shown;
	int wanted = driver_add(rig_kernel, machine, add, &wanted_info), result = send_add(add, &info);
	bool agrees = result == wanted;

	if (result == 0 && wanted_info.dev_id == UINT32_MAX)
		wanted_info.dev_id = info.dev_id;
	agrees = agrees && (result != 0 || memcmp(&info, &wanted_info, sizeof(info)) == 0);
	if (!agrees) {
		printf("  ADD_DEV id %u queue %u len %u address %d: spec/driver %d, the kernel %d\n", add.dev_id, add.queue_id, add.len,
		       add.address, wanted, result);
		say_info("asked", &add.info);
		say_info("spec/driver", &wanted_info);
		say_info("kernel", &info);
	}
	if (result != 0)
		return agrees;
	if (send_get_info(info.dev_id, &shown) != 0 || memcmp(&shown, &info, sizeof(info)) != 0) {
		say_info("GET_DEV_INFO", &shown);
		agrees = false;
	}
	/* A zoned device has rules of its own, which nobody here asks for. */
	if (agrees && !(info.flags & UBLK_F_ZONED))
		agrees = params_agree(&info);
	result = plane_call(UBLK_U_CMD_DEL_DEV, plane_payload(info.dev_id));
	if (result)
		printf("  DEL_DEV %u: %d\n", info.dev_id, result);
	return agrees && result == 0;
}

static uint32_t possible_cpus(void)
{
	FILE *file = fopen("/sys/devices/system/cpu/possible", "r");
	unsigned int first = 0, last = 0;

	if (file && fscanf(file, "%u-%u", &first, &last) == 1)
		last = first;
	if (file)
		fclose(file);
	return last + 1;
}

int seeded_run(int rounds)
{
	int faults = 0;

	machine = (struct driver_machine){ .page_bytes = (uint32_t)sysconf(_SC_PAGESIZE), .cpus = possible_cpus() };
	seed = seed_start("misuse seeded");
	for (int round = 0; round < rounds; round++) {
		unsigned long long begin = seed.state;

		if (!round_agrees()) {
			printf("misuse: seeded: round %d disagrees: SEED=%llu repeats it as its first\n", round, begin);
			faults++;
		}
	}
	return faults;
}
