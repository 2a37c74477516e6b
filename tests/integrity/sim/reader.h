/* reader: blkshadow's way to the simulated disk, for its sweep: requests are carried out as it waits for them. */
#ifndef SIM_READER_H
#define SIM_READER_H

#include "../blkshadow/port.h"
#include "sim.h"

enum { READER_IOS = 8 };

struct reader {
	struct port port; /* first: it is what blkshadow sees */
	struct sim *sim;
	struct sim_io ios[READER_IOS];
	bool busy[READER_IOS];
};

/* Its port lives as long as the reader. */
struct port *reader_open(struct reader *reader, struct sim *sim);

/* Every sector of the device, in order. */
void reader_all(struct reader *reader, uint64_t size_bytes,
		void (*take)(void *context, uint64_t offset_bytes, const unsigned char *data), void *context);

#endif
