/* From every state that can be, every event leads to one that can be, and no command is sent out of its order. */
#include "device.h"
#include "proof.h"

/* A control command is in flight. */
static bool flies(struct device_state state)
{
	bool command = state.phase == DEVICE_ADDING || state.phase == DEVICE_SETTING || state.phase == DEVICE_RECOVERING ||
		       state.phase == DEVICE_STARTING || state.phase == DEVICE_ENDING || state.phase == DEVICE_CANCELLING ||
		       state.phase == DEVICE_QUIESCING || state.phase == DEVICE_STOPPING || state.phase == DEVICE_DELETING;

	return command && !state.pausing;
}

static bool sends(uint8_t action)
{
	return action == DEVICE_SEND_ADD || action == DEVICE_SEND_SET_PARAMS || action == DEVICE_SEND_RECOVER ||
	       action == DEVICE_SEND_START || action == DEVICE_SEND_END_RECOVERY || action == DEVICE_SEND_STOP ||
	       action == DEVICE_SEND_DEL || action == DEVICE_SEND_QUIESCE;
}

/* What a phase whose command is in flight has sent. */
static uint8_t command_of(uint8_t phase)
{
	return phase == DEVICE_ADDING ? DEVICE_SEND_ADD : phase == DEVICE_SETTING ? DEVICE_SEND_SET_PARAMS :
	       phase == DEVICE_RECOVERING ? DEVICE_SEND_RECOVER : phase == DEVICE_STARTING ? DEVICE_SEND_START :
	       phase == DEVICE_ENDING ? DEVICE_SEND_END_RECOVERY : phase == DEVICE_STOPPING ? DEVICE_SEND_STOP :
	       phase == DEVICE_QUIESCING ? DEVICE_SEND_QUIESCE : phase == DEVICE_DELETING ? DEVICE_SEND_DEL : DEVICE_NOTHING;
}

static void prove_said(struct device_state state, uint32_t event, struct device_step step)
{
	bool up = state.want == DEVICE_UP && state.phase != DEVICE_ABSENT;
	bool turns = up && step.state.want == DEVICE_DOWN;
	bool asked = event == DEVICE_STOP_WANTED || event == DEVICE_HAND_OVER;
	bool ended = state.phase == DEVICE_LIVE && (event == DEVICE_SERVER_LOST || event == DEVICE_QUEUES_ENDED);

	if (turns)
		PROVE((step.verdict == DEVICE_FAILED) == (!asked && !ended), "what nobody asked for is a failure");
	if (up && !turns)
		PROVE(step.verdict != DEVICE_FAILED, "what goes on has not failed");
	if (event == DEVICE_QUEUE_FAILED && step.verdict != DEVICE_UNEXPECTED && (up || state.phase == DEVICE_STOPPING ||
	    state.phase == DEVICE_JOINING))
		PROVE(step.verdict == DEVICE_FAILED && step.state.failed == 1, "a queue that fails while it serves is a failure");
	if (event == DEVICE_DEADLINE && !state.pausing)
		PROVE((step.action == DEVICE_SAY_LATE || step.action == DEVICE_NOTHING) &&
		      step.state.phase == state.phase && step.state.want == state.want, "a deadline is said, and waited on");
	if (event == DEVICE_SERVER_LOST && up && !flies(state) && step.verdict != DEVICE_UNEXPECTED)
		PROVE(step.action == DEVICE_LEAVE_QUEUES, "queues whose tags are retired leave");
	if (event == DEVICE_KEEP && step.verdict != DEVICE_UNEXPECTED)
		PROVE(state.phase == DEVICE_LIVE && step.state.phase == DEVICE_LIVE && step.state.recovery == 1 &&
		      step.action == DEVICE_NOTHING, "a live device is kept, and goes on");
	if (event == DEVICE_HAND_OVER && step.verdict != DEVICE_UNEXPECTED)
		PROVE(state.phase == DEVICE_LIVE && step.state.recovery == 1, "only a live device is handed over, and is then left");
	if (step.action == DEVICE_DRAIN_QUEUES)
		PROVE(state.phase == DEVICE_QUIESCING && step.state.queues && !step.state.failed, "queues drain when nothing more comes");
	if (event == DEVICE_STOP_WANTED && step.verdict != DEVICE_UNEXPECTED)
		PROVE(step.state.want == DEVICE_DOWN, "a stop is noted");
}

void proof(void)
{
	struct device_state state = { .want = nondet_u8(), .phase = nondet_u8(), .recovery = nondet_u8(), .failed = nondet_u8(),
				      .queues = nondet_u8(), .tries = nondet_u8(), .pausing = nondet_u8() };
	uint32_t event = nondet_u32();
	bool answer = event >= DEVICE_ANSWER_OK && event <= DEVICE_ANSWER_OTHER;
	struct device_step step;

	ASSUME(device_state_valid(state) && event < DEVICE_EVENTS);
	step = device_step(state, event);
	PROVE(device_state_valid(step.state), "leads to what can be");
	PROVE(step.action < DEVICE_ACTIONS && step.verdict < DEVICE_VERDICTS, "enumerators");
	if (sends(step.action))
		PROVE(!flies(state) || answer, "one command at a time");
	if (sends(step.action))
		PROVE(flies(step.state) && step.action == command_of(step.state.phase), "what is sent is what is waited for");
	if (sends(step.action) && step.state.phase == state.phase)
		PROVE(answer || (event == DEVICE_DEADLINE && state.pausing), "sent again after an answer or a pause only");
	prove_said(state, event, step);
	if (step.action == DEVICE_SEND_DEL && state.phase != DEVICE_DELETING)
		PROVE((state.phase == DEVICE_STOPPING && answer) || state.phase == DEVICE_JOINING, "STOP before DEL");
	if (step.action == DEVICE_SEND_DEL)
		PROVE(!step.state.queues, "nobody holds the character device when DEL is sent");
	if (step.action == DEVICE_SEND_START && state.phase != DEVICE_STARTING)
		PROVE(event == DEVICE_QUEUES_READY && !state.recovery, "START after the last FETCH");
	if (step.action == DEVICE_SEND_SET_PARAMS || step.action == DEVICE_SEND_STOP || step.action == DEVICE_SEND_DEL)
		PROVE(!state.recovery || state.phase == DEVICE_LIVE || state.want == DEVICE_DOWN, "taken over: not set, not undone by DEL");
	if (step.state.phase == DEVICE_LIVE && state.phase != DEVICE_LIVE)
		PROVE(event == DEVICE_ANSWER_OK && (state.phase == DEVICE_STARTING || state.phase == DEVICE_ENDING), "live by START or END");
	if (step.action == DEVICE_SEND_CANCEL || step.action == DEVICE_FORSAKE)
		PROVE(flies(state) && (state.phase == DEVICE_STARTING || state.phase == DEVICE_ENDING), "a cancel has its command");
	if (step.verdict == DEVICE_UNEXPECTED)
		PROVE(step.action == DEVICE_NOTHING, "nothing is done");
	if (state.phase == DEVICE_OVER)
		PROVE(step.state.phase == DEVICE_OVER && step.action == DEVICE_NOTHING, "over for ever");
	PROVED();
}
