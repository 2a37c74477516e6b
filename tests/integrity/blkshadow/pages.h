/*
 * The cells of the sectors in use, eight to a page of 4096 bytes, found by page number. A page that is not there holds
 * recorded zeroes, so a sparse device of any size costs memory only where something was found or written.
 */
#ifndef PAGES_H
#define PAGES_H

#include <stddef.h>

#include "cell.h"
#include "operation.h"

struct page {
	uint64_t number;
	struct cell cells[OPERATION_PAGE_SECTORS];
};

#define PAGES_GROUP 256u

struct pages;

/* For a device of this size; NULL without memory. */
struct pages *pages_new(uint64_t size_bytes);
void pages_free(struct pages *pages);

/* NULL when it is not there. Stays valid until pages_free. */
struct page *pages_find(const struct pages *pages, uint64_t number);

/* Makes it, with recorded zeroes, when it is not there. */
struct page *pages_make(struct pages *pages, uint64_t number);

/* Is any page of this group of PAGES_GROUP there? */
bool pages_group_in_use(const struct pages *pages, uint64_t group);

size_t pages_count(const struct pages *pages);
size_t pages_memory_bytes(const struct pages *pages);

#endif
