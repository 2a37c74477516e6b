#include <string.h>

#include "data.h"

/* ---- symmetry ------------------------------------------------------------------------------ */

/* Tags of a queue are alike, queues are alike and requests are alike: of the worlds that differ by their names only, one is kept. Any
 * permutation keeps every property; a better order only keeps fewer worlds. */

static void sort(void *base, uint32_t count, uint32_t size, int (*order)(const void *one, const void *other))
{
	uint8_t *items = base, spare[sizeof(struct data_tag)];

	for (uint32_t end = count; end > 1; end--)
		for (uint32_t i = 0; i + 1 < end; i++) {
			if (order(items + i * size, items + (i + 1) * size) <= 0)
				continue;
			memcpy(spare, items + i * size, size);
			memcpy(items + i * size, items + (i + 1) * size, size);
			memcpy(items + (i + 1) * size, spare, size);
		}
}

/* Without the names of requests, but with what is known of the one at hand. */
static int order_tags(const void *one, const void *other)
{
	struct data_tag tags[2] = { *(const struct data_tag *)one, *(const struct data_tag *)other };
	struct data_request_state requests[2] = { { 0 }, { 0 } };

	for (uint32_t i = 0; i < 2; i++) {
		if (tags[i].request != 0)
			requests[i] = world.request[tags[i].request - 1];
		tags[i].request = tags[i].request != 0;
		tags[i].seen = tags[i].seen != 0;
		tags[i].lent_for = tags[i].lent_for != 0;
	}
	if (memcmp(&tags[0], &tags[1], sizeof(tags[0])) != 0)
		return memcmp(&tags[0], &tags[1], sizeof(tags[0]));
	return memcmp(&requests[0], &requests[1], sizeof(requests[0]));
}

static int order_queues(uint32_t one, uint32_t other)
{
	for (uint32_t i = 0; i < QUEUE_TAGS; i++) {
		int order = order_tags(&world.tag[one * QUEUE_TAGS + i], &world.tag[other * QUEUE_TAGS + i]);

		if (order != 0)
			return order;
	}
	return 0;
}

static void swap_queues(uint32_t one, uint32_t other)
{
	struct tally tally = world.tally[one];

	world.tally[one] = world.tally[other];
	world.tally[other] = tally;
	for (uint32_t i = 0; i < QUEUE_TAGS; i++) {
		struct data_tag tag = world.tag[one * QUEUE_TAGS + i];

		world.tag[one * QUEUE_TAGS + i] = world.tag[other * QUEUE_TAGS + i];
		world.tag[other * QUEUE_TAGS + i] = tag;
	}
}

static void sort_tags(void)
{
	for (uint32_t i = 0; i < QUEUES; i++)
		sort(&world.tag[i * QUEUE_TAGS], QUEUE_TAGS, sizeof(world.tag[0]), order_tags);
	for (uint32_t end = QUEUES; end > 1; end--)
		for (uint32_t i = 0; i + 1 < end; i++)
			if (order_queues(i, i + 1) > 0)
				swap_queues(i, i + 1);
}

struct named_request {
	struct data_request_state request;
	uint8_t rank; /* the tag that it stands at, from 1; later: of none */
	uint8_t name; /* from 1 */
};

static int order_requests(const void *one, const void *other)
{
	const struct named_request *requests[2] = { one, other };

	if (requests[0]->rank != requests[1]->rank)
		return requests[0]->rank < requests[1]->rank ? -1 : 1;
	return memcmp(&requests[0]->request, &requests[1]->request, sizeof(requests[0]->request));
}

static void give_rank(struct named_request *requests, uint8_t name, uint32_t tag)
{
	if (name != 0 && requests[name - 1].rank > tag + 1)
		requests[name - 1].rank = (uint8_t)(tag + 1);
}

void data_sort(void)
{
	struct named_request requests[REQUESTS];
	uint8_t names[REQUESTS + 1] = { 0 };

	sort_tags();
	for (uint8_t i = 0; i < REQUESTS; i++)
		requests[i] = (struct named_request){ world.request[i], TAGS + 1, (uint8_t)(i + 1) };
	for (uint32_t tag = 0; tag < TAGS; tag++) {
		give_rank(requests, world.tag[tag].request, tag);
		give_rank(requests, world.tag[tag].seen, tag);
		give_rank(requests, world.tag[tag].lent_for, tag);
	}
	sort(requests, REQUESTS, sizeof(requests[0]), order_requests);
	for (uint8_t i = 0; i < REQUESTS; i++) {
		world.request[i] = requests[i].request;
		names[requests[i].name] = (uint8_t)(i + 1);
	}
	for (uint32_t tag = 0; tag < TAGS; tag++) {
		world.tag[tag].request = names[world.tag[tag].request];
		world.tag[tag].seen = names[world.tag[tag].seen];
		world.tag[tag].lent_for = names[world.tag[tag].lent_for];
	}
}
