/* Mixing of 64-bit words: every choice of a run is a function of its seed and a few numbers, so that it can be made again. */
#ifndef MIX_H
#define MIX_H

#include <stdint.h>

static inline uint64_t mix_64(uint64_t word)
{
	word += 0x9e3779b97f4a7c15u;
	word = (word ^ (word >> 30)) * 0xbf58476d1ce4e5b9u;
	word = (word ^ (word >> 27)) * 0x94d049bb133111ebu;
	return word ^ (word >> 31);
}

/* A number from two, with no pattern shared between neighbours of either. */
static inline uint64_t mix_pair(uint64_t first, uint64_t second)
{
	return mix_64(mix_64(first) ^ (second * 0xd6e8feb86659fd93u));
}

/* Evenly below `bound`, which is not 0; the bias of one in 2^64 / bound is of no consequence here. */
static inline uint64_t mix_below(uint64_t random, uint64_t bound)
{
	return random % bound;
}

#endif
