/* tag: the life of one tag, as a table. Who owns it, whose memory the driver holds, and what to do next.
 *
 *   unborn -> fetching -> server -> driver -> server -> … -> retired
 *                            get-data mode: server_get_data -> copying -> server
 */
#ifndef REFUBLK_TAG_H
#define REFUBLK_TAG_H

#include <stdbool.h>
#include <stdint.h>

enum tag_mode {
	TAG_PLAIN,
	TAG_GET_DATA, /* UBLK_F_NEED_GET_DATA was granted */
	TAG_MODES
};

/* Named for who owns the tag. Zero is the true initial state. */
enum tag_owner {
	TAG_UNBORN,          /* nobody: no FETCH yet */
	TAG_FETCHING,        /* the driver, by the first FETCH */
	TAG_DRIVER,          /* the driver, by a COMMIT_AND_FETCH */
	TAG_SERVER,          /* we: a request is open, a COMMIT is due */
	TAG_SERVER_GET_DATA, /* we: a WRITE is open and only NEED_GET_DATA is accepted */
	TAG_COPYING,         /* the driver, by NEED_GET_DATA */
	TAG_RETIRED,         /* nobody, for ever */
	TAG_OWNERS
};

/* Whose memory the driver holds as the tag's address, or, while the server owns the tag, where a WRITE's data lies.
 * (SERVER, LENT) comes after NEED_GET_DATA with a lent address. The descriptor, read again, is then either the same
 * WRITE, perhaps shorter, whose data is in the lent memory; or no WRITE at all, since the driver could copy nothing,
 * requeued it and went on with another request: nothing was put into the lent memory, and this request is handled
 * in the tag's own buffer or lent anew. Another WRITE cannot be: each asks with a completion of 1 first. */
enum tag_memory {
	TAG_OWN,  /* the tag's buffer */
	TAG_LENT, /* the backend's */
	TAG_MEMORIES
};

enum tag_event {
	TAG_BEGIN,              /* the queue starts: FETCH this tag */
	TAG_COMPLETED_OK,       /* a completion with 0 */
	TAG_COMPLETED_GET_DATA, /* with 1 */
	TAG_COMPLETED_ABORT,    /* with -ENODEV */
	TAG_COMPLETED_REFUSED,  /* with any other negative: the command was not taken */
	TAG_COMPLETED_STRANGE,  /* with any other positive */
	TAG_BACKEND_DONE,       /* an outcome without error */
	TAG_BACKEND_FAILED,     /* an outcome with an error */
	TAG_BACKEND_LENT,       /* answer out of, or put the data into, the backend's memory */
	TAG_BACKEND_KEPT,       /* get-data: put the data into the tag's buffer */
	TAG_NOT_SUBMITTED,      /* the last command did not reach the kernel */
	TAG_EVENTS
};

enum tag_action {
	TAG_NOTHING,
	TAG_FETCH,         /* send FETCH_REQ with the memory of the new state */
	TAG_HANDLE,        /* read the descriptor (again) and give the request to the backend */
	TAG_PLACE,         /* read the descriptor and ask the backend where the WRITE's data shall go */
	TAG_ASK_DATA,      /* send NEED_GET_DATA with the memory of the new state */
	TAG_COMMIT,        /* send COMMIT_AND_FETCH_REQ with the outcome and the memory of the new state */
	TAG_COMMIT_FAILED, /* the same with EIO instead of the outcome */
	TAG_ACTIONS
};

enum tag_verdict {
	TAG_LAWFUL,
	TAG_REFUSED_LEND,   /* lending in plain mode: the next WRITE would be copied into the lent memory */
	TAG_COMMAND_LOST,   /* the driver or the ring refused a command of ours: the queue cannot go on */
	TAG_DRIVER_BREACH,  /* the driver broke the protocol: the queue cannot go on */
	TAG_BACKEND_BREACH, /* the backend answered what nobody asked: a second time, or too early */
	TAG_SERVER_BREACH,  /* our own code gave an event that cannot be */
	TAG_VERDICTS
};

struct tag_state {
	uint8_t owner;  /* enum tag_owner */
	uint8_t memory; /* enum tag_memory: OWN in every state but those of a lent answer */
};

struct tag_step {
	struct tag_state state; /* the next */
	uint8_t action;         /* enum tag_action */
	uint8_t verdict;        /* enum tag_verdict; whatever it is, state.owner says the truth */
};

/* Total over valid enumerators; an invalid mode, state or event is a CHECK. */
struct tag_step tag_step(uint32_t mode, struct tag_state state, uint32_t event);

/* The event that a completion's result is. */
uint32_t tag_event_of_result(int32_t result);

/* The state can be reached: LENT only in get-data mode and only where a lent address was sent. */
bool tag_state_valid(uint32_t mode, struct tag_state state);

const char *tag_owner_name(uint32_t owner);
const char *tag_event_name(uint32_t event);
const char *tag_action_name(uint32_t action);
const char *tag_verdict_text(uint32_t verdict);

#endif
