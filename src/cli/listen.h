/* listen: the serving process hears what commands ask of it (talk.h), on a thread of its own: whatever comes in, or does
 * not, the queues and the control plane never wait for it. One question at a time. */
#ifndef REFUBLK_LISTEN_H
#define REFUBLK_LISTEN_H

#include "log.h"
#include "talk.h"

/* Answers one question that talk_read_question() accepted; on the listener's thread. */
typedef struct talk_answer listen_answer(void *context, struct talk_question question);

struct listener;

/* Binds ID.sock in the folder, in the place of one that a dead server left, and listens. 0 and *listener is the caller's; or
 * -errno. The folder stays the caller's, open until listen_end(). */
int listen_begin(struct listener **listener, int folder_fd, int32_t id, listen_answer *answer, void *context)
	__attribute__((warn_unused_result));

/* Waits for the answer under way, then removes the socket. NULL is allowed. */
void listen_end(struct listener *listener);

/* What a dead server left: 0 or -errno; one that is not there is no error. */
int listen_remove(int folder_fd, int32_t id);

#endif
