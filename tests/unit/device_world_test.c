/* The control plane between a driver that may answer anything and queues that may do anything: every world that can
 * be reached is visited, and from each the way down leads to the end. */
#include "device.h"

#include "suite.h"

enum { WORLDS_MAX = 1 << 17, TABLE_SLOTS = 1 << 19 };

struct world {
	struct device_state state;
	uint8_t command;   /* the action whose answer is due; 0: none */
	uint8_t cancelled; /* and its cancel was sent */
	uint8_t exists;    /* ADD was answered with OK, DEL not yet */
	uint8_t stopped;   /* STOP was sent and answered for good, or was busy until patience ended */
	uint8_t running;   /* queue threads, with the character device open */
	uint8_t ready;     /* they have reported it */
	uint8_t told;      /* they were told to leave, or are waited for */
	uint8_t lived;     /* LIVE was reached */
	uint8_t stop_live; /* and a stop was wanted then */
};

static struct world worlds[WORLDS_MAX];
static uint32_t next_worlds[WORLDS_MAX][DEVICE_EVENTS]; /* 0: the event cannot be there */
static uint32_t slots[TABLE_SLOTS];                     /* hash → index + 1 */
static uint32_t world_count;

static uint32_t index_of(struct world world)
{
	const unsigned char *bytes = (const unsigned char *)&world;
	uint64_t hash = 14695981039346656037u;

	for (size_t i = 0; i < sizeof(world); i++)
		hash = (hash ^ bytes[i]) * 1099511628211u;
	for (uint32_t slot = (uint32_t)(hash >> 32) % TABLE_SLOTS;; slot = (slot + 1) % TABLE_SLOTS) {
		if (slots[slot] == 0) {
			ck_assert_uint_lt(world_count, WORLDS_MAX);
			worlds[world_count] = world;
			slots[slot] = ++world_count;
		}
		if (memcmp(&worlds[slots[slot] - 1], &world, sizeof(world)) == 0)
			return slots[slot] - 1;
	}
}

static void rule(bool holds, const struct world *world, uint32_t event, const char *text)
{
	if (!holds)
		ck_abort_msg("%s: %s, command %s, event %u", text, device_phase_name(world->state.phase),
			     device_action_name(world->command), event);
}

/* ---- what can happen ------------------------------------------------------------------------ */

static bool answer(uint32_t event)
{
	return event >= DEVICE_ANSWER_OK && event <= DEVICE_ANSWER_OTHER;
}

static bool can_happen(const struct world *world, uint32_t event)
{
	switch ((enum device_event)event) {
	case DEVICE_BEGIN:
	case DEVICE_BEGIN_RECOVERY:
		return world->state.phase == DEVICE_ABSENT;
	case DEVICE_ANSWER_OK:
	case DEVICE_ANSWER_EINTR:
	case DEVICE_ANSWER_EBUSY:
	case DEVICE_ANSWER_EAGAIN:
	case DEVICE_ANSWER_GONE:
	case DEVICE_ANSWER_OTHER:
		return world->command != DEVICE_NOTHING;
	case DEVICE_QUEUES_READY:
		return world->running && !world->ready;
	case DEVICE_QUEUE_FAILED:
	case DEVICE_QUEUES_ENDED:
	case DEVICE_SERVER_LOST:
		return world->running;
	case DEVICE_DEADLINE:
		return world->state.pausing || device_limit_ms(world->state.phase) != 0;
	case DEVICE_STOP_WANTED:
		return true;
	case DEVICE_KEEP:
	case DEVICE_HAND_OVER:
		return world->state.phase == DEVICE_LIVE;
	case DEVICE_EVENTS:
		break;
	}
	return false;
}

/* What the driver and the queues make of an event, before anything is done about it. */
static struct world happen(struct world world, uint32_t event)
{
	if (answer(event)) {
		bool busy = event == DEVICE_ANSWER_EBUSY || event == DEVICE_ANSWER_EAGAIN;
		bool over = event != DEVICE_ANSWER_EINTR && (!busy || world.state.tries == DEVICE_TRIES_MAX);

		if (world.command == DEVICE_SEND_ADD && event == DEVICE_ANSWER_OK)
			world.exists = 1;
		if (world.command == DEVICE_SEND_DEL && (event == DEVICE_ANSWER_OK || event == DEVICE_ANSWER_GONE))
			world.exists = 0;
		if (world.command == DEVICE_SEND_STOP && over)
			world.stopped = 1;
		world.command = DEVICE_NOTHING;
		world.cancelled = 0;
	}
	if (event == DEVICE_QUEUES_READY)
		world.ready = 1;
	if (event == DEVICE_QUEUES_ENDED)
		world.running = 0;
	if (event == DEVICE_STOP_WANTED && world.state.phase == DEVICE_LIVE)
		world.stop_live = 1;
	return world;
}

/* ---- what may be done about it --------------------------------------------------------------- */

static bool sends(uint32_t action)
{
	return action == DEVICE_SEND_ADD || action == DEVICE_SEND_SET_PARAMS || action == DEVICE_SEND_RECOVER ||
	       action == DEVICE_SEND_START || action == DEVICE_SEND_END_RECOVERY || action == DEVICE_SEND_STOP ||
	       action == DEVICE_SEND_DEL || action == DEVICE_SEND_QUIESCE;
}

static void judge(const struct world *world, const struct world *after, struct device_step step, uint32_t event)
{
	const bool idle = after->command == DEVICE_NOTHING;
	const bool cancels = step.action == DEVICE_SEND_CANCEL || step.action == DEVICE_FORSAKE;
	const bool ours = !world->state.recovery || (world->lived && after->stop_live);

	rule(step.verdict != DEVICE_UNEXPECTED, world, event, "what can happen is expected");
	rule(!sends(step.action) || idle, world, event, "one command at a time");
	rule(step.action != DEVICE_PAUSE || idle, world, event, "a pause is without a command");
	rule(!cancels ||
		     ((after->command == DEVICE_SEND_START || after->command == DEVICE_SEND_END_RECOVERY) &&
		      !after->cancelled),
	     world, event, "only START and END_RECOVERY are cancelled, once");
	rule(step.action != DEVICE_OPEN_QUEUES || !after->running, world, event, "queues are opened once");
	rule(step.action != DEVICE_SEND_STOP || ours, world, event, "STOP is for a device that is ours to end");
	rule(step.action != DEVICE_SEND_DEL || (ours && after->stopped), world, event, "never DEL before STOP");
	rule(step.action != DEVICE_SEND_DEL || !after->running, world, event, "never DEL while we hold the chardev");
	rule(step.action != DEVICE_SAY_LIVE || (after->running && after->ready), world, event, "live means serving");
	rule(step.action != DEVICE_SAY_OVER || (idle && !after->running), world, event, "over means nothing is open");
	rule(step.action != DEVICE_SAY_OVER || !after->exists || step.verdict == DEVICE_FAILED || world->state.recovery, world,
	     event, "what is left behind is said, or was handed over");
	rule(step.action != DEVICE_DRAIN_QUEUES || (after->running && world->state.recovery), world, event,
	     "what is drained is left to another server");
	rule(step.verdict != DEVICE_FAILED || event == DEVICE_QUEUE_FAILED || event == DEVICE_QUEUES_ENDED ||
		     event == DEVICE_SERVER_LOST || (answer(event) && event != DEVICE_ANSWER_OK),
	     world, event, "only a failure is one");
}

static struct world act(struct world world, struct device_step step)
{
	world.state = step.state;
	if (sends(step.action))
		world.command = step.action;
	if (step.action == DEVICE_SEND_CANCEL || step.action == DEVICE_FORSAKE)
		world.cancelled = 1;
	if (step.action == DEVICE_OPEN_QUEUES)
		world.running = 1;
	if (step.action == DEVICE_LEAVE_QUEUES || step.action == DEVICE_FORSAKE || step.action == DEVICE_JOIN_QUEUES || step.action == DEVICE_DRAIN_QUEUES)
		world.told = 1;
	if (step.action == DEVICE_SAY_LIVE)
		world.lived = 1;
	return world;
}

static void visit(uint32_t index)
{
	struct world world = worlds[index];

	for (uint32_t event = 0; event < DEVICE_EVENTS; event++) {
		struct device_step step = device_step(world.state, event);
		struct world after;

		if (!can_happen(&world, event)) {
			rule(!answer(event) || step.verdict == DEVICE_UNEXPECTED, &world, event, "no answer without a command");
			continue;
		}
		after = happen(world, event);
		judge(&world, &after, step, event);
		after = act(after, step);
		rule(after.running == after.state.queues, &after, event, "the state knows whether queues run");
		next_worlds[index][event] = index_of(after);
	}
}

static void explore(void)
{
	world_count = 0;
	memset(slots, 0, sizeof(slots));
	memset(next_worlds, 0, sizeof(next_worlds));
	index_of((struct world){ 0 });
	for (uint32_t index = 0; index < world_count; index++)
		visit(index);
}

/* ---- tests ---------------------------------------------------------------------------------- */

START_TEST(test_no_world_breaks_a_rule)
{
	explore();
	ck_assert_uint_gt(world_count, 1000);
}
END_TEST

static uint32_t number_of(struct device_state state)
{
	uint32_t bits = (uint32_t)(state.want | state.recovery << 1 | state.failed << 2 | state.queues << 3 |
				   state.pausing << 4);

	return (uint32_t)state.phase << 13 | (uint32_t)state.tries << 5 | bits;
}

/* device_state_valid() is true of what was reached, and of nothing else. */
START_TEST(test_valid_means_reachable)
{
	static bool reached[DEVICE_PHASES << 13];

	explore();
	for (uint32_t index = 0; index < world_count; index++)
		reached[number_of(worlds[index].state)] = true;
	for (uint32_t number = 0; number < DEVICE_PHASES << 13; number++) {
		struct device_state state = {
			.want = number & 1,
			.recovery = number >> 1 & 1,
			.failed = number >> 2 & 1,
			.queues = number >> 3 & 1,
			.pausing = number >> 4 & 1,
			.tries = (uint8_t)(number >> 5),
			.phase = (uint8_t)(number >> 13),
		};

		if (device_state_valid(state) != reached[number])
			ck_abort_msg("%s: want %u recovery %u failed %u queues %u pausing %u tries %u is %sreached",
				     device_phase_name(state.phase), state.want, state.recovery, state.failed, state.queues,
				     state.pausing, state.tries, reached[number] ? "" : "not ");
	}
}
END_TEST

/* A driver that answers for good, queues that end when they were told or have failed, and pauses that pass. */
static bool must_happen(const struct world *world, uint32_t event)
{
	return (answer(event) && world->command != DEVICE_NOTHING && event != DEVICE_ANSWER_EINTR) ||
	       (event == DEVICE_QUEUES_ENDED && world->running && world->told) ||
	       (event == DEVICE_DEADLINE && world->state.pausing);
}

enum mark { UNSEEN, OPEN, DONE };
static uint8_t marks[WORLDS_MAX];

struct frame {
	uint32_t index;
	uint32_t event;
};
static struct frame stack[WORLDS_MAX];

/* Depth first among the worlds that want down: no way comes back to itself, but for events that change nothing (a late
 * deadline, an interrupted command, a second stop), and each but the end has a way on. */
static void check_descent(uint32_t from)
{
	uint32_t depth = 1;

	stack[0] = (struct frame){ from, 0 };
	marks[from] = OPEN;
	while (depth > 0) {
		struct frame *top = &stack[depth - 1];
		const struct world *world = &worlds[top->index];
		uint32_t event = top->event++;
		uint32_t next;

		if (event == DEVICE_EVENTS) {
			marks[top->index] = DONE;
			depth--;
			continue;
		}
		next = next_worlds[top->index][event];
		if (!can_happen(world, event) || next == top->index || marks[next] == DONE)
			continue;
		rule(marks[next] != OPEN, world, event, "the way down never turns back");
		rule(worlds[next].state.want == DEVICE_DOWN, world, event, "down stays down");
		marks[next] = OPEN;
		stack[depth++] = (struct frame){ next, 0 };
	}
}

START_TEST(test_a_stop_ends_every_world)
{
	uint32_t down = 0;

	explore();
	memset(marks, UNSEEN, sizeof(marks));
	for (uint32_t index = 0; index < world_count; index++) {
		const struct world *world = &worlds[index];
		bool goes_on = world->state.phase == DEVICE_OVER;

		rule(worlds[next_worlds[index][DEVICE_STOP_WANTED]].state.want == DEVICE_DOWN, world, DEVICE_STOP_WANTED,
		     "a stop is heard");
		if (world->state.want != DEVICE_DOWN)
			continue;
		down++;
		for (uint32_t event = 0; event < DEVICE_EVENTS; event++) {
			if (!must_happen(world, event))
				continue;
			rule(next_worlds[index][event] != index, world, event, "what must happen leads on");
			goes_on = true;
		}
		rule(goes_on, world, DEVICE_EVENTS, "there is a way on");
		if (marks[index] == UNSEEN)
			check_descent(index);
	}
	ck_assert_uint_gt(down, 500);
}
END_TEST

Suite *suite(void)
{
	Suite *world = suite_create("device world");
	TCase *all = tcase_create("all");

	tcase_set_timeout(all, 60);
	tcase_add_test(all, test_no_world_breaks_a_rule);
	tcase_add_test(all, test_valid_means_reachable);
	tcase_add_test(all, test_a_stop_ends_every_world);
	suite_add_tcase(world, all);
	return world;
}
