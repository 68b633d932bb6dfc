#include "rig/cdb.h"
#include "rig/text.h"
#include "rig/trace.h"
#include "suite.h"

/* One field of a header being made. */
typedef struct set {
    rig_field_id field;
    uint64_t value;
} set;

#define SET(...)                                                                                             \
    (const set[])                                                                                            \
    {                                                                                                        \
        __VA_ARGS__,                                                                                         \
        {                                                                                                    \
            RIG_FIELDS, 0                                                                                    \
        }                                                                                                    \
    }
#define TEXT(literal) rig_view_of(literal, sizeof(literal) - 1)
#define NO_DATA ((rig_view){NULL, 0})

typedef struct page {
    rig_trace trace;
    uint8_t bhs[RIG_BHS_LEN];
    char line[RIG_TRACE_LINE_MAX];
} page;

static rig_item pdu(page *p, rig_pdu_kind kind, const set *sets, rig_view data)
{
    rig_bhs_init(p->bhs, kind);
    for (; sets->field != RIG_FIELDS; sets++)
        rig_set(p->bhs, sets->field, sets->value);
    rig_set(p->bhs, RIG_F_DATA_LEN, data.len);
    return (rig_item){.to_target = rig_pdu_rows[kind].from_initiator,
                      .pdu = {.bhs = p->bhs, .data = data},
                      .data_len = (uint32_t)data.len};
}

static bool prints(page *p, const rig_item *item, const char *wanted)
{
    rig_text text;
    rig_text_init(&text, p->line, sizeof p->line);
    CU_ASSERT_EQUAL(rig_trace_item(&p->trace, &text, item), RIG_OK);
    bool same = strcmp(p->line, wanted) == 0;
    if (!same)
        fprintf(stderr, "wanted %s\nprinted %s\n", wanted, p->line);
    return same;
}

static bool line(page *p, rig_pdu_kind kind, const set *sets, rig_view data, const char *wanted)
{
    rig_item item = pdu(p, kind, sets, data);
    return prints(p, &item, wanted);
}

#define PAGE(p, style)                                                                                       \
    static page p;                                                                                           \
    rig_trace_init(&p.trace, rig_alloc_libc(), style)

static void every_request(void)
{
    PAGE(p, RIG_TRACE_PLAIN);
    CU_ASSERT(line(&p, RIG_PDU_NOP_OUT,
                   SET({RIG_F_ITT, 5}, {RIG_F_I, 1}, {RIG_F_CMD_SN, 7}, {RIG_F_EXP_STAT_SN, 8}), TEXT("abc"),
                   "> NopOut    I=1 ITT=0x5 TTT=none CmdSN=7 ExpStatSN=8 DataLen=3"));
    CU_ASSERT(line(&p, RIG_PDU_SCSI_CMD,
                   SET({RIG_F_F, 1}, {RIG_F_R, 1}, {RIG_F_ATTR, 1}, {RIG_F_LUN, 1ull << 48}, {RIG_F_ITT, 6},
                       {RIG_F_EDTL, 4096}, {RIG_F_CMD_SN, 9}, {RIG_F_EXP_STAT_SN, 8}),
                   NO_DATA,
                   "> ScsiCmd   F=1 R=1 LUN=1 ITT=0x6 EDTL=4096 CmdSN=9 ExpStatSN=8 CDB=test-unit-ready"));
    CU_ASSERT(
        line(&p, RIG_PDU_TMF_REQ,
             SET({RIG_F_I, 1}, {RIG_F_FUNCTION, 1}, {RIG_F_ITT, 7}, {RIG_F_REF_TAG, 6}, {RIG_F_CMD_SN, 10},
                 {RIG_F_EXP_STAT_SN, 8}, {RIG_F_REF_CMD_SN, 9}),
             NO_DATA,
             "> TmfReq    I=1 Function=abort-task LUN=0 ITT=0x7 RefTag=0x6 CmdSN=10 ExpStatSN=8 RefCmdSN=9"));
    CU_ASSERT(line(
        &p, RIG_PDU_LOGIN_REQ,
        SET({RIG_F_T, 1}, {RIG_F_NSG, 1}, {RIG_F_ISID, 0x80000001002a}, {RIG_F_ITT, 1}, {RIG_F_CMD_SN, 3}),
        TEXT("AuthMethod=None\0SessionType=Discovery\0"),
        "> Login     T=1 CSG=0 NSG=1 ISID=80:00:00:01:00:2a TSIH=0 ITT=0x1 CmdSN=3\n"
        "      AuthMethod=None SessionType=Discovery"));
    CU_ASSERT(line(&p, RIG_PDU_TEXT_REQ,
                   SET({RIG_F_F, 1}, {RIG_F_ITT, 2}, {RIG_F_CMD_SN, 4}, {RIG_F_EXP_STAT_SN, 5}),
                   TEXT("SendTargets=All\0"),
                   "> TextReq   F=1 ITT=0x2 TTT=none CmdSN=4 ExpStatSN=5\n      SendTargets=All"));
    CU_ASSERT(line(&p, RIG_PDU_DATA_OUT,
                   SET({RIG_F_F, 1}, {RIG_F_ITT, 2}, {RIG_F_TTT, 0x10}, {RIG_F_EXP_STAT_SN, 5},
                       {RIG_F_DATA_SN, 1}, {RIG_F_BUFFER_OFFSET, 512}),
                   TEXT("0123"),
                   "> DataOut   F=1 ITT=0x2 TTT=0x10 ExpStatSN=5 DataSN=1 BufferOffset=512 DataLen=4"));
    CU_ASSERT(line(&p, RIG_PDU_LOGOUT_REQ,
                   SET({RIG_F_LOGOUT_REASON, 1}, {RIG_F_ITT, 3}, {RIG_F_CID, 2}, {RIG_F_CMD_SN, 4},
                       {RIG_F_EXP_STAT_SN, 5}),
                   NO_DATA, "> Logout    Reason=close-connection ITT=0x3 CID=2 CmdSN=4 ExpStatSN=5"));
    CU_ASSERT(
        line(&p, RIG_PDU_SNACK,
             SET({RIG_F_SNACK_TYPE, 1}, {RIG_F_EXP_STAT_SN, 5}, {RIG_F_BEG_RUN, 5}, {RIG_F_RUN_LENGTH, 2}),
             NO_DATA, "> Snack     Type=status ITT=none ExpStatSN=5 BegRun=5 RunLength=2"));
    rig_trace_cleanup(&p.trace);
}

static void every_answer(void)
{
    static const uint8_t sense[] = {0, 18, 0x70, 0, 6, 0, 0, 0, 0, 10, 0, 0, 0, 0, 0x29, 0, 0, 0, 0, 0};
    static const uint8_t described[] = {0, 8, 0x72, 5, 0x24, 0x01, 0, 0, 0, 0};
    uint8_t rejected[RIG_BHS_LEN];
    const set numbers[] = {{RIG_F_STAT_SN, 1}, {RIG_F_EXP_CMD_SN, 2}, {RIG_F_MAX_CMD_SN, 3}, {RIG_FIELDS, 0}};
    PAGE(p, RIG_TRACE_PLAIN);
    CU_ASSERT(line(&p, RIG_PDU_NOP_IN, numbers, NO_DATA,
                   "< NopIn     ITT=none TTT=none StatSN=1 ExpCmdSN=2 MaxCmdSN=3"));
    CU_ASSERT(line(&p, RIG_PDU_SCSI_RESP,
                   SET({RIG_F_UNDERFLOW, 1}, {RIG_F_ITT, 4}, {RIG_F_STAT_SN, 1}, {RIG_F_EXP_CMD_SN, 2},
                       {RIG_F_MAX_CMD_SN, 3}, {RIG_F_RESIDUAL, 512}),
                   NO_DATA,
                   "< ScsiResp  U=1 Status=GOOD ITT=0x4 StatSN=1 ExpCmdSN=2 MaxCmdSN=3 Residual=512"));
    CU_ASSERT(line(&p, RIG_PDU_SCSI_RESP, SET({RIG_F_SCSI_STATUS, 2}, {RIG_F_ITT, 4}),
                   rig_view_of(sense, sizeof sense),
                   "< ScsiResp  Status=CHECK-CONDITION ITT=0x4 StatSN=0 ExpCmdSN=0 MaxCmdSN=0 "
                   "sense=UNIT-ATTENTION/29/00"));
    CU_ASSERT(line(&p, RIG_PDU_SCSI_RESP, SET({RIG_F_SCSI_STATUS, 2}, {RIG_F_ITT, 4}),
                   rig_view_of(described, sizeof described),
                   "< ScsiResp  Status=CHECK-CONDITION ITT=0x4 StatSN=0 ExpCmdSN=0 MaxCmdSN=0 "
                   "sense=ILLEGAL-REQUEST/24/01"));
    CU_ASSERT(line(&p, RIG_PDU_TMF_RESP, SET({RIG_F_TMF_RESPONSE, 1}, {RIG_F_ITT, 4}), NO_DATA,
                   "< TmfResp   Response=no-such-task ITT=0x4 StatSN=0 ExpCmdSN=0 MaxCmdSN=0"));
    CU_ASSERT(
        line(&p, RIG_PDU_LOGIN_RESP,
             SET({RIG_F_T, 1}, {RIG_F_CSG, 1}, {RIG_F_NSG, 3}, {RIG_F_TSIH, 9}, {RIG_F_ITT, 1}), NO_DATA,
             "< LoginResp T=1 CSG=1 NSG=3 TSIH=9 ITT=0x1 StatSN=0 ExpCmdSN=0 MaxCmdSN=0 Status=Success"));
    CU_ASSERT(line(&p, RIG_PDU_TEXT_RESP, SET({RIG_F_F, 1}, {RIG_F_ITT, 1}),
                   TEXT("TargetName=iqn.a\0TargetAddress=10.0.0.1:3260,1\0"),
                   "< TextResp  F=1 ITT=0x1 TTT=none StatSN=0 ExpCmdSN=0 MaxCmdSN=0\n"
                   "      TargetName=iqn.a TargetAddress=10.0.0.1:3260,1"));
    CU_ASSERT(
        line(&p, RIG_PDU_DATA_IN,
             SET({RIG_F_F, 1}, {RIG_F_S, 1}, {RIG_F_ITT, 1}, {RIG_F_STAT_SN, 1}, {RIG_F_BUFFER_OFFSET, 8}),
             TEXT("12345678"),
             "< DataIn    F=1 S=1 Status=GOOD ITT=0x1 StatSN=1 ExpCmdSN=0 MaxCmdSN=0 DataSN=0 BufferOffset=8 "
             "DataLen=8"));
    CU_ASSERT(
        line(&p, RIG_PDU_DATA_IN, SET({RIG_F_ITT, 1}, {RIG_F_A, 1}, {RIG_F_TTT, 4}), NO_DATA,
             "< DataIn    F=0 A=1 ITT=0x1 TTT=0x4 ExpCmdSN=0 MaxCmdSN=0 DataSN=0 BufferOffset=0 DataLen=0"));
    CU_ASSERT(line(
        &p, RIG_PDU_LOGOUT_RESP, SET({RIG_F_ITT, 1}, {RIG_F_TIME2WAIT, 2}, {RIG_F_TIME2RETAIN, 20}), NO_DATA,
        "< LogoutResp Response=closed ITT=0x1 StatSN=0 ExpCmdSN=0 MaxCmdSN=0 Time2Wait=2 Time2Retain=20"));
    CU_ASSERT(line(&p, RIG_PDU_R2T,
                   SET({RIG_F_ITT, 1}, {RIG_F_TTT, 0}, {RIG_F_R2T_SN, 1}, {RIG_F_DESIRED_LEN, 8192}), NO_DATA,
                   "< R2T       ITT=0x1 TTT=0x0 StatSN=0 ExpCmdSN=0 MaxCmdSN=0 R2TSN=1 BufferOffset=0 "
                   "DesiredLength=8192"));
    CU_ASSERT(line(&p, RIG_PDU_ASYNC, SET({RIG_F_ASYNC_EVENT, 1}, {RIG_F_PARAMETER3, 5}), NO_DATA,
                   "< Async     StatSN=0 ExpCmdSN=0 MaxCmdSN=0 Event=logout-request Parameter3=5"));
    rig_bhs_init(rejected, RIG_PDU_SNACK);
    CU_ASSERT(line(&p, RIG_PDU_REJECT, SET({RIG_F_REJECT_REASON, 3}), rig_view_of(rejected, sizeof rejected),
                   "< Reject    Reason=snack-reject StatSN=0 ExpCmdSN=0 MaxCmdSN=0 Rejected=Snack"));
    rig_trace_cleanup(&p.trace);
}

/* A field that a conforming sender has to set is shown when it is not as it has to be. */
static void what_should_go_without_saying(void)
{
    PAGE(p, RIG_TRACE_PLAIN);
    CU_ASSERT(
        line(&p, RIG_PDU_LOGIN_REQ, SET({RIG_F_I, 0}, {RIG_F_C, 1}), TEXT("Initia"),
             "> Login     I=0 T=0 C=1 CSG=0 ISID=00:00:00:00:00:00 TSIH=0 ITT=none CmdSN=0 text-bytes=6"));
    CU_ASSERT(line(&p, RIG_PDU_R2T, SET({RIG_F_F, 0}, {RIG_F_ITT, 1}), NO_DATA,
                   "< R2T       F=0 ITT=0x1 TTT=none StatSN=0 ExpCmdSN=0 MaxCmdSN=0 R2TSN=0 BufferOffset=0 "
                   "DesiredLength=0"));
    rig_item item = pdu(&p, RIG_PDU_NOP_OUT, SET({RIG_F_ITT, 1}), NO_DATA);
    p.bhs[0] = 0x1e;
    CU_ASSERT(prints(&p, &item, "> Unknown   Opcode=0x1e ITT=0x1"));
    item.to_target = false;
    item.missing = 3;
    item.pdu.bad_header_digest = item.pdu.bad_data_digest = item.pdu.bad_padding = true;
    CU_ASSERT(
        prints(&p, &item,
               "< Unknown   Opcode=0x1e ITT=0x1 missing=3 !bad-header-digest !bad-data-digest !bad-padding"));
    rig_trace_cleanup(&p.trace);
}

static void values_are_quoted_where_needed(void)
{
    static const struct {
        const char *text;
        size_t len;
        const char *printed;
    } rows[] = {
#define ROW(text, printed) {text, sizeof(text) - 1, printed}
        ROW("InitiatorAlias=two words\0", "InitiatorAlias=\"two words\""),
        ROW("InitiatorAlias=\0", "InitiatorAlias=\"\""),
        ROW("InitiatorAlias=_\0", "InitiatorAlias=\"_\""),
        ROW("InitiatorAlias=$x\0", "InitiatorAlias=\"\\x24x\""),
        ROW("InitiatorAlias=[none]\0", "InitiatorAlias=\"[none]\""),
        ROW("InitiatorAlias=a..b\0", "InitiatorAlias=\"a..b\""),
        ROW("InitiatorAlias=a,\0", "InitiatorAlias=\"a,\""),
        ROW("InitiatorAlias=a\"\n\\\0", "InitiatorAlias=\"a\\x22\\x0a\\x5c\""),
        ROW("InitiatorAlias=\xff\0", "InitiatorAlias=\"\\xff\""),
        ROW("InitiatorAlias=\xc3\xa4\0", "InitiatorAlias=\"\xc3\xa4\""),
        ROW("TargetAddress=[fe80::1]:3260,1\0", "TargetAddress=[fe80::1]:3260,1"),
        ROW("CHAP_C=0x0123\0", "CHAP_C=0x0123"),
        ROW("CHAP_R=0x0123\0", "CHAP_R=_"),
        ROW("X-com.example.key=1\0", "X-com.example.key=1"),
        ROW("Misspelt=1\0", "\"Misspelt\"=1"),
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        PAGE(p, RIG_TRACE_PLAIN);
        char wanted[200];
        rig_text text;
        rig_text_init(&text, wanted, sizeof wanted);
        rig_text_add(&text, "> TextReq   F=1 ITT=0x1 TTT=none CmdSN=0 ExpStatSN=0\n      %s",
                     rows[i].printed);
        CU_ASSERT(line(&p, RIG_PDU_TEXT_REQ, SET({RIG_F_F, 1}, {RIG_F_ITT, 1}),
                       rig_view_of(rows[i].text, rows[i].len), wanted));
        rig_trace_cleanup(&p.trace);
    }
}

static void bad_text_tells_where(void)
{
    PAGE(p, RIG_TRACE_PLAIN);
    CU_ASSERT(line(&p, RIG_PDU_TEXT_REQ, SET({RIG_F_F, 1}, {RIG_F_ITT, 1}), TEXT("SendTargets=All\0nonsense"),
                   "> TextReq   F=1 ITT=0x1 TTT=none CmdSN=0 ExpStatSN=0 bad-text=16\n      SendTargets=All "
                   "keys _"));
    CU_ASSERT(line(&p, RIG_PDU_TEXT_REQ, SET({RIG_F_F, 1}, {RIG_F_ITT, 1}), TEXT("nonsense"),
                   "> TextReq   F=1 ITT=0x1 TTT=none CmdSN=0 ExpStatSN=0 bad-text=0"));
    rig_trace_cleanup(&p.trace);
}

/* A scenario has to read the line again: no word of it may be longer than a line may be there. */
static void long_values_are_any_value(void)
{
    static char text[RIG_TRACE_VALUE_MAX + 20] = "TargetAlias=";
    static char wanted[sizeof text + 200];
    PAGE(p, RIG_TRACE_PLAIN);
    size_t name = strlen(text);
    memset(text + name, 'a', RIG_TRACE_VALUE_MAX);
    for (int over = 0; over < 2; over++) {
        rig_text out;
        rig_text_init(&out, wanted, sizeof wanted);
        rig_text_add(&out, "> TextReq   F=1 ITT=0x1 TTT=none CmdSN=0 ExpStatSN=0\n      ");
        rig_text_add(&out, "%s", over ? "TargetAlias=_" : text);
        text[name + RIG_TRACE_VALUE_MAX] = over ? 'a' : 0;
        CU_ASSERT(line(&p, RIG_PDU_TEXT_REQ, SET({RIG_F_F, 1}, {RIG_F_ITT, 1}),
                       rig_view_of(text, name + RIG_TRACE_VALUE_MAX + 1 + (unsigned)over), wanted));
    }
    rig_trace_cleanup(&p.trace);
}

static size_t many(char *text, size_t size, const char *pair)
{
    size_t len = 0;
    while (len + strlen(pair) + 1 <= size) {
        memcpy(text + len, pair, strlen(pair) + 1);
        len += strlen(pair) + 1;
    }
    return len;
}

static void a_thousand_keys_are_printed(void)
{
    static char text[4 * (RIG_TRACE_KEYS_MAX + 1)];
    PAGE(p, RIG_TRACE_PLAIN);
    for (int over = 0; over < 2; over++) {
        rig_text out;
        size_t len = many(text, sizeof text - (over ? 0 : 4), "A=b");
        rig_item item = pdu(&p, RIG_PDU_TEXT_RESP, SET({RIG_F_F, 1}), rig_view_of(text, len));
        rig_text_init(&out, p.line, sizeof p.line);
        CU_ASSERT_EQUAL(rig_trace_item(&p.trace, &out, &item), RIG_OK);
        bool open = strcmp(p.line + out.len - 6, "keys _") == 0;
        CU_ASSERT_EQUAL(open, over == 1);
    }
    rig_trace_cleanup(&p.trace);
}

static void long_texts_break_lines_and_say_that_there_is_more(void)
{
    static char text[200000];
    PAGE(p, RIG_TRACE_PLAIN);
    size_t len =
        many(text, sizeof text, "TargetAddress=192.0.2.10:3260,1 and what makes it a longer value yet");
    rig_item item = pdu(&p, RIG_PDU_TEXT_RESP, SET({RIG_F_F, 1}, {RIG_F_ITT, 1}), rig_view_of(text, len));
    rig_text out;
    rig_text_init(&out, p.line, sizeof p.line);
    CU_ASSERT_EQUAL(rig_trace_item(&p.trace, &out, &item), RIG_OK);
    CU_ASSERT(!out.cut);
    CU_ASSERT(out.len > RIG_TRACE_LINE_MAX - 200);
    CU_ASSERT_STRING_EQUAL(p.line + out.len - 7, " keys _");
    rig_view rest = rig_view_of(p.line, out.len);
    rig_view_split(&rest, '\n');
    while (rest.ptr) {
        rig_view part = rig_view_split(&rest, '\n');
        CU_ASSERT(part.len <= 100);
        CU_ASSERT(rig_view_starts(part, "      "));
    }
    rig_trace_cleanup(&p.trace);
}

static void symbols_of_a_session(void)
{
    PAGE(p, RIG_TRACE_SYMBOLIC);
    CU_ASSERT(line(&p, RIG_PDU_LOGIN_REQ,
                   SET({RIG_F_T, 1}, {RIG_F_CSG, 1}, {RIG_F_NSG, 3}, {RIG_F_ISID, 7}, {RIG_F_ITT, 0x50},
                       {RIG_F_CMD_SN, 1000}),
                   NO_DATA, "> Login     T=1 CSG=1 NSG=3 ISID=00:00:00:00:00:07 TSIH=0 ITT=$t1 CmdSN=$c1"));
    CU_ASSERT(line(&p, RIG_PDU_LOGIN_RESP,
                   SET({RIG_F_T, 1}, {RIG_F_CSG, 1}, {RIG_F_NSG, 3}, {RIG_F_ISID, 7}, {RIG_F_TSIH, 77},
                       {RIG_F_ITT, 0x50}, {RIG_F_STAT_SN, UINT32_MAX}, {RIG_F_EXP_CMD_SN, 1000},
                       {RIG_F_MAX_CMD_SN, 1031}),
                   NO_DATA,
                   "< LoginResp T=1 CSG=1 NSG=3 TSIH=$h1 ITT=$t1 StatSN=$s1 ExpCmdSN=$c1 MaxCmdSN=$c1+31 "
                   "Status=Success"));
    CU_ASSERT(line(
        &p, RIG_PDU_SCSI_CMD,
        SET({RIG_F_F, 1}, {RIG_F_W, 1}, {RIG_F_ATTR, 1}, {RIG_F_ITT, 0x50}, {RIG_F_EDTL, 512},
            {RIG_F_CMD_SN, 1000}, {RIG_F_EXP_STAT_SN, 0}),
        NO_DATA, "> ScsiCmd   F=1 W=1 LUN=0 ITT=$t2 EDTL=512 CmdSN=$c1 ExpStatSN=$s1+1 CDB=test-unit-ready"));
    CU_ASSERT(
        line(&p, RIG_PDU_R2T,
             SET({RIG_F_ITT, 0x50}, {RIG_F_TTT, 3}, {RIG_F_STAT_SN, 0}, {RIG_F_EXP_CMD_SN, 1001},
                 {RIG_F_MAX_CMD_SN, 999}, {RIG_F_DESIRED_LEN, 512}),
             NO_DATA,
             "< R2T       ITT=$t2 TTT=$r1 StatSN=$s1+1 ExpCmdSN=$c1+1 MaxCmdSN=$c1-1 R2TSN=0 BufferOffset=0 "
             "DesiredLength=512"));
    CU_ASSERT(line(&p, RIG_PDU_DATA_OUT,
                   SET({RIG_F_F, 1}, {RIG_F_ITT, 0x50}, {RIG_F_TTT, 3}, {RIG_F_EXP_STAT_SN, 0}), NO_DATA,
                   "> DataOut   F=1 ITT=$t2 TTT=$r1 ExpStatSN=$s1+1 DataSN=0 BufferOffset=0 DataLen=0"));
    CU_ASSERT(line(&p, RIG_PDU_TMF_REQ,
                   SET({RIG_F_I, 1}, {RIG_F_FUNCTION, 1}, {RIG_F_ITT, 0x51}, {RIG_F_REF_TAG, 0x50},
                       {RIG_F_CMD_SN, 1001}, {RIG_F_EXP_STAT_SN, 0}, {RIG_F_REF_CMD_SN, 1000}),
                   NO_DATA,
                   "> TmfReq    I=1 Function=abort-task LUN=0 ITT=$t3 RefTag=$t2 CmdSN=$c1+1 ExpStatSN=$s1+1 "
                   "RefCmdSN=$c1"));
    CU_ASSERT(
        line(&p, RIG_PDU_R2T,
             SET({RIG_F_ITT, 0x50}, {RIG_F_TTT, 3}, {RIG_F_R2T_SN, 1}, {RIG_F_EXP_CMD_SN, 1001},
                 {RIG_F_MAX_CMD_SN, 1001}),
             NO_DATA,
             "< R2T       ITT=$t2 TTT=$r2 StatSN=$s1+1 ExpCmdSN=$c1+1 MaxCmdSN=$c1+1 R2TSN=1 BufferOffset=0 "
             "DesiredLength=0"));
    rig_trace_cleanup(&p.trace);
}

static rig_item on(uint32_t connection, rig_item item)
{
    item.connection = connection;
    return item;
}

/* Connections of one session share CmdSN and tags; each has its own StatSN. Another session shares nothing.
 */
static void symbols_of_several_connections(void)
{
    PAGE(p, RIG_TRACE_SYMBOLIC);
    const set leading[] = {{RIG_F_T, 1},   {RIG_F_NSG, 3},     {RIG_F_CSG, 1}, {RIG_F_ISID, 7},
                           {RIG_F_ITT, 1}, {RIG_F_CMD_SN, 10}, {RIG_FIELDS, 0}};
    rig_item item = on(0, pdu(&p, RIG_PDU_LOGIN_REQ, leading, NO_DATA));
    CU_ASSERT(
        prints(&p, &item, "> Login     T=1 CSG=1 NSG=3 ISID=00:00:00:00:00:07 TSIH=0 ITT=$t1 CmdSN=$c1"));
    item = on(0, pdu(&p, RIG_PDU_LOGIN_RESP,
                     SET({RIG_F_T, 1}, {RIG_F_NSG, 3}, {RIG_F_CSG, 1}, {RIG_F_ISID, 7}, {RIG_F_TSIH, 4},
                         {RIG_F_ITT, 1}, {RIG_F_STAT_SN, 5}, {RIG_F_EXP_CMD_SN, 10}, {RIG_F_MAX_CMD_SN, 10}),
                     NO_DATA));
    CU_ASSERT(prints(&p, &item,
                     "< LoginResp T=1 CSG=1 NSG=3 TSIH=$h1 ITT=$t1 StatSN=$s1 ExpCmdSN=$c1 MaxCmdSN=$c1 "
                     "Status=Success"));
    item = on(1, pdu(&p, RIG_PDU_LOGIN_REQ,
                     SET({RIG_F_T, 1}, {RIG_F_NSG, 3}, {RIG_F_CSG, 1}, {RIG_F_ISID, 7}, {RIG_F_TSIH, 4},
                         {RIG_F_ITT, 2}, {RIG_F_CID, 1}, {RIG_F_CMD_SN, 12}),
                     NO_DATA));
    CU_ASSERT(prints(
        &p, &item, "> Login     T=1 CSG=1 NSG=3 ISID=00:00:00:00:00:07 TSIH=$h1 ITT=$t2 CID=1 CmdSN=$c1+2"));
    item = on(1, pdu(&p, RIG_PDU_NOP_IN,
                     SET({RIG_F_ITT, RIG_TAG_NONE}, {RIG_F_TTT, 9}, {RIG_F_STAT_SN, 700},
                         {RIG_F_EXP_CMD_SN, 12}, {RIG_F_MAX_CMD_SN, 12}),
                     NO_DATA));
    CU_ASSERT(prints(&p, &item, "< NopIn     ITT=none TTT=$r1 StatSN=$s2 ExpCmdSN=$c1+2 MaxCmdSN=$c1+2"));
    item = on(2, pdu(&p, RIG_PDU_LOGIN_REQ, leading, NO_DATA));
    CU_ASSERT(
        prints(&p, &item, "> Login     T=1 CSG=1 NSG=3 ISID=00:00:00:00:00:07 TSIH=0 ITT=$t3 CmdSN=$c2"));
    rig_trace_cleanup(&p.trace);
}

/* Far more tags than are remembered: still a name each, and flat memory. */
static void tags_are_forgotten_at_the_limit(void)
{
    rig_alloc_meter meter;
    rig_alloc_meter_init(&meter, rig_alloc_libc());
    static page p;
    rig_trace_init(&p.trace, &meter.alloc, RIG_TRACE_SYMBOLIC);
    uint64_t half = 0;
    for (uint32_t i = 0; i < 140000; i++) {
        rig_text text;
        rig_item item = pdu(&p, RIG_PDU_NOP_OUT, SET({RIG_F_ITT, i}), NO_DATA);
        rig_text_init(&text, p.line, sizeof p.line);
        CU_ASSERT_EQUAL_FATAL(rig_trace_item(&p.trace, &text, &item), RIG_OK);
        if (i == 70000)
            half = meter.bytes_live;
    }
    CU_ASSERT_STRING_EQUAL(p.line, "> NopOut    ITT=$t140000 TTT=none CmdSN=$c1 ExpStatSN=$s1");
    CU_ASSERT_EQUAL(meter.bytes_live, half);
    rig_trace_cleanup(&p.trace);
    CU_ASSERT_EQUAL(meter.num_live, 0);
}

/* Connections belong to sessions: a login with a TSIH joins the one that was given it (6.3.1), in both
 * styles. */
static void sessions_are_numbered(void)
{
    static const rig_trace_style styles[] = {RIG_TRACE_PLAIN, RIG_TRACE_SYMBOLIC};
    for (unsigned i = 0; i < 2; i++) {
        rig_text text;
        PAGE(p, styles[i]);
        const struct {
            uint32_t connection;
            rig_pdu_kind kind;
            uint64_t isid, tsih;
            uint32_t session;
        } rows[] = {{0, RIG_PDU_LOGIN_REQ, 7, 0, 1}, {0, RIG_PDU_LOGIN_RESP, 7, 5, 1},
                    {1, RIG_PDU_LOGIN_REQ, 7, 5, 1}, {2, RIG_PDU_LOGIN_REQ, 8, 5, 2},
                    {3, RIG_PDU_LOGIN_REQ, 7, 6, 3}, {4, RIG_PDU_NOP_IN, 0, 0, 4}};
        CU_ASSERT_EQUAL(rig_trace_session(&p.trace, 0), 0);
        for (size_t r = 0; r < sizeof rows / sizeof rows[0]; r++) {
            rig_item item = pdu(&p, rows[r].kind, SET({RIG_F_ITT, 1}), NO_DATA);
            if (rows[r].kind != RIG_PDU_NOP_IN) {
                rig_set(p.bhs, RIG_F_ISID, rows[r].isid);
                rig_set(p.bhs, RIG_F_TSIH, rows[r].tsih);
            }
            item.connection = rows[r].connection;
            rig_text_init(&text, p.line, sizeof p.line);
            CU_ASSERT_EQUAL(rig_trace_item(&p.trace, &text, &item), RIG_OK);
            CU_ASSERT_EQUAL(rig_trace_session(&p.trace, rows[r].connection), rows[r].session);
        }
        CU_ASSERT_EQUAL(rig_trace_session(&p.trace, 9), 0);
        rig_trace_cleanup(&p.trace);
    }
}

/* Prints a Login PDU, and gives what the login came to with it: empty when it did not end. */
static const char *agreed(page *p, rig_pdu_kind kind, uint64_t nsg, uint64_t tsih, rig_view keys)
{
    static char room[1024];
    rig_text text;
    rig_item item =
        pdu(p, kind, SET({RIG_F_T, nsg != 0}, {RIG_F_CSG, 1}, {RIG_F_NSG, nsg}, {RIG_F_TSIH, tsih}), keys);
    rig_text_init(&text, p->line, sizeof p->line);
    CU_ASSERT_EQUAL(rig_trace_item(&p->trace, &text, &item), RIG_OK);
    rig_text_init(&text, room, sizeof room);
    CU_ASSERT_EQUAL(rig_trace_agreed(&p->trace, &text, &item), text.len > 0);
    return room;
}

/* What a login came to: the answer, else the default; of declared keys both (RFC 7143 sections 6.2 and 13).
 */
static void logins_come_to_something(void)
{
    PAGE(p, RIG_TRACE_PLAIN);
    CU_ASSERT_STRING_EQUAL(agreed(&p, RIG_PDU_LOGIN_RESP, 3, 1, NO_DATA),
                           ""); /* its beginning was not seen */
    CU_ASSERT_STRING_EQUAL(agreed(&p, RIG_PDU_LOGIN_REQ, 0, 0,
                                  TEXT("HeaderDigest=CRC32C,None\0InitialR2T=No\0MaxConnections=8\0"
                                       "MaxRecvDataSegmentLength=65536\0DefaultTime2Wait=9\0")),
                           "");
    CU_ASSERT_STRING_EQUAL(
        agreed(&p, RIG_PDU_LOGIN_RESP, 0, 0, TEXT("HeaderDigest=CRC32C\0InitialR2T=Yes\0")), "");
    CU_ASSERT_STRING_EQUAL(
        agreed(&p, RIG_PDU_LOGIN_REQ, 3, 0, TEXT("MaxOutstandingR2T=4\0MaxBurstLength=512\0")), "");
    CU_ASSERT_STRING_EQUAL(
        agreed(
            &p, RIG_PDU_LOGIN_RESP, 3, 1,
            TEXT("MaxOutstandingR2T=2\0MaxConnections=1\0MaxBurstLength=Reject\0TaskReporting=FastAbort\0")),
        " HeaderDigest=CRC32C DataDigest=None MaxRecvDataSegmentLength=65536/8192 MaxConnections=1 "
        "InitialR2T=Yes "
        "ImmediateData=Yes MaxBurstLength=262144 FirstBurstLength=65536 DefaultTime2Wait=2 "
        "DefaultTime2Retain=20 "
        "MaxOutstandingR2T=2 DataPDUInOrder=Yes DataSequenceInOrder=Yes ErrorRecoveryLevel=0 "
        "TaskReporting=RFC3720 "
        "iSCSIProtocolLevel=1");
    CU_ASSERT_STRING_EQUAL(agreed(&p, RIG_PDU_LOGIN_REQ, 3, 1, TEXT("DataDigest=CRC32C\0")), "");
    CU_ASSERT_STRING_EQUAL(agreed(&p, RIG_PDU_LOGIN_RESP, 3, 1, TEXT("DataDigest=CRC32C\0")),
                           " HeaderDigest=None DataDigest=CRC32C MaxRecvDataSegmentLength=8192/8192");
    rig_trace_cleanup(&p.trace);
}

/* More connections than are remembered: the one longest unused makes room, and the memory stays as it is. */
static void connections_are_forgotten_at_the_limit(void)
{
    rig_alloc_meter meter;
    rig_alloc_meter_init(&meter, rig_alloc_libc());
    static page p;
    rig_trace_init(&p.trace, &meter.alloc, RIG_TRACE_PLAIN);
    uint64_t full = 0;
    for (uint32_t i = 0; i < RIG_TRACE_CONNECTIONS_MAX + 1000; i++) {
        rig_text text;
        rig_item item =
            pdu(&p, RIG_PDU_LOGIN_REQ, SET({RIG_F_ISID, i}, {RIG_F_TSIH, 1}, {RIG_F_ITT, 1}), NO_DATA);
        for (unsigned again = 0; again < 2; again++) { /* the first one is used all the time */
            item.connection = again ? 0 : i;
            rig_text_init(&text, p.line, sizeof p.line);
            CU_ASSERT_EQUAL_FATAL(rig_trace_item(&p.trace, &text, &item), RIG_OK);
        }
        if (i + 1 == RIG_TRACE_CONNECTIONS_MAX)
            full = meter.bytes_live;
    }
    CU_ASSERT_EQUAL(meter.bytes_live, full);
    CU_ASSERT_EQUAL(rig_trace_session(&p.trace, 0), 1);
    CU_ASSERT_EQUAL(rig_trace_session(&p.trace, 1), 0);
    CU_ASSERT_EQUAL(rig_trace_session(&p.trace, 1000), 0);
    CU_ASSERT_EQUAL(rig_trace_session(&p.trace, 1001), 1002);
    rig_trace_cleanup(&p.trace);
    CU_ASSERT_EQUAL(meter.num_live, 0);
}

static void every_allocation_may_fail(void)
{
    bool done = false;
    for (uint64_t n = 1; n < 20 && !done; n++) {
        rig_alloc_meter meter;
        static page p;
        rig_alloc_meter_init(&meter, rig_alloc_libc());
        meter.fail_at = n;
        rig_trace_init(&p.trace, &meter.alloc, RIG_TRACE_SYMBOLIC);
        rig_text text;
        rig_text_init(&text, p.line, sizeof p.line);
        rig_item item = pdu(&p, RIG_PDU_NOP_IN, SET({RIG_F_ITT, 4}, {RIG_F_TTT, 5}), NO_DATA);
        rig_status status = rig_trace_item(&p.trace, &text, &item);
        CU_ASSERT(status == RIG_OK || status == RIG_E_NOMEM);
        done = status == RIG_OK;
        rig_trace_cleanup(&p.trace);
        CU_ASSERT_EQUAL(meter.num_live, 0);
        CU_ASSERT(done || n < 10);
    }
    CU_ASSERT(done);
}

static void extended_commands(void)
{
    uint8_t ahs[64];
    static const uint8_t tail[16] = {0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 8};
    static const uint8_t length[4] = {0, 0, 2, 0};
    PAGE(p, RIG_TRACE_PLAIN);
    rig_item item = pdu(&p, RIG_PDU_SCSI_CMD, SET({RIG_F_F, 1}, {RIG_F_ATTR, 1}, {RIG_F_ITT, 1}), NO_DATA);
    uint8_t *cdb = p.bhs + 32;
    cdb[0] = 0x7f;
    cdb[7] = 24;
    cdb[9] = 9;
    size_t len = rig_ahs_put(ahs, sizeof ahs, RIG_AHS_CDB, rig_view_of(tail, sizeof tail));
    len += rig_ahs_put(ahs + len, sizeof ahs - len, RIG_AHS_BIDI, rig_view_of(length, 4));
    rig_set(p.bhs, RIG_F_AHS_WORDS, len / 4);
    item.pdu.ahs = rig_view_of(ahs, len);
    rig_text text;
    rig_text_init(&text, p.line, sizeof p.line);
    CU_ASSERT_EQUAL(rig_trace_item(&p.trace, &text, &item), RIG_OK);
    CU_ASSERT_PTR_NOT_NULL(strstr(p.line, " BidiEDTL=512"));
    char wanted[400];
    uint8_t whole[32];
    memcpy(whole, cdb, 16);
    memcpy(whole + 16, tail, 16);
    rig_text_init(&text, wanted, sizeof wanted);
    rig_text_add(&text, " CDB=");
    rig_cdb_print(&text, rig_view_of(whole, sizeof whole));
    rig_text_add(&text, " BidiEDTL");
    CU_ASSERT_PTR_NOT_NULL(strstr(p.line, wanted));
    rig_trace_cleanup(&p.trace);
}

static void events(void)
{
    PAGE(p, RIG_TRACE_SYMBOLIC);
    rig_item item = {.kind = RIG_ITEM_EVENT, .event = TEXT("close"), .args = TEXT("by target reason=reset")};
    CU_ASSERT(prints(&p, &item, "! close by target reason=reset"));
    item = (rig_item){.kind = RIG_ITEM_EVENT, .event = TEXT("nexus-loss notice")};
    CU_ASSERT(prints(&p, &item, "! nexus-loss notice"));
    rig_trace_cleanup(&p.trace);
}

static void virtual_rows(void)
{
    static page p;
    uint64_t number;
    char out[40];
    rig_text text;
    rig_item item = pdu(&p, RIG_PDU_SCSI_CMD, SET({RIG_F_ITT, 1}), TEXT("abcd"));
    const rig_virtual *row = rig_virtual_find(RIG_PDU_SCSI_CMD, TEXT("DataLen"));
    CU_ASSERT_PTR_NOT_NULL_FATAL(row);
    CU_ASSERT(row->number(&item, &number) && number == 4);
    CU_ASSERT_PTR_NULL(rig_virtual_find(RIG_PDU_SCSI_CMD, TEXT("sense")));
    CU_ASSERT_PTR_NULL(rig_virtual_find(RIG_PDU_SCSI_CMD, TEXT("nonsense")));
    row = rig_virtual_find(RIG_PDU_SCSI_RESP, TEXT("sense"));
    CU_ASSERT_PTR_NOT_NULL_FATAL(row);
    item = pdu(&p, RIG_PDU_SCSI_RESP, SET({RIG_F_ITT, 1}), TEXT("\0\x02xy"));
    rig_text_init(&text, out, sizeof out);
    CU_ASSERT(!rig_virtual_print(row, &item, &text));
    CU_ASSERT_EQUAL(text.len, 0);
}

static bool reads(rig_pdu_kind kind, const char *name, const char *value, uint64_t wanted)
{
    uint64_t number = UINT64_MAX;
    const rig_virtual *row = rig_virtual_find(kind, rig_view_str(name));
    bool read = row && rig_virtual_parse(row, rig_view_str(value), &number);
    return wanted == UINT64_MAX ? row && !read : read && number == wanted;
}

static void virtual_values_are_read(void)
{
    CU_ASSERT(reads(RIG_PDU_SCSI_RESP, "sense", "UNIT-ATTENTION/29/00", 0x62900));
    CU_ASSERT(reads(RIG_PDU_SCSI_RESP, "sense", "0xc/0A/ff", 0xc0aff));
    CU_ASSERT(reads(RIG_PDU_ASYNC, "sense", "UNIT-ATTENTION", UINT64_MAX));
    CU_ASSERT(reads(RIG_PDU_ASYNC, "sense", "UNIT-ATTENTION/29", UINT64_MAX));
    CU_ASSERT(reads(RIG_PDU_ASYNC, "sense", "UNIT-ATTENTION/29/0", UINT64_MAX));
    CU_ASSERT(reads(RIG_PDU_ASYNC, "sense", "UNIT-ATTENTION/29/00/", UINT64_MAX));
    CU_ASSERT(reads(RIG_PDU_ASYNC, "sense", "0x10/29/00", UINT64_MAX));
    CU_ASSERT(reads(RIG_PDU_REJECT, "Rejected", "Snack", RIG_PDU_SNACK));
    CU_ASSERT(reads(RIG_PDU_REJECT, "Rejected", "Unknown", RIG_PDU_UNKNOWN));
    CU_ASSERT(reads(RIG_PDU_REJECT, "Rejected", "Snak", UINT64_MAX));
    CU_ASSERT(reads(RIG_PDU_UNKNOWN, "DataLen", "0xffffff", RIG_DATA_MAX));
    CU_ASSERT(reads(RIG_PDU_UNKNOWN, "DataLen", "0x1000000", UINT64_MAX));
    CU_ASSERT(reads(RIG_PDU_LOGIN_REQ, "bad-text", "x", UINT64_MAX));
}

/* What a row makes it also reads, at both ends of its range. */
static void drafts_have_what_they_were_given(void)
{
    for (const rig_virtual *row = rig_virtuals; row->name; row++) {
        const uint64_t numbers[] = {0, 9, strcmp(row->name, "bad-text") ? row->max & 0xfffff : 4};
        for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
            static char room[RIG_DATA_MAX / 8];
            uint8_t bhs[RIG_BHS_LEN], ahs[RIG_DRAFT_AHS_MAX];
            uint64_t wanted = numbers[i] < row->max ? numbers[i] : row->max, number;
            rig_item item = {.kind = RIG_ITEM_PDU, .pdu = {.bhs = bhs}};
            rig_text data;
            rig_pdu_kind kind = RIG_PDU_NOP_OUT;
            while (!(row->pdus >> kind & 1))
                kind++;
            rig_bhs_init(bhs, kind);
            rig_text_init(&data, room, sizeof room);
            const rig_draft draft = {&item, bhs, ahs, &data};
            CU_ASSERT(row->make(&draft, wanted));
            item.pdu.data = rig_view_of(room, data.len);
            item.data_len = (uint32_t)data.len;
            CU_ASSERT(row->number(&item, &number) && number == wanted);
        }
    }
}

static void mark_rows(void)
{
    for (const rig_mark *mark = rig_marks; mark->name; mark++) {
        rig_item item = {.kind = RIG_ITEM_PDU};
        CU_ASSERT(!mark->is(&item));
        mark->make(&item);
        CU_ASSERT(mark->is(&item));
        CU_ASSERT_PTR_EQUAL(rig_mark_find(rig_view_str(mark->name)), mark);
    }
    CU_ASSERT_PTR_NULL(rig_mark_find(TEXT("good-padding")));
}

/* Keys are looked up by scenarios, too: a list with an order can be checked by eye. */
static void key_names(void)
{
    for (size_t i = 0; rig_key_names[i]; i++) {
        CU_ASSERT(rig_key_valid(rig_view_str(rig_key_names[i])));
        CU_ASSERT(i == 0 || strcmp(rig_key_names[i - 1], rig_key_names[i]) < 0);
    }
    CU_ASSERT(rig_key_known(TEXT("X-com.example.a")));
    CU_ASSERT(!rig_key_known(TEXT("X-")));
    CU_ASSERT(!rig_key_known(TEXT("W-com.example.a")));
}

RIG_SUITE(
    "pcap trace", {"every request", every_request}, {"every answer", every_answer},
    {"what should go without saying", what_should_go_without_saying},
    {"values are quoted where needed", values_are_quoted_where_needed},
    {"bad text tells where", bad_text_tells_where}, {"long values are any value", long_values_are_any_value},
    {"a thousand keys are printed", a_thousand_keys_are_printed},
    {"long texts break lines and say that there is more", long_texts_break_lines_and_say_that_there_is_more},
    {"symbols of a session", symbols_of_a_session},
    {"symbols of several connections", symbols_of_several_connections},
    {"tags are forgotten at the limit", tags_are_forgotten_at_the_limit},
    {"sessions are numbered", sessions_are_numbered}, {"logins come to something", logins_come_to_something},
    {"connections are forgotten at the limit", connections_are_forgotten_at_the_limit},
    {"every allocation may fail", every_allocation_may_fail}, {"extended commands", extended_commands},
    {"events", events}, {"virtual rows", virtual_rows}, {"virtual values are read", virtual_values_are_read},
    {"drafts have what they were given", drafts_have_what_they_were_given}, {"mark rows", mark_rows},
    {"key names", key_names})
