#include "talk.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "await.h"
#include "errnos.h"

_Static_assert(sizeof(struct talk_question) == 16, "no padding: it is sent as bytes");
_Static_assert(sizeof(struct talk_answer) == 248, "no padding: it is sent as bytes");

struct talk_question talk_ask(uint32_t kind, uint64_t value)
{
	return (struct talk_question){
		.magic = TALK_MAGIC, .version = TALK_VERSION, .kind = (uint16_t)kind, .value = value,
	};
}

struct talk_answer talk_reply(struct talk_question question, int error, const char *text)
{
	struct talk_answer answer = {
		.magic = TALK_MAGIC, .version = TALK_VERSION, .kind = question.kind, .error = error,
	};

	snprintf(answer.text, sizeof(answer.text), "%s", text);
	return answer;
}

int talk_read_question(const void *bytes, size_t length_bytes, struct talk_question *question)
{
	*question = (struct talk_question){ 0 };
	if (length_bytes != sizeof(*question))
		return -EPROTO;
	memcpy(question, bytes, sizeof(*question));
	if (question->magic != TALK_MAGIC)
		return -EPROTO;
	return question->version == TALK_VERSION && question->kind < TALK_KINDS ? 0 : -EPROTONOSUPPORT;
}

int talk_read_answer(const void *bytes, size_t length_bytes, uint32_t kind, struct talk_answer *answer)
{
	*answer = (struct talk_answer){ 0 };
	if (length_bytes != sizeof(*answer))
		return -EPROTO;
	memcpy(answer, bytes, sizeof(*answer));
	answer->text[sizeof(answer->text) - 1] = '\0';
	for (char *at = answer->text; *at; at++) {
		if ((unsigned char)*at < ' ' || *at == 0x7f)
			*at = '?';
	}
	/* Of another version, the error is what everybody understands. */
	if (answer->magic != TALK_MAGIC || answer->error > 0 || answer->error < -ERRNOS_MAX ||
	    (answer->version != TALK_VERSION && answer->error == 0))
		return -EPROTO;
	return answer->kind == kind || answer->error == -EPROTO ? 0 : -EPROTO;
}

bool talk_address(const char *folder, int32_t id, struct sockaddr_un *address)
{
	int length;

	*address = (struct sockaddr_un){ .sun_family = AF_UNIX };
	length = snprintf(address->sun_path, sizeof(address->sun_path), "%s/%d.sock", folder, id);
	return length > 0 && (size_t)length < sizeof(address->sun_path);
}

static int talk_exchange(int fd, struct talk_question question, uint32_t limit_ms, struct talk_answer *answer)
{
	unsigned char bytes[sizeof(*answer) + 1];
	ssize_t count;
	int error;

	if (send(fd, &question, sizeof(question), MSG_NOSIGNAL) < 0)
		return -errno;
	error = await_readable(fd, limit_ms);
	if (error)
		return error;
	count = recv(fd, bytes, sizeof(bytes), MSG_DONTWAIT);
	if (count < 0)
		return -errno;
	return count == 0 ? -ECONNRESET : talk_read_answer(bytes, (size_t)count, question.kind, answer);
}

int talk_to(const char *folder, int32_t id, struct talk_question question, uint32_t limit_ms, struct talk_answer *answer)
{
	struct timeval limit = { .tv_sec = limit_ms / 1000 + 1 };
	struct sockaddr_un address;
	int fd, error;

	if (!talk_address(folder, id, &address))
		return -ENAMETOOLONG;
	fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -errno;
	/* A server that is busy with another one accepts us later. */
	(void)setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit));
	error = connect(fd, (struct sockaddr *)&address, sizeof(address)) < 0 ? -errno : 0;
	if (!error)
		error = talk_exchange(fd, question, limit_ms, answer);
	close(fd);
	return error == -EAGAIN ? -ETIMEDOUT : error;
}
