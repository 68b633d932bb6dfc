#include "lint_exchanges.h"
#include "rig/lint.h"
#include "suite.h"

#include <stdio.h>

#define FOUND_MAX 64

typedef struct bench {
    rig_items items;
    const char *wrong[FOUND_MAX]; /* ids of findings, in order */
    char said[FOUND_MAX][160];
    size_t num;
} bench;

static rig_status on_finding(void *ctx, const rig_lint_finding *finding)
{
    bench *b = ctx;
    if (b->num == FOUND_MAX)
        return RIG_E_LIMIT;
    rig_text text;
    rig_text_init(&text, b->said[b->num], sizeof b->said[0]);
    rig_text_add(&text, "%s %s: %s, %s", rig_lint_side_word(finding->side), finding->field, finding->expected,
                 finding->seen);
    b->wrong[b->num++] = finding->rule->id;
    return RIG_OK;
}

/* ---- lines to items ---- */

static rig_lint_changed changed;

static void add(bench *b, rig_item item)
{
    item.frame = (uint32_t)b->items.num + 1;
    item.sender = (rig_ip){.bytes = {192, 0, 2, item.to_target ? 1 : 2}, .version = 4};
    CU_ASSERT_EQUAL_FATAL(rig_items_add(&b->items, &item), RIG_OK);
}

static void add_pdu(bench *b, uint32_t connection, bool to_target, const char *text)
{
    char steps[2048];
    uint8_t bhs[RIG_BHS_LEN];
    rig_view kind = rig_view_of(text, strcspn(text, " "));
    rig_bhs_init(bhs, rig_pdu_find(kind));
    snprintf(steps, sizeof steps, "%.*s ->%s", (int)kind.len, text, text + kind.len);
    const rig_item item = {
        .kind = RIG_ITEM_PDU, .connection = connection, .to_target = to_target, .pdu = {.bhs = bhs}};
    rig_status status = rig_lint_change(steps, &item, &changed);
    if (status)
        printf("\n%s: %s", text, rig_status_name(status));
    CU_ASSERT_EQUAL_FATAL(status, RIG_OK);
    add(b, changed.item);
}

static void add_line(bench *b, const char *line)
{
    bool numbered = line[0] >= '0' && line[0] <= '9';
    uint32_t connection = numbered ? (uint32_t)(line[0] - '0') : 0;
    const char *text = line + numbered;
    if (text[0] == '!')
        add(b, (rig_item){.kind = RIG_ITEM_EVENT, .connection = connection, .event = rig_view_str(text + 2)});
    else
        add_pdu(b, connection, text[0] == '>', text + 2);
}

static void begin(bench *b, const char *const *lines)
{
    memset(b, 0, sizeof *b);
    b->items.alloc = rig_alloc_libc();
    for (; *lines; lines++)
        add_line(b, *lines);
}

/* The change of a row; % stands for more text than any limit allows. */
static void print_change(rig_text *out, const rig_item *item, const char *steps)
{
    rig_text_add(out, "%s -> ", rig_pdu_rows[rig_pdu_kind_of(item->pdu.bhs)].name);
    for (; *steps; steps++)
        if (*steps == '%')
            rig_text_add(out, "%01100d", 0);
        else
            rig_text_add(out, "%c", *steps);
    CU_ASSERT_FATAL(!out->cut);
}

/* Judges the items, with one of them changed when steps is not NULL. */
static void judge(bench *b, size_t line, const char *steps)
{
    rig_lint *lint;
    char change[4096];
    rig_text text;
    rig_alloc_meter meter;
    rig_alloc_meter_init(&meter, rig_alloc_libc());
    const rig_lint_config config = {.alloc = &meter.alloc, .finding = on_finding, .ctx = b};
    CU_ASSERT_EQUAL_FATAL(rig_lint_new(&config, &lint), RIG_OK);
    b->num = 0;
    for (size_t i = 0; i < b->items.num; i++) {
        const rig_item *item = &b->items.ptr[i];
        bool twice = false;
        if (steps && i == line) {
            rig_text_init(&text, change, sizeof change);
            print_change(&text, item, steps);
            CU_ASSERT_EQUAL_FATAL(rig_lint_change(change, item, &changed), RIG_OK);
            if (changed.drop)
                continue;
            twice = changed.twice;
            changed.item.connection ^= changed.other;
            item = &changed.item;
        }
        CU_ASSERT_EQUAL(rig_lint_item(lint, item), RIG_OK);
        if (twice)
            CU_ASSERT_EQUAL(rig_lint_item(lint, item), RIG_OK);
    }
    rig_lint_free(lint);
    CU_ASSERT_EQUAL(meter.num_live, 0);
}

static void show(const bench *b, const char *what)
{
    printf("\n%s:", what);
    for (size_t i = 0; i < b->num; i++)
        printf("\n    %s %s", b->wrong[i], b->said[i]);
}

static void end(bench *b)
{
    rig_items_cleanup(&b->items);
}

/* ---- each rule: what breaks it, and breaks nothing else ---- */

typedef struct breach {
    const char *id;
    const char *const *lines;
    size_t line;
    const char *steps;
} breach;

static const breach breaches[] = {
#include "lint_breaches.def"
};

#define NUM_BREACHES (sizeof breaches / sizeof breaches[0])

static const char *const *const all[] = {plain, unsolicited, recovery, two,        parts,
                                         talk,  listing,     moved,    reinstated, challenged,
                                         again, halves,      fast,     both,       lonely};

#define NUM_ALL (sizeof all / sizeof all[0])

static void exchanges_are_clean(void)
{
    for (size_t i = 0; i < NUM_ALL; i++) {
        bench b;
        begin(&b, all[i]);
        judge(&b, 0, NULL);
        if (b.num)
            show(&b, all[i][1]);
        CU_ASSERT_EQUAL(b.num, 0);
        end(&b);
    }
}

static bool only(const bench *b, const char *id)
{
    for (size_t i = 0; i < b->num; i++)
        if (strcmp(b->wrong[i], id) != 0)
            return false;
    return b->num > 0;
}

static void each_rule_is_broken_alone(void)
{
    for (size_t i = 0; i < NUM_BREACHES; i++) {
        bench b;
        begin(&b, breaches[i].lines);
        judge(&b, breaches[i].line, breaches[i].steps);
        if (!only(&b, breaches[i].id)) {
            char what[256];
            snprintf(what, sizeof what, "%s by %s", breaches[i].id, breaches[i].steps);
            show(&b, what);
        }
        CU_ASSERT(only(&b, breaches[i].id));
        end(&b);
    }
}

static void every_rule_has_a_breach(void)
{
    for (size_t r = 0; r < rig_lint_num_rules; r++) {
        size_t i = 0;
        while (i < NUM_BREACHES && strcmp(breaches[i].id, rig_lint_rules[r].id) != 0)
            i++;
        if (i == NUM_BREACHES)
            printf("\n%s %s", rig_lint_rules[r].id, rig_lint_rules[r].name);
        CU_ASSERT(i < NUM_BREACHES);
    }
}

/* ---- what was not seen accuses nobody ---- */

/* Judges items [0, from) and [to, num), with an event of each connection between them when it is not NULL. */
static void judge_without(bench *b, size_t from, size_t to, const char *event)
{
    rig_lint *lint;
    const rig_lint_config config = {.alloc = rig_alloc_libc(), .finding = on_finding, .ctx = b};
    CU_ASSERT_EQUAL_FATAL(rig_lint_new(&config, &lint), RIG_OK);
    b->num = 0;
    for (size_t i = 0; i <= b->items.num; i++) {
        if (i < from || (i >= to && i < b->items.num))
            CU_ASSERT_EQUAL(rig_lint_item(lint, &b->items.ptr[i]), RIG_OK);
        for (uint32_t c = 0; event && i + 1 == to && c < 3; c++) {
            const rig_item item = {.kind = RIG_ITEM_EVENT, .connection = c, .event = rig_view_str(event)};
            CU_ASSERT_EQUAL(rig_lint_item(lint, &item), RIG_OK);
        }
    }
    rig_lint_free(lint);
}

static void gaps_accuse_nobody(void)
{
    static const char *const events[] = {"gap", "garbage", "truncated", "resync"};
    for (size_t x = 0; x < NUM_ALL; x++) {
        bench b;
        begin(&b, all[x]);
        for (size_t from = 1; from < b.items.num; from++)
            for (size_t to = from + 1; to <= b.items.num; to++) {
                judge_without(&b, from, to, events[(from + to) % 4]);
                if (b.num)
                    show(&b, all[x][from]);
                CU_ASSERT_EQUAL(b.num, 0);
            }
        end(&b);
    }
}

static bool answers(const rig_item *a, const rig_item *b)
{
    return a->kind == RIG_ITEM_PDU && b->kind == RIG_ITEM_PDU && a->connection == b->connection &&
           a->to_target != b->to_target;
}

static void swap(rig_item *a, rig_item *b)
{
    const rig_item was = *a;
    *a = *b;
    *b = was;
}

/* Around lost bytes an answer may be seen before its request. (A login that takes a session's place has to be
 * seen, since what is left of that one answers to nothing any more.) */
static void out_of_turn_accuses_nobody(void)
{
    size_t without = 0;
    for (size_t x = 0; x < NUM_ALL; x++) {
        bench b;
        begin(&b, all[x]);
        for (size_t i = 0; i + 1 < b.items.num && all[x] != reinstated; i++) {
            rig_item *items = &b.items.ptr[i];
            if (!answers(&items[0], &items[1]))
                continue;
            swap(&items[0], &items[1]);
            judge(&b, 0, NULL);
            without += b.num;
            items[0].out_of_turn = items[1].out_of_turn = true;
            judge(&b, 0, NULL);
            if (b.num)
                show(&b, all[x][i]);
            CU_ASSERT_EQUAL(b.num, 0);
            items[0].out_of_turn = items[1].out_of_turn = false;
            swap(&items[0], &items[1]);
        }
        end(&b);
    }
    CU_ASSERT(without > 50);
}

static void a_capture_may_begin_anywhere(void)
{
    for (size_t x = 0; x < NUM_ALL; x++) {
        bench b;
        begin(&b, all[x]);
        for (size_t to = 1; to <= b.items.num; to++) {
            judge_without(&b, 0, to, to % 2 ? "midstream" : NULL);
            if (b.num)
                show(&b, all[x][to]);
            CU_ASSERT_EQUAL(b.num, 0);
        }
        end(&b);
    }
}

static void payloads_may_be_cut(void)
{
    for (size_t x = 0; x < NUM_ALL; x++) {
        bench b;
        begin(&b, all[x]);
        for (size_t i = 0; i < b.items.num; i++) {
            rig_item *item = &b.items.ptr[i], whole = *item;
            item->missing = item->data_len;
            item->pdu.data.len = item->text.len = 0;
            judge(&b, 0, NULL);
            if (b.num)
                show(&b, all[x][i]);
            CU_ASSERT_EQUAL(b.num, 0);
            *item = whole;
        }
        end(&b);
    }
}

/* Judges all but one item, in whose place an event says whose bytes are missing; changes a later one. */
static void judge_with_hole(bench *b, size_t hole, const char *args, size_t line, const char *steps)
{
    char change[256];
    const rig_item gap = {.kind = RIG_ITEM_EVENT, .event = rig_view_str("gap"), .args = rig_view_str(args)};
    rig_item *items = b->items.ptr, was = items[line], removed = items[hole];
    snprintf(change, sizeof change, "%s -> %s", rig_pdu_rows[rig_pdu_kind_of(was.pdu.bhs)].name, steps);
    CU_ASSERT_EQUAL_FATAL(rig_lint_change(change, &was, &changed), RIG_OK);
    items[hole] = gap;
    items[line] = changed.item;
    judge(b, 0, NULL);
    items[hole] = removed;
    items[line] = was;
}

/* Where a target's bytes are missing the requests are known still, and what the initiator takes; where an
 * initiator's are, what the target takes. */
static void a_gap_is_one_side_s(void)
{
    bench b;
    begin(&b, plain);
    judge_with_hole(&b, 9, "bytes=48 to-target=no", 20, "ITT=0x77");
    CU_ASSERT(only(&b, "CMD-051"));
    judge_with_hole(&b, 9, "bytes=48 to-target=yes", 20, "ITT=0x77");
    CU_ASSERT_EQUAL(b.num, 0);
    judge_with_hole(&b, 9, "bytes=48", 20, "ITT=0x77");
    CU_ASSERT_EQUAL(b.num, 0);
    judge_with_hole(&b, 9, "bytes=48 to-target=no", 18, "len=1028");
    CU_ASSERT(b.num > 0 && strcmp(b.wrong[0], "DATA-058") == 0);
    judge_with_hole(&b, 24, "bytes=48 to-target=no", 35, "len=1028");
    CU_ASSERT_EQUAL(b.num, 0);
    judge_with_hole(&b, 24, "bytes=48 to-target=yes", 35, "len=1028");
    CU_ASSERT(only(&b, "NOP-003"));
    end(&b);
}

static size_t count(const bench *b, const char *id)
{
    size_t num = 0;
    for (size_t i = 0; i < b->num; i++)
        num += strcmp(b->wrong[i], id) == 0;
    return num;
}

/* Whose damage it is does not matter: what the bytes say counts as not seen. */
static void damaged_data_says_nothing(void)
{
    static const size_t lines[] = {22, 33, 36, 20, 30};
    bench b;
    begin(&b, plain);
    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
        judge(&b, lines[i], "bad-data-digest data@0=0x7f data@1=0x7f data@3=0x7f");
        if (!only(&b, "DIG-003"))
            show(&b, "damaged");
        CU_ASSERT_EQUAL(b.num, 1);
        CU_ASSERT(only(&b, "DIG-003"));
    }
    end(&b);
}

/* A damaged Data-In was sent all the same: what follows it is judged. */
static void damage_excuses_no_target(void)
{
    bench b;
    begin(&b, again);
    b.items.ptr[4].pdu.bad_data_digest = true;
    judge(&b, 9, "ExpDataSN=4");
    CU_ASSERT_EQUAL(b.num, 2);
    CU_ASSERT_EQUAL(count(&b, "DIG-003"), 1);
    CU_ASSERT_EQUAL(count(&b, "SEQ-044"), 1);
    end(&b);
}

#define UNIT_READY(itt, cmd_sn, stat)                                                                        \
    "> ScsiCmd F=1 LUN=1 ITT=" itt " EDTL=0 CmdSN=" cmd_sn " ExpStatSN=" stat " CDB=test-unit-ready"

static void judge_lines(bench *b, const char *const *lines)
{
    begin(b, lines);
    judge(b, 0, NULL);
    end(b);
}

/* Its answer may be what is missing. */
static void a_tag_may_be_used_behind_a_gap(void)
{
    bench b;
    const char *lines[] = {"! connect",
                           ONE_STEP,
                           ONE_ANSWER,
                           UNIT_READY("0x11", "100", "501"),
                           "! gap",
                           UNIT_READY("0x12", "101", "502"),
                           UNIT_READY("0x11", "102", "502"),
                           NULL};
    judge_lines(&b, lines);
    CU_ASSERT_EQUAL(b.num, 0);
    lines[4] =
        "< Async ITT=none Event=negotiation-request Parameter3=10 StatSN=501 ExpCmdSN=101 MaxCmdSN=111";
    judge_lines(&b, lines);
    CU_ASSERT(only(&b, "PDU-022"));
}

/* Two tasks of one tag get an answer each; another one is too many, and so is one of another tag. */
static void a_tag_used_twice_excuses_two_answers(void)
{
    bench b;
    const char *lines[] = {"! connect",
                           ONE_STEP,
                           ONE_ANSWER,
                           UNIT_READY("0x11", "100", "501"),
                           UNIT_READY("0x11", "101", "501"),
                           "< ScsiResp ITT=0x11 StatSN=501 ExpCmdSN=102 MaxCmdSN=112",
                           "< ScsiResp ITT=0x11 StatSN=502 ExpCmdSN=102 MaxCmdSN=112",
                           NULL,
                           NULL};
    judge_lines(&b, lines);
    CU_ASSERT(b.num == 1 && only(&b, "PDU-022"));
    lines[7] = "< ScsiResp ITT=0x11 StatSN=503 ExpCmdSN=102 MaxCmdSN=112";
    judge_lines(&b, lines);
    CU_ASSERT(b.num == 2 && count(&b, "CMD-051") == 1);
    lines[6] = "< ScsiResp ITT=0x12 StatSN=502 ExpCmdSN=102 MaxCmdSN=112";
    judge_lines(&b, lines);
    CU_ASSERT(b.num == 2 && count(&b, "CMD-051") == 1);
}

/* A Reject of data tells nothing of the next CmdSN, nor of the task's end (section 7.3). */
static void a_reject_of_data_excuses_little(void)
{
    bench b;
    const char *lines[] = {
        "! connect",
        ONE_STEP,
        ONE_ANSWER,
        "> ScsiCmd F=1 W=1 LUN=1 ITT=0x11 EDTL=512 CmdSN=100 ExpStatSN=501 CDB=write-10(blocks=1)",
        "< R2T LUN=1 ITT=0x11 TTT=0x5 StatSN=501 ExpCmdSN=101 MaxCmdSN=111 BufferOffset=0 DesiredLength=512",
        "> DataOut F=1 LUN=1 ITT=0x11 TTT=0x5 ExpStatSN=501 DataSN=0 BufferOffset=0 len=512",
        "< Reject ITT=none Reason=data-digest-error StatSN=501 ExpCmdSN=101 MaxCmdSN=111 len=48 data@0=0x05 "
        "data@6=2 data@19=0x11",
        UNIT_READY("0x12", "101", "502"),
        "< ScsiResp Status=BUSY ITT=0x11 StatSN=502 ExpCmdSN=102 MaxCmdSN=112",
        NULL};
    judge_lines(&b, lines);
    CU_ASSERT_EQUAL(b.num, 0);
    lines[7] = UNIT_READY("0x12", "102", "502");
    judge_lines(&b, lines);
    CU_ASSERT(only(&b, "SEQ-002"));
    lines[7] = UNIT_READY("0x11", "101", "502");
    judge_lines(&b, lines);
    CU_ASSERT(only(&b, "PDU-022"));
}

static void broken_where_nothing_is_known(void)
{
    bench b;
    begin(&b, plain);
    b.items.ptr[0].event = rig_view_str("midstream");
    judge(&b, 38, "StatSN=999");
    CU_ASSERT(only(&b, "SEQ-027")); /* the numbers before it are known again */
    judge(&b, 35, "len=16384");
    CU_ASSERT_EQUAL(b.num, 0); /* what was negotiated is not */
    end(&b);
}

/* ---- counters that wrap ---- */

static void shift(bench *b, rig_field_id field, uint32_t by)
{
    for (size_t i = 0; i < b->items.num; i++) {
        const rig_item *item = &b->items.ptr[i];
        if (item->kind == RIG_ITEM_PDU && (rig_fields[field].pdus >> rig_pdu_kind_of(item->pdu.bhs) & 1))
            rig_set((uint8_t *)item->pdu.bhs, field, rig_get(item->pdu.bhs, field) + by);
    }
}

static void counters_wrap_anywhere(void)
{
    for (uint32_t by = 0; by < 30; by++) {
        bench b;
        begin(&b, plain);
        shift(&b, RIG_F_CMD_SN, 0u - 90 - by);
        shift(&b, RIG_F_EXP_CMD_SN, 0u - 90 - by);
        shift(&b, RIG_F_MAX_CMD_SN, 0u - 90 - by);
        shift(&b, RIG_F_REF_CMD_SN, 0u - 90 - by);
        shift(&b, RIG_F_STAT_SN, 0u - 495 - by);
        shift(&b, RIG_F_EXP_STAT_SN, 0u - 495 - by);
        rig_set((uint8_t *)b.items.ptr[28].pdu.bhs, RIG_F_REF_CMD_SN, 0);
        judge(&b, 0, NULL);
        if (b.num)
            show(&b, "shifted");
        CU_ASSERT_EQUAL(b.num, 0);
        judge(&b, 38, "MaxCmdSN+=-12");
        CU_ASSERT(only(&b, "SEQ-009"));
        end(&b);
    }
}

/* ---- repetition, limits, memory ---- */

static void recovery_repeats(void)
{
    static const size_t lines[] = {3, 4, 5, 6, 7, 8};
    bench b;
    begin(&b, recovery);
    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
        judge(&b, lines[i], "twice");
        CU_ASSERT_EQUAL(b.num, 0);
    }
    end(&b);
}

/* As many R2Ts as a task's list holds, and one more: then its data is not judged any more. */
static void many_r2ts(void)
{
    for (unsigned num = RIG_LINT_R2TS_MAX; num <= RIG_LINT_R2TS_MAX + 1; num++) {
        bench b;
        char line[256];
        static const char *const head[] = {
            "! connect", ONE_STEP "++MaxOutstandingR2T=100", ONE_ANSWER "++MaxOutstandingR2T=100",
            "> ScsiCmd F=1 W=1 LUN=1 ITT=0x11 EDTL=65536 CmdSN=100 ExpStatSN=501 CDB=write-10(blocks=128)",
            NULL};
        begin(&b, head);
        for (unsigned i = 0; i < num; i++) {
            snprintf(line, sizeof line,
                     "< R2T LUN=1 ITT=0x11 TTT=%u StatSN=501 ExpCmdSN=101 MaxCmdSN=111 R2TSN=%u "
                     "BufferOffset=%u DesiredLength=512",
                     i + 1, i, i * 512);
            add_line(&b, line);
        }
        add_line(&b, "> DataOut F=1 LUN=1 ITT=0x11 TTT=999 ExpStatSN=501 DataSN=0 BufferOffset=0 len=512");
        judge(&b, 0, NULL);
        CU_ASSERT_EQUAL(b.num, num > RIG_LINT_R2TS_MAX ? 0 : 1);
        CU_ASSERT(num > RIG_LINT_R2TS_MAX || only(&b, "DATA-010"));
        end(&b);
    }
}

static void give_many(bench *b, uint32_t times, uint64_t *out_peak)
{
    rig_lint *lint;
    rig_alloc_meter meter;
    rig_alloc_meter_init(&meter, rig_alloc_libc());
    const rig_lint_config config = {.alloc = &meter.alloc, .finding = on_finding, .ctx = b};
    CU_ASSERT_EQUAL_FATAL(rig_lint_new(&config, &lint), RIG_OK);
    b->num = 0;
    for (uint32_t n = 0; n < times; n++)
        for (size_t i = 0; i < b->items.num; i++) {
            rig_item item = b->items.ptr[i];
            item.connection = n;
            CU_ASSERT_EQUAL(rig_lint_item(lint, &item), RIG_OK);
        }
    rig_lint_free(lint);
    *out_peak = meter.bytes_peak;
    CU_ASSERT_EQUAL(meter.num_live, 0);
    CU_ASSERT_EQUAL(b->num, 0);
}

static void memory_is_flat(void)
{
    uint64_t some, many;
    bench b;
    begin(&b, plain);
    give_many(&b, 100, &some);
    give_many(&b, 5000, &many);
    CU_ASSERT_EQUAL(some, many);
    end(&b);
}

static void memory_may_fail(void)
{
    bench b;
    uint64_t at = 0;
    rig_status status = RIG_E_NOMEM;
    begin(&b, two);
    while (status == RIG_E_NOMEM) {
        rig_lint *lint = NULL;
        rig_alloc_meter meter;
        rig_alloc_meter_init(&meter, rig_alloc_libc());
        meter.fail_at = ++at;
        const rig_lint_config config = {.alloc = &meter.alloc, .finding = on_finding, .ctx = &b};
        status = rig_lint_new(&config, &lint);
        for (size_t i = 0; i < b.items.num && status == RIG_OK; i++)
            status = rig_lint_item(lint, &b.items.ptr[i]);
        rig_lint_free(lint);
        CU_ASSERT_EQUAL(meter.num_live, 0);
    }
    CU_ASSERT_EQUAL(status, RIG_OK);
    CU_ASSERT(at > 5);
    end(&b);
}

static rig_status refuse(void *ctx, const rig_lint_finding *finding)
{
    (void)ctx;
    (void)finding;
    return RIG_E_ABORTED;
}

static void a_finding_can_stop_it(void)
{
    bench b;
    rig_lint *lint;
    rig_lint_totals totals;
    const rig_lint_config config = {.alloc = rig_alloc_libc(), .finding = refuse};
    begin(&b, talk);
    rig_set((uint8_t *)b.items.ptr[3].pdu.bhs, RIG_F_CMD_SN, 7);
    CU_ASSERT_EQUAL_FATAL(rig_lint_new(&config, &lint), RIG_OK);
    for (size_t i = 0; i < 3; i++)
        CU_ASSERT_EQUAL(rig_lint_item(lint, &b.items.ptr[i]), RIG_OK);
    CU_ASSERT_EQUAL(rig_lint_item(lint, &b.items.ptr[3]), RIG_E_ABORTED);
    rig_lint_end(lint, &totals);
    CU_ASSERT_EQUAL(totals.pdus, 3);
    CU_ASSERT_EQUAL(totals.connections, 1);
    CU_ASSERT_EQUAL(totals.findings, 1);
    rig_lint_free(lint);
    end(&b);
}

/* ---- challenges (AUTH-033) ---- */

static void add_challenge(bench *b, uint32_t login, uint32_t number)
{
    char line[256];
    const char *asks = ASK "CSG=0 NSG=1 " NAMES " ++CHAP_A=5";
    snprintf(line, sizeof line,
             TELL "CSG=0 T=0 StatSN=500 ++TargetPortalGroupTag=1 ++CHAP_A=5 ++CHAP_I=1 ++CHAP_C=0x%08x",
             number);
    add(b, (rig_item){.kind = RIG_ITEM_EVENT, .connection = login, .event = rig_view_str("connect")});
    add_pdu(b, login, true, asks + 2);
    add_pdu(b, login, false, line + 2);
}

/* As many challenges as are remembered, and one more: then the first one may come again. */
static void challenges_are_forgotten(void)
{
    for (uint32_t num = RIG_LINT_CHALLENGES_MAX; num <= RIG_LINT_CHALLENGES_MAX + 1; num++) {
        bench b = {.items = {.alloc = rig_alloc_libc()}};
        for (uint32_t login = 0; login < num; login++)
            add_challenge(&b, login, login);
        add_challenge(&b, num, 0);
        judge(&b, 0, NULL);
        CU_ASSERT_EQUAL(b.num, num > RIG_LINT_CHALLENGES_MAX ? 0 : 1);
        CU_ASSERT(num > RIG_LINT_CHALLENGES_MAX || only(&b, "AUTH-033"));
        end(&b);
    }
}

/* A target elsewhere, and one whose address is not known, choose for themselves. */
static void challenges_are_those_of_a_speaker(void)
{
    static const uint8_t version[] = {4, 4, 0}, last[] = {2, 3, 2};
    for (size_t i = 0; i < 3; i++) {
        bench b = {.items = {.alloc = rig_alloc_libc()}};
        for (uint32_t login = 0; login < 2; login++)
            add_challenge(&b, login, 7);
        b.items.ptr[5].sender.version = version[i];
        b.items.ptr[5].sender.bytes[3] = last[i];
        judge(&b, 0, NULL);
        CU_ASSERT_EQUAL(b.num, i == 0 ? 1 : 0);
        end(&b);
    }
}

static void a_challenge_is_shown_where_it_came_first(void)
{
    bench b = {.items = {.alloc = rig_alloc_libc()}};
    for (uint32_t login = 0; login < 3; login++)
        add_challenge(&b, login, 7);
    judge(&b, 0, NULL);
    CU_ASSERT_EQUAL_FATAL(b.num, 2);
    CU_ASSERT_STRING_EQUAL(b.said[0], "target CHAP_C: another challenge than in frame 3, _");
    CU_ASSERT_STRING_EQUAL(b.said[1], b.said[0]);
    end(&b);
}

/* ---- findings, rules, proofs ---- */

static rig_status keep_finding(void *ctx, const rig_lint_finding *finding)
{
    *(rig_lint_finding *)ctx = *finding;
    return RIG_OK;
}

static void a_finding_says_where(void)
{
    bench b;
    rig_lint *lint;
    rig_lint_finding found = {0};
    const rig_lint_config config = {.alloc = rig_alloc_libc(), .finding = keep_finding, .ctx = &found};
    begin(&b, plain);
    rig_set((uint8_t *)b.items.ptr[38].pdu.bhs, RIG_F_STAT_SN, 515);
    b.items.ptr[38].pdu.offset = 1000;
    CU_ASSERT_EQUAL_FATAL(rig_lint_new(&config, &lint), RIG_OK);
    for (size_t i = 0; i < b.items.num; i++)
        CU_ASSERT_EQUAL(rig_lint_item(lint, &b.items.ptr[i]), RIG_OK);
    rig_lint_free(lint);
    CU_ASSERT_STRING_EQUAL(found.rule->id, "SEQ-027");
    CU_ASSERT_EQUAL(found.side, RIG_LINT_TARGET);
    CU_ASSERT_EQUAL(found.connection, 0);
    CU_ASSERT_EQUAL(found.frame, 39);
    CU_ASSERT_EQUAL(found.offset, 1024); /* StatSN is at byte 24 */
    CU_ASSERT_STRING_EQUAL(found.field, "StatSN");
    CU_ASSERT_STRING_EQUAL(found.expected, "513");
    CU_ASSERT_STRING_EQUAL(found.seen, "515");
    end(&b);
}

/* Of a key: its own place where the text is all in one PDU, else that of the last PDU's data. */
static void a_finding_of_a_key_says_where(void)
{
    for (uint32_t before = 0; before <= 9; before += 9) { /* bytes of the text in an earlier PDU */
        bench b;
        rig_lint *lint;
        rig_lint_finding found = {0};
        const rig_lint_config config = {.alloc = rig_alloc_libc(), .finding = keep_finding, .ctx = &found};
        begin(&b, plain);
        CU_ASSERT_EQUAL_FATAL(rig_lint_change("Login -> ~~MaxConnections=65536", &b.items.ptr[3], &changed),
                              RIG_OK);
        b.items.ptr[3] = changed.item;
        b.items.ptr[3].pdu.offset = 1000;
        b.items.ptr[3].data_len -= before;
        CU_ASSERT_EQUAL_FATAL(rig_lint_new(&config, &lint), RIG_OK);
        for (size_t i = 0; i <= 3; i++)
            CU_ASSERT_EQUAL(rig_lint_item(lint, &b.items.ptr[i]), RIG_OK);
        rig_lint_free(lint);
        CU_ASSERT_STRING_EQUAL(found.rule->id, "KEY-002");
        CU_ASSERT_EQUAL(found.offset, before ? 1048 : 1048 + changed.item.data_len - 21); /* with its NUL */
        end(&b);
    }
}

static void secrets_are_not_told(void)
{
    bench b;
    begin(&b, plain);
    judge(&b, 3, "++CHAP_R=0x0123456789abcdef");
    CU_ASSERT(only(&b, "LOGIN-066"));
    CU_ASSERT_PTR_NULL(strstr(b.said[0], "0123"));
    end(&b);
}

static void rows_are_sound(void)
{
    for (size_t r = 0; r < rig_lint_num_rules; r++) {
        const rig_lint_rule *rule = &rig_lint_rules[r];
        CU_ASSERT(strlen(rule->id) > 4 && strlen(rule->name) > 4 && strlen(rule->section) > 0);
        CU_ASSERT(rule->pdus != 0);
        CU_ASSERT_EQUAL(rule->what[strlen(rule->what) - 1], '.');
        for (size_t other = 0; other < r; other++) {
            CU_ASSERT_STRING_NOT_EQUAL(rule->id, rig_lint_rules[other].id);
            CU_ASSERT_STRING_NOT_EQUAL(rule->name, rig_lint_rules[other].name);
        }
    }
}

static const rig_lint_rule *rule_of(const char *id)
{
    size_t r = 0;
    while (r < rig_lint_num_rules && strcmp(rig_lint_rules[r].id, id) != 0)
        r++;
    CU_ASSERT_FATAL(r < rig_lint_num_rules);
    return &rig_lint_rules[r];
}

static void proofs(void)
{
    bench b;
    rig_lint_proof proof;
    size_t item = 0;
    rig_lint_rule rule = *rule_of("SEQ-040");
    begin(&b, plain);
    CU_ASSERT_EQUAL(rig_lint_prove(rig_alloc_libc(), rule_of("SEQ-040"), &b.items, &proof, &item), RIG_OK);
    CU_ASSERT_EQUAL(proof, RIG_LINT_PROVED);
    CU_ASSERT_EQUAL(item, 11);
    CU_ASSERT_EQUAL(rig_lint_prove(rig_alloc_libc(), rule_of("CMD-039"), &b.items, &proof, NULL), RIG_OK);
    CU_ASSERT_EQUAL(proof, RIG_LINT_PROVED); /* with a second connection */
    CU_ASSERT_EQUAL(rig_lint_prove(rig_alloc_libc(), rule_of("LOGIN-074"), &b.items, &proof, NULL), RIG_OK);
    CU_ASSERT_EQUAL(proof, RIG_LINT_NO_PLACE);
    rule.change = "R2T -> TTT=0x77";
    CU_ASSERT_EQUAL(rig_lint_prove(rig_alloc_libc(), &rule, &b.items, &proof, NULL), RIG_OK);
    CU_ASSERT_EQUAL(proof, RIG_LINT_SURVIVED);
    rule.change = "R2T -> Nonsense=1";
    CU_ASSERT_EQUAL(rig_lint_prove(rig_alloc_libc(), &rule, &b.items, &proof, NULL), RIG_E_SYNTAX);
    rig_set((uint8_t *)b.items.ptr[11].pdu.bhs, RIG_F_R2T_SN, 9);
    CU_ASSERT_EQUAL(rig_lint_prove(rig_alloc_libc(), rule_of("SEQ-040"), &b.items, &proof, NULL), RIG_OK);
    CU_ASSERT_NOT_EQUAL(proof, RIG_LINT_PROVED); /* it says so without a change */
    end(&b);
}

/* What left IPsec is somebody's fault even where no PDU tells of it. */
static void leaked_events(void)
{
    static const char *const lines[] = {"! connect", "! clear", NULL};
    bench b;
    begin(&b, lines);
    judge(&b, 0, NULL);
    CU_ASSERT_EQUAL(b.num, 0);
    b.items.ptr[0].leaked = b.items.ptr[1].leaked = true;
    b.items.ptr[1].args = rig_view_str("to-target=no");
    judge(&b, 0, NULL);
    CU_ASSERT_EQUAL_FATAL(b.num, 2);
    CU_ASSERT_STRING_EQUAL(b.wrong[0], "LINT-IN-THE-CLEAR");
    CU_ASSERT_STRING_EQUAL(b.said[0], "initiator packet: inside ESP, in the clear");
    CU_ASSERT_STRING_EQUAL(b.said[1], "target packet: inside ESP, in the clear");
    end(&b);
}

RIG_SUITE("lint", {"exchanges without a fault have no findings", exchanges_are_clean},
          {"each rule can be broken alone", each_rule_is_broken_alone},
          {"no rule is without a breach", every_rule_has_a_breach},
          {"a gap of any PDUs anywhere accuses nobody", gaps_accuse_nobody},
          {"what is out of turn accuses nobody", out_of_turn_accuses_nobody},
          {"a capture may begin with any PDU", a_capture_may_begin_anywhere},
          {"a payload may be missing from any PDU", payloads_may_be_cut},
          {"behind a beginning nobody saw numbers count, keys do not", broken_where_nothing_is_known},
          {"a gap hides what one side sent", a_gap_is_one_side_s},
          {"a tag may be used again behind a gap", a_tag_may_be_used_behind_a_gap},
          {"a tag used twice excuses two answers", a_tag_used_twice_excuses_two_answers},
          {"a Reject of data excuses little", a_reject_of_data_excuses_little},
          {"damaged data says nothing", damaged_data_says_nothing},
          {"damaged data excuses no target", damage_excuses_no_target},
          {"CmdSN and StatSN may wrap anywhere", counters_wrap_anywhere},
          {"what recovery sends again is no fault", recovery_repeats},
          {"more R2Ts than are followed end the judgement of a task", many_r2ts},
          {"as many challenges are remembered as are named, and no more", challenges_are_forgotten},
          {"a challenge may come from another speaker", challenges_are_those_of_a_speaker},
          {"a challenge is shown where it came first", a_challenge_is_shown_where_it_came_first},
          {"memory does not grow with connections that end", memory_is_flat},
          {"memory may fail at any allocation", memory_may_fail},
          {"a finding can stop it", a_finding_can_stop_it}, {"a finding says where", a_finding_says_where},
          {"a finding of a key says where", a_finding_of_a_key_says_where},
          {"no finding tells a secret", secrets_are_not_told}, {"rows are sound", rows_are_sound},
          {"proofs need a place, a clean list and a rule that fires", proofs},
          {"events in the clear", leaked_events})
