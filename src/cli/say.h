/* say: what the commands tell a person, one line each, and how they end. */
#ifndef REFUBLK_SAY_H
#define REFUBLK_SAY_H

#include "log.h"

/* The exit statuses of every command; refublk(8) explains them. */
enum say_exit {
	SAY_OK,
	SAY_FAILED,    /* the attempt failed; the line says why */
	SAY_USAGE,     /* the command line is malformed or asks for what cannot be; nothing was created */
	SAY_IN_USE,    /* refused, because something uses the device or the file; nothing was changed */
	SAY_NO_DEVICE, /* there is no such device */
};

/* One line on stderr, "NAME: " first, where NAME is how the program was called. Each keeps errno. */
void say_error(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* The same; returns SAY_USAGE. */
int say_usage(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Flushes stdout. SAY_OK, or SAY_FAILED when something could not be written, said on stderr. */
int say_finish(void);

/* A log whose lines go to stderr: errors and warnings, and everything when `verbose`. */
struct log say_log(bool verbose);

#endif
