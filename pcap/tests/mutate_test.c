#include "lint_exchanges.h"
#include "rig/mutate.h"
#include "suite.h"

#include <stdio.h>
#include <stdlib.h>

#define IDS_MAX 64

/* An exchange of lint_exchanges.h as items, and what lint says of it. */
typedef struct bench {
    rig_items items;
    rig_lint_changed *scratch;
    const char *ids[IDS_MAX];
    size_t num;
} bench;

static void add(bench *b, const char *line)
{
    static rig_lint_changed made;
    char steps[2048];
    uint8_t bhs[RIG_BHS_LEN];
    bool numbered = line[0] >= '0' && line[0] <= '9';
    uint32_t connection = numbered ? (uint32_t)(line[0] - '0') : 0;
    const char *text = line + numbered + 2;
    size_t len = strcspn(text, " ");
    rig_item item = {.connection = connection, .to_target = line[numbered] == '>'};
    if (line[numbered] == '!') {
        item.kind = RIG_ITEM_EVENT;
        item.event = rig_view_str(text);
        CU_ASSERT_EQUAL_FATAL(rig_items_add(&b->items, &item), RIG_OK);
        return;
    }
    rig_bhs_init(bhs, rig_pdu_find(rig_view_of(text, len)));
    item.pdu.bhs = bhs;
    snprintf(steps, sizeof steps, "%.*s ->%s", (int)len, text, text + len);
    CU_ASSERT_EQUAL_FATAL(rig_lint_change(steps, &item, &made), RIG_OK);
    made.item.frame = (uint32_t)b->items.num + 1;
    CU_ASSERT_EQUAL_FATAL(rig_items_add(&b->items, &made.item), RIG_OK);
}

static void begin(bench *b, const char *const *lines)
{
    *b = (bench){.items = {.alloc = rig_alloc_libc()}};
    b->scratch = calloc(1, sizeof *b->scratch);
    CU_ASSERT_FATAL(b->scratch != NULL);
    for (; *lines; lines++)
        add(b, *lines);
}

static void end(bench *b)
{
    rig_items_cleanup(&b->items);
    free(b->scratch);
}

static rig_status on_finding(void *ctx, const rig_lint_finding *finding)
{
    bench *b = ctx;
    if (b->num < IDS_MAX)
        b->ids[b->num++] = finding->rule->id;
    return RIG_OK;
}

static bool told(const bench *b, const char *id)
{
    for (size_t i = 0; i < b->num; i++)
        if (strcmp(b->ids[i], id) == 0)
            return true;
    return false;
}

static void judge(bench *b, const rig_mutation *m)
{
    const rig_lint_config config = {.alloc = rig_alloc_libc(), .finding = on_finding, .ctx = b};
    b->num = 0;
    CU_ASSERT_EQUAL(rig_mutation_judge(&config, &b->items, m, b->scratch), RIG_OK);
}

/* The mutation of an item by those words. */
static bool find(const bench *b, size_t item, const char *what, const char *how, rig_mutation *out)
{
    rig_mutations all = {.items = &b->items};
    while (rig_mutations_next(&all, out))
        if (out->item == item && strcmp(out->what, what) == 0 && strcmp(out->how, how) == 0)
            return true;
    return false;
}

/* ---- what there is ---- */

static void order_is_always_the_same(void)
{
    bench b;
    rig_mutation m, n;
    begin(&b, plain);
    rig_mutations first = {.items = &b.items}, again_all = {.items = &b.items};
    size_t num = 0;
    while (rig_mutations_next(&first, &m)) {
        CU_ASSERT_FATAL(rig_mutations_next(&again_all, &n));
        CU_ASSERT(m.item == n.item && m.way == n.way && m.value == n.value);
        CU_ASSERT_STRING_EQUAL(m.what, n.what);
        CU_ASSERT_STRING_EQUAL(m.how, n.how);
        num++;
    }
    CU_ASSERT(!rig_mutations_next(&again_all, &n));
    CU_ASSERT(num > 20 * b.items.num);
    end(&b);
}

/* A field keeps no value that is no mutation, and each field of the PDU's kind gets at least one. */
static void every_field_is_changed(void)
{
    bench b;
    rig_mutation m;
    static bool seen[64][RIG_FIELDS];
    memset(seen, 0, sizeof seen);
    begin(&b, plain);
    rig_mutations all = {.items = &b.items};
    while (rig_mutations_next(&all, &m)) {
        const uint8_t *bhs = b.items.ptr[m.item].pdu.bhs;
        if (m.way != RIG_MUTATE_FIELD)
            continue;
        seen[m.item][m.field] = true;
        CU_ASSERT(rig_fields[m.field].form == RIG_FORM_CDB || rig_get(bhs, m.field) != m.value);
    }
    for (size_t i = 0; i < b.items.num && i < 64; i++)
        for (unsigned f = 0; f < RIG_FIELDS && b.items.ptr[i].kind == RIG_ITEM_PDU; f++)
            if (rig_fields[f].pdus >> rig_pdu_kind_of(b.items.ptr[i].pdu.bhs) & 1)
                CU_ASSERT(seen[i][f]);
    end(&b);
}

/* ---- what comes of it ---- */

static const struct {
    size_t item;
    const char *what, *how, *id;
} breaking[] = {
    {5, "CmdSN", "+1", "SEQ-002"},
    {5, "DataSegmentLength", "+4", "CMD-011"},
    {9, "StatSN", "-1", "SEQ-027"},
    {9, "TotalAHSLength", "+1", "PDU-010"},
    {11, "LUN", "other", "PDU-021"},
    {11, "drop", "-", "DATA-010"},
    {12, "swap", "-", "SEQ-042"},
    {16, "cross", "-", "SEQ-033"},
    {19, "CDB", "tail", "CMD-010"},
    {22, "twice", "-", "SEQ-027"},
    {26, "Function", "reserved", "LINT-TMF-FUNCTION"},
    {38, "reserved", "1", "PDU-011"},
    {38, "byte0", "0x80", "PDU-019"},
    {3, "MaxBurstLength", "zero-led", "NEG-007"},
    {4, "MaxBurstLength", "drop", "NEG-023"},
    {4, "HeaderDigest", "unlisted", "NEG-029"},
};

static void mutations_are_told_of(void)
{
    bench b;
    rig_mutation m;
    begin(&b, plain);
    judge(&b, NULL);
    CU_ASSERT_EQUAL(b.num, 0);
    for (size_t i = 0; i < sizeof breaking / sizeof breaking[0]; i++) {
        CU_ASSERT_FATAL(find(&b, breaking[i].item, breaking[i].what, breaking[i].how, &m));
        judge(&b, &m);
        if (!told(&b, breaking[i].id))
            printf("\n%zu %s %s: no %s", breaking[i].item, breaking[i].what, breaking[i].how, breaking[i].id);
        CU_ASSERT(told(&b, breaking[i].id));
    }
    CU_ASSERT(!find(&b, 9, "padding", "-", &m)); /* it has none */
    CU_ASSERT(!find(&b, 9, "header-digest", "-", &m));
    end(&b);
}

/* A rule that is switched off says nothing, and the others go on. */
static void a_rule_can_be_switched_off(void)
{
    bench b;
    rig_mutation m;
    const rig_lint_rule *rule = rig_lint_rules;
    rig_lint_config config = {.alloc = rig_alloc_libc(), .finding = on_finding, .ctx = &b};
    begin(&b, plain);
    while (strcmp(rule->id, "SEQ-002") != 0)
        rule++;
    config.without = rule;
    CU_ASSERT_FATAL(find(&b, 5, "CmdSN", "far", &m));
    CU_ASSERT_EQUAL(rig_mutation_judge(&config, &b.items, &m, b.scratch), RIG_OK);
    CU_ASSERT(!told(&b, "SEQ-002"));
    CU_ASSERT(told(&b, "SEQ-015"));
    end(&b);
}

/* ---- labels ---- */

static rig_status read_table(const char *text, rig_mutation_labels *out, rig_error *error)
{
    return rig_mutation_labels_read(rig_alloc_libc(), rig_view_str(text), out, error);
}

static void free_table(rig_mutation_labels *labels)
{
    rig_delete(rig_alloc_libc(), labels->rows, RIG_MUTATION_LABELS_MAX * sizeof *labels->rows);
}

static void tables_are_read(void)
{
    rig_mutation_labels labels;
    rig_error error = {0};
    CU_ASSERT_EQUAL(read_table("# a comment\n\nA,B\tx\t+1\t-\tSEQ-001,SEQ-002\twhy\n*\t*\t*\t-\tlegal\tso\n"
                               "*\t*\t*\t-\tunknown\tso",
                               &labels, &error),
                    RIG_OK);
    CU_ASSERT_EQUAL_FATAL(labels.num, 3);
    CU_ASSERT(labels.rows[0].verdict == RIG_MUTATION_LABEL_BREAKS && labels.rows[0].line == 3);
    CU_ASSERT(rig_view_is(labels.rows[0].ids, "SEQ-001,SEQ-002") && rig_view_is(labels.rows[0].why, "why"));
    CU_ASSERT_EQUAL(labels.rows[1].verdict, RIG_MUTATION_LABEL_LEGAL);
    CU_ASSERT_EQUAL(labels.rows[2].verdict, RIG_MUTATION_LABEL_UNKNOWN);
    free_table(&labels);
    CU_ASSERT_EQUAL(read_table("*\t*\t*\t-\tlegal\n", &labels, &error), RIG_E_SYNTAX); /* no reason */
    CU_ASSERT(strstr(error.text, "line 1") != NULL);
    free_table(&labels);
}

/* Row 4 of each table below would fit anything. */
static const struct {
    const char *when;
    size_t item;
    bool holds;
} conditions[] = {
    {"CmdSN=100", 5, true},
    {"CmdSN!=100", 5, false},
    {"full", 5, true},
    {"full", 3, false},
    {"!full R=1", 5, false},
    {"first leading", 1, true},
    {"first", 3, false},
    {"last", 38, true},
    {"last", 37, true},
    {"last-status", 36, false},
    {"last-numbered", 37, true},
    {"of=ScsiCmd read", 9, true},
    {"write", 9, false},
    {"good", 9, true},
    {"good", 25, false},
    {"asked", 10, true},
    {"answered", 10, true},
    {"more", 12, true},
    {"more", 13, false},
    {"next=DataOut", 12, true},
    {"acks-all", 9, true},
    {"acks-own", 9, true},
    {"shut", 9, false},
    {"edge", 9, false},
    {"named", 25, true},
    {"heard", 38, false},
    {"data>19", 20, true},
    {"recovers", 5, false},
    {"several", 5, false},
    {"ping-answered", 23, true},
    {"next-immediate", 25, true},
    {"has:SendTargets", 30, true},
    {"has-status", 11, false},
};

static void conditions_hold(void)
{
    bench b;
    rig_mutation m;
    rig_mutation_fact *facts;
    char text[256];
    begin(&b, plain);
    CU_ASSERT_EQUAL_FATAL(rig_mutation_facts(rig_alloc_libc(), &b.items, &facts), RIG_OK);
    for (size_t i = 0; i < sizeof conditions / sizeof conditions[0]; i++) {
        rig_mutation_labels labels;
        rig_status status;
        snprintf(text, sizeof text, "*\tdrop\t-\t%s\tlegal\tso\n*\t*\t*\t-\tunknown\tso\n",
                 conditions[i].when);
        CU_ASSERT_EQUAL_FATAL(read_table(text, &labels, NULL), RIG_OK);
        CU_ASSERT_FATAL(find(&b, conditions[i].item, "drop", "-", &m));
        const rig_mutation_label *row = rig_mutation_label_of(&labels, &b.items, facts, &m, &status);
        CU_ASSERT_EQUAL(status, RIG_OK);
        CU_ASSERT_FATAL(row != NULL);
        if ((row->line == 1) != conditions[i].holds)
            printf("\n%zu: %s", conditions[i].item, conditions[i].when);
        CU_ASSERT_EQUAL(row->line == 1, conditions[i].holds);
        free_table(&labels);
    }
    rig_delete(rig_alloc_libc(), facts, (b.items.num + 1) * sizeof *facts);
    end(&b);
}

static void unknown_conditions_are_refused(void)
{
    bench b;
    rig_mutation m;
    rig_mutation_fact *facts;
    rig_mutation_labels labels;
    rig_status status;
    begin(&b, plain);
    CU_ASSERT_EQUAL_FATAL(rig_mutation_facts(rig_alloc_libc(), &b.items, &facts), RIG_OK);
    CU_ASSERT_EQUAL_FATAL(read_table("*\t*\t*\tsometimes\tlegal\tso\n", &labels, NULL), RIG_OK);
    CU_ASSERT_FATAL(find(&b, 5, "drop", "-", &m));
    rig_mutation_label_of(&labels, &b.items, facts, &m, &status);
    CU_ASSERT_EQUAL(status, RIG_E_SYNTAX);
    free_table(&labels);
    CU_ASSERT_EQUAL_FATAL(read_table("Login\t*\t*\t-\tlegal\tso\n", &labels, NULL), RIG_OK);
    CU_ASSERT(rig_mutation_label_of(&labels, &b.items, facts, &m, &status) == NULL);
    CU_ASSERT_EQUAL(status, RIG_OK);
    free_table(&labels);
    rig_delete(rig_alloc_libc(), facts, (b.items.num + 1) * sizeof *facts);
    end(&b);
}

RIG_SUITE("mutations", {"they come in one order", order_is_always_the_same},
          {"each field of each PDU gets other values", every_field_is_changed},
          {"what breaks a rule is told", mutations_are_told_of},
          {"a rule can be switched off", a_rule_can_be_switched_off},
          {"tables of labels are read, or refused with their line", tables_are_read},
          {"a condition holds where it should", conditions_hold},
          {"a condition that nobody knows is refused, and no row is none", unknown_conditions_are_refused})
