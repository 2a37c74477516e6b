/* The seal: an MD5 over what the device holds and one over what the shadow says, of the same sectors. */
#ifndef SEAL_H
#define SEAL_H

#include <stddef.h>
#include <stdint.h>

#include "run.h"

struct seal;

/* Ends the program without memory or thread. */
struct seal *seal_open(void);

/* Two pieces of the same length; the device's is read until seal_wait. */
void seal_add(struct seal *seal, const uint8_t *device, const uint8_t *shadow, size_t bytes);

/* Until the piece that was given last is no longer needed. */
void seal_wait(struct seal *seal);

/* Fills *result and frees the seal. */
void seal_close(struct seal *seal, struct run_seal *result);

#endif
