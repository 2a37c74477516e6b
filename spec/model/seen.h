/* seen: which cells of the tables a run has visited, and which witnesses it has met. Not of the world's state:
 * written to the file named by SEEN when the run ends, one line each: "seen" or "due", then the cell. */
#ifndef MODEL_SEEN_H
#define MODEL_SEEN_H

#include <stdio.h>

#include "device.h"
#include "driver.h"
#include "tag.h"

void seen_tag(uint32_t mode, struct tag_state state, uint32_t event);
void seen_driver(uint32_t kernel, uint32_t mode, struct driver_tag_state state, uint32_t kind);

void seen_driver_device(uint32_t kernel, struct driver_device_state state, uint32_t event);

void seen_device(struct device_state state, uint32_t event);

/* name: lives for ever. */
void seen_witness(const char *name);

/* Those of the driver's device, where one was visited: of every state that can be. */
void seen_write_driver_device(FILE *file);

#endif
