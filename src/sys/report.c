#include "report.h"

#include <errno.h>
#include <unistd.h>

void report_send(int fd, struct report report)
{
	int saved = errno;
	ssize_t sent;

	do
		sent = write(fd, &report, sizeof(report));
	while (sent < 0 && errno == EINTR);
	errno = saved;
}
