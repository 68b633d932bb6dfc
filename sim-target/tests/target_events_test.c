/* What a target tells of what went wrong: which PDU, which field of it, and why. */
#include "target/tgt.h"
#include "target_fixture.h"

typedef struct told {
    unsigned num;
    rig_target_event_kind kind;
    rig_pdu_kind pdu;
    uint32_t itt, code;
    char field[64], text[256], initiator[256];
} told;

/* The last event that is about a PDU. */
static void keep(void *ctx, const rig_target_event *event)
{
    told *t = ctx;
    rig_text text;
    if (!event->bhs)
        return;
    t->num++;
    t->kind = event->kind;
    t->pdu = rig_pdu_kind_of(event->bhs);
    t->itt = rig_get32(event->bhs, RIG_F_ITT);
    t->code = event->code;
    rig_text_init(&text, t->field, sizeof(t->field));
    rig_text_add(&text, "%s", event->field ? event->field : "-");
    rig_text_init(&text, t->text, sizeof(t->text));
    rig_text_view(&text, event->error ? rig_view_str(event->error->text) : event->text);
    rig_text_init(&text, t->initiator, sizeof(t->initiator));
    rig_text_view(&text, event->initiator);
}

static tt_world *listened(told *t)
{
    tt_world *world = tt_new();
    *t = (told){0};
    world->target->config.event = keep;
    world->target->config.ctx = t;
    return world;
}

static void test_rejects(void)
{
    static const struct {
        rig_pdu_kind pdu;
        rig_field_id set;
        uint64_t value;
        uint8_t reason;
        const char *field;
    } rows[] = {
        {RIG_PDU_SCSI_CMD, RIG_F_ATTR, 7, 0x09, "ATTR"},
        {RIG_PDU_LOGOUT_REQ, RIG_F_LOGOUT_REASON, 9, 0x09, "Reason"},
        {RIG_PDU_TEXT_REQ, RIG_F_TTT, 5, 0x09, "TTT"},
        {RIG_PDU_SNACK, RIG_F_SNACK_TYPE, 1, 0x04, "Opcode"},
        {RIG_PDU_SCSI_CMD, RIG_F_ITT, RIG_TAG_NONE, 0x09, "ITT"},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        told t;
        tt_world *world = listened(&t);
        tt_client client = tt_login(world, "");
        uint8_t bhs[RIG_BHS_LEN];
        tt_request(&client, bhs, rows[i].pdu, false);
        if (rig_fields[RIG_F_F].pdus >> rows[i].pdu & 1)
            rig_set(bhs, RIG_F_F, 1);
        rig_set(bhs, rows[i].set, rows[i].value);
        tt_send(&client, bhs, NULL, 0);
        tt_expect(&client, RIG_PDU_REJECT);
        CU_ASSERT_EQUAL(t.num, 1);
        CU_ASSERT_EQUAL(t.kind, RIG_TARGET_REJECTED);
        CU_ASSERT_EQUAL(t.pdu, rows[i].pdu);
        CU_ASSERT_EQUAL(t.itt, rig_get32(bhs, RIG_F_ITT));
        CU_ASSERT_EQUAL(t.code, rows[i].reason);
        CU_ASSERT_EQUAL(strcasecmp(t.field, rows[i].field), 0);
        CU_ASSERT_STRING_EQUAL(t.initiator, TT_INITIATOR);
        tt_free(world);
    }
}

static void test_refused_logins(void)
{
    static const struct {
        const char *keys;
        unsigned status;
        const char *field, *text;
    } rows[] = {
        {"InitiatorName=" TT_INITIATOR "\nTargetName=iqn.2026-01.example.sim:none", 0x0203, "TargetName",
         "iqn.2026-01.example.sim:none"},
        {"TargetName=" TT_TARGET, 0x0207, "InitiatorName", ""},
        {"InitiatorName=nonsense\nTargetName=" TT_TARGET, 0x0200, "InitiatorName", "nonsense"},
        {"InitiatorName=" TT_INITIATOR "\nSessionType=Strange", 0x0209, "SessionType", "Strange"},
        {"InitiatorName=" TT_INITIATOR "\nTargetName=" TT_TARGET "\nMaxRecvDataSegmentLength=5", 0x0200,
         "MaxRecvDataSegmentLength", NULL},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        told t;
        tt_world *world = listened(&t);
        tt_client client = tt_client_at(world, 0);
        tt_pdu pdu = tt_login_step(&client, true, 1, 3, rows[i].keys);
        if (tt_status(&pdu) != rows[i].status)
            printf("\n  %zu: %04x\n", i, tt_status(&pdu));
        CU_ASSERT_EQUAL(tt_status(&pdu), rows[i].status);
        CU_ASSERT_EQUAL(t.kind, RIG_TARGET_LOGIN_REFUSED);
        CU_ASSERT_EQUAL(t.code, rows[i].status);
        CU_ASSERT_EQUAL(t.pdu, RIG_PDU_LOGIN_REQ);
        CU_ASSERT_STRING_EQUAL(t.field, rows[i].field);
        if (rows[i].text)
            CU_ASSERT_STRING_EQUAL(t.text, rows[i].text);
        tt_free(world);
    }
}

static void test_fields_of_a_login(void)
{
    static const struct {
        rig_field_id set;
        uint64_t value;
        const char *field;
    } rows[] = {{RIG_F_CID, 9, "CID"}, {RIG_F_ITT, 99, "ITT"}, {RIG_F_ISID, 4, "ISID"}, {RIG_F_CSG, 0, "CSG"},
                {RIG_F_C, 1, "C"},     {RIG_F_NSG, 0, "NSG"},  {RIG_F_TSIH, 9, "TSIH"}};
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        told t;
        tt_world *world = listened(&t);
        tt_client client = tt_client_at(world, 0);
        tt_login_step(&client, false, 1, 3, "InitiatorName=" TT_INITIATOR "\nTargetName=" TT_TARGET);
        uint8_t bhs[RIG_BHS_LEN];
        tt_login_bhs(&client, bhs, true, 1, 3);
        rig_set(bhs, rows[i].set, rows[i].value);
        tt_send(&client, bhs, NULL, 0);
        CU_ASSERT_EQUAL(t.kind, RIG_TARGET_LOGIN_REFUSED);
        CU_ASSERT_STRING_EQUAL(t.field, rows[i].field);
        CU_ASSERT_STRING_EQUAL(t.initiator, TT_INITIATOR);
        tt_free(world);
    }
}

/* The framer's complaint ends a connection: the field is told, and the PDU. */
static void test_format_error(void)
{
    told t;
    tt_world *world = listened(&t);
    tt_client client = tt_login(world, "");
    uint8_t bhs[RIG_BHS_LEN], data[16] = {0};
    tt_request(&client, bhs, RIG_PDU_NOP_OUT, true);
    rig_set(bhs, RIG_F_F, 1);
    tt_send(&client, bhs, data, 0);
    tt_expect(&client, RIG_PDU_NOP_IN);
    tt_request(&client, bhs, RIG_PDU_TEXT_REQ, true);
    rig_set(bhs, RIG_F_DATA_LEN, 0xffffff);
    tt_bytes(client.stream, bhs, sizeof(bhs), SIZE_MAX);
    CU_ASSERT_EQUAL(t.num, 1);
    CU_ASSERT_EQUAL(t.kind, RIG_TARGET_CLOSED);
    CU_ASSERT_EQUAL(t.pdu, RIG_PDU_TEXT_REQ);
    CU_ASSERT_EQUAL(t.itt, rig_get32(bhs, RIG_F_ITT));
    CU_ASSERT_STRING_EQUAL(t.field, "DataSegmentLength");
    CU_ASSERT_PTR_NOT_NULL(strstr(t.text, "16777215"));
    tt_free(world);
}

static void test_texts(void)
{
    static const struct {
        const char *text;
        size_t len;
        const char *field;
    } rows[] = {{"nonsense", 9, "DataSegmentLength"},
                {"MaxBurstLength=512", 19, "MaxBurstLength"},
                {"SendTargets=All", 16, "SendTargets"},
                {"SendTargets=\0X-a.b=1", 21, "SendTargets"}};
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        told t;
        tt_world *world = listened(&t);
        tt_client client = tt_login(world, "");
        uint8_t bhs[RIG_BHS_LEN];
        tt_request(&client, bhs, RIG_PDU_TEXT_REQ, false);
        rig_set(bhs, RIG_F_F, 1);
        rig_set(bhs, RIG_F_TTT, RIG_TAG_NONE);
        tt_send(&client, bhs, rows[i].text, rows[i].len);
        tt_expect(&client, RIG_PDU_REJECT);
        CU_ASSERT_EQUAL(t.kind, RIG_TARGET_REJECTED);
        CU_ASSERT_STRING_EQUAL(t.field, rows[i].field);
        tt_free(world);
    }
}

RIG_SUITE("what a target tells of", {"rejects", test_rejects}, {"refused logins", test_refused_logins},
          {"fields of a login", test_fields_of_a_login}, {"a format error", test_format_error},
          {"texts", test_texts})
