/* Every buffer is poisoned while the driver has it: who reads or writes it then is found out. The poison is that of
 * blkshadow's port, word by word: a sector of it in a READ is one that nobody filled. */
#include <string.h>

#include "inside.h"

#if defined(__SANITIZE_ADDRESS__)
#define POISON_ASAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define POISON_ASAN 1
#endif
#endif
#ifdef POISON_ASAN
#include <sanitizer/asan_interface.h>
#else
#define ASAN_POISON_MEMORY_REGION(address, bytes) ((void)(address), (void)(bytes))
#define ASAN_UNPOISON_MEMORY_REGION(address, bytes) ((void)(address), (void)(bytes))
#endif

static const uint64_t POISON_WORD = 0xb1ac5ad0dead10ccu;

void poison_give(struct port *port, uint16_t tag, uint64_t bytes)
{
	unsigned char *buffer = buffers_of(port->buffers, tag);
	uint64_t at;

	/* All there is, once more behind it: a multiple of a word is. */
	memcpy(buffer, &POISON_WORD, bytes < sizeof(POISON_WORD) ? bytes : sizeof(POISON_WORD));
	for (at = sizeof(POISON_WORD); at < bytes; at *= 2)
		memcpy(buffer + at, buffer, at < bytes - at ? at : bytes - at);
	port->tags[tag].poisoned_bytes = bytes;
	/* With the sanitizer a touch is seen at once; the hooks' faults touch on purpose. */
	if (!port->sim->config.hooks)
		ASAN_POISON_MEMORY_REGION(buffer, port->buffers.each_bytes);
}

bool poison_take(struct port *port, uint16_t tag)
{
	const unsigned char *buffer = buffers_of(port->buffers, tag);
	uint64_t bytes = port->tags[tag].poisoned_bytes;

	ASAN_UNPOISON_MEMORY_REGION(buffer, port->buffers.each_bytes);
	port->tags[tag].poisoned_bytes = 0;
	if (bytes == 0)
		return true;
	/* Equal to itself moved by a word, from the poison on: all of it is poison. */
	return memcmp(buffer, &POISON_WORD, sizeof(POISON_WORD)) == 0 &&
	       memcmp(buffer, buffer + sizeof(POISON_WORD), bytes - sizeof(POISON_WORD)) == 0;
}

void poison_descriptor(struct port *port, uint16_t tag)
{
	memset((unsigned char *)port->descriptors + (size_t)tag * sizeof(struct ublksrv_io_desc), 0xdb,
	       sizeof(struct ublksrv_io_desc));
}
