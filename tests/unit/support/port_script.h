/* port_script: a port that a test plays by hand. It keeps what was pushed, and completes what it is told to.
 * A port belongs to one thread, as the real one does. */
#ifndef PORT_SCRIPT_H
#define PORT_SCRIPT_H

#include "port.h"

/* room: how many submissions fit between two waits. wake_fd: what PORT_WAKE waits for. */
struct port *port_script_make(uint32_t room, int wake_fd);
void port_script_free(struct port *port);

/* The oldest submission that was not looked at yet; a wake-up is none. */
bool port_script_pushed(struct port *port, struct port_work *work);

/* How many submissions were pushed so far, wake-ups apart, and how many of them a wait has carried over. */
uint32_t port_script_count(const struct port *port);
uint32_t port_script_submitted(const struct port *port);

/* Wake-ups under way: 1 from the beginning on. */
uint32_t port_script_wakes(const struct port *port);

/* The next wait will find this completion, behind those that were given before. */
void port_script_complete(struct port *port, uint64_t user_data, int32_t result);

/* The next wait answers this instead. */
void port_script_answer(struct port *port, int answer);

void port_script_set_room(struct port *port, uint32_t room);

void port_script_lose(struct port *port, uint64_t lost);

/* How often a wait was asked for. */
uint32_t port_script_waits(const struct port *port);

#endif
