#include "journal.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <syslog.h>
#include <unistd.h>

#include "say.h"

#define JOURNAL_SOCKET "/dev/log"
#define JOURNAL_KERNEL "/dev/kmsg"

enum { JOURNAL_LINE_BYTES = 640 };

static int journal_connect(void)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX, .sun_path = JOURNAL_SOCKET };
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (fd >= 0 && connect(fd, (struct sockaddr *)&address, sizeof(address)) < 0) {
		close(fd);
		return -1;
	}
	return fd;
}

void journal_open(struct journal *journal, bool verbose)
{
	atomic_init(&journal->to_system, false);
	journal->verbose = verbose;
	journal->fd = journal_connect();
	journal->is_socket = journal->fd >= 0;
	if (!journal->is_socket)
		journal->fd = open(JOURNAL_KERNEL, O_WRONLY | O_CLOEXEC | O_NONBLOCK);
}

void journal_switch(struct journal *journal)
{
	atomic_store(&journal->to_system, true);
}

void journal_close(struct journal *journal)
{
	if (journal->fd >= 0)
		close(journal->fd);
	journal->fd = -1;
}

static int journal_priority(enum refublk_level level)
{
	switch (level) {
	case REFUBLK_ERROR:
		return LOG_ERR;
	case REFUBLK_WARNING:
		return LOG_WARNING;
	case REFUBLK_INFO:
		return LOG_INFO;
	case REFUBLK_DEBUG:
		return LOG_DEBUG;
	}
	return LOG_ERR;
}

static void journal_send(const struct journal *journal, enum refublk_level level, const char *line)
{
	char text[JOURNAL_LINE_BYTES];
	int length = snprintf(text, sizeof(text), "<%d>refublk[%d]: %s", LOG_DAEMON | journal_priority(level), (int)getpid(), line);
	size_t bytes = length < 0 ? 0 : (size_t)length < sizeof(text) ? (size_t)length : sizeof(text) - 1;

	/* A log that takes nothing has no other place to say so. */
	if (journal->is_socket)
		(void)!send(journal->fd, text, bytes, MSG_DONTWAIT | MSG_NOSIGNAL);
	else if (journal->fd >= 0)
		(void)!write(journal->fd, text, bytes);
}

static void journal_say(void *context, enum refublk_level level, const char *line)
{
	const struct journal *journal = context;
	struct log console = say_log(journal->verbose);

	if (!atomic_load(&journal->to_system))
		console.function(console.context, level, line);
	else if (level <= REFUBLK_INFO || journal->verbose)
		journal_send(journal, level, line);
}

struct log journal_log(struct journal *journal)
{
	return (struct log){ .function = journal_say, .context = journal };
}
