/* daemon: a child that goes on after `add` has returned, and the pipe on which it tells its parent how it went. */
#ifndef REFUBLK_DAEMON_H
#define REFUBLK_DAEMON_H

#include <stdint.h>
#include <sys/types.h>

/* The child's word: how the start ended. Shorter than PIPE_BUF, so never torn. */
struct daemon_word {
	int32_t status; /* enum say_exit */
	int32_t id;     /* of the live device, when the status is SAY_OK */
	int32_t pid;
	int32_t reserved; /* 0 */
};

/* Forks. The parent gets the child's pid, the child 0, or -errno. *fd is each side's end of the pipe, its own. The
 * child is a session leader without inherited descriptors but stdin, stdout and stderr, and no folder is its own. */
pid_t daemon_fork(int *fd);

/* The child's. The parent then ends, so what it shares with a terminal is let go of: stdin, stdout and stderr
 * become /dev/null. 0, or -errno: the parent is gone, nobody learns of the device. */
int daemon_report(int fd, struct daemon_word word);

/* The parent's: waits for the word. A signal to the parent is handed to the child, which undoes its start; a child
 * that ends without a word gives SAY_FAILED, said on stderr. */
struct daemon_word daemon_await(int fd, pid_t child);

#endif
