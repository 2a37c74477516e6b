/* uapi: the kernel's numbers and layouts, written from the facts of Linux 6.12 to 7.3 in the kernel's own
 * names, so that one always knows whose rule it is. `make check-uapi` compares every constant, size and
 * offset with the newest header that Debian packages. Left out: batch I/O (0x25-0x27), shared-memory
 * registration (0x18, 0x19) and automatic buffer registration, which refublk does not use. */
#ifndef REFUBLK_UAPI_H
#define REFUBLK_UAPI_H

#include <stddef.h>
#include <stdint.h>
