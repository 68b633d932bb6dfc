/* A capture's items as steps: whose they are, what stays when some are left out, and the lines of a play. */
#include <stdio.h>

#include "rig/steps.h"
#include "suite.h"

typedef struct bench {
    rig_alloc_meter meter;
    rig_items items;
    rig_steps steps;
    rig_steps_printer printer;
    char line[4096];
} bench;

static void bench_init(bench *b)
{
    memset(b, 0, sizeof *b);
    rig_alloc_meter_init(&b->meter, rig_alloc_libc());
    b->items = (rig_items){.alloc = &b->meter.alloc, .keep_data = true};
    b->steps.alloc = &b->meter.alloc;
    b->printer.alloc = &b->meter.alloc;
}

static void bench_clear(bench *b)
{
    rig_steps_printer_cleanup(&b->printer);
    rig_steps_cleanup(&b->steps);
    rig_items_cleanup(&b->items);
    CU_ASSERT_EQUAL(b->meter.num_live, 0);
}

static void event(bench *b, uint32_t connection, const char *name, const char *args)
{
    const rig_item item = {.kind = RIG_ITEM_EVENT,
                           .connection = connection,
                           .time = (b->items.num + 1) * 1000,
                           .event = rig_view_str(name),
                           .args = rig_view_str(args)};
    CU_ASSERT_FATAL(rig_items_add(&b->items, &item) == RIG_OK);
}

typedef struct given {
    rig_field_id field;
    uint64_t value;
} given;

#define END                                                                                                  \
    {                                                                                                        \
        RIG_FIELDS, 0                                                                                        \
    }

static void pdu(bench *b, uint32_t connection, rig_pdu_kind kind, const given *fields, rig_view data)
{
    uint8_t bhs[RIG_BHS_LEN];
    rig_bhs_init(bhs, kind);
    for (; fields->field != RIG_FIELDS; fields++)
        rig_set(bhs, fields->field, fields->value);
    rig_set(bhs, RIG_F_DATA_LEN, data.len);
    const rig_item item = {.connection = connection,
                           .time = (b->items.num + 1) * 1000,
                           .frame = (uint32_t)b->items.num + 1,
                           .to_target = rig_pdu_rows[kind].from_initiator,
                           .pdu = {.bhs = bhs, .data = data},
                           .data_len = (uint32_t)data.len,
                           .text = data};
    CU_ASSERT_FATAL(rig_items_add(&b->items, &item) == RIG_OK);
}

#define PDU(b, connection, kind, data, ...)                                                                  \
    pdu(b, connection, RIG_PDU_##kind, (const given[]){__VA_ARGS__, END}, data)
#define NOTHING ((rig_view){NULL, 0})

/* A login, a ping, a command and a logout of one connection. */
static void session(bench *b, uint32_t connection, uint16_t tsih)
{
    event(b, connection, "connect", "192.0.2.1:3260");
    PDU(b, connection, LOGIN_REQ, NOTHING, {RIG_F_T, 1}, {RIG_F_CSG, 1}, {RIG_F_NSG, 3},
        {RIG_F_ISID, 0x800000000001}, {RIG_F_ITT, 16}, {RIG_F_CMD_SN, 100});
    PDU(b, connection, LOGIN_RESP, NOTHING, {RIG_F_T, 1}, {RIG_F_CSG, 1}, {RIG_F_NSG, 3},
        {RIG_F_ISID, 0x800000000001}, {RIG_F_ITT, 16}, {RIG_F_TSIH, tsih}, {RIG_F_STAT_SN, 500},
        {RIG_F_EXP_CMD_SN, 100}, {RIG_F_MAX_CMD_SN, 110});
    PDU(b, connection, NOP_OUT, NOTHING, {RIG_F_ITT, 17}, {RIG_F_CMD_SN, 100}, {RIG_F_EXP_STAT_SN, 501});
    PDU(b, connection, NOP_IN, NOTHING, {RIG_F_ITT, 17}, {RIG_F_STAT_SN, 501}, {RIG_F_EXP_CMD_SN, 101},
        {RIG_F_MAX_CMD_SN, 111});
    PDU(b, connection, SCSI_CMD, NOTHING, {RIG_F_F, 1}, {RIG_F_ITT, 18}, {RIG_F_CMD_SN, 101},
        {RIG_F_EXP_STAT_SN, 502});
    PDU(b, connection, SCSI_RESP, NOTHING, {RIG_F_ITT, 18}, {RIG_F_STAT_SN, 502}, {RIG_F_EXP_CMD_SN, 102},
        {RIG_F_MAX_CMD_SN, 112});
    PDU(b, connection, LOGOUT_REQ, NOTHING, {RIG_F_ITT, 19}, {RIG_F_CMD_SN, 102}, {RIG_F_EXP_STAT_SN, 503});
    PDU(b, connection, LOGOUT_RESP, NOTHING, {RIG_F_ITT, 19}, {RIG_F_STAT_SN, 503}, {RIG_F_EXP_CMD_SN, 103},
        {RIG_F_MAX_CMD_SN, 113});
    event(b, connection, "close", "by target");
}

static void make(bench *b)
{
    CU_ASSERT_FATAL(rig_steps_make(&b->steps, &b->items) == RIG_OK);
}

static uint32_t field_of(const bench *b, size_t at, rig_field_id field)
{
    return rig_get32(b->steps.ptr[at].bhs, field);
}

static void exchanges_hold_what_belongs_together(void)
{
    bench b;
    bench_init(&b);
    session(&b, 0, 7);
    make(&b);
    CU_ASSERT_EQUAL_FATAL(b.steps.num, 10);
    CU_ASSERT_EQUAL(b.steps.num_exchanges, 4);
    CU_ASSERT_EQUAL(b.steps.num_connections, 1);
    CU_ASSERT_EQUAL(b.steps.ptr[0].kind, RIG_STEP_CONNECT);
    for (size_t i = 1; i < 9; i += 2)
        CU_ASSERT_EQUAL(b.steps.ptr[i].exchange, b.steps.ptr[i + 1].exchange);
    CU_ASSERT_EQUAL(b.steps.ptr[1].exchange, b.steps.ptr[0].exchange);
    CU_ASSERT_NOT_EQUAL(b.steps.ptr[3].exchange, b.steps.ptr[5].exchange);
    CU_ASSERT_EQUAL(b.steps.ptr[4].cause, 3);
    CU_ASSERT_EQUAL(b.steps.ptr[1].cause, RIG_STEP_NONE);
    CU_ASSERT_EQUAL(b.steps.ptr[9].kind, RIG_STEP_CLOSE);
    CU_ASSERT_FALSE(b.steps.ptr[9].to_target);
    CU_ASSERT_EQUAL(b.steps.ptr[9].gap, 1000);
    bench_clear(&b);
}

/* A tag that is used again begins another exchange. */
static void a_tag_may_come_again(void)
{
    bench b;
    bench_init(&b);
    event(&b, 0, "midstream", "192.0.2.1:3260");
    for (int i = 0; i < 2; i++) {
        PDU(&b, 0, NOP_OUT, NOTHING, {RIG_F_ITT, 5});
        PDU(&b, 0, NOP_IN, NOTHING, {RIG_F_ITT, 5});
    }
    make(&b);
    CU_ASSERT_EQUAL_FATAL(b.steps.num, 5);
    CU_ASSERT_TRUE(b.steps.ptr[0].midstream);
    CU_ASSERT_EQUAL(b.steps.ptr[1].exchange, b.steps.ptr[2].exchange);
    CU_ASSERT_EQUAL(b.steps.ptr[3].exchange, b.steps.ptr[4].exchange);
    CU_ASSERT_NOT_EQUAL(b.steps.ptr[1].exchange, b.steps.ptr[3].exchange);
    bench_clear(&b);
}

static void what_is_left_out_leaves_no_hole(void)
{
    bench b;
    bench_init(&b);
    session(&b, 0, 7);
    make(&b);
    bool keep[4] = {true, false, true, true};
    CU_ASSERT_FATAL(rig_steps_keep(&b.steps, keep) == RIG_OK);
    CU_ASSERT_EQUAL_FATAL(b.steps.num, 8);
    CU_ASSERT_EQUAL(field_of(&b, 3, RIG_F_CMD_SN), 100);
    CU_ASSERT_EQUAL(field_of(&b, 3, RIG_F_EXP_STAT_SN), 501);
    CU_ASSERT_EQUAL(field_of(&b, 4, RIG_F_STAT_SN), 501);
    CU_ASSERT_EQUAL(field_of(&b, 4, RIG_F_EXP_CMD_SN), 101);
    CU_ASSERT_EQUAL(field_of(&b, 4, RIG_F_MAX_CMD_SN), 111);
    CU_ASSERT_EQUAL(field_of(&b, 6, RIG_F_STAT_SN), 502);
    CU_ASSERT_EQUAL(field_of(&b, 6, RIG_F_EXP_CMD_SN), 102);
    CU_ASSERT_EQUAL(b.steps.ptr[3].gap, 3000);
    CU_ASSERT_EQUAL(b.steps.ptr[3].cause, 2);
    CU_ASSERT_EQUAL(rig_get32(b.items.ptr[5].pdu.bhs, RIG_F_CMD_SN), 101); /* the capture is as it was */
    bench_clear(&b);
}

static void a_connection_goes_with_its_login(void)
{
    bench b;
    bench_init(&b);
    session(&b, 4, 7);
    session(&b, 5, 8);
    make(&b);
    CU_ASSERT_EQUAL(b.steps.num_sessions, 2);
    CU_ASSERT_EQUAL(b.steps.ptr[10].connection, 1);
    bool keep[8] = {false, false, false, false, false, false, true, false};
    CU_ASSERT_EQUAL(rig_steps_needed(&b.steps, keep), RIG_OK);
    CU_ASSERT_TRUE(keep[4]);
    CU_ASSERT_FALSE(keep[0]);
    CU_ASSERT_FATAL(rig_steps_keep(&b.steps, keep) == RIG_OK);
    CU_ASSERT_EQUAL(b.steps.num_connections, 1);
    CU_ASSERT_EQUAL_FATAL(b.steps.num, 6);
    CU_ASSERT_EQUAL(b.steps.ptr[0].connection, 0);
    bench_clear(&b);
}

/* ---- lines ---- */

static const char *line_of(bench *b, size_t at)
{
    rig_text text;
    rig_text_init(&text, b->line, sizeof b->line);
    CU_ASSERT(rig_steps_line(&b->printer, &text, &b->steps.ptr[at]) == RIG_OK);
    return b->line;
}

static void check_lines(bool target, rig_step_timing timing, const char *const *wanted)
{
    bench b;
    bench_init(&b);
    session(&b, 0, 7);
    make(&b);
    b.printer.target = target;
    b.printer.timing = timing;
    CU_ASSERT_FATAL(rig_steps_printer_init(&b.printer, &b.steps) == RIG_OK);
    for (size_t i = 0; wanted[i]; i++) {
        if (strcmp(line_of(&b, i), wanted[i]) != 0)
            printf("\n    wanted %s\n    got    %s\n", wanted[i], b.line);
        CU_ASSERT_STRING_EQUAL(b.line, wanted[i]);
    }
    bench_clear(&b);
}

static void the_other_sides_numbers_are_variables(void)
{
    static const char *const initiator[] = {
        "! connect",
        "> Login     T=1 CSG=1 NSG=3 ISID=80:00:00:00:00:01 ITT=0x10 CmdSN=100",
        "< LoginResp T=1 CSG=1 NSG=3 ISID=80:00:00:00:00:01 TSIH=$h1 ITT=0x10 StatSN=$s1 ExpCmdSN=100 "
        "MaxCmdSN=110 Status=Success",
        "> NopOut    ITT=0x11 CmdSN=100 ExpStatSN=$s1+1",
        "< NopIn     ITT=0x11 StatSN=$s1+1 ExpCmdSN=101 MaxCmdSN=111",
        NULL};
    static const char *const target[] = {
        "! connect",
        "> Login     T=1 CSG=1 NSG=3 ISID=$n1 TSIH=0 ITT=$t1 CmdSN=$c1",
        "< LoginResp T=1 CSG=1 NSG=3 ISID=$n1 TSIH=7 ITT=$t1 StatSN=500 ExpCmdSN=$c1 MaxCmdSN=$c1+10",
        "> NopOut    ITT=$t2 CmdSN=$c1 ExpStatSN=501",
        "< NopIn     ITT=$t2 StatSN=501 ExpCmdSN=$c1+1 MaxCmdSN=$c1+11",
        NULL};
    check_lines(false, RIG_STEP_ORDER, initiator);
    check_lines(true, RIG_STEP_ORDER, target);
}

static void times_and_looseness(void)
{
    static const char *const strict[] = {
        "! connect", "+1us > Login     T=1 CSG=1 NSG=3 ISID=80:00:00:00:00:01 ITT=0x10 CmdSN=100",
        "+900ns..1100ns < LoginResp T=1 CSG=1 NSG=3 ISID=80:00:00:00:00:01 TSIH=$h1 ITT=0x10 StatSN=$s1 "
        "ExpCmdSN=100 MaxCmdSN=110 Status=Success",
        NULL};
    static const char *const loose[] = {
        "! connect",
        "> Login     T=1 CSG=1 NSG=3 ISID=80:00:00:00:00:01 ITT=0x10 CmdSN=100",
        "< LoginResp T=1 CSG=1 NSG=3 ISID=80:00:00:00:00:01 TSIH=$h1 ITT=0x10 StatSN=$s1 Status=Success",
        "> NopOut    ITT=0x11 CmdSN=100 ExpStatSN=$s1+1",
        "< NopIn     ITT=0x11 StatSN=$s2",
        "> ScsiCmd   F=1 LUN=0 ITT=0x12 CmdSN=101 ExpStatSN=$s2+1 CDB=test-unit-ready",
        NULL};
    check_lines(false, RIG_STEP_STRICT, strict);
    check_lines(false, RIG_STEP_LOOSE, loose);
}

/* What asks and what answers: the response is computed where the secret is known, else that of the capture.
 */
static void chap(bool known)
{
    static const char asks[] = "CHAP_A=5\0CHAP_I=7\0CHAP_C=0x0102";
    static const char answers[] = "CHAP_N=host\0CHAP_R=0x00112233445566778899aabbccddeeff";
    bench b;
    bench_init(&b);
    PDU(&b, 0, LOGIN_RESP, rig_view_of(asks, sizeof asks), {RIG_F_ITT, 1}, {RIG_F_STAT_SN, 1});
    PDU(&b, 0, LOGIN_REQ, rig_view_of(answers, sizeof answers), {RIG_F_ITT, 1}, {RIG_F_EXP_STAT_SN, 2});
    make(&b);
    b.printer.num_secrets = known;
    b.printer.secrets[0] = (rig_step_secret){rig_view_str("host"), rig_view_str("a secret")};
    CU_ASSERT_FATAL(rig_steps_printer_init(&b.printer, &b.steps) == RIG_OK);
    CU_ASSERT_PTR_NOT_NULL(strstr(line_of(&b, 1), "CHAP_A=5 CHAP_I=$i1 CHAP_C=$k2"));
    const char *wanted =
        known ? "CHAP_N=host CHAP_R=chap($i1,\"a secret\",$k2)" : "CHAP_R=0x00112233445566778899aabbccddeeff";
    CU_ASSERT_PTR_NOT_NULL(strstr(line_of(&b, 2), wanted));
    CU_ASSERT_EQUAL(b.printer.spoilt, !known);
    bench_clear(&b);
}

static void chap_is_answered_anew(void)
{
    chap(true);
    chap(false);
}

static void what_no_line_says_is_sent_as_bytes(void)
{
    bench b;
    bench_init(&b);
    PDU(&b, 0, NOP_OUT, rig_view_of("abcde", 5), {RIG_F_ITT, 1});
    make(&b);
    b.steps.ptr[1].bhs[2] = 1; /* reserved */
    CU_ASSERT_FATAL(rig_steps_printer_init(&b.printer, &b.steps) == RIG_OK);
    CU_ASSERT_STRING_EQUAL(line_of(&b, 1), "> raw 0080010000000005"
                                           "0000000000000000"
                                           "00000001ffffffff"
                                           "0000000000000000"
                                           "0000000000000000"
                                           "0000000000000000"
                                           "6162636465000000");
    bench_clear(&b);
}

/* ---- limits ---- */

static void many_tasks_at_a_time(void)
{
    enum { TASKS = 1025 }; /* one more than are followed */
    bench b;
    bench_init(&b);
    for (uint32_t i = 0; i < TASKS; i++)
        PDU(&b, 0, NOP_OUT, NOTHING, {RIG_F_ITT, i + 1});
    PDU(&b, 0, NOP_IN, NOTHING, {RIG_F_ITT, 1});     /* forgotten */
    PDU(&b, 0, NOP_IN, NOTHING, {RIG_F_ITT, TASKS}); /* not forgotten */
    make(&b);
    CU_ASSERT_EQUAL_FATAL(b.steps.num, TASKS + 3);
    CU_ASSERT_NOT_EQUAL(b.steps.ptr[TASKS + 1].exchange, b.steps.ptr[1].exchange);
    CU_ASSERT_EQUAL(b.steps.ptr[TASKS + 2].exchange, b.steps.ptr[TASKS].exchange);
    bench_clear(&b);
}

static void memory_may_end(void)
{
    for (uint64_t at = 1; at < 8; at++) {
        bench b;
        bench_init(&b);
        session(&b, 0, 7);
        b.meter.fail_at = b.meter.num_calls + at;
        rig_status status = rig_steps_make(&b.steps, &b.items);
        bool keep[4] = {true, true, false, true};
        if (!status)
            status = rig_steps_keep(&b.steps, keep);
        if (!status)
            status = rig_steps_printer_init(&b.printer, &b.steps);
        CU_ASSERT(status == RIG_OK || status == RIG_E_NOMEM);
        CU_ASSERT(at > 1 || status == RIG_E_NOMEM);
        bench_clear(&b);
    }
}

/* ---- as few as show it ---- */

static void minimise_keeps_the_breach(void)
{
    bench b;
    bench_init(&b);
    session(&b, 0, 7);
    make(&b);
    rig_set(b.steps.ptr[6].bhs, RIG_F_EXP_DATA_SN, 3); /* of a command without data */
    const rig_lint_rule *rule = NULL;
    for (size_t r = 0; r < rig_lint_num_rules && !rule; r++)
        if (rig_steps_minimise(&b.steps, &rig_lint_rules[r], RIG_LINT_TARGET) == RIG_OK)
            rule = &rig_lint_rules[r];
    CU_ASSERT_PTR_NOT_NULL_FATAL(rule);
    CU_ASSERT(b.steps.num < 10);
    CU_ASSERT_EQUAL(rig_steps_minimise(&b.steps, rule, RIG_LINT_TARGET), RIG_OK);
    CU_ASSERT_EQUAL(rig_steps_minimise(&b.steps, rule, RIG_LINT_INITIATOR), RIG_E_NOT_FOUND);
    bench_clear(&b);
}

RIG_SUITE("pcap steps", {"exchanges hold what belongs together", exchanges_hold_what_belongs_together},
          {"a tag may come again", a_tag_may_come_again},
          {"what is left out leaves no hole", what_is_left_out_leaves_no_hole},
          {"a connection goes with its login", a_connection_goes_with_its_login},
          {"the other side's numbers are variables", the_other_sides_numbers_are_variables},
          {"times and looseness", times_and_looseness}, {"CHAP is answered anew", chap_is_answered_anew},
          {"what no line says is sent as bytes", what_no_line_says_is_sent_as_bytes},
          {"many tasks at a time", many_tasks_at_a_time}, {"memory may end", memory_may_end},
          {"minimise keeps the breach", minimise_keeps_the_breach})
