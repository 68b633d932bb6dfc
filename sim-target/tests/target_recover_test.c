/* Lost data of a write above ErrorRecoveryLevel 0 (RFC 7143 sections 7.1.4.1, 7.3, 7.8, 7.9), and retries. */
#include "target_recovery.h"

#define KEYS TR_LEVEL1 "\nDataDigest=CRC32C"

static tt_client start(tt_world **out_world, const char *keys)
{
    *out_world = tr_new(NULL);
    tt_client client = tr_login(*out_world, keys);
    client.data_digest = strstr(keys, "DataDigest") != NULL;
    return client;
}

/* One Data-Out; spoil breaks its digest. */
static void put(tt_client *client, uint32_t itt, uint32_t ttt, uint32_t sn, uint32_t offset, uint32_t len,
                bool final, const uint8_t *data, bool spoil)
{
    uint8_t bhs[RIG_BHS_LEN], wire[8192];
    tt_data_out(bhs, itt, ttt, sn, offset, final);
    rig_set(bhs, RIG_F_EXP_STAT_SN, client->exp_stat_sn);
    size_t size = tt_build(client, wire, bhs, data + offset, len);
    if (spoil)
        wire[size - 1] ^= 1;
    tt_bytes(client->stream, wire, size, SIZE_MAX);
    tt_run(client->world);
}

static uint32_t r2t(tt_client *client, uint32_t sn, uint32_t offset, uint32_t len)
{
    tt_pdu pdu = tt_expect(client, RIG_PDU_R2T);
    CU_ASSERT_EQUAL(tt_field(&pdu, RIG_F_R2T_SN), sn);
    CU_ASSERT_EQUAL(tt_field(&pdu, RIG_F_BUFFER_OFFSET), offset);
    CU_ASSERT_EQUAL(tt_field(&pdu, RIG_F_DESIRED_LEN), len);
    return rig_get32(pdu.bhs, RIG_F_TTT);
}

static void rejected(tt_client *client, unsigned reason)
{
    tt_pdu pdu = tt_expect(client, RIG_PDU_REJECT);
    CU_ASSERT_EQUAL(tt_field(&pdu, RIG_F_REJECT_REASON), reason);
}

static void ends_well(tt_client *client, const uint8_t *data, size_t len)
{
    tt_pdu pdu = tt_expect(client, RIG_PDU_SCSI_RESP);
    CU_ASSERT_EQUAL(tt_field(&pdu, RIG_F_SCSI_STATUS), 0);
    CU_ASSERT_TRUE(tr_holds(client, 0, data, len));
}

static void ends_badly(tt_client *client, uint8_t asc, uint8_t ascq)
{
    tt_pdu pdu = tt_expect(client, RIG_PDU_SCSI_RESP);
    CU_ASSERT_EQUAL(tt_field(&pdu, RIG_F_SCSI_STATUS), 2);
    CU_ASSERT_TRUE(pdu.len > 15 && pdu.data[2 + 12] == asc && pdu.data[2 + 13] == ascq);
}

/* DIG-019, DIG-028: Reject, then an R2T for the lost range once the sequence has ended. */
static void test_bad_digest(void)
{
    tt_world *world;
    tt_client client = start(&world, KEYS);
    uint8_t data[2048];
    tr_fill(data, sizeof(data), 1);
    uint32_t itt = tr_write(&client, 0, 4), ttt = r2t(&client, 0, 0, 2048);
    put(&client, itt, ttt, 0, 0, 512, false, data, false);
    put(&client, itt, ttt, 1, 512, 512, false, data, true);
    rejected(&client, 0x02);
    put(&client, itt, ttt, 2, 1024, 512, false, data, false);
    CU_ASSERT_TRUE(tt_silent(&client));
    put(&client, itt, ttt, 3, 1536, 512, true, data, false);
    ttt = r2t(&client, 1, 512, 512);
    put(&client, itt, ttt, 0, 512, 512, true, data, true); /* lost once more */
    rejected(&client, 0x02);
    ttt = r2t(&client, 2, 512, 512);
    put(&client, itt, ttt, 0, 512, 512, true, data, false);
    ends_well(&client, data, sizeof(data));
    tt_free(world);
}

/* 7.9: a DataSN that leaves numbers out. */
static void test_gaps(void)
{
    tt_world *world;
    tt_client client = start(&world, KEYS);
    uint8_t data[4096];
    tr_fill(data, sizeof(data), 2);
    uint32_t itt = tr_write(&client, 0, 8), ttt = r2t(&client, 0, 0, 4096);
    put(&client, itt, ttt, 1, 512, 512, false, data, false);  /* 0 is lost */
    put(&client, itt, ttt, 4, 2048, 512, false, data, false); /* 2 and 3 are */
    put(&client, itt, ttt, 6, 3072, 1024, true, data, false); /* 5 is */
    ttt = r2t(&client, 1, 0, 512);
    put(&client, itt, ttt, 0, 0, 512, true, data, false);
    ttt = r2t(&client, 2, 1024, 1024);
    put(&client, itt, ttt, 0, 1024, 512, false, data, false);
    put(&client, itt, ttt, 1, 1536, 512, true, data, false);
    ttt = r2t(&client, 3, 2560, 512);
    put(&client, itt, ttt, 0, 2560, 512, true, data, false);
    ends_well(&client, data, sizeof(data));
    tt_free(world);
}

/* Without a loss, an early end, and data out of place, are mistakes as ever. */
static void test_mistakes(void)
{
    tt_world *world;
    tt_client client = start(&world, KEYS);
    uint8_t data[2048] = {0};
    uint32_t itt = tr_write(&client, 0, 4), ttt = r2t(&client, 0, 0, 2048);
    put(&client, itt, ttt, 0, 0, 512, true, data, false);
    ends_badly(&client, 0x0c, 0x0d);
    itt = tr_write(&client, 0, 4), ttt = r2t(&client, 0, 0, 2048);
    put(&client, itt, ttt, 0, 1024, 512, false, data, false); /* leaves data out, but no number */
    rejected(&client, 0x09);
    put(&client, itt, ttt, 1, 0, 512, true, data, false);
    ends_badly(&client, 0x0c, 0x0d);
    itt = tr_write(&client, 0, 4), ttt = r2t(&client, 0, 0, 2048);
    put(&client, itt, ttt, 0, 0, 512, false, data, false);
    put(&client, itt, ttt, 0, 512, 512, false, data, false); /* a number from before */
    rejected(&client, 0x09);
    put(&client, itt, ttt, 1, 512, 1536, true, data, false); /* counts for nothing */
    ends_well(&client, data, sizeof(data));
    tt_free(world);
}

/* 7.1.4.1 b: nothing, or no end. */
static void test_timeout(void)
{
    tt_world *world;
    tt_client client = start(&world, KEYS);
    uint8_t data[2048];
    tr_fill(data, sizeof(data), 3);
    uint32_t itt = tr_write(&client, 0, 4), first = r2t(&client, 0, 0, 2048);
    put(&client, itt, first, 0, 0, 512, false, data, false);
    tt_pass(world, 10 * RIG_SECOND - 1);
    CU_ASSERT_TRUE(tt_silent(&client));
    tt_pass(world, 1);
    uint32_t second = r2t(&client, 1, 512, 1536);
    put(&client, itt, first, 1, 512, 512, false, data, false); /* late, but good */
    put(&client, itt, second, 0, 512, 512, false, data, true); /* what is here is not spoilt */
    rejected(&client, 0x02);
    put(&client, itt, second, 1, 1024, 1024, true, data, false);
    ends_well(&client, data, sizeof(data));
    tt_free(world);
}

static void test_late_data(void)
{
    tt_world *world;
    tt_client client = start(&world, KEYS);
    uint8_t data[512];
    tr_fill(data, sizeof(data), 4);
    uint32_t itt = tr_write(&client, 0, 1), first = r2t(&client, 0, 0, 512);
    tt_pass(world, 10 * RIG_SECOND);
    uint32_t second = r2t(&client, 1, 0, 512), stat = client.exp_stat_sn;
    put(&client, itt, second, 0, 0, 512, true, data, false);
    tt_expect(&client, RIG_PDU_SCSI_RESP);
    client.exp_stat_sn = stat;
    put(&client, itt, first, 0, 0, 512, true, data, false);
    CU_ASSERT_TRUE(tt_silent(&client));
    CU_ASSERT_TRUE(tr_holds(&client, 0, data, sizeof(data)));
    tt_free(world);
}

/* Three times, then the connection is given up. */
static void test_no_answer(void)
{
    tt_world *world;
    tt_client client = start(&world, KEYS);
    tr_write(&client, 0, 1);
    r2t(&client, 0, 0, 512);
    for (uint32_t i = 1; i <= 3; i++) {
        tt_pass(world, 10 * RIG_SECOND);
        while (i == 2 && !tt_silent(&client) && client.stream->out[client.stream->out_at] == 0x20)
            tt_next(&client); /* pings that ask for acknowledgment */
        r2t(&client, i, 0, 512);
    }
    CU_ASSERT_TRUE(client.stream->open);
    tt_pass(world, 10 * RIG_SECOND);
    CU_ASSERT_FALSE(client.stream->open);
    tt_free(world);
}

static void unsolicited(const char *more, bool last_lost)
{
    tt_world *world;
    char keys[256];
    rig_text text;
    uint8_t bhs[RIG_BHS_LEN], data[2048];
    rig_text_init(&text, keys, sizeof(keys));
    rig_text_add(&text, "ErrorRecoveryLevel=1\nInitialR2T=No\nDataDigest=CRC32C%s", more);
    tt_client client = start(&world, keys);
    tr_fill(data, sizeof(data), 5);
    tt_scsi(&client, bhs, "W", 2048, 0x2a, 0, 4);
    uint32_t itt = rig_get32(bhs, RIG_F_ITT);
    tt_send(&client, bhs, data, 512);
    put(&client, itt, RIG_TAG_NONE, 0, 512, 512, false, data, true);
    rejected(&client, 0x02);
    if (last_lost) {
        tt_pass(world, 10 * RIG_SECOND);
        uint32_t ttt = r2t(&client, 0, 512, 1536);
        put(&client, itt, ttt, 0, 512, 1536, true, data, false);
    } else {
        put(&client, itt, RIG_TAG_NONE, 1, 1024, 1024, true, data, false);
        uint32_t ttt = r2t(&client, 0, 512, 512);
        put(&client, itt, ttt, 0, 512, 512, true, data, false);
    }
    ends_well(&client, data, sizeof(data));
    tt_free(world);
}

static void test_unsolicited(void)
{
    unsolicited("", false);
    unsolicited("", true);
    unsolicited("\nDataPDUInOrder=No", false);
    unsolicited("\nDataPDUInOrder=No", true);
}

/* DataPDUInOrder=No: any order is right, and what has not come at the end is asked for. */
static void test_out_of_order(void)
{
    tt_world *world;
    tt_client client = start(&world, KEYS "\nDataPDUInOrder=No");
    uint8_t data[2048];
    tr_fill(data, sizeof(data), 6);
    uint32_t itt = tr_write(&client, 0, 4), ttt = r2t(&client, 0, 0, 2048);
    put(&client, itt, ttt, 0, 1536, 512, false, data, false);
    put(&client, itt, ttt, 1, 512, 512, false, data, false);
    put(&client, itt, ttt, 3, 0, 512, true, data, false); /* 2 is lost */
    ttt = r2t(&client, 1, 1024, 512);
    put(&client, itt, ttt, 0, 1024, 512, true, data, false);
    ends_well(&client, data, sizeof(data));
    tt_free(world);
}

/* More holes than are remembered: what does not fit is asked for as well. */
static void test_many_holes(void)
{
    tt_world *world;
    tt_client client = start(&world, "ErrorRecoveryLevel=1\nInitialR2T=Yes\nDataPDUInOrder=No");
    static uint8_t data[128 * 512];
    uint8_t bhs[RIG_BHS_LEN];
    tr_fill(data, sizeof(data), 7);
    uint32_t itt = tr_write(&client, 0, 128), ttt = r2t(&client, 0, 0, sizeof(data));
    for (uint32_t sn = 0; sn < 64; sn++)
        put(&client, itt, ttt, sn + 1, sn * 1024 + 512, 512, sn == 63, data, false);
    for (unsigned i = 0; i < 200; i++) {
        tt_pdu pdu = tt_next(&client);
        if (!pdu.here || pdu.kind != RIG_PDU_R2T)
            break;
        uint32_t offset = rig_get32(pdu.bhs, RIG_F_BUFFER_OFFSET),
                 len = rig_get32(pdu.bhs, RIG_F_DESIRED_LEN);
        tt_data_out(bhs, itt, rig_get32(pdu.bhs, RIG_F_TTT), 0, offset, true);
        if (len > 8192) {
            put(&client, itt, rig_get32(pdu.bhs, RIG_F_TTT), 0, offset, 4096, false, data, false);
            tt_data_out(bhs, itt, rig_get32(pdu.bhs, RIG_F_TTT), 1, offset + 4096, true);
            offset += 4096;
            len -= 4096;
        }
        tt_send(&client, bhs, data + offset, len);
    }
    CU_ASSERT_TRUE(tr_holds(&client, 0, data, sizeof(data)));
    tt_free(world);
}

/* An ORDERED command waits on its unit while its unsolicited data comes, with a loss. */
static void test_parked(void)
{
    tt_world *world;
    tt_client client = start(&world, "ErrorRecoveryLevel=1\nInitialR2T=No\nDataDigest=CRC32C");
    uint8_t bhs[RIG_BHS_LEN], data[2048];
    tr_fill(data, sizeof(data), 8);
    tt_scsi(&client, bhs, "FW", 512, 0x2a, 100, 1); /* takes data */
    uint32_t other = rig_get32(bhs, RIG_F_ITT);
    tt_send(&client, bhs, NULL, 0);
    uint32_t ttt = r2t(&client, 0, 0, 512);
    tt_scsi(&client, bhs, "W", 2048, 0x2a, 0, 4);
    rig_set(bhs, RIG_F_ATTR, 2);
    uint32_t itt = rig_get32(bhs, RIG_F_ITT);
    tt_send(&client, bhs, data, 512);
    put(&client, itt, RIG_TAG_NONE, 1, 1024, 1024, true, data, false); /* 0 is lost */
    CU_ASSERT_TRUE(tt_silent(&client));
    put(&client, other, ttt, 0, 0, 512, true, data, false);
    tt_expect(&client, RIG_PDU_SCSI_RESP);
    ttt = r2t(&client, 0, 512, 512);
    put(&client, itt, ttt, 0, 512, 512, true, data, false);
    ends_well(&client, data, sizeof(data));
    tt_free(world);
}

/* 7.8 and 7.2.1: the command goes with its immediate data, its retry is the first that counts. */
static void test_retry(void)
{
    tt_world *world;
    tt_client client = start(&world, KEYS);
    uint8_t bhs[RIG_BHS_LEN], wire[1024], data[512];
    tr_fill(data, sizeof(data), 9);
    tt_scsi(&client, bhs, "FW", 512, 0x2a, 0, 1);
    rig_set(bhs, RIG_F_EXP_STAT_SN, client.exp_stat_sn);
    size_t size = tt_build(&client, wire, bhs, data, 512);
    wire[size - 1] ^= 1;
    tt_bytes(client.stream, wire, size, SIZE_MAX);
    tt_pdu pdu = tt_expect(&client, RIG_PDU_REJECT);
    CU_ASSERT_EQUAL(tt_field(&pdu, RIG_F_REJECT_REASON), 0x02);
    CU_ASSERT_EQUAL(rig_get32(pdu.bhs, RIG_F_EXP_CMD_SN), rig_get32(bhs, RIG_F_CMD_SN));
    tt_send(&client, bhs, data, 512);
    uint32_t stat = client.exp_stat_sn;
    tt_expect(&client, RIG_PDU_SCSI_RESP);
    client.exp_stat_sn = stat;
    tt_send(&client, bhs, data, 512); /* REC-011: one more retry is none */
    CU_ASSERT_TRUE(tt_silent(&client));
    tr_snack(&client, 1, RIG_TAG_NONE, RIG_TAG_NONE, stat, 1);
    tt_expect(&client, RIG_PDU_SCSI_RESP);
    tt_free(world);
}

/* A task that is aborted while a sequence stays without its end. */
static void test_abort(void)
{
    tt_world *world;
    tt_client client = start(&world, KEYS);
    uint8_t bhs[RIG_BHS_LEN];
    uint32_t itt = tr_write(&client, 0, 4);
    r2t(&client, 0, 0, 2048);
    tt_request(&client, bhs, RIG_PDU_TMF_REQ, true);
    rig_set(bhs, RIG_F_FUNCTION, 2);
    tt_send(&client, bhs, NULL, 0);
    CU_ASSERT_TRUE(tt_silent(&client)); /* 4.2.3.3: it waits for the data */
    tt_pass(world, 10 * RIG_SECOND);    /* which is given up */
    tt_pdu pdu = tt_next(&client);
    if (pdu.kind == RIG_PDU_NOP_IN)
        tr_acknowledge(&client), pdu = tt_next(&client);
    CU_ASSERT_EQUAL(pdu.kind, RIG_PDU_TMF_RESP);
    tr_snack(&client, 0, itt, RIG_TAG_NONE, 0, 1);
    rejected(&client, 0x04);
    tt_free(world);
}

RIG_SUITE("target recovery of writes", {"a bad data digest", test_bad_digest}, {"gaps in DataSN", test_gaps},
          {"mistakes stay mistakes", test_mistakes}, {"data that does not come", test_timeout},
          {"data that comes too late", test_late_data}, {"asking three times", test_no_answer},
          {"unsolicited data", test_unsolicited}, {"data out of order", test_out_of_order},
          {"more holes than remembered", test_many_holes}, {"a command that waits", test_parked},
          {"retries", test_retry}, {"aborted without data", test_abort})
