#include <err.h>
#include <md5.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "seal.h"

/*
 * MD5 is the slowest part of a run. It is taken on a thread of its own, and only once as long as the two agree byte for
 * byte: where they first differ, the shadow's goes on from a copy.
 */
struct seal {
	pthread_t thread;
	pthread_barrier_t given, taken;
	const uint8_t *piece;
	size_t bytes;
	bool over, apart, busy;
	MD5_CTX device, shadow;
};

static void *take_device(void *context)
{
	struct seal *seal = context;

	for (;;) {
		pthread_barrier_wait(&seal->given);
		if (seal->over)
			return NULL;
		MD5Update(&seal->device, seal->piece, seal->bytes);
		pthread_barrier_wait(&seal->taken);
	}
}

struct seal *seal_open(void)
{
	struct seal *seal = calloc(1, sizeof *seal);

	if (!seal)
		err(3, "no memory for the seal");
	MD5Init(&seal->device);
	MD5Init(&seal->shadow);
	pthread_barrier_init(&seal->given, NULL, 2);
	pthread_barrier_init(&seal->taken, NULL, 2);
	if (pthread_create(&seal->thread, NULL, take_device, seal) != 0)
		errx(3, "no thread for the seal");
	return seal;
}

void seal_wait(struct seal *seal)
{
	if (seal->busy)
		pthread_barrier_wait(&seal->taken);
	seal->busy = false;
}

void seal_add(struct seal *seal, const uint8_t *device, const uint8_t *shadow, size_t bytes)
{
	if (!seal->apart && memcmp(device, shadow, bytes) != 0) {
		memcpy(&seal->shadow, &seal->device, sizeof seal->shadow);
		seal->apart = true;
	}
	if (seal->apart)
		MD5Update(&seal->shadow, shadow, bytes);
	seal->piece = device;
	seal->bytes = bytes;
	seal->busy = true;
	pthread_barrier_wait(&seal->given);
}

static void print(MD5_CTX *context, char *text)
{
	static const char digits[] = "0123456789abcdef";
	uint8_t digest[MD5_DIGEST_LENGTH];

	MD5Final(digest, context);
	for (unsigned at = 0; at < sizeof digest; at++) {
		text[at * 2] = digits[digest[at] >> 4];
		text[at * 2 + 1] = digits[digest[at] & 15];
	}
	text[sizeof digest * 2] = '\0';
}

void seal_close(struct seal *seal, struct run_seal *result)
{
	seal_wait(seal);
	if (!seal->apart)
		memcpy(&seal->shadow, &seal->device, sizeof seal->shadow);
	seal->over = true;
	pthread_barrier_wait(&seal->given);
	pthread_join(seal->thread, NULL);
	print(&seal->device, result->device);
	print(&seal->shadow, result->shadow);
	result->taken = true;
	pthread_barrier_destroy(&seal->given);
	pthread_barrier_destroy(&seal->taken);
	free(seal);
}
