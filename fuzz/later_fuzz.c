/* The mailbox on one thread, under any order of its calls: what is taken is what was put, once, in its order, and only
 * for the token that its tag has now. */
#include "fuzz.h"
#include "later.h"

#include <poll.h>

enum { TAGS = 3, STEPS_MAX = 100 };

/* What must come out. */
struct model {
	uint64_t issued[TAGS], taken[TAGS];
	uint8_t order[TAGS];
	uint64_t done_bytes[TAGS];
	uint32_t waiting, refusals;
	bool news;
};

static bool listed(const struct model *model, uint8_t tag)
{
	for (uint32_t i = 0; i < model->waiting; i++)
		if (model->order[i] == tag)
			return true;
	return false;
}

static void put(struct later *later, struct model *model, uint64_t token, uint64_t done_bytes)
{
	uint64_t tag = token >> 32 & 0xffff;

	later_put(later, token, (struct refublk_outcome){ .done_bytes = done_bytes });
	model->news = true;
	if (token == 0 || tag >= TAGS || token != model->issued[tag] || token == model->taken[tag]) {
		model->refusals++;
		return;
	}
	if (!listed(model, (uint8_t)tag))
		model->order[model->waiting++] = (uint8_t)tag;
	model->taken[tag] = token;
	model->done_bytes[tag] = done_bytes;
}

static void take(struct later *later, struct model *model)
{
	struct later_letter letter;
	uint8_t tag = model->order[0];

	FUZZ_NEED(later_take(later, &letter) == (model->waiting > 0), "what was put is taken");
	if (model->waiting == 0)
		return;
	FUZZ_NEED(letter.token == model->taken[tag] && letter.outcome.done_bytes == model->done_bytes[tag], "in its order");
	model->waiting--;
	for (uint32_t i = 0; i < model->waiting; i++)
		model->order[i] = model->order[i + 1];
}

static void step(struct later *later, struct model *model, struct fuzz *fuzz)
{
	uint8_t choice = fuzz_u8(fuzz), tag = (uint8_t)(choice >> 4) % TAGS;
	uint32_t serial = 1 + (uint32_t)(choice >> 6);

	switch (choice & 7) {
	case 0: case 1:
		model->issued[tag] = later_token(7, tag, serial);
		FUZZ_NEED(later_token_qid(model->issued[tag]) == 7 && later_token_tag(model->issued[tag]) == tag, "a token's parts");
		later_issue(later, model->issued[tag]);
		break;
	case 2: case 3:
		put(later, model, model->issued[tag], fuzz_u8(fuzz));
		break;
	case 4:
		put(later, model, later_token(7, tag, serial), fuzz_u8(fuzz));
		break;
	case 5:
		put(later, model, fuzz_u64(fuzz), 0);
		break;
	case 6:
		take(later, model);
		break;
	default:
		later_quiet(later);
		model->news = false;
		FUZZ_NEED(later_refusals(later) == model->refusals, "what was turned away is counted");
		model->refusals = 0;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz fuzz = { data, size };
	struct model model = { .waiting = 0 };
	struct later *later;
	struct pollfd wake = { .events = POLLIN };

	FUZZ_NEED(later_make(&later, TAGS) == 0, "a mailbox");
	for (int i = 0; i < STEPS_MAX && fuzz.left_bytes > 0; i++)
		step(later, &model, &fuzz);
	wake.fd = later_wake_fd(later);
	FUZZ_NEED(poll(&wake, 1, 0) == model.news, "news wakes");
	while (model.waiting > 0)
		take(later, &model);
	take(later, &model);
	later_free(later);
	return 0;
}
