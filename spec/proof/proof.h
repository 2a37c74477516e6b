/* proof: what the proofs share. Every value that a proof does not set is any value. */
#ifndef PROOF_H
#define PROOF_H

#include <stdbool.h>
#include <stdint.h>

/* Any value of the type: cbmc knows the prefix. */
uint8_t nondet_u8(void);
uint16_t nondet_u16(void);
uint32_t nondet_u32(void);
uint64_t nondet_u64(void);
int32_t nondet_i32(void);

#define ASSUME(condition) __CPROVER_assume(condition)
#define PROVE(condition, name) __CPROVER_assert(condition, name)

/* The end of a proof is reached with its assumptions: checked by a run in which this assertion must fail. */
#ifdef REACHED
#define PROVED() __CPROVER_assert(false, "reached")
#else
#define PROVED() ((void)0)
#endif

#endif
