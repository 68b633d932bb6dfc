/* One item at a time: the rules of its kind look at it and at what came before, then it becomes a part of
 * that. */
#include "lint.h"

#include "rig/cdb.h"

#define NO_RULE UINT16_MAX /* ends a list of rules */

typedef void lint_rule_fn(lint_at *at);

static lint_rule_fn *const functions[] = {
#define RULE(function, id, name, level, side, section, pdus, keys, what, change) function,
#define BREAK RULE
#include "rules.def"
#undef BREAK
#undef RULE
};

#define NUM_RULES (sizeof functions / sizeof functions[0])
_Static_assert(NUM_RULES < LINT_RULES_MAX, "the lists of rules have to end");

static bool by_kind(const rig_lint_rule *rule)
{
    return !rule->keys && !(rule->pdus & LINT_RARE);
}

static void index_rules(rig_lint *lint)
{
    uint16_t num[RIG_PDU_KINDS] = {0}, keys = 0, events = 0, rare = 0;
    for (unsigned r = 0; r < NUM_RULES; r++) {
        if (rig_lint_rules[r].keys)
            lint->by_key[keys++] = (uint16_t)r;
        if (rig_lint_rules[r].pdus & LINT_EVENTS)
            lint->by_event[events++] = (uint16_t)r;
        if (rig_lint_rules[r].pdus & LINT_RARE)
            lint->by_rare[rare++] = (uint16_t)r;
        for (unsigned kind = 0; kind < RIG_PDU_KINDS && by_kind(&rig_lint_rules[r]); kind++)
            if (rig_lint_rules[r].pdus >> kind & 1)
                lint->by_kind[kind][num[kind]++] = (uint16_t)r;
    }
    lint->by_key[keys] = NO_RULE;
    lint->by_event[events] = NO_RULE;
    lint->by_rare[rare] = NO_RULE;
    for (unsigned kind = 0; kind < RIG_PDU_KINDS; kind++) {
        lint->by_kind[kind][num[kind]] = NO_RULE;
        rig_bhs_reserved_bits((rig_pdu_kind)kind, lint->reserved[kind]);
    }
}

rig_status rig_lint_new(const rig_lint_config *config, rig_lint **out_lint)
{
    rig_lint *lint = rig_new(config->alloc, sizeof *lint);
    *out_lint = lint;
    if (!lint)
        return RIG_E_NOMEM;
    lint->config = *config;
    index_rules(lint);
    return RIG_OK;
}

void rig_lint_free(rig_lint *lint)
{
    if (!lint)
        return;
    lint_state_free(lint);
    lint_challenges_free(lint);
    rig_delete(lint->config.alloc, lint, sizeof *lint);
}

void rig_lint_end(const rig_lint *lint, rig_lint_totals *out_totals)
{
    *out_totals = lint->totals;
}

static void run(lint_at *at, const uint16_t *rules)
{
    for (; *rules != NO_RULE && at->lint->status == RIG_OK; rules++) {
        at->rule = &rig_lint_rules[*rules];
        if (at->rule == at->lint->config.without)
            continue;
        if (at->rule->side == RIG_LINT_BOTH || at->rule->side == at->side)
            functions[*rules](at);
    }
}

/* Most PDUs are in none of the situations that these rules are about, and are not to pay for them. */
static bool is_rare(const lint_at *at)
{
    const lint_conn *conn = at->conn;
    return conn->login.refused || conn->logout_due.set || conn->text_due.set || at->item->pdu.ahs.len > 0 ||
           (at->session && at->session->discovery) ||
           (at->task && (at->kind == RIG_PDU_SCSI_CMD || at->task->ack_early));
}

static void run_rare(lint_at *at)
{
    for (const uint16_t *rules = at->lint->by_rare; *rules != NO_RULE && is_rare(at); rules++) {
        const uint16_t one[] = {*rules, NO_RULE};
        if (rig_lint_rules[*rules].pdus >> at->kind & 1)
            run(at, one);
    }
}

static const lint_key *find_key(rig_view name)
{
    for (size_t k = 0; k < lint_num_keys; k++)
        if (rig_view_is(name, lint_keys[k].name))
            return &lint_keys[k];
    return NULL;
}

/* Each key is judged before it counts, so that a second one in the same text is seen as one. */
static void judge_keys(lint_at *at)
{
    rig_view rest = lint_text_of(at);
    const uint8_t *base = rest.ptr;
    lint_conn *conn = at->conn;
    if (!lint_text_complete(at) || conn->phase == LINT_MIDSTREAM || conn->muted)
        return;
    if (at->kind == RIG_PDU_TEXT_REQ && LINT_GET(at, TTT) == RIG_TAG_NONE)
        lint_forget_keys(at->lint, conn); /* a new negotiation (section 11.10.4) */
    if (!conn->said)
        conn->said = rig_new(at->lint->config.alloc, lint_num_keys * sizeof *conn->said);
    if (!conn->said) {
        at->lint->status = RIG_E_NOMEM;
        return;
    }
    while (rig_pair_next(base, &rest, &at->pair, NULL) == RIG_OK) {
        at->key = find_key(at->pair.key);
        at->said = at->key ? &conn->said[at->key - lint_keys] : NULL;
        run(at, at->lint->by_key);
        if (at->key)
            lint_follow_key(at);
    }
    at->key = NULL;
}

static bool text_kind(rig_pdu_kind kind)
{
    return (RIG_IN(LOGIN_REQ) | RIG_IN(LOGIN_RESP) | RIG_IN(TEXT_REQ) | RIG_IN(TEXT_RESP)) >> kind & 1;
}

static void judge(lint_at *at)
{
    if (at->kind == RIG_PDU_LOGIN_REQ && at->conn->phase == LINT_FRESH && !at->conn->muted)
        lint_begin_login(at);
    at->session = at->conn->session;
    at->task = at->session ? lint_task_find(at->session, LINT_GET(at, ITT)) : NULL;
    if (text_kind(at->kind))
        judge_keys(at);
    run(at, at->lint->by_kind[at->kind]);
    run_rare(at);
    if (at->lint->status == RIG_OK)
        lint_follow(at);
}

/* Where the header itself is damaged, none of its fields is anybody's word. */
static void judge_pdu(rig_lint *lint, lint_conn *conn, const rig_item *item)
{
    rig_pdu_kind kind = rig_pdu_kind_of(item->pdu.bhs);
    bool own = kind == RIG_PDU_UNKNOWN || rig_pdu_rows[kind].from_initiator == item->to_target;
    lint_at at = {.lint = lint,
                  .item = item,
                  .bhs = item->pdu.bhs,
                  .kind = own && !item->pdu.bad_header_digest ? kind : RIG_PDU_UNKNOWN,
                  .side = item->to_target ? RIG_LINT_INITIATOR : RIG_LINT_TARGET,
                  .conn = conn};
    if (at.kind == RIG_PDU_SCSI_CMD)
        at.cdb = rig_cdb_row_of(rig_view_of(at.bhs + rig_fields[RIG_F_CDB].byte, 16));
    if (conn->phase == LINT_MIDSTREAM)
        lint->totals.unjudged++;
    lint->totals.pdus++;
    judge(&at);
}

static const rig_view nothing;

/* Nor are damaged data: they count as missing, but for their digest. */
static rig_item undamaged(const rig_item *item)
{
    rig_item out = *item;
    out.pdu.data = out.text = nothing;
    out.missing = item->data_len;
    return out;
}

static void judge_undamaged(rig_lint *lint, lint_conn *conn, const rig_item *item)
{
    if (item->pdu.bad_data_digest) {
        const rig_item seen = undamaged(item);
        judge_pdu(lint, conn, &seen);
    } else
        judge_pdu(lint, conn, item);
}

/* Out of turn it may answer what was not seen, and its answer may have been seen before: it proves nothing,
 * for or against anybody. */
static void take_pdu(rig_lint *lint, lint_conn *conn, const rig_item *item)
{
    if (item->out_of_turn)
        lint_conn_lose(conn, RIG_LINT_BOTH);
    judge_undamaged(lint, conn, item);
    if (item->out_of_turn)
        lint_conn_lose(conn, RIG_LINT_BOTH);
}

static bool is(const rig_item *item, const char *event)
{
    return rig_view_is(item->event, event);
}

/* Whose bytes an event tells of: "bytes=N to-target=yes". */
static rig_lint_side side_of(const rig_item *item)
{
    for (rig_view rest = item->args; rest.len > 0;) {
        rig_view word = rig_view_split(&rest, ' ');
        if (rig_view_is(word, "to-target=yes"))
            return RIG_LINT_INITIATOR;
        if (rig_view_is(word, "to-target=no"))
            return RIG_LINT_TARGET;
    }
    return RIG_LINT_BOTH;
}

/* Who began the connection, where the event does not say whose bytes it tells of. */
static void judge_event(rig_lint *lint, lint_conn *conn, const rig_item *item)
{
    static const uint8_t no_header[RIG_BHS_LEN];
    lint_at at = {.lint = lint,
                  .item = item,
                  .bhs = no_header,
                  .kind = RIG_PDU_UNKNOWN,
                  .side = side_of(item) == RIG_LINT_TARGET ? RIG_LINT_TARGET : RIG_LINT_INITIATOR,
                  .conn = conn};
    run(&at, lint->by_event);
}

static void take_event(rig_lint *lint, lint_conn *conn, const rig_item *item)
{
    judge_event(lint, conn, item);
    if (is(item, "connect"))
        lint_conn_begin(lint, conn);
    else if (is(item, "close"))
        lint_conn_close(lint, conn);
    else if (is(item, "midstream") || is(item, "gap") || is(item, "resync") || is(item, "garbage") ||
             is(item, "truncated"))
        lint_conn_lose(conn, side_of(item));
}

rig_status rig_lint_item(rig_lint *lint, const rig_item *item)
{
    if (item->connection == UINT32_MAX)
        return RIG_OK;
    lint_conn *conn = lint_conn_get(lint, item->connection);
    if (!conn)
        return RIG_E_NOMEM;
    lint->status = RIG_OK;
    if (item->kind == RIG_ITEM_PDU)
        take_pdu(lint, conn, item);
    else
        take_event(lint, conn, item);
    return lint->status;
}
