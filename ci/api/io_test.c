#include "peer.h"

#include <string.h>

#include "suite.h"

#define LARGE (1024 * 1024)

static unsigned char sent[LARGE];
static unsigned char came[LARGE];

static bool write_at(struct iscsi_context *iscsi, uint32_t lba, unsigned char *bytes, uint32_t len)
{
    return peer_good(iscsi_write10_sync(iscsi, peer_lun(), lba, bytes, len, PEER_BLOCK, 0, 0, 0, 0, 0));
}

static bool read_at(struct iscsi_context *iscsi, uint32_t lba, unsigned char *bytes, uint32_t len)
{
    struct scsi_task *task = iscsi_read10_sync(iscsi, peer_lun(), lba, len, PEER_BLOCK, 0, 0, 0, 0, 0);
    if (task && task->status == SCSI_STATUS_GOOD && task->datain.size == (int)len)
        memcpy(bytes, task->datain.data, len);
    return peer_good(task);
}

static void round_trip(enum iscsi_header_digest digest, uint32_t len, uint32_t lba)
{
    struct iscsi_context *iscsi = peer_session(digest);
    if (!iscsi)
        return;
    peer_pattern(sent, len, lba);
    memset(came, 0, len);
    CU_ASSERT(write_at(iscsi, lba, sent, len));
    CU_ASSERT(read_at(iscsi, lba, came, len));
    CU_ASSERT_EQUAL(memcmp(sent, came, len), 0);
    peer_close(iscsi);
}

static void one_block_comes_back(void)
{
    round_trip(ISCSI_HEADER_DIGEST_NONE, PEER_BLOCK, 17);
}

static void many_bursts_come_back(void)
{
    round_trip(ISCSI_HEADER_DIGEST_NONE, LARGE, 4096);
}

static void many_bursts_come_back_with_digest(void)
{
    round_trip(ISCSI_HEADER_DIGEST_CRC32C, LARGE, 8192);
}

static void all_kinds_of_data_out_arrive(void)
{
    static const struct {
        enum iscsi_initial_r2t r2t;
        enum iscsi_immediate_data immediate;
    } ways[] = {
        {ISCSI_INITIAL_R2T_YES, ISCSI_IMMEDIATE_DATA_YES},
        {ISCSI_INITIAL_R2T_YES, ISCSI_IMMEDIATE_DATA_NO},
        {ISCSI_INITIAL_R2T_NO, ISCSI_IMMEDIATE_DATA_YES},
        {ISCSI_INITIAL_R2T_NO, ISCSI_IMMEDIATE_DATA_NO},
    };
    for (uint32_t i = 0; i < sizeof ways / sizeof *ways; i++) {
        struct iscsi_context *iscsi = peer_context();
        CU_ASSERT_PTR_NOT_NULL_FATAL(iscsi);
        iscsi_set_initial_r2t(iscsi, ways[i].r2t);
        iscsi_set_immediate_data(iscsi, ways[i].immediate);
        CU_ASSERT_EQUAL_FATAL(iscsi_full_connect_sync(iscsi, peer_portal(), peer_lun()), 0);
        peer_pattern(sent, LARGE, 100 + i);
        CU_ASSERT(write_at(iscsi, 16384, sent, LARGE));
        CU_ASSERT(read_at(iscsi, 16384, came, LARGE));
        CU_ASSERT_EQUAL(memcmp(sent, came, LARGE), 0);
        peer_close(iscsi);
    }
}

typedef struct flight {
    uint32_t left; /* reads not answered */
    uint32_t bad;  /* reads with a wrong status or wrong bytes */
    bool done;     /* none left */
} flight;

static void landed(struct iscsi_context *iscsi, int status, void *data, void *private_data)
{
    (void)iscsi;
    flight *all = private_data;
    struct scsi_task *task = data;
    uint32_t lba = task->cdb[5];
    all->bad += status != SCSI_STATUS_GOOD || task->datain.size != PEER_BLOCK ||
                memcmp(task->datain.data, sent + lba * PEER_BLOCK, PEER_BLOCK) != 0;
    scsi_free_scsi_task(task);
    all->done = --all->left == 0;
}

static void many_commands_at_once_keep_their_data(void)
{
    struct iscsi_context *iscsi = peer_session(ISCSI_HEADER_DIGEST_NONE);
    flight all = {.left = 128};
    if (!iscsi)
        return;
    peer_pattern(sent, 128 * PEER_BLOCK, 5);
    CU_ASSERT(write_at(iscsi, 0, sent, 128 * PEER_BLOCK));
    for (uint32_t lba = 0; lba < 128; lba++)
        CU_ASSERT_PTR_NOT_NULL_FATAL(
            iscsi_read10_task(iscsi, peer_lun(), lba, PEER_BLOCK, PEER_BLOCK, 0, 0, 0, 0, 0, landed, &all));
    CU_ASSERT(peer_wait(iscsi, &all.done));
    CU_ASSERT_EQUAL(all.bad, 0);
    peer_close(iscsi);
}

static void a_block_past_the_end_is_refused_with_sense(void)
{
    struct iscsi_context *iscsi = peer_session(ISCSI_HEADER_DIGEST_NONE);
    if (!iscsi)
        return;
    struct scsi_task *task = iscsi_readcapacity16_sync(iscsi, peer_lun());
    CU_ASSERT_PTR_NOT_NULL_FATAL(task);
    struct scsi_readcapacity16 *capacity = scsi_datain_unmarshall(task);
    CU_ASSERT_PTR_NOT_NULL_FATAL(capacity);
    CU_ASSERT_EQUAL(capacity->block_length, PEER_BLOCK);
    uint64_t past = capacity->returned_lba + 1;
    CU_ASSERT(peer_good(task));

    task = iscsi_read16_sync(iscsi, peer_lun(), past, PEER_BLOCK, PEER_BLOCK, 0, 0, 0, 0, 0);
    CU_ASSERT_PTR_NOT_NULL_FATAL(task);
    CU_ASSERT_EQUAL(task->status, SCSI_STATUS_CHECK_CONDITION);
    CU_ASSERT_EQUAL(task->sense.key, SCSI_SENSE_ILLEGAL_REQUEST);
    CU_ASSERT_EQUAL(task->sense.ascq, SCSI_SENSE_ASCQ_LBA_OUT_OF_RANGE);
    scsi_free_scsi_task(task);
    peer_close(iscsi);
}

static void lun_reset_leaves_the_session_usable(void)
{
    struct iscsi_context *iscsi = peer_session(ISCSI_HEADER_DIGEST_NONE);
    if (!iscsi)
        return;
    CU_ASSERT_EQUAL(iscsi_task_mgmt_lun_reset_sync(iscsi, (uint32_t)peer_lun()), 0);
    struct scsi_task *task = iscsi_testunitready_sync(iscsi, peer_lun());
    /* a reset may be told as one unit attention, after which all is well (SPC, and RFC 7143 section 11.5.1)
     */
    if (task && task->status == SCSI_STATUS_CHECK_CONDITION) {
        CU_ASSERT_EQUAL(task->sense.key, SCSI_SENSE_UNIT_ATTENTION);
        scsi_free_scsi_task(task);
        task = iscsi_testunitready_sync(iscsi, peer_lun());
    }
    CU_ASSERT(peer_good(task));
    peer_close(iscsi);
}

RIG_SUITE("libiscsi input and output", {"one block comes back", one_block_comes_back},
          {"many bursts come back", many_bursts_come_back},
          {"many bursts come back with a header digest", many_bursts_come_back_with_digest},
          {"all four ways of sending data arrive", all_kinds_of_data_out_arrive},
          {"128 commands at once keep their data", many_commands_at_once_keep_their_data},
          {"a block past the end is refused with sense", a_block_past_the_end_is_refused_with_sense},
          {"a LUN reset leaves the session usable", lun_reset_leaves_the_session_usable})
