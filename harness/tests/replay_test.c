/* Captures as scenarios: what a run left is said again, and holds before a side that behaves as captured, and
 * before no other. */
#include <stdio.h>
#include <stdlib.h>

#include "rig/draws.h"
#include "rig/lint.h"
#include "rig/player.h"
#include "rig/replay.h"
#include "rig/run.h"
#include "rig/trace.h"
#include "suite.h"

#define NODE "iqn.2026-01.example.sim:disk0"
#define HEAD "scenario \"a test\"\nlevel CHOICE\n"
#define DISK "target\n  node " NODE " lun 0 ram 1MiB\n"
#define STEPS                                                                                                \
    "initiator\n  isid 80000000000a\nrun\n  login " NODE                                                     \
    " -> $s\n  ping 9 -> $p\n  scsi lun 0 inquiry alloc=36 -> "                                              \
    "$i\n  scsi lun 0 read-capacity-10 -> $c\n  text X-com.example.what=1 -> $x\n  logout -> $l\n"
#define SEEN "must ! connect\n"

typedef struct bench {
    rig_result result; /* of the run that was captured */
    rig_scn_file *file;
    rig_steps steps;
    rig_replay replay;
    char *text; /* RIG_SCN_FILE_MAX bytes */
    size_t len;
} bench;

static rig_status run_text(rig_view text, const rig_fault_set *with, rig_scn_file **out_file, rig_result *out)
{
    const rig_scn_config config = {.alloc = rig_alloc_libc()};
    const rig_run_config run = {
        .alloc = rig_alloc_libc(), .keep = RIG_RUN_KEEP_NEVER, .keep_items = true, .with = with};
    static rig_scn_problems problems;
    problems.num = 0;
    rig_status status = rig_scn_open(&config, rig_view_str("t.scn"), text, out_file, &problems);
    if (status) {
        printf("\n    %u: %s\n%.*s", problems.list[0].line, problems.list[0].text, RIG_VIEW_ARG(text));
        return status;
    }
    return rig_run_case(&run, *out_file, "t.scn", 0, out);
}

static void bench_init(bench *b, const char *scenario)
{
    memset(b, 0, sizeof *b);
    b->text = malloc(RIG_SCN_FILE_MAX);
    CU_ASSERT_FATAL(b->text != NULL);
    CU_ASSERT_FATAL(run_text(rig_view_str(scenario), NULL, &b->file, &b->result) == RIG_OK);
    b->steps.alloc = rig_alloc_libc();
    CU_ASSERT_FATAL(rig_steps_make(&b->steps, &b->result.items) == RIG_OK);
    b->replay = (rig_replay){.alloc = rig_alloc_libc(), .steps = &b->steps, .name = rig_view_str("t.pcapng")};
}

static void bench_clear(bench *b)
{
    rig_steps_cleanup(&b->steps);
    rig_result_cleanup(&b->result);
    rig_scn_file_free(b->file);
    free(b->text);
}

static rig_status take(void *ctx, const rig_lint_finding *finding)
{
    bench *b = ctx;
    rig_replay *replay = &b->replay;
    for (size_t i = 0; i < b->steps.num; i++)
        b->steps.ptr[i].at_fault |= b->steps.ptr[i].item.frame == finding->frame;
    for (uint32_t i = 0; i < replay->num_breaches; i++)
        if (replay->breaches[i].rule == finding->rule)
            return RIG_OK;
    replay->breaches[replay->num_breaches++] = (rig_replay_breach){finding->rule, finding->side};
    return RIG_OK;
}

static void find_breaches(bench *b)
{
    const rig_lint_config config = {.alloc = rig_alloc_libc(), .finding = take, .ctx = b};
    rig_lint *lint;
    CU_ASSERT_FATAL(rig_lint_new(&config, &lint) == RIG_OK);
    for (size_t i = 0; i < b->result.items.num; i++)
        rig_lint_item(lint, &b->result.items.ptr[i]);
    rig_lint_free(lint);
}

static void retell(bench *b, rig_replay_role role, const char *with)
{
    rig_text text;
    rig_error error = {0};
    b->replay.role = role;
    b->replay.with = with ? rig_view_str(with) : (rig_view){0};
    rig_text_init(&text, b->text, RIG_SCN_FILE_MAX);
    CU_ASSERT_FATAL(rig_replay_text(&b->replay, &text, &error) == RIG_OK);
    b->len = text.len;
}

static rig_verdict verdict_of(const bench *b)
{
    rig_result result = {0};
    rig_scn_file *file = NULL;
    rig_verdict verdict = RIG_VERDICT_ERROR;
    if (run_text(rig_view_of(b->text, b->len), NULL, &file, &result) == RIG_OK)
        verdict = result.verdict;
    rig_result_cleanup(&result);
    rig_scn_file_free(file);
    return verdict;
}

static rig_verdict verdict(bench *b, rig_replay_role role, const char *with)
{
    retell(b, role, with);
    return verdict_of(b);
}

static void both_sides_again(void)
{
    bench b;
    bench_init(&b, HEAD DISK STEPS SEEN);
    for (int timing = RIG_STEP_ORDER; timing <= RIG_STEP_LOOSE; timing++) {
        b.replay.timing = (rig_step_timing)timing;
        CU_ASSERT_EQUAL(verdict(&b, RIG_REPLAY_BOTH, NULL), RIG_VERDICT_PASS);
    }
    bench_clear(&b);
}

/* Before the target it was, and before one of another size, or of other keys. */
static void the_initiator_again(void)
{
    bench b;
    bench_init(&b, HEAD DISK STEPS SEEN);
    CU_ASSERT_EQUAL(verdict(&b, RIG_REPLAY_INITIATOR, DISK), RIG_VERDICT_PASS);
    CU_ASSERT_EQUAL(verdict(&b, RIG_REPLAY_INITIATOR, NULL), RIG_VERDICT_PASS);
    CU_ASSERT_EQUAL(verdict(&b, RIG_REPLAY_INITIATOR, "target\n  node " NODE " lun 0 ram 2MiB\n"),
                    RIG_VERDICT_FAIL);
    CU_ASSERT_EQUAL(verdict(&b, RIG_REPLAY_INITIATOR,
                            "target\n  offer MaxBurstLength=4096\n  node " NODE " lun 0 ram 1MiB\n"),
                    RIG_VERDICT_FAIL);
    CU_ASSERT_EQUAL(verdict(&b, RIG_REPLAY_INITIATOR, DISK "  no-phase-collapse\n"), RIG_VERDICT_FAIL);
    b.replay.timing = RIG_STEP_LOOSE;
    CU_ASSERT_EQUAL(verdict(&b, RIG_REPLAY_INITIATOR, "target\n  node " NODE " lun 0 ram 2MiB\n"),
                    RIG_VERDICT_PASS);
    bench_clear(&b);
}

static void the_target_again(void)
{
    bench b;
    bench_init(&b, HEAD DISK STEPS SEEN);
    CU_ASSERT_EQUAL(verdict(&b, RIG_REPLAY_TARGET, STEPS), RIG_VERDICT_PASS);
    CU_ASSERT_EQUAL(verdict(&b, RIG_REPLAY_TARGET, "initiator\n  isid 80000000000b\n" STEPS),
                    RIG_VERDICT_PASS);
    CU_ASSERT_EQUAL(verdict(&b, RIG_REPLAY_TARGET,
                            "initiator\n  isid 80000000000a\nrun\n  login " NODE " -> $s\n  logout -> $l\n"),
                    RIG_VERDICT_FAIL);
    bench_clear(&b);
}

/* The challenge is another one each time. */
static void chap_again(void)
{
    static const char target[] =
        "target\n  node " NODE " chap user=host secret=\"a secret of the host\" lun 0 ram 1MiB\n";
    bench b;
    bench_init(&b,
               HEAD "target\n  node " NODE " chap user=host secret=\"a secret of the host\" lun 0 ram 1MiB\n"
                    "initiator\n  auth CHAP user=host secret=\"a secret of the host\"\n"
                    "run\n  login " NODE " -> $s\n  logout -> $l\n" SEEN);
    CU_ASSERT_EQUAL(verdict(&b, RIG_REPLAY_BOTH, NULL), RIG_VERDICT_PASS);
    b.replay.num_secrets = 1;
    b.replay.secrets[0] = (rig_step_secret){rig_view_str("host"), rig_view_str("another one of the host")};
    CU_ASSERT_EQUAL(verdict(&b, RIG_REPLAY_INITIATOR, target), RIG_VERDICT_FAIL);
    b.replay.secrets[0].secret = rig_view_str("a secret of the host");
    CU_ASSERT_EQUAL(verdict(&b, RIG_REPLAY_INITIATOR, target), RIG_VERDICT_PASS);
    bench_clear(&b);
}

/* A fault of the target becomes a scenario that fails until it is gone. */
static void a_breach_again(void)
{
    static const char right[] = DISK;
    static const char wrong[] = DISK "  fault wrong-residual\n";
    bench b;
    bench_init(&b, HEAD DISK "  fault wrong-residual\n" STEPS "must ! connect\n");
    find_breaches(&b);
    CU_ASSERT_FATAL(b.replay.num_breaches > 0);
    b.replay.as_steps = true;
    CU_ASSERT_EQUAL(verdict(&b, RIG_REPLAY_INITIATOR, wrong), RIG_VERDICT_FAIL);
    CU_ASSERT_EQUAL(verdict(&b, RIG_REPLAY_INITIATOR, right), RIG_VERDICT_PASS);
    size_t whole = b.len, steps = b.steps.num;
    CU_ASSERT_EQUAL(rig_steps_minimise(&b.steps, b.replay.breaches[0].rule, RIG_LINT_TARGET), RIG_OK);
    CU_ASSERT(b.steps.num < steps);
    CU_ASSERT_EQUAL(verdict(&b, RIG_REPLAY_INITIATOR, wrong), RIG_VERDICT_FAIL);
    CU_ASSERT(b.len < whole);
    CU_ASSERT_EQUAL(verdict(&b, RIG_REPLAY_INITIATOR, right), RIG_VERDICT_PASS);
    bench_clear(&b);
}

/* So does what an initiator does wrong; of that PDU only its task is asked for. */
static void an_initiators_breach_again(void)
{
#define PLAYED(wrong)                                                                                        \
    "play initiator\n  > Login T=1 CSG=1 NSG=3 ISID=80:00:00:00:00:01 ITT=1 CmdSN=1 "                        \
    "InitiatorName=iqn.2026-01.example:i "                                                                   \
    "TargetName=" NODE " SessionType=Normal\n  < LoginResp StatSN=$s\n  > NopOut I=1 ITT=2 CmdSN=1 " wrong   \
    "ExpStatSN=$s+1\n  < NopIn ITT=2\n  > NopOut I=1 ITT=3 CmdSN=1 ExpStatSN=$s+2\n  < NopIn ITT=3\n"
    bench b;
    bench_init(&b, HEAD DISK PLAYED("LUN=5 TTT=0x7 ") SEEN);
    find_breaches(&b);
    CU_ASSERT_FATAL(b.replay.num_breaches > 0);
    for (uint32_t i = 0; i < b.replay.num_breaches; i++)
        CU_ASSERT_EQUAL(b.replay.breaches[i].side, RIG_LINT_INITIATOR);
    CU_ASSERT_EQUAL(verdict(&b, RIG_REPLAY_TARGET, PLAYED("LUN=5 TTT=0x7 ")), RIG_VERDICT_FAIL);
    CU_ASSERT_EQUAL(verdict(&b, RIG_REPLAY_TARGET, PLAYED("")), RIG_VERDICT_PASS);
    bench_clear(&b);
}

/* What is left out is not missed: the rest is numbered again. */
static void a_part_again(void)
{
    bench b;
    bench_init(&b, HEAD DISK STEPS SEEN);
    bool keep[64];
    CU_ASSERT_FATAL(b.steps.num_exchanges <= 64);
    for (uint32_t left_out = 1; left_out < b.steps.num_exchanges; left_out++) {
        rig_steps whole = b.steps;
        memset(keep, true, sizeof keep);
        keep[left_out] = false;
        CU_ASSERT_FATAL(rig_steps_copy(&whole, &b.steps) == RIG_OK);
        CU_ASSERT_FATAL(rig_steps_keep(&b.steps, keep) == RIG_OK);
        CU_ASSERT(b.steps.num < whole.num);
        CU_ASSERT_EQUAL(verdict(&b, RIG_REPLAY_INITIATOR, DISK), RIG_VERDICT_PASS);
        rig_steps_cleanup(&b.steps);
        b.steps = whole;
    }
    bench_clear(&b);
}

/* ---- captures with much in them ---- */

#define MUCH 16384 /* bytes of data that are no pattern, of each connection */

static void much_pdu(rig_items *items, uint32_t connection, const uint8_t *bhs, rig_view data)
{
    uint8_t header[RIG_BHS_LEN];
    memcpy(header, bhs, sizeof header);
    rig_set(header, RIG_F_DATA_LEN, data.len);
    const rig_item item = {.kind = RIG_ITEM_PDU,
                           .connection = connection,
                           .to_target = rig_pdu_rows[rig_pdu_kind_of(bhs)].from_initiator,
                           .pdu = {.bhs = header, .data = data},
                           .text = rig_trace_reads(rig_pdu_kind_of(bhs)) ? data : (rig_view){0},
                           .data_len = (uint32_t)data.len};
    CU_ASSERT_EQUAL_FATAL(rig_items_add(items, &item), RIG_OK);
}

static void much_login(rig_items *items, uint32_t connection)
{
    static const char keys[] =
        "InitiatorName=iqn.2026-01.example.host:a\0TargetName=" NODE "\0MaxRecvDataSegmentLength=65536\0";
    uint8_t bhs[RIG_BHS_LEN];
    rig_bhs_init(bhs, RIG_PDU_LOGIN_REQ);
    rig_set(bhs, RIG_F_T, 1);
    rig_set(bhs, RIG_F_CSG, 1);
    rig_set(bhs, RIG_F_NSG, 3);
    rig_set(bhs, RIG_F_ISID, 0x800000000000 + connection);
    rig_set(bhs, RIG_F_CMD_SN, 1);
    much_pdu(items, connection, bhs, rig_view_of(keys, sizeof keys - 1));
    rig_bhs_init(bhs, RIG_PDU_LOGIN_RESP);
    rig_set(bhs, RIG_F_T, 1);
    rig_set(bhs, RIG_F_CSG, 1);
    rig_set(bhs, RIG_F_NSG, 3);
    rig_set(bhs, RIG_F_ISID, 0x800000000000 + connection);
    rig_set(bhs, RIG_F_TSIH, connection + 1);
    rig_set(bhs, RIG_F_ITT, 0xffffffff);
    rig_set(bhs, RIG_F_EXP_CMD_SN, 1);
    rig_set(bhs, RIG_F_MAX_CMD_SN, 9);
    much_pdu(items, connection, bhs, (rig_view){0});
}

static void much_read(rig_items *items, uint32_t connection)
{
    static const rig_draws draws = {.seed = 11};
    static uint8_t data[MUCH];
    uint8_t bhs[RIG_BHS_LEN];
    for (size_t i = 0; i < MUCH; i++)
        data[i] = (uint8_t)rig_draw(&draws, "data", connection * UINT64_C(65536) + i);
    rig_bhs_init(bhs, RIG_PDU_SCSI_CMD);
    rig_set(bhs, RIG_F_F, 1);
    rig_set(bhs, RIG_F_R, 1);
    rig_set(bhs, RIG_F_ITT, 5);
    rig_set(bhs, RIG_F_EDTL, MUCH);
    rig_set(bhs, RIG_F_CMD_SN, 1);
    rig_set(bhs, RIG_F_EXP_STAT_SN, 1);
    bhs[32] = 0x28;
    bhs[40] = MUCH / 512;
    much_pdu(items, connection, bhs, (rig_view){0});
    rig_bhs_init(bhs, RIG_PDU_DATA_IN);
    rig_set(bhs, RIG_F_F, 1);
    rig_set(bhs, RIG_F_S, 1);
    rig_set(bhs, RIG_F_ITT, 5);
    rig_set(bhs, RIG_F_STAT_SN, 1);
    rig_set(bhs, RIG_F_EXP_CMD_SN, 2);
    rig_set(bhs, RIG_F_MAX_CMD_SN, 9);
    much_pdu(items, connection, bhs, rig_view_of(data, MUCH));
}

static rig_items much(uint32_t connections, bool reads)
{
    rig_items items = {.alloc = rig_alloc_libc(), .keep_data = true};
    for (uint32_t i = 0; i < connections; i++) {
        const rig_item connect = {.kind = RIG_ITEM_EVENT,
                                  .connection = i,
                                  .event = rig_view_str("connect"),
                                  .args = rig_view_str("192.0.2.1:3260")};
        CU_ASSERT_EQUAL_FATAL(rig_items_add(&items, &connect), RIG_OK);
        much_login(&items, i);
        if (reads)
            much_read(&items, i);
    }
    return items;
}

static void tell_much(bench *b, const rig_items *items)
{
    b->text = malloc(RIG_SCN_FILE_MAX);
    CU_ASSERT_FATAL(b->text != NULL);
    b->steps.alloc = rig_alloc_libc();
    CU_ASSERT_EQUAL_FATAL(rig_steps_make(&b->steps, items), RIG_OK);
    b->replay = (rig_replay){.alloc = rig_alloc_libc(), .steps = &b->steps, .name = rig_view_str("t.pcapng")};
}

/* A hundred connections, and megabytes that are said literally. */
static void much_again(void)
{
    bench b = {0};
    rig_items items = much(100, true);
    tell_much(&b, &items);
    CU_ASSERT_EQUAL(verdict(&b, RIG_REPLAY_BOTH, NULL), RIG_VERDICT_PASS);
    CU_ASSERT(b.len > 2 * 100 * (size_t)MUCH);
    bench_clear(&b);
    rig_items_cleanup(&items);
}

/* As many connections as a play has at most, and one more. */
static void too_much(void)
{
    for (uint32_t more = 0; more < 2; more++) {
        bench b = {0};
        rig_text text;
        rig_error error = {0};
        rig_items items = much(RIG_PLAYER_CONNECTIONS_MAX + more, false);
        tell_much(&b, &items);
        rig_text_init(&text, b.text, RIG_SCN_FILE_MAX);
        CU_ASSERT_EQUAL(rig_replay_text(&b.replay, &text, &error), more ? RIG_E_LIMIT : RIG_OK);
        CU_ASSERT(!more || strstr(error.text,
                                  "1025 connections, where a play has at most 1024; give --from and --to"));
        bench_clear(&b);
        rig_items_cleanup(&items);
    }
}

static void nothing_to_say(void)
{
    bench b;
    rig_text text;
    rig_error error = {0};
    bench_init(&b, HEAD DISK STEPS SEEN);
    rig_text_init(&text, b.text, 600);
    CU_ASSERT_EQUAL(rig_replay_text(&b.replay, &text, &error), RIG_E_LIMIT);
    rig_steps_cleanup(&b.steps);
    rig_text_init(&text, b.text, RIG_SCN_FILE_MAX);
    CU_ASSERT_EQUAL(rig_replay_text(&b.replay, &text, &error), RIG_E_NOT_FOUND);
    CU_ASSERT_STRING_EQUAL(error.text, "the capture holds no iSCSI PDU");
    bench_clear(&b);
}

/* With the logins in an include it is the same scenario. */
static rig_status give_include(void *ctx, rig_view name, rig_view from, rig_view *out_path,
                               rig_view *out_text)
{
    const rig_text *macros = ctx;
    (void)from;
    *out_path = name;
    *out_text = rig_view_of(macros->ptr, macros->len);
    return rig_view_is(name, "x.inc") ? RIG_OK : RIG_E_NOT_FOUND;
}

static rig_scn *case_of(const rig_scn_config *config, rig_view text, rig_scn_file **out_file)
{
    rig_scn *scn = NULL;
    CU_ASSERT_FATAL(rig_scn_open(config, rig_view_str("t.scn"), text, out_file, NULL) == RIG_OK);
    CU_ASSERT_FATAL(rig_scn_case(*out_file, 0, &scn, NULL) == RIG_OK);
    return scn;
}

static bool same_play(const rig_scn_play *a, const rig_scn_play *b)
{
    static char lines[2][4096];
    bool same = a->target == b->target && a->num_lines == b->num_lines;
    for (uint32_t i = 0; i < a->num_lines && same; i++) {
        rig_text text;
        rig_text_init(&text, lines[0], sizeof lines[0]);
        rig_scn_line_print(&text, &a->lines[i]);
        rig_text_init(&text, lines[1], sizeof lines[1]);
        rig_scn_line_print(&text, &b->lines[i]);
        same = strcmp(lines[0], lines[1]) == 0;
    }
    return same;
}

static void logins_folded(void)
{
    static char rooms[2][65536];
    rig_text scenario, macros;
    rig_scn_file *files[2];
    bench b;
    bench_init(&b, HEAD DISK STEPS SEEN);
    retell(&b, RIG_REPLAY_BOTH, NULL);
    rig_text_init(&scenario, rooms[0], sizeof rooms[0]);
    rig_text_init(&macros, rooms[1], sizeof rooms[1]);
    CU_ASSERT_EQUAL(rig_replay_fold(rig_view_of(b.text, b.len), rig_view_str("x.inc"), &scenario, &macros),
                    RIG_OK);
    CU_ASSERT_PTR_NULL(strstr(scenario.ptr, "> Login     T="));
    CU_ASSERT_PTR_NOT_NULL(strstr(scenario.ptr, "\n  login-1-initiator $s1 $h1\n"));
    CU_ASSERT_PTR_NOT_NULL(strstr(macros.ptr, "\nmacro login-2-target $n1 $t1 $c1\n  > Login"));
    const rig_scn_config config = {.alloc = rig_alloc_libc(), .load = give_include, .ctx = &macros};
    rig_scn *whole = case_of(&config, rig_view_of(b.text, b.len), &files[0]);
    rig_scn *folded = case_of(&config, rig_view_of(scenario.ptr, scenario.len), &files[1]);
    CU_ASSERT_EQUAL_FATAL(whole->num_plays, folded->num_plays);
    for (uint32_t i = 0; i < whole->num_plays; i++)
        CU_ASSERT_TRUE(same_play(&whole->plays[i], &folded->plays[i]));
    rig_scn_free(whole);
    rig_scn_free(folded);
    rig_scn_file_free(files[0]);
    rig_scn_file_free(files[1]);
    rig_text_init(&scenario, rooms[0], 64);
    rig_text_init(&macros, rooms[1], sizeof rooms[1]);
    CU_ASSERT_EQUAL(rig_replay_fold(rig_view_of(b.text, b.len), rig_view_str("x.inc"), &scenario, &macros),
                    RIG_E_LIMIT);
    bench_clear(&b);
}

/* The sessions of the capture as kept logins: the service makes them at its start. */
static void kept_logins(void)
{
    bench b;
    bench_init(&b, HEAD DISK STEPS SEEN);
    b.replay.as_logins = true;
    CU_ASSERT_EQUAL(verdict(&b, RIG_REPLAY_INITIATOR, DISK), RIG_VERDICT_PASS);
    CU_ASSERT_PTR_NOT_NULL(strstr(b.text, "persist\n  login " NODE " at 192.0.2.1:3260\n      offer "));
    CU_ASSERT_EQUAL(verdict(&b, RIG_REPLAY_INITIATOR, DISK "    refuse not-found\n"), RIG_VERDICT_FAIL);
    bench_clear(&b);
}

/* The other side of a scenario, without what it expects. */
static void sections_of_a_scenario(void)
{
    static const char text[] =
        "scenario \"x\"\nref RFC7143 11\nlevel MUST\n# about it\nlatency 1ms\ntarget\n  node " NODE
        "\n\n    lun 0 ram 1MiB\nrun\n  pass 1s\nmust ! connect\nplay target\n  > Login\n"
        "play initiator\n  > Login ITT=1\nwhen $x == 1\n  never ! close\n";
    char room[1024];
    rig_text out;
    rig_text_init(&out, room, sizeof room);
    rig_replay_sections(rig_view_str(text), true, &out);
    CU_ASSERT_STRING_EQUAL(room, "latency 1ms\ntarget\n  node " NODE
                                 "\n    lun 0 ram 1MiB\nplay target\n  > Login\n");
    rig_text_init(&out, room, sizeof room);
    rig_replay_sections(rig_view_str(text), false, &out);
    CU_ASSERT_STRING_EQUAL(room, "latency 1ms\nrun\n  pass 1s\nplay initiator\n  > Login ITT=1\n");
}

RIG_SUITE("replay", {"both sides again", both_sides_again}, {"the initiator again", the_initiator_again},
          {"the target again", the_target_again}, {"CHAP again", chap_again},
          {"a breach again", a_breach_again}, {"an initiator's breach again", an_initiators_breach_again},
          {"a part again", a_part_again}, {"nothing to say", nothing_to_say}, {"much again", much_again},
          {"too much", too_much}, {"logins folded", logins_folded}, {"kept logins", kept_logins},
          {"sections of a scenario", sections_of_a_scenario})
