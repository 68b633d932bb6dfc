/* Input of any kind, and memory that runs out: the target stays whole. */
#include "rig/draws.h"
#include "target/tgt.h"
#include "target_fixture.h"

#define ROUNDS 400
#define PDUS 60

static const rig_draws draws = {.seed = 20260101};

static uint64_t draw(const char *name, uint64_t index, uint64_t below)
{
    return rig_draw(&draws, name, index) % below;
}

/* A header that is mostly right, so that it gets past the first checks. */
static size_t wild_pdu(tt_client *client, uint8_t *wire, uint64_t n)
{
    static const uint8_t opcodes[] = {0, 1, 1, 1, 2, 4, 5, 5, 6, 0x10, 3, 0x21};
    uint8_t bhs[RIG_BHS_LEN], data[256];
    uint32_t len = (uint32_t)draw("len", n, 4) ? 0 : (uint32_t)draw("data", n, sizeof(data));
    rig_draw_bytes(&draws, "payload", n * 64, data, sizeof(data));
    rig_draw_bytes(&draws, "header", n * 8, bhs, sizeof(bhs));
    bhs[0] = (uint8_t)(opcodes[draw("opcode", n, sizeof(opcodes))] | draw("immediate", n, 2) << 6);
    bhs[4] = 0;
    if (draw("lun", n, 8))
        memset(bhs + 8, 0, 8);
    if (draw("itt", n, 4))
        rig_set(bhs, RIG_F_ITT, draw("tag", n, 8));
    if (draw("sn", n, 8))
        rig_set(bhs, RIG_F_CMD_SN, client->cmd_sn + draw("ahead", n, 3));
    if (draw("edtl", n, 4))
        rig_set(bhs, RIG_F_EDTL, draw("expected", n, 2048));
    if (draw("cdb", n, 3)) {
        memset(bhs + 32, 0, 16);
        bhs[32] = draw("write", n, 2) ? 0x2a : 0x28;
        bhs[32 + 8] = (uint8_t)draw("blocks", n, 5);
    }
    client->cmd_sn += (uint32_t)draw("advance", n, 2);
    return tt_build(client, wire, bhs, data, len);
}

static void test_wild_pdus(void)
{
    for (uint64_t round = 0; round < ROUNDS; round++) {
        tt_world *world = tt_new();
        tt_client client =
            tt_login(world, round % 2 ? "InitialR2T=No" : "MaxBurstLength=512\nMaxOutstandingR2T=4");
        uint8_t wire[1024];
        for (uint64_t i = 0; i < PDUS && client.stream->open; i++) {
            size_t len = wild_pdu(&client, wire, round * PDUS + i);
            tt_bytes(client.stream, wire, len, 1 + draw("step", round, 600));
            CU_ASSERT_TRUE(world->meter.bytes_live < 16u << 20);
        }
        tt_pass(world, 3600 * RIG_SECOND);
        tt_free(world);
    }
}

static void test_noise(void)
{
    for (uint64_t round = 0; round < ROUNDS; round++) {
        tt_world *world = tt_new();
        tt_client client = round % 2 ? tt_login(world, "") : tt_client_at(world, 0);
        uint8_t noise[512];
        rig_draw_bytes(&draws, "noise", round * 64, noise, sizeof(noise));
        tt_bytes(client.stream, noise, sizeof(noise), SIZE_MAX);
        tt_pass(world, 60 * RIG_SECOND);
        tt_free(world);
    }
}

/* Text that is nearly right, in logins and text requests. */
static void test_wild_text(void)
{
    static const char base[] = "InitiatorName=" TT_INITIATOR "\nTargetName=" TT_TARGET
                               "\nSessionType=Normal\nMaxBurstLength=4096\nHeaderDigest=None";
    for (uint64_t round = 0; round < ROUNDS; round++) {
        tt_world *world = tt_new();
        tt_client client = tt_client_at(world, 0);
        uint8_t text[512], bhs[RIG_BHS_LEN];
        size_t len = tt_pairs(text, base);
        for (uint64_t i = 0; i < 1 + round % 4; i++)
            text[draw("at", round * 8 + i, len)] = (uint8_t)draw("byte", round * 8 + i, 256);
        tt_login_bhs(&client, bhs, round % 3, (unsigned)(round % 2), 1 + 2 * (unsigned)(round % 2));
        tt_send(&client, bhs, text, len - draw("cut", round, 3));
        tt_pdu pdu = tt_next(&client);
        CU_ASSERT_TRUE(!pdu.here || pdu.kind == RIG_PDU_LOGIN_RESP);
        if (pdu.here && tt_status(&pdu) == 0 && tt_field(&pdu, RIG_F_NSG) == 3) {
            tt_request(&client, bhs, RIG_PDU_TEXT_REQ, true);
            tt_send(&client, bhs, text, len);
        }
        tt_free(world);
    }
}

/* ---- memory ---- */

/* A whole life with an allocation that fails; whatever it hits, nothing leaks and nothing breaks. */
static bool life(uint64_t fail_at)
{
    tt_world *world = tt_bare(NULL);
    rig_address at = tt_address("192.0.2.10", 3260);
    static const uint8_t data[4096];
    uint8_t bhs[RIG_BHS_LEN], out[RIG_BHS_LEN], text[512];
    rig_target_portal_add(world->target, &at, 1, NULL);
    rig_target_node_add(world->target, rig_view_str(TT_TARGET), &world->node, NULL);
    world->device = tt_ram(world, 1 << 20);
    rig_target_node_lun(world->node, 0, world->device);
    world->meter.fail_at = world->meter.num_calls + fail_at;
    tt_client client = tt_client_at(world, 0);
    tt_login_bhs(&client, bhs, false, 0, 0);
    rig_set(bhs, RIG_F_C, 1);
    size_t len = tt_pairs(text, "InitiatorName=" TT_INITIATOR "\nTargetName=" TT_TARGET);
    tt_send(&client, bhs, text, 40);
    tt_login_bhs(&client, bhs, true, 0, 1);
    tt_send(&client, bhs, text + 40, len - 40);
    tt_login_bhs(&client, bhs, true, 1, 3);
    tt_send(&client, bhs, text, tt_pairs(text, "InitialR2T=No\nX-a.b=1"));
    tt_scsi(&client, bhs, "FW", 4096, 0x2a, 0, 8);
    tt_send(&client, bhs, data, 1024);
    for (tt_pdu pdu = tt_next(&client); pdu.here; pdu = tt_next(&client)) {
        if (pdu.kind != RIG_PDU_R2T)
            continue;
        tt_data_out(out, rig_get32(bhs, RIG_F_ITT), rig_get32(pdu.bhs, RIG_F_TTT), 0, 1024, true);
        tt_send(&client, out, data, 3072);
    }
    client.cmd_sn++; /* one out of turn, with data */
    tt_scsi(&client, bhs, "W", 2048, 0x2a, 0, 4);
    tt_send(&client, bhs, data, 512);
    tt_data_out(out, rig_get32(bhs, RIG_F_ITT), RIG_TAG_NONE, 0, 512, true);
    tt_send(&client, out, data, 1536);
    client.cmd_sn -= 2;
    tt_scsi(&client, bhs, "FR", 4096, 0x28, 0, 8);
    tt_send(&client, bhs, NULL, 0);
    client.cmd_sn++;
    tt_request(&client, bhs, RIG_PDU_NOP_OUT, true);
    tt_send(&client, bhs, data, 100);
    tt_scsi(&client, bhs, "FR", 512, 0x28, 0xffffffff, 1);
    tt_send(&client, bhs, NULL, 0);
    tt_request(&client, bhs, RIG_PDU_TEXT_REQ, false);
    rig_set(bhs, RIG_F_F, 1);
    tt_send(&client, bhs, text, tt_pairs(text, "SendTargets="));
    tt_request(&client, bhs, RIG_PDU_SNACK, false);
    client.cmd_sn--;
    tt_send(&client, bhs, NULL, 0);
    tt_request(&client, bhs, RIG_PDU_TMF_REQ, true);
    rig_set(bhs, RIG_F_FUNCTION, 5);
    tt_send(&client, bhs, NULL, 0);
    tt_request(&client, bhs, RIG_PDU_LOGOUT_REQ, false);
    tt_send(&client, bhs, NULL, 0);
    bool reached = world->meter.num_calls < world->meter.fail_at;
    world->meter.fail_at = 0;
    if (client.stream->open) { /* what is still there works */
        tt_request(&client, bhs, RIG_PDU_NOP_OUT, true);
        tt_send(&client, bhs, NULL, 0);
    }
    tt_pass(world, 200 * RIG_SECOND);
    tt_client next = tt_client_at(world, 0);
    CU_ASSERT_EQUAL(tt_login_keys(&next, ""), 0);
    tt_free(world);
    return reached;
}

static void test_memory(void)
{
    uint64_t fail_at = 1;
    while (!life(fail_at) && fail_at < 1000)
        fail_at++;
    CU_ASSERT_TRUE(fail_at > 20 && fail_at < 1000);
}

/* rig_target_new itself. */
static void test_memory_of_new(void)
{
    for (uint64_t fail_at = 1; fail_at < 8; fail_at++) {
        rig_alloc_meter meter;
        rig_transport transport = {tt_ops(), NULL};
        uint8_t area[4096];
        rig_target *target = NULL;
        rig_alloc_meter_init(&meter, rig_alloc_libc());
        meter.fail_at = fail_at;
        rig_target_config config = {
            .alloc = &meter.alloc, .transport = &transport, .read_ahead = {area, sizeof(area)}};
        rig_status status = rig_target_new(&config, &target);
        CU_ASSERT_EQUAL(status == RIG_OK, target != NULL);
        CU_ASSERT_TRUE(status == RIG_OK || status == RIG_E_NOMEM);
        rig_target_free(target);
        CU_ASSERT_EQUAL(meter.num_live, 0);
    }
}

/* In the middle of I/O nothing is allocated: only the first commands fill the pools. */
static void test_steady_state(void)
{
    tt_world *world = tt_new();
    tt_client client = tt_login(world, "InitialR2T=No");
    static uint8_t data[65536];
    uint8_t bhs[RIG_BHS_LEN], out[RIG_BHS_LEN];
    uint64_t calls = 0;
    for (unsigned i = 0; i < 100; i++) {
        if (i == 20)
            calls = world->meter.num_calls;
        tt_scsi(&client, bhs, "FW", 4096, 0x2a, 0, 8);
        tt_send(&client, bhs, data, 4096);
        tt_expect(&client, RIG_PDU_SCSI_RESP);
        tt_scsi(&client, bhs, "FW", 65536, 0x2a, 0, 128);
        tt_send(&client, bhs, data, 8192);
        tt_pdu pdu = tt_expect(&client, RIG_PDU_R2T);
        tt_data_out(out, rig_get32(bhs, RIG_F_ITT), rig_get32(pdu.bhs, RIG_F_TTT), 0, 8192, true);
        tt_send(&client, out, data, 57344);
        tt_expect(&client, RIG_PDU_SCSI_RESP);
        tt_scsi(&client, bhs, "FR", 65536, 0x28, 0, 128);
        tt_send(&client, bhs, NULL, 0);
        while (!tt_silent(&client))
            tt_next(&client);
    }
    CU_ASSERT_EQUAL(world->meter.num_calls, calls);
    tt_free(world);
}

RIG_SUITE("target and the hostile", {"PDUs that are nearly right", test_wild_pdus}, {"noise", test_noise},
          {"text that is nearly right", test_wild_text}, {"every allocation fails once", test_memory},
          {"allocations of the target itself", test_memory_of_new},
          {"steady I/O allocates nothing", test_steady_state})
