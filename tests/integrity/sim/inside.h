/* inside: what the parts of the simulation share. For nobody else. */
#ifndef SIM_INSIDE_H
#define SIM_INSIDE_H

#include <stdatomic.h>

#include "disk.h"
#include "driver.h"
#include "serve.h"
#include "sim.h"

/* A piece of an io, as the block layer hands it to the driver. */
struct sim_request {
	struct sim_io *io;
	unsigned char *data;   /* within the io's; NULL for what moves none */
	uint64_t offset_bytes;
	uint64_t length_bytes; /* 0 for a FLUSH */
	uint64_t number;       /* in the order in which they were made */
};

struct sim_tag {
	struct sim_request request;
	uint64_t user_data;       /* of the command that is held */
	uint64_t address;         /* of the last command that was taken */
	uint64_t described_bytes; /* what the descriptor tells */
	uint32_t interruptions;   /* of the backend's operations for this request */
	bool moved_nothing;       /* one of them */
	uint64_t poisoned_bytes;  /* of the tag's buffer, while the driver has it */
	struct driver_tag_state state;
};

/* An operation of a backend that is under way. */
struct sim_flight {
	struct refublk_io io;
	uint64_t user_data;
	uint64_t mark; /* the disk's, when it began */
	uint16_t tag;
};

/* One queue: the kernel's side of it, and its thread. */
struct port {
	struct sim *sim;
	struct sim_tag *tags;
	uint64_t *descriptors;        /* shared with the server */
	uint16_t *idle;               /* tags with a command and no request */
	uint16_t *started;            /* tags whose request waits for the task work */
	struct port_work *pushed;     /* since the last wait */
	struct sim_flight *flights;
	const struct refublk_request **letters; /* what the later backend owes */
	struct port_completion *completions;    /* a ring of room places */
	uint32_t idle_count, started_count, pushed_count, flight_count, letter_count;
	uint32_t first, last, visible, room;
	uint64_t wake_user_data;
	bool wake_armed;
	bool wake_due;
	uint16_t qid;

	bool over;           /* the thread has nothing more to do */
	struct serve *serve; /* NULL: the thread has ended */
	struct buffers buffers;
	struct later *later;
};

struct sim {
	struct sim_config config;
	struct choice *choice;
	struct sim_counts counts;
	struct sim_breach breach;
	struct driver_device_state device;
	uint64_t clock_us;
	struct port *ports;
	uint32_t fetched;      /* commands of this round */
	uint32_t open_ios;
	uint64_t requests_made;
	atomic_bool leave;
	_Atomic uint32_t parting; /* enum serve_parting */
	bool flowing;          /* requests go to the driver */
	bool frozen;           /* time passes and nothing moves */

	struct sim_request *pending; /* a ring, a power of two */
	uint32_t pending_first, pending_count, pending_room;
	struct sim_io *done_first, *done_last;

	struct disk *disk;
	struct mem *mem;
	struct file *file;
	const struct refublk_backend *inner; /* what the later backend calls */
	void *inner_context;
	const struct refublk_backend *bare;  /* below the hooks' */
	void *bare_context;
	const struct refublk_backend *backend;
	void *backend_context;
};

/* ---- sim.c ---------------------------------------------------------------------------------- */

/* Ends the program without memory. */
void *sim_memory(size_t count, size_t bytes);

/* The simulation itself is wrong: says so and aborts. */
void sim_bug(const char *what) __attribute__((noreturn));

/* ---- life.c --------------------------------------------------------------------------------- */

void life_add(struct sim *sim);                             /* a new device, and its server */
void life_end_threads(struct sim *sim);                     /* every one is gone, whatever it was doing */

/* ---- rule.c: the first broken rule is kept ------------------------------------------------- */

void rule_broken(struct sim *sim, const char *rule, const char *format, ...) __attribute__((format(printf, 3, 4)));

/* The command as the driver's event, held against the rules; the driver's own answer comes later. */
struct driver_tag_event rule_command(struct port *port, const struct port_work *work);

/* The driver has refused it. */
void rule_refused(struct port *port, uint16_t tag, uint32_t kind, int32_t answer);

/* A backend's operation, held against the request it is for. */
void rule_io(struct port *port, const struct port_work *work);

/* ---- poison.c ------------------------------------------------------------------------------ */

/* The first bytes of the tag's buffer become the driver's. */
void poison_give(struct port *port, uint16_t tag, uint64_t bytes);

/* They become the server's: were they left alone? */
bool poison_take(struct port *port, uint16_t tag);

/* What the driver has said of the tag means nothing any more. */
void poison_descriptor(struct port *port, uint16_t tag);

/* ---- block.c ------------------------------------------------------------------------------- */

/* The next request for a tag: there is one. */
struct sim_request block_next(struct sim *sim);

void block_requeue(struct sim *sim, struct sim_request request);

/* The first done_bytes are done with this error; the rest, if any, is requeued. */
void block_end(struct sim *sim, struct sim_request *request, uint64_t done_bytes, int32_t error);
void block_fail_all(struct sim *sim, int32_t error);

/* ---- kernel.c ------------------------------------------------------------------------------ */

void kernel_submit(struct port *port);                      /* what was pushed */
bool kernel_step(struct port *port);                        /* one thing happens; false: nothing can */
bool kernel_can_step(const struct port *port);
void kernel_complete(struct port *port, uint64_t user_data, int32_t result);
void kernel_cancel(struct port *port);                      /* takes back what is held */
void kernel_server_dead(struct port *port);                 /* and ends what was owned */
void kernel_reset(struct port *port);                       /* a new round of fetching */
void kernel_lose(struct port *port);                        /* the power went: requests fail, tags are forgotten */

/* ---- port_sim.c ---------------------------------------------------------------------------- */

void port_open(struct port *port, struct sim *sim, uint16_t qid);
void port_close(struct port *port);
bool port_has_news(const struct port *port);

/* ---- flight.c: the backend's operations ---------------------------------------------------- */

void flight_begin(struct port *port, const struct port_work *work);
void flight_end(struct port *port);                         /* one of them: there is one */
void flight_abandon(struct port *port);                     /* all, each done or not: their server is dead */

/* ---- letter.c: the backend that answers later ---------------------------------------------- */

extern const struct refublk_backend letter_backend; /* its context is the sim */
void letter_send(struct port *port);                        /* one of them: there is one */

/* ---- server.c ------------------------------------------------------------------------------ */

void server_open_backend(struct sim *sim);
void server_close_backend(struct sim *sim);
void server_start(struct sim *sim);                         /* all threads; FETCH is pushed */
void server_turn(struct port *port);
void server_leave(struct sim *sim);                         /* they are told */
void server_part(struct sim *sim, uint32_t parting);        /* likewise, enum serve_parting */
void server_end(struct port *port);                         /* the thread is gone, as it is */

#endif
