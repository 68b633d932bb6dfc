/* Data both ways: sequences, R2Ts, residuals, the rules for unsolicited data. */
#include "target_fixture.h"

static void fill(uint8_t *data, size_t len, unsigned seed)
{
    for (size_t i = 0; i < len; i++)
        data[i] = (uint8_t)(i * 7 + i / 251 + seed);
}

/* Writes the first blocks with what the client may send at once, answering every R2T. */
static unsigned write_all(tt_client *client, const uint8_t *data, uint32_t len, uint32_t immediate)
{
    uint8_t bhs[RIG_BHS_LEN], out[RIG_BHS_LEN];
    tt_pdu pdu;
    tt_scsi(client, bhs, "FW", len, 0x2a, 0, (uint16_t)(len / 512));
    uint32_t itt = rig_get32(bhs, RIG_F_ITT);
    tt_send(client, bhs, data, immediate);
    while ((pdu = tt_next(client)).here && pdu.kind == RIG_PDU_R2T) {
        uint32_t at = rig_get32(pdu.bhs, RIG_F_BUFFER_OFFSET),
                 end = at + rig_get32(pdu.bhs, RIG_F_DESIRED_LEN);
        for (uint32_t sn = 0; at < end; sn++) {
            uint32_t part = end - at < 8192 ? end - at : 8192;
            tt_data_out(out, itt, rig_get32(pdu.bhs, RIG_F_TTT), sn, at, at + part == end);
            tt_send(client, out, data + at, part);
            at += part;
        }
    }
    CU_ASSERT_EQUAL(pdu.kind, RIG_PDU_SCSI_RESP);
    return pdu.here ? (unsigned)rig_get(pdu.bhs, RIG_F_SCSI_STATUS) : 0xffff;
}

static uint32_t read_all(tt_client *client, uint8_t *data, uint32_t len)
{
    uint8_t bhs[RIG_BHS_LEN];
    uint32_t got = 0;
    tt_pdu pdu;
    tt_scsi(client, bhs, "FR", len, 0x28, 0, (uint16_t)(len / 512));
    tt_send(client, bhs, NULL, 0);
    while ((pdu = tt_next(client)).here && pdu.kind == RIG_PDU_DATA_IN) {
        CU_ASSERT_EQUAL(rig_get32(pdu.bhs, RIG_F_BUFFER_OFFSET), got);
        memcpy(data + got, pdu.data, pdu.len);
        got += pdu.len;
        if (rig_get(pdu.bhs, RIG_F_S))
            break;
    }
    return got;
}

static void round_trip(const char *keys, uint32_t immediate)
{
    enum { LEN = 65536 };
    static uint8_t out[LEN], in[LEN];
    tt_world *world = tt_new();
    tt_client client = tt_login(world, keys);
    if (strstr(keys, "HeaderDigest=CRC32C"))
        client.header_digest = true;
    if (strstr(keys, "DataDigest=CRC32C"))
        client.data_digest = true;
    fill(out, LEN, immediate);
    CU_ASSERT_EQUAL(write_all(&client, out, LEN, immediate), 0);
    CU_ASSERT_EQUAL(read_all(&client, in, LEN), LEN);
    CU_ASSERT_EQUAL(memcmp(in, out, LEN), 0);
    CU_ASSERT_TRUE(tt_silent(&client));
    tt_free(world);
}

static void test_round_trips(void)
{
    round_trip("", 0);
    round_trip("", 4096);
    round_trip("ImmediateData=Yes", 8192);
    round_trip("MaxBurstLength=512", 512);
    round_trip("HeaderDigest=CRC32C\nDataDigest=CRC32C", 8192);
    round_trip("MaxRecvDataSegmentLength=512\nMaxBurstLength=1000", 0);
    round_trip("MaxOutstandingR2T=4\nMaxBurstLength=2048", 1024);
}

static uint64_t near_the_reserved_tag(void *ctx, const char *name, uint64_t index, uint64_t drawn)
{
    (void)ctx;
    (void)index;
    return strcmp(name, "target.ttt") == 0 ? RIG_TAG_NONE - 1 : drawn;
}

/* DATA-028: the tag that stands for none is left out when the count of tags comes to it. */
static void test_reserved_tag(void)
{
    static const uint32_t wanted[] = {RIG_TAG_NONE - 1, 0, 1};
    tt_world *world = tt_new_with(&(rig_target_config){.draws = {.pin = near_the_reserved_tag}});
    tt_client client = tt_login(world, "MaxOutstandingR2T=3\nMaxBurstLength=512");
    uint8_t bhs[RIG_BHS_LEN];
    tt_scsi(&client, bhs, "FW", 1536, 0x2a, 0, 3);
    tt_send(&client, bhs, NULL, 0);
    for (unsigned i = 0; i < 3; i++) {
        tt_pdu pdu = tt_expect(&client, RIG_PDU_R2T);
        CU_ASSERT_EQUAL(rig_get32(pdu.bhs, RIG_F_TTT), wanted[i]);
    }
    tt_free(world);
}

RIG_SUITE("target data", {"what is written comes back, under every limit", test_round_trips},
          {"the reserved tag is left out", test_reserved_tag})
