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

static void exchanges_are_clean(void)
{
    static const char *const *const all[] = {plain, unsolicited, recovery, two, parts, talk, moved};
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
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

RIG_SUITE("lint", {"exchanges without a fault have no findings", exchanges_are_clean},
          {"each rule can be broken alone", each_rule_is_broken_alone},
          {"no rule is without a breach", every_rule_has_a_breach})
