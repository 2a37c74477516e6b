#include <err.h>
#include <stdlib.h>
#include <string.h>

#include "findings.h"

void findings_add(struct findings *findings, uint64_t sector, const struct expectation *expected, const void *data,
		  uint32_t reader, uint64_t when_ns)
{
	struct finding *finding;

	findings->total++;
	if (findings->count == FINDINGS_KEPT)
		return;
	/* Grows by doubling: a power of two, or the beginning, means that it is full. */
	if ((findings->count & (findings->count - 1)) == 0) {
		findings->list = reallocarray(findings->list, findings->count ? findings->count * 2 : 1,
					      sizeof *findings->list);
		if (!findings->list)
			err(3, "no memory for findings");
	}
	finding = &findings->list[findings->count++];
	*finding = (struct finding){
		.sector = sector,
		.hash = expected->hash,
		.when_ns = when_ns,
		.expected = expected->candidates[expected->count - 1],
		.contenders = expected->count,
		.before = expected->before,
		.reader = reader,
		.settled = expected->settled,
		.pinned = expected->pinned,
	};
	for (uint32_t at = 0; at < expected->count && at < FINDINGS_CONTENDERS; at++)
		finding->others[at] = expected->candidates[at];
	memcpy(finding->data, data, sizeof finding->data);
}

void findings_free(struct findings *findings)
{
	free(findings->list);
	*findings = (struct findings){0};
}

static int compare_findings(const void *one, const void *other)
{
	const struct finding *first = one, *second = other;

	if (first->sector != second->sector)
		return first->sector < second->sector ? -1 : 1;
	return (first->reader > second->reader) - (first->reader < second->reader);
}

void findings_sort(struct findings *findings)
{
	if (findings->count)
		qsort(findings->list, findings->count, sizeof *findings->list, compare_findings);
}

const struct finding *findings_find(const struct findings *findings, uint64_t sector, uint32_t reader)
{
	for (size_t at = 0; at < findings->count; at++)
		if (findings->list[at].sector == sector && findings->list[at].reader == reader)
			return &findings->list[at];
	return NULL;
}
