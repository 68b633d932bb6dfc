/* The table that says what the RFC has to say of a mutation. */
#include "facts.h"

static bool take(rig_view *line, rig_view *out)
{
    *out = rig_view_split(line, '\t');
    return out->len > 0;
}

static bool read_row(rig_view line, rig_mutation_label *out)
{
    rig_view verdict;
    if (!take(&line, &out->pdus) || !line.ptr || !take(&line, &out->what) || !line.ptr ||
        !take(&line, &out->how) || !line.ptr || !take(&line, &out->when) || !line.ptr ||
        !take(&line, &verdict) || !line.ptr || line.len == 0)
        return false;
    out->why = line;
    out->verdict = rig_view_is(verdict, "legal")     ? RIG_MUTATION_LABEL_LEGAL
                   : rig_view_is(verdict, "unknown") ? RIG_MUTATION_LABEL_UNKNOWN
                                                     : RIG_MUTATION_LABEL_BREAKS;
    if (out->verdict == RIG_MUTATION_LABEL_BREAKS)
        out->ids = verdict;
    return true;
}

static rig_status refuse(rig_error *err, rig_status status, uint32_t line)
{
    return rig_fail(err, status, "line %u: %s", line,
                    status == RIG_E_LIMIT ? "too many rows" : "wanted six columns with tabs between them");
}

rig_status rig_mutation_labels_read(const rig_alloc *alloc, rig_view text, rig_mutation_labels *out,
                                    rig_error *err)
{
    uint32_t number = 0;
    out->num = 0;
    out->rows = rig_new(alloc, RIG_MUTATION_LABELS_MAX * sizeof *out->rows);
    if (!out->rows)
        return RIG_E_NOMEM;
    while (text.ptr) {
        rig_view line = rig_view_split(&text, '\n');
        number++;
        if (line.len == 0 || line.ptr[0] == '#')
            continue;
        if (out->num == RIG_MUTATION_LABELS_MAX)
            return refuse(err, RIG_E_LIMIT, number);
        if (!read_row(line, &out->rows[out->num]))
            return refuse(err, RIG_E_SYNTAX, number);
        out->rows[out->num++].line = number;
    }
    return RIG_OK;
}

/* ---- matching ---- */

static bool in_list(rig_view list, const char *word)
{
    if (rig_view_is(list, "*"))
        return true;
    while (list.ptr)
        if (rig_view_is(rig_view_split(&list, ','), word))
            return true;
    return false;
}

typedef struct label_at {
    const rig_items *items;
    const rig_mutation_fact *facts;
    const rig_mutation *m;
} label_at;

static bool fact_word(const label_at *at, rig_view word, bool *out_holds)
{
    static const char *const words[] = {
#define X(id, word) word,
        FACTS(X)
#undef X
    };
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
        if (rig_view_is(word, words[i])) {
            *out_holds = at->facts[at->m->item].bits >> i & 1;
            return true;
        }
    return false;
}

static bool kind_word(const label_at *at, rig_view word, bool *out_holds)
{
    bool moves = at->m->way == RIG_MUTATE_SWAP || at->m->way == RIG_MUTATE_CROSS;
    rig_view name = rig_view_split(&word, '=');
    rig_pdu_kind kind;
    if (rig_view_is(name, "of"))
        kind = at->facts[at->m->item].of;
    else if (rig_view_is(name, "next"))
        kind =
            moves ? rig_pdu_kind_of(at->items->ptr[at->m->partner].pdu.bhs) : at->facts[at->m->item].next_own;
    else
        return false;
    *out_holds = word.ptr && rig_view_is(word, rig_pdu_rows[kind].name);
    return word.ptr && (rig_pdu_find(word) != RIG_PDU_UNKNOWN || rig_view_is(word, "Unknown"));
}

/* The partner acknowledges the status of the PDU. */
static bool acks(const rig_item *item, const rig_item *partner)
{
    rig_pdu_kind kind = rig_pdu_kind_of(partner->pdu.bhs);
    return facts_has_status(item) && (rig_fields[RIG_F_EXP_STAT_SN].pdus >> kind & 1) &&
           rig_sn_lt(rig_get32(item->pdu.bhs, RIG_F_STAT_SN), rig_get32(partner->pdu.bhs, RIG_F_EXP_STAT_SN));
}

/* What is true of both PDUs of a swap. */
static bool pair_word(const label_at *at, rig_view word, bool *out_holds)
{
    const rig_mutation *m = at->m;
    bool moves = m->way == RIG_MUTATE_SWAP || m->way == RIG_MUTATE_CROSS;
    const rig_item *item = &at->items->ptr[m->item];
    const rig_item *partner = moves ? &at->items->ptr[m->partner] : item;
    if (rig_view_is(word, "same-task"))
        *out_holds = rig_get32(item->pdu.bhs, RIG_F_ITT) == rig_get32(partner->pdu.bhs, RIG_F_ITT);
    else if (rig_view_is(word, "same-ttt"))
        *out_holds = rig_get32(item->pdu.bhs, RIG_F_TTT) == rig_get32(partner->pdu.bhs, RIG_F_TTT);
    else if (rig_view_is(word, "acks"))
        *out_holds = acks(item, partner);
    else if (rig_view_is(word, "both-status"))
        *out_holds = facts_has_status(item) && facts_has_status(partner);
    else if (rig_view_is(word, "both-numbered"))
        *out_holds = facts_numbered(item) && facts_numbered(partner);
    else if (rig_view_is(word, "one-numbered"))
        *out_holds = facts_numbered(item) != facts_numbered(partner);
    else if (rig_view_is(word, "has-status"))
        *out_holds = facts_has_status(item);
    else if (rig_view_is(word, "request"))
        *out_holds = rig_fields[RIG_F_I].pdus >> m->kind & 1;
    else
        return false;
    return true;
}

/* Who else says the key of a KEY mutation on the connection. */
static bool says_key(const label_at *at, size_t from, size_t to)
{
    const rig_item *item = &at->items->ptr[at->m->item];
    for (size_t i = from; i < to; i++) {
        const rig_item *other = &at->items->ptr[i];
        rig_pdu_kind kind = other->kind == RIG_ITEM_PDU ? rig_pdu_kind_of(other->pdu.bhs) : RIG_PDU_UNKNOWN;
        bool text =
            (RIG_IN(LOGIN_REQ) | RIG_IN(LOGIN_RESP) | RIG_IN(TEXT_REQ) | RIG_IN(TEXT_RESP)) >> kind & 1;
        if (text && other->connection == item->connection && other->to_target != item->to_target &&
            lint_has_key(other->text, at->m->what, NULL))
            return true;
    }
    return false;
}

static bool key_word(const label_at *at, rig_view word, bool *out_holds)
{
    bool key = at->m->way == RIG_MUTATE_KEY;
    if (rig_view_is(word, "key")) /* a key of the text is changed */
        *out_holds = key;
    else if (rig_view_is(word, "answers")) /* the other side has said the key before */
        *out_holds = key && says_key(at, 0, at->m->item);
    else if (rig_view_is(word, "gets-answer")) /* the other side says the key later */
        *out_holds = key && says_key(at, at->m->item + 1, at->items->num);
    else
        return false;
    return true;
}

/* A field that some other kind has does not hold here; a name of none is a mistake. */
static bool field_word(const label_at *at, rig_view word, bool *out_holds)
{
    rig_view name = rig_view_sub(word, 0, rig_view_find(word, '='));
    if (name.len > 0 && name.ptr[name.len - 1] == '!')
        name.len--;
    *out_holds = false;
    if (rig_view_starts(word, "data") || rig_view_starts(word, "has:") ||
        rig_field_find(at->m->kind, name) != RIG_FIELDS)
        return lint_change_holds(&at->items->ptr[at->m->item], at->m->kind, word, out_holds);
    for (unsigned kind = 0; kind < RIG_PDU_KINDS; kind++)
        if (rig_field_find((rig_pdu_kind)kind, name) != RIG_FIELDS)
            return true;
    return false;
}

static bool all_hold(const label_at *at, rig_view when, rig_status *out_status)
{
    while (when.ptr && !rig_view_is(when, "-")) {
        rig_view word = rig_view_split(&when, ' ');
        bool holds, not = rig_view_starts(word, "!");
        rig_view plain = rig_view_sub(word, not, word.len);
        if (!fact_word(at, plain, &holds) && !kind_word(at, plain, &holds) && !pair_word(at, plain, &holds) &&
            !key_word(at, plain, &holds) && !field_word(at, plain, &holds)) {
            *out_status = RIG_E_SYNTAX;
            return true;
        }
        if (holds == not )
            return false;
    }
    return true;
}

const rig_mutation_label *rig_mutation_label_of(const rig_mutation_labels *labels, const rig_items *items,
                                                const rig_mutation_fact *facts, const rig_mutation *mutation,
                                                rig_status *out_status)
{
    const label_at at = {items, facts, mutation};
    *out_status = RIG_OK;
    for (size_t i = 0; i < labels->num; i++) {
        const rig_mutation_label *row = &labels->rows[i];
        if (in_list(row->pdus, rig_pdu_rows[mutation->kind].name) && in_list(row->what, mutation->what) &&
            in_list(row->how, mutation->how) && all_hold(&at, row->when, out_status))
            return row;
    }
    return NULL;
}
