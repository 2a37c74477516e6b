/* From every state that can be, every event leads to one that can be; and what is sent is sent by whoever may. */
#include "proof.h"
#include "tag.h"

static bool holds(uint8_t owner)
{
	return owner == TAG_FETCHING || owner == TAG_DRIVER || owner == TAG_COPYING;
}

void proof(void)
{
	uint32_t mode = nondet_u32(), event = nondet_u32();
	struct tag_state state = { .owner = nondet_u8(), .memory = nondet_u8() };
	struct tag_step step;

	ASSUME(mode < TAG_MODES && event < TAG_EVENTS);
	ASSUME(tag_state_valid(mode, state));
	step = tag_step(mode, state, event);
	PROVE(tag_state_valid(mode, step.state), "leads to what can be");
	PROVE(step.action < TAG_ACTIONS && step.verdict < TAG_VERDICTS, "enumerators");
	PROVE((step.action == TAG_FETCH) == (state.owner == TAG_UNBORN && event == TAG_BEGIN), "one FETCH");
	if (step.action == TAG_COMMIT || step.action == TAG_COMMIT_FAILED)
		PROVE(state.owner == TAG_SERVER && step.state.owner == TAG_DRIVER, "COMMIT of an owned tag");
	if (step.action == TAG_ASK_DATA)
		PROVE(state.owner == TAG_SERVER_GET_DATA && step.state.owner == TAG_COPYING && mode == TAG_GET_DATA,
		      "NEED_GET_DATA where it was asked for");
	if (!holds(state.owner) && holds(step.state.owner))
		PROVE(step.action == TAG_FETCH || step.action == TAG_COMMIT || step.action == TAG_COMMIT_FAILED ||
		      step.action == TAG_ASK_DATA, "the driver gets a tag by a command only");
	if (state.owner == TAG_SERVER && step.state.owner != TAG_SERVER)
		PROVE(step.action == TAG_COMMIT || step.action == TAG_COMMIT_FAILED, "an owned tag goes by a COMMIT only");
	if (state.owner == TAG_RETIRED)
		PROVE(step.state.owner == TAG_RETIRED && step.action == TAG_NOTHING, "retired for ever");
	if (mode == TAG_PLAIN)
		PROVE(step.state.memory == TAG_OWN, "nothing is lent in plain mode");
	if (step.verdict != TAG_LAWFUL && step.verdict != TAG_REFUSED_LEND)
		PROVE(step.action == TAG_NOTHING, "nothing is done after a breach");
	PROVED();
}
