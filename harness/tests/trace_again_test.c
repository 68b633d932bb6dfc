/* What a trace prints is what a trace block says: every item is printed, read again as a scenario, and
 * compared with itself; then each literal is altered once, and must be noticed. */
#include "match_items.h"

#include <stdlib.h>
#include <unistd.h>

#include "rig/capture.h"
#include "rig/draws.h"
#include "rig/run.h"
#include "rig/stream.h"

#define AGAIN_HEAD                                                                                           \
    "scenario \"what a trace printed\"\nlevel CHOICE\ntarget\n  node iqn.2026-01.example:t\nrun\n"           \
    "  pass 1s\ntrace\n"

typedef struct again {
    char *text; /* RIG_SCN_FILE_MAX bytes */
    rig_text out;
    rig_result result;
} again;

/* A line of a block is indented; the others of an item are deeper already. */
static void add_lines(rig_text *out, rig_view printed)
{
    for (rig_view rest = printed; rest.ptr;) {
        rig_text_add(out, "  ");
        rig_text_view(out, rig_view_split(&rest, '\n'));
        rig_text_add(out, "\n");
    }
}

static void print_items(again *a, const rig_items *items)
{
    rig_trace trace;
    char *line = malloc(RIG_TRACE_LINE_MAX);
    rig_trace_init(&trace, rig_alloc_libc(), RIG_TRACE_SYMBOLIC);
    rig_text_init(&a->out, a->text, RIG_SCN_FILE_MAX);
    rig_text_add(&a->out, "%s", AGAIN_HEAD);
    for (size_t i = 0; i < items->num && line; i++) {
        rig_text text;
        rig_text_init(&text, line, RIG_TRACE_LINE_MAX);
        CU_ASSERT(rig_trace_item(&trace, &text, &items->ptr[i]) == RIG_OK);
        CU_ASSERT(!text.cut);
        add_lines(&a->out, rig_view_of(line, text.len));
    }
    CU_ASSERT(!a->out.cut);
    rig_trace_cleanup(&trace);
    free(line);
}

static rig_scn_file *read_again(again *a)
{
    const rig_scn_config config = {.alloc = rig_alloc_libc()};
    rig_scn_problems problems = {.num = 0};
    rig_scn_file *file = NULL;
    if (rig_scn_open(&config, rig_view_str("t.scn"), rig_view_of(a->text, a->out.len), &file, &problems)) {
        rig_view rest = rig_view_of(a->text, a->out.len), line = {NULL, 0};
        for (uint32_t i = 0; i < problems.list[0].line; i++)
            line = rig_view_split(&rest, '\n');
        printf("\n    %u:%u: %s\n    %.*s\n", problems.list[0].line, problems.list[0].col,
               problems.list[0].text, RIG_VIEW_ARG(line));
    }
    return file;
}

static bool show_survivor(void *ctx, const rig_survivor *survivor)
{
    again *a = ctx;
    rig_view rest = rig_view_of(a->text, a->out.len), line = {NULL, 0};
    for (uint32_t i = 0; i < survivor->place.line; i++)
        line = rig_view_split(&rest, '\n');
    printf("\n    \"%s\" %s\n    %.*s\n", survivor->text, survivor->why, RIG_VIEW_ARG(line));
    return true;
}

/* Whether the trace of these items holds for them, and for no other values. */
static bool same_again(const rig_items *items, uint32_t least_tried)
{
    static const rig_match_config config = {0};
    static const rig_facts facts = {0};
    uint32_t tried = 0, survived = 1;
    again a = {.text = malloc(RIG_SCN_FILE_MAX)};
    if (!a.text)
        return false;
    print_items(&a, items);
    rig_scn_file *file = read_again(&a);
    if (file) {
        a.result = (rig_result){.alloc = rig_alloc_libc(), .file = file, .items = *items};
        CU_ASSERT_FATAL(rig_scn_case(file, 0, &a.result.scn, NULL) == RIG_OK);
        CU_ASSERT(rig_match(&config, &facts, &a.result) == RIG_OK);
        for (uint32_t i = 0; i < a.result.num_findings; i++)
            printf("\n    %s\n    E %s\n    A %s\n", a.result.findings[i].text,
                   a.result.findings[i].expected ? a.result.findings[i].expected : "-",
                   a.result.findings[i].actual ? a.result.findings[i].actual : "-");
        CU_ASSERT(rig_prove_expect(&config, &facts, &a.result, show_survivor, &a, &tried, &survived) ==
                  RIG_OK);
        survived += a.result.num_findings;
        a.result.items = (rig_items){.alloc = rig_alloc_libc()};
        rig_result_cleanup(&a.result);
    }
    rig_scn_file_free(file);
    free(a.text);
    if (tried < least_tried)
        printf("\n    only %u literals\n", tried);
    return survived == 0 && tried >= least_tried;
}

static bool all_again(rig_items *items, uint32_t least_tried)
{
    bool same = same_again(items, least_tried);
    rig_items_cleanup(items);
    return same;
}

/* ---- headers ---- */

static rig_item pdu_item(uint8_t bhs[RIG_BHS_LEN], rig_view data)
{
    rig_set(bhs, RIG_F_DATA_LEN, data.len);
    return (rig_item){.kind = RIG_ITEM_PDU,
                      .data_len = (uint32_t)data.len,
                      .pdu = {.bhs = bhs, .data = data},
                      .text = {NULL, 0}};
}

/* Headers of nothing but chance, those of the wrong side and of unknown opcodes included. */
static void every_kind_with_any_header(void)
{
    static const rig_draws draws = {.seed = 7143};
    for (uint64_t round = 0; round < 12; round++) {
        rig_items items = {.alloc = rig_alloc_libc()};
        for (uint64_t i = 0; i < 2 * RIG_PDU_KINDS; i++) {
            uint8_t bhs[RIG_BHS_LEN];
            rig_pdu_kind kind = (rig_pdu_kind)(i / 2);
            rig_draw_bytes(&draws, "header", (round * 1000 + i) * RIG_BHS_LEN, bhs, sizeof bhs);
            rig_set(bhs, RIG_F_OPCODE, kind == RIG_PDU_UNKNOWN ? 0x1c + i % 2 : rig_pdu_rows[kind].opcode);
            rig_item item = pdu_item(bhs, rig_view_of("", 0));
            item.to_target = i % 2;
            item.missing = i % 7 ? 0 : 12;
            item.pdu.bad_header_digest = round % 2;
            item.pdu.bad_data_digest = round % 3 == 1;
            item.pdu.bad_padding = i % 5 == 1;
            CU_ASSERT(rig_items_add(&items, &item) == RIG_OK);
        }
        CU_ASSERT(all_again(&items, 250));
    }
}

/* Tags and numbers of a few values, as sessions have them: names are given, used and given again. */
static void numbers_that_are_near(void)
{
    static const rig_draws draws = {.seed = 3260};
    static const uint32_t some[] = {0, 1, 2, 3, RIG_TAG_NONE, 0xfffffffe, 5, 1u << 21};
    rig_items items = {.alloc = rig_alloc_libc()};
    for (uint64_t i = 0; i < 400; i++) {
        uint8_t bhs[RIG_BHS_LEN];
        rig_pdu_kind kind = (rig_pdu_kind)(rig_draw(&draws, "kind", i) % RIG_PDU_UNKNOWN);
        rig_bhs_init(bhs, kind);
        for (unsigned f = 0; f < RIG_FIELDS; f++)
            if ((rig_fields[f].pdus >> kind & 1) && f != RIG_F_OPCODE && f != RIG_F_CDB)
                rig_set(bhs, (rig_field_id)f, some[rig_draw(&draws, "field", i * RIG_FIELDS + f) % 8]);
        rig_item item = pdu_item(bhs, rig_view_of("", 0));
        item.to_target = rig_pdu_rows[kind].from_initiator;
        item.connection = (uint32_t)(rig_draw(&draws, "connection", i) % 3);
        CU_ASSERT(rig_items_add(&items, &item) == RIG_OK);
    }
    CU_ASSERT(all_again(&items, 1000));
}

static void every_form_of_lun(void)
{
    static const uint64_t luns[] = {0,
                                    UINT64_C(0x0001000000000000),
                                    UINT64_C(0x00ff000000000000),
                                    UINT64_C(0x4100000000000000),
                                    UINT64_C(0x7fff000000000000),
                                    UINT64_C(0x4001000000000000), /* flat where peripheral would do */
                                    UINT64_C(0x0102000000000000), /* a bus */
                                    UINT64_C(0x8001000000000000), /* logical unit */
                                    UINT64_C(0xc101000000000000), /* well known */
                                    UINT64_C(0xd2000123456789ab), /* extended */
                                    UINT64_C(0x0000000000000001),
                                    UINT64_MAX};
    rig_items items = {.alloc = rig_alloc_libc()};
    for (size_t i = 0; i < sizeof luns / sizeof luns[0]; i++) {
        uint8_t bhs[RIG_BHS_LEN];
        rig_bhs_init(bhs, i % 2 ? RIG_PDU_TMF_REQ : RIG_PDU_SCSI_CMD);
        rig_set(bhs, RIG_F_LUN, luns[i]);
        rig_item item = pdu_item(bhs, rig_view_of("", 0));
        item.to_target = true;
        CU_ASSERT(rig_items_add(&items, &item) == RIG_OK);
    }
    CU_ASSERT(all_again(&items, 12));
}

/* ---- commands ---- */

static void add_command(rig_items *items, const uint8_t *cdb, size_t len, bool bidi)
{
    uint8_t bhs[RIG_BHS_LEN], ahs[RIG_DRAFT_AHS_MAX];
    size_t first = rig_fields[RIG_F_CDB].bytes, used = 0;
    static const uint8_t length[4] = {0, 1, 2, 3};
    rig_bhs_init(bhs, RIG_PDU_SCSI_CMD);
    memcpy(bhs + rig_fields[RIG_F_CDB].byte, cdb, len < first ? len : first);
    if (len > first)
        used = rig_ahs_put(ahs, sizeof ahs, RIG_AHS_CDB, rig_view_of(cdb + first, len - first));
    if (bidi)
        used += rig_ahs_put(ahs + used, sizeof ahs - used, RIG_AHS_BIDI, rig_view_of(length, 4));
    rig_set(bhs, RIG_F_AHS_WORDS, used / 4);
    rig_item item = pdu_item(bhs, rig_view_of("", 0));
    item.to_target = true;
    item.pdu.ahs = rig_view_of(ahs, used);
    CU_ASSERT(rig_items_add(items, &item) == RIG_OK);
}

/* Each command with nothing set, with fields of chance, and with bits that no field names. */
static void every_command(void)
{
    static const rig_draws draws = {.seed = 4};
    rig_items items = {.alloc = rig_alloc_libc()};
    for (size_t i = 0; i < rig_cdb_rows_count(); i++) {
        const rig_cdb_row *row = rig_cdb_row_at(i);
        uint8_t cdb[RIG_CDB_MAX];
        rig_cdb_init(cdb, row);
        add_command(&items, cdb, row->len, false);
        for (size_t f = 0; f < RIG_CDB_FIELDS_MAX && row->fields[f].name; f++)
            rig_cdb_set(cdb, &row->fields[f],
                        rig_draw(&draws, "cdb", i * 16 + f) >> (64 - row->fields[f].bits));
        add_command(&items, cdb, row->len, i % 3 == 0);
        cdb[row->len - 1] ^= 0xff;
        cdb[1] ^= 0x80;
        add_command(&items, cdb, row->len, false);
    }
    for (unsigned opcode = 0; opcode < 256; opcode += 17) {
        uint8_t cdb[RIG_CDB_MAX] = {(uint8_t)opcode};
        rig_draw_bytes(&draws, "any", opcode, cdb + 1, sizeof cdb - 1);
        add_command(&items, cdb, opcode % 2 ? 16 : 20 + opcode, false);
    }
    CU_ASSERT(all_again(&items, 200));
}

/* The bytes of an extended CDB count as well. */
static void extended_commands_differ_in_their_last_byte(void)
{
    uint8_t cdb[32] = {0xc1};
    rig_items one = {.alloc = rig_alloc_libc()}, other = {.alloc = rig_alloc_libc()};
    static const rig_match_config config = {0};
    again a = {.text = malloc(RIG_SCN_FILE_MAX)};
    CU_ASSERT_PTR_NOT_NULL_FATAL(a.text);
    add_command(&one, cdb, sizeof cdb, false);
    cdb[31] = 1;
    add_command(&other, cdb, sizeof cdb, false);
    print_items(&a, &one);
    rig_scn_file *file = read_again(&a);
    CU_ASSERT_PTR_NOT_NULL_FATAL(file);
    a.result = (rig_result){.alloc = rig_alloc_libc(), .file = file, .items = other};
    CU_ASSERT_FATAL(rig_scn_case(file, 0, &a.result.scn, NULL) == RIG_OK);
    CU_ASSERT(rig_match(&config, NULL, &a.result) == RIG_OK);
    CU_ASSERT_EQUAL_FATAL(a.result.num_findings, 1);
    CU_ASSERT_STRING_EQUAL(a.result.findings[0].field, "CDB");
    CU_ASSERT_PTR_NOT_NULL(strstr(a.result.findings[0].actual, "00000001"));
    rig_result_cleanup(&a.result);
    rig_items_cleanup(&one);
    rig_scn_file_free(file);
    free(a.text);
}

/* ---- data: sense, rejected headers ---- */

static void add_with_data(rig_items *items, rig_pdu_kind kind, rig_view data, uint32_t missing)
{
    uint8_t bhs[RIG_BHS_LEN];
    rig_bhs_init(bhs, kind);
    rig_item item = pdu_item(bhs, data);
    item.to_target = rig_pdu_rows[kind].from_initiator;
    item.missing = missing;
    CU_ASSERT(rig_items_add(items, &item) == RIG_OK);
}

static void every_sense_and_rejection(void)
{
    rig_items items = {.alloc = rig_alloc_libc()};
    for (unsigned i = 0; i < 64; i++) {
        uint8_t data[22] = {0, 18, (uint8_t)(0x70 + i / 16)};
        data[i / 16 < 2 ? 4 : 3] = (uint8_t)(i % 16);
        data[i / 16 < 2 ? 14 : 4] = (uint8_t)(i * 4);
        data[i / 16 < 2 ? 15 : 5] = (uint8_t)(255 - i);
        add_with_data(&items, i % 5 ? RIG_PDU_SCSI_RESP : RIG_PDU_ASYNC, rig_view_of(data, 20 + i % 3), 0);
        add_with_data(&items, RIG_PDU_SCSI_RESP, rig_view_of(data, i % 20), i % 4);
        uint8_t bhs[RIG_BHS_LEN + 4] = {(uint8_t)i};
        add_with_data(&items, RIG_PDU_REJECT, rig_view_of(bhs, RIG_BHS_LEN + i % 5), 0);
        add_with_data(&items, RIG_PDU_REJECT, rig_view_of(bhs, i % RIG_BHS_LEN), i % 2);
    }
    add_with_data(&items, RIG_PDU_NOP_OUT, rig_view_of("ping", 4), 0);
    add_with_data(&items, RIG_PDU_NOP_IN, rig_view_of("ping", 4), 0);
    add_with_data(&items, RIG_PDU_DATA_IN, rig_view_of("data", 4), 0);
    add_with_data(&items, RIG_PDU_DATA_OUT, rig_view_of("data", 4), 2);
    CU_ASSERT(all_again(&items, 500));
}

/* ---- text ---- */

#define PAIR(text)                                                                                           \
    {                                                                                                        \
        text, sizeof text                                                                                    \
    }

static const struct {
    const char *text;
    size_t len;
} pairs[] = {
    PAIR("InitiatorName=iqn.2026-01.example.host:a"),
    PAIR("InitiatorAlias=two words, \"quoted\" 'so' and \\so"),
    PAIR("InitiatorAlias="),
    PAIR("InitiatorAlias=_"),
    PAIR("InitiatorAlias=!=x"),
    PAIR("InitiatorAlias=~x"),
    PAIR("InitiatorAlias=$x+1"),
    PAIR("InitiatorAlias=a$x$"),
    PAIR("InitiatorAlias=1..4"),
    PAIR("InitiatorAlias=..4"),
    PAIR("InitiatorAlias=a,b,"),
    PAIR("InitiatorAlias=;"),
    PAIR("InitiatorAlias=# no comment"),
    PAIR("InitiatorAlias=chap($i,x,$c)"),
    PAIR("InitiatorAlias=->"),
    PAIR("InitiatorAlias=[DISC-003]"),
    PAIR("InitiatorAlias=[fe80::1%eth0]:3260"),
    PAIR("InitiatorAlias==a=b="),
    PAIR("InitiatorAlias=\xc3\xa4\xe2\x80\xa6"),
    PAIR("InitiatorAlias=\xc3\x28\xff\x01\x7f\r\n\t"),
    PAIR("InitiatorAlias=\xc2\x80"),
    PAIR("InitiatorAlias=0x0102"),
    PAIR("InitiatorAlias=18446744073709551615"),
    PAIR("InitiatorAlias=yes"),
    PAIR("HeaderDigest=CRC32C,None"),
    PAIR("CHAP_A=5,7"),
    PAIR("CHAP_I=1"),
    PAIR("CHAP_C=0x0123456789abcdef"),
    PAIR("CHAP_C=0bMTIzNA=="),
    PAIR("CHAP_R=0x0123456789abcdef0123456789abcdef"),
    PAIR("TargetAddress=[2001:db8::10]:3260,1"),
    PAIR("TargetAddress=host.example:3260,65535"),
    PAIR("TargetName=has"),
    PAIR("TargetName=keys"),
    PAIR("X-com.example.key=1"),
    PAIR("X#NodeArchitecture=1"),
    PAIR("F=1"),
    PAIR("DataLen=1"),
    PAIR("LUN=_"),
    PAIR("Strange@key+#-=value"),
    PAIR("iSCSIProtocolLevel=1"),
    PAIR("SRP_U=user"),
};

static void add_text(rig_items *items, rig_pdu_kind kind, rig_view data, rig_view text, bool more)
{
    uint8_t bhs[RIG_BHS_LEN];
    rig_bhs_init(bhs, kind);
    rig_set(bhs, RIG_F_C, more);
    rig_item item = pdu_item(bhs, data);
    item.to_target = rig_pdu_rows[kind].from_initiator;
    item.text = text;
    CU_ASSERT(rig_items_add(items, &item) == RIG_OK);
}

#define NUM_PAIRS (sizeof pairs / sizeof pairs[0])

/* Each pair alone, and all in one PDU: keys that come several times stay in order. */
static void every_text(void)
{
    static const rig_pdu_kind kinds[] = {RIG_PDU_LOGIN_REQ, RIG_PDU_LOGIN_RESP, RIG_PDU_TEXT_REQ,
                                         RIG_PDU_TEXT_RESP};
    rig_items items = {.alloc = rig_alloc_libc()};
    static char all[8192];
    size_t len = 0;
    for (size_t i = 0; i < NUM_PAIRS; i++) {
        rig_view pair = rig_view_of(pairs[i].text, pairs[i].len);
        add_text(&items, kinds[i % 4], pair, pair, false);
        memcpy(all + len, pair.ptr, pair.len);
        len += pair.len;
    }
    add_text(&items, RIG_PDU_TEXT_RESP, rig_view_of(all, len), rig_view_of(all, len), false);
    CU_ASSERT(all_again(&items, 2 * NUM_PAIRS));
}

/* Text over several PDUs, cut anywhere (RFC 7143 section 6.2), and text that is none. */
static void text_in_parts_and_bad_text(void)
{
    static const char whole[] = "TargetName=iqn.2026-01.example:a\0TargetAddress=192.0.2.10:3260,1\0"
                                "TargetName=iqn.2026-01.example:b";
    static const struct {
        const char *text;
        size_t len;
    } bad[] = {PAIR("nonsense"), PAIR("SendTargets=All\0nonsense"), PAIR("=All"),
               PAIR("lower=1"),  PAIR("SendTargets=All\0\0\0"),     {"SendTargets=All", 15}};
    rig_items items = {.alloc = rig_alloc_libc()};
    for (size_t at = 1; at < sizeof whole; at += 9) {
        add_text(&items, RIG_PDU_TEXT_RESP, rig_view_of(whole, at), rig_view_of("", 0), true);
        add_text(&items, RIG_PDU_TEXT_REQ, rig_view_of("", 0), rig_view_of("", 0), false);
        add_text(&items, RIG_PDU_TEXT_RESP, rig_view_of(whole + at, sizeof whole - at),
                 rig_view_of(whole, sizeof whole), false);
    }
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        rig_view text = rig_view_of(bad[i].text, bad[i].len);
        add_text(&items, RIG_PDU_LOGIN_REQ, text, text, false);
    }
    CU_ASSERT(all_again(&items, 30));
}

/* A value that fills a line, one that is longer, and as many keys as a line prints, and one more. */
static void long_text(void)
{
    static char text[4 * RIG_TRACE_KEYS_MAX + 5];
    rig_items items = {.alloc = rig_alloc_libc()};
    for (size_t over = 0; over < 2; over++) {
        static char value[RIG_TRACE_VALUE_MAX + 14] = "TargetAlias=";
        memset(value + 12, 'a', RIG_TRACE_VALUE_MAX + over);
        rig_view pair = rig_view_of(value, 12 + RIG_TRACE_VALUE_MAX + over + 1);
        add_text(&items, RIG_PDU_TEXT_RESP, pair, pair, false);
        memset(value + 12, '\n', RIG_TRACE_VALUE_MAX / 4);
        pair = rig_view_of(value, 12 + RIG_TRACE_VALUE_MAX / 4 + over);
        add_text(&items, RIG_PDU_TEXT_RESP, pair, pair, false);
    }
    CU_ASSERT(all_again(&items, 8));
    for (size_t over = 0; over < 2; over++) {
        size_t len = 0;
        for (; len < 4 * (RIG_TRACE_KEYS_MAX + over); len += 4)
            memcpy(text + len, "A=b", 4);
        add_text(&items, RIG_PDU_TEXT_RESP, rig_view_of(text, len), rig_view_of(text, len), false);
    }
    again a = {.text = malloc(RIG_SCN_FILE_MAX)};
    CU_ASSERT_PTR_NOT_NULL_FATAL(a.text);
    print_items(&a, &items);
    rig_scn_file *file = read_again(&a);
    CU_ASSERT_PTR_NOT_NULL(file);
    rig_scn_file_free(file);
    free(a.text);
    rig_items_cleanup(&items);
}

/* ---- events ---- */

/* As rig/stream.h lists them, and as the engines of a run tell them. */
static void every_event(void)
{
    static const char *const lines[] = {
        "! connect 192.0.2.10:3260",
        "! connect [2001:db8::10]:3260",
        "! midstream 192.0.2.10:3260",
        "! midstream [fe80::1]:860",
        "! close by target reason=reset",
        "! gap bytes=1460 to-target=yes",
        "! gap bytes=18446744073709551615 to-target=no",
        "! resync offset=4096 skipped=12 to-target=no",
        "! garbage offset=48 to-target=yes hex:1f000000000000000000000000000000",
        "! truncated offset=96 have=47 to-target=no",
        "! fragment 192.0.2.1 to 192.0.2.10",
        "! fragment 2001:db8::1 to 2001:db8::10",
        "! session up target=iqn.2026-01.example:t persistent=no",
        "! session down target=iqn.2026-01.example:t reason=header-digest",
        "! session up persistent=yes",
        "! session down reason=logout",
        "! close reason=logout by target",
        "! complete ITT=0x00000005 status=CHECK-CONDITION",
        "! nexus-loss notice target=iqn.2026-01.example:t",
        "! nexus-loss notice",
        "! login-failed target=iqn.2026-01.example:t status=authentication-failure",
        "! refused target=iqn.2026-01.example:t reason=security",
        "! target-found name=iqn.2026-01.example:t address=[2001:db8::10]:3260,1",
        "! target-found name=iqn.2026-01.example:u",
        "! target-found name=\"two \\x22words\\x22\\x0a\"",
        "! target-found name=\"two words\"",
        "! nop-in",
        "! async event=logout-request",
        "! reject reason=0x0d",
        "! transition T5 from=S4 to=S5",
    };
    rig_items items = {.alloc = rig_alloc_libc()};
    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++)
        add_item(&items, lines[i]);
    CU_ASSERT(all_again(&items, 45));
    /* Each alone: with its neighbour altered, it would be the neighbour. */
    static const char *const ends[] = {"! close by initiator", "! close by target"};
    for (size_t i = 0; i < 2; i++) {
        items = (rig_items){.alloc = rig_alloc_libc()};
        add_item(&items, ends[i]);
        CU_ASSERT(all_again(&items, 1));
    }
}

/* ---- captures ---- */

static const char *const plays[] = {
    /* digests, CHAP, reads and writes of all phases, a wrong digest, an end by the target */
    "scenario \"a session\"\nlevel CHOICE\nneeds sim\ntarget\n  portal 192.0.2.10:3260 group 1\n"
    "  node iqn.2026-01.example:t chap user=u secret=\"a secret of 16 bytes\" target-user=t "
    "target-secret=\"another of 16 bytes\"\n    lun 0 ram 1MiB\n    lun 300 ram 1MiB\n"
    "    offer HeaderDigest=CRC32C DataDigest=CRC32C\n"
    "  on ScsiCmd nth 5 do fault data-digest-flip\n"
    "initiator\n  offer HeaderDigest=CRC32C,None DataDigest=CRC32C,None ImmediateData=Yes InitialR2T=Yes "
    "AuthMethod=CHAP,None\n"
    "  auth CHAP user=u secret=\"a secret of 16 bytes\" target-user=t target-secret=\"another of 16 bytes\"\n"
    "run\n  login iqn.2026-01.example:t at 192.0.2.10:3260 -> $s\n"
    "  scsi lun 0 inquiry alloc=96\n  write lun 0 lba 0 blocks 300 pattern 7\n"
    "  verify lun 0 lba 0 blocks 300 pattern 7\n  scsi lun 300 read-10 lba=9999999 blocks=1\n"
    "  scsi lun 0 read-10 lba=0 blocks=1\n  ping 100\n  lun-reset lun 0\n  target reset\n  pass 5s\nmust ! "
    "connect\n",
    /* IPv6, an answer over several PDUs, two sessions, an end by the initiator */
    "scenario \"discovery\"\nlevel CHOICE\nneeds sim\ntarget\n  portal [2001:db8::10]:3260 group 1\n"
    "  portal 192.0.2.10:3260 group 2\n  nodes 60 prefix iqn.2026-01.example:t\n"
    "initiator\n  offer MaxRecvDataSegmentLength=512\n"
    "run\n  discover [2001:db8::10]:3260\n  login iqn.2026-01.example:t3 at [2001:db8::10]:3260 -> $a\n"
    "  login iqn.2026-01.example:t4 at 192.0.2.10:3260 -> $b\n  target ping\n  logout $a\n  logout $b\nmust "
    "! connect\n",
    /* PDUs no engine sends: unknown opcodes, the wrong side, bytes that are none; an end in the middle of one
     */
    "scenario \"a stranger\"\nlevel CHOICE\nneeds sim\ntarget\n  portal 192.0.2.10:3260\n"
    "  node iqn.2026-01.example:t\n    lun 0 ram 1MiB\n"
    "play initiator\n"
    "  > Login T=1 CSG=1 NSG=3 ITT=1 CmdSN=1 InitiatorName=iqn.2026-01.example:x "
    "TargetName=iqn.2026-01.example:t \"Strange\"=\"two \\x24words\"\n"
    "  < LoginResp T=1 CSG=1 NSG=3 ITT=1 keys _\n"
    "  > ScsiCmd F=1 R=1 LUN=0 ITT=7 EDTL=36 CmdSN=1 CDB=inquiry(alloc=36)\n"
    "  < DataIn ITT=7\n"
    "  > LoginResp T=1 ITT=9\n"
    "  raw 1f8000000000000000000000000000000000000000000000000000000000\n"
    "  ! close\n",
};

static rig_status take_item(void *ctx, const rig_flow *flow, const rig_item *item)
{
    (void)flow;
    return rig_items_add(ctx, item);
}

static rig_status read_capture(const char *path, rig_items *items)
{
    const rig_streams_config config = {.alloc = rig_alloc_libc(), .item = take_item, .ctx = items};
    rig_error err = {0};
    rig_streams *streams = NULL;
    rig_capture *capture = NULL;
    uint64_t time;
    uint32_t wire_len;
    rig_link_type link;
    rig_view bytes;
    rig_status status = rig_capture_open(rig_alloc_libc(), path, &capture, &err);
    if (!status)
        status = rig_streams_new(&config, &streams);
    while (!status) {
        status = rig_capture_next(capture, &time, &link, &bytes, &wire_len, &err);
        if (!status)
            status = rig_streams_packet(streams, time, link, bytes, wire_len);
    }
    if (status == RIG_E_NOT_FOUND)
        status = rig_streams_end(streams);
    rig_streams_free(streams);
    rig_capture_close(capture);
    return status;
}

static rig_scn_file *open_play(const char *text)
{
    const rig_scn_config config = {.alloc = rig_alloc_libc()};
    rig_scn_problems problems = {.num = 0};
    rig_scn_file *file = NULL;
    if (rig_scn_open(&config, rig_view_str("t.scn"), rig_view_str(text), &file, &problems))
        printf("\n    %u:%u: %s\n", problems.list[0].line, problems.list[0].col, problems.list[0].text);
    return file;
}

/* The run's own record, and what its capture tells afterwards. */
static void captures_of_runs(void)
{
    char dir[] = "/tmp/rig-again-XXXXXX";
    CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(dir));
    for (size_t i = 0; i < sizeof plays / sizeof plays[0]; i++) {
        const rig_run_config config = {.alloc = rig_alloc_libc(),
                                       .pcap_dir = dir,
                                       .keep = RIG_RUN_KEEP_ALWAYS,
                                       .keep_items = true,
                                       .program = "iscsirig"};
        rig_result result = {0};
        rig_items items = {.alloc = rig_alloc_libc()};
        rig_scn_file *file = open_play(plays[i]);
        CU_ASSERT_PTR_NOT_NULL_FATAL(file);
        CU_ASSERT(rig_run_case(&config, file, "t.scn", 0, &result) == RIG_OK);
        CU_ASSERT(result.verdict != RIG_VERDICT_ERROR && result.verdict != RIG_VERDICT_SKIP);
        CU_ASSERT(same_again(&result.items, 35));
        CU_ASSERT_PTR_NOT_NULL_FATAL(result.capture);
        CU_ASSERT(read_capture(result.capture, &items) == RIG_OK);
        CU_ASSERT(all_again(&items, 35));
        CU_ASSERT(unlink(result.capture) == 0);
        rig_result_cleanup(&result);
        rig_scn_file_free(file);
    }
    CU_ASSERT(rmdir(dir) == 0);
}

RIG_SUITE("trace again", {"every kind with any header", every_kind_with_any_header},
          {"numbers that are near", numbers_that_are_near}, {"every form of LUN", every_form_of_lun},
          {"every command", every_command},
          {"extended commands differ in their last byte", extended_commands_differ_in_their_last_byte},
          {"every sense and rejection", every_sense_and_rejection}, {"every text", every_text},
          {"text in parts and bad text", text_in_parts_and_bad_text}, {"long text", long_text},
          {"every event", every_event}, {"captures of runs", captures_of_runs})
