/* devices: the device cells of the matrix on a running kernel. */
#ifndef MISUSE_DEVICES_H
#define MISUSE_DEVICES_H

#include "matrix.h"

/* What the kernel answers, in the matrix's words; "unreached: …" when the state could not be had. The cell's own answer
 * decides only how long another one is waited for. */
void devices_try(struct matrix_cell cell, char *text);

/* Removes the device that the last cell has left for the next one. */
void devices_end(void);

#endif
