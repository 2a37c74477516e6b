#include "later.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "check.h"

struct later_place {
	_Atomic uint64_t issued; /* the token that is the tag's now */
	uint64_t taken;          /* the last token whose outcome was accepted */
	struct refublk_outcome outcome;
	bool listed;             /* in the ring of places with an outcome */
};

struct later {
	pthread_mutex_t lock; /* of everything below but issued */
	struct later_place *places;
	uint16_t *ring;       /* tags with an outcome, in the order in which they came */
	uint32_t first;
	uint32_t count;
	uint32_t refusals;
	uint32_t depth_tags;
	int wake_fd;
	bool woken;           /* since the thread was last quiet: no need to wake it again */
};

int later_make(struct later **later, uint32_t depth_tags)
{
	struct later *made = calloc(1, sizeof(*made));

	CHECK(depth_tags > 0 && depth_tags <= UINT16_MAX);
	if (!made)
		return -ENOMEM;
	made->places = calloc(depth_tags, sizeof(*made->places));
	made->ring = calloc(depth_tags, sizeof(*made->ring));
	made->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	made->depth_tags = depth_tags;
	pthread_mutex_init(&made->lock, NULL);
	if (!made->places || !made->ring || made->wake_fd < 0) {
		int error = made->wake_fd < 0 ? errno : ENOMEM;

		later_free(made);
		return -error;
	}
	*later = made;
	return 0;
}

void later_free(struct later *later)
{
	if (!later)
		return;
	if (later->wake_fd >= 0)
		close(later->wake_fd);
	pthread_mutex_destroy(&later->lock);
	free(later->ring);
	free(later->places);
	free(later);
}

int later_wake_fd(const struct later *later)
{
	return later->wake_fd;
}

void later_wake(struct later *later)
{
	static const uint64_t one = 1;

	/* Only a counter near 2^64 refuses, and then the fd is readable anyway. */
	(void)!write(later->wake_fd, &one, sizeof(one));
}

uint64_t later_token(uint16_t qid, uint16_t tag, uint32_t serial)
{
	CHECK(serial != 0);
	return (uint64_t)qid << 48 | (uint64_t)tag << 32 | serial;
}

uint16_t later_token_qid(uint64_t token)
{
	return (uint16_t)(token >> 48);
}

uint16_t later_token_tag(uint64_t token)
{
	return (uint16_t)(token >> 32);
}

/* Relaxed, and without the lock, so that a backend that never answers later pays nothing: a thread that was
 * handed the token was handed it after this store. One that holds an old token may still see the old value here;
 * serve compares again when it takes the letter. */
void later_issue(struct later *later, uint64_t token)
{
	atomic_store_explicit(&later->places[later_token_tag(token)].issued, token, memory_order_relaxed);
}

void later_quiet(struct later *later)
{
	uint64_t counter;

	(void)!read(later->wake_fd, &counter, sizeof(counter));
	/* In this order: what comes before the flag falls is taken now, what comes after it wakes again. */
	pthread_mutex_lock(&later->lock);
	later->woken = false;
	pthread_mutex_unlock(&later->lock);
}

bool later_take(struct later *later, struct later_letter *letter)
{
	bool found;

	pthread_mutex_lock(&later->lock);
	found = later->count > 0;
	if (found) {
		struct later_place *place = &later->places[later->ring[later->first]];

		letter->outcome = place->outcome;
		letter->token = place->taken;
		place->listed = false;
		later->first = (later->first + 1) % later->depth_tags;
		later->count--;
	}
	pthread_mutex_unlock(&later->lock);
	return found;
}

uint32_t later_refusals(struct later *later)
{
	uint32_t refusals;

	pthread_mutex_lock(&later->lock);
	refusals = later->refusals;
	later->refusals = 0;
	pthread_mutex_unlock(&later->lock);
	return refusals;
}

/* The token is the tag's present one, and no outcome came for it yet. */
static bool later_accepts(struct later *later, uint64_t token)
{
	struct later_place *place;

	if (later_token_tag(token) >= later->depth_tags)
		return false;
	place = &later->places[later_token_tag(token)];
	return token != 0 && token != place->taken &&
	       token == atomic_load_explicit(&place->issued, memory_order_relaxed);
}

void later_put(struct later *later, uint64_t token, struct refublk_outcome outcome)
{
	pthread_mutex_lock(&later->lock);
	if (later_accepts(later, token)) {
		struct later_place *place = &later->places[later_token_tag(token)];

		/* A place that is still listed holds the outcome of an older token, which its tag no longer waits
		 * for: the new one replaces it. */
		if (!place->listed)
			later->ring[(later->first + later->count++) % later->depth_tags] = later_token_tag(token);
		place->listed = true;
		place->taken = token;
		place->outcome = outcome;
	} else {
		later->refusals++;
	}
	/* Under the lock: once it is open the queue may finish the request, end, and free the mailbox. */
	if (!later->woken)
		later_wake(later);
	later->woken = true;
	pthread_mutex_unlock(&later->lock);
}
