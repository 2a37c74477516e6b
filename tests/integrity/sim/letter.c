/* A backend that answers every request later, by a letter, when the scheduler likes. */
#include "backend.h"
#include "inside.h"

static struct refublk_step letter_begin(void *backend, const struct refublk_request *request)
{
	struct sim *sim = backend;
	struct port *port = &sim->ports[later_token_qid(request->token)];

	port->letters[port->letter_count++] = request;
	return refublk_later();
}

void letter_send(struct port *port)
{
	struct sim *sim = port->sim;
	uint32_t at = choice_below(sim->choice, port->letter_count);
	const struct refublk_request *request = port->letters[at];
	struct refublk_step step = backend_begin(sim->inner, sim->inner_context, request);

	port->letters[at] = port->letters[--port->letter_count];
	sim->counts.letters++;
	later_put(port->later, request->token, step.outcome);
	port->wake_due = true;
}

const struct refublk_backend letter_backend = {
	.name = "later",
	.read = letter_begin,
	.write = letter_begin,
	.discard = letter_begin,
	.write_zeroes = letter_begin,
};
