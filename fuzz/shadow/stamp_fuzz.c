/* blkshadow's stamps on any sector: what it takes for whole is what it would write itself, and nothing else. */
#include <string.h>

#include "fuzz.h"
#include "stamp.h"

enum { SECTOR = OPERATION_SECTOR_BYTES };

static struct operation operation_of(struct fuzz *fuzz)
{
	return (struct operation){ .offset_bytes = fuzz_number(fuzz, 5) * SECTOR, .length_bytes = (1 + fuzz_below(fuzz, 8)) * SECTOR,
				   .number = fuzz_u32(fuzz), .kind = OPERATION_WRITE };
}

/* A sector as it would be written, then changed in some bytes. */
static bool make(struct fuzz *fuzz, uint8_t sector[SECTOR])
{
	struct stamp_identity identity = { .run = fuzz_u64(fuzz), .seed = fuzz_u64(fuzz), .generation = fuzz_u32(fuzz),
					   .device = fuzz_u32(fuzz) };
	struct operation operation = operation_of(fuzz);
	uint64_t number = operation_first_sector(&operation) + fuzz_below(fuzz, 8) % (operation.length_bytes / SECTOR);
	uint8_t whole[SECTOR], buffer[8 * SECTOR];
	bool same;

	stamp_write(&identity, &operation, number, whole);
	memcpy(sector, whole, SECTOR);
	stamp_fill(&identity, &operation, buffer);
	FUZZ_NEED(memcmp(buffer + (number - operation_first_sector(&operation)) * SECTOR, whole, SECTOR) == 0, "fill is write");
	for (int i = 0; i < 4 && fuzz->left_bytes >= 3; i++) {
		uint16_t at = fuzz_u16(fuzz) % SECTOR;

		sector[at] ^= fuzz_u8(fuzz);
	}
	same = memcmp(sector, whole, SECTOR) == 0;
	FUZZ_NEED(stamp_matches(&identity, &operation, number, sector) == same, "matches: every byte");
	FUZZ_NEED((stamp_hash(sector) == stamp_hash(whole)) == same, "another content has another hash");
	FUZZ_NEED((stamp_distance_bits(sector, whole) == 0) == same, "a distance where they differ");
	return same;
}

/* Rebuilt from the stamp alone. */
static bool rebuilt(const uint8_t sector[SECTOR], const struct stamp *stamp)
{
	struct stamp_identity identity = { stamp->run, stamp->seed, stamp->generation, stamp->device };
	struct operation operation = { .number = stamp->operation };
	uint8_t again[SECTOR];

	operation.offset_bytes = (stamp->sector - stamp->piece) * SECTOR;
	operation.length_bytes = (uint64_t)stamp->pieces * SECTOR;
	if (stamp->sector > UINT64_MAX / SECTOR || stamp->piece > stamp->sector || stamp->reserved[0] || stamp->reserved[1] ||
	    stamp->reserved[2])
		return false;
	stamp_write(&identity, &operation, stamp->sector, again);
	return memcmp(again, sector, SECTOR) == 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz fuzz = { data, size };
	uint8_t sector[SECTOR] = { 0 };
	bool made = fuzz_u8(&fuzz) & 1, zero = true, whole = false;
	struct stamp stamp;

	if (made)
		whole = make(&fuzz, sector);
	else
		for (size_t i = 0; i < SECTOR; i++)
			sector[i] = fuzz_u8(&fuzz);
	for (size_t i = 0; i < SECTOR; i++)
		zero = zero && sector[i] == 0;
	FUZZ_NEED(stamp_is_zero(sector) == zero, "zero: every byte");
	FUZZ_NEED(!zero || stamp_hash(sector) == stamp_zero_hash(), "the hash of zeroes");
	FUZZ_NEED(!made || !whole || stamp_intact(sector), "what was written is intact");
	if (stamp_intact(sector))
		FUZZ_NEED(stamp_read(sector, &stamp), "what is intact has a stamp");
	if (made && stamp_intact(sector))
		FUZZ_NEED(stamp_read(sector, &stamp) && rebuilt(sector, &stamp), "what is intact is what would be written");
	return 0;
}
