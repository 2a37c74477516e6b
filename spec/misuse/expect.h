/* expect: what spec/driver answers in a state of the matrix, in the matrix's words. Pure. */
#ifndef MISUSE_EXPECT_H
#define MISUSE_EXPECT_H

#include "driver.h"
#include "matrix.h"

/* text: MATRIX_TEXT_MAX bytes. "-": the driver is never asked that in this state; "undefined": it breaks. */
void expect_answer(struct matrix_cell cell, char *text);

/* The device after the first `steps` steps of a state: for GET_DEV_INFO. */
struct driver_device_state expect_device(uint32_t kernel, const struct matrix_state *state, int steps);

#endif
