/* serve_inside: what serve.c (events, commands, turns) and handle.c (requests) share. For nobody else. */
#ifndef REFUBLK_SERVE_INSIDE_H
#define REFUBLK_SERVE_INSIDE_H

#include "complain.h"
#include "serve.h"
#include "tally.h"

enum { SERVE_STRIDE_BYTES_MAX = 256 };

/* No further event of the tag: it waits for somebody. */
enum { SERVE_QUIET = TAG_EVENTS };

/* What the tag waits for. */
enum serve_awaited {
	SERVE_NOTHING,
	SERVE_COMMAND, /* the driver */
	SERVE_IO,      /* a backend's io on the ring */
	SERVE_LETTER,  /* refublk_complete() */
};

/* The memory that a backend lent, and for which range. */
struct serve_loan {
	void *memory;
	uint64_t offset_bytes;
	uint64_t length_bytes;
};

struct serve_slot {
	struct refublk_request request; /* the open one */
	struct refublk_cursor cursor;   /* the backend's, while its io is under way */
	struct refublk_outcome outcome; /* of the request, once it is known */
	struct serve_loan loan;
	uint32_t serial; /* of the last submission */
	int32_t answer;  /* the driver's last */
	uint32_t awaited; /* enum serve_awaited */
	uint32_t kept;    /* enum tag_action: what is due when the request is taken up, see SERVE_KEEPS */
	struct tag_state state;
};

struct serve {
	struct serve_setup setup;
	struct tally tally;
	struct complain complain;
	uint32_t ios;     /* tags that wait for an io */
	uint32_t letters; /* tags that wait for a letter */
	uint32_t kept;    /* requests that nobody has looked at yet */
	int32_t error;    /* the first reason why the queue cannot go on, or 0 */
	bool deaf;        /* the port tells nothing any more */
	struct serve_slot slots[]; /* by tag */
};

/* Never 0, so that no token is. */
static inline uint32_t serve_serial_after(uint32_t serial)
{
	return serial == UINT32_MAX ? 1 : serial + 1;
}

/* ---- serve.c ------------------------------------------------------------------------------- */

/* False: there was no room, and the queue is broken. */
bool serve_push(struct serve *serve, const struct port_work *work);

/* The tag's next submission. */
struct port_work serve_work(struct serve *serve, uint16_t tag, uint32_t kind, uint32_t user_kind);

/* The memory that the tag's state names. */
void *serve_memory(const struct serve *serve, uint16_t tag);

/* The queue cannot go on. The first error stays. */
void serve_break(struct serve *serve, int32_t error);

/* ---- handle.c: each returns the event that it leads to, or SERVE_QUIET ---------------------- */

/* TAG_PLACE: reads the descriptor and asks the backend where the WRITE's data shall go. */
uint32_t handle_place(struct serve *serve, uint16_t tag);

/* TAG_HANDLE: reads the descriptor and gives the request to the backend. */
uint32_t handle_request(struct serve *serve, uint16_t tag);

/* Goes on with the request, after its io or its letter. */
uint32_t handle_io_result(struct serve *serve, uint16_t tag, int32_t io_result);
uint32_t handle_outcome(struct serve *serve, uint16_t tag, struct refublk_outcome outcome);

#endif
