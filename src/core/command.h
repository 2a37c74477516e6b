/* command: what is sent to the driver, as bytes, and the codec of user_data. */
#ifndef REFUBLK_COMMAND_H
#define REFUBLK_COMMAND_H

#include <stdint.h>

#include "uapi.h"

/* ---- user_data: which of our submissions a completion answers ------------------------------ */

enum command_kind {
	COMMAND_NONE,    /* 0 is never a valid user_data */
	COMMAND_UBLK,    /* a command of a tag */
	COMMAND_BACKEND, /* a backend's io for a tag */
	COMMAND_WAKE,    /* the queue's own wake-up; tag and serial 0 */
	COMMAND_CONTROL, /* a control command, or a read of the control plane */
	COMMAND_KINDS
};

struct command_user {
	uint32_t kind;   /* enum command_kind */
	uint32_t serial; /* counts the tag's submissions: a completion of an older one is noticed */
	uint16_t tag;
	uint16_t reserved; /* 0 */
	uint32_t valid;  /* decode: 1 when the number is one that encode makes */
};

/* valid is ignored. Every (kind, tag, serial) round-trips. */
uint64_t command_user_encode(struct command_user user);
struct command_user command_user_decode(uint64_t user_data);

/* ---- I/O commands: 16 bytes at byte 48 of the SQE ------------------------------------------ */

struct command_io {
	struct ublksrv_io_cmd payload;
	uint32_t op; /* SQE cmd_op: UBLK_U_IO_… */
	uint32_t reserved;
};

/* action: TAG_FETCH, TAG_ASK_DATA, TAG_COMMIT or TAG_COMMIT_FAILED; result counts for COMMIT only. */
struct command_io command_of_action(uint32_t action, uint16_t qid, uint16_t tag, int32_t result, uint64_t address);

/* ---- control commands: 32 bytes at byte 48 of an SQE128 ------------------------------------ */

struct command_control {
	struct ublksrv_ctrl_cmd payload;
	uint32_t op; /* SQE cmd_op: UBLK_U_CMD_… */
	uint32_t reserved;
};

/* op: UBLK_U_CMD_…; queue_id is always "none" (0xffff), GET_QUEUE_AFFINITY takes its queue in data. */
struct command_control command_control_of(uint32_t op, uint32_t device_id, uint64_t address, uint16_t length_bytes,
					  uint64_t data);

/* User-copy position of a byte of a tag's buffer in the character device. */
uint64_t command_copy_offset(uint16_t qid, uint16_t tag, uint32_t byte);

#endif
