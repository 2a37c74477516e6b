/* A RAM disk of 64 MiB. Run it as root: it prints its device and ends with Ctrl-C. */
#include <refublk.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

static unsigned char disk[64 << 20];
static struct refublk *device;

static struct refublk_step disk_read(void *context, const struct refublk_request *request)
{
	memcpy(request->memory, (unsigned char *)context + request->offset_bytes, request->length_bytes);
	return refublk_done(request->length_bytes);
}

static struct refublk_step disk_write(void *context, const struct refublk_request *request)
{
	memcpy((unsigned char *)context + request->offset_bytes, request->memory, request->length_bytes);
	return refublk_done(request->length_bytes);
}

static void stop(int signal_number)
{
	(void)signal_number;
	refublk_stop(device);
}

int main(void)
{
	const struct refublk_backend backend = { .name = "ramdisk", .read = disk_read, .write = disk_write };
	struct refublk_options options = refublk_defaults();

	options.size_bytes = sizeof(disk);
	signal(SIGINT, stop);
	if (refublk_start(&device, &options, &backend, disk))
		return 1;
	puts(refublk_block_path(device));
	fflush(stdout);
	return refublk_wait(device) ? 1 : 0;
}
