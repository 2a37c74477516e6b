/*
 * A device in memory that does everything it may: operations in flight advance by turns, some bytes at a time, in any
 * order of their bytes, so that overlapping ones leave every mix there can be.
 */
#ifndef CHAOS_H
#define CHAOS_H

#include "port.h"

struct chaos;

struct chaos *chaos_new(uint64_t size_bytes, uint64_t seed);
struct port *chaos_port(struct chaos *chaos);
void chaos_free(struct chaos *chaos);

#endif
