/* The world "data": tags of one or more queues, their server (core/tag, core/tally), their driver (spec/driver), a block
 * layer that repeats what is requeued, and a backend that answers as it likes. data.pml chooses what happens; here
 * it happens, and is judged. Everything that goes on is in `world`: SPIN stores and restores it as bytes. */
#ifndef MODEL_DATA_H
#define MODEL_DATA_H

#include <stdbool.h>
#include <stdint.h>

#include "driver.h"
#include "tally.h"

#ifndef TAGS
#define TAGS 2
#endif
#ifndef REQUESTS
#define REQUESTS TAGS
#endif
#ifndef QUEUES
#define QUEUES 1
#endif
enum { QUEUE_TAGS = TAGS / QUEUES }; /* of each queue, in order */

struct data_tag {
	struct driver_tag_state driver;
	uint8_t request;  /* the block layer's, from 1; 0: none */
	uint8_t part;     /* 1: only a part of its data was copied */
	uint8_t lent_for; /* the request that a lent address was given for, from 1 */
	uint8_t answer;   /* enum data_answer: a completion on its way to the server */
	struct tag_state server;
	uint8_t works;    /* enum data_work: what the backend was asked */
	uint8_t seen;     /* the request of the descriptor that the server read, from 1 */
};

enum data_answer { DATA_NO_ANSWER, DATA_ANSWER_0, DATA_ANSWER_1, DATA_ANSWER_ENODEV, DATA_ANSWER_OTHER };
enum data_work { DATA_IDLE, DATA_HANDLES, DATA_PLACES };

enum data_request { DATA_NEW, DATA_WAITS, DATA_AT_TAG };
struct data_request_state {
	uint8_t state; /* enum data_request */
	uint8_t op;    /* enum driver_op */
	uint8_t again; /* 1: was requeued */
};

/* The server's process. DYING: it has exited, its rings are being taken apart; ABORTED (6.12): the first cancel has
 * looked at the queue; RELEASED: nothing holds the character device any more. */
enum data_life { DATA_ALIVE, DATA_DYING, DATA_ABORTED, DATA_RELEASED };

enum data_stop { DATA_SERVES, DATA_STOPPING, DATA_CANCELS };

struct data_world {
	struct tally tally[QUEUES];
	uint8_t kernel;
	uint8_t mode;
	uint8_t stop;   /* enum data_stop */
	uint8_t life;   /* enum data_life */
	uint8_t recovery; /* enum driver_recovery */
	uint8_t reserved;
	uint8_t spared; /* copies that may still fail, where their number is limited */
	struct data_tag tag[TAGS];
	struct data_request_state request[REQUESTS];
};

extern struct data_world world;

/* Each pair: may it happen now; let it happen. The second returns NULL, or the property that it breaks. */
void data_begin(uint32_t kernel, uint32_t mode, uint32_t recovery);

bool data_may_fetch(uint32_t tag);
const char *data_fetch(uint32_t tag);

bool data_may_hear(uint32_t tag);
const char *data_hear(uint32_t tag);

/* event: TAG_BACKEND_… */
bool data_may_answer(uint32_t tag, uint32_t event);
const char *data_answers(uint32_t tag, uint32_t event);

/* kind: DRIVER_DISPATCH, …_PART, …_NONE */
bool data_may_dispatch(uint32_t tag, uint32_t kind);
const char *data_dispatch(uint32_t tag, uint32_t kind);

bool data_may_cancel(uint32_t tag);
const char *data_cancel(uint32_t tag);

bool data_may_ask(uint32_t request);
const char *data_ask(uint32_t request, uint32_t op);

bool data_may_arrive(uint32_t request, uint32_t tag);
const char *data_arrive(uint32_t request, uint32_t tag);

bool data_may_stop(void);
const char *data_stop(void);
bool data_may_remove(void);
const char *data_remove(void);

/* ---- the world "death": the same, and its server may die at any time ----------------------- */

bool data_may_die(void);
const char *data_die(void);

/* 6.12: the first cancel ends what the server owned. */
bool data_may_abort(void);
const char *data_abort(void);

/* The task work of a request that has arrived finds its daemon exiting. */
bool data_may_exit(uint32_t tag);
const char *data_exit(uint32_t tag);

/* Every command is over. 7.x: what the server owned ends now. */
bool data_may_release(void);
const char *data_release(void);

/* A new server takes over. */
bool data_may_recover(void);
const char *data_recover(void);

/* A request that nobody will serve. */
bool data_may_fail(uint32_t request);
const char *data_fail(uint32_t request);

/* What worlds share: one step of the driver, and whether every tag was fetched. */
const char *data_drive(uint32_t tag, struct driver_tag_event event);
bool data_live(void);

/* Nothing can happen any more: NULL, or what was forgotten. */
const char *data_rest(void);

/* Gives tags and requests other names, so that fewer worlds differ. Not where a property names one of them. */
void data_sort(void);

/* For liveness: the request waits for its answer. */
bool data_open(uint32_t request);
bool data_ends(void); /* the stop has begun */
bool data_over(void); /* and is over */
bool data_dead(void); /* the server is dead, and another may take over */

#endif
