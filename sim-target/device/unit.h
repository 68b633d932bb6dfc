/** @file
 * The logical unit inside: its state, a command in progress, and what command handlers share.
 */
#ifndef DEV_UNIT_H
#define DEV_UNIT_H

#include "bytes.h"
#include "copy.h"
#include "nexus.h"
#include "persistent.h"
#include "pool.h"
#include "protect.h"
#include "rig/device.h"
#include "sense.h"

#define DEV_UNMAP_DESCRIPTORS_MAX 256   /* block descriptors of one UNMAP */
#define DEV_UNMAP_BLOCKS_MAX (1u << 20) /* blocks of one UNMAP */
#define DEV_COMPARE_BLOCKS_MAX 255      /* blocks of one COMPARE AND WRITE: its count has 8 bits */
#define DEV_PORT_GROUP 1                /* all target ports are one group: every path is as good */
#define DEV_ATOMIC_MAX (1u << 20)       /* bytes of one WRITE ATOMIC */
#define DEV_OVERWRITE_MAX (1u << 30)    /* bytes of a disk that can be overwritten at once */
#define DEV_BLOCK_MAX 4096              /* bytes of a block */

typedef enum dev_status { /* SAM-5 section 5.3 */
                          DEV_GOOD = 0x00,
                          DEV_CHECK_CONDITION = 0x02,
                          DEV_BUSY = 0x08,
                          DEV_RESERVATION_CONFLICT = 0x18,
                          DEV_TASK_SET_FULL = 0x28,
} dev_status;

typedef struct dev_modes { /* what MODE SELECT can change */
    bool descriptor_sense; /* Control page, D_SENSE */
    bool write_protect;    /* Control page, SWP */
    bool write_cache;      /* Caching page, WCE */
} dev_modes;

struct rig_device {
    const rig_alloc *alloc;
    rig_backing *backing;
    uint32_t block_len;
    uint64_t num_blocks;
    uint64_t serial;
    dev_pool pool;
    dev_nexus_table nexuses;
    dev_modes modes;
    rig_nexus_id reserved_by; /* RESERVE(6), 0 = nobody */
    dev_persistent persistent;
    bool stopped; /* START STOP UNIT */
    bool removable;
    bool unloaded; /* removable, and without a medium */
    bool read_only;
    uint32_t physical;        /* bytes of a physical block */
    bool reads_anything;      /* LBPRZ 0 */
    bool always_on;           /* no power conditions */
    bool sanitize_failed;     /* the last SANITIZE did, and no command that uses the medium goes on */
    bool sanitize_exits;      /* and it had AUSE set, so that EXIT FAILURE MODE ends that */
    bool no_sanitize;         /* SANITIZE is not there */
    uint64_t sanitize_time;   /* nanoseconds it takes */
    uint64_t sanitize_until;  /* when the last one ends */
    bool no_unmap_same_10;    /* LBPWS10 0 */
    uint8_t protection;       /* type of protection information, 0 = none */
    rig_backing *tags;        /* that information, DEV_TAGS_LEN bytes a block */
    rig_device_error *errors; /* RIG_DEVICE_ERRORS_MAX, made for the first one */
    size_t num_errors;
    const rig_device_target_ops *target; /* NULL: none around it */
    void *target_ctx;
    dev_copies copies;
    uint8_t first_row[256]; /* by opcode: 1 + index of its first row, 0 = unknown */
};

struct dev_row;

typedef struct dev_command {
    rig_device *device;
    rig_scsi *scsi;
    const struct dev_row *row;
    const uint8_t *cdb;
    uint64_t lba;    /* of block commands */
    uint64_t blocks; /* of block commands */
} dev_command;

typedef enum dev_row_flag {
    DEV_ANYTIME = 1, /* ignores unit attentions and reservations (SPC-4 section 5.13, SAM-5 section 5.14) */
    DEV_SHARED = 2,  /* ignores reservations of others */
    DEV_MEDIUM = 4,  /* needs a started unit */
    DEV_WRITES = 8,  /* refused when write protected */
    DEV_BLOCKS = 16, /* logical block address and count at the usual places of its CDB length */
    DEV_THIN = 32,   /* only on a backing with thin ranges */
    DEV_THICK = 64,  /* only on a backing without */
    DEV_TRANSFER = 128,   /* its count is bounded by MAXIMUM TRANSFER LENGTH */
    DEV_OPEN = 256,       /* passes any persistent reservation of others */
    DEV_LOOKS = 512,      /* passes those of a Write Exclusive type */
    DEV_GUARDED = 1024,   /* bits 5 to 7 of its flags say what becomes of protection information */
    DEV_TYPE_2 = 2048,    /* only on a unit with protection of type 2 */
    DEV_SANITIZES = 8192, /* goes on where a SANITIZE failed */
    DEV_BOTH = 4096,      /* moves data both ways: only for callers that can */
    DEV_LETS_GO = 16384,  /* passes any reservation of others where it takes nothing away from them */
} dev_row_flag;

typedef struct dev_row {
    uint8_t opcode;
    int8_t service; /* service action, -1 = none */
    uint8_t len;
    uint16_t flags;
    void (*begin)(dev_command *cmd);
    void (*finish)(dev_command *cmd, uint64_t got); /* of commands that take data */
    uint8_t usage[32]; /* CDB bits that may be set; REPORT SUPPORTED OPERATION CODES shows them */
} dev_row;

/* command_table.c */
size_t dev_rows_count(void);
const dev_row *dev_row_at(size_t i);
void dev_rows_index(uint8_t first_row[256]);
bool dev_row_available(const rig_device *device, const dev_row *row);
const dev_row *dev_row_find(const rig_device *device, uint8_t opcode, uint16_t service);
/* The bits that byte i of its CDB may have set. */
uint8_t dev_row_usage(const rig_device *device, const dev_row *row, size_t i);
bool dev_opcode_known(const rig_device *device, uint8_t opcode);

/* transfer.c: where a command's data lie */

/* Names the content of [offset, offset + len) as the command's data; false with a status set when it cannot.
 */
bool dev_transfer_map(dev_command *cmd, uint64_t offset, uint64_t len, bool write);
/* Gives a mapped transfer back, the first `written` bytes being new content. */
rig_status dev_transfer_unmap(rig_device *device, rig_scsi *scsi, size_t written);
/* Whether data landed in the backing itself. */
bool dev_transfer_mapped(const rig_scsi *scsi);
/* Names len bytes of pooled buffers as the place where data lands. */
bool dev_transfer_landing(dev_command *cmd, uint64_t len);
/* Names a zeroed answer of len bytes, of which the command sends at most allocation. NULL with a status set.
 */
uint8_t *dev_transfer_answer(dev_command *cmd, size_t len, uint64_t allocation);
/* The same in memory of the command alone, for at most sizeof inside less one entry. */
uint8_t *dev_transfer_small(rig_scsi *scsi, size_t len, uint64_t allocation);
/* Names len bytes of pooled buffers whose content is made and then sent. */
bool dev_transfer_staged(dev_command *cmd, uint64_t len);
/* Names len bytes of pooled buffers that take data, and later are the answer. */
bool dev_transfer_both(dev_command *cmd, uint64_t len);
/* Bytes of such buffers, or of those where data landed. */
void dev_transfer_put(const rig_scsi *scsi, uint64_t at, const uint8_t *data, size_t len);
void dev_transfer_get(const rig_scsi *scsi, uint64_t at, uint8_t *out, size_t len);
/* Gives back what a command that failed was to move. */
void dev_transfer_drop(dev_command *cmd);
/* Names one buffer, iov[0], where len bytes of parameters land. */
bool dev_transfer_parameters(dev_command *cmd, size_t len);

/* content.c: reading and changing content inside a command; false with a status set when that failed */
bool dev_content_write(dev_command *cmd, uint64_t offset, const uint8_t *data, size_t len);
bool dev_content_repeat(dev_command *cmd, uint64_t offset, uint64_t len, const uint8_t *block);
/* Also leaves the result in data. */
bool dev_content_or(dev_command *cmd, uint64_t offset, uint8_t *data, size_t len);
bool dev_content_read(dev_command *cmd, uint64_t offset, uint64_t len);
bool dev_content_copy(dev_command *cmd, uint64_t offset, size_t len, uint8_t *out);
/* Deallocates on a backing with thin ranges. */
bool dev_content_discard(dev_command *cmd, uint64_t offset, uint64_t len);
/* *out_same tells how many leading bytes agree with data; with repeat data is one block that is compared
 * throughout. */
bool dev_content_compare(dev_command *cmd, uint64_t offset, uint64_t len, const uint8_t *data, bool repeat,
                         uint64_t *out_same);
/* Makes content durable when the command or the caching page asks for it. */
bool dev_content_settle(dev_command *cmd, bool force);

/* ready.c: whether the medium can be used now; a sense of NOT READY when it cannot */
bool dev_is_ready(const rig_device *device, dev_sense *out_sense);
/* Write protected by what it is made of or made as, not by a mode page. */
bool dev_is_read_only(const rig_device *device);

/* inject.c: ends the command in an error that a test put in; false then */
bool dev_inject_allows(dev_command *cmd);
void dev_inject_cleanup(rig_device *device);

/* unit.c: the byte with the flags of a block command: 1, or 10 of 32 bytes */
uint8_t dev_flags(const dev_command *cmd);
/* The first byte of its count. */
unsigned dev_count_byte(const dev_command *cmd);

/* unit.c: sets every out: and private member but the big arrays to its first value */
void dev_scsi_clear(rig_scsi *scsi);

/* handlers, by file */
void dev_read(dev_command *cmd);
void dev_write(dev_command *cmd);
void dev_write_done(dev_command *cmd, uint64_t got);
void dev_write_verify(dev_command *cmd);
void dev_write_verify_done(dev_command *cmd, uint64_t got);
void dev_verify(dev_command *cmd);
void dev_verify_done(dev_command *cmd, uint64_t got);
void dev_or_write(dev_command *cmd);
void dev_or_write_done(dev_command *cmd, uint64_t got);
void dev_compare(dev_command *cmd);
void dev_compare_done(dev_command *cmd, uint64_t got);
void dev_prefetch(dev_command *cmd);
void dev_synchronize(dev_command *cmd);

void dev_write_same(dev_command *cmd);
void dev_write_same_done(dev_command *cmd, uint64_t got);
void dev_unmap(dev_command *cmd);
void dev_unmap_done(dev_command *cmd, uint64_t got);
void dev_lba_status(dev_command *cmd);

#define DEV_INQUIRY_LEN 96 /* standard data up to the reserved bytes behind the version descriptors */
void dev_inquiry(dev_command *cmd);
/* Fills zeroed standard data. */
void dev_inquiry_fill(uint8_t *out, const char *product, uint8_t protocol_level);
void dev_read_capacity_10(dev_command *cmd);
void dev_read_capacity_16(dev_command *cmd);
/* The unit's designator. */
uint64_t dev_naa(const rig_device *device);
uint32_t dev_unmap_granularity(const rig_device *device);
/* Logical blocks of a physical one: what WRITE ATOMIC is aligned to, too. */
uint32_t dev_physical_blocks(const rig_device *device);

void dev_mode_sense_6(dev_command *cmd);
void dev_mode_sense_10(dev_command *cmd);
void dev_mode_select_6(dev_command *cmd);
void dev_mode_select_6_done(dev_command *cmd, uint64_t got);
void dev_mode_select_10(dev_command *cmd);
void dev_mode_select_10_done(dev_command *cmd, uint64_t got);
void dev_modes_reset(dev_modes *modes);

void dev_format(dev_command *cmd);
void dev_format_done(dev_command *cmd, uint64_t got);

void dev_sanitize_overwrite(dev_command *cmd);
void dev_sanitize_overwrite_done(dev_command *cmd, uint64_t got);
void dev_sanitize_erase(dev_command *cmd);
void dev_sanitize_exit(dev_command *cmd);
/* Whether a sanitize operation is in progress; a sense that tells how far it is then. */
bool dev_is_sanitizing(const dev_command *cmd, dev_sense *out_sense);

void dev_xor_write_read(dev_command *cmd);
void dev_xor_write_read_done(dev_command *cmd, uint64_t got);

void dev_write_atomic(dev_command *cmd);
void dev_write_atomic_done(dev_command *cmd, uint64_t got);
void dev_defects_10(dev_command *cmd);
void dev_defects_12(dev_command *cmd);

void dev_persistent_in(dev_command *cmd);
void dev_persistent_out(dev_command *cmd);
void dev_persistent_out_done(dev_command *cmd, uint64_t got);

/* ports.c */

/* Port i of the unit; false when there are no more. */
bool dev_port_at(const dev_command *cmd, size_t i, rig_device_port *out_port);
/* The port with that identifier, or with that name. */
bool dev_port_by_id(const dev_command *cmd, uint16_t id, rig_device_port *out_port);
uint16_t dev_port_id(const dev_command *cmd, rig_view name);
void dev_report_port_groups(dev_command *cmd);

/* copy.c, copy_results.c */
void dev_extended_copy(dev_command *cmd);
void dev_extended_copy_done(dev_command *cmd, uint64_t got);
void dev_copy_status(dev_command *cmd);
void dev_copy_parameters(dev_command *cmd);
size_t dev_copy_page(uint8_t *body);

void dev_reserve(dev_command *cmd);
void dev_release(dev_command *cmd);
bool dev_reservation_allows(const dev_command *cmd);
/* ready.c: whether START STOP UNIT only starts, PREVENT ALLOW only allows */
bool dev_lets_go(const dev_command *cmd);

void dev_test_ready(dev_command *cmd);
void dev_start_stop(dev_command *cmd);
void dev_prevent_allow(dev_command *cmd);
void dev_self_test(dev_command *cmd);
void dev_request_sense(dev_command *cmd);
/* Answers REQUEST SENSE (cdb of at least 6 bytes) with that sense data. */
void dev_request_sense_answer(rig_scsi *scsi, const dev_sense *sense);
void dev_report_luns(dev_command *cmd);
void dev_report_opcodes(dev_command *cmd);

#endif
