/* Clauses about the results of steps. */
#include "matching.h"

#include "rig/text.h"

#define FACT_TEXT_MAX 4096 /* bytes of a member's value that count */

static const struct {
    const char *name;
    uint64_t factor;
} units[] = {
    {"", 1},           {"ns", 1},
    {"us", 1000},      {"ms", 1000000},
    {"s", 1000000000}, {"m", UINT64_C(60000000000)},
    {"B", 1},          {"K", 1u << 10},
    {"KiB", 1u << 10}, {"M", 1u << 20},
    {"MiB", 1u << 20}, {"G", 1u << 30},
    {"GiB", 1u << 30}, {"h", UINT64_C(3600000000000)},
};

/* A number with a sign, and perhaps a unit. */
typedef struct amount {
    bool minus;
    uint64_t size;
} amount;

static bool read_amount(rig_view text, amount *out)
{
    size_t digits = 0;
    uint64_t number;
    out->minus = rig_view_starts(text, "-");
    rig_view rest = rig_view_sub(text, out->minus, text.len);
    if (rig_view_u64(rest, &out->size))
        return true;
    while (digits < rest.len && rest.ptr[digits] >= '0' && rest.ptr[digits] <= '9')
        digits++;
    if (!rig_view_u64(rig_view_sub(rest, 0, digits), &number))
        return false;
    rest = rig_view_sub(rest, digits, rest.len);
    for (size_t i = 0; i < sizeof units / sizeof units[0]; i++)
        if (rig_view_is(rest, units[i].name) && number <= UINT64_MAX / units[i].factor) {
            out->size = number * units[i].factor;
            return true;
        }
    return false;
}

static int compare(amount a, amount b)
{
    if (a.minus != b.minus && (a.size || b.size))
        return a.minus ? -1 : 1;
    int order = a.size < b.size ? -1 : a.size > b.size;
    return a.minus ? -order : order;
}

static bool ordered(rig_scn_op op, int order)
{
    switch (op) {
    case RIG_SCN_OP_EQ:
        return order == 0;
    case RIG_SCN_OP_NE:
        return order != 0;
    case RIG_SCN_OP_LT:
        return order < 0;
    case RIG_SCN_OP_LE:
        return order <= 0;
    case RIG_SCN_OP_GT:
        return order > 0;
    case RIG_SCN_OP_GE:
        return order >= 0;
    case RIG_SCN_OP_HAS:
        break;
    }
    return false;
}

/* Lists are joined by commas or blanks. */
static bool list_has(rig_view list, rig_view item)
{
    for (rig_view rest = list; rest.ptr;)
        if (rig_list_has(rig_view_split(&rest, ' '), item))
            return true;
    return false;
}

/* "ABORTED-COMMAND" stands for all its additional codes. */
static bool text_eq(const match_run *run, const rig_scn_must *must, rig_view came)
{
    rig_view want = must->value.text;
    bool sense = rig_view_is(must->member, "sense") && rig_view_find(want, '/') == want.len;
    if (sense)
        came = rig_view_sub(came, 0, rig_view_find(came, '/'));
    bool answer =
        must->result < run->scn->num_results && run->scn->results[must->result].kind == RIG_SCN_R_ANSWER;
    bool outcome = (must->member.len == 0 && !answer) ||
                   (must->member_row && must->member_row->args[0].type == RIG_SCN_T_OUTCOME);
    return outcome ? match_outcome_eq(want, came) : rig_view_eq(want, came);
}

/* Real time is compared with the slack of traces. */
static bool amount_fits(const match_run *run, const rig_scn_must *must, amount got, amount want)
{
    uint64_t slack = rig_view_is(must->member, "time") ? match_slack(run, want.size) : 0;
    if (must->op == RIG_SCN_OP_EQ && !got.minus && !want.minus)
        return got.size + slack >= want.size && got.size <= want.size + slack;
    return ordered(must->op, compare(got, want));
}

static bool value_fits(const match_run *run, const rig_scn_must *must, rig_view came)
{
    amount want = {.size = must->value.number}, got;
    if (must->op == RIG_SCN_OP_HAS)
        return list_has(came, must->value.text);
    bool number = read_amount(must->value.text, &want) || must->value.is_number;
    if (number && read_amount(came, &got))
        return amount_fits(run, must, got, want);
    bool same = text_eq(run, must, came);
    return must->op == RIG_SCN_OP_EQ ? same : must->op == RIG_SCN_OP_NE && !same;
}

static rig_view result_name(const match_run *run, const rig_scn_must *must)
{
    return must->result < run->scn->num_results ? run->scn->results[must->result].name : rig_view_str("?");
}

static void fact_name(const match_run *run, const rig_scn_must *must, rig_text *out)
{
    rig_view name = result_name(run, must);
    rig_text_add(out, "%s$%.*s", must->kind == RIG_SCN_M_COUNT ? "count " : "", RIG_VIEW_ARG(name));
    if (must->member.len)
        rig_text_add(out, ".%.*s", RIG_VIEW_ARG(must->member));
}

/* What came on the wire says more than the value it led to. */
static void blame(match_run *run, const rig_scn_must *must, rig_finding *finding)
{
    rig_cause cause;
    const rig_facts *facts = run->facts;
    if (facts && facts->cause && facts->cause(facts->ctx, must->result, must->member, &cause) &&
        rig_match_blame(run->out, finding, &cause) != RIG_OK)
        run->status = RIG_E_NOMEM;
}

static bool add(match_run *run, const rig_scn_must *must, const char *text, rig_view expected,
                rig_view actual, rig_view came)
{
    rig_finding *finding = rig_result_finding(run->out, RIG_FINDING_MUST, must->place, text);
    rig_text field;
    if (!finding) {
        run->status = RIG_E_NOMEM;
        return false;
    }
    finding->must = must;
    rig_text_init(&field, finding->field, sizeof finding->field);
    if (must->kind == RIG_SCN_M_COUNT)
        rig_text_add(&field, "count");
    else
        rig_text_view(&field, must->member.len ? must->member : rig_view_str("status"));
    if (rig_result_text(run->out, &finding->expected, expected) != RIG_OK ||
        rig_result_text(run->out, &finding->actual, actual) != RIG_OK)
        run->status = RIG_E_NOMEM;
    finding->mark_at = (uint32_t)(actual.len - came.len);
    finding->mark_len = (uint32_t)came.len;
    if (must->kind == RIG_SCN_M_RESULT)
        blame(run, must, finding);
    return false;
}

static bool fail(match_run *run, const rig_scn_must *must, rig_view came, bool known)
{
    char name[96], want[MATCH_VALUE_MAX * 4], got[MATCH_VALUE_MAX * 4], text[MATCH_SAID_MAX],
        shown[MATCH_VALUE_MAX * 2];
    rig_text name_text, want_text, got_text, out, value;
    rig_text_init(&name_text, name, sizeof name);
    rig_text_init(&want_text, want, sizeof want);
    rig_text_init(&got_text, got, sizeof got);
    rig_text_init(&out, text, sizeof text);
    rig_text_init(&value, shown, sizeof shown);
    fact_name(run, must, &name_text);
    rig_text_escaped(&value, came);
    if (!known)
        rig_text_add(&value, "(not known)");
    rig_text_add(&want_text, "%s %s ", name, rig_scn_op_text(must->op));
    rig_text_escaped(&want_text, must->value.text);
    rig_text_add(&got_text, "%s %s %s", name, rig_scn_op_text(RIG_SCN_OP_EQ), shown);
    rig_text_add(&out, "%s: want %s ", name, rig_scn_op_text(must->op));
    rig_text_escaped(&out, rig_view_sub(must->value.text, 0, MATCH_VALUE_MAX));
    rig_text_add(&out, known ? ", got %s" : ", but no step left that%.0s", shown);
    return add(run, must, text, rig_view_of(want, want_text.len), rig_view_of(got, got_text.len),
               rig_view_of(shown, value.len));
}

/* A run that ended early leaves results out: the finding that tells why is there already. */
static bool was_not_reached(const match_run *run, bool known, bool *out_looked)
{
    *out_looked = known || !run->config->partial;
    return !*out_looked;
}

static bool member_fits(match_run *run, const rig_scn_must *must, bool *out_looked)
{
    const rig_facts *facts = run->facts;
    rig_text came;
    char *room = rig_new(run->out->alloc, FACT_TEXT_MAX);
    if (!room) {
        run->status = RIG_E_NOMEM;
        return false;
    }
    rig_text_init(&came, room, FACT_TEXT_MAX);
    bool known = facts && facts->member && facts->member(facts->ctx, must->result, must->member, &came);
    rig_view value = rig_view_of(room, came.len);
    bool held = was_not_reached(run, known, out_looked) || (known && value_fits(run, must, value)) ||
                fail(run, must, rig_view_sub(value, 0, known ? MATCH_VALUE_MAX / 2 : 0), known);
    rig_delete(run->out->alloc, room, FACT_TEXT_MAX);
    return held;
}

bool match_fact(match_run *run, const rig_scn_must *must, bool *out_looked)
{
    const rig_facts *facts = run->facts;
    char digits[24];
    rig_text text;
    uint64_t num = 0;
    if (must->kind == RIG_SCN_M_RESULT)
        return member_fits(run, must, out_looked);
    bool known = facts && facts->count && facts->count(facts->ctx, must->result, &num);
    rig_text_init(&text, digits, sizeof digits);
    rig_text_add(&text, "%llu", (unsigned long long)num);
    rig_view value = rig_view_of(digits, known ? text.len : 0);
    return was_not_reached(run, known, out_looked) || (known && value_fits(run, must, value)) ||
           fail(run, must, value, known);
}
