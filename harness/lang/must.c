/* must and never: requirements, written by hand. */
#include "lang.h"

typedef struct op_row {
    const char *text;
    rig_scn_op op;
    rig_scn_op inverse;
} op_row;

static const op_row ops[] = {{"==", RIG_SCN_OP_EQ, RIG_SCN_OP_NE},   {"!=", RIG_SCN_OP_NE, RIG_SCN_OP_EQ},
                             {"<", RIG_SCN_OP_LT, RIG_SCN_OP_GE},    {"<=", RIG_SCN_OP_LE, RIG_SCN_OP_GT},
                             {">", RIG_SCN_OP_GT, RIG_SCN_OP_LE},    {">=", RIG_SCN_OP_GE, RIG_SCN_OP_LT},
                             {"has", RIG_SCN_OP_HAS, RIG_SCN_OP_HAS}};

#define NUM_OPS (sizeof(ops) / sizeof(ops[0]))

const char *rig_scn_op_text(rig_scn_op op)
{
    for (size_t i = 0; i < NUM_OPS; i++)
        if (ops[i].op == op)
            return ops[i].text;
    return "?";
}

static bool read_op(lang_parser *p, lang_cursor *c, rig_scn_op *out)
{
    rig_view text = lang_peek(p, c);
    for (size_t i = 0; i < NUM_OPS && c->at < c->end; i++)
        if (rig_view_is(text, ops[i].text)) {
            *out = ops[i].op;
            c->at++;
            return true;
        }
    return lang_bad(p, c, RIG_E_SYNTAX, "one of == != < <= > >= has is wanted here");
}

/* ---- must count $x OP N, must $x[.member] OP value ---- */

static const rig_scn_arg_row number_row = {"N", RIG_SCN_T_NUMBER, RIG_SCN_BARE, true, NULL, NULL};
static const rig_scn_arg_row text_row = {"value", RIG_SCN_T_WORD, RIG_SCN_BARE, true, NULL, NULL};

static const rig_scn_arg_row code_row = {"code", RIG_SCN_T_CODE, RIG_SCN_BARE, true, NULL, NULL};

static const rig_scn_result *result_of(const lang_parser *p, const rig_scn_must *must)
{
    return &((const rig_scn_result *)p->results.ptr)[must->result];
}

/* Of a call's answer any member may be asked for, besides how long it took and what was said. */
static bool read_answer_member(lang_parser *p, lang_cursor *c, const rig_call *call, rig_view member)
{
    lang_spot spot;
    bool own = rig_view_is(member, "time") || rig_view_is(member, "error");
    return own ||
           lang_path_check(p, lang_place_in(p, c->at, member), rig_shape_of(call->reply), member, &spot);
}

static bool read_member(lang_parser *p, lang_cursor *c, rig_scn_must *must, rig_view member)
{
    const rig_call *call = result_of(p, must)->call;
    must->member = member;
    if (call)
        return read_answer_member(p, c, call, member);
    must->member_row = lang_word_find(RIG_SCN_G_MEMBER, member);
    return must->member_row || rig_key_known(member) ||
           lang_unknown_word(p, lang_place_in(p, c->at, member), "member", member, RIG_SCN_G_MEMBER);
}

static bool read_result(lang_parser *p, lang_cursor *c, rig_scn_must *must)
{
    rig_view text = lang_peek(p, c);
    if (lang_end(p, c) || text.len < 2 || text.ptr[0] != '$')
        return lang_bad(p, c, RIG_E_SYNTAX, "the $variable of a step is wanted here");
    size_t len = lang_name_len(rig_view_sub(text, 1, text.len));
    rig_view name = rig_view_sub(text, 1, len);
    must->result = lang_result_find(p, name);
    if (must->result == RIG_SCN_NO_VAR)
        return lang_bad(p, c, RIG_E_NOT_FOUND, "no step sets $%.*s", RIG_VIEW_ARG(name));
    rig_view rest = rig_view_sub(text, 1 + len, text.len);
    if (rest.len > 0) {
        if (rest.ptr[0] != '.')
            return lang_bad(p, c, RIG_E_SYNTAX, "write $variable or $variable.member");
        if (!read_member(p, c, must, rig_view_sub(rest, 1, rest.len)))
            return false;
    }
    c->at++;
    return true;
}

/* What the value after the operator must be. */
static const rig_scn_arg_row *value_row(const lang_parser *p, const rig_scn_must *must)
{
    if (must->kind == RIG_SCN_M_COUNT)
        return &number_row;
    if (must->op == RIG_SCN_OP_HAS)
        return &text_row;
    rig_scn_result_kind kind = result_of(p, must)->kind;
    if (kind == RIG_SCN_R_CALL || kind == RIG_SCN_R_ANSWER)
        return kind == RIG_SCN_R_CALL && must->member.len == 0 ? &code_row : &text_row;
    if (must->member_row)
        return &must->member_row->args[0];
    return must->member.len ? &text_row : &lang_word_find(RIG_SCN_G_MEMBER, rig_view_str("status"))->args[0];
}

static void alter_result(lang_parser *p, rig_scn_must *must, const rig_scn_arg_row *row)
{
    if (must->op == RIG_SCN_OP_EQ || must->op == RIG_SCN_OP_HAS) {
        lang_alter_value(p, &must->value, &(lang_want){.kind = RIG_SCN_C_ARG, .arg = row});
        return;
    }
    p->altered = true;
    for (size_t i = 0; i < NUM_OPS; i++)
        if (ops[i].op == must->op) {
            must->op = ops[i].inverse;
            return;
        }
}

/* What a member of an answer is compared with may stand for a number: VALID+IKE. */
static void name_number(const lang_parser *p, rig_scn_must *must)
{
    lang_spot spot;
    uint64_t number;
    const rig_call *call = result_of(p, must)->call;
    if (!call || must->member.len == 0 || must->op == RIG_SCN_OP_HAS || must->value.is_number)
        return;
    must->value.is_number = lang_spot_find(rig_shape_of(call->reply), must->member, &spot) &&
                            lang_member_number(&spot, must->value.text, &number);
    must->value.number = must->value.is_number ? number : 0;
}

/* Numbers compare as numbers wherever a text is one. */
static bool convert_value(lang_parser *p, rig_scn_place place, rig_view raw, const rig_scn_arg_row *row,
                          rig_scn_must *must)
{
    rig_view digits = raw.len > 1 && raw.ptr[0] == '-' ? rig_view_sub(raw, 1, raw.len) : raw;
    bool negative = digits.len < raw.len && row->type == RIG_SCN_T_NUMBER;
    if (!lang_value_convert(p, place, negative ? digits : raw, row, &must->value))
        return false;
    if (negative) {
        must->value.number = (uint64_t)0 - must->value.number;
        must->value.text = raw;
    }
    if (row->type == RIG_SCN_T_WORD)
        must->value.is_number = rig_view_u64(must->value.text, &must->value.number);
    name_number(p, must);
    bool ordered = must->op != RIG_SCN_OP_EQ && must->op != RIG_SCN_OP_NE && must->op != RIG_SCN_OP_HAS;
    return !ordered || must->value.is_number ||
           lang_bad_at(p, place, RIG_E_SYNTAX, "%s compares numbers", rig_scn_op_text(must->op));
}

static bool read_comparison(lang_parser *p, lang_cursor *c, rig_scn_must *must)
{
    if (!read_result(p, c, must) || !read_op(p, c, &must->op))
        return false;
    if (must->kind == RIG_SCN_M_COUNT && must->op == RIG_SCN_OP_HAS)
        return lang_bad(p, c, RIG_E_SYNTAX, "count compares numbers: == != < <= > >=");
    if (lang_at_stop(p, c))
        return lang_bad(p, c, RIG_E_SYNTAX, "a value is missing");
    rig_view raw = lang_peek(p, c);
    rig_scn_place place = lang_place(p, c->at++);
    const rig_scn_arg_row *row = value_row(p, must);
    if (!convert_value(p, place, raw, row, must))
        return false;
    bool alter;
    must->value.literal = lang_literal(p, place, must->value.text, &alter);
    if (alter)
        alter_result(p, must, row);
    return true;
}

/* ---- must LINE, never LINE ---- */

static bool new_line(lang_parser *p, lang_cursor *c, const rig_scn_line **out)
{
    rig_scn_line *line = lang_take(p->arena, sizeof(*line));
    if (!line)
        return lang_nomem(p->report);
    *out = line;
    return lang_line_read(p, c, line);
}

static const struct {
    const char *text;
    rig_scn_quantity quantity;
} quantities[] = {
    {"exactly", RIG_SCN_Q_EXACTLY}, {"at-least", RIG_SCN_Q_AT_LEAST}, {"at-most", RIG_SCN_Q_AT_MOST}};

/* What the quantity says is turned around, so that it fails wherever it held. */
static void alter_quantity(lang_parser *p, rig_scn_must *must)
{
    p->altered = true;
    uint64_t n = must->number.number;
    if (must->quantity == RIG_SCN_Q_AT_LEAST && n == 0) {
        p->unalterable = true;
    } else if (must->quantity == RIG_SCN_Q_AT_LEAST) {
        must->quantity = RIG_SCN_Q_AT_MOST;
        must->number.number = n - 1;
    } else {
        if (must->quantity == RIG_SCN_Q_AT_MOST)
            must->quantity = RIG_SCN_Q_AT_LEAST;
        must->number.number = n + 1;
    }
}

static bool read_quantity(lang_parser *p, lang_cursor *c, rig_scn_must *must)
{
    for (size_t i = 0; i < sizeof(quantities) / sizeof(quantities[0]); i++)
        if (lang_take_word(p, c, quantities[i].text))
            must->quantity = quantities[i].quantity;
    if (must->quantity == RIG_SCN_Q_SOME)
        return true;
    if (!lang_value_read(p, c, &number_row, &must->number))
        return false;
    bool alter;
    must->number.literal = lang_literal(p, must->number.place, must->number.text, &alter);
    if (alter)
        alter_quantity(p, must);
    return true;
}

static bool read_seen(lang_parser *p, lang_cursor *c, rig_scn_must *must)
{
    must->kind = RIG_SCN_M_SEEN;
    return read_quantity(p, c, must) && new_line(p, c, &must->line);
}

static bool read_bounds(lang_parser *p, lang_cursor *c, rig_scn_must *must)
{
    for (;;) {
        bool after = lang_peek_is(p, c, "after");
        if (!after && !lang_peek_is(p, c, "before"))
            return true;
        const rig_scn_line **out = after ? &must->after : &must->before;
        if (*out)
            return lang_bad(p, c, RIG_E_SYNTAX, "%s is given twice", after ? "after" : "before");
        c->at++;
        if (!new_line(p, c, out))
            return false;
    }
}

static bool read_every(lang_parser *p, lang_cursor *c, rig_scn_must *must)
{
    must->kind = RIG_SCN_M_EVERY;
    rig_scn_line *line = lang_take(p->arena, sizeof(*line));
    if (!line)
        return lang_nomem(p->report);
    must->line = line;
    if (!lang_undirected_read(p, c, line))
        return false;
    if (must->line->kind == RIG_SCN_EVENT)
        return lang_bad_at(p, must->line->place, RIG_E_SYNTAX, "every wants > PDU or < PDU");
    if (!lang_take_word(p, c, "has"))
        return lang_bad(p, c, RIG_E_SYNTAX, "every PDU has what? write: must every > PDU has FIELD=VALUE");
    rig_scn_line has = {.pdu = must->line->pdu};
    lang_vec conds = {.num = 0};
    p->bare_ok = true;
    bool ok = lang_conds_read(p, c, &has, &conds);
    p->bare_ok = false;
    must->has = conds.ptr;
    must->num_has = conds.num;
    must->alone = lang_take_word(p, c, "alone");
    if (ok && conds.num == 0)
        return lang_bad(p, c, RIG_E_SYNTAX, "a field or key is missing behind has");
    return ok;
}

static bool read_clause(lang_parser *p, lang_cursor *c, bool never, rig_scn_must *must)
{
    rig_view text = lang_peek(p, c);
    if (lang_at_stop(p, c))
        return lang_bad(p, c, RIG_E_SYNTAX, "%s what?", never ? "never" : "must");
    if (never) {
        must->kind = RIG_SCN_M_NEVER;
        return new_line(p, c, &must->line) && read_bounds(p, c, must);
    }
    if (lang_take_word(p, c, "every"))
        return read_every(p, c, must);
    if (lang_take_word(p, c, "count")) {
        must->kind = RIG_SCN_M_COUNT;
        return read_comparison(p, c, must);
    }
    if (text.ptr[0] == '$') {
        must->kind = RIG_SCN_M_RESULT;
        return read_comparison(p, c, must);
    }
    return read_seen(p, c, must) && read_bounds(p, c, must);
}

/* ---- [ID ID] ---- */

/* The first column of docs/requirements.tsv. */
static bool id_known(rig_view table, rig_view id)
{
    for (rig_view rest = table; rest.ptr;) {
        rig_view line = rig_view_split(&rest, '\n');
        if (rig_view_eq(rig_view_split(&line, '\t'), id))
            return true;
    }
    return false;
}

static bool add_id(lang_parser *p, uint32_t token, rig_view id, lang_vec *ids)
{
    if (id.len == 0)
        return true;
    rig_view table = p->file->config.requirements;
    if (table.len > 0 && !id_known(table, id))
        return lang_bad_at(p, lang_place_in(p, token, id), RIG_E_NOT_FOUND, "no requirement has the id %.*s",
                           RIG_VIEW_ARG(id));
    rig_view *entry = LANG_ADD(p, ids, rig_view);
    if (!entry)
        return lang_nomem(p->report);
    *entry = id;
    return true;
}

static bool read_ids(lang_parser *p, lang_cursor *c, lang_vec *ids)
{
    rig_view text = lang_peek(p, c);
    if (lang_end(p, c) || text.ptr[0] != '[')
        return true;
    for (bool first = true, last = false; !last; first = false) {
        if (lang_end(p, c))
            return lang_bad(p, c, RIG_E_SYNTAX, "the bracket of the requirement ids is never closed");
        text = lang_peek(p, c);
        rig_view id = rig_view_sub(text, first, text.len);
        last = id.len > 0 && id.ptr[id.len - 1] == ']';
        if (!add_id(p, c->at, rig_view_sub(id, 0, id.len - last), ids))
            return false;
        c->at++;
    }
    return true;
}

/* Ids at the end of a line count for all its clauses that have none of their own. */
static void share_ids(lang_parser *p, uint32_t first)
{
    rig_scn_must *musts = p->musts.ptr;
    for (uint32_t i = p->musts.num; i-- > first + 1;)
        if (musts[i - 1].num_ids == 0) {
            musts[i - 1].ids = musts[i].ids;
            musts[i - 1].num_ids = musts[i].num_ids;
        }
}

static bool one_clause(lang_parser *p, lang_cursor *c, bool never)
{
    rig_scn_must *must = LANG_ADD(p, &p->musts, rig_scn_must);
    if (!must)
        return lang_nomem(p->report);
    uint32_t first = c->at;
    must->result = must->value.var = must->number.var = RIG_SCN_NO_VAR;
    lang_scope_begin(p);
    p->clause = p->musts.num;
    p->literal_on = true;
    bool ok = read_clause(p, c, never, must);
    p->literal_on = false;
    p->clause = 0;
    if (!ok)
        return false;
    must->place = lang_place_span(p, first, c->at);
    lang_vec ids = {.num = 0};
    ok = read_ids(p, c, &ids);
    must->ids = ids.ptr;
    must->num_ids = ids.num;
    return ok;
}

bool lang_must_words(lang_parser *p, lang_cursor c)
{
    uint32_t first = p->musts.num;
    bool never = false;
    for (bool more = true; more;) {
        if (lang_take_word(p, &c, "never"))
            never = true;
        else if (lang_take_word(p, &c, "must"))
            never = false;
        if (!one_clause(p, &c, never))
            return false;
        more = lang_take_word(p, &c, ";");
    }
    share_ids(p, first);
    return lang_no_more(p, &c);
}
