#include "words.h"

const char *const words_tag_modes[TAG_MODES] = { [TAG_PLAIN] = "plain", [TAG_GET_DATA] = "get-data" };

const char *const words_tag_memories[TAG_MEMORIES] = { [TAG_OWN] = "own", [TAG_LENT] = "lent" };

const char *const words_tag_verdicts[TAG_VERDICTS] = {
	[TAG_LAWFUL] = "lawful",
	[TAG_REFUSED_LEND] = "refused-lend",
	[TAG_COMMAND_LOST] = "command-lost",
	[TAG_DRIVER_BREACH] = "driver-breach",
	[TAG_BACKEND_BREACH] = "backend-breach",
	[TAG_SERVER_BREACH] = "server-breach",
};

const char *const words_device_wants[DEVICE_WANTS] = { [DEVICE_UP] = "up", [DEVICE_DOWN] = "down" };

const char *const words_device_phases[DEVICE_PHASES] = {
	[DEVICE_ABSENT] = "absent",
	[DEVICE_ADDING] = "adding",
	[DEVICE_SETTING] = "setting",
	[DEVICE_RECOVERING] = "recovering",
	[DEVICE_OPENING] = "opening",
	[DEVICE_STARTING] = "starting",
	[DEVICE_ENDING] = "ending",
	[DEVICE_CANCELLING] = "cancelling",
	[DEVICE_LIVE] = "live",
	[DEVICE_QUIESCING] = "quiescing",
	[DEVICE_ABANDONING] = "abandoning",
	[DEVICE_STOPPING] = "stopping",
	[DEVICE_JOINING] = "joining",
	[DEVICE_DELETING] = "deleting",
	[DEVICE_OVER] = "over",
};

const char *const words_device_events[DEVICE_EVENTS] = {
	[DEVICE_BEGIN] = "begin",
	[DEVICE_BEGIN_RECOVERY] = "begin-recovery",
	[DEVICE_ANSWER_OK] = "answer-ok",
	[DEVICE_ANSWER_EINTR] = "answer-eintr",
	[DEVICE_ANSWER_EBUSY] = "answer-ebusy",
	[DEVICE_ANSWER_EAGAIN] = "answer-eagain",
	[DEVICE_ANSWER_GONE] = "answer-gone",
	[DEVICE_ANSWER_OTHER] = "answer-other",
	[DEVICE_QUEUES_READY] = "queues-ready",
	[DEVICE_QUEUE_FAILED] = "queue-failed",
	[DEVICE_QUEUES_ENDED] = "queues-ended",
	[DEVICE_DEADLINE] = "deadline",
	[DEVICE_STOP_WANTED] = "stop-wanted",
	[DEVICE_SERVER_LOST] = "server-lost",
	[DEVICE_KEEP] = "keep",
	[DEVICE_HAND_OVER] = "hand-over",
};

const char *const words_device_verdicts[DEVICE_VERDICTS] = {
	[DEVICE_LAWFUL] = "lawful",
	[DEVICE_FAILED] = "failed",
	[DEVICE_UNEXPECTED] = "unexpected",
};
