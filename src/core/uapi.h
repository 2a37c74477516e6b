/* uapi: the kernel's numbers and layouts, written from the facts of Linux 6.12 to 7.3 in the kernel's own
 * names, so that one always knows whose rule it is. `make check-uapi` compares every constant, size and
 * offset with the newest header that Debian packages. Left out: batch I/O (0x25-0x27), shared-memory
 * registration (0x18, 0x19) and automatic buffer registration, which refublk does not use. */
#ifndef REFUBLK_UAPI_H
#define REFUBLK_UAPI_H

#include <stddef.h>
#include <stdint.h>

#include "errnos.h"

/* ---- layouts ------------------------------------------------------------------------------- */

#define UAPI_SIZE(type, bytes) _Static_assert(sizeof(struct type) == (bytes), #type " has the kernel's size")
#define UAPI_OFFSET(type, field, bytes) \
	_Static_assert(offsetof(struct type, field) == (bytes), #type "." #field " stands where the kernel has it")

/* A descriptor: what the driver writes for a tag. op in bits 0-7 of op_flags, UBLK_IO_F_* unshifted above. */
struct ublksrv_io_desc {
	uint32_t op_flags;
	union {
		uint32_t nr_sectors;
		uint32_t nr_zones; /* REPORT_ZONES */
	};
	uint64_t start_sector;
	uint64_t addr; /* what FETCH, COMMIT or NEED_GET_DATA gave, in copy mode */
};
UAPI_SIZE(ublksrv_io_desc, 24);
UAPI_OFFSET(ublksrv_io_desc, op_flags, 0);
UAPI_OFFSET(ublksrv_io_desc, nr_sectors, 4);
UAPI_OFFSET(ublksrv_io_desc, nr_zones, 4);
UAPI_OFFSET(ublksrv_io_desc, start_sector, 8);
UAPI_OFFSET(ublksrv_io_desc, addr, 16);

/* The payload of an I/O command, at byte 48 of the SQE. */
struct ublksrv_io_cmd {
	uint16_t q_id;
	uint16_t tag;
	int32_t result; /* COMMIT_AND_FETCH_REQ */
	union {
		uint64_t addr;
		uint64_t zone_append_lba; /* COMMIT of a ZONE_APPEND */
	};
};
UAPI_SIZE(ublksrv_io_cmd, 16);
UAPI_OFFSET(ublksrv_io_cmd, q_id, 0);
UAPI_OFFSET(ublksrv_io_cmd, tag, 2);
UAPI_OFFSET(ublksrv_io_cmd, result, 4);
UAPI_OFFSET(ublksrv_io_cmd, addr, 8);
UAPI_OFFSET(ublksrv_io_cmd, zone_append_lba, 8);

/* The payload of a control command, at byte 48 of a 128-byte SQE. */
struct ublksrv_ctrl_cmd {
	uint32_t dev_id;
	uint16_t queue_id; /* 0xffff: no queue. GET_QUEUE_AFFINITY takes its queue in data */
	uint16_t len;      /* of the memory at addr */
	uint64_t addr;
	uint64_t data[1];
	uint16_t dev_path_len; /* with the NUL; unprivileged devices and GET_DEV_INFO2 */
	uint16_t pad;
	uint32_t reserved;
};
UAPI_SIZE(ublksrv_ctrl_cmd, 32);
UAPI_OFFSET(ublksrv_ctrl_cmd, dev_id, 0);
UAPI_OFFSET(ublksrv_ctrl_cmd, queue_id, 4);
UAPI_OFFSET(ublksrv_ctrl_cmd, len, 6);
UAPI_OFFSET(ublksrv_ctrl_cmd, addr, 8);
UAPI_OFFSET(ublksrv_ctrl_cmd, data, 16);
UAPI_OFFSET(ublksrv_ctrl_cmd, dev_path_len, 24);
UAPI_OFFSET(ublksrv_ctrl_cmd, pad, 26);
UAPI_OFFSET(ublksrv_ctrl_cmd, reserved, 28);

/* The device as ADD_DEV asks for it and GET_DEV_INFO shows it. */
struct ublksrv_ctrl_dev_info {
	uint16_t nr_hw_queues;
	uint16_t queue_depth;
	uint16_t state;        /* UBLK_S_DEV_* */
	uint16_t io_desc_size; /* means something only where the returned flags hold UBLK_F_IO_DESC_SIZE */
	uint32_t max_io_buf_bytes;
	uint32_t dev_id;
	int32_t ublksrv_pid;
	uint32_t pad1;
	uint64_t flags;         /* UBLK_F_* */
	uint64_t ublksrv_flags; /* the server's own; the driver stores it unread */
	uint32_t owner_uid;
	uint32_t owner_gid;
	uint64_t reserved1;
	uint64_t reserved2;
};
UAPI_SIZE(ublksrv_ctrl_dev_info, 64);
UAPI_OFFSET(ublksrv_ctrl_dev_info, nr_hw_queues, 0);
UAPI_OFFSET(ublksrv_ctrl_dev_info, queue_depth, 2);
UAPI_OFFSET(ublksrv_ctrl_dev_info, state, 4);
UAPI_OFFSET(ublksrv_ctrl_dev_info, io_desc_size, 6);
UAPI_OFFSET(ublksrv_ctrl_dev_info, max_io_buf_bytes, 8);
UAPI_OFFSET(ublksrv_ctrl_dev_info, dev_id, 12);
UAPI_OFFSET(ublksrv_ctrl_dev_info, ublksrv_pid, 16);
UAPI_OFFSET(ublksrv_ctrl_dev_info, flags, 24);
UAPI_OFFSET(ublksrv_ctrl_dev_info, ublksrv_flags, 32);
UAPI_OFFSET(ublksrv_ctrl_dev_info, owner_uid, 40);
UAPI_OFFSET(ublksrv_ctrl_dev_info, owner_gid, 44);
UAPI_OFFSET(ublksrv_ctrl_dev_info, reserved1, 48);
UAPI_OFFSET(ublksrv_ctrl_dev_info, reserved2, 56);

/* The sections of SET_PARAMS and GET_PARAMS. */
struct ublk_param_basic {
	uint32_t attrs; /* UBLK_ATTR_* */
	uint8_t logical_bs_shift;
	uint8_t physical_bs_shift;
	uint8_t io_opt_shift;
	uint8_t io_min_shift;
	uint32_t max_sectors;
	uint32_t chunk_sectors;
	uint64_t dev_sectors;
	uint64_t virt_boundary_mask;
};
UAPI_SIZE(ublk_param_basic, 32);
UAPI_OFFSET(ublk_param_basic, attrs, 0);
UAPI_OFFSET(ublk_param_basic, logical_bs_shift, 4);
UAPI_OFFSET(ublk_param_basic, physical_bs_shift, 5);
UAPI_OFFSET(ublk_param_basic, io_opt_shift, 6);
UAPI_OFFSET(ublk_param_basic, io_min_shift, 7);
UAPI_OFFSET(ublk_param_basic, max_sectors, 8);
UAPI_OFFSET(ublk_param_basic, chunk_sectors, 12);
UAPI_OFFSET(ublk_param_basic, dev_sectors, 16);
UAPI_OFFSET(ublk_param_basic, virt_boundary_mask, 24);

struct ublk_param_discard {
	uint32_t discard_alignment;
	uint32_t discard_granularity;
	uint32_t max_discard_sectors;
	uint32_t max_write_zeroes_sectors;
	uint16_t max_discard_segments;
	uint16_t reserved0;
};
UAPI_SIZE(ublk_param_discard, 20);
UAPI_OFFSET(ublk_param_discard, discard_alignment, 0);
UAPI_OFFSET(ublk_param_discard, discard_granularity, 4);
UAPI_OFFSET(ublk_param_discard, max_discard_sectors, 8);
UAPI_OFFSET(ublk_param_discard, max_write_zeroes_sectors, 12);
UAPI_OFFSET(ublk_param_discard, max_discard_segments, 16);

/* GET_PARAMS only: sending it back is refused. */
struct ublk_param_devt {
	uint32_t char_major;
	uint32_t char_minor;
	uint32_t disk_major;
	uint32_t disk_minor;
};
UAPI_SIZE(ublk_param_devt, 16);
UAPI_OFFSET(ublk_param_devt, char_major, 0);
UAPI_OFFSET(ublk_param_devt, char_minor, 4);
UAPI_OFFSET(ublk_param_devt, disk_major, 8);
UAPI_OFFSET(ublk_param_devt, disk_minor, 12);

struct ublk_param_zoned {
	uint32_t max_open_zones;
	uint32_t max_active_zones;
	uint32_t max_zone_append_sectors;
	uint8_t reserved[20];
};
UAPI_SIZE(ublk_param_zoned, 32);
UAPI_OFFSET(ublk_param_zoned, max_open_zones, 0);
UAPI_OFFSET(ublk_param_zoned, max_active_zones, 4);
UAPI_OFFSET(ublk_param_zoned, max_zone_append_sectors, 8);

struct ublk_param_dma_align {
	uint32_t alignment;
	uint8_t pad[4];
};
UAPI_SIZE(ublk_param_dma_align, 8);
UAPI_OFFSET(ublk_param_dma_align, alignment, 0);

struct ublk_param_segment {
	uint64_t seg_boundary_mask;
	uint32_t max_segment_size; /* at least UBLK_MIN_SEGMENT_SIZE */
	uint16_t max_segments;
	uint8_t pad[2];
};
UAPI_SIZE(ublk_param_segment, 16);
UAPI_OFFSET(ublk_param_segment, seg_boundary_mask, 0);
UAPI_OFFSET(ublk_param_segment, max_segment_size, 8);
UAPI_OFFSET(ublk_param_segment, max_segments, 12);

struct ublk_param_integrity {
	uint32_t flags;
	uint16_t max_integrity_segments; /* 0: no limit */
	uint8_t interval_exp;
	uint8_t metadata_size;
	uint8_t pi_offset;
	uint8_t csum_type;
	uint8_t tag_size;
	uint8_t pad[5];
};
UAPI_SIZE(ublk_param_integrity, 16);
UAPI_OFFSET(ublk_param_integrity, flags, 0);
UAPI_OFFSET(ublk_param_integrity, max_integrity_segments, 4);
UAPI_OFFSET(ublk_param_integrity, interval_exp, 6);
UAPI_OFFSET(ublk_param_integrity, metadata_size, 7);
UAPI_OFFSET(ublk_param_integrity, pi_offset, 8);
UAPI_OFFSET(ublk_param_integrity, csum_type, 9);
UAPI_OFFSET(ublk_param_integrity, tag_size, 10);

struct ublk_params {
	uint32_t len;   /* of the whole; an older driver reads and writes the part it knows */
	uint32_t types; /* UBLK_PARAM_TYPE_*: the sections that count */
	struct ublk_param_basic basic;
	struct ublk_param_discard discard;
	struct ublk_param_devt devt;
	struct ublk_param_zoned zoned;
	struct ublk_param_dma_align dma;
	uint32_t hole; /* the kernel's is unnamed */
	struct ublk_param_segment seg;
	struct ublk_param_integrity integrity;
};
UAPI_SIZE(ublk_params, 152);
UAPI_OFFSET(ublk_params, len, 0);
UAPI_OFFSET(ublk_params, types, 4);
UAPI_OFFSET(ublk_params, basic, 8);
UAPI_OFFSET(ublk_params, discard, 40);
UAPI_OFFSET(ublk_params, devt, 60);
UAPI_OFFSET(ublk_params, zoned, 76);
UAPI_OFFSET(ublk_params, dma, 108);
UAPI_OFFSET(ublk_params, seg, 120);
UAPI_OFFSET(ublk_params, integrity, 136);

enum {
	UBLK_PARAM_TYPE_BASIC = 1 << 0,
	UBLK_PARAM_TYPE_DISCARD = 1 << 1,
	UBLK_PARAM_TYPE_DEVT = 1 << 2,
	UBLK_PARAM_TYPE_ZONED = 1 << 3,
	UBLK_PARAM_TYPE_DMA_ALIGN = 1 << 4,
	UBLK_PARAM_TYPE_SEGMENT = 1 << 5,
	UBLK_PARAM_TYPE_INTEGRITY = 1 << 6,

	UBLK_ATTR_READ_ONLY = 1 << 0,
	UBLK_ATTR_ROTATIONAL = 1 << 1,
	UBLK_ATTR_VOLATILE_CACHE = 1 << 2,
	UBLK_ATTR_FUA = 1 << 3, /* counts only with VOLATILE_CACHE */

	UBLK_MIN_SEGMENT_SIZE = 4096,
};

/* ---- descriptors --------------------------------------------------------------------------- */

enum {
	UBLK_IO_OP_READ = 0,
	UBLK_IO_OP_WRITE = 1,
	UBLK_IO_OP_FLUSH = 2,
	UBLK_IO_OP_DISCARD = 3,
	UBLK_IO_OP_WRITE_SAME = 4, /* never sent */
	UBLK_IO_OP_WRITE_ZEROES = 5,
	UBLK_IO_OP_ZONE_OPEN = 10,
	UBLK_IO_OP_ZONE_CLOSE = 11,
	UBLK_IO_OP_ZONE_FINISH = 12,
	UBLK_IO_OP_ZONE_APPEND = 13,
	UBLK_IO_OP_ZONE_RESET_ALL = 14,
	UBLK_IO_OP_ZONE_RESET = 15,
	UBLK_IO_OP_REPORT_ZONES = 18,
};

/* Tested on op_flags as it is: a shift by 8 makes SWAP look like FAILFAST_DEV. */
#define UBLK_IO_F_FAILFAST_DEV (UINT32_C(1) << 8)
#define UBLK_IO_F_FAILFAST_TRANSPORT (UINT32_C(1) << 9)
#define UBLK_IO_F_FAILFAST_DRIVER (UINT32_C(1) << 10)
#define UBLK_IO_F_META (UINT32_C(1) << 11)
#define UBLK_IO_F_FUA (UINT32_C(1) << 13)
#define UBLK_IO_F_NOUNMAP (UINT32_C(1) << 15)
#define UBLK_IO_F_SWAP (UINT32_C(1) << 16)
#define UBLK_IO_F_NEED_REG_BUF (UINT32_C(1) << 17)
#define UBLK_IO_F_INTEGRITY (UINT32_C(1) << 18)
#define UBLK_IO_F_SHMEM_ZC (UINT32_C(1) << 19)

/* What an I/O command completes with; any other negative is a refusal. */
enum {
	UBLK_IO_RES_OK = 0,
	UBLK_IO_RES_NEED_GET_DATA = 1,
	UBLK_IO_RES_ABORT = -ERRNOS_ENODEV,
};

/* ---- commands ------------------------------------------------------------------------------ */

/* The plain numbers, which old kernels take as they are and newer ones only within the encoded ones. */
enum {
	UBLK_CMD_GET_QUEUE_AFFINITY = 0x01,
	UBLK_CMD_GET_DEV_INFO = 0x02,
	UBLK_CMD_ADD_DEV = 0x04,
	UBLK_CMD_DEL_DEV = 0x05,
	UBLK_CMD_START_DEV = 0x06,
	UBLK_CMD_STOP_DEV = 0x07,
	UBLK_CMD_SET_PARAMS = 0x08,
	UBLK_CMD_GET_PARAMS = 0x09,
	UBLK_CMD_START_USER_RECOVERY = 0x10,
	UBLK_CMD_END_USER_RECOVERY = 0x11,
	UBLK_CMD_GET_DEV_INFO2 = 0x12,

	UBLK_IO_FETCH_REQ = 0x20,
	UBLK_IO_COMMIT_AND_FETCH_REQ = 0x21,
	UBLK_IO_NEED_GET_DATA = 0x22,
};

/* The generic ioctl encoding: direction 2 (read) or 3 (both) in bits 30-31, the payload's size above bit 16,
 * the type 'u', the number. uint32_t, since the larger ones do not fit an enum's int. */
#define UAPI_ENCODE(direction, number, type) \
	((uint32_t)(((uint32_t)(direction) << 30) | ((uint32_t)sizeof(struct type) << 16) | \
		    ((uint32_t)'u' << 8) | (uint32_t)(number)))
#define UAPI_CONTROL_R(number) UAPI_ENCODE(2, number, ublksrv_ctrl_cmd)
#define UAPI_CONTROL_RW(number) UAPI_ENCODE(3, number, ublksrv_ctrl_cmd)
#define UAPI_IO_RW(number) UAPI_ENCODE(3, number, ublksrv_io_cmd)

#define UBLK_U_CMD_ADD_DEV UAPI_CONTROL_RW(UBLK_CMD_ADD_DEV)
#define UBLK_U_CMD_SET_PARAMS UAPI_CONTROL_RW(UBLK_CMD_SET_PARAMS)
#define UBLK_U_CMD_START_DEV UAPI_CONTROL_RW(UBLK_CMD_START_DEV)
#define UBLK_U_CMD_STOP_DEV UAPI_CONTROL_RW(UBLK_CMD_STOP_DEV)
#define UBLK_U_CMD_TRY_STOP_DEV UAPI_CONTROL_RW(0x17)
#define UBLK_U_CMD_DEL_DEV UAPI_CONTROL_RW(UBLK_CMD_DEL_DEV)
#define UBLK_U_CMD_DEL_DEV_ASYNC UAPI_CONTROL_R(0x14)
#define UBLK_U_CMD_START_USER_RECOVERY UAPI_CONTROL_RW(UBLK_CMD_START_USER_RECOVERY)
#define UBLK_U_CMD_END_USER_RECOVERY UAPI_CONTROL_RW(UBLK_CMD_END_USER_RECOVERY)
#define UBLK_U_CMD_QUIESCE_DEV UAPI_CONTROL_RW(0x16)
#define UBLK_U_CMD_UPDATE_SIZE UAPI_CONTROL_RW(0x15)
#define UBLK_U_CMD_GET_FEATURES UAPI_CONTROL_R(0x13)
#define UBLK_U_CMD_GET_PARAMS UAPI_CONTROL_R(UBLK_CMD_GET_PARAMS)
#define UBLK_U_CMD_GET_DEV_INFO UAPI_CONTROL_R(UBLK_CMD_GET_DEV_INFO)
#define UBLK_U_CMD_GET_DEV_INFO2 UAPI_CONTROL_R(UBLK_CMD_GET_DEV_INFO2)
#define UBLK_U_CMD_GET_QUEUE_AFFINITY UAPI_CONTROL_R(UBLK_CMD_GET_QUEUE_AFFINITY)

#define UBLK_U_IO_FETCH_REQ UAPI_IO_RW(UBLK_IO_FETCH_REQ)
#define UBLK_U_IO_COMMIT_AND_FETCH_REQ UAPI_IO_RW(UBLK_IO_COMMIT_AND_FETCH_REQ)
#define UBLK_U_IO_NEED_GET_DATA UAPI_IO_RW(UBLK_IO_NEED_GET_DATA)
#define UBLK_U_IO_REGISTER_IO_BUF UAPI_IO_RW(0x23)
#define UBLK_U_IO_UNREGISTER_IO_BUF UAPI_IO_RW(0x24)

/* ---- features and states ------------------------------------------------------------------- */

#define UBLK_F_SUPPORT_ZERO_COPY (UINT64_C(1) << 0)
#define UBLK_F_URING_CMD_COMP_IN_TASK (UINT64_C(1) << 1)
#define UBLK_F_NEED_GET_DATA (UINT64_C(1) << 2)
#define UBLK_F_USER_RECOVERY (UINT64_C(1) << 3)
#define UBLK_F_USER_RECOVERY_REISSUE (UINT64_C(1) << 4)
#define UBLK_F_UNPRIVILEGED_DEV (UINT64_C(1) << 5)
#define UBLK_F_CMD_IOCTL_ENCODE (UINT64_C(1) << 6)
#define UBLK_F_USER_COPY (UINT64_C(1) << 7)
#define UBLK_F_ZONED (UINT64_C(1) << 8)
#define UBLK_F_USER_RECOVERY_FAIL_IO (UINT64_C(1) << 9)
#define UBLK_F_UPDATE_SIZE (UINT64_C(1) << 10)
#define UBLK_F_AUTO_BUF_REG (UINT64_C(1) << 11)
#define UBLK_F_QUIESCE (UINT64_C(1) << 12)
#define UBLK_F_PER_IO_DAEMON (UINT64_C(1) << 13)
#define UBLK_F_BUF_REG_OFF_DAEMON (UINT64_C(1) << 14)
#define UBLK_F_BATCH_IO (UINT64_C(1) << 15)
#define UBLK_F_INTEGRITY (UINT64_C(1) << 16)
#define UBLK_F_SAFE_STOP_DEV (UINT64_C(1) << 17)
#define UBLK_F_NO_AUTO_PART_SCAN (UINT64_C(1) << 18)
#define UBLK_F_SHMEM_ZC (UINT64_C(1) << 19)
#define UBLK_F_IO_DESC_SIZE (UINT64_C(1) << 20)

enum {
	UBLK_S_DEV_DEAD = 0,
	UBLK_S_DEV_LIVE = 1,
	UBLK_S_DEV_QUIESCED = 2,
	UBLK_S_DEV_FAIL_IO = 3,

	UBLK_FEATURES_LEN = 8, /* bytes of GET_FEATURES' answer */
	UBLK_MAX_QUEUE_DEPTH = 4096,
};

/* ---- the character device's offsets -------------------------------------------------------- */

/* From 0: each queue's descriptors, for mmap. From 2 GiB: the data of requests, for pread and pwrite in
 * user-copy mode, at byte | tag << 25 | queue << 41; bit 62 selects the integrity data. */
#define UBLKSRV_CMD_BUF_OFFSET 0
#define UBLKSRV_IO_BUF_OFFSET UINT64_C(0x80000000)
#define UBLK_IO_BUF_OFF 0
#define UBLK_IO_BUF_BITS 25
#define UBLK_IO_BUF_BITS_MASK ((UINT64_C(1) << UBLK_IO_BUF_BITS) - 1)
#define UBLK_TAG_OFF 25
#define UBLK_TAG_BITS 16
#define UBLK_TAG_BITS_MASK ((UINT64_C(1) << UBLK_TAG_BITS) - 1)
#define UBLK_QID_OFF 41
#define UBLK_QID_BITS 12
#define UBLK_QID_BITS_MASK ((UINT64_C(1) << UBLK_QID_BITS) - 1)
#define UBLK_MAX_NR_QUEUES (UINT32_C(1) << UBLK_QID_BITS)
#define UBLKSRV_IO_BUF_TOTAL_BITS 53
#define UBLKSRV_IO_BUF_TOTAL_SIZE (UINT64_C(1) << UBLKSRV_IO_BUF_TOTAL_BITS)
#define UBLK_INTEGRITY_FLAG_OFF 62
#define UBLKSRV_IO_INTEGRITY_FLAG (UINT64_C(1) << UBLK_INTEGRITY_FLAG_OFF)

#endif
