/* clock: time for deadlines. Monotonic; what it counts from is nobody's business. A seam: tests let it jump. */
#ifndef REFUBLK_CLOCK_H
#define REFUBLK_CLOCK_H

#include <stdint.h>

uint64_t clock_ms(void);

#endif
