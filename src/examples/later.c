/* A RAM disk whose requests another thread finishes: a pipe carries them there, refublk_complete() brings the outcome. */
#include <errno.h>
#include <pthread.h>
#include <refublk.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static unsigned char disk[64 << 20];
static struct refublk *device;
static int ends[2];

/* The request stays where it is until it is completed, so its address is enough; a pipe holds thousands. */
static struct refublk_step hand_over(void *context, const struct refublk_request *request)
{
	(void)context;
	return write(ends[1], &request, sizeof(request)) == sizeof(request) ? refublk_later() : refublk_failed(EIO);
}

static void *work(void *context)
{
	for (const struct refublk_request *request; read(ends[0], &request, sizeof(request)) == sizeof(request);) {
		unsigned char *place = disk + request->offset_bytes;
		int reads = request->op == REFUBLK_READ;

		memcpy(reads ? request->memory : place, reads ? place : request->memory, request->length_bytes);
		refublk_complete(device, request->token, refublk_done(request->length_bytes).outcome);
	}
	return context;
}

static void stop(int signal_number)
{
	(void)signal_number;
	refublk_stop(device);
}

int main(void)
{
	const struct refublk_backend backend = { .name = "later", .read = hand_over, .write = hand_over };
	struct refublk_options options = refublk_defaults();
	pthread_t worker;

	options.size_bytes = sizeof(disk);
	signal(SIGINT, stop);
	if (pipe(ends) || pthread_create(&worker, NULL, work, NULL) || refublk_start(&device, &options, &backend, NULL))
		return 1;
	puts(refublk_block_path(device));
	fflush(stdout);
	return refublk_wait(device) ? 1 : 0;
}
