#include "data.h"

#include <string.h>

#include "seen.h"

struct data_world world;

static const int32_t RESULTS[] = {
	[DATA_ANSWER_0] = 0, [DATA_ANSWER_1] = 1, [DATA_ANSWER_ENODEV] = -DRIVER_ENODEV, [DATA_ANSWER_OTHER] = -DRIVER_EINVAL,
};

void data_begin(uint32_t kernel, uint32_t mode, uint32_t recovery)
{
	memset(&world, 0, sizeof(world));
	for (uint32_t i = 0; i < QUEUES; i++)
		world.tally[i] = tally_of(QUEUE_TAGS);
	world.kernel = (uint8_t)kernel;
	world.mode = (uint8_t)mode;
	world.recovery = (uint8_t)recovery;
#ifdef COPIES_FAIL
	world.spared = COPIES_FAIL;
#endif
}

/* ---- the server ---------------------------------------------------------------------------- */

static uint8_t address_of(struct tag_state state)
{
	return state.memory == TAG_LENT ? DRIVER_LENT : DRIVER_OWN;
}

/* Submitting is a system call: the driver takes the command before anything else can happen to the tag, since
 * nothing of the driver's happens to a tag that it has handed out. */
static const char *send(uint32_t number, uint8_t kind)
{
	struct data_tag *tag = &world.tag[number];
	uint8_t address = address_of(tag->server);

	if (address == DRIVER_LENT)
		tag->lent_for = tag->seen;
#ifdef BROKEN_TWICE
	if (kind != DRIVER_FETCH && data_drive(number, (struct driver_tag_event){ kind, address }) != NULL)
		return "the first of two commands failed";
#endif
	return data_drive(number, (struct driver_tag_event){ kind, address });
}

/* A commit of what the server takes for all of it is short where the driver had lowered the length. */
static uint8_t commit_kind(const struct data_tag *tag, uint32_t event)
{
	if (event == TAG_BACKEND_FAILED)
		return DRIVER_COMMIT_FAILED;
#ifdef BROKEN_SHORT
	return DRIVER_COMMIT_SHORT;
#endif
	return tag->part ? DRIVER_COMMIT_SHORT : DRIVER_COMMIT_DONE;
}

static const char *act(uint32_t number, struct tag_step step, uint32_t event)
{
	struct data_tag *tag = &world.tag[number];

	switch ((enum tag_action)step.action) {
	case TAG_NOTHING:
		return NULL;
	case TAG_FETCH:
		return send(number, DRIVER_FETCH);
	case TAG_HANDLE:
	case TAG_PLACE:
		tag->works = step.action == TAG_HANDLE ? DATA_HANDLES : DATA_PLACES;
		tag->seen = tag->request;
		return NULL;
	case TAG_ASK_DATA:
		return send(number, DRIVER_ASK_DATA);
	case TAG_COMMIT:
		return send(number, commit_kind(tag, event));
	case TAG_COMMIT_FAILED:
		return send(number, DRIVER_COMMIT_FAILED);
	case TAG_ACTIONS:
		break;
	}
	return "no such action";
}

/* BROKEN_…: a world without one of its guards, in which a property must fail. */

static const char *judge_tally(uint32_t queue)
{
	struct tally counted = { .depth = QUEUE_TAGS }, tally = world.tally[queue];
	bool works = false, cancelled = true;
	bool drained = tally_drained(tally), over = tally_over(tally);

#ifdef BROKEN_DRAINED
	drained = tally.tags[TAG_SERVER] == 0;
#endif
#ifdef BROKEN_OVER
	over = drained && tally.tags[TAG_DRIVER] == 0;
#endif

	for (uint32_t i = queue * QUEUE_TAGS; i < (queue + 1) * QUEUE_TAGS; i++) {
		counted.tags[world.tag[i].server.owner]++;
		works = works || world.tag[i].works != DATA_IDLE;
		cancelled = cancelled && world.tag[i].driver.phase == DRIVER_CANCELLED;
	}
	if (memcmp(&counted, &tally, sizeof(counted)) != 0)
		return "tally: another count than that of the tags";
	if (drained && works)
		return "drained: said while a request is open";
	if (over && !cancelled)
		return "over: said while the driver holds a command";
	return NULL;
}

static const char *decide(uint32_t number, uint32_t event)
{
	struct data_tag *tag = &world.tag[number];
	uint32_t mode = world.mode == DRIVER_GET_DATA ? TAG_GET_DATA : TAG_PLAIN;
	struct tag_step step;
	const char *fault;

#ifdef BROKEN_LEND
	mode = TAG_GET_DATA;
#endif
	step = tag_step(mode, tag->server, event);
	seen_tag(mode, tag->server, event);
	world.tally[number / QUEUE_TAGS] = tally_move(world.tally[number / QUEUE_TAGS], tag->server.owner, step.state.owner);
	tag->server = step.state;
	if (step.verdict != TAG_LAWFUL && step.verdict != TAG_REFUSED_LEND)
		return "breach: an event that the server takes for a breach";
	fault = act(number, step, event);
	return fault != NULL ? fault : judge_tally(number / QUEUE_TAGS);
}

bool data_may_fetch(uint32_t tag)
{
	return world.life == DATA_ALIVE && world.tag[tag].server.owner == TAG_UNBORN;
}

const char *data_fetch(uint32_t tag)
{
	return decide(tag, TAG_BEGIN);
}

bool data_may_hear(uint32_t tag)
{
	return world.life == DATA_ALIVE && world.tag[tag].answer != DATA_NO_ANSWER;
}

const char *data_hear(uint32_t tag)
{
	int32_t result = RESULTS[world.tag[tag].answer];

	world.tag[tag].answer = DATA_NO_ANSWER;
#ifdef BROKEN_FORGET
	if (result == -DRIVER_ENODEV)
		return NULL;
#endif
#ifdef BROKEN_DEAF
	if (result == 1)
		return NULL;
#endif
	return decide(tag, tag_event_of_result(result));
}

/* A backend lends for a READ when it answers, for a WRITE when it is asked where the data shall go. */
bool data_may_answer(uint32_t number, uint32_t event)
{
	const struct data_tag *tag = &world.tag[number];

	if (world.life != DATA_ALIVE)
		return false;
	if (tag->works == DATA_PLACES)
		return event == TAG_BACKEND_LENT || event == TAG_BACKEND_KEPT;
	if (tag->works != DATA_HANDLES || event == TAG_BACKEND_KEPT)
		return false;
	return event != TAG_BACKEND_LENT || (tag->seen != 0 && world.request[tag->seen - 1].op == DRIVER_READ);
}

const char *data_answers(uint32_t tag, uint32_t event)
{
	const char *fault;

	world.tag[tag].works = DATA_IDLE;
#ifdef BROKEN_SWAP
	world.tag[tag].seen = world.tag[(tag + 1) % TAGS].seen;
#endif
	fault = decide(tag, event);
	world.tag[tag].seen = 0;
	return fault;
}

/* ---- the driver ---------------------------------------------------------------------------- */

static const char *judge_moves(const struct data_tag *tag, uint8_t moves)
{
	if (moves == DRIVER_MOVES_NOTHING)
		return NULL;
	if (tag->works == DATA_HANDLES)
		return "foreign-memory: the driver touches memory that the backend works on";
	if (tag->driver.address == DRIVER_LENT && tag->lent_for != tag->request)
		return "foreign-memory: the driver touches memory that was lent for another request";
	if (tag->driver.address == DRIVER_LENT)
		seen_witness(moves == DRIVER_MOVES_OUT ? "read-out-of-lent-memory" : "write-into-lent-memory");
	return NULL;
}

static const char *judge_end(const struct data_tag *tag, uint8_t ends)
{
	const struct data_request_state *request = &world.request[tag->request - 1];

	if (tag->seen != tag->request)
		return "own-result: a request was answered with another's result";
	if (ends == DRIVER_REQUEST_LOST && !tag->part)
		return "nothing-lost: a request is said to be done, and is not";
	if (ends == DRIVER_REQUEST_LOST)
		seen_witness("part-lost-by-7.3");
	if (request->again)
		seen_witness("done-after-requeue");
	return NULL;
}

static const char *end_request(struct data_tag *tag, uint8_t ends)
{
	struct data_request_state *request = &world.request[tag->request - 1];
	bool deserted = ends == DRIVER_REQUEST_UNSERVED || ends == DRIVER_REQUEST_ORPHANED;
	uint32_t fate = deserted ? driver_fate(world.kernel, world.recovery, ends) : ends;
	bool again = fate == DRIVER_REQUEST_AGAIN || fate == DRIVER_REQUEST_REST;
	const char *fault = deserted || fate == DRIVER_REQUEST_AGAIN ? NULL : judge_end(tag, ends);

	if (deserted)
		seen_witness(again ? "requeued-by-death" : "failed-by-death");

	*request = (struct data_request_state){ .state = again ? DATA_WAITS : DATA_NEW, .again = again };
	tag->request = 0;
	tag->part = 0;
	return fault;
}

static const char *complete(struct data_tag *tag, int16_t result)
{
#ifdef BROKEN_EARLY
	/* The backend is at work before the data is there. */
	tag->works = DATA_HANDLES;
#endif
	if (tag->answer != DATA_NO_ANSWER)
		return "one-completion: a second one before the first was heard";
	for (uint8_t i = DATA_ANSWER_0; i < DATA_ANSWER_OTHER; i++)
		if (RESULTS[i] == result)
			tag->answer = i;
	return NULL;
}

/* op: of a request that goes on living, kept where it is requeued. */
const char *data_drive(uint32_t number, struct driver_tag_event event)
{
	struct data_tag *tag = &world.tag[number];
	uint8_t op = tag->request != 0 ? world.request[tag->request - 1].op : DRIVER_NO_REQUEST;
	uint8_t request = tag->request;
	struct driver_tag_step step = driver_tag_step(world.kernel, world.mode, tag->driver, event);
	const char *fault;

	seen_driver(world.kernel, world.mode, tag->driver, event.kind);
	tag->driver = step.state;
	if (step.verdict != DRIVER_POSSIBLE)
		return step.verdict == DRIVER_UNDEFINED ? "no-foreign-command: the kernel breaks over it" : "cannot be";
	if (step.answer == DRIVER_REFUSES)
		return "no-foreign-command: the driver refused a command";
	fault = judge_moves(tag, step.moves);
	if (step.moves == DRIVER_MOVES_IN_PART)
		tag->part = 1;
	if (fault == NULL && step.request != DRIVER_REQUEST_STAYS) {
		fault = end_request(tag, step.request);
		if (world.request[request - 1].state == DATA_WAITS)
			world.request[request - 1].op = op;
	}
	if (fault == NULL && step.answer == DRIVER_COMPLETES)
		fault = complete(tag, step.result);
	if (tag->driver.address != DRIVER_LENT)
		tag->lent_for = 0;
	return fault;
}

/* A copy can fail where one is made: of a WRITE, to the address. */
bool data_may_dispatch(uint32_t number, uint32_t kind)
{
	struct driver_tag_state driver = world.tag[number].driver;
	struct driver_tag_event event = { .kind = (uint8_t)kind };

	if (driver.phase != DRIVER_ARRIVED && driver.phase != DRIVER_COPYING)
		return false;
	if (world.life != DATA_ALIVE && (driver.phase == DRIVER_ARRIVED || world.kernel == DRIVER_6_12))
		return false;
#ifdef COPIES_FAIL
	if (kind != DRIVER_DISPATCH && world.spared == 0)
		return false;
#endif
	return driver_tag_step(world.kernel, world.mode, driver, event).verdict == DRIVER_POSSIBLE;
}

const char *data_dispatch(uint32_t tag, uint32_t kind)
{
#ifdef COPIES_FAIL
	world.spared = (uint8_t)(world.spared - (kind != DRIVER_DISPATCH));
#endif
	return data_drive(tag, (struct driver_tag_event){ .kind = (uint8_t)kind });
}

bool data_may_cancel(uint32_t tag)
{
	uint8_t phase = world.tag[tag].driver.phase;
	bool started = world.kernel == DRIVER_6_12 && (phase == DRIVER_ARRIVED || phase == DRIVER_COPYING);

	if (world.life == DATA_ALIVE)
		return world.stop == DATA_CANCELS && phase == DRIVER_ACTIVE;
	return (phase == DRIVER_ACTIVE || started) && (world.kernel != DRIVER_6_12 || world.life == DATA_ABORTED);
}

const char *data_cancel(uint32_t tag)
{
	return data_drive(tag, (struct driver_tag_event){ .kind = DRIVER_CANCEL });
}
