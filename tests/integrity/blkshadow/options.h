/* The command line. */
#ifndef OPTIONS_H
#define OPTIONS_H

#include "run.h"
#include "ring.h"

struct options {
	const char *device;
	const char *replay_path;	/* NULL: run a plan */
	const char *verify_path;	/* NULL: no */
	const char *trace_path;		/* the server's; NULL: there is none */
	const char *save_path;		/* the recorded schedule of the whole run; NULL: not kept */
	/* --stress and --pause, as given, and the commands by the schedule's numbers. */
	const char *stresses[SCHEDULE_STRESSES_MAX], *commands[SCHEDULE_STRESSES_MAX];
	bool pauses[SCHEDULE_STRESSES_MAX];
	unsigned stress_count;
	const char *output;		/* prefix of the files that a failure leaves; NULL: from the seed */
	uint64_t seed;
	uint32_t operations;
	uint64_t block_bytes, min_bytes, max_bytes;	/* 0: from the device */
	unsigned jobs, shrink_seconds;
	unsigned writes, discards, zeroes, flushes, fua;	/* percent */
	enum plan_pattern pattern;
	enum plan_cache cache;
	enum shadow_discard discard;
	struct run_limits limits;
	bool cache_given, discard_given, operations_given;
	bool atomic_sector, json, quiet;
};

/* Prints what is wrong, or the help or version, and ends the program when there is nothing to run. */
void options_parse(struct options *options, int count, char **arguments);

/* The schedule that the options ask for on this device. False, with the reason printed, when they don't fit it. */
bool options_plan(const struct options *options, const struct ring_target *target, struct schedule *schedule);

/* Finds the command of each stress of the schedule. False, with the reason printed, when one is missing or unknown. */
bool options_stresses(struct options *options, const struct schedule *schedule);

#endif
