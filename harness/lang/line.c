/* Lines: > PDU …, < PDU …, ! event …, with their conditions. */
#include "lang.h"

/* ---- conditions of a PDU ---- */

/* NAME and the operator behind it. A quoted name is a key that is not checked. */
typedef struct cut {
    rig_view name;
    rig_view value;
    char op; /* '=', '~', '!' for !=; 0 when there is none */
    bool quoted;
} cut;

static size_t name_end(rig_view text)
{
    size_t at = 0;
    if (text.len > 0 && text.ptr[0] == '"') {
        for (at = 1; at < text.len && text.ptr[at] != '"'; at++)
            at += text.ptr[at] == '\\';
        return at < text.len ? at + 1 : at;
    }
    while (at < text.len && text.ptr[at] != '=' && text.ptr[at] != '~' && text.ptr[at] != '!')
        at++;
    return at;
}

static cut cut_word(rig_view text)
{
    size_t at = name_end(text);
    cut out = {.name = rig_view_sub(text, 0, at), .quoted = text.len > 0 && text.ptr[0] == '"'};
    out.value = rig_view_sub(text, text.len, 0);
    if (at >= text.len)
        return out;
    bool differs = text.ptr[at] == '!' && at + 1 < text.len && text.ptr[at + 1] == '=';
    if (text.ptr[at] == '!' && !differs)
        return out;
    out.op = (char)text.ptr[at];
    out.value = rig_view_sub(text, at + (differs ? 2 : 1), text.len);
    return out;
}

/* Any-PDU lines can name what every header has. */
static rig_pdu_kind fields_of(rig_pdu_kind pdu)
{
    return (unsigned)pdu == RIG_SCN_ANY_PDU ? RIG_PDU_UNKNOWN : pdu;
}

static void known_fields(lang_known *known, rig_pdu_kind pdu)
{
    for (unsigned i = 0; i < RIG_FIELDS; i++)
        if (rig_fields[i].pdus >> pdu & 1)
            lang_known_add(known, rig_fields[i].name);
}

static void known_virtuals(lang_known *known, rig_pdu_kind pdu)
{
    for (const rig_virtual *row = rig_virtuals; row->name; row++)
        if (row->pdus >> pdu & 1)
            lang_known_add(known, row->name);
}

static const char *pdu_name(rig_pdu_kind pdu)
{
    return (unsigned)pdu == RIG_SCN_ANY_PDU ? "every PDU" : rig_pdu_rows[pdu].name;
}

bool lang_field_read(lang_parser *p, uint32_t token, rig_view name, rig_pdu_kind pdu, rig_field_id *out)
{
    *out = rig_field_find(fields_of(pdu), name);
    if (*out < RIG_FIELDS)
        return true;
    lang_known known = {.num = 0};
    known_fields(&known, fields_of(pdu));
    char what[64];
    rig_text text;
    rig_text_init(&text, what, sizeof(what));
    rig_text_add(&text, "field of %s", pdu_name(pdu));
    return lang_unknown(p, lang_place_in(p, token, name), what, name, &known);
}

static bool has_keys(rig_pdu_kind pdu)
{
    return rig_trace_reads(pdu);
}

/* Says which word is meant by a name that is neither a field nor a key of the PDU. */
static bool unknown_name(lang_parser *p, uint32_t token, rig_view name, rig_pdu_kind pdu)
{
    lang_known known = {.num = 0};
    known_fields(&known, fields_of(pdu));
    known_virtuals(&known, fields_of(pdu));
    if (has_keys(pdu))
        lang_known_keys(&known);
    char what[64];
    rig_text text;
    rig_text_init(&text, what, sizeof(what));
    rig_text_add(&text, "%s of %s", has_keys(pdu) ? "field or key" : "field", pdu_name(pdu));
    return lang_unknown(p, lang_place_in(p, token, name), what, name, &known);
}

/* A header field, a virtual one, or a key: in this order. In quotes it is a key. */
static bool name_find(lang_parser *p, const cut *word, rig_pdu_kind pdu, rig_scn_cond *cond)
{
    cond->name = lang_unquote(p, word->name);
    cond->kind = RIG_SCN_C_KEY;
    if (word->quoted)
        return has_keys(pdu);
    cond->field = rig_field_find(fields_of(pdu), word->name);
    cond->fact = cond->field < RIG_FIELDS ? NULL : rig_virtual_find(fields_of(pdu), word->name);
    if (cond->field < RIG_FIELDS || cond->fact) {
        cond->kind = cond->fact ? RIG_SCN_C_VIRTUAL : RIG_SCN_C_FIELD;
        return true;
    }
    return has_keys(pdu) && rig_key_known(word->name);
}

static bool name_cond(lang_parser *p, uint32_t token, const cut *word, rig_pdu_kind pdu, rig_scn_cond *cond)
{
    if (!name_find(p, word, pdu, cond))
        return unknown_name(p, token, word->name, pdu);
    if (!word->op && p->bare_ok) {
        cond->pattern = (rig_scn_pattern){.place = lang_place(p, token), .match = RIG_SCN_ANY};
        cond->pattern.low.var = cond->pattern.high.var = RIG_SCN_NO_VAR;
        return true;
    }
    if (!word->op)
        return lang_bad_at(p, lang_place(p, token), RIG_E_SYNTAX, "write %.*s=VALUE",
                           RIG_VIEW_ARG(cond->name));
    lang_want want = {.kind = cond->kind, .pdu = pdu, .field = cond->field, .fact = cond->fact};
    return lang_pattern_read(p, token, word->value, word->op, &want, &cond->pattern);
}

static bool mark_cond(lang_parser *p, lang_cursor *c, rig_scn_cond *cond)
{
    rig_view name = rig_view_sub(lang_peek(p, c), 1, RIG_SCN_LINE_MAX);
    cond->mark = rig_mark_find(name);
    if (!cond->mark)
        return lang_unknown_word(p, lang_place_in(p, c->at, name), "mark", name, RIG_SCN_G_MARK);
    cond->kind = RIG_SCN_C_MARK;
    cond->name = name;
    c->at++;
    return true;
}

static bool data_cond(lang_parser *p, lang_cursor *c, rig_scn_cond *cond)
{
    cond->kind = RIG_SCN_C_DATA;
    cond->name = lang_next(p, c);
    return lang_data_read(p, c, &cond->data);
}

static bool connection_cond(lang_parser *p, uint32_t token, const cut *word, rig_scn_cond *cond)
{
    cond->kind = RIG_SCN_C_CONNECTION;
    cond->name = word->name;
    lang_want want = {.kind = RIG_SCN_C_CONNECTION};
    return lang_pattern_read(p, token, word->value, word->op ? word->op : '=', &want, &cond->pattern);
}

static bool word_cond(lang_parser *p, lang_cursor *c, rig_pdu_kind pdu, rig_scn_cond *cond)
{
    uint32_t token = c->at;
    cut word = cut_word(lang_next(p, c));
    if (!rig_view_is(word.name, "connection") || word.quoted)
        return name_cond(p, token, &word, pdu, cond);
    return connection_cond(p, token, &word, cond);
}

static bool one_cond(lang_parser *p, lang_cursor *c, rig_pdu_kind pdu, rig_scn_cond *cond)
{
    uint32_t first = c->at;
    rig_view text = lang_peek(p, c);
    bool ok;
    cond->field = RIG_FIELDS;
    cond->place = lang_place(p, first);
    cond->pattern.low.var = cond->pattern.high.var = RIG_SCN_NO_VAR;
    if (text.len > 1 && text.ptr[0] == '!' && text.ptr[1] != '=')
        ok = mark_cond(p, c, cond);
    else if (rig_view_is(text, "data"))
        ok = data_cond(p, c, cond);
    else
        ok = word_cond(p, c, pdu, cond);
    if (c->at > first)
        cond->place = lang_place_span(p, first, c->at);
    return ok;
}

/* keys _ : further keys may be there. */
static bool open_keys(lang_parser *p, lang_cursor *c)
{
    lang_cursor ahead = *c;
    if (!lang_take_word(p, &ahead, "keys") || !lang_take_word(p, &ahead, "_"))
        return false;
    *c = ahead;
    return true;
}

bool lang_conds_read(lang_parser *p, lang_cursor *c, rig_scn_line *line, lang_vec *conds)
{
    while (!lang_at_stop(p, c)) {
        if (open_keys(p, c)) {
            line->keys_open = true;
            continue;
        }
        if (conds->num >= RIG_SCN_CONDS_MAX)
            return lang_bad(p, c, RIG_E_LIMIT, "more than %d conditions in one line", RIG_SCN_CONDS_MAX);
        rig_scn_cond *cond = LANG_ADD(p, conds, rig_scn_cond);
        if (!cond)
            return lang_nomem(p->report);
        if (!one_cond(p, c, line->pdu, cond))
            return false;
        line->has_keys = line->has_keys || cond->kind == RIG_SCN_C_KEY;
    }
    return true;
}

/* ---- events ---- */

static const rig_scn_arg_row *event_row(const rig_scn_word *event, rig_view name)
{
    for (size_t i = 0; i < RIG_SCN_ARGS_MAX && event->args[i].name; i++)
        if (rig_view_is(name, event->args[i].name) && event->args[i].form != RIG_SCN_BARE)
            return &event->args[i];
    return NULL;
}

/* The argument without a name, as long as the line has not given it. */
static const rig_scn_arg_row *bare_row(const rig_scn_word *event, const lang_vec *conds)
{
    const rig_scn_arg_row *row = event->args;
    const rig_scn_cond *given = conds->ptr;
    while (row < event->args + RIG_SCN_ARGS_MAX && row->name && row->form != RIG_SCN_BARE)
        row++;
    if (row == event->args + RIG_SCN_ARGS_MAX || !row->name)
        return NULL;
    for (uint32_t i = 0; i < conds->num; i++)
        if (given[i].arg == row)
            return NULL;
    return row;
}

static bool unknown_arg(lang_parser *p, uint32_t token, rig_view name, const rig_scn_word *event)
{
    lang_known known = {.num = 0};
    for (size_t i = 0; i < RIG_SCN_ARGS_MAX && event->args[i].name; i++)
        lang_known_add(&known, event->args[i].name);
    char what[64];
    rig_text text;
    rig_text_init(&text, what, sizeof(what));
    rig_text_add(&text, "argument of %s", event->name);
    return lang_unknown(p, lang_place_in(p, token, name), what, name, &known);
}

/* NAME=PATTERN, NAME PATTERN, or the bare argument. */
static bool event_cond(lang_parser *p, lang_cursor *c, const rig_scn_word *event, const rig_scn_arg_row *rest,
                       rig_scn_cond *cond)
{
    uint32_t begin = c->at, token = begin;
    cut word = cut_word(lang_next(p, c));
    cond->kind = RIG_SCN_C_ARG;
    cond->field = RIG_FIELDS;
    cond->pattern.low.var = cond->pattern.high.var = RIG_SCN_NO_VAR;
    cond->arg = event_row(event, word.name);
    if (!cond->arg && word.op && !word.quoted && rig_view_is(word.name, "connection")) {
        cond->place = lang_place_span(p, begin, c->at);
        return connection_cond(p, token, &word, cond);
    }
    if (!cond->arg && rest && (!word.op || word.name.len == 0)) {
        cond->arg = rest;
        bool differs = word.name.len == 0 && word.op == '!';
        word.op = differs ? '!' : '=';
        if (!differs) {
            lang_cursor again = {token, token + 1};
            word.value = lang_peek(p, &again);
        }
    }
    if (!cond->arg)
        return unknown_arg(p, token, word.name, event);
    cond->name = rig_view_str(cond->arg->name);
    if (!word.op && lang_at_stop(p, c))
        return lang_bad(p, c, RIG_E_SYNTAX, "%s wants a value", cond->arg->name);
    if (!word.op) {
        word.op = '=';
        token = c->at;
        word.value = lang_next(p, c);
    }
    cond->place = lang_place_span(p, begin, c->at);
    lang_want want = {.kind = RIG_SCN_C_ARG, .arg = cond->arg, .field = RIG_FIELDS};
    return lang_pattern_read(p, token, word.value, word.op, &want, &cond->pattern);
}

bool lang_event_read(lang_parser *p, lang_cursor *c, rig_scn_line *out)
{
    uint32_t first = c->at;
    if (lang_end(p, c))
        return lang_bad(p, c, RIG_E_SYNTAX, "an event is missing");
    out->kind = RIG_SCN_EVENT;
    out->event = lang_word_take(p, c, RIG_SCN_G_EVENT);
    if (!out->event)
        return lang_unknown_word(p, lang_place(p, c->at), "event", lang_peek(p, c), RIG_SCN_G_EVENT);
    lang_vec conds = {.num = 0};
    while (!lang_at_stop(p, c)) {
        if (conds.num >= RIG_SCN_CONDS_MAX)
            return lang_bad(p, c, RIG_E_LIMIT, "more than %d conditions in one line", RIG_SCN_CONDS_MAX);
        const rig_scn_arg_row *rest = bare_row(out->event, &conds);
        rig_scn_cond *cond = LANG_ADD(p, &conds, rig_scn_cond);
        if (!cond)
            return lang_nomem(p->report);
        if (!event_cond(p, c, out->event, rest, cond))
            return false;
    }
    out->conds = conds.ptr;
    out->num_conds = conds.num;
    out->place = lang_place_span(p, first, c->at);
    return true;
}

/* ---- PDU lines ---- */

bool lang_pdu_read(lang_parser *p, lang_cursor *c, rig_pdu_kind *out)
{
    if (lang_at_stop(p, c))
        return lang_bad(p, c, RIG_E_SYNTAX, "a PDU is missing");
    rig_view name = lang_peek(p, c);
    *out = rig_pdu_find(name);
    if (*out == RIG_PDU_UNKNOWN && !rig_view_is(name, rig_pdu_rows[RIG_PDU_UNKNOWN].name)) {
        lang_known known = {.num = 0};
        for (unsigned i = 0; i < RIG_PDU_KINDS; i++)
            lang_known_add(&known, rig_pdu_rows[i].name);
        return lang_unknown(p, lang_place(p, c->at), "PDU", name, &known);
    }
    c->at++;
    return true;
}

static bool line_conds(lang_parser *p, lang_cursor *c, rig_scn_line *out)
{
    lang_vec conds = {.num = 0};
    bool ok = lang_conds_read(p, c, out, &conds);
    out->conds = conds.ptr;
    out->num_conds = conds.num;
    return ok;
}

/* Of bytes nothing can be said but where they go. */
static bool raw_conds(lang_parser *p, lang_cursor *c, rig_scn_line *out)
{
    if (!line_conds(p, c, out))
        return false;
    for (uint32_t i = 0; i < out->num_conds; i++)
        if (out->conds[i].kind != RIG_SCN_C_CONNECTION)
            return lang_bad_at(p, out->conds[i].place, RIG_E_SYNTAX,
                               "behind raw HEX stands connection=N or nothing");
    return true;
}

static bool raw_line(lang_parser *p, lang_cursor *c, rig_scn_line *out)
{
    out->is_raw = true;
    out->pdu = RIG_PDU_UNKNOWN;
    if (!p->playing)
        return lang_bad(p, c, RIG_E_SYNTAX, "raw bytes can be sent in a play, not expected here");
    c->at++;
    if (lang_at_stop(p, c))
        return lang_bad(p, c, RIG_E_SYNTAX, "hex digits are missing");
    rig_scn_place place = lang_place(p, c->at);
    if (!lang_hex(p, lang_unquote(p, lang_next(p, c)), &out->raw))
        return lang_bad_at(p, place, RIG_E_SYNTAX, "raw wants hex digits in pairs");
    return raw_conds(p, c, out);
}

/* `raw HEX` without a direction is sent by the player. */
bool lang_raw_read(lang_parser *p, lang_cursor *c, rig_scn_line *out)
{
    uint32_t first = c->at;
    *out = (rig_scn_line){.call = p->call};
    out->kind = p->player_is_target ? RIG_SCN_TO_INITIATOR : RIG_SCN_TO_TARGET;
    bool ok = raw_line(p, c, out);
    out->place = lang_place_span(p, first, c->at);
    return ok;
}

/* Either side may send any PDU: what comes from the wrong one is a violation that can be seen. */
static bool pdu_line(lang_parser *p, lang_cursor *c, rig_scn_line *out)
{
    if (lang_peek_is(p, c, "raw"))
        return raw_line(p, c, out);
    if (lang_peek_is(p, c, "_")) {
        out->pdu = (rig_pdu_kind)RIG_SCN_ANY_PDU;
        c->at++;
    } else if (!lang_pdu_read(p, c, &out->pdu)) {
        return false;
    }
    return line_conds(p, c, out);
}

/* `must every TextReq …`: the direction follows from the PDU. */
bool lang_undirected_read(lang_parser *p, lang_cursor *c, rig_scn_line *out)
{
    if (lang_peek_is(p, c, ">") || lang_peek_is(p, c, "<") || lang_peek_is(p, c, "!"))
        return lang_line_read(p, c, out);
    uint32_t first = c->at;
    *out = (rig_scn_line){.pdu = RIG_PDU_UNKNOWN};
    if (!lang_pdu_read(p, c, &out->pdu))
        return false;
    if (out->pdu == RIG_PDU_UNKNOWN)
        return lang_bad(p, c, RIG_E_SYNTAX, "an Unknown PDU wants its direction: > or <");
    out->kind = rig_pdu_rows[out->pdu].from_initiator ? RIG_SCN_TO_TARGET : RIG_SCN_TO_INITIATOR;
    bool ok = line_conds(p, c, out);
    out->place = lang_place_span(p, first, c->at);
    return ok;
}

/* ---- +2s and +1s..3s ---- */

static bool time_prefix(lang_parser *p, lang_cursor *c, rig_scn_line *out)
{
    rig_view text = lang_peek(p, c);
    if (text.len < 2 || text.ptr[0] != '+')
        return true;
    rig_view low = rig_view_sub(text, 1, text.len), high = low;
    for (size_t i = 0; i + 1 < low.len; i++)
        if (low.ptr[i] == '.' && low.ptr[i + 1] == '.') {
            high = rig_view_sub(low, i + 2, low.len);
            low = rig_view_sub(low, 0, i);
        }
    rig_scn_place place = lang_place(p, c->at++);
    out->timed = true;
    if (!lang_time(low, &out->time_low) || !lang_time(high, &out->time_high) ||
        out->time_low > out->time_high)
        return lang_bad_at(p, place, RIG_E_SYNTAX, "write +TIME or +TIME..TIME, as in +2s");
    bool alter;
    lang_literal(p, place, text, &alter);
    if (alter) {
        p->altered = true;
        out->time_low = out->time_high = out->time_high + 1000000000;
    }
    return true;
}

bool lang_line_read(lang_parser *p, lang_cursor *c, rig_scn_line *out)
{
    uint32_t first = c->at;
    *out = (rig_scn_line){.pdu = RIG_PDU_UNKNOWN, .call = p->call};
    if (!time_prefix(p, c, out))
        return false;
    bool ok;
    if (lang_take_word(p, c, ">")) {
        out->kind = RIG_SCN_TO_TARGET;
        ok = pdu_line(p, c, out);
    } else if (lang_take_word(p, c, "<")) {
        out->kind = RIG_SCN_TO_INITIATOR;
        ok = pdu_line(p, c, out);
    } else {
        lang_take_word(p, c, "!");
        ok = lang_event_read(p, c, out);
    }
    out->place = lang_place_span(p, first, c->at);
    return ok;
}
