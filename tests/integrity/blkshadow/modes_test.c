/* Direct and buffered operations never meet on a page, and nothing waits for ever. */
#include <stdio.h>
#include <stdlib.h>

#include "mix.h"
#include "modes.h"
#include "suite.h"

enum { PAGES = 6, WAITING = 5, STEPS = 4000 };

struct user {
	struct operation operation;
	bool running;
};

/* The modes' own rule, from what runs: no page is used both ways. */
static void check_pages(const struct user *users)
{
	for (unsigned page = 0; page < PAGES; page++) {
		bool used[2] = {false, false};

		for (unsigned at = 0; at < WAITING; at++) {
			const struct operation *operation = &users[at].operation;

			if (users[at].running && operation->offset_bytes < (page + 1) * OPERATION_PAGE_BYTES &&
			    operation->offset_bytes + operation->length_bytes > page * OPERATION_PAGE_BYTES)
				used[operation->direct] = true;
		}
		ck_assert(!used[0] || !used[1]);
	}
}

START_TEST(pages_have_one_mode_at_a_time)
{
	const char *given = getenv("SEED");
	uint64_t seed = given ? strtoull(given, NULL, 0) : 1;
	struct modes *modes = modes_new(PAGES * OPERATION_PAGE_BYTES, true);
	struct user users[WAITING] = {0};
	bool mode[PAGES];
	unsigned begun = 0, switches = 0;

	seed += (uint64_t)_i;
	for (unsigned page = 0; page < PAGES; page++)
		mode[page] = true;
	for (uint32_t step = 1; step <= STEPS; step++) {
		uint64_t random = mix_pair(seed, step);
		struct user *user = &users[random % WAITING];
		struct operation *operation = &user->operation;
		enum modes_answer answer;
		bool differs = false;

		random >>= 8;
		if (user->running) {
			modes_release(modes, operation->number);
			*user = (struct user){0};
			continue;
		}
		if (!operation->number) {
			uint64_t first = random % (PAGES * 8), sectors = 1 + (random >> 8) % (PAGES * 8 - first);

			*operation = (struct operation){.number = step, .kind = OPERATION_WRITE,
							.offset_bytes = first * OPERATION_SECTOR_BYTES,
							.length_bytes = sectors * OPERATION_SECTOR_BYTES,
							.direct = random >> 20 & 1};
			modes_claim(modes, operation);
		}
		answer = modes_ask(modes, operation);
		if (answer == MODES_WAIT)
			continue;
		for (uint64_t page = operation->offset_bytes / OPERATION_PAGE_BYTES;
		     page * OPERATION_PAGE_BYTES < operation->offset_bytes + operation->length_bytes; page++) {
			differs |= mode[page] != operation->direct;
			mode[page] = operation->direct;
		}
		ck_assert_int_eq(answer, differs ? MODES_SWITCH : MODES_READY);
		switches += differs;
		begun++;
		user->running = true;
		check_pages(users);
	}
	/* With everything that runs released, the oldest claim may begin; so all of them can. */
	ck_assert_uint_gt(begun, STEPS / 10);
	ck_assert_uint_gt(switches, STEPS / 50);
	modes_free(modes);
}
END_TEST

Suite *suite(void)
{
	Suite *suite = suite_create("modes");
	TCase *cases = tcase_create("modes");

	tcase_add_loop_test(cases, pages_have_one_mode_at_a_time, 0, 20);
	suite_add_tcase(suite, cases);
	return suite;
}
