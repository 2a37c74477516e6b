/* lives: whole lives of a device of which the answer to one command says too little. */
#ifndef MISUSE_LIVES_H
#define MISUSE_LIVES_H

#include "matrix.h"

/* What the kernel makes of the life that the cell names, in the matrix's words. */
void lives_try(struct matrix_cell cell, char *text);

#endif
