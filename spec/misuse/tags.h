/* tags: the tag and client cells of the matrix on a running kernel. */
#ifndef MISUSE_TAGS_H
#define MISUSE_TAGS_H

#include "matrix.h"

/* What the kernel answers, in the matrix's words; "unreached: …" when the state could not be had. */
void tags_try(struct matrix_cell cell, char *text);
void clients_try(struct matrix_cell cell, char *text);

/* Removes the device that the last cell has left for the next one. */
void tags_end(void);

#endif
