/* talk: what a command says to the process that serves a device, and what that answers: one message each way over the
 * socket STATE_FOLDER/ID.sock. Only root, or the server's own user, is heard. Nobody waits without end. */
#ifndef REFUBLK_TALK_H
#define REFUBLK_TALK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/un.h>

enum { TALK_VERSION = 1, TALK_TEXT_BYTES = 232 };

enum talk_kind {
	TALK_RESIZE,    /* value: the size in bytes */
	TALK_HAND_OVER, /* value: 0. The answer comes at once; that it is done is seen by the end of the process */
	TALK_KINDS
};

/* As it is sent; both ends are on one machine. */
struct talk_question {
	uint32_t magic;   /* TALK_MAGIC */
	uint16_t version; /* TALK_VERSION */
	uint16_t kind;    /* enum talk_kind */
	uint64_t value;
};

struct talk_answer {
	uint32_t magic;
	uint16_t version;
	uint16_t kind;  /* of the question */
	int32_t error;  /* 0 or -errno: -EPROTO no question at all, -EPROTONOSUPPORT one of another version or kind */
	uint32_t reserved; /* 0 */
	char text[TALK_TEXT_BYTES]; /* terminated; why, for a person; "": the errno says it */
};

#define TALK_MAGIC UINT32_C(0x6b6c6275)

struct talk_question talk_ask(uint32_t kind, uint64_t value);
struct talk_answer talk_reply(struct talk_question question, int error, const char *text);

/* Any bytes of any length: 0, and *question is good; or the error that they are answered with. */
int talk_read_question(const void *bytes, size_t length_bytes, struct talk_question *question)
	__attribute__((warn_unused_result));

/* Any bytes of any length: 0, and *answer is one to a question of this kind, its text terminated and printable; else
 * -EPROTO. */
int talk_read_answer(const void *bytes, size_t length_bytes, uint32_t kind, struct talk_answer *answer)
	__attribute__((warn_unused_result));

/* Of device id, below the folder: STATE_FOLDER, or another name of it. false: it is too long for a socket. */
bool talk_address(const char *folder, int32_t id, struct sockaddr_un *address);

/* Asks the server of the device and waits for its answer. 0; -ENOENT or -ECONNREFUSED nobody listens there; -ETIMEDOUT no
 * answer within the limit: what was asked may still be done; -EPROTO an answer that is none; -ECONNRESET the server went
 * away; another -errno. */
int talk_to(const char *folder, int32_t id, struct talk_question question, uint32_t limit_ms, struct talk_answer *answer)
	__attribute__((warn_unused_result));

#endif
