/* A whole session out of bytes: the device and its server's shape first, then every decision of the simulated driver, of
 * its block layer, disk and client (tests/integrity/sim). The oracle is the simulator's: the rules as the driver sees
 * them, and blkshadow's shadow of what the disk must hold. What is found is a bug report: the verdict is printed. */
#include <stdio.h>
#include <unistd.h>

#include "../tests/integrity/sim/trial.h"
#include "fuzz.h"

enum { OPERATIONS_MAX = 12, DEPTH_MAX = 4 };

static struct trial trial_of(struct fuzz *fuzz)
{
	uint8_t what = fuzz_u8(fuzz), sizes = fuzz_u8(fuzz), troubles = fuzz_u8(fuzz), fate = fuzz_u8(fuzz);
	uint32_t operations = 1 + fuzz_below(fuzz, OPERATIONS_MAX), block_bytes = sizes & 1 ? 4096 : 512;
	struct trial trial = {
		.config = { .kernel = (what & 15u) % DRIVER_KERNELS, .mode = what >> 4 & 1, .backend = (what >> 5) % SIM_BACKENDS,
			    .recovery = fate & 3, .queues = 1 + (sizes >> 1 & 1), .depth_tags = 1 + (sizes >> 2 & 3),
			    .block_bytes = block_bytes, .max_io_bytes = sizes & 16 ? 8192 : 4096, .device_bytes = 16 << 10,
			    .splits = troubles & 1 ? 300 : 0, .part_copies = troubles & 2 ? 20 : 0,
			    .short_ios = troubles & 4 ? 200 : 0, .failed_ios = troubles & 8 ? 5 : 0,
			    .interrupts = troubles & 16 ? 10 : 0, .trickles = troubles & 64 ? 100 : 0 },
		.stress = { .gaps = troubles & 32, .kills = fate & 4, .thread_kills = fate & 8, .quiesces = fate & 16,
			    .restarts = fate & 32 },
		.operations = operations, .depth = 1 + (sizes >> 5) % DEPTH_MAX, .chosen = OPERATION_KINDS,
	};

	trial.plan = (struct plan){ .size_bytes = trial.config.device_bytes, .block_bytes = block_bytes, .min_bytes = block_bytes,
				    .max_bytes = 4 * (uint64_t)block_bytes, .jobs = 1, .cache = PLAN_DIRECT, .fua = 100 };
	trial.cut = trial.config.backend == SIM_FILE && (fate & 64) != 0;
	trial.config.cuts = trial.cut;
	if (trial.config.backend != SIM_FILE)
		trial.config.short_ios = trial.config.failed_ios = 0;
	return trial;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz fuzz = { data, size };
	struct trial trial = trial_of(&fuzz);
	struct choice choice = choice_of_bytes(fuzz.at, fuzz.left_bytes);
	struct trial_result result;
	char text[300];

	trial_run(&trial, &choice, &result);
	if (result.verdict)
		dprintf(STDERR_FILENO, "session: %s: %s\n  %s\n", result.verdict, result.text,
			trial_describe(&trial, text, sizeof(text)));
	FUZZ_NEED(result.verdict == NULL, "a session keeps every rule, and its data");
	return 0;
}
