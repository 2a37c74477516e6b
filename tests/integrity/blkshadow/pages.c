#include <err.h>
#include <stdlib.h>

#include "mix.h"
#include "pages.h"
#include "reserve.h"
#include "stamp.h"

#define SLOTS_FIRST 64u

struct pages {
	struct page *pages;		/* reserved for the whole device, touched as far as `count` */
	size_t reserved_bytes;
	uint32_t *slots;		/* index + 1 into pages, 0 for empty */
	size_t slot_count;		/* a power of two */
	uint8_t *groups;		/* a bit for each group that has a page */
	uint32_t count;
	uint32_t limit;
	uint64_t zero_hash;
};

struct pages *pages_new(uint64_t size_bytes)
{
	struct pages *pages = calloc(1, sizeof *pages);
	uint64_t limit = size_bytes / OPERATION_PAGE_BYTES + 1;

	if (!pages)
		return NULL;
	pages->limit = limit < UINT32_MAX ? (uint32_t)limit : UINT32_MAX - 1;
	pages->reserved_bytes = (size_t)pages->limit * sizeof(struct page);
	pages->slot_count = SLOTS_FIRST;
	pages->slots = calloc(pages->slot_count, sizeof *pages->slots);
	pages->groups = calloc(limit / PAGES_GROUP / 8 + 1, 1);
	pages->pages = reserve_new(pages->reserved_bytes);
	pages->zero_hash = stamp_zero_hash();
	if (pages->slots && pages->groups && pages->pages)
		return pages;
	pages_free(pages);
	return NULL;
}

void pages_free(struct pages *pages)
{
	if (!pages)
		return;
	reserve_free(pages->pages, pages->reserved_bytes);
	free(pages->slots);
	free(pages->groups);
	free(pages);
}

/* The slot that holds the page, or the empty one where it belongs. */
static uint32_t *find_slot(const struct pages *pages, uint64_t number)
{
	size_t at = mix_64(number) & (pages->slot_count - 1);

	while (pages->slots[at] && pages->pages[pages->slots[at] - 1].number != number)
		at = (at + 1) & (pages->slot_count - 1);
	return &pages->slots[at];
}

struct page *pages_find(const struct pages *pages, uint64_t number)
{
	uint32_t index = *find_slot(pages, number);

	return index ? &pages->pages[index - 1] : NULL;
}

static void grow(struct pages *pages)
{
	free(pages->slots);
	pages->slot_count *= 2;
	pages->slots = calloc(pages->slot_count, sizeof *pages->slots);
	if (!pages->slots)
		err(3, "no memory for the shadow of %u pages", pages->count);
	for (uint32_t index = 0; index < pages->count; index++)
		*find_slot(pages, pages->pages[index].number) = index + 1;
}

struct page *pages_make(struct pages *pages, uint64_t number)
{
	uint32_t *slot = find_slot(pages, number);
	struct page *page;

	if (*slot)
		return &pages->pages[*slot - 1];
	if (pages->count == pages->limit)
		errx(3, "more than %u pages in use", pages->limit);
	page = &pages->pages[pages->count++];
	*slot = pages->count;
	page->number = number;
	pages->groups[number / PAGES_GROUP / 8] |= (uint8_t)(1u << number / PAGES_GROUP % 8);
	for (unsigned at = 0; at < OPERATION_PAGE_SECTORS; at++)
		page->cells[at].hash = pages->zero_hash;
	if (pages->count > pages->slot_count / 4 * 3)
		grow(pages);
	return page;
}

bool pages_group_in_use(const struct pages *pages, uint64_t group)
{
	return pages->groups[group / 8] & 1u << group % 8;
}

size_t pages_count(const struct pages *pages)
{
	return pages->count;
}

size_t pages_memory_bytes(const struct pages *pages)
{
	return pages->count * sizeof(struct page) + pages->slot_count * sizeof *pages->slots;
}
