#include "mix.h"
#include "plan.h"

#define SEGMENT 64u
#define SEGMENTS_SALT 0x5e9u
#define READ_BACK 256u
#define REGION_BYTES (1u << 20)
#define EPOCH 1024u
#define HOT_SPOTS 4u
#define BOUNDARY_FIRST 4096u

struct place {
	uint64_t offset_bytes, length_bytes;
};

static const char *const pattern_names[PLAN_PATTERNS] = {
	[PLAN_MIXED] = "mixed",	      [PLAN_SCATTERED] = "scattered", [PLAN_SEQUENTIAL] = "sequential",
	[PLAN_HOT] = "hot",	      [PLAN_BOUNDARY] = "boundary",   [PLAN_END] = "end",
};

static const char *const cache_names[] = {
	[PLAN_DIRECT] = "direct",
	[PLAN_BUFFERED] = "buffered",
	[PLAN_BOTH] = "both",
};

const char *plan_pattern_name(enum plan_pattern pattern)
{
	return pattern_names[pattern];
}

const char *plan_cache_name(enum plan_cache cache)
{
	return cache_names[cache];
}

/* The n-th random number that belongs to `number`. */
static uint64_t random_of(const struct plan *plan, uint64_t number, uint64_t nth)
{
	return mix_pair(plan->seed + nth * 0x9e3779b97f4a7c15u, number);
}

static uint64_t blocks(const struct plan *plan, uint64_t bytes)
{
	return bytes / plan->block_bytes;
}

/* Evenly over the powers of two, so that small and large requests are equally likely. */
static uint64_t choose_length(const struct plan *plan, uint64_t random)
{
	uint64_t least = blocks(plan, plan->min_bytes), most = blocks(plan, plan->max_bytes);
	unsigned doublings = 0;
	uint64_t low, high;

	while (least << doublings < most)
		doublings++;
	low = least << mix_below(random >> 32, doublings + 1u);
	if (low >= most)
		return plan->max_bytes;
	high = low * 2 < most ? low * 2 : most;
	return (low + mix_below(random, high - low)) * plan->block_bytes;
}

/* Half of the hot requests begin at the same block. */
static struct place place_hot(const struct plan *plan, uint64_t random, uint64_t length_bytes)
{
	uint64_t spot = random_of(plan, random % HOT_SPOTS, 77);
	uint64_t shift = random >> 8 & 1 ? 0 : (random >> 16) % 16;
	uint64_t limit_bytes = plan->block_bytes * 32;

	if (length_bytes > limit_bytes && limit_bytes >= plan->min_bytes)
		length_bytes = plan->block_bytes * (1 + (random >> 24) % 32);
	if (length_bytes < plan->min_bytes)
		length_bytes = plan->min_bytes;
	return (struct place){(mix_below(spot, blocks(plan, plan->size_bytes)) + shift) * plan->block_bytes, length_bytes};
}

static struct place place_boundary(const struct plan *plan, uint64_t random, uint64_t length_bytes)
{
	uint64_t boundary = BOUNDARY_FIRST, choices = 1, before;

	while (boundary << choices <= plan->size_bytes / 2)
		choices++;
	boundary <<= mix_below(random >> 40, choices);
	before = mix_below(random, blocks(plan, length_bytes) + 1) * plan->block_bytes;
	boundary *= 1 + mix_below(random >> 16, plan->size_bytes / boundary + 1);
	return (struct place){boundary > before ? boundary - before : 0, length_bytes};
}

static enum plan_pattern pattern_of(const struct plan *plan, uint32_t number)
{
	uint64_t random = random_of(plan, (number - 1) / SEGMENT, SEGMENTS_SALT);

	return plan->pattern != PLAN_MIXED ? plan->pattern
					   : (enum plan_pattern)(PLAN_SCATTERED + random % (PLAN_PATTERNS - 1));
}

/* Segments of a mixed plan begin anywhere; a plan that is all sequential runs over the device from its start. */
static struct place place_sequential(const struct plan *plan, uint32_t number)
{
	uint64_t segment = (number - 1) / SEGMENT, at = (number - 1) % SEGMENT, base = 0, length_bytes, count;

	if (plan->pattern == PLAN_SEQUENTIAL) {
		length_bytes = plan->max_bytes;
		at = number - 1;
	} else {
		length_bytes = choose_length(plan, random_of(plan, segment, 3));
		base = mix_below(random_of(plan, segment, 4), blocks(plan, plan->size_bytes)) * plan->block_bytes;
	}
	count = plan->size_bytes / length_bytes;
	return (struct place){(base + at % count * length_bytes) % plan->size_bytes, length_bytes};
}

static struct place place_of(const struct plan *plan, uint32_t number)
{
	uint64_t random = random_of(plan, number, 1);
	struct place place = {0, choose_length(plan, random_of(plan, number, 2))};

	switch (pattern_of(plan, number)) {
	case PLAN_SEQUENTIAL:
		place = place_sequential(plan, number);
		break;
	case PLAN_HOT:
		place = place_hot(plan, random, place.length_bytes);
		break;
	case PLAN_BOUNDARY:
		place = place_boundary(plan, random, place.length_bytes);
		break;
	case PLAN_END:
		place.offset_bytes = plan->size_bytes - place.length_bytes;
		break;
	case PLAN_MIXED:
	case PLAN_SCATTERED:
	case PLAN_PATTERNS:
		place.offset_bytes = mix_below(random, blocks(plan, plan->size_bytes)) * plan->block_bytes;
		break;
	}
	if (place.offset_bytes > plan->size_bytes - plan->block_bytes)
		place.offset_bytes = plan->size_bytes - plan->block_bytes;
	if (place.length_bytes > plan->size_bytes - place.offset_bytes)
		place.length_bytes = plan->size_bytes - place.offset_bytes;
	return place;
}

static enum operation_kind kind_of(const struct plan *plan, uint32_t number)
{
	uint64_t random = random_of(plan, number, 5) % 1000;

	if (random < plan->writes)
		return OPERATION_WRITE;
	random -= plan->writes;
	if (random < plan->discards)
		return OPERATION_DISCARD;
	random -= plan->discards;
	if (random < plan->zeroes)
		return OPERATION_ZEROES;
	random -= plan->zeroes;
	return random < plan->flushes ? OPERATION_FLUSH : OPERATION_READ;
}

/* A place keeps its mode for a while: switching at every operation would leave nothing to overlap. */
static bool direct_of(const struct plan *plan, const struct operation *operation)
{
	uint64_t region = operation->offset_bytes / REGION_BYTES, epoch = operation->number / EPOCH;

	if (operation->kind == OPERATION_DISCARD || operation->kind == OPERATION_ZEROES)
		if (plan->zeroes_direct)
			return true;
	if (plan->cache == PLAN_BOTH)
		return random_of(plan, region * 0x10001u + epoch, 6) & 1;
	return plan->cache == PLAN_DIRECT;
}

/* Which stress it is, from 1; 0 for none. */
static uint32_t stress_of(const struct plan *plan, uint32_t number)
{
	uint32_t which = plan->stresses ? (number - 1) / plan->stress_every : 0;

	if (which >= plan->stresses ||
	    (number - 1) % plan->stress_every != mix_below(random_of(plan, which, 9), plan->stress_every))
		return 0;
	return which + 1;
}

struct operation plan_operation(const struct plan *plan, uint32_t number)
{
	struct operation operation = {.number = number, .kind = kind_of(plan, number), .job = (number - 1) % plan->jobs};
	uint64_t random = random_of(plan, number, 8);
	uint32_t source = number;
	struct place place;

	operation.stress = stress_of(plan, number);
	if (operation.stress) {
		operation.stress--;
		operation.kind = OPERATION_STRESS;
	}
	if (!operation_has_place(operation.kind))
		return operation;
	/* Most reads look at what a recent operation has touched. */
	if (operation.kind == OPERATION_READ && number > 1 && random & 7)
		source = number - 1 - (uint32_t)mix_below(random >> 3, number - 1 < READ_BACK ? number - 1 : READ_BACK);
	place = place_of(plan, source);
	operation.offset_bytes = place.offset_bytes;
	operation.length_bytes = place.length_bytes;
	operation.direct = direct_of(plan, &operation);
	operation.fua = operation.kind == OPERATION_WRITE && random_of(plan, number, 7) % 1000 < plan->fua;
	return operation;
}
