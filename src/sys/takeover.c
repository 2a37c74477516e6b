#include "takeover.h"

#include <errno.h>

#include "admin.h"
#include "adopt.h"
#include "node.h"
#include "reason.h"
#include "start.h"

static int takeover_ask(struct takeover *takeover, uint32_t id, struct log log)
{
	char path[NODE_PATH_BYTES];
	struct control *control;
	int error = control_open(&control, log);

	if (error)
		return error;
	node_block_path(path, (int)id);
	error = admin_info(control, log, id, &takeover->info);
	if (!error)
		error = admin_params(control, log, id, &takeover->params);
	/* That there is no such device is an answer to others, and an error here. */
	if (error == -ENODEV)
		reason_say(log, REFUBLK_ERROR, REASON_GET_INFO, path, error);
	control_close(control);
	return error;
}

/* The limits of memory and page are the machine's and the caller's, and so is what the backend offers. */
static int takeover_fit(struct takeover *takeover, const struct refublk_options *options,
			const struct refublk_backend *backend, struct log log)
{
	const struct params_config here = start_config(options, backend);
	const uint32_t verdict =
		adopt_check(&takeover->info, &takeover->params, here.flags, options->size_bytes);
	char path[NODE_PATH_BYTES];

	if (verdict != ADOPT_ACCEPTED) {
		node_block_path(path, options->id);
		log_say(log, REFUBLK_ERROR, "cannot take over %s: %s", path, adopt_verdict_text(verdict));
		return -EINVAL;
	}
	takeover->config =
		adopt_config(&takeover->info, &takeover->params, here.page_bytes, here.memory_limit_bytes);
	return start_accept(takeover->config, log);
}

int takeover_look(struct takeover *takeover, const struct refublk_options *options, const struct refublk_backend *backend)
{
	const struct log log = { .function = options->log, .context = options->log_context };
	int error;

	*takeover = (struct takeover){ 0 };
	if (!backend->name || !backend->read || options->id < 0) {
		log_say(log, REFUBLK_ERROR, "a recovery needs a backend with a name and a read function, and the device's id");
		return -EINVAL;
	}
	error = takeover_ask(takeover, (uint32_t)options->id, log);
	return error ? error : takeover_fit(takeover, options, backend, log);
}
