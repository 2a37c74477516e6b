/* port_quiet: a port for a queue's thread, which a test plays from its own. It keeps commands until it is told to end
 * them, and stands in for port_uring as a whole. One port at a time. */
#ifndef PORT_QUIET_H
#define PORT_QUIET_H

#include <stdint.h>

/* The next port_uring_open() answers this. */
void port_quiet_open_answer(int answer);

/* Every command under way, and every one that follows, ends with this result. 0: they stay under way. */
void port_quiet_end_all(int32_t result);

/* The tag's command ends with 0: a request. */
void port_quiet_request(uint16_t tag);

/* Ports that are open, and commands that are under way. */
uint32_t port_quiet_open(void);
uint32_t port_quiet_commands(void);

#endif
