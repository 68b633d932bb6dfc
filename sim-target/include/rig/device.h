/** @file
 * The SCSI block device behind a LUN: commands in, data places and status out, no I/O of its own.
 *
 * A command runs in two steps. rig_device_begin decodes the CDB and says what happens: nothing more (status
 * is there), data to send, or data to take. Data is named as iovecs into the backing wherever the backing
 * allows, so that a read is sent from where it lies and a write lands where it belongs. rig_device_finish
 * ends a command that takes data.
 */
#ifndef RIG_DEVICE_H
#define RIG_DEVICE_H

#include <stdbool.h>
#include <sys/uio.h>

#include "rig/alloc.h"
#include "rig/cdb.h"
#include "rig/status.h"

#define RIG_SENSE_MAX 252    /**< most bytes of sense data */
#define RIG_DEVICE_BLOCK 512 /**< default bytes of a logical block */
#define RIG_DEVICE_TRANSFER_MAX                                                                              \
    (64u << 20)                 /**< most bytes one command moves; MAXIMUM TRANSFER LENGTH says so */
#define RIG_DEVICE_LUNS_MAX 256 /**< most entries of a LUN list */
#define RIG_DEVICE_SANITIZE_MAX                                                                              \
    UINT64_C(86400000000000)                     /**< most nanoseconds of a sanitize operation: a day */
#define RIG_BACKING_SIZE_MAX (UINT64_C(1) << 60) /**< most bytes of a pattern or null backing */
#define RIG_BACKING_RAM_MAX (UINT64_C(1) << 50)  /**< most bytes of a RAM backing */
#define RIG_BACKING_STATE_MAX (128u << 10)       /**< most bytes of state a backing keeps for its unit */
#define RIG_DEVICE_PORTS_MAX 255     /**< most target ports of a unit: the count of a port group has 8 bits */
#define RIG_DEVICE_PORT_NAME_MAX 240 /**< most bytes of a SCSI port name */

/** rig_backing is where blocks live. Offsets and lengths are multiples of 512 bytes and inside the size. */
typedef struct rig_backing {
    const struct rig_backing_ops *ops; /**< its calls */
    bool read_only;                    /**< map for writing and discard are never called */
} rig_backing;

/** rig_backing_ops are the calls of a backing. */
typedef struct rig_backing_ops {
    const char *kind; /**< "ram", "file", "pattern", "null" */
    /**
     * Names the memory of [offset, offset + len): fills at most max iovecs and returns how many, covering a
     * prefix in *out_len. For reading the memory stays valid and readable until unmap; for writing the bytes
     * put there are the new content. Returns 0 with a status when it cannot: RIG_E_NOMEM, RIG_E_IO,
     * RIG_E_LIMIT (no space for new content).
     */
    int (*map)(rig_backing *backing, uint64_t offset, size_t len, bool write, struct iovec *iov, int max,
               size_t *out_len, rig_status *out_status);
    /**
     * Ends a map with the same iovecs. After a map for writing the first `written` bytes are complete now and
     * nothing behind them may change; after a map for reading written is 0. RIG_E_IO, RIG_E_LIMIT.
     */
    rig_status (*unmap)(rig_backing *backing, uint64_t offset, const struct iovec *iov, int num,
                        size_t written);
    /** Makes everything written durable. */
    rig_status (*flush)(rig_backing *backing);
    /** Deallocates a range: it reads as zeros. NULL when the backing has no thin ranges. */
    rig_status (*discard)(rig_backing *backing, uint64_t offset, uint64_t len);
    /**
     * Tells whether the byte at offset is allocated and in *out_len (at least 1, at most len) how far that
     * holds at least. NULL when the backing has no thin ranges.
     */
    bool (*allocated)(rig_backing *backing, uint64_t offset, uint64_t len, uint64_t *out_len);
    /**
     * Reads what save kept last, *out_len = 0 when there is nothing. RIG_E_IO, RIG_E_SYNTAX (damaged, or not
     * ours: it is left as it is) with err. NULL, as save then is, when state would not outlive the backing.
     */
    rig_status (*load)(rig_backing *backing, uint8_t *out, size_t max, size_t *out_len, rig_error *err);
    /** Makes at most RIG_BACKING_STATE_MAX bytes of state durable in place of the old ones, all or nothing;
     * len 0 forgets them. RIG_E_IO, RIG_E_LIMIT. */
    rig_status (*save)(rig_backing *backing, const uint8_t *data, size_t len);
    uint64_t (*size)(const rig_backing *backing); /**< bytes */
    void (*free)(rig_backing *backing);           /**< ends it */
} rig_backing_ops;

/** rig_backing_ram_new makes a sparse RAM disk: memory is taken when a part is written, unwritten parts read
 * zero. Like the other two: RIG_E_ARGUMENT when size is 0, no multiple of 512 or above the limit;
 * RIG_E_NOMEM. */
rig_status rig_backing_ram_new(const rig_alloc *alloc, uint64_t size, rig_backing **out_backing);

/** rig_backing_pattern_new makes a disk of any size whose 8-byte words hold their own byte offset,
 * big-endian; writes are checked against the pattern (RIG_E_IO on a difference) and otherwise dropped. */
rig_status rig_backing_pattern_new(const rig_alloc *alloc, uint64_t size, rig_backing **out_backing);

/** rig_backing_null_new makes a disk that reads zeros and drops writes. */
rig_status rig_backing_null_new(const rig_alloc *alloc, uint64_t size, rig_backing **out_backing);

/** rig_backing_file_new opens a file or block device (its size, rounded down to 512 bytes, is the disk's),
 * read-only when it may not be written. RIG_E_IO with the reason, RIG_E_ARGUMENT when it holds no block,
 * RIG_E_NOMEM. */
rig_status rig_backing_file_new(const rig_alloc *alloc, const char *path, rig_backing **out_backing,
                                rig_error *err);

/** rig_backing_open makes a backing from its text: ram:SIZE, pattern:SIZE, null:SIZE (bytes, or with a suffix
 * K, M, G, T, P or KiB … PiB, powers of two) or file:PATH. RIG_E_SYNTAX, RIG_E_LIMIT (size), RIG_E_IO,
 * RIG_E_NOMEM with err. */
rig_status rig_backing_open(const rig_alloc *alloc, rig_view text, rig_backing **out_backing, rig_error *err);

/** rig_device is one logical unit. */
typedef struct rig_device rig_device;

/** rig_device_config is fixed at creation; zeroes take defaults. */
typedef struct rig_device_config {
    const rig_alloc *alloc; /**< all memory */
    rig_backing *backing;   /**< taken over: freed with the device */
    uint32_t block_len;     /**< 0 = RIG_DEVICE_BLOCK; 512, 1024, 2048 or 4096 */
    uint64_t serial;        /**< unit serial number and designators are made from it */
    bool removable;         /**< the medium can be taken out and put in again */
    bool empty;             /**< removable: begins without a medium */
    bool read_only;         /**< write protected, whatever the backing is */
    uint32_t physical;      /**< bytes of a physical block: 0 = block_len, or a multiple of it up to 4096 */
    bool reads_anything;    /**< LBPRZ 0: nothing is promised of what deallocated blocks read as */
    bool always_on;         /**< no power conditions: START STOP UNIT does no more than load and eject */
    bool no_sanitize;       /**< SANITIZE is not supported */
    uint64_t sanitize_time; /**< nanoseconds a sanitize operation takes, at most RIG_DEVICE_SANITIZE_MAX */
    bool no_unmap_same_10;  /**< LBPWS10 0: WRITE SAME(10) has no UNMAP bit */
    uint8_t protection;     /**< protection type 1, 2 or 3 the medium is formatted with, 0 = none */
    rig_error *err;         /**< gets why there is no unit; may be NULL */
} rig_device_config;

/** rig_device_new makes a unit, with the persistent reservations its backing kept. RIG_E_ARGUMENT (block
 * length or physical block, a backing smaller than a block, a unit that is empty but not removable, a
 * sanitize operation that takes too long, a protection type above 3 or a disk too big for it), RIG_E_NOMEM,
 * what load of the backing returns, RIG_E_SYNTAX (reservations of another unit); the backing is freed then
 * too. */
rig_status rig_device_new(const rig_device_config *config, rig_device **out_device);

/**
 * rig_device_config_read reads a unit's text, BACKING[,OPTION…], into *config, whose alloc is set already and
 * whose other members are what holds without an option. BACKING is that of rig_backing_open, with two commas
 * for one in a path; options are block=N, physical=N, serial=N, protection=1|2|3, lbprz=0|1, lbpws10=0|1,
 * sanitize=TIME|none, removable, empty, read-only and always-on.
 * RIG_E_SYNTAX, RIG_E_LIMIT, RIG_E_EXISTS (an option given twice), RIG_E_IO, RIG_E_NOMEM with err naming the
 * option, what was wanted and what came; no backing is left then.
 */
rig_status rig_device_config_read(rig_view text, rig_device_config *config, rig_error *err);

/** rig_device_open makes a unit from its text alone; statuses as of the two above. */
rig_status rig_device_open(const rig_alloc *alloc, rig_view text, rig_device **out_device, rig_error *err);

/** rig_device_free ends a unit and its backing. NULL is fine. */
void rig_device_free(rig_device *device);

/** rig_nexus_id names an I_T nexus towards devices: unit attentions and reservations hang on it. Never 0. */
typedef uint64_t rig_nexus_id;

/** RIG_SCSI_IOV is the number of pieces of data inside a rig_scsi without an allocation; the same room takes
 * answers of up to 2,064 bytes, so that a full LUN list needs no other memory. */
#define RIG_SCSI_IOV 130

/** rig_scsi is one command being carried out, in the caller's memory, which must not move before it ends.
 * Zero it, or at least everything but sense and inside, before rig_device_begin. */
typedef struct rig_scsi {
    rig_nexus_id nexus; /**< in: who asks */
    uint64_t now;       /**< in, anew for rig_device_finish: the time in nanoseconds, which never goes back */
    uint64_t lun;       /**< in: SAM LUN, first byte on the wire topmost (for REPORT LUNS and messages) */
    rig_view cdb;       /**< in: valid until the command ends */
    rig_view initiator; /**< in: SCSI name of the initiator port ("iqn…,i,0x00023d000001"): persistent
                           registrations outlive a nexus when it is told; may be empty */
    rig_view port; /**< in: SCSI name of the target port ("iqn…,t,0x0001") for VPD page 83h; may be empty */
    const uint64_t *luns; /**< in: SAM LUNs of the target device for REPORT LUNS, at most RIG_DEVICE_LUNS_MAX;
                             NULL: the LUN asked */
    size_t num_luns;      /**< in: their number */
    /** in: bytes the initiator means to move (Expected Data Transfer Length), 0 = not told. Data to take that
     * does not fill blocks then never lands in place, and commands whose data has one right length (WRITE
     * SAME, COMPARE AND WRITE) refuse another one. */
    uint64_t expected;
    uint8_t protocol_level; /**< in: iSCSIProtocolLevel of the session: INQUIRY's version descriptor tells it
                               (RFC 7144 4.2) */
    bool both; /**< in: the caller can take data and then send what comes back; else commands that move data
                  both ways are unknown */
    rig_cdb_data direction;  /**< out: which way the command moves data */
    uint64_t length;         /**< out: bytes the command itself moves (what residuals are counted against) */
    const struct iovec *iov; /**< out: where they are; points to inside or to memory of the device */
    uint32_t num_iov;        /**< out: pieces; together length bytes */
    /** out: bytes a command of direction BIDI sends, after rig_device_finish how many there are: less when
     * data was missing, none when it failed. Until then length, iov and num_iov say where its data is taken.
     */
    uint64_t back_length;
    const struct iovec *back_iov; /**< out of rig_device_finish, until rig_device_release: where they are */
    uint32_t num_back; /**< out of rig_device_finish: pieces, which may hold more than back_length */
    uint8_t status;    /**< out: SAM status; final for everything but a command that takes data */
    uint64_t
        until; /**< out, with the final status: not to be told before that time: the command is at work */
    uint8_t sense[RIG_SENSE_MAX]; /**< out: sense data when status is CHECK CONDITION */
    uint8_t sense_len;            /**< out: its bytes */
    bool inner;   /**< private: asked for by another command, whose nexus was told what there is to tell */
    uint8_t step; /**< private: what release gives back */
    void *held;   /**< private: memory given back at the end */
    size_t held_size;                  /**< private: its bytes */
    uint64_t offset;                   /**< private: byte of the backing where iov begins */
    const void *row;                   /**< private: the command's row */
    struct iovec inside[RIG_SCSI_IOV]; /**< private: pieces, or a small answer */
} rig_scsi;

/** rig_device_begin starts a command; see the file's head. Reservations, unit attentions and range checks are
 * done. */
void rig_device_begin(rig_device *device, rig_scsi *scsi);

/**
 * rig_device_finish ends a command that takes data and sets its status: got bytes of length arrived, in order
 * from the first (fewer after an overflow: a write then changes the whole blocks that came). With abandon
 * nothing is carried out and the status stays as it is. What the command holds is given back, unless it has
 * an answer to send (num_back): then rig_device_release does that.
 */
void rig_device_finish(rig_device *device, rig_scsi *scsi, uint64_t got, bool abandon);

/** rig_device_release gives back what a command holds, after its data was sent. Fine to call twice. */
void rig_device_release(rig_device *device, rig_scsi *scsi);

/** rig_device_fail turns a command of a unit (NULL: of none) into CHECK CONDITION, with sense data in the
 * format its Control mode page asks for. */
void rig_device_fail(const rig_device *device, rig_scsi *scsi, uint8_t key, uint8_t asc, uint8_t ascq);

/** rig_device_nexus_new says a nexus came to be (a power-on unit attention 29h/00h is NOT set: iSCSI logins
 * are quiet). Commands of a nexus never named here are carried out too, without unit attentions.
 * RIG_E_EXISTS, RIG_E_NOMEM, RIG_E_ARGUMENT (0). */
rig_status rig_device_nexus_new(rig_device *device, rig_nexus_id nexus);

/** rig_device_nexus_named tells which SCSI ports a nexus joins: persistent registrations that waited for them
 * are its own again, and hear what it hears. */
void rig_device_nexus_named(rig_device *device, rig_nexus_id nexus, rig_view initiator, rig_view port);

/** rig_device_nexus_lost says a nexus is gone (I_T nexus loss): its RESERVE(6) and its unit attentions end.
 */
void rig_device_nexus_lost(rig_device *device, rig_nexus_id nexus);

/** rig_device_attention sets a unit attention for every nexus but except (0 = for all). */
void rig_device_attention(rig_device *device, rig_nexus_id except, uint8_t asc, uint8_t ascq);

/** rig_device_attention_one sets a unit attention for one nexus. */
void rig_device_attention_one(rig_device *device, rig_nexus_id nexus, uint8_t asc, uint8_t ascq);

/** rig_device_attentions tells how many unit attentions wait for a nexus, and ASC << 8 | ASCQ of the first.
 */
unsigned rig_device_attentions(const rig_device *device, rig_nexus_id nexus, uint16_t *out_first);

/** rig_device_reset is LOGICAL UNIT RESET: modes to defaults, RESERVE(6) gone, attention 29h/03h for every
 * nexus, the one that asked for it included (SAM-5 section 6.3.3). */
void rig_device_reset(rig_device *device);

/** rig_device_port is one target port through which a unit is reached. */
typedef struct rig_device_port {
    uint16_t id;                         /**< relative target port identifier, from 1 */
    uint16_t len;                        /**< bytes of its name */
    char name[RIG_DEVICE_PORT_NAME_MAX]; /**< its SCSI name ("iqn…,t,0x0001") */
} rig_device_port;

/** rig_device_target_ops is what a unit asks of the target around it. */
typedef struct rig_device_target_ops {
    /** Gives port i of the unit, counted from 0; false when there are no more. */
    bool (*port)(void *ctx, size_t i, rig_device_port *out_port);
    /** Gives the nexus that joins these ports now, 0 when none does. */
    rig_nexus_id (*nexus)(void *ctx, rig_view initiator, rig_view port);
    /** Ends every task of a nexus on the unit but the one that asks: PREEMPT AND ABORT. */
    void (*end_tasks)(void *ctx, const rig_scsi *by, rig_nexus_id nexus);
    /** Gives unit i among those the nexus of a command can address (NULL: no more): EXTENDED COPY. */
    rig_device *(*peer)(void *ctx, const rig_scsi *by, size_t i);
} rig_device_target_ops;

/** rig_device_in_target says where a unit is; both are borrowed. Without it a unit has one port, that of the
 * command, no tasks to end, and itself as the only unit. */
void rig_device_in_target(rig_device *device, const rig_device_target_ops *ops, void *ctx);

/** rig_device_no_lun answers a command for a LUN that does not exist (INQUIRY with qualifier 3, REPORT LUNS
 * from the given list, REQUEST SENSE, else 05h/25h/00h). */
void rig_device_no_lun(rig_scsi *scsi, const uint64_t *luns, size_t num_luns);

#define RIG_DEVICE_ERRORS_MAX 16 /**< most errors put into one unit */

/** rig_device_error_kind is what a command ends in. */
typedef enum rig_device_error_kind {
    RIG_DEVICE_MEDIUM_ERROR,  /**< 03h/11h/00h, of commands that write 03h/0Ch/00h, with the first bad LBA */
    RIG_DEVICE_BUSY,          /**< status BUSY */
    RIG_DEVICE_TASK_SET_FULL, /**< status TASK SET FULL */
    RIG_DEVICE_RESERVATION_CONFLICT, /**< status RESERVATION CONFLICT */
    RIG_DEVICE_SENSE,                /**< CHECK CONDITION with key, asc and ascq */
} rig_device_error_kind;

/**
 * rig_device_error is a fault of the unit, wanted by a test: which commands end in it instead of being
 * carried out. It comes last: what the unit has against the command by itself (unit attentions, reservations,
 * wrong fields, no medium, protection, range) is said first, and such a command does not count.
 */
typedef struct rig_device_error {
    bool any;                   /**< every command; else those of opcode and service */
    uint8_t opcode;             /**< of the commands */
    int8_t service;             /**< their service action, -1 = any */
    bool has_lba;               /**< only commands that touch a block of first..last */
    uint64_t first;             /**< lowest bad LBA */
    uint64_t last;              /**< highest bad LBA */
    uint32_t nth;               /**< only the n-th such command, 0 = no such limit */
    uint32_t every;             /**< only each n-th, 0 = no such limit */
    uint32_t after;             /**< only those behind the n-th, 0 = all */
    uint32_t count;             /**< it is over after so many times, 0 = never */
    rig_device_error_kind kind; /**< what comes of it */
    uint8_t key;                /**< SENSE: sense key */
    uint8_t asc;                /**< SENSE: additional sense code */
    uint8_t ascq;               /**< SENSE: its qualifier */
    uint32_t seen;              /**< private: commands it looked at */
    uint32_t used;              /**< private: commands it ended */
} rig_device_error;

/** rig_device_inject puts an error into a unit, behind those that are there: the first that fits a command
 * ends it. RIG_E_LIMIT, RIG_E_NOMEM, RIG_E_ARGUMENT (last below first, or a sense key above 15). */
rig_status rig_device_inject(rig_device *device, const rig_device_error *error);

/** rig_device_block_len gives the bytes of a logical block. */
uint32_t rig_device_block_len(const rig_device *device);

#endif
