/* A picture of the device: what was in use, and where which verdict fell. */
#ifndef MAP_H
#define MAP_H

#include <stdio.h>

#include "verdict.h"

/* 0 or negative errno. */
int map_write(const struct run *run, const struct verdicts *verdicts, FILE *file);

#endif
