/* world: what stands around a serve that is fuzzed: its port, its mailbox (world_mail.c), its driver's side (spec/driver,
 * one state per tag) and the rules that hold for whatever it sends. Until something is done that no driver does, the
 * driver's word counts: no command is refused, and every request is answered once with what its backend said. From then
 * on these hold: no command for a tag that is not ours, no second answer, no address that is not the tag's, no descriptor
 * read twice. */
#ifndef WORLD_H
#define WORLD_H

#include <stdatomic.h>

#include "driver.h"
#include "fuzz.h"
#include "port.h"
#include "serve.h"

enum {
	WORLD_TAGS = 4, WORLD_IO_BYTES = 4096, WORLD_DEVICE_BYTES = 1 << 16, WORLD_BLOCK_BYTES = 512, WORLD_QID = 3,
	WORLD_STRIDE_MAX = 256, WORLD_COMPLETIONS = 32, WORLD_LETTERS = 8,
};

/* What a request is, and what its backend says of it. */
struct world_request {
	uint64_t offset_bytes, length_bytes;
	uint64_t mark;     /* what its data begins with */
	uint32_t op, flags;
	uint8_t plan;      /* the backend's */
	bool begun;        /* the backend was asked */
	bool ended;        /* and has answered: */
	int32_t number;    /* what a COMMIT must then say */
	void *loan;        /* the memory that was lent for it */
};

struct world_tag {
	struct driver_tag_state driver;
	struct world_request request;
	uint64_t command, io, token; /* what is under way for it; 0: nothing */
	struct refublk_io asked;
	int32_t delivered;           /* the last completion's result */
	bool answerable;             /* it was 0 or 1, and no command answered it yet */
	bool fetched;
};

struct port {
	struct port_completion completions[WORLD_COMPLETIONS];
	uint32_t first, last, visible;
	uint32_t wakes;
	uint64_t wake;     /* its user_data */
	int answer;        /* of the next wait */
	bool full;
	uint64_t lost;
};

struct later {
	struct later_letter letters[WORLD_LETTERS];
	uint64_t issued[WORLD_TAGS]; /* the tag's last token */
	uint32_t first, last;
	bool news;         /* the wake-up is due */
};

struct world {
	struct port port;
	struct later later;
	struct world_tag tags[WORLD_TAGS];
	struct serve *serve;
	struct refublk_backend backend;
	atomic_bool leave;
	_Atomic uint32_t parting; /* enum serve_parting: SERVE_STAYS or SERVE_KEEPS */
	uint64_t marks;    /* requests so far */
	uint32_t kernel, mode, depth_tags, stride_bytes;
	bool hostile;      /* something was done that no driver does */
};

extern struct world world;
extern unsigned char world_disk[WORLD_DEVICE_BYTES];

/* A new world with its serve, begun. shape: depth, mode, kernel, stride, and what the backend can. */
void world_open(uint32_t shape);
void world_close(void);

/* ---- the driver's side: false where it cannot be ------------------------------------------- */

/* A request of the block layer's on a tag; it is complete but for its mark. */
bool world_arrive(uint16_t tag, const struct world_request *request);

/* kind: DRIVER_DISPATCH… or DRIVER_CANCEL. */
bool world_drive(uint16_t tag, uint8_t kind);

/* The end of the io that the tag waits for, if there is one. */
void world_end_io(uint16_t tag, int32_t result);

/* A letter; false: it was turned away, since its token was never a request's. */
bool world_put(uint64_t token, struct refublk_outcome outcome);

/* What no driver does. */
void world_complete(uint64_t user_data, int32_t result);
void world_scribble(uint16_t tag, const unsigned char *bytes, size_t length_bytes);

/* ---- for the backend ----------------------------------------------------------------------- */

unsigned char *world_buffer(uint16_t tag);

/* The memory is the tag's buffer or what was lent for the range, and the server's now. */
void world_need_memory(uint16_t tag, const void *memory, uint64_t offset_bytes, uint64_t length_bytes);

/* The number that a COMMIT must carry for this outcome. */
int32_t world_number(const struct world_request *request, struct refublk_outcome outcome);

#endif
