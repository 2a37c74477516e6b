#include <string.h>

#include "mix.h"
#include "stamp.h"

#define FILL_BYTES (OPERATION_SECTOR_BYTES - sizeof(struct stamp))
#define LANES 4u
#define LANE_BYTES 16u

/* Four numbers at a time with nothing but add, shift and xor: the baseline of every 64-bit machine has it. */
typedef uint32_t lanes __attribute__((vector_size(LANE_BYTES)));

_Static_assert(sizeof(struct stamp) == 64, "the fill begins at byte 64");
_Static_assert(FILL_BYTES % LANE_BYTES == 0, "whole vectors");

static uint32_t checksum(const struct stamp *stamp)
{
	const uint8_t *bytes = (const uint8_t *)stamp + offsetof(struct stamp, run);
	uint64_t sum = 0x2545f4914f6cdd1du;

	for (size_t at = 0; at < sizeof *stamp - offsetof(struct stamp, run); at += sizeof(uint64_t)) {
		uint64_t word;

		memcpy(&word, bytes + at, sizeof word);
		sum = (sum ^ word) * 0x9fb21c651e98df25u;
		sum ^= sum >> 29;
	}
	return (uint32_t)(sum ^ (sum >> 32));
}

static struct stamp make(const struct stamp_identity *identity, const struct operation *operation, uint64_t sector)
{
	struct stamp stamp = {
		.magic = STAMP_MAGIC,
		.run = identity->run,
		.seed = identity->seed,
		.sector = sector,
		.operation = operation->number,
		.generation = identity->generation,
		.device = identity->device,
		.piece = (uint32_t)(sector - operation_first_sector(operation)),
		.pieces = (uint32_t)(operation->length_bytes / OPERATION_SECTOR_BYTES),
	};

	stamp.checksum = checksum(&stamp);
	return stamp;
}

/* The generator's start: neighbouring sectors and operations begin far apart. */
static uint64_t fill_key(const struct stamp *stamp)
{
	uint64_t key = stamp->seed ^ stamp->run ^ ((uint64_t)stamp->generation << 32);

	return mix_64(key + stamp->operation * 0xd6e8feb86659fd93u + stamp->sector * 0x9e3779b97f4a7c15u);
}

static inline lanes fill_step(lanes counter, uint32_t key)
{
	lanes word = counter;

	word ^= word << 13;
	word ^= word >> 17;
	word += key;
	word ^= word << 5;
	word ^= word >> 15;
	return word;
}

static inline lanes fill_begin(uint64_t key)
{
	lanes counter = {0x9e3779b9u, 0x3c6ef372u, 0xdaa66d2bu, 0x78dde6e4u};

	return counter + (uint32_t)(key >> 32);
}

static void fill(const struct stamp *stamp, uint8_t *out)
{
	uint64_t key = fill_key(stamp);
	lanes counter = fill_begin(key);

	for (size_t at = 0; at < FILL_BYTES; at += LANE_BYTES) {
		lanes word = fill_step(counter, (uint32_t)key);

		memcpy(out + at, &word, sizeof word);
		counter += 0x6d2b79f5u;
	}
}

static bool fill_matches(const struct stamp *stamp, const uint8_t *data)
{
	uint64_t key = fill_key(stamp);
	lanes counter = fill_begin(key), difference = {0};

	for (size_t at = 0; at < FILL_BYTES; at += LANE_BYTES) {
		lanes word;

		memcpy(&word, data + at, sizeof word);
		difference |= word ^ fill_step(counter, (uint32_t)key);
		counter += 0x6d2b79f5u;
	}
	return (difference[0] | difference[1] | difference[2] | difference[3]) == 0;
}

void stamp_write(const struct stamp_identity *identity, const struct operation *operation, uint64_t sector, void *out)
{
	struct stamp stamp = make(identity, operation, sector);

	memcpy(out, &stamp, sizeof stamp);
	fill(&stamp, (uint8_t *)out + sizeof stamp);
}

void stamp_fill(const struct stamp_identity *identity, const struct operation *operation, void *buffer)
{
	uint64_t first = operation_first_sector(operation), end = operation_end_sector(operation);

	for (uint64_t sector = first; sector < end; sector++)
		stamp_write(identity, operation, sector,
			    (uint8_t *)buffer + (sector - first) * OPERATION_SECTOR_BYTES);
}

bool stamp_matches(const struct stamp_identity *identity, const struct operation *operation, uint64_t sector,
		   const void *data)
{
	struct stamp stamp = make(identity, operation, sector);

	return memcmp(data, &stamp, sizeof stamp) == 0 && fill_matches(&stamp, (const uint8_t *)data + sizeof stamp);
}

bool stamp_read(const void *data, struct stamp *stamp)
{
	memcpy(stamp, data, sizeof *stamp);
	return stamp->magic == STAMP_MAGIC && stamp->checksum == checksum(stamp);
}

bool stamp_intact(const void *data)
{
	struct stamp stamp;

	return stamp_read(data, &stamp) && fill_matches(&stamp, (const uint8_t *)data + sizeof stamp);
}

bool stamp_is_zero(const void *data)
{
	lanes any = {0};

	for (size_t at = 0; at < OPERATION_SECTOR_BYTES; at += LANE_BYTES) {
		lanes word;

		memcpy(&word, (const uint8_t *)data + at, sizeof word);
		any |= word;
	}
	return (any[0] | any[1] | any[2] | any[3]) == 0;
}

/* A step as XXH64's: each is a bijection of the word, and its products spread a change of a few bits over the whole lane,
 * so that no other change of a few bits takes it back. */
static inline uint64_t hash_step(uint64_t lane, uint64_t word)
{
	lane += word * 0xc2b2ae3d27d4eb4fu;
	return (lane << 31 | lane >> 33) * 0x9e3779b185ebca87u;
}

uint64_t stamp_hash(const void *data)
{
	uint64_t lane[LANES] = {1, 2, 3, 4}, word[LANES], hash = 0;

	for (size_t at = 0; at < OPERATION_SECTOR_BYTES; at += sizeof word) {
		memcpy(word, (const uint8_t *)data + at, sizeof word);
		for (unsigned number = 0; number < LANES; number++)
			lane[number] = hash_step(lane[number], word[number]);
	}
	for (unsigned number = 0; number < LANES; number++)
		hash = mix_64(hash ^ lane[number]);
	return hash;
}

uint64_t stamp_zero_hash(void)
{
	static const uint8_t zeroes[OPERATION_SECTOR_BYTES];

	return stamp_hash(zeroes);
}

unsigned stamp_distance_bits(const void *one, const void *other)
{
	unsigned bits = 0;

	for (size_t at = 0; at < OPERATION_SECTOR_BYTES; at += sizeof(uint64_t)) {
		uint64_t words[2];

		memcpy(&words[0], (const uint8_t *)one + at, sizeof words[0]);
		memcpy(&words[1], (const uint8_t *)other + at, sizeof words[1]);
		bits += (unsigned)__builtin_popcountll(words[0] ^ words[1]);
	}
	return bits;
}
