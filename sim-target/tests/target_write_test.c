/* Writes: R2Ts, unsolicited data, and everything that may be wrong with a Data-Out (RFC 7143
 * sections 11.7, 11.8). */
#include "target/tgt.h"
#include "target_fixture.h"

#define READ 0x28
#define WRITE 0x2a

static uint8_t sample[65536];

static void fill_sample(void)
{
    for (size_t i = 0; i < sizeof(sample); i++)
        sample[i] = (uint8_t)(i * 13 + i / 256);
}

static tt_pdu start_write(tt_client *client, const char *flags, uint32_t edtl, uint16_t blocks,
                          uint32_t immediate, uint32_t *out_itt)
{
    uint8_t bhs[RIG_BHS_LEN];
    fill_sample();
    tt_scsi(client, bhs, flags, edtl, WRITE, 0, blocks);
    *out_itt = rig_get32(bhs, RIG_F_ITT);
    tt_send(client, bhs, sample, immediate);
    return tt_next(client);
}

static void data_out(tt_client *client, uint32_t itt, uint32_t ttt, uint32_t sn, uint32_t offset,
                     uint32_t len, bool final)
{
    uint8_t bhs[RIG_BHS_LEN];
    tt_data_out(bhs, itt, ttt, sn, offset, final);
    tt_send(client, bhs, sample + offset, len);
}

/* What stands on the disk from the start. */
static bool disk_has(tt_client *client, const uint8_t *bytes, uint32_t len)
{
    uint8_t bhs[RIG_BHS_LEN];
    bool same = true;
    tt_pdu pdu;
    tt_scsi(client, bhs, "FR", len, READ, 0, (uint16_t)(len / 512));
    tt_send(client, bhs, NULL, 0);
    do {
        pdu = tt_next(client);
        same = same && pdu.here && pdu.kind == RIG_PDU_DATA_IN &&
               memcmp(pdu.data, bytes + rig_get32(pdu.bhs, RIG_F_BUFFER_OFFSET), pdu.len) == 0;
    } while (pdu.here && pdu.kind == RIG_PDU_DATA_IN && !tt_field(&pdu, RIG_F_S));
    return same;
}

/* The response, its status and sense. */
static bool ends(tt_client *client, unsigned key, unsigned asc, unsigned ascq)
{
    tt_pdu pdu = tt_next(client);
    if (!pdu.here || pdu.kind != RIG_PDU_SCSI_RESP)
        return false;
    if (key == 0)
        return tt_field(&pdu, RIG_F_SCSI_STATUS) == 0 && pdu.len == 0;
    return tt_field(&pdu, RIG_F_SCSI_STATUS) == 2 && rig_be_get(pdu.data, 2) == pdu.len - 2 &&
           (pdu.data[2 + 2] & 0xf) == key && pdu.data[2 + 12] == asc && pdu.data[2 + 13] == ascq;
}

static bool rejects(tt_client *client, unsigned reason)
{
    tt_pdu pdu = tt_next(client);
    return pdu.here && pdu.kind == RIG_PDU_REJECT && tt_field(&pdu, RIG_F_REJECT_REASON) == reason;
}

/* ---- R2T ---- */

static void test_r2t_splitting(void)
{
    tt_world *world = tt_new();
    tt_client client = tt_login(world, "MaxBurstLength=4096\nMaxOutstandingR2T=3\nImmediateData=Yes");
    uint32_t itt, ttts[8];
    tt_pdu pdu = start_write(&client, "FW", 15360, 30, 512, &itt);
    for (uint32_t i = 0; i < 3; i++) {
        CU_ASSERT_EQUAL(pdu.kind, RIG_PDU_R2T);
        CU_ASSERT_EQUAL(tt_field(&pdu, RIG_F_ITT), itt);
        CU_ASSERT_EQUAL(tt_field(&pdu, RIG_F_R2T_SN), i);
        CU_ASSERT_EQUAL(tt_field(&pdu, RIG_F_BUFFER_OFFSET), 512 + i * 4096);
        CU_ASSERT_EQUAL(tt_field(&pdu, RIG_F_DESIRED_LEN), 4096);
        CU_ASSERT_EQUAL(pdu.len, 0);
        ttts[i] = rig_get32(pdu.bhs, RIG_F_TTT);
        CU_ASSERT_NOT_EQUAL(ttts[i], RIG_TAG_NONE);
        pdu = tt_next(&client);
    }
    CU_ASSERT_FALSE(pdu.here); /* never more than agreed */
    CU_ASSERT_TRUE(ttts[0] != ttts[1] && ttts[1] != ttts[2] && ttts[0] != ttts[2]);
    data_out(&client, itt, ttts[0], 0, 512, 4096, true);
    pdu = tt_expect(&client, RIG_PDU_R2T);
    CU_ASSERT_EQUAL(tt_field(&pdu, RIG_F_R2T_SN), 3);
    CU_ASSERT_EQUAL(tt_field(&pdu, RIG_F_BUFFER_OFFSET), 12800);
    CU_ASSERT_EQUAL(tt_field(&pdu, RIG_F_DESIRED_LEN), 2560); /* the rest */
    data_out(&client, itt, ttts[1], 0, 4608, 4096, true);
    data_out(&client, itt, ttts[2], 0, 8704, 4096, true);
    CU_ASSERT_TRUE(tt_silent(&client));
    data_out(&client, itt, rig_get32(pdu.bhs, RIG_F_TTT), 0, 12800, 2560, true);
    CU_ASSERT_TRUE(ends(&client, 0, 0, 0));
    CU_ASSERT_TRUE(disk_has(&client, sample, 15360));
    tt_free(world);
}

/* One R2T answered by pieces, an empty one among them, in any order when DataPDUInOrder=No. */
static void pieces(const char *keys, bool shuffled)
{
    tt_world *world = tt_new();
    tt_client client = tt_login(world, keys);
    static const uint32_t order[2][4] = {{0, 1, 2, 3}, {2, 0, 3, 1}};
    uint32_t itt;
    tt_pdu pdu = start_write(&client, "FW", 4096, 8, 0, &itt);
    uint32_t ttt = rig_get32(pdu.bhs, RIG_F_TTT);
    for (uint32_t i = 0; i < 4; i++)
        data_out(&client, itt, ttt, i, order[shuffled][i] * 1024, 1024, false);
    CU_ASSERT_TRUE(tt_silent(&client));
    data_out(&client, itt, ttt, 4, 4096, 0, true);
    CU_ASSERT_TRUE(ends(&client, 0, 0, 0));
    CU_ASSERT_TRUE(disk_has(&client, sample, 4096));
    tt_free(world);
}

static void test_pieces(void)
{
    pieces("", false);
    pieces("DataPDUInOrder=No", false);
    pieces("DataPDUInOrder=No", true);
}

/* ---- unsolicited data: what each combination of the two keys allows (13.11) ---- */

static bool combination(const char *keys, const char *flags, uint32_t immediate, uint32_t separate,
                        unsigned key, unsigned asc, unsigned ascq)
{
    tt_world *world = tt_new();
    tt_client client = tt_login(world, keys);
    uint32_t itt, ttt = RIG_TAG_NONE, at = immediate;
    bool good;
    tt_pdu pdu = start_write(&client, flags, 8192, 16, immediate, &itt);
    CU_ASSERT_FALSE(pdu.here && separate > 0); /* nothing is asked while data is announced */
    client.stream->out_at -= pdu.here ? RIG_BHS_LEN + ((pdu.len + 3) & ~3u) : 0;
    if (separate > 0)
        data_out(&client, itt, RIG_TAG_NONE, 0, immediate, separate, true);
    at += separate;
    pdu = tt_next(&client);
    while (pdu.here && pdu.kind == RIG_PDU_R2T) {
        CU_ASSERT_EQUAL(tt_field(&pdu, RIG_F_BUFFER_OFFSET), at);
        ttt = rig_get32(pdu.bhs, RIG_F_TTT);
        data_out(&client, itt, ttt, 0, at, rig_get32(pdu.bhs, RIG_F_DESIRED_LEN), true);
        at += rig_get32(pdu.bhs, RIG_F_DESIRED_LEN);
        pdu = tt_next(&client);
    }
    client.stream->out_at -= pdu.here ? RIG_BHS_LEN + ((pdu.len + 3) & ~3u) : 0;
    good = ends(&client, key, asc, ascq);
    if (key == 0)
        good = good && at == 8192 && disk_has(&client, sample, 8192);
    tt_free(world);
    return good;
}

static void test_unsolicited(void)
{
    static const char yes_yes[] = "InitialR2T=Yes\nImmediateData=Yes\nFirstBurstLength=4096";
    static const char yes_no[] = "InitialR2T=Yes\nImmediateData=No\nFirstBurstLength=4096";
    static const char no_yes[] = "InitialR2T=No\nImmediateData=Yes\nFirstBurstLength=4096";
    static const char no_no[] = "InitialR2T=No\nImmediateData=No\nFirstBurstLength=4096";
    const char *const all[] = {yes_yes, yes_no, no_yes, no_no};
    for (size_t i = 0; i < 4; i++) { /* sending less than allowed is always fine */
        CU_ASSERT_TRUE(combination(all[i], "FW", 0, 0, 0, 0, 0));
    }
    CU_ASSERT_TRUE(combination(yes_yes, "FW", 4096, 0, 0, 0, 0));
    CU_ASSERT_TRUE(combination(no_yes, "FW", 1024, 0, 0, 0, 0));
    CU_ASSERT_TRUE(combination(no_yes, "W", 1024, 3072, 0, 0, 0));
    CU_ASSERT_TRUE(combination(no_no, "W", 0, 4096, 0, 0, 0));
    CU_ASSERT_TRUE(combination(yes_no, "FW", 1024, 0, 0xb, 0x0c, 0x0c)); /* immediate data not agreed */
    CU_ASSERT_TRUE(combination(no_no, "FW", 1024, 0, 0xb, 0x0c, 0x0c));
    CU_ASSERT_TRUE(combination(yes_yes, "W", 0, 4096, 0xb, 0x0c, 0x0c)); /* separate data not agreed */
    CU_ASSERT_TRUE(combination(yes_no, "W", 0, 4096, 0xb, 0x0c, 0x0c));
    CU_ASSERT_TRUE(
        combination(no_no, "W", 0, 2048, 0xb, 0x0c, 0x0d)); /* less than the first burst, with more to come */
    CU_ASSERT_TRUE(combination(yes_yes, "FW", 4608, 0, 0xb, 0x0c, 0x0d)); /* more than the first burst */
}

/* Everything fits in the first burst: no R2T at all. */
static void test_all_unsolicited(void)
{
    tt_world *world = tt_new();
    tt_client client = tt_login(world, "InitialR2T=No\nFirstBurstLength=16384");
    uint32_t itt;
    start_write(&client, "W", 8192, 16, 2048, &itt);
    data_out(&client, itt, RIG_TAG_NONE, 0, 2048, 2848, false);
    data_out(&client, itt, RIG_TAG_NONE, 1, 4896, 3296, true);
    CU_ASSERT_TRUE(ends(&client, 0, 0, 0));
    CU_ASSERT_TRUE(disk_has(&client, sample, 8192));
    tt_free(world);
}

/* ---- what may be wrong ---- */

/* One wrong Data-Out, then the rest as it should be; the write fails only when all data that was asked for is
 * in. */
static void wrong(uint32_t ttt_add, uint32_t sn, uint32_t offset, uint32_t len, uint64_t lun, unsigned reject,
                  unsigned asc, unsigned ascq)
{
    tt_world *world = tt_new();
    tt_client client = tt_login(world, "");
    uint8_t bhs[RIG_BHS_LEN];
    uint32_t itt;
    tt_pdu pdu = start_write(&client, "FW", 4096, 8, 0, &itt);
    uint32_t ttt = rig_get32(pdu.bhs, RIG_F_TTT);
    tt_data_out(bhs, itt, ttt + ttt_add, sn, offset, false);
    rig_set(bhs, RIG_F_LUN, lun);
    tt_send(&client, bhs, sample, len);
    if (reject)
        CU_ASSERT_TRUE(rejects(&client, reject));
    CU_ASSERT_TRUE(tt_silent(&client));
    data_out(&client, itt, ttt, ttt_add ? 0 : sn + 1, 0, 4096, true);
    while ((pdu = tt_next(&client)).here && pdu.kind == RIG_PDU_REJECT)
        continue;
    client.stream->out_at -= pdu.here ? RIG_BHS_LEN + ((pdu.len + 3) & ~3u) : 0;
    CU_ASSERT_TRUE(ends(&client, asc ? 0xb : 0, asc, ascq));
    CU_ASSERT_EQUAL(tt_ready(&client), 0);
    tt_free(world);
}

static void test_wrong(void)
{
    wrong(0, 1, 0, 1024, 0, 0, 0x47, 0x05);                 /* DataSN */
    wrong(0, 27, 0, 1024, 0, 0, 0x47, 0x05);                /* as libiscsi's suite sends it */
    wrong(0, 0, 1024, 1024, 0, 9, 0x0c, 0x0d);              /* offset out of order */
    wrong(0, 0, 0, 4097, 0, 9, 0x0c, 0x0d);                 /* more than was asked for */
    wrong(0, 0, 0, 1024, UINT64_C(1) << 48, 9, 0x0c, 0x0d); /* LUN beside a tag */
    wrong(1, 0, 0, 1024, 0, 9, 0, 0);                       /* a tag that is not ours touches no task */
}

/* 11.8: the F bit before everything is here. */
static void test_short(void)
{
    tt_world *world = tt_new();
    tt_client client = tt_login(world, "");
    uint32_t itt;
    tt_pdu pdu = start_write(&client, "FW", 4096, 8, 0, &itt);
    data_out(&client, itt, rig_get32(pdu.bhs, RIG_F_TTT), 0, 0, 2048, true);
    CU_ASSERT_TRUE(ends(&client, 0xb, 0x0c, 0x0d));
    tt_free(world);
}

static void test_no_task(void)
{
    tt_world *world = tt_new();
    tt_client client = tt_login(world, "");
    data_out(&client, 0x999, 1, 0, 0, 512, true);
    CU_ASSERT_TRUE(rejects(&client, 9));
    uint8_t bhs[RIG_BHS_LEN];
    tt_scsi(&client, bhs, "FW", 512, WRITE, 0, 1);
    tt_send(&client, bhs, sample, 512);
    CU_ASSERT_TRUE(ends(&client, 0, 0, 0));
    data_out(&client, rig_get32(bhs, RIG_F_ITT), RIG_TAG_NONE, 0, 0, 512,
             true); /* status is out: only a Reject */
    CU_ASSERT_TRUE(rejects(&client, 9));
    CU_ASSERT_TRUE(tt_silent(&client));
    tt_free(world);
}

/* 11.4.2: an error of the device is told when the data that is on its way is in. */
static void test_device_error(void)
{
    tt_world *world = tt_new();
    tt_client client = tt_login(world, "InitialR2T=No\nFirstBurstLength=4096");
    uint8_t bhs[RIG_BHS_LEN];
    tt_scsi(&client, bhs, "W", 4096, WRITE, 0xffff0000, 8);
    uint32_t itt = rig_get32(bhs, RIG_F_ITT);
    tt_send(&client, bhs, NULL, 0);
    CU_ASSERT_TRUE(tt_silent(&client));
    data_out(&client, itt, RIG_TAG_NONE, 0, 0, 2048, false);
    CU_ASSERT_TRUE(tt_silent(&client));
    data_out(&client, itt, RIG_TAG_NONE, 1, 2048, 2048, true);
    CU_ASSERT_TRUE(ends(&client, 5, 0x21, 0x00));
    tt_scsi(&client, bhs, "FW", 4096, WRITE, 0xffff0000, 8); /* nothing on its way: at once, without an R2T */
    tt_send(&client, bhs, NULL, 0);
    CU_ASSERT_TRUE(ends(&client, 5, 0x21, 0x00));
    tt_free(world);
}

/* Data that never comes ends the connection in the end. */
static void test_withheld(void)
{
    tt_world *world = tt_new();
    tt_client client = tt_login(world, "");
    uint32_t itt;
    tt_pdu pdu = start_write(&client, "FW", 8192, 16, 0, &itt);
    tt_pass(world, TGT_DATA_TIMEOUT - RIG_SECOND);
    data_out(&client, itt, rig_get32(pdu.bhs, RIG_F_TTT), 0, 0, 4096, false);
    tt_pass(world, TGT_DATA_TIMEOUT - RIG_SECOND);
    CU_ASSERT_TRUE(client.stream->open);
    tt_pass(world, 2 * RIG_SECOND);
    CU_ASSERT_FALSE(client.stream->open);
    CU_ASSERT_EQUAL(tt_last_event(world, RIG_TARGET_CLOSED)->why, RIG_E_TIMEOUT);
    tt_free(world);
}

/* ---- digests ---- */

/* Sends a Data-Out or command whose data digest does not match. */
static void send_spoiled(tt_client *client, uint8_t *bhs, const uint8_t *data, size_t len)
{
    uint8_t *wire = malloc(RIG_BHS_LEN + len + 16);
    rig_set(bhs, RIG_F_EXP_STAT_SN, client->exp_stat_sn);
    size_t size = tt_build(client, wire, bhs, data, len);
    wire[size - 1] ^= 1;
    tt_bytes(client->stream, wire, size, SIZE_MAX);
    free(wire);
}

static void test_digest_of_data_out(void)
{
    tt_world *world = tt_new();
    tt_client client = tt_login(world, "DataDigest=CRC32C\nMaxBurstLength=2048\nMaxOutstandingR2T=2");
    uint8_t bhs[RIG_BHS_LEN];
    uint32_t itt;
    client.data_digest = true;
    tt_pdu one = start_write(&client, "FW", 4096, 8, 0, &itt), two = tt_expect(&client, RIG_PDU_R2T);
    tt_data_out(bhs, itt, rig_get32(one.bhs, RIG_F_TTT), 0, 0, true);
    send_spoiled(&client, bhs, sample, 2048);
    CU_ASSERT_TRUE(rejects(&client, 2));
    CU_ASSERT_TRUE(tt_silent(&client)); /* 7.8 b: not before the F bit of every R2T */
    data_out(&client, itt, rig_get32(two.bhs, RIG_F_TTT), 0, 2048, 2048, true);
    CU_ASSERT_TRUE(ends(&client, 0xb, 0x47, 0x05));
    CU_ASSERT_EQUAL(tt_ready(&client), 0);
    tt_free(world);
}

/* A bad digest on immediate data rejects the command, whose number may be used again. */
static void test_digest_of_command(void)
{
    tt_world *world = tt_new();
    tt_client client = tt_login(world, "DataDigest=CRC32C");
    uint8_t bhs[RIG_BHS_LEN];
    client.data_digest = true;
    fill_sample();
    for (unsigned len = 512; len <= 32768; len *= 64) {
        tt_scsi(&client, bhs, "FW", len, WRITE, 0, (uint16_t)(len / 512));
        send_spoiled(&client, bhs, sample, len);
        tt_pdu pdu = tt_expect(&client, RIG_PDU_REJECT);
        CU_ASSERT_EQUAL(tt_field(&pdu, RIG_F_REJECT_REASON), 2);
        CU_ASSERT_EQUAL(rig_get32(pdu.bhs, RIG_F_EXP_CMD_SN), client.cmd_sn - 1);
        tt_send(&client, bhs, sample, len); /* the same command again */
        CU_ASSERT_TRUE(ends(&client, 0, 0, 0));
        CU_ASSERT_TRUE(disk_has(&client, sample, len));
    }
    tt_free(world);
}

static void test_header_digest(void)
{
    tt_world *world = tt_new();
    tt_client client = tt_login(world, "HeaderDigest=CRC32C");
    uint8_t bhs[RIG_BHS_LEN], wire[64];
    client.header_digest = true;
    CU_ASSERT_EQUAL(tt_ready(&client), 0);
    tt_scsi(&client, bhs, "FW", 512, WRITE, 0, 1);
    size_t len = tt_build(&client, wire, bhs, NULL, 0);
    wire[20] ^= 1;
    tt_bytes(client.stream, wire, len, SIZE_MAX);
    CU_ASSERT_TRUE(tt_silent(&client));
    CU_ASSERT_FALSE(client.stream->open);
    CU_ASSERT_EQUAL(tt_last_event(world, RIG_TARGET_CLOSED)->why, RIG_E_HEADER_DIGEST);
    tt_free(world);
}

/* Unsolicited data may arrive while its command waits behind a hole. */
static void test_parked(void)
{
    tt_world *world = tt_new();
    tt_client client = tt_login(world, "InitialR2T=No\nFirstBurstLength=4096");
    uint8_t bhs[RIG_BHS_LEN];
    fill_sample();
    client.cmd_sn++;
    tt_scsi(&client, bhs, "W", 8192, WRITE, 0, 16);
    uint32_t itt = rig_get32(bhs, RIG_F_ITT);
    tt_send(&client, bhs, sample, 1024);
    data_out(&client, itt, RIG_TAG_NONE, 0, 1024, 2048, false);
    data_out(&client, itt, RIG_TAG_NONE, 1, 3072, 1024, true);
    CU_ASSERT_TRUE(tt_silent(&client));
    client.cmd_sn -= 2;
    CU_ASSERT_EQUAL(tt_ready(&client), 0);
    client.cmd_sn++;
    tt_pdu pdu = tt_expect(&client, RIG_PDU_R2T);
    CU_ASSERT_EQUAL(tt_field(&pdu, RIG_F_BUFFER_OFFSET), 4096);
    data_out(&client, itt, rig_get32(pdu.bhs, RIG_F_TTT), 0, 4096, 4096, true);
    CU_ASSERT_TRUE(ends(&client, 0, 0, 0));
    CU_ASSERT_TRUE(disk_has(&client, sample, 8192));
    tt_free(world);
}

/* Every way of cutting the stream gives the same. */
static void test_byte_by_byte(void)
{
    static const size_t steps[] = {1, 7, 48, 49, 1000};
    for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
        tt_world *world = tt_new();
        tt_client client =
            tt_login(world, "InitialR2T=No\nFirstBurstLength=2048\nHeaderDigest=CRC32C\nDataDigest=CRC32C");
        uint8_t bhs[RIG_BHS_LEN], *wire = malloc(8192);
        client.header_digest = client.data_digest = true;
        fill_sample();
        tt_scsi(&client, bhs, "W", 2048, WRITE, 0, 4);
        size_t len = tt_build(&client, wire, bhs, sample, 1021);
        uint32_t itt = rig_get32(bhs, RIG_F_ITT);
        tt_data_out(bhs, itt, RIG_TAG_NONE, 0, 1021, false);
        len += tt_build(&client, wire + len, bhs, sample + 1021, 514);
        tt_data_out(bhs, itt, RIG_TAG_NONE, 1, 1535, true);
        len += tt_build(&client, wire + len, bhs, sample + 1535, 513);
        CU_ASSERT_TRUE(tt_bytes(client.stream, wire, len, steps[i]));
        CU_ASSERT_TRUE(ends(&client, 0, 0, 0));
        CU_ASSERT_TRUE(disk_has(&client, sample, 2048));
        free(wire);
        tt_free(world);
    }
}

/* ---- task attributes ---- */

static uint32_t send_attr(tt_client *client, unsigned attr, const char *flags, uint8_t opcode,
                          uint16_t blocks, uint32_t immediate)
{
    uint8_t bhs[RIG_BHS_LEN];
    tt_scsi(client, bhs, flags, blocks * 512u, opcode, 0, blocks);
    rig_set(bhs, RIG_F_ATTR, attr);
    tt_send(client, bhs, sample, immediate);
    return rig_get32(bhs, RIG_F_ITT);
}

static bool answered(tt_client *client, rig_pdu_kind kind, uint32_t itt)
{
    tt_pdu pdu = tt_next(client);
    return pdu.here && pdu.kind == kind && rig_get32(pdu.bhs, RIG_F_ITT) == itt &&
           tt_field(&pdu, RIG_F_SCSI_STATUS) == 0;
}

enum { SIMPLE = 1, ORDERED = 2, HEAD = 3 };

/* An ORDERED task starts when all older ones are done, and younger ones when it is; the head of the queue at
 * once. */
static void test_ordered(void)
{
    tt_world *world = tt_new();
    tt_client client = tt_login(world, ""), other = tt_client_at(world, 0);
    other.isid = 2;
    CU_ASSERT_EQUAL(tt_login_keys(&other, ""), 0);
    fill_sample();
    uint32_t first = send_attr(&client, SIMPLE, "FW", WRITE, 2, 0);
    tt_pdu pdu = tt_expect(&client, RIG_PDU_R2T);
    uint32_t ordered = send_attr(&client, ORDERED, "FW", WRITE, 1, 512);
    uint32_t younger = send_attr(&client, SIMPLE, "FR", READ, 1, 0);
    uint32_t others = send_attr(&other, SIMPLE, "F", 0x00, 0, 0); /* one task set for all sessions */
    CU_ASSERT_TRUE(tt_silent(&client) && tt_silent(&other));
    uint32_t head = send_attr(&client, HEAD, "F", 0x00, 0, 0);
    CU_ASSERT_TRUE(answered(&client, RIG_PDU_SCSI_RESP, head));
    data_out(&client, first, rig_get32(pdu.bhs, RIG_F_TTT), 0, 0, 1024, true);
    tt_run(world);
    CU_ASSERT_TRUE(answered(&client, RIG_PDU_SCSI_RESP, first));
    CU_ASSERT_TRUE(answered(&client, RIG_PDU_SCSI_RESP, ordered));
    CU_ASSERT_TRUE(answered(&client, RIG_PDU_DATA_IN, younger));
    CU_ASSERT_TRUE(answered(&other, RIG_PDU_SCSI_RESP, others));
    tt_free(world);
}

/* An ORDERED write takes its data alone; one that waits is aborted, and one whose data is early keeps it. */
static void test_ordered_writes(void)
{
    tt_world *world = tt_new();
    tt_client client = tt_login(world, "InitialR2T=No\nFirstBurstLength=1024");
    uint8_t bhs[RIG_BHS_LEN];
    fill_sample();
    uint32_t ordered = send_attr(&client, ORDERED, "FW", WRITE, 2, 0);
    tt_pdu pdu = tt_expect(&client, RIG_PDU_R2T);
    uint32_t early = send_attr(&client, SIMPLE, "W", WRITE, 4, 512);
    data_out(&client, early, RIG_TAG_NONE, 0, 512, 512, true);
    uint32_t aborted = send_attr(&client, ORDERED, "FR", READ, 1, 0);
    uint32_t last = send_attr(&client, SIMPLE, "F", 0x00, 0, 0);
    CU_ASSERT_TRUE(tt_silent(&client));
    tt_request(&client, bhs, RIG_PDU_TMF_REQ, true);
    rig_set(bhs, RIG_F_FUNCTION, 1);
    rig_set(bhs, RIG_F_REF_TAG, aborted);
    tt_send(&client, bhs, NULL, 0);
    tt_expect(&client, RIG_PDU_TMF_RESP);
    CU_ASSERT_TRUE(tt_silent(&client));
    data_out(&client, ordered, rig_get32(pdu.bhs, RIG_F_TTT), 0, 0, 1024, true);
    CU_ASSERT_TRUE(answered(&client, RIG_PDU_SCSI_RESP, ordered));
    pdu = tt_expect(&client, RIG_PDU_R2T);
    CU_ASSERT_TRUE(answered(&client, RIG_PDU_SCSI_RESP, last));
    CU_ASSERT_EQUAL(tt_field(&pdu, RIG_F_BUFFER_OFFSET), 1024);
    data_out(&client, early, rig_get32(pdu.bhs, RIG_F_TTT), 0, 1024, 1024, true);
    CU_ASSERT_TRUE(answered(&client, RIG_PDU_SCSI_RESP, early));
    CU_ASSERT_TRUE(disk_has(&client, sample, 2048));
    tt_free(world);
}

/* Connections that go leave nobody waiting. */
static void test_ordered_and_lost(void)
{
    tt_world *world = tt_new();
    tt_client client = tt_login(world, ""), other = tt_client_at(world, 0);
    other.isid = 2;
    CU_ASSERT_EQUAL(tt_login_keys(&other, ""), 0);
    send_attr(&client, ORDERED, "FW", WRITE, 2, 0);
    tt_expect(&client, RIG_PDU_R2T);
    send_attr(&client, ORDERED, "FR", READ, 2, 0);
    uint32_t itt = send_attr(&other, SIMPLE, "F", 0x00, 0, 0);
    CU_ASSERT_TRUE(tt_silent(&other));
    client.stream->open = false;
    client.stream->user.ops->event(client.stream->user.ctx, RIG_STREAM_FAILED, RIG_E_RESET, world->now);
    tt_run(world);
    CU_ASSERT_TRUE(answered(&other, RIG_PDU_SCSI_RESP, itt));
    tt_free(world);
}

RIG_SUITE("target writes", {"ordered tasks", test_ordered}, {"ordered writes", test_ordered_writes},
          {"ordered tasks of the lost", test_ordered_and_lost},
          {"R2Ts up to the agreed number and length", test_r2t_splitting},
          {"one R2T, many pieces", test_pieces}, {"every combination of unsolicited data", test_unsolicited},
          {"a write without R2T", test_all_unsolicited}, {"wrong Data-Out PDUs", test_wrong},
          {"too little for an R2T", test_short}, {"data for no task", test_no_task},
          {"a device error waits for the data", test_device_error}, {"data that never comes", test_withheld},
          {"a bad digest on Data-Out", test_digest_of_data_out},
          {"a bad digest on immediate data", test_digest_of_command},
          {"a bad header digest", test_header_digest}, {"data before its command's turn", test_parked},
          {"cut at any byte", test_byte_by_byte})
