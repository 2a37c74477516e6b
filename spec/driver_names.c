/* The words of driver.tsv. */
#include "driver.h"

#define NAME(table, number) ((number) < sizeof(table) / sizeof((table)[0]) ? (table)[number] : "?")

const char *driver_kernel_name(uint32_t kernel)
{
	static const char *const names[DRIVER_KERNELS] = {
		[DRIVER_6_12] = "6.12", [DRIVER_7_2] = "7.2", [DRIVER_7_3] = "7.3",
	};

	return NAME(names, kernel);
}

const char *driver_mode_name(uint32_t mode)
{
	static const char *const names[DRIVER_MODES] = { [DRIVER_PLAIN] = "plain", [DRIVER_GET_DATA] = "get-data" };

	return NAME(names, mode);
}

const char *driver_phase_name(uint32_t phase)
{
	static const char *const names[DRIVER_PHASES] = {
		[DRIVER_UNFETCHED] = "unfetched", [DRIVER_ACTIVE] = "active",
		[DRIVER_ARRIVED] = "arrived",     [DRIVER_OWNED] = "owned",
		[DRIVER_OWNED_GET_DATA] = "owned-get-data", [DRIVER_COPYING] = "copying",
		[DRIVER_CANCELLED] = "cancelled", [DRIVER_ORPHANED] = "orphaned",
	};

	return NAME(names, phase);
}

const char *driver_op_name(uint32_t op)
{
	static const char *const names[DRIVER_OPS] = {
		[DRIVER_NO_REQUEST] = "-", [DRIVER_READ] = "read", [DRIVER_WRITE] = "write", [DRIVER_OTHER] = "other",
	};

	return NAME(names, op);
}

const char *driver_address_name(uint32_t address)
{
	static const char *const names[DRIVER_ADDRESSES] = {
		[DRIVER_NO_ADDRESS] = "none", [DRIVER_OWN] = "own", [DRIVER_LENT] = "lent",
	};

	return NAME(names, address);
}

const char *driver_tag_kind_name(uint32_t kind)
{
	static const char *const names[DRIVER_TAG_KINDS] = {
		[DRIVER_FETCH] = "fetch",
		[DRIVER_FETCH_READY] = "fetch-ready",
		[DRIVER_FETCH_STOPPING] = "fetch-stopping",
		[DRIVER_COMMIT_DONE] = "commit-done",
		[DRIVER_COMMIT_ABOVE] = "commit-above",
		[DRIVER_COMMIT_SHORT] = "commit-short",
		[DRIVER_COMMIT_ZERO] = "commit-zero",
		[DRIVER_COMMIT_UNREADABLE] = "commit-unreadable",
		[DRIVER_COMMIT_FAILED] = "commit-failed",
		[DRIVER_ASK_DATA] = "ask-data",
		[DRIVER_UNKNOWN] = "unknown",
		[DRIVER_FOREIGN] = "foreign",
		[DRIVER_OUT_OF_RANGE] = "out-of-range",
		[DRIVER_STRANGER] = "stranger",
		[DRIVER_STRANGER_FETCH] = "stranger-fetch",
		[DRIVER_ARRIVE_READ] = "arrive-read",
		[DRIVER_ARRIVE_WRITE] = "arrive-write",
		[DRIVER_ARRIVE_OTHER] = "arrive-other",
		[DRIVER_DISPATCH] = "dispatch",
		[DRIVER_DISPATCH_PART] = "dispatch-part",
		[DRIVER_DISPATCH_NONE] = "dispatch-none",
		[DRIVER_DISPATCH_EXITING] = "dispatch-exiting",
		[DRIVER_CANCEL] = "cancel",
		[DRIVER_SERVER_DEAD] = "server-dead",
		[DRIVER_RESET] = "reset",
	};

	return NAME(names, kind);
}

const char *driver_request_name(uint32_t request)
{
	static const char *const names[DRIVER_REQUESTS] = {
		[DRIVER_REQUEST_STAYS] = "stays", [DRIVER_REQUEST_DONE] = "done",
		[DRIVER_REQUEST_FAILED] = "failed", [DRIVER_REQUEST_AGAIN] = "again",
		[DRIVER_REQUEST_REST] = "rest", [DRIVER_REQUEST_LOST] = "lost",
		[DRIVER_REQUEST_UNSERVED] = "unserved", [DRIVER_REQUEST_ORPHANED] = "orphaned",
	};

	return NAME(names, request);
}

const char *driver_moves_name(uint32_t moves)
{
	static const char *const names[DRIVER_MOVES] = {
		[DRIVER_MOVES_NOTHING] = "-", [DRIVER_MOVES_IN] = "in", [DRIVER_MOVES_IN_PART] = "in-part",
		[DRIVER_MOVES_OUT] = "out", [DRIVER_MOVES_OUT_PART] = "out-part",
	};

	return NAME(names, moves);
}

const char *driver_device_event_name(uint32_t event)
{
	static const char *const names[DRIVER_DEVICE_EVENTS] = {
		[DRIVER_ADD] = "add",
		[DRIVER_ADD_RECOVERY] = "add-recovery",
		[DRIVER_ADD_REISSUE] = "add-reissue",
		[DRIVER_ADD_FAIL_IO] = "add-fail-io",
		[DRIVER_ADD_BAD] = "add-bad",
		[DRIVER_SET_PARAMS] = "set-params",
		[DRIVER_SET_PARAMS_BAD] = "set-params-bad",
		[DRIVER_OPEN] = "open",
		[DRIVER_FETCHED] = "fetched",
		[DRIVER_FETCHED_LAST] = "fetched-last",
		[DRIVER_START] = "start",
		[DRIVER_START_NO_PID] = "start-no-pid",
		[DRIVER_START_WRONG_PID] = "start-wrong-pid",
		[DRIVER_START_RECOVERY] = "start-recovery",
		[DRIVER_END_RECOVERY] = "end-recovery",
		[DRIVER_END_WRONG_PID] = "end-wrong-pid",
		[DRIVER_STOP] = "stop",
		[DRIVER_TRY_STOP] = "try-stop",
		[DRIVER_TRY_STOP_HELD] = "try-stop-held",
		[DRIVER_QUIESCE] = "quiesce",
		[DRIVER_UPDATE_SIZE] = "update-size",
		[DRIVER_DEL] = "del",
		[DRIVER_SERVER_DIED] = "server-died",
		[DRIVER_DIED_FETCHING] = "died-fetching",
		[DRIVER_RELEASE] = "release",
		[DRIVER_IO_ENDED] = "io-ended",
		[DRIVER_DISK_CLOSED] = "disk-closed",
		[DRIVER_REFERENCES_GONE] = "references-gone",
		[DRIVER_START_WAKES] = "start-wakes",
		[DRIVER_END_WAKES] = "end-wakes",
		[DRIVER_INTERRUPT_START] = "interrupt-start",
		[DRIVER_INTERRUPT_END] = "interrupt-end",
		[DRIVER_INTERRUPT_DEL] = "interrupt-del",
	};

	return NAME(names, event);
}

const char *driver_reply_name(uint32_t reply)
{
	static const char *const names[DRIVER_REPLIES] = {
		[DRIVER_REPLY_NONE] = "-", [DRIVER_REPLY_NOW] = "now", [DRIVER_REPLY_WAITS] = "waits",
		[DRIVER_REPLY_BEHIND] = "behind", [DRIVER_REPLY_START] = "start", [DRIVER_REPLY_END] = "end",
		[DRIVER_REPLY_STOP] = "stop", [DRIVER_REPLY_DEL] = "del",
	};

	return NAME(names, reply);
}
