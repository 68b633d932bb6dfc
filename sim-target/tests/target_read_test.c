/* Reads and residuals (RFC 7143 sections 11.4.5, 11.7). */
#include "target_fixture.h"

/* Puts a pattern on the first blocks, in pieces that fit any first burst. */
static void prepare(tt_client *client, uint32_t len)
{
    static uint8_t data[65536];
    uint8_t bhs[RIG_BHS_LEN];
    for (size_t i = 0; i < len; i++)
        data[i] = (uint8_t)(i * 11 + i / 256);
    for (uint32_t at = 0; at < len; at += 512) {
        tt_scsi(client, bhs, "FW", 512, 0x2a, at / 512, 1);
        tt_send(client, bhs, data + at, 512);
        tt_expect(client, RIG_PDU_SCSI_RESP);
    }
}

/* 11.7: segments within the limit, whole words but at the end of a sequence, F at the end of each sequence.
 */
static void sequences(uint32_t max_recv, uint32_t max_burst, uint32_t len, bool collapse)
{
    tt_world *world = tt_new_with(&(rig_target_config){.no_data_in_status = !collapse});
    char keys[128];
    rig_text text;
    rig_text_init(&text, keys, sizeof(keys));
    rig_text_add(&text, "MaxRecvDataSegmentLength=%u\nMaxBurstLength=%u", max_recv, max_burst);
    tt_client client = tt_login(world, keys);
    uint8_t bhs[RIG_BHS_LEN];
    uint32_t got = 0, sn = 0, burst = 0;
    prepare(&client, len);
    tt_scsi(&client, bhs, "FR", len, 0x28, 0, (uint16_t)(len / 512));
    tt_send(&client, bhs, NULL, 0);
    while (got < len) {
        tt_pdu pdu = tt_expect(&client, RIG_PDU_DATA_IN);
        if (!pdu.here || pdu.len == 0)
            break;
        bool end = got + pdu.len == len, final = tt_field(&pdu, RIG_F_F);
        CU_ASSERT_EQUAL(tt_field(&pdu, RIG_F_DATA_SN), sn++);
        CU_ASSERT_EQUAL(tt_field(&pdu, RIG_F_BUFFER_OFFSET), got);
        CU_ASSERT_EQUAL(rig_get32(pdu.bhs, RIG_F_TTT), RIG_TAG_NONE);
        CU_ASSERT_EQUAL(tt_field(&pdu, RIG_F_A), 0);
        CU_ASSERT_TRUE(pdu.len <= max_recv);
        CU_ASSERT_TRUE(final || pdu.len % 4 == 0);
        for (uint32_t i = 0; i < pdu.len; i++)
            if (pdu.data[i] != (uint8_t)((got + i) * 11 + (got + i) / 256))
                CU_FAIL("wrong byte");
        burst += pdu.len;
        CU_ASSERT_TRUE(burst <= max_burst);
        CU_ASSERT_EQUAL(final, end || burst == max_burst);
        CU_ASSERT_EQUAL(tt_field(&pdu, RIG_F_S), end && collapse);
        burst = final ? 0 : burst;
        got += pdu.len;
    }
    if (!collapse) {
        tt_pdu pdu = tt_expect(&client, RIG_PDU_SCSI_RESP);
        CU_ASSERT_EQUAL(tt_field(&pdu, RIG_F_EXP_DATA_SN), sn);
        CU_ASSERT_EQUAL(tt_field(&pdu, RIG_F_SCSI_STATUS), 0);
    }
    CU_ASSERT_TRUE(tt_silent(&client));
    tt_free(world);
}

static void test_sequences(void)
{
    sequences(512, 512, 4096, true);
    sequences(512, 1024, 4096, true);
    sequences(8192, 262144, 65536, true);
    sequences(262144, 16384, 65536, true);
    sequences(513, 1000, 4096, true);
    sequences(1000, 700, 2048, false);
    sequences(8192, 4096, 16384, false);
}

/* A read larger than the queue of PDUs, at a peer that stops reading for a while. */
static void test_long_read(void)
{
    tt_world *world = tt_new();
    tt_client client = tt_login(world, "MaxRecvDataSegmentLength=512");
    uint8_t bhs[RIG_BHS_LEN];
    uint32_t got = 0;
    prepare(&client, 65536);
    world->stuck = true;
    tt_scsi(&client, bhs, "FR", 1 << 20, 0x28, 0, 2048);
    tt_send(&client, bhs, NULL, 0);
    CU_ASSERT_TRUE(tt_silent(&client));
    world->stuck = false;
    tt_run(world);
    for (tt_pdu pdu = tt_next(&client); pdu.here; pdu = tt_next(&client))
        got += pdu.len;
    CU_ASSERT_EQUAL(got, 1u << 20);
    tt_free(world);
}

/* ---- residuals: 11.4.5 as a table over the block commands ---- */

typedef struct residual_row {
    const char *flags;
    uint32_t edtl;
    uint32_t blocks;
    uint32_t moved; /* bytes that go over the wire */
    bool over, under;
    uint32_t count;
} residual_row;

static const residual_row read_rows[] = {
    {"FR", 512, 1, 512, false, false, 0},   {"FR", 512, 2, 512, true, false, 512},
    {"FR", 1024, 1, 512, false, true, 512}, {"FR", 10000, 1, 512, false, true, 9488},
    {"FR", 200, 1, 200, true, false, 312},  {"FR", 0, 1, 0, true, false, 512},
    {"F", 0, 1, 0, true, false, 512},       {"FR", 512, 0, 0, false, true, 512},
    {"FR", 0, 0, 0, false, false, 0},
};

static const residual_row write_rows[] = {
    {"FW", 512, 1, 512, false, false, 0},   {"FW", 512, 2, 512, true, false, 512},
    {"FW", 1024, 1, 512, false, true, 512}, {"FW", 10000, 1, 512, false, true, 9488},
    {"FW", 0, 1, 0, true, false, 512},      {"F", 0, 1, 0, true, false, 512},
    {"FW", 512, 0, 0, false, true, 512},
};

static void check_residual(const tt_pdu *pdu, const residual_row *row)
{
    CU_ASSERT_EQUAL(tt_field(pdu, RIG_F_OVERFLOW), row->over);
    CU_ASSERT_EQUAL(tt_field(pdu, RIG_F_UNDERFLOW), row->under);
    CU_ASSERT_EQUAL(tt_field(pdu, RIG_F_RESIDUAL), row->count);
}

/* CDBs of 10, 12 and 16 bytes with the same meaning. */
static void put_cdb(uint8_t *cdb, uint8_t opcode, uint32_t blocks)
{
    unsigned group = opcode >> 5;
    memset(cdb, 0, 16);
    cdb[0] = opcode;
    if (group == 4)
        rig_be_set(cdb + 10, 4, blocks);
    else if (group == 5)
        rig_be_set(cdb + 6, 4, blocks);
    else
        rig_be_set(cdb + 7, 2, blocks);
}

static void read_residual(tt_client *client, uint8_t opcode, const residual_row *row)
{
    uint8_t bhs[RIG_BHS_LEN];
    uint32_t got = 0;
    tt_scsi(client, bhs, row->flags, row->edtl, opcode, 0, 0);
    put_cdb(bhs + 32, opcode, row->blocks);
    tt_send(client, bhs, NULL, 0);
    tt_pdu pdu = tt_next(client);
    if (pdu.kind == RIG_PDU_DATA_IN)
        got = pdu.len;
    CU_ASSERT_TRUE(pdu.here && (pdu.kind == RIG_PDU_SCSI_RESP || tt_field(&pdu, RIG_F_S)));
    CU_ASSERT_EQUAL(tt_field(&pdu, RIG_F_SCSI_STATUS), 0);
    CU_ASSERT_EQUAL(got, row->moved);
    check_residual(&pdu, row);
}

static void write_residual(tt_client *client, uint8_t opcode, const residual_row *row)
{
    static const uint8_t data[10000];
    uint8_t bhs[RIG_BHS_LEN], out[RIG_BHS_LEN];
    uint32_t asked = 0;
    tt_scsi(client, bhs, row->flags, row->edtl, opcode, 0, 0);
    put_cdb(bhs + 32, opcode, row->blocks);
    tt_send(client, bhs, NULL, 0);
    tt_pdu pdu = tt_next(client);
    if (pdu.kind == RIG_PDU_R2T) {
        asked = rig_get32(pdu.bhs, RIG_F_DESIRED_LEN);
        tt_data_out(out, rig_get32(bhs, RIG_F_ITT), rig_get32(pdu.bhs, RIG_F_TTT), 0, 0, true);
        tt_send(client, out, data, asked);
        pdu = tt_next(client);
    }
    CU_ASSERT_EQUAL(pdu.kind, RIG_PDU_SCSI_RESP);
    CU_ASSERT_EQUAL(asked, row->moved);
    CU_ASSERT_EQUAL(tt_field(&pdu, RIG_F_SCSI_STATUS), 0);
    check_residual(&pdu, row);
}

static void test_residuals(void)
{
    static const uint8_t reads[] = {0x28, 0xa8, 0x88}, writes[] = {0x2a, 0xaa, 0x8a, 0x2e, 0xae, 0x8e};
    tt_world *world = tt_new();
    tt_client client = tt_login(world, "");
    for (size_t i = 0; i < sizeof(reads); i++)
        for (size_t j = 0; j < sizeof(read_rows) / sizeof(read_rows[0]); j++)
            read_residual(&client, reads[i], &read_rows[j]);
    for (size_t i = 0; i < sizeof(writes); i++)
        for (size_t j = 0; j < sizeof(write_rows) / sizeof(write_rows[0]); j++)
            write_residual(&client, writes[i], &write_rows[j]);
    tt_free(world);
}

/* Unsolicited data of the whole EDTL, of which the command takes the first block. */
static void test_more_than_taken(void)
{
    tt_world *world = tt_new();
    tt_client client = tt_login(world, "InitialR2T=No");
    uint8_t bhs[RIG_BHS_LEN], out[RIG_BHS_LEN], data[3000];
    memset(data, 0x5a, sizeof(data));
    tt_scsi(&client, bhs, "W", 3000, 0x2a, 4, 1);
    tt_send(&client, bhs, data, 300);
    tt_data_out(out, rig_get32(bhs, RIG_F_ITT), RIG_TAG_NONE, 0, 300, false);
    tt_send(&client, out, data, 1000);
    tt_data_out(out, rig_get32(bhs, RIG_F_ITT), RIG_TAG_NONE, 1, 1300, true);
    tt_send(&client, out, data, 1700);
    tt_pdu pdu = tt_expect(&client, RIG_PDU_SCSI_RESP);
    CU_ASSERT_EQUAL(tt_field(&pdu, RIG_F_SCSI_STATUS), 0);
    CU_ASSERT_EQUAL(tt_field(&pdu, RIG_F_UNDERFLOW), 1);
    CU_ASSERT_EQUAL(tt_field(&pdu, RIG_F_RESIDUAL), 3000 - 512);
    tt_scsi(&client, bhs, "FR", 1024, 0x28, 4, 2);
    tt_send(&client, bhs, NULL, 0);
    pdu = tt_expect(&client, RIG_PDU_DATA_IN);
    CU_ASSERT_EQUAL(pdu.data[511], 0x5a);
    CU_ASSERT_EQUAL(pdu.data[512], 0);
    tt_free(world);
}

/* 11.4.7: sense data with its length; underflow of all that was expected; no status in Data-In. */
static void test_failed_read(void)
{
    tt_world *world = tt_new();
    tt_client client = tt_login(world, "");
    uint8_t bhs[RIG_BHS_LEN];
    tt_scsi(&client, bhs, "FR", 512, 0x28, 0xffffffff, 1);
    tt_send(&client, bhs, NULL, 0);
    tt_pdu pdu = tt_expect(&client, RIG_PDU_SCSI_RESP);
    CU_ASSERT_EQUAL(tt_field(&pdu, RIG_F_SCSI_STATUS), 2);
    CU_ASSERT_EQUAL(tt_field(&pdu, RIG_F_SCSI_RESPONSE), 0);
    CU_ASSERT_EQUAL(tt_field(&pdu, RIG_F_EXP_DATA_SN), 0);
    CU_ASSERT_EQUAL(tt_field(&pdu, RIG_F_UNDERFLOW), 1);
    CU_ASSERT_EQUAL(tt_field(&pdu, RIG_F_RESIDUAL), 512);
    CU_ASSERT_EQUAL(rig_be_get(pdu.data, 2), pdu.len - 2);
    CU_ASSERT_EQUAL(pdu.data[2 + 2] & 0xf, 5);
    CU_ASSERT_EQUAL(pdu.data[2 + 12], 0x21);
    tt_free(world);
}

/* Logical units: those that are there, those that are not, in both forms of a LUN. */
static void test_luns(void)
{
    tt_world *world = tt_new();
    rig_target_node_lun(world->node, 300, tt_ram(world, 1 << 20));
    CU_ASSERT_EQUAL(rig_target_node_lun(world->node, 0, world->device), RIG_E_EXISTS);
    CU_ASSERT_EQUAL(rig_target_node_lun(world->node, 16384, world->device), RIG_E_LIMIT);
    tt_client client = tt_login(world, "");
    static const struct {
        uint64_t lun;
        unsigned status;
    } rows[] = {{0, 0},
                {UINT64_C(0x4000000000000000), 0},
                {UINT64_C(0x412c000000000000), 0},
                {UINT64_C(0x00c8000000000000), 2},
                {UINT64_C(0xffffffffffffffff), 2}};
    uint8_t bhs[RIG_BHS_LEN];
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        tt_scsi(&client, bhs, "F", 0, 0x00, 0, 0);
        rig_set(bhs, RIG_F_LUN, rows[i].lun);
        tt_send(&client, bhs, NULL, 0);
        tt_pdu pdu = tt_expect(&client, RIG_PDU_SCSI_RESP);
        CU_ASSERT_EQUAL(tt_field(&pdu, RIG_F_SCSI_STATUS), rows[i].status);
        if (rows[i].status)
            CU_ASSERT_TRUE(pdu.data[2 + 2] == 5 && pdu.data[2 + 12] == 0x25 && pdu.data[2 + 13] == 0);
    }
    tt_scsi(&client, bhs, "FR", 512, 0xa0, 0, 0); /* REPORT LUNS */
    bhs[32 + 8] = 2;
    tt_send(&client, bhs, NULL, 0);
    tt_pdu pdu = tt_expect(&client, RIG_PDU_DATA_IN);
    CU_ASSERT_EQUAL(pdu.len, 8 + 2 * 8);
    CU_ASSERT_EQUAL(tt_field(&pdu, RIG_F_UNDERFLOW), 1);
    CU_ASSERT_EQUAL(tt_field(&pdu, RIG_F_RESIDUAL), 512 - 24);
    CU_ASSERT_EQUAL(rig_be_get(pdu.data + 16, 8), UINT64_C(0x412c000000000000));
    tt_free(world);
}

/* Headers that describe no task (11.3): rejected, and their number stays free. */
static void test_bad_headers(void)
{
    tt_world *world = tt_new();
    tt_client client = tt_login(world, "");
    uint8_t bhs[RIG_BHS_LEN], data[64] = {0};
    for (unsigned i = 0; i < 7; i++) {
        tt_scsi(&client, bhs, i == 4 ? "FRW" : "FR", 512, 0x28, 0, 1);
        if (i < 3)
            rig_set(bhs, RIG_F_ATTR, 5 + i);
        if (i == 3)
            rig_set(bhs, RIG_F_F,
                    0); /* neither W nor F; bit 4 above: both ways without the length of the read */
        if (i == 5)
            rig_set(bhs, RIG_F_R, 0);                 /* data, but no direction */
        tt_send(&client, bhs, data, i == 6 ? 64 : 0); /* immediate data of a read */
        tt_pdu pdu = tt_expect(&client, RIG_PDU_REJECT);
        CU_ASSERT_EQUAL(tt_field(&pdu, RIG_F_REJECT_REASON), 9);
        CU_ASSERT_EQUAL(memcmp(pdu.data, bhs, RIG_BHS_LEN), 0);
        CU_ASSERT_EQUAL(rig_get32(pdu.bhs, RIG_F_EXP_CMD_SN), --client.cmd_sn);
    }
    for (unsigned attr = 0; attr < 5; attr++) {
        tt_scsi(&client, bhs, "F", 0, 0, 0, 0);
        rig_set(bhs, RIG_F_ATTR, attr);
        tt_send(&client, bhs, NULL, 0);
        tt_expect(&client, RIG_PDU_SCSI_RESP);
    }
    tt_free(world);
}

/* Additional header segments: a long CDB, a read length of a command both ways, a length that lies. */
static void send_ahs(tt_client *client, uint8_t *bhs, const uint8_t *ahs, size_t len)
{
    uint8_t wire[RIG_BHS_LEN + 1024];
    rig_set(bhs, RIG_F_AHS_WORDS, len / 4);
    memcpy(wire, bhs, RIG_BHS_LEN);
    memcpy(wire + RIG_BHS_LEN, ahs, len);
    tt_bytes(client->stream, wire, RIG_BHS_LEN + len, SIZE_MAX);
    tt_run(client->world);
}

static void test_ahs(void)
{
    tt_world *world = tt_new();
    tt_client client = tt_login(world, "");
    uint8_t bhs[RIG_BHS_LEN], ahs[64] = {0};
    tt_pdu pdu;
    prepare(&client, 512);
    /* READ(32) of one block: CDB bytes 16 to 31 behind a type, a reserved byte and a length of 17 */
    tt_scsi(&client, bhs, "FR", 512, 0x7f, 0, 0);
    memset(bhs + 32, 0, 16);
    bhs[32] = 0x7f;
    bhs[32 + 7] = 0x18;
    bhs[32 + 9] = 0x09;
    ahs[1] = 17;
    ahs[2] = RIG_AHS_CDB;
    ahs[4 + 15] = 1;
    send_ahs(&client, bhs, ahs, 20);
    pdu = tt_next(&client);
    CU_ASSERT_TRUE(pdu.here && (pdu.kind == RIG_PDU_DATA_IN || pdu.kind == RIG_PDU_SCSI_RESP));
    /* a read through a header that announces both ways */
    tt_scsi(&client, bhs, "FRW", 1000, 0x28, 0, 1);
    memset(ahs, 0, sizeof(ahs));
    ahs[1] = 5;
    ahs[2] = RIG_AHS_BIDI;
    rig_be_set(ahs + 4, 4, 2048);
    send_ahs(&client, bhs, ahs, 8);
    pdu = tt_expect(&client, RIG_PDU_DATA_IN);
    CU_ASSERT_EQUAL(pdu.len, 512);
    CU_ASSERT_EQUAL(tt_field(&pdu, RIG_F_S), 0);
    pdu = tt_expect(&client, RIG_PDU_SCSI_RESP);
    CU_ASSERT_EQUAL(tt_field(&pdu, RIG_F_UNDERFLOW), 1);
    CU_ASSERT_EQUAL(tt_field(&pdu, RIG_F_RESIDUAL), 1000);
    CU_ASSERT_EQUAL(tt_field(&pdu, RIG_F_BIDI_UNDERFLOW), 1);
    CU_ASSERT_EQUAL(tt_field(&pdu, RIG_F_BIDI_RESIDUAL), 2048 - 512);
    /* a type that is not defined, and a length beyond the area */
    tt_scsi(&client, bhs, "F", 0, 0, 0, 0);
    ahs[2] = 3;
    send_ahs(&client, bhs, ahs, 8);
    pdu = tt_expect(&client, RIG_PDU_REJECT);
    CU_ASSERT_EQUAL(pdu.len, RIG_BHS_LEN + 8);
    client.cmd_sn--;
    tt_scsi(&client, bhs, "F", 0, 0, 0, 0);
    memset(ahs, 0, 8); /* a read length of no bytes */
    ahs[1] = 1;
    ahs[2] = RIG_AHS_BIDI;
    send_ahs(&client, bhs, ahs, 4);
    pdu = tt_expect(&client, RIG_PDU_REJECT);
    ahs[0] = 0xff;
    ahs[2] = RIG_AHS_CDB;
    send_ahs(&client, bhs, ahs, 8);
    pdu = tt_expect(&client, RIG_PDU_REJECT);
    CU_ASSERT_EQUAL(tt_field(&pdu, RIG_F_REJECT_REASON), 9);
    client.cmd_sn--;
    CU_ASSERT_EQUAL(tt_ready(&client), 0);
    tt_free(world);
}

RIG_SUITE("target reads", {"sequences and segments within all limits", test_sequences},
          {"a read longer than the queue", test_long_read},
          {"residuals of every block command", test_residuals},
          {"more data than the command takes", test_more_than_taken},
          {"sense data of a failed read", test_failed_read}, {"logical units", test_luns},
          {"headers of no task", test_bad_headers}, {"additional header segments", test_ahs})
