#include "features.h"

#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>

#include "admin.h"
#include "say.h"

enum { FEATURES_BITS = 64 };

struct features_row {
	uint64_t bit;
	const char *name;
};

#define ROW(name) { UBLK_F_##name, #name }

static const struct features_row features_rows[] = {
	ROW(SUPPORT_ZERO_COPY),
	ROW(URING_CMD_COMP_IN_TASK),
	ROW(NEED_GET_DATA),
	ROW(USER_RECOVERY),
	ROW(USER_RECOVERY_REISSUE),
	ROW(UNPRIVILEGED_DEV),
	ROW(CMD_IOCTL_ENCODE),
	ROW(USER_COPY),
	ROW(ZONED),
	ROW(USER_RECOVERY_FAIL_IO),
	ROW(UPDATE_SIZE),
	ROW(AUTO_BUF_REG),
	ROW(QUIESCE),
	ROW(PER_IO_DAEMON),
	ROW(BUF_REG_OFF_DAEMON),
	ROW(BATCH_IO),
	ROW(INTEGRITY),
	ROW(SAFE_STOP_DEV),
	ROW(NO_AUTO_PART_SCAN),
	ROW(SHMEM_ZC),
	ROW(IO_DESC_SIZE),
};

const char *features_name(uint32_t bit)
{
	for (size_t i = 0; i < sizeof(features_rows) / sizeof(features_rows[0]); i++) {
		if (features_rows[i].bit == UINT64_C(1) << bit)
			return features_rows[i].name;
	}
	return NULL;
}

static int features_print_json(uint64_t features)
{
	json_t *names = json_array();
	json_t *json;
	int failed;

	for (uint32_t bit = 0; bit < FEATURES_BITS; bit++) {
		if (features >> bit & 1 && features_name(bit))
			json_array_append_new(names, json_string(features_name(bit)));
	}
	json = json_pack("{s:I, s:o}", "bits", (json_int_t)features, "names", names);
	failed = !json || json_dumpf(json, stdout, JSON_INDENT(2)) < 0;
	json_decref(json);
	printf("\n");
	return failed ? SAY_FAILED : say_finish();
}

int features_run(const struct options *options)
{
	struct log log = say_log(options->verbose);
	struct control *control;
	uint64_t features = 0;
	int error;

	if (control_open(&control, log))
		return SAY_FAILED;
	error = admin_features(control, log, &features);
	control_close(control);
	if (error)
		return SAY_FAILED;
	if (options->json)
		return features_print_json(features);
	for (uint32_t bit = 0; bit < FEATURES_BITS; bit++) {
		if (features >> bit & 1)
			printf("%2u  %s\n", bit, features_name(bit) ? features_name(bit) : "(newer than this program)");
	}
	return say_finish();
}
