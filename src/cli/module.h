/* module: the kernel module behind the driver. */
#ifndef REFUBLK_MODULE_H
#define REFUBLK_MODULE_H

#include "log.h"

#define MODULE_NAME "ublk_drv"

/* Runs `modprobe ublk_drv` once when the driver's control node is not there. Whether that helped is for who opens
 * the node to say. */
void module_load(struct log log);

#endif
